/* SPDX-License-Identifier: ISC */
/* targets.c - names in commands. Loop 0. */
#include <stdio.h>

#include "balancer/targets.h"
#include "base/number.h"

/* A name, or "#" and a number; the number, or -1. */
static int64_t
read_id(const char *name)
{
	int64_t id;

	if (name[0] != '#' || number_int(text_of(name + 1), 10, 0, INT32_MAX,
	    &id, NULL) < 0)
		return -1;
	return id;
}

struct lb_proxy *
lb_targets_find(const char *name, unsigned is)
{
	const struct lb_world *w = lb_world();
	int64_t id = read_id(name);

	for (unsigned i = 0; i < w->count; i++) {
		const struct lb_proxy_conf *c = w->proxies[i]->conf;

		if ((c->is & is) != 0 && (id >= 0 ? c->id == id :
		    strcmp(c->name, name) == 0))
			return w->proxies[i];
	}
	return NULL;
}

bool
lb_targets_cut(struct talk *t, const char *name, char backend[256],
    const char **server)
{
	const char *slash = strchr(name, '/');

	if (slash == NULL || slash[1] == '\0' || slash - name > 255) {
		lb_talk_refuse(t, "Require 'backend/server'.");
		return false;
	}
	snprintf(backend, 256, "%.*s", (int)(slash - name), name);
	*server = slash + 1;
	return true;
}

static struct lb_server *
find_server(const struct lb_proxy *p, const char *name)
{
	int64_t id = read_id(name);

	if (id < 0)
		return lb_proxy_server(p, name);
	for (unsigned i = 0; i < p->server_count; i++)
		if (p->servers[i]->conf->id == id)
			return p->servers[i];
	return NULL;
}

struct lb_server *
lb_targets_server(struct talk *t, const char *name)
{
	char backend[256];
	const char *server;
	struct lb_proxy *p;
	struct lb_server *s;

	if (!lb_targets_cut(t, name, backend, &server))
		return NULL;
	p = lb_targets_find(backend, LB_IS_BACKEND);
	if (p == NULL) {
		lb_talk_refuse(t, "No such backend.");
		return NULL;
	}
	s = find_server(p, server);
	if (s == NULL)
		lb_talk_refuse(t, "No such server.");
	return s;
}

struct lb_proxy *
lb_targets_frontend(struct talk *t, const char *name)
{
	struct lb_proxy *p = NULL;

	if (name[0] == '\0')
		lb_talk_refuse(t, "A frontend name is expected.");
	else if ((p = lb_targets_find(name, LB_IS_FRONTEND)) == NULL)
		lb_talk_refuse(t, "No such frontend.");
	return p;
}
