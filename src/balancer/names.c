/* SPDX-License-Identifier: ISC */
/* names.c - addresses, slots and states from DNS. Loop 0. */
#include <stdarg.h>
#include <stdio.h>
#include <strings.h>

#include "balancer/health.h"
#include "balancer/names.h"
#include "balancer/resolution.h"
#include "balancer/world.h"
#include "base/mem.h"

struct group;

struct lb_name {			/* of one server */
	struct lb_server *server;
	struct lb_resolution *r;	/* of its host name, or NULL */
	struct group *group;		/* a service names the host; or NULL */
	struct lb_name *next;		/* in the group */
	uint64_t freed;			/* when the slot became free */
	uint16_t port;
};

struct group {				/* the servers of one service record */
	struct group *next;
	struct lb_name *slots;
	struct lb_resolution *r;
	uint64_t turn;
};

static struct group *groups;

static void tell(const struct lb_server *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static void
tell(const struct lb_server *s, const char *fmt, ...)
{
	char line[700];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	lb_logs_say(LB_LOG_WARNING, line);
	lb_world_log(s->proxy, LB_LOG_NOTICE, line);
}

/* ---- addresses --------------------------------------------------------- */

static bool
is_same_ip(const struct address *a, const struct address *b)
{
	if (a->len == 0 || b->len == 0 ||
	    a->sa.sa_family != b->sa.sa_family)
		return false;
	return a->sa.sa_family == AF_INET ?
	    a->in.sin_addr.s_addr == b->in.sin_addr.s_addr :
	    memcmp(&a->in6.sin6_addr, &b->in6.sin6_addr,
	    sizeof a->in6.sin6_addr) == 0;
}

static const char *
show_ip(const struct address *a, char buf[ADDRESS_TEXT])
{
	struct endpoint e;

	if (a->len == 0)
		return "(none)";
	e = address_endpoint(a);
	return endpoint_ip(&e, buf);
}

/* Another server of the same name and port has it already. */
static bool
is_taken(const struct lb_server *s, const struct address *ip)
{
	const struct lb_proxy *p = s->proxy;

	for (unsigned i = 0; i < p->server_count; i++) {
		const struct lb_server *t = p->servers[i];

		if (is_same_ip(&t->address, ip) && t != s &&
		    t->hostname != NULL && s->hostname != NULL &&
		    (t->admin & LB_ADMIN_RMAINT) == 0 &&
		    strcasecmp(t->hostname, s->hostname) == 0 &&
		    t->name->port == s->name->port)
			return true;
	}
	return false;
}

static bool
is_preferred(const struct lb_server_conf *conf, const struct address *ip)
{
	struct text rest = text_of(conf->resolve_net), piece;
	struct endpoint e = address_endpoint(ip);
	struct prefix net;
	struct why why;

	while (rest.len > 0 && text_word(&rest, ", ", &piece))
		if (prefix_parse(piece, &net, &why) == 0 &&
		    prefix_has(&net, &e))
			return true;
	return false;
}

enum { FAMILY = 8, NETWORK = 4, FREE = 2 };

static int
score_of(const struct lb_server_conf *conf, const struct address *ip,
    bool taken)
{
	return (ip->sa.sa_family == conf->resolve_prefer ? FAMILY : 0) +
	    (is_preferred(conf, ip) ? NETWORK : 0) + (taken ? 0 : FREE);
}

/*
 * Nothing was left of this answer for servers like this one: the many others
 * of a big template need not look through it again.
 */
static struct {
	const struct lb_resolution *r;
	const struct lb_proxy *proxy;
	int64_t at;
	uint16_t port;
} barren;

static bool
is_barren(const struct lb_server *s, const struct lb_resolution *r)
{
	return barren.r == r && barren.at == r->last_valid &&
	    barren.proxy == s->proxy && barren.port == s->name->port &&
	    !s->conf->allow_dup_ip;
}

static const struct address *
pick_new(const struct lb_server *s, struct lb_resolution *r)
{
	const struct lb_server_conf *conf = s->conf;
	const int best_score = FAMILY + FREE +
	    (conf->resolve_net != NULL ? NETWORK : 0);
	const struct address *best = NULL;
	int most = -1;

	/* Each begins with another one, so that they are shared out. */
	for (unsigned i = 0; i < r->count && most < best_score; i++) {
		const struct address *ip =
		    &r->items[(r->turn + i) % r->count].address;
		bool taken = is_taken(s, ip);
		int score = score_of(conf, ip, taken);

		if ((taken && !conf->allow_dup_ip) || score <= most)
			continue;
		best = ip;
		most = score;
	}
	r->turn++;
	if (best == NULL) {
		barren.r = r;
		barren.proxy = s->proxy;
		barren.at = r->last_valid;
		barren.port = s->name->port;
	}
	return best;
}

/* It stays where it is while that is named; else family, network, nobody's. */
static const struct address *
pick(const struct lb_server *s, struct lb_resolution *r)
{
	for (unsigned i = 0; i < r->count; i++)
		if (is_same_ip(&r->items[i].address, &s->address))
			return &r->items[i].address;
	return is_barren(s, r) ? NULL : pick_new(s, r);
}

/* ---- a server's place -------------------------------------------------- */

static void
leave_place(struct lb_server *s, const char *reason)
{
	struct address none = { .len = 0 };
	char why[80];

	snprintf(why, sizeof why, " (%s)", reason);
	if ((s->admin & LB_ADMIN_RMAINT) == 0)
		lb_health_admin(s, LB_ADMIN_RMAINT, 0, why);
	lb_health_place(s, &none);
}

static void
take_place(struct lb_server *s, const struct address *ip, const char *by,
    struct lb_resolution_counts *counts)
{
	char before[ADDRESS_TEXT], after[ADDRESS_TEXT];
	struct address to = *ip;

	address_set_port(&to, s->name->port);
	if (!is_same_ip(ip, &s->address)) {
		tell(s, "%s/%s changed its IP from %s to %s by %s.",
		    s->proxy->conf->name, s->conf->name,
		    show_ip(&s->address, before), show_ip(ip, after), by);
		if (counts != NULL)
			counts->update++;
	}
	if (!address_same(&to, &s->address))
		lb_health_place(s, &to);
	if (s->admin & LB_ADMIN_RMAINT)
		lb_health_admin(s, 0, LB_ADMIN_RMAINT, "");
}

/* ---- host names -------------------------------------------------------- */

static const char *
reason_of(enum lb_resolution_status status)
{
	static const char *const rows[] = {
		[LB_RESOLUTION_NX] = "DNS NX status",
		[LB_RESOLUTION_TIMEOUT] = "DNS timeout status",
		[LB_RESOLUTION_REFUSED] = "DNS refused status",
		[LB_RESOLUTION_OTHER] = "unspecified DNS error",
	};

	return rows[status];
}

static void
on_host(void *arg, struct lb_resolution *r, bool first)
{
	struct lb_name *n = arg;
	struct lb_server *s = n->server;
	bool missed = (s->admin & LB_ADMIN_RMAINT) != 0;
	const struct address *ip;

	if (r->status != LB_RESOLUTION_VALID) {
		if (!missed && lb_resolution_is_over(r))
			leave_place(s, reason_of(r->status));
		return;
	}
	ip = pick(s, r);
	if (ip == NULL) {
		if (!missed)
			leave_place(s, "No IP for server ");
		return;
	}
	take_place(s, ip, first ? r->by_name : "DNS cache",
	    first ? r->by : NULL);
	if (missed)
		tell(s, "Server %s/%s administratively READY thanks to valid "
		    "DNS answer.", s->proxy->conf->name, s->conf->name);
}

static void
drop_host(struct lb_name *n)
{
	if (n->r != NULL)
		lb_resolution_leave(n->r, n);
	n->r = NULL;
}

static void
want_host(struct lb_name *n)
{
	const struct lb_server_conf *conf = n->server->conf;

	n->r = lb_resolution_want(conf->resolvers, n->server->hostname,
	    conf->resolve_prefer == AF_INET ? ANSWER_A : ANSWER_AAAA, on_host,
	    n);
}

static void
set_hostname(struct lb_server *s, const char *name)
{
	mem_drop(s->hostname);
	s->hostname = name == NULL ? NULL : mem_copy(text_of(name));
}

/* ---- services ---------------------------------------------------------- */

static void
empty_slot(struct lb_name *n)
{
	struct lb_server *s = n->server;

	drop_host(n);
	leave_place(s, "entry removed from SRV record");
	set_hostname(s, NULL);
	n->port = 0;
	n->freed = ++n->group->turn;
}

static struct lb_name *
find_slot(const struct group *g, const struct lb_item *i)
{
	for (struct lb_name *n = g->slots; n != NULL; n = n->next)
		if (n->server->hostname != NULL && n->port == i->port &&
		    strcasecmp(n->server->hostname, i->target) == 0)
			return n;
	return NULL;
}

/* The one that has been free for the longest time. */
static struct lb_name *
find_free_slot(const struct group *g)
{
	struct lb_name *best = NULL;

	for (struct lb_name *n = g->slots; n != NULL; n = n->next)
		if (n->server->hostname == NULL &&
		    (best == NULL || n->freed < best->freed))
			best = n;
	return best;
}

static void
weigh_slot(struct lb_server *s, const struct lb_item *i)
{
	unsigned weight = i->weight == 0 ? 0 : i->weight / 256u + 1;

	if (!s->conf->ignore_weight && s->weight != weight)
		lb_health_weigh(s, weight);
}

static void
fill_slot(struct lb_name *n, const struct lb_item *i)
{
	struct lb_server *s = n->server;

	if (s->hostname == NULL) {
		set_hostname(s, i->target);
		if (s->hostname == NULL)
			return;		/* no memory: at the next answer */
		n->port = i->port;
		lb_health_admin(s, LB_ADMIN_HMAINT, 0, "");
	}
	weigh_slot(s, i);
	if (i->address.len > 0) {
		drop_host(n);
		take_place(s, &i->address, "DNS additional record", NULL);
	} else if (n->r == NULL)
		want_host(n);
}

static bool
is_named(const struct lb_resolution *r, const struct lb_name *n)
{
	for (unsigned i = 0; i < r->count; i++)
		if (r->items[i].port == n->port &&
		    strcasecmp(r->items[i].target, n->server->hostname) == 0)
			return true;
	return false;
}

static void
on_service(void *arg, struct lb_resolution *r, bool first)
{
	struct group *g = arg;
	bool valid = r->status == LB_RESOLUTION_VALID;

	if (!valid && !lb_resolution_is_over(r))
		return;
	for (struct lb_name *n = g->slots; n != NULL; n = n->next)
		if (n->server->hostname != NULL &&
		    (!valid || !is_named(r, n)))
			empty_slot(n);
	for (unsigned i = 0; valid && i < r->count; i++) {
		struct lb_name *n = find_slot(g, &r->items[i]);

		if (n == NULL)
			n = find_free_slot(g);
		if (n != NULL)
			fill_slot(n, &r->items[i]);
	}
}

static struct group *
find_group(const struct lb_server *s)
{
	for (struct group *g = groups; g != NULL; g = g->next) {
		const struct lb_server *t = g->slots->server;

		if (t->proxy == s->proxy &&
		    t->conf->resolvers == s->conf->resolvers &&
		    strcasecmp(t->conf->addr.name, s->conf->addr.name) == 0)
			return g;
	}
	return NULL;
}

static void
join_group(struct lb_name *n)
{
	const struct lb_server_conf *conf = n->server->conf;
	struct group *g = find_group(n->server);
	struct lb_name **at;

	if (g == NULL) {
		g = mem_need(sizeof *g);
		g->next = groups;
		groups = g;
	}
	for (at = &g->slots; *at != NULL; at = &(*at)->next)
		;
	*at = n;
	n->group = g;
	if (g->r == NULL)
		g->r = lb_resolution_want(conf->resolvers, conf->addr.name,
		    ANSWER_SRV, on_service, g);
}

/* ---- from the start ---------------------------------------------------- */

static void
begin(struct lb_server *s)
{
	struct lb_name *n;

	if (s->conf->resolvers == NULL ||
	    s->conf->addr.kind != LB_ADDRESS_NAME)
		return;
	n = mem_need(sizeof *n);
	n->server = s;
	n->port = s->conf->addr.port_kind == LB_PORT_FIXED ?
	    s->conf->addr.port_low : 0;
	s->name = n;
	if (s->conf->addr.name[0] == '_') {
		join_group(n);
		return;
	}
	set_hostname(s, s->conf->addr.name);
	want_host(n);
}

void
lb_names_init(struct loop *home)
{
	lb_resolution_init(home);
	for (unsigned i = 0; i < lb_world()->count; i++) {
		struct lb_proxy *p = lb_world()->proxies[i];

		if (p->conf->disabled)
			continue;
		for (unsigned n = 0; n < p->server_count; n++)
			begin(p->servers[n]);
	}
}

void
lb_names_fini(void)
{
	struct group *g;

	lb_resolution_fini();
	for (unsigned i = 0; i < lb_world()->count; i++) {
		struct lb_proxy *p = lb_world()->proxies[i];

		for (unsigned n = 0; n < p->server_count; n++) {
			mem_drop(p->servers[n]->name);
			p->servers[n]->name = NULL;
			set_hostname(p->servers[n], NULL);
		}
	}
	while ((g = groups) != NULL) {
		groups = g->next;
		mem_drop(g);
	}
}

int
lb_names_set(struct lb_server *s, const char *fqdn, const char *by,
    char *said, size_t room, struct why *why)
{
	if (s->name == NULL || s->name->group != NULL)
		return why_set(why, "set server <b>/<s> fqdn failed because "
		    "no resolution is configured.");
	if (s->hostname != NULL && strcasecmp(s->hostname, fqdn) == 0) {
		snprintf(said, room, "no need to change the FDQN");
		return 0;
	}
	snprintf(said, room, "%s/%s changed its FQDN from %s to %s by %s",
	    s->proxy->conf->name, s->conf->name,
	    s->hostname != NULL ? s->hostname : "(none)", fqdn, by);
	drop_host(s->name);
	set_hostname(s, fqdn);
	lb_health_admin(s, LB_ADMIN_HMAINT, 0, "");
	if (s->hostname != NULL)
		want_host(s->name);
	lb_world_log(s->proxy, LB_LOG_NOTICE, said);
	return 0;
}
