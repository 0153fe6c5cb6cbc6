/* SPDX-License-Identifier: ISC */
/* checks.c - which variant a kind has; the checks of a setup. Loop 0. */
#include "balancer/checks.h"
#include "balancer/world.h"

static const struct lb_check_variant connect_only = { .name = "connect" };

static const struct lb_check_variant *const rows[] = {
	[LB_CHECK_CONNECT] = &connect_only,
	[LB_CHECK_EXTERNAL] = NULL,
};

const struct lb_check_variant *
lb_checks_find(enum lb_check_kind kind)
{
	return (unsigned)kind < sizeof rows / sizeof *rows ? rows[kind] : NULL;
}

static void
make_check(struct lb_server *s)
{
	const struct lb_server_conf *conf = s->conf;
	const struct lb_check_variant *v =
	    lb_checks_find(s->proxy->conf->check.kind);
	struct lb_check *c = lb_check_new(s, false,
	    v != NULL ? v : &connect_only);

	c->port = conf->check_port;
	if (conf->check_addr.kind != LB_ADDRESS_NONE)
		c->addr = conf->check_addr.sa;
	c->sni = conf->check_sni;
}

int
lb_checks_make(struct why *why)
{
	for (unsigned i = 0; i < lb_world()->count; i++) {
		struct lb_proxy *p = lb_world()->proxies[i];

		if (p->conf->disabled)
			continue;
		for (unsigned n = 0; n < p->server_count; n++)
			if (p->servers[n]->conf->check &&
			    p->servers[n]->track == NULL)
				make_check(p->servers[n]);
	}
	return 0;
}
