/* SPDX-License-Identifier: ISC */
/* stick.c - stick lines carried out. On the session's loop. */
#include "balancer/stick.h"
#include "balancer/tables.h"
#include "balancer/tracking.h"
#include "balancer/world.h"

enum { KEY_ROOM = 256 };

/* What an entry remembers of a server, beside its number. */
static void
name_server(struct lb_server *s, bool by_address, char key[KEY_ROOM])
{
	struct address a;
	char text[ADDRESS_TEXT];

	if (!by_address) {
		snprintf(key, KEY_ROOM, "%s", s->conf->name);
		return;
	}
	lb_proxy_lock(s->proxy);
	a = s->address;
	lb_proxy_unlock(s->proxy);
	snprintf(key, KEY_ROOM, "%s", address_print(&a, text));
}

static struct lb_server *
find_server(struct lb_proxy *p, unsigned id, const char *key,
    bool by_address)
{
	char own[KEY_ROOM];

	for (unsigned i = 0; i < p->server_count; i++) {
		struct lb_server *s = p->servers[i];

		if (key[0] == '\0') {
			if (s->conf->id == id)
				return s;
			continue;
		}
		name_server(s, by_address, own);
		if (strcmp(own, key) == 0)
			return s;
	}
	return NULL;
}

static bool
is_of_use(const struct lb_proxy *p, struct lb_server *s)
{
	bool yes;

	if (p->conf->options & 1u << LB_OPT_PERSIST)
		return true;
	lb_proxy_lock(s->proxy);
	yes = lb_server_reachable(s);
	lb_proxy_unlock(s->proxy);
	return yes;
}

static struct lb_server *
look_up(struct lb_scene *c, struct lb_table *t, struct text key)
{
	struct lb_proxy *p = c->session->backend;
	int64_t now = loop_now(loop_here());
	struct lb_entry *e = lb_table_hold(t, key, LB_TABLE_TOUCH, now);
	struct lb_server *s;
	char name[KEY_ROOM];
	unsigned id;

	if (e == NULL)
		return NULL;
	id = lb_table_server(t, e, name, sizeof name);
	lb_table_drop(t, e, false, now);
	s = find_server(p, id, name, lb_table_conf(t)->srvkey_addr);
	return s != NULL && is_of_use(p, s) ? s : NULL;
}

static bool
find_key(struct lb_scene *c, const struct lb_stick_conf *r,
    struct lb_table *t, struct text *key)
{
	struct lb_value v;

	if (lb_judge_cond(c, r->cond) != 1)
		return false;
	c->used = 0;
	return lb_sampling_get(c, r->expr, &v) &&
	    lb_tracking_key(c, t, &v, key);
}

struct lb_server *
lb_stick_match(struct lb_scene *c)
{
	const struct lb_proxy_conf *p = c->proxy->conf;
	struct lb_server *to = NULL;
	struct text key;

	for (unsigned i = 0; i < p->sticks.count; i++) {
		const struct lb_stick_conf *r = p->sticks.at[i];
		struct lb_table *t = lb_tables_find(r->table);

		if (t == NULL || r->what & LB_STICK_RESPONSE ||
		    !find_key(c, r, t, &key))
			continue;
		if (to == NULL && r->what & LB_STICK_MATCH)
			to = look_up(c, t, key);
		if (r->what & LB_STICK_STORE)
			lb_fates_promise(c->session, t, key);
	}
	return to;
}

static void
keep(struct lb_table *t, struct text key, struct lb_server *s)
{
	int64_t now = loop_now(loop_here());
	struct lb_entry *e = lb_table_hold(t, key, LB_TABLE_MAKE, now);
	char name[KEY_ROOM];

	if (e == NULL)
		return;
	name_server(s, lb_table_conf(t)->srvkey_addr, name);
	lb_table_set_server(t, e, s->conf->id, name);
	lb_table_drop(t, e, true, now);
}

void
lb_stick_store(struct lb_scene *c)
{
	const struct lb_proxy_conf *p = c->session->backend->conf;
	struct lb_session *s = c->session;
	struct text key;

	if (s->server == NULL)
		return;
	for (struct lb_promise *k = s->fates != NULL ? s->fates->promises :
	    NULL; k != NULL; k = k->next)
		keep(k->table, (struct text){ k->key, k->len }, s->server);
	for (unsigned i = 0; i < p->sticks.count; i++) {
		const struct lb_stick_conf *r = p->sticks.at[i];
		struct lb_table *t = lb_tables_find(r->table);

		if (t != NULL && r->what & LB_STICK_RESPONSE &&
		    find_key(c, r, t, &key))
			keep(t, key, s->server);
	}
}
