/* SPDX-License-Identifier: ISC */
/* proxy.c - proxies and their servers; who of them is usable. */
#include <string.h>

#include "balancer/proxy.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/tls.h"

/* ---- life -------------------------------------------------------------- */

static struct lb_server *
make_server(struct lb_proxy *p, const struct lb_server_conf *conf,
    unsigned number, int64_t now)
{
	struct lb_server *s = mem_need(sizeof *s);

	s->proxy = p;
	s->conf = conf;
	s->number = number;
	s->address = conf->address;
	s->port_kind = conf->addr.port_kind;
	s->port_offset = conf->addr.port_low;
	atomic_init(&s->secure, conf->tls.on);
	s->crowd = &p->sessions;
	s->full = &p->fullconn;
	s->weight = s->first_weight = (unsigned)conf->weight;
	s->maxconn = (unsigned)conf->maxconn;
	s->changed = now;
	if (conf->disabled)
		s->admin = LB_ADMIN_FMAINT | LB_ADMIN_CMAINT;
	if (s->address.len == 0 && conf->resolvers != NULL)
		s->admin |= LB_ADMIN_RMAINT;
	s->counts = lb_counts_new();
	lb_server_enter(s, conf->init_state == LB_INIT_DOWN ||
	    conf->init_state == LB_INIT_FULLY_DOWN || s->address.len == 0 ||
	    (s->admin & LB_ADMIN_MAINT) ? LB_SERVER_STOPPED :
	    LB_SERVER_RUNNING, now);
	return s;
}

struct lb_server *
lb_proxy_make(struct lb_proxy *p, const struct lb_server_conf *conf,
    int64_t now)
{
	return make_server(p, conf, p->server_count, now);
}

void
lb_proxy_unmake(struct lb_server *s)
{
	struct arena *arena = s->arena;

	lb_counts_free(&s->counts);
	tls_drop(&s->tls);
	mem_drop(s);
	arena_free(&arena);
}

/* Both lists with room for one more. */
static void
make_room(struct lb_proxy *p)
{
	struct lb_server **servers =
	    mem_need((p->server_count + 2) * sizeof(void *));

	memcpy(servers, p->servers, p->server_count * sizeof *servers);
	mem_drop(p->servers);
	mem_drop(p->usable);
	p->servers = servers;
	p->usable = mem_need((p->server_count + 2) * sizeof(void *));
}

void
lb_proxy_add(struct lb_server *s)
{
	struct lb_proxy *p = s->proxy;

	make_room(p);
	s->number = p->server_count;
	p->servers[p->server_count++] = s;
	lb_proxy_recount(p, s->changed);
}

void
lb_proxy_remove(struct lb_server *s)
{
	struct lb_proxy *p = s->proxy;

	p->server_count--;
	for (unsigned i = s->number; i < p->server_count; i++) {
		p->servers[i] = p->servers[i + 1];
		p->servers[i]->number = i;
	}
	lb_proxy_recount(p, p->changed);
}

void
lb_proxy_arrange(struct lb_proxy *p, struct lb_server ***servers,
    struct lb_server ***usable, unsigned count, int64_t now)
{
	struct lb_server **old = p->servers, **old_usable = p->usable;

	p->servers = *servers;
	p->usable = *usable;
	p->server_count = count;
	for (unsigned i = 0; i < count; i++)
		p->servers[i]->number = i;
	*servers = old;
	*usable = old_usable;
	lb_proxy_recount(p, now);
}

struct lb_proxy *
lb_proxy_new(const struct lb_proxy_conf *conf,
    const struct lb_balance *balance, unsigned number, int64_t now)
{
	struct lb_proxy *p = mem_need(sizeof *p);

	p->conf = conf;
	p->number = number;
	p->maxconn = (unsigned)conf->maxconn;
	p->fullconn = (unsigned)conf->fullconn;
	p->changed = now;
	p->up = true;
	pthread_mutex_init(&p->lock, NULL);
	p->front = lb_counts_new();
	p->back = lb_counts_new();
	p->spread = lb_spread_new();
	p->balance = balance;
	p->server_count = conf->servers.count;
	p->servers = mem_need((p->server_count + 1) * sizeof(void *));
	p->usable = mem_need((p->server_count + 1) * sizeof(void *));
	for (unsigned i = 0; i < p->server_count; i++)
		p->servers[i] = make_server(p, conf->servers.at[i], i, now);
	lb_proxy_recount(p, now);
	/* How it begins is no change. */
	p->down_count = 0;
	return p;
}

void
lb_proxy_free(struct lb_proxy **pp)
{
	struct lb_proxy *p = *pp;

	*pp = NULL;
	if (p == NULL)
		return;
	for (unsigned i = 0; i < p->server_count; i++)
		lb_proxy_unmake(p->servers[i]);
	lb_counts_free(&p->front);
	lb_counts_free(&p->back);
	lb_spread_free(&p->spread);
	pthread_mutex_destroy(&p->lock);
	mem_drop(p->map);
	mem_drop(p->servers);
	mem_drop(p->usable);
	mem_drop(p);
}

void
lb_proxy_enter(struct lb_proxy *p, enum lb_proxy_state state)
{
	p->state = state;
}

void
lb_proxy_lock(struct lb_proxy *p)
{
	if (loop_count() > 1)
		pthread_mutex_lock(&p->lock);
}

void
lb_proxy_unlock(struct lb_proxy *p)
{
	if (loop_count() > 1)
		pthread_mutex_unlock(&p->lock);
}

struct lb_server *
lb_proxy_server(const struct lb_proxy *p, const char *name)
{
	for (unsigned i = 0; i < p->server_count; i++)
		if (strcmp(p->servers[i]->conf->name, name) == 0)
			return p->servers[i];
	return NULL;
}

/* ---- who is usable ----------------------------------------------------- */

static void
add_usable(struct lb_proxy *p, struct lb_server *s)
{
	p->usable[p->usable_count++] = s;
	p->total_weight += s->eweight;
}

/* The active ones; without any the first backup, or all of them. */
static void
list_usable(struct lb_proxy *p)
{
	bool all = (p->conf->options & (1u << LB_OPT_ALLBACKUPS)) != 0;

	p->usable_count = p->total_weight = 0;
	p->on_backup = p->active == 0;
	for (unsigned i = 0; i < p->server_count; i++) {
		struct lb_server *s = p->servers[i];

		if (!lb_server_usable(s) || s->conf->backup != p->on_backup)
			continue;
		add_usable(p, s);
		if (p->on_backup && !all)
			break;
	}
}

static void
note_state(struct lb_proxy *p, int64_t now)
{
	bool up = p->usable_count > 0 || p->server_count == 0;

	if (up == p->up)
		return;
	if (up)
		p->down_time += now - p->changed;
	else
		p->down_count++;
	p->up = up;
	p->changed = now;
}

void
lb_proxy_recount(struct lb_proxy *p, int64_t now)
{
	p->active = p->backups = 0;
	for (unsigned i = 0; i < p->server_count; i++) {
		struct lb_server *s = p->servers[i];

		lb_server_weigh(s, now);
		if (!lb_server_usable(s))
			continue;
		if (s->conf->backup)
			p->backups++;
		else
			p->active++;
	}
	list_usable(p);
	note_state(p, now);
	if (p->balance->update != NULL)
		p->balance->update(p);
}
