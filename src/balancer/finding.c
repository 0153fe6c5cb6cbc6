/* SPDX-License-Identifier: ISC */
/* finding.c - names of a setup find their objects. One thread. */
#include "balancer/finding.h"

struct lb_proxy_conf *
lb_finding_proxy(const struct lb_setup *s, unsigned is, const char *name)
{
	for (unsigned i = 0; i < s->proxies.count; i++) {
		struct lb_proxy_conf *x = s->proxies.at[i];

		if (x->is & is && strcmp(x->name, name) == 0)
			return x;
	}
	return NULL;
}

struct lb_server_conf *
lb_finding_server(const struct lb_proxy_conf *x, const char *name)
{
	for (unsigned i = 0; x != NULL && i < x->servers.count; i++)
		if (strcmp(x->servers.at[i]->name, name) == 0)
			return x->servers.at[i];
	return NULL;
}

struct lb_server_conf *
lb_finding_path(struct lb_parse *p, const struct lb_proxy_conf *own,
    const char *path, const char **missing)
{
	struct text server = text_of(path), backend = TEXT_NONE;
	const struct lb_proxy_conf *x = own;

	*missing = "server";
	if (strchr(path, '/') != NULL) {
		text_split(&server, '/', &backend);
		x = lb_finding_proxy(p->setup, LB_IS_BACKEND,
		    arena_copy(p->arena, backend));
		if (x == NULL)
			*missing = "proxy";
	}
	return lb_finding_server(x, arena_copy(p->arena, server));
}

struct lb_table_conf *
lb_finding_table(const struct lb_setup *s, const struct lb_proxy_conf *own,
    const char *name)
{
	if (name == NULL || *name == '\0')
		return own == NULL ? NULL : own->table;
	for (unsigned i = 0; i < s->tables.count; i++)
		if (strcmp(s->tables.at[i]->name, name) == 0)
			return s->tables.at[i];
	return NULL;
}

struct lb_userlist_conf *
lb_finding_userlist(const struct lb_setup *s, const char *name)
{
	for (unsigned i = 0; i < s->userlists.count; i++)
		if (strcmp(s->userlists.at[i]->name, name) == 0)
			return s->userlists.at[i];
	return NULL;
}
