/* SPDX-License-Identifier: ISC */
/*
 * finish.c - one pass over all proxies when the last line was read; see
 * finish.h. The order of the steps is that in which the original tells.
 */
#include <stdlib.h>

#include "balancer/finding.h"
#include "balancer/finish.h"
#include "balancer/finish_server.h"
#include "balancer/keys_section.h"
#include "balancer/rule.h"
#include "balancer/script.h"

#define ALERT(p, ...)							\
	lb_report_tell((p)->report, LB_REPORT_ALERT, "config : " __VA_ARGS__)
#define WARN(p, ...)							\
	lb_report_tell((p)->report, LB_REPORT_WARNING, "config : " __VA_ARGS__)

static bool
is_frontend(const struct lb_proxy_conf *x)
{
	return (x->is & LB_IS_FRONTEND) != 0;
}

static bool
is_backend(const struct lb_proxy_conf *x)
{
	return (x->is & LB_IS_BACKEND) != 0;
}

static const char *
mode_name(enum lb_mode mode)
{
	static const char *const names[] = { "tcp", "http", "log", "spop" };

	return names[mode];
}

/* ---- what was owed ----------------------------------------------------- */

static const void *
pay(struct lb_parse *p, const struct lb_debt *d, const char **missing)
{
	switch (d->kind) {
	case LB_ARG_FRONTEND:
		*missing = "frontend";
		return lb_finding_proxy(p->setup, LB_IS_FRONTEND, d->name);
	case LB_ARG_BACKEND:
		*missing = "backend";
		return lb_finding_proxy(p->setup, LB_IS_BACKEND, d->name);
	case LB_ARG_SERVER:
		return lb_finding_path(p, d->proxy, d->name, missing);
	case LB_ARG_TABLE:
		*missing = "stick-table";
		return lb_finding_table(p->setup, d->proxy, d->name);
	case LB_ARG_USERLIST:
		*missing = "userlist";
		return lb_finding_userlist(p->setup, d->name);
	default:
		return NULL;
	}
}

static void
pay_debts(struct lb_parse *p)
{
	for (unsigned i = 0; i < p->debts.count; i++) {
		const struct lb_debt *d = p->debts.at[i];
		const char *missing = "", *own = d->proxy == NULL ||
		    d->proxy->name == NULL ? "" : d->proxy->name;
		const void *found;

		/* In defaults the section itself is whoever uses them. */
		if (d->proxy != NULL && d->proxy->is == LB_IS_DEFAULTS &&
		    (d->name == NULL || *d->name == '\0'))
			continue;
		found = pay(p, d, &missing);
		*d->to = found;
		if (found == NULL)
			lb_parse_alert_at(p, &d->place, "unable to find %s "
			    "'%s' referenced in %s in proxy '%s'.", missing,
			    d->name == NULL ? own : d->name, d->what, own);
	}
}

/* ---- numbers and names ------------------------------------------------- */

static bool
id_is_taken(struct lb_parse *p, unsigned id)
{
	for (unsigned i = 0; i < p->setup->proxies.count; i++)
		if (p->setup->proxies.at[i]->id == id)
			return true;
	return false;
}

static void
number_proxies(struct lb_parse *p)
{
	unsigned next = 2;

	for (unsigned i = 0; i < p->setup->proxies.count; i++) {
		struct lb_proxy_conf *x = p->setup->proxies.at[i];

		if (x->id_given)
			continue;
		while (id_is_taken(p, next))
			next++;
		x->id = next++;
	}
}

static int
compare_ids(const void *a, const void *b)
{
	const struct lb_server_conf *const *x = a, *const *y = b;

	return ((*x)->id > (*y)->id) - ((*x)->id < (*y)->id);
}

/* Servers get the numbers that were not given, from 1. */
static void
number_servers(struct lb_parse *p, struct lb_proxy_conf *x)
{
	ARENA_LIST(const struct lb_server_conf) given = { NULL, 0, 0 };
	unsigned next = 1, at = 0;

	for (unsigned i = 0; i < x->servers.count; i++)
		if (x->servers.at[i]->id_given)
			arena_add(p->arena, &given, x->servers.at[i]);
	if (given.count > 1)
		qsort(given.at, given.count, sizeof *given.at, compare_ids);
	for (unsigned i = 1; i < given.count; i++)
		if (given.at[i]->id == given.at[i - 1]->id)
			ALERT(p, "[%s:%u] : 'server %s/%s' : custom id %u "
			    "has already been used at %s:%u.",
			    given.at[i]->place.file, given.at[i]->place.line,
			    x->name, given.at[i]->name, given.at[i]->id,
			    given.at[i - 1]->place.file,
			    given.at[i - 1]->place.line);
	for (unsigned i = 0; i < x->servers.count; i++) {
		struct lb_server_conf *s = x->servers.at[i];

		if (s->id_given)
			continue;
		while (at < given.count && given.at[at]->id <= next) {
			if (given.at[at]->id == next)
				next++;
			at++;
		}
		s->id = next++;
	}
}

/* ---- switching --------------------------------------------------------- */

static void
find_target(struct lb_parse *p, const struct lb_proxy_conf *x,
    struct lb_switch_conf *s, const char *rule)
{
	const struct lb_proxy_conf *to;

	if (s->format != NULL)
		return;
	to = lb_finding_proxy(p->setup, LB_IS_BACKEND, s->name);
	s->to = to;
	if (to == NULL) {
		ALERT(p, "Proxy '%s': unable to find required %s: '%s'.",
		    x->name, rule, s->name);
	} else if (to == x) {
		ALERT(p, "Proxy '%s': loop detected for %s: '%s'.", x->name,
		    rule, s->name);
	} else if (to->mode != x->mode) {
		ALERT(p, "%s %s '%s' (%s:%u) tries to use incompatible %s %s "
		    "'%s' (%s:%u) in a '%s' rule (see 'mode').",
		    mode_name(x->mode), x->kind, x->name, x->place.file,
		    x->place.line, mode_name(to->mode), to->kind, to->name,
		    to->place.file, to->place.line, rule);
	}
}

static void
finish_switching(struct lb_parse *p, struct lb_proxy_conf *x)
{
	if (is_frontend(x) && x->default_backend != NULL) {
		struct lb_switch_conf *own = lb_parse_get(p, sizeof *own);

		*own = *x->default_backend;
		x->default_backend = own;
		find_target(p, x, own, "default_backend");
		if (own->to != NULL && own->to != x && x->servers.count > 0)
			WARN(p, "In %s '%s', the 'default_backend' rule "
			    "always has precedence over the servers, which "
			    "will never be used.", x->kind, x->name);
	}
	for (unsigned i = 0; i < x->switches.count; i++)
		find_target(p, x, x->switches.at[i], "use_backend");
	for (unsigned i = 0; i < x->use_servers.count; i++) {
		struct lb_use_server_conf *s = x->use_servers.at[i];

		s->to = lb_finding_server(x, s->name);
		if (s->to == NULL && s->format == NULL)
			ALERT(p, "%s '%s' : unable to find server '%s' "
			    "referenced in a 'use-server' rule.", x->kind,
			    x->name, s->name);
	}
}

static bool
has_servers(const struct lb_proxy_conf *x)
{
	return x != NULL && (x->servers.count > 0 ||
	    x->dispatch.kind != LB_ADDRESS_NONE ||
	    x->options & (1u << LB_OPT_TRANSPARENT));
}

static bool
forwards(const struct lb_proxy_conf *x)
{
	if (!is_frontend(x))
		return false;
	if (is_backend(x) && has_servers(x))
		return true;
	for (unsigned i = 0; i < x->switches.count; i++)
		if (x->switches.at[i]->format != NULL ||
		    has_servers(x->switches.at[i]->to))
			return true;
	return x->default_backend != NULL &&
	    has_servers(x->default_backend->to);
}

static void
refuse_forwarding(struct lb_parse *p, struct lb_proxy_conf *x)
{
	if (x->mode == LB_MODE_LOG || x->mode == LB_MODE_SPOP) {
		if (is_frontend(x))
			lb_parse_alert_at(p, &x->place, "'mode %s' %s '%s' "
			    "cannot listen in this program; write 'mode tcp'.",
			    mode_name(x->mode), x->kind, x->name);
		return;
	}
	if (x->mode != LB_MODE_HTTP)
		return;
	x->answers = !forwards(x);
	if (!x->answers)
		lb_parse_alert_at(p, &x->place, "'mode http' proxy '%s' "
		    "forwards HTTP requests, which this program does not do; "
		    "write 'mode tcp' to pass the bytes through.", x->name);
}

/* ---- HTTP words in TCP proxies ----------------------------------------- */

static void
warn_of_http(struct lb_parse *p, struct lb_proxy_conf *x)
{
	static const struct {
		unsigned bit;
		const char *format;
	} rows[] = {
		{ LB_HTTP_REQUEST, "'http-request' rules" },
		{ LB_HTTP_RESPONSE, "'http-response' rules" },
		{ LB_HTTP_AFTER, "'http-after-response' rules" },
		{ LB_HTTP_REDIRECT, "'redirect' rules" },
	};

	if (x->mode == LB_MODE_HTTP)
		return;
	for (unsigned i = 0; i < x->servers.count; i++) {
		const struct lb_server_conf *s = x->servers.at[i];

		if (s->redir != NULL)
			ALERT(p, "%s '%s' : server cannot have cookie or "
			    "redirect prefix in non-HTTP mode.", x->kind,
			    x->name);
		else if (s->cookie != NULL)
			WARN(p, "%s '%s' : ignoring cookie for server '%s' as "
			    "HTTP mode is disabled.", x->kind, x->name,
			    s->name);
	}
	if (x->http_words & LB_HTTP_COOKIE && is_backend(x))
		WARN(p, "cookie will be ignored for %s '%s' (needs 'mode "
		    "http').", x->kind, x->name);
	if (x->log_kind == LB_LOGS_HTTP) {
		if (is_frontend(x))
			lb_parse_warn_at(p, &x->log_place, "'option "
			    "httplog' not usable with %s '%s' (needs 'mode "
			    "http'). Falling back to 'option tcplog'.",
			    x->kind, x->name);
		x->log_kind = LB_LOGS_TCP;
	}
	if (x->http_words & LB_HTTP_HASH && is_backend(x))
		WARN(p, "Layer 7 hash not possible for %s '%s' (needs 'mode "
		    "http'). Falling back to round robin.", x->kind, x->name);
	for (unsigned i = 0; i < x->http_options.count; i++)
		WARN(p, "'%s' ignored for %s '%s' as it requires HTTP mode.",
		    x->http_options.at[i], x->kind, x->name);
	if (x->monitor_uri != NULL && is_frontend(x))
		WARN(p, "monitor-uri will be ignored for %s '%s' (needs 'mode "
		    "http').", x->kind, x->name);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (x->http_words & rows[i].bit)
			WARN(p, "%s ignored for %s '%s' as they require HTTP "
			    "mode.", rows[i].format, x->kind, x->name);
	if (x->stats.on)
		WARN(p, "'stats' statement ignored for %s '%s' as it requires "
		    "HTTP mode.", x->kind, x->name);
}

/* ---- logs -------------------------------------------------------------- */

static bool
has_rfc5424(const struct lb_proxy_conf *x)
{
	for (unsigned i = 0; i < x->logs.count; i++)
		if (x->logs.at[i]->form == LB_LOG_RFC5424)
			return true;
	return false;
}

/* "log global" becomes what the global section says. */
static void
finish_logs(struct lb_parse *p, struct lb_proxy_conf *x)
{
	const struct lb_global_conf *g = &p->setup->global;
	unsigned count = x->logs.count;
	const struct lb_log_conf **old = x->logs.at;

	memset(&x->logs, 0, sizeof x->logs);
	for (unsigned i = 0; i < count; i++) {
		if (old[i]->target != LB_LOG_GLOBAL) {
			arena_add(p->arena, &x->logs, old[i]);
			continue;
		}
		for (unsigned k = 0; k < g->logs.count; k++)
			arena_add(p->arena, &x->logs, g->logs.at[k]);
	}
	if (is_frontend(x) && count == 0 && (x->log_kind != LB_LOGS_CONNECT ||
	    x->log_format != NULL))
		WARN(p, "log format ignored for %s '%s' since it has no log "
		    "address.", x->kind, x->name);
	if (is_frontend(x) && x->log_sd != NULL && !has_rfc5424(x))
		WARN(p, "log-format-sd ignored for %s '%s' since it has no "
		    "log of format rfc5424.", x->kind, x->name);
}

/* ---- listeners --------------------------------------------------------- */

static void
finish_bind(struct lb_parse *p, struct lb_proxy_conf *x,
    struct lb_bind_conf *b)
{
	const struct lb_tls_conf *usual = &p->setup->global.bind_tls;
	struct lb_tls_conf *t = &b->tls;

	p->setup->listeners += b->addr.port_kind == LB_PORT_RANGE ?
	    b->addr.port_high - b->addr.port_low + 1u : 1u;
#define FILL(field)	if (t->field == 0) t->field = usual->field
	FILL(ciphers);
	FILL(ciphersuites);
	FILL(curves);
	FILL(sigalgs);
	FILL(client_sigalgs);
	FILL(least);
	FILL(most);
	FILL(refused);
	FILL(no_tickets);
	FILL(strict_sni);
	FILL(prefer_client_ciphers);
#undef FILL
	if (t->on && t->least == LB_TLS_UNSET)
		t->least = LB_TLS_V12;
	if (t->on && t->certs.count == 0 && t->cert_lists.count == 0)
		ALERT(p, "Proxy '%s': no SSL certificate specified for bind "
		    "'%s' at [%s:%u] (use 'crt').", x->name, b->addr.text,
		    b->place.file, b->place.line);
	if (t->verify >= LB_VERIFY_OPTIONAL && t->ca_file == NULL &&
	    t->ca_verify_file == NULL && t->on)
		ALERT(p, "Proxy '%s': verify is enabled but no CA file "
		    "specified for bind '%s' at [%s:%u].", x->name,
		    b->addr.text, b->place.file, b->place.line);
}

static void
finish_frontend(struct lb_parse *p, struct lb_proxy_conf *x)
{
	for (unsigned i = 0; i < x->binds.count; i++)
		finish_bind(p, x, x->binds.at[i]);
	if (x->binds.count == 0)
		WARN(p, "%s '%s' has no 'bind' directive. Please declare it "
		    "as a backend if this was intended.", x->kind, x->name);
}

/* ---- servers ----------------------------------------------------------- */

static void
finish_servers(struct lb_parse *p, struct lb_proxy_conf *x)
{
	number_servers(p, x);
	for (unsigned i = 0; i < x->servers.count; i++)
		lb_finish_server_line(p, x->servers.at[i]);
}

void
lb_finish_server(struct lb_parse *p, struct lb_server_conf *s)
{
	lb_finish_server_line(p, s);
	lb_finish_server_address(p, s);
	lb_finish_server_rings(p, s);
	pay_debts(p);
}

/* ---- backends ---------------------------------------------------------- */

/* Only the lines of the check in force count. */
static void
finish_steps(struct lb_parse *p, struct lb_proxy_conf *x)
{
	unsigned count = x->check.steps.count;
	const struct lb_step **old = x->check.steps.at;
	bool http = x->check.kind == LB_CHECK_HTTP, foreign = false;

	memset(&x->check.steps, 0, sizeof x->check.steps);
	if (http || x->check.kind == LB_CHECK_TCP)
		for (unsigned i = 0; i < count; i++)
			if (old[i]->http == http)
				arena_add(p->arena, &x->check.steps,
				    old[i]);
	for (unsigned i = 0; i < count; i++)
		foreign |= old[i]->http != http ||
		    (!http && x->check.kind != LB_CHECK_TCP);
	if (foreign && !x->check.inherited)
		WARN(p, "%s '%s' uses %s rules without '%s', so the rules are "
		    "ignored.", x->kind, x->name, old[0]->http ?
		    "http-check" : "tcp-check", old[0]->http ?
		    "option httpchk" : "option tcp-check");
}

/* What is asked for behind a login, and nobody logs in. */
static void
finish_pgsql(struct lb_parse *p, struct lb_proxy_conf *x)
{
	const struct lb_check_conf *c = &x->check;
	bool asked = c->role > LB_ROLE_ANY || c->database != NULL ||
	    c->password_file != NULL;

	for (unsigned i = 0; i < x->servers.count; i++)
		asked |= x->servers.at[i]->role > LB_ROLE_ANY;
	if (asked && c->kind != LB_CHECK_PGSQL)
		WARN(p, "'pgsql-role', 'pgsql-database' and "
		    "'pgsql-password-file' will be ignored for %s '%s' "
		    "(require 'option pgsql-check').", x->kind, x->name);
}

static void
finish_external(struct lb_parse *p, struct lb_proxy_conf *x)
{
	const struct lb_global_conf *g = &p->setup->global;

	if (x->check.kind != LB_CHECK_EXTERNAL) {
		if (x->check.command != NULL || x->check.path != NULL)
			WARN(p, "'external-check %s' will be ignored for %s "
			    "'%s' (requires 'option external-check').",
			    x->check.command != NULL ? "command" : "path",
			    x->kind, x->name);
		return;
	}
	if (!g->external_check)
		ALERT(p, "Proxy '%s' : '%s' unable to find required "
		    "'global.external-check'.", x->name,
		    "option external-check");
	if (x->check.command == NULL)
		ALERT(p, "Proxy '%s' : '%s' unable to find required "
		    "'external-check command'.", x->name,
		    "option external-check");
	if (!g->insecure_fork)
		WARN(p, "Proxy '%s' : 'insecure-fork-wanted' not enabled in "
		    "the global section, '%s' will likely fail.", x->name,
		    "option external-check");
}

static void
finish_sticks(struct lb_parse *p, struct lb_proxy_conf *x)
{
	for (unsigned i = 0; i < x->sticks.count; i++) {
		struct lb_stick_conf *s = x->sticks.at[i];

		if (s->table != NULL && s->what & LB_STICK_STORE)
			s->table->stores |= 1u << LB_STORE_SERVER_ID |
			    1u << LB_STORE_SERVER_KEY;
	}
}

static void
finish_timeouts(struct lb_parse *p, struct lb_proxy_conf *x)
{
	bool client = is_frontend(x) && x->timeout.client == 0,
	    servers = is_backend(x) && has_servers(x),
	    connect = servers && x->timeout.connect == 0,
	    server = servers && x->timeout.server == 0 &&
	    (x->mode == LB_MODE_HTTP || x->timeout.tunnel <= 0);

	if (x->mode <= LB_MODE_HTTP && (client || connect || server))
		WARN(p, "missing timeouts for %s '%s'.\n"
		    "   | While not properly invalid, you will certainly "
		    "encounter various problems\n"
		    "   | with such a configuration. To fix this, please "
		    "ensure that all following\n"
		    "   | timeouts are set to a non-zero value: 'client', "
		    "'connect', 'server'.", x->kind, x->name);
	if (x->load_state == LB_STATE_GLOBAL && is_backend(x) &&
	    p->setup->global.state_file == NULL)
		WARN(p, "%s '%s' configured to load server state file from "
		    "global section 'server-state-file' directive. "
		    "Unfortunately, 'server-state-file' is not set!", x->kind,
		    x->name);
	if (x->timeout.queue == LB_UNSET)
		x->timeout.queue = x->timeout.connect;
}

/* Can this frontend send to that backend? */
bool
lb_finish_reaches(const struct lb_proxy_conf *f, const struct lb_proxy_conf *b)
{
	if (!is_frontend(f) || f->disabled)
		return false;
	if (f == b)
		return true;
	for (unsigned i = 0; i < f->switches.count; i++)
		if (f->switches.at[i]->to == b ||
		    f->switches.at[i]->format != NULL)
			return true;
	return f->default_backend != NULL && f->default_backend->to == b;
}

/*
 * A tenth of what the frontends let in, rounded up. One without a maxconn
 * of its own lets in what the process does, which is not known here if 0.
 */
static void
finish_fullconn(struct lb_parse *p, struct lb_proxy_conf *x)
{
	int64_t sum = 0;

	if (x->fullconn > 0)
		return;
	for (unsigned i = 0; i < p->setup->proxies.count; i++) {
		const struct lb_proxy_conf *f = p->setup->proxies.at[i];

		if (!lb_finish_reaches(f, x))
			continue;
		if (f->maxconn == 0 && p->setup->global.maxconn == 0)
			return;
		sum += f->maxconn > 0 ? f->maxconn : p->setup->global.maxconn;
	}
	x->fullconn = (int)((sum + 9) / 10);
}

/* ---- sections ---------------------------------------------------------- */

/* One that asks the system's servers is there without being written. */
static void
add_default_resolvers(struct lb_parse *p)
{
	struct lb_resolvers_conf *r;

	for (unsigned i = 0; i < p->setup->resolvers.count; i++)
		if (strcmp(p->setup->resolvers.at[i]->name, "default") == 0)
			return;
	r = lb_keys_section_usual(p);
	r->name = "default";
	r->parse_resolv_conf = true;
	arena_add(p->arena, &p->setup->resolvers, r);
}

static void
finish_resolvers(struct lb_parse *p)
{
	for (unsigned i = 0; i < p->setup->resolvers.count; i++) {
		const struct lb_resolvers_conf *r = p->setup->resolvers.at[i];

		if (r->servers.count == 0 && !r->parse_resolv_conf)
			WARN(p, "resolvers '%s' [%s:%u] has no nameservers "
			    "configured!", r->name, r->place.file,
			    r->place.line);
	}
}

static const struct lb_resolvers_conf *
find_resolvers(const struct lb_setup *s, const char *name)
{
	for (unsigned i = 0; i < s->resolvers.count; i++)
		if (strcmp(s->resolvers.at[i]->name, name) == 0)
			return s->resolvers.at[i];
	return NULL;
}

static void
finish_lookups(struct lb_parse *p, struct lb_proxy_conf *x)
{
	for (unsigned i = 0; i < x->rules[LB_RULES_CONTENT].count; i++) {
		const struct lb_rule *is = x->rules[LB_RULES_CONTENT].at[i];
		struct lb_rule *r;

		if (is->action->act != LB_ACT_DO_RESOLVE)
			continue;
		r = arena_get(p->arena, sizeof *r);
		*r = *is;
		r->resolvers = find_resolvers(p->setup, r->text);
		x->rules[LB_RULES_CONTENT].at[i] = r;
		if (r->resolvers == NULL)
			ALERT(p, "Proxy '%s': Can't find resolvers section "
			    "'%s' for do-resolve action.", x->name, r->text);
	}
}

/* The groups of a user's own line must be there. */
static void
check_groups(struct lb_parse *p, const struct lb_userlist_conf *l,
    const struct lb_user_conf *u)
{
	for (unsigned i = 0; i < u->groups.count; i++) {
		bool found = false;

		for (unsigned k = 0; k < l->groups.count; k++)
			found |= strcmp(l->groups.at[k], u->groups.at[i]) == 0;
		if (!found)
			ALERT(p, "userlist '%s': no such group '%s' specified "
			    "in user '%s'", l->name, u->groups.at[i],
			    u->name);
	}
}

static void
finish_userlists(struct lb_parse *p)
{
	for (unsigned i = 0; i < p->setup->userlists.count; i++) {
		struct lb_userlist_conf *l = p->setup->userlists.at[i];

		for (unsigned k = 0; k < l->users.count; k++)
			check_groups(p, l, l->users.at[k]);
		for (unsigned k = 0; k < l->members.count; k++) {
			const struct lb_member_conf *m = l->members.at[k];
			struct lb_user_conf *u = NULL;

			for (unsigned n = 0; n < l->users.count; n++)
				if (strcmp(l->users.at[n]->name,
				    m->user) == 0)
					u = l->users.at[n];
			if (u == NULL)
				ALERT(p, "userlist '%s': no such user '%s' "
				    "specified in group '%s'", l->name,
				    m->user, m->group);
			else
				arena_add(p->arena, &u->groups, m->group);
		}
	}
}

static void
finish_peers(struct lb_parse *p)
{
	for (unsigned i = 0; i < p->setup->tables.count; i++) {
		const struct lb_table_conf *t = p->setup->tables.at[i];
		bool found = t->peers_name == NULL;

		for (unsigned k = 0; k < p->setup->peers.count; k++)
			found |= t->peers_name != NULL && strcmp(
			    p->setup->peers.at[k]->name, t->peers_name) == 0;
		if (!found)
			ALERT(p, "Proxy '%s': unable to find sync peers "
			    "'%s'.", t->name, t->peers_name);
	}
	for (unsigned i = 0; i < p->setup->peers.count; i++)
		if (!p->setup->peers.at[i]->disabled) {
			WARN(p, "peers synchronisation is not implemented; "
			    "tables are local.");
			return;
		}
}

static void
number_tables(struct lb_parse *p)
{
	for (unsigned i = 0; i < p->setup->tables.count; i++)
		p->setup->tables.at[i]->number = i;
}

/* ---- the whole --------------------------------------------------------- */

static void
finish_proxy(struct lb_parse *p, struct lb_proxy_conf *x)
{
	finish_switching(p, x);
	refuse_forwarding(p, x);
	if (is_backend(x)) {
		finish_steps(p, x);
		finish_external(p, x);
		finish_pgsql(p, x);
		finish_servers(p, x);
	}
	if (is_frontend(x))
		finish_frontend(p, x);
	warn_of_http(p, x);
	finish_logs(p, x);
	finish_lookups(p, x);
	finish_timeouts(p, x);
}

static void
resolve_all(struct lb_parse *p)
{
	bool resolved = true;

	for (unsigned i = 0; i < p->setup->proxies.count; i++) {
		struct lb_proxy_conf *x = p->setup->proxies.at[i];

		for (unsigned k = 0; !x->disabled && k < x->servers.count;
		    k++)
			resolved &= lb_finish_server_address(p,
			    x->servers.at[k]);
	}
	if (!resolved)
		ALERT(p, "Failed to initialize server(s) addr.");
}

void
lb_finish_all(struct lb_parse *p)
{
	p->place = (struct lb_place){ NULL, 0 };
	number_proxies(p);
	add_default_resolvers(p);
	for (unsigned i = 0; i < p->setup->proxies.count; i++)
		if (!p->setup->proxies.at[i]->disabled)
			finish_proxy(p, p->setup->proxies.at[i]);
	for (unsigned i = 0; i < p->setup->proxies.count; i++) {
		struct lb_proxy_conf *x = p->setup->proxies.at[i];

		finish_fullconn(p, x);
		for (unsigned k = x->servers.count; k > 0; k--)
			lb_finish_server_rings(p, x->servers.at[k - 1]);
	}
	finish_resolvers(p);
	finish_userlists(p);
	number_tables(p);
	finish_peers(p);
	pay_debts(p);
	for (unsigned i = 0; i < p->setup->proxies.count; i++)
		finish_sticks(p, p->setup->proxies.at[i]);
	if (p->report->alerts == 0)
		resolve_all(p);
}
