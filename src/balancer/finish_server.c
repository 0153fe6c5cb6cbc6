/* SPDX-License-Identifier: ISC */
/*
 * finish_server.c - a server line when all lines were read: its resolvers,
 * whom it tracks, its check, its TLS, its address. One thread.
 */
#include "balancer/finding.h"
#include "balancer/finish_server.h"
#include "balancer/script.h"

#define ALERT(p, ...)							\
	lb_report_tell((p)->report, LB_REPORT_ALERT, "config : " __VA_ARGS__)
#define WARN(p, ...)							\
	lb_report_tell((p)->report, LB_REPORT_WARNING, "config : " __VA_ARGS__)

static void
server_alert(struct lb_parse *p, const struct lb_server_conf *s,
    const char *text)
{
	ALERT(p, "[%s:%u] : 'server %s/%s' : %s", s->place.file,
	    s->place.line, s->proxy->name, s->name, text);
}

static bool
init_has(const struct lb_server_conf *s, enum lb_init_addr method)
{
	for (unsigned i = 0; s->init_addr[i] != LB_INIT_ADDR_END; i++)
		if (s->init_addr[i] == method)
			return true;
	return false;
}

bool
lb_finish_server_address(struct lb_parse *p, struct lb_server_conf *s)
{
	const struct lb_source *source = p->source;

	if (s->addr.kind != LB_ADDRESS_NAME) {
		s->address = s->addr.sa;
		return true;
	}
	if (source->resolve == NULL || s->addr.name[0] == '_')
		return true;
	if (init_has(s, LB_INIT_ADDR_LIBC) && source->resolve(source->arg,
	    s->addr.name, s->addr.family, &s->address) == 0) {
		address_set_port(&s->address, s->addr.port_low);
		return true;
	}
	if (init_has(s, LB_INIT_ADDR_IP)) {
		s->address = s->init_ip.sa;
		address_set_port(&s->address, s->addr.port_low);
		return true;
	}
	if (init_has(s, LB_INIT_ADDR_NONE) || source->names_may_fail) {
		if (init_has(s, LB_INIT_ADDR_LIBC))
			WARN(p, "[%s:%u] : 'server %s/%s' : could not resolve "
			    "address '%s', disabling server.", s->place.file,
			    s->place.line, s->proxy->name, s->name,
			    s->addr.name);
		return true;
	}
	server_alert(p, s, arena_print(p->arena, "could not resolve "
	    "address '%s'.", s->addr.name));
	return false;
}

static void
resolve_check(struct lb_parse *p, const struct lb_server_conf *s,
    struct lb_address *a, const char *what)
{
	const struct lb_source *source = p->source;

	if (a->kind != LB_ADDRESS_NAME || source->resolve == NULL)
		return;
	if (source->resolve(source->arg, a->name, a->family, &a->sa) == 0) {
		address_set_port(&a->sa, a->port_low);
		a->kind = LB_ADDRESS_IP;
		return;
	}
	server_alert(p, s, arena_print(p->arena, "'%s' : could not "
	    "resolve address '%s'.", what, a->name));
}

static void
find_resolvers(struct lb_parse *p, struct lb_server_conf *s)
{
	if (s->resolvers_name == NULL)
		return;
	for (unsigned i = 0; i < p->setup->resolvers.count; i++)
		if (strcmp(p->setup->resolvers.at[i]->name,
		    s->resolvers_name) == 0)
			s->resolvers = p->setup->resolvers.at[i];
	if (s->resolvers == NULL)
		ALERT(p, "%s '%s', server '%s': unable to find required "
		    "resolvers '%s'", s->proxy->kind, s->proxy->name, s->name,
		    s->resolvers_name);
}

static void
find_track(struct lb_parse *p, struct lb_server_conf *s)
{
	const char *missing;

	if (s->track_name == NULL)
		return;
	if (s->check)
		return;			/* told by finish_check() */
	s->track = lb_finding_path(p, s->proxy, s->track_name, &missing);
	if (s->track == NULL) {
		server_alert(p, s, arena_print(p->arena, "unable to find "
		    "required server '%s' for tracking.", s->track_name));
		return;
	}
	if (!s->track->check && !s->track->agent_check &&
	    s->track->track_name == NULL)
		server_alert(p, s, arena_print(p->arena, "unable to use "
		    "%s/%s for tracking as it does not have any check nor "
		    "agent enabled.", s->track->proxy->name,
		    s->track->name));
}

void
lb_finish_server_rings(struct lb_parse *p, struct lb_server_conf *s)
{
	const struct lb_server_conf *slow = s, *fast = s->track;

	while (fast != NULL && fast != slow) {
		fast = fast->track;
		if (fast != NULL && fast != slow) {
			fast = fast->track;
			slow = slow->track;
		}
	}
	if (fast != NULL) {
		server_alert(p, s, "tracking is circular.");
		s->track = NULL;
	}
}

static bool
steps_have_port(const struct lb_check_conf *c)
{
	for (unsigned i = 0; i < c->steps.count; i++) {
		const struct lb_step *s = c->steps.at[i];

		if (s->kind == LB_STEP_CONNECT && (s->connect.port > 0 ||
		    s->connect.port_expr != NULL))
			return true;
	}
	return false;
}

static void
finish_check(struct lb_parse *p, struct lb_server_conf *s)
{
	bool sockets = s->addr.kind == LB_ADDRESS_UNIX ||
	    s->addr.kind == LB_ADDRESS_ABSTRACT ||
	    s->addr.kind == LB_ADDRESS_FD ||
	    s->addr.kind == LB_ADDRESS_SOCKPAIR;

	if (s->check && s->track_name != NULL)
		server_alert(p, s, "unable to enable checks and tracking at "
		    "the same time!");
	if (s->check && !sockets && s->check_port == 0 &&
	    s->check_addr.port_kind != LB_PORT_FIXED &&
	    (s->addr.port_kind != LB_PORT_FIXED || s->addr.port_low == 0) &&
	    s->addr.name == NULL && !steps_have_port(&s->proxy->check))
		ALERT(p, "%s '%s': server '%s' has neither service port nor "
		    "check port.", s->proxy->kind, s->proxy->name, s->name);
	if (s->agent_check && s->agent_port == 0)
		server_alert(p, s, "missing 'agent-port': a server with "
		    "'agent-check' needs it.");
	if (s->check && !s->check_ssl_given && s->check_port == 0 &&
	    s->check_addr.kind == LB_ADDRESS_NONE)
		s->check_ssl = s->tls.on;
	if (s->check && s->send_proxy > 0 && s->check_port == 0 &&
	    s->check_addr.kind == LB_ADDRESS_NONE)
		s->check_send_proxy = true;
	if (s->fastinter < 0)
		s->fastinter = s->inter;
	if (s->downinter < 0)
		s->downinter = s->inter;
	if (s->agent_inter < 0)
		s->agent_inter = s->inter;
	if (s->role == LB_ROLE_UNSAID)
		s->role = s->proxy->check.role;
	if (s->minconn > s->maxconn)
		s->maxconn = s->minconn;
	else if (s->minconn == 0)
		s->minconn = s->maxconn;
}

static bool
steps_use_tls(const struct lb_check_conf *c)
{
	for (unsigned i = 0; i < c->steps.count; i++)
		if (c->steps.at[i]->kind == LB_STEP_CONNECT &&
		    c->steps.at[i]->connect.ssl)
			return true;
	return false;
}

static void
finish_tls(struct lb_parse *p, struct lb_server_conf *s)
{
	struct lb_tls_conf *t = &s->tls;

	s->step_ssl = steps_use_tls(&s->proxy->check);
	if (!t->on && !s->check_ssl && !s->step_ssl)
		return;
	if (t->verify == LB_VERIFY_UNSET)
		t->verify = p->setup->global.server_verify;
	if (t->least == LB_TLS_UNSET)
		t->least = LB_TLS_V12;
	if (t->verify == LB_VERIFY_REQUIRED && t->ca_file == NULL)
		ALERT(p, "%s '%s', server '%s' [%s:%u] verify is enabled by "
		    "default but no CA file specified. If you're running on a "
		    "LAN where you're certain to trust the server's "
		    "certificate, please set an explicit 'verify none' "
		    "statement on the 'server' line, or use "
		    "'ssl-server-verify none' in the global section to "
		    "disable server-side verifications by default.",
		    s->proxy->kind, s->proxy->name, s->name, s->place.file,
		    s->place.line);
}

void
lb_finish_server_line(struct lb_parse *p, struct lb_server_conf *s)
{
	find_resolvers(p, s);
	find_track(p, s);
	finish_check(p, s);
	finish_tls(p, s);
	resolve_check(p, s, &s->check_addr, "addr");
	resolve_check(p, s, &s->agent_addr, "agent-addr");
}
