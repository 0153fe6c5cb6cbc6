/* SPDX-License-Identifier: ISC */
/* world.c - all proxies of the process. Loop 0 makes and ends it. */
#include <string.h>
#include <unistd.h>

#include "balancer/balances.h"
#include "balancer/config.h"
#include "balancer/finish.h"
#include "balancer/world.h"
#include "base/clock.h"
#include "base/mem.h"

static struct lb_world world;
static struct lb_setup *owned;

struct lb_world *
lb_world(void)
{
	return &world;
}

static void
open_logs(const struct lb_log_who *usual)
{
	const struct lb_global_conf *g = &world.setup->global;
	struct lb_log_who who = *usual;

	world.global_logs = lb_logs_open(
	    (const struct lb_log_conf *const *)g->logs.at, g->logs.count,
	    &who);
	world.logs = mem_need((world.count + 1) * sizeof(void *));
	for (unsigned i = 0; i < world.count; i++) {
		const struct lb_proxy_conf *c = world.setup->proxies.at[i];

		who.tag = c->log_tag != NULL ? c->log_tag : usual->tag;
		world.logs[i] = lb_logs_open(
		    (const struct lb_log_conf *const *)c->logs.at,
		    c->logs.count, &who);
	}
}

/* Who copies whose state; loops were refused when the file was read. */
void
lb_world_track(struct lb_server *s)
{
	if (s->conf->track == NULL)
		return;
	s->track = lb_world_server(s->conf->track);
	if (s->track == NULL)
		return;
	s->next_tracker = s->track->trackers;
	s->track->trackers = s;
	if ((s->track->admin & LB_ADMIN_MAINT) == 0)
		return;
	s->admin |= LB_ADMIN_IMAINT;
	lb_server_enter(s, LB_SERVER_STOPPED, world.started);
}

void
lb_world_untrack(struct lb_server *s)
{
	struct lb_server **at;

	if (s->track == NULL)
		return;
	for (at = &s->track->trackers; *at != s; )
		at = &(*at)->next_tracker;
	*at = s->next_tracker;
}

static void
make_proxies(int64_t now)
{
	for (unsigned i = 0; i < world.count; i++) {
		const struct lb_proxy_conf *c = world.setup->proxies.at[i];

		world.proxies[i] = lb_proxy_new(c,
		    lb_balances_find(c->balance.algorithm), i, now);
	}
	for (unsigned i = 0; i < world.count; i++) {
		struct lb_proxy *p = world.proxies[i];

		for (unsigned n = 0; n < p->server_count; n++)
			lb_world_track(p->servers[n]);
		lb_proxy_recount(p, now);
		p->down_count = 0;
	}
}

void
lb_world_init(struct lb_setup *setup, const struct lb_log_who *who)
{
	const struct lb_global_conf *g = &setup->global;

	owned = setup;
	world.setup = setup;
	world.count = setup->proxies.count;
	world.proxies = mem_need((world.count + 1) * sizeof(void *));
	world.started = clock_now();
	world.started_wall = clock_wall();
	if (gethostname(world.hostname, sizeof world.hostname - 1) < 0)
		world.hostname[0] = '\0';
	world.connection_limit = (unsigned)g->maxconnrate;
	world.session_limit = (unsigned)g->maxsessrate;
	world.tls_limit = (unsigned)g->maxsslrate;
	world.splices = !g->nosplice;
	open_logs(who);
	make_proxies(world.started);
}

void
lb_world_fini(void)
{
	for (unsigned i = 0; i < world.count; i++) {
		lb_proxy_free(&world.proxies[i]);
		lb_logs_close(&world.logs[i]);
	}
	lb_logs_close(&world.global_logs);
	mem_drop(world.proxies);
	mem_drop(world.logs);
	memset(&world, 0, sizeof world);
	lb_config_free(&owned);
}

struct lb_proxy *
lb_world_proxy(const struct lb_proxy_conf *conf)
{
	for (unsigned i = 0; i < world.count; i++)
		if (world.proxies[i]->conf == conf)
			return world.proxies[i];
	return NULL;
}

struct lb_server *
lb_world_server(const struct lb_server_conf *conf)
{
	struct lb_proxy *p = conf == NULL ? NULL : lb_world_proxy(conf->proxy);

	for (unsigned i = 0; p != NULL && i < p->server_count; i++)
		if (p->servers[i]->conf == conf)
			return p->servers[i];
	return NULL;
}

struct lb_proxy *
lb_world_backend(const char *name)
{
	for (unsigned i = 0; i < world.count; i++)
		if ((world.proxies[i]->conf->is & LB_IS_BACKEND) != 0 &&
		    strcmp(world.proxies[i]->conf->name, name) == 0)
			return world.proxies[i];
	return NULL;
}

unsigned
lb_world_fullconn(const struct lb_proxy *p)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < world.count; i++)
		if (lb_finish_reaches(world.proxies[i]->conf, p->conf))
			sum += world.proxies[i]->maxconn;
	return (unsigned)((sum + 9) / 10);
}

void
lb_world_log(const struct lb_proxy *p, enum lb_log_level level,
    const char *text)
{
	lb_logs_send(p != NULL ? world.logs[p->number] : world.global_logs,
	    level, text_of(text), TEXT_NONE);
}

void
lb_world_say(const struct lb_proxy *p, enum lb_log_level level,
    const char *text)
{
	lb_logs_say_of(p != NULL ? p->conf->name : "", level, text);
	lb_world_log(p, level, text);
}
