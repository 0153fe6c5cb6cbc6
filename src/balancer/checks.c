/* SPDX-License-Identifier: ISC */
/* checks.c - which variant a kind has; the checks of a setup. Loop 0. */
#include "balancer/check_kinds.h"
#include "balancer/certs.h"
#include "balancer/checks.h"
#include "balancer/world.h"

static const struct lb_check_variant connect_only = { .name = "connect" };

static const struct lb_check_variant *const rows[] = {
	[LB_CHECK_CONNECT] = &connect_only,
	[LB_CHECK_TCP] = &lb_check_tcp,
	[LB_CHECK_HTTP] = &lb_check_http,
	[LB_CHECK_PGSQL] = &lb_check_pgsql,
	[LB_CHECK_MYSQL] = &lb_check_mysql,
	[LB_CHECK_REDIS] = &lb_check_redis,
	[LB_CHECK_SMTP] = &lb_check_smtp,
	[LB_CHECK_LDAP] = &lb_check_ldap,
	[LB_CHECK_SSL_HELLO] = &lb_check_hello,
	[LB_CHECK_EXTERNAL] = &lb_check_external,
};

const struct lb_check_variant *
lb_checks_find(enum lb_check_kind kind)
{
	return (unsigned)kind < sizeof rows / sizeof *rows ? rows[kind] : NULL;
}

/* The plain one asks for no more than an answer. */
static bool
logs_in(const struct lb_server_conf *s)
{
	const struct lb_check_conf *c = &s->proxy->check;

	return c->kind == LB_CHECK_PGSQL && (s->role > LB_ROLE_ANY ||
	    c->database != NULL || c->password_file != NULL);
}

static void
make_agent(struct lb_server *s)
{
	const struct lb_server_conf *conf = s->conf;
	struct lb_check *c = lb_check_new(s, true, &lb_check_agent);

	c->port = conf->agent_port;
	c->send = conf->agent_send;
	if (conf->agent_addr.kind != LB_ADDRESS_NONE)
		c->addr = conf->agent_addr.sa;
}

static void
make_check(struct lb_server *s)
{
	const struct lb_server_conf *conf = s->conf;
	const struct lb_check_variant *v =
	    lb_checks_find(s->proxy->conf->check.kind);
	struct lb_check *c = lb_check_new(s, false, logs_in(conf) ?
	    &lb_check_pgsql_login : v != NULL ? v : &connect_only);

	c->port = conf->check_port;
	if (conf->check_addr.kind != LB_ADDRESS_NONE)
		c->addr = conf->check_addr.sa;
	c->sni = conf->check_sni;
	if (conf->check_ssl && s->tls != NULL)
		c->tls = conf->check_alpn == NULL ? tls_hold(s->tls) :
		    tls_offering(s->tls, conf->check_alpn);
	if (conf->check_send_proxy)
		c->proxy = conf->send_proxy > 0 ? conf->send_proxy : 1;
	c->socks = conf->check_socks4 &&
	    conf->socks4.kind != LB_ADDRESS_NONE;
}

void
lb_checks_add(struct lb_server *s)
{
	if (s->conf->check && s->track == NULL)
		make_check(s);
	if (s->conf->agent_check)
		make_agent(s);
}

int
lb_checks_make(struct why *why)
{
	for (unsigned i = 0; i < lb_world()->count; i++) {
		struct lb_proxy *p = lb_world()->proxies[i];

		if (p->conf->disabled)
			continue;
		for (unsigned n = 0; n < p->server_count; n++)
			lb_checks_add(p->servers[n]);
	}
	return 0;
}
