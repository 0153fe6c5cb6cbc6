/* SPDX-License-Identifier: ISC */
/* keys_route.c - one route line, one rule line; see keys_route.h. One thread. */
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>
#include <sys/socket.h>

#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "vrrp/keys_address.h"
#include "vrrp/keys_route.h"

enum { PROTO_KEEPALIVED = 18, FIRST_PREFERENCE = 16384 };

/* ---- words of one line */

struct line {
	struct vr_parse *p;
	unsigned n;			/* the word in hand */
	bool is_static, broken;
	struct vr_route_conf *route;
	struct vr_rule_conf *rule;
	uint16_t family;		/* 0: not known yet */
};

/* The value of the word in hand; NULL: the reading has ended. */
static const char *
value(struct line *l)
{
	struct vr_parse *p = l->p;

	if (l->n + 1 < p->count)
		return p->words[++l->n];
	vr_report_say(p->report, VR_REPORT_MISSING, &p->place,
	    "*** Configuration line starting `%s` is missing a parameter "
	    "after keyword `%s` at word position %u", p->words[0],
	    p->words[l->n], l->n + 2);
	p->stopped = true;
	return NULL;
}

static const char *
whole_line(struct vr_parse *p)
{
	return p->rest[0] == '\0' ? vr_parse_copy(p, p->words[0]) :
	    arena_print(p->arena, "%s %s", p->words[0], p->rest);
}

static bool
number_in(struct line *l, int64_t most, const char *what, int64_t *to)
{
	const char *s = value(l);

	if (s == NULL)
		return false;
	if (vr_parse_number(l->p, s, 0, most, to))
		return true;
	vr_parse_error(l->p, "Invalid %s %s specified for %s", what, s,
	    l->route != NULL ? "route" : "rule");
	l->broken = true;
	return false;
}

/* An address of the line's family, which the first one settles. */
static bool
address_in(struct line *l, const char *s, const char *what, bool masked,
    struct prefix *to)
{
	struct vr_parse *p = l->p;
	bool all = strcmp(s, "default") == 0 || strcmp(s, "all") == 0 ||
	    strcmp(s, "any") == 0;

	*to = (struct prefix){ .family = l->family == 0 ? AF_INET :
	    l->family };
	if (all && masked)
		return true;
	if (!vr_parse_ip(s, to)) {
		vr_parse_error(p, "VRRP parsed invalid IP %s. skipping IP...",
		    s);
		vr_parse_refuse(p, what, s);
		l->broken = true;
		return false;
	}
	if (l->family != 0 && l->family != to->family) {
		vr_parse_error(p, "%s", l->route != NULL ?
		    "Cannot mix IPv4 and IPv6 addresses for route" :
		    "rule specification has mixed IPv4 and IPv6");
		l->broken = true;
		return false;
	}
	l->family = to->family;
	return true;
}

/* Number or name of a table; false: said why. */
static bool
table_in(struct line *l, const char *s, uint32_t *to)
{
	static const struct { const char *name; uint32_t table; } known[] = {
		{ "main", RT_TABLE_MAIN }, { "local", RT_TABLE_LOCAL },
		{ "default", RT_TABLE_DEFAULT },
	};
	int64_t number;
	long named;

	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(known[i].name, s) == 0) {
			*to = known[i].table;
			return true;
		}
	if (number_int(text_of(s), 0, 0, UINT32_MAX, &number, NULL) == 0) {
		*to = (uint32_t)number;
		return true;
	}
	named = vr_parse_named(l->p, "rt_tables", s);
	if (named >= 0) {
		*to = (uint32_t)named;
		return true;
	}
	vr_parse_error(l->p, "Routing table %s not found for %s", s,
	    l->route != NULL ? "route" : "rule");
	l->broken = true;
	return false;
}

static const char *
dev_in(struct line *l, const char *s)
{
	if (!vr_parse_interface(l->p, s)) {
		vr_parse_error(l->p, "WARNING - interface %s for %s doesn't "
		    "exist", s, l->route != NULL ? "VROUTE nexthop" :
		    "rule");
		l->broken = true;
	}
	return vr_parse_copy(l->p, s);
}

static void
tos_in(struct line *l, const char *s, uint8_t *to)
{
	int64_t number;
	long named = -1;

	if (number_int(text_of(s), 0, 0, 255, &number, NULL) < 0)
		named = vr_parse_named(l->p, "rt_dsfield", s);
	else
		named = (long)number;
	if (named < 0) {
		vr_parse_error(l->p, "TOS value %s is invalid", s);
		l->broken = true;
	} else
		*to = (uint8_t)named;
}

static bool
set_group(struct line *l, const char **name,
    const struct vr_track_group **group)
{
	const char *s = value(l);

	if (s == NULL)
		return false;
	*group = vr_keys_address_group(l->p, s);
	*name = *group == NULL ? NULL : (*group)->name;
	return true;
}

/* ---- routes */

/* Options that do something else than reach the kernel's basic fields. */
static const struct { const char *word; unsigned takes; } unused[] = {
	{ "realms", 1 }, { "encap", 0 }, { "features", 1 }, { "congctl", 1 },
	{ "rto_min", 1 }, { "window", 1 }, { "ssthresh", 1 }, { "cwnd", 1 },
	{ "initcwnd", 1 }, { "initrwnd", 1 }, { "quickack", 1 },
	{ "ttl-propagate", 1 }, { "rtt", 1 }, { "rttvar", 1 },
	{ "reordering", 1 }, { "hoplimit", 1 }, { "pref", 1 },
	{ "expires", 1 }, { "fastopen_no_cookie", 1 }, { "as", 1 },
};

static const struct { const char *word; uint8_t type; } types[] = {
	{ "unicast", RTN_UNICAST }, { "local", RTN_LOCAL },
	{ "broadcast", RTN_BROADCAST }, { "anycast", RTN_ANYCAST },
	{ "multicast", RTN_MULTICAST }, { "nat", RTN_NAT },
	{ "blackhole", RTN_BLACKHOLE }, { "unreachable", RTN_UNREACHABLE },
	{ "prohibit", RTN_PROHIBIT }, { "throw", RTN_THROW },
};

static bool
pass_unused(struct line *l)
{
	const char *word = l->p->words[l->n];

	for (size_t i = 0; i < sizeof unused / sizeof unused[0]; i++) {
		if (strcmp(unused[i].word, word) != 0)
			continue;
		vr_parse_note(l->p, "Warning - route option %s has no effect",
		    word);
		if (strcmp(word, "encap") == 0)
			l->n = l->p->count;	/* as long as it pleases */
		else if (unused[i].takes > 0 && value(l) != NULL &&
		    strcmp(l->p->words[l->n], "lock") == 0)
			value(l);
		return true;
	}
	return false;
}

/* "via inet6 fe80::1": the family word may be left out. */
static bool
gateway_in(struct line *l, struct prefix *to)
{
	const char *s = value(l);
	uint16_t family = l->family;
	bool said = s != NULL && (strcmp(s, "inet6") == 0 ||
	    strcmp(s, "inet") == 0);

	if (said) {
		bool six = s[4] == '6';

		s = value(l);
		if (six && family == AF_INET)
			l->family = AF_INET6;	/* RTA_VIA, kernel 5.2 */
	}
	if (s == NULL || !address_in(l, s, "invalid route via address {v}",
	    false, to))
		return false;
	if (said && family != 0)
		l->family = family;
	return true;
}

/* The array is full when their number is a power of two. */
static struct vr_hop_conf *
add_hop(struct vr_parse *p, struct vr_route_conf *r)
{
	unsigned n = r->hop_count;

	if ((n & (n - 1)) == 0) {
		struct vr_hop_conf *more = arena_get(p->arena, (n == 0 ? 1 :
		    (size_t)n * 2) * sizeof *more);

		if (n > 0)
			memcpy(more, r->hops, n * sizeof *more);
		r->hops = more;
	}
	r->hops[r->hop_count].weight = 1;
	return &r->hops[r->hop_count++];
}

static void
read_or(struct line *l)
{
	struct vr_route_conf *r = l->route;
	struct vr_hop_conf *h;
	struct prefix via;

	vr_parse_error(l->p, "\"or\" for routes is deprecated. Please use "
	    "\"nexthop\"");
	if (!gateway_in(l, &via))
		return;
	if (r->hop_count == 0) {
		h = add_hop(l->p, r);
		h->via = r->via;
		h->dev = r->dev;
	}
	h = add_hop(l->p, r);
	h->via = via;
	h->dev = r->dev;
}

/* nexthop via A dev D weight N onlink, up to the next nexthop. */
static void
read_hop(struct line *l)
{
	struct vr_parse *p = l->p;
	struct vr_hop_conf *h = add_hop(p, l->route);
	int64_t number;
	const char *s;

	for (; l->n + 1 < p->count && !l->broken && !p->stopped; ) {
		const char *word = p->words[l->n + 1];

		if (strcmp(word, "nexthop") == 0 ||
		    strcmp(word, "no_track") == 0)
			return;
		l->n++;
		if (strcmp(word, "via") == 0)
			gateway_in(l, &h->via);
		else if (strcmp(word, "dev") == 0) {
			if ((s = value(l)) != NULL)
				h->dev = dev_in(l, s);
		} else if (strcmp(word, "weight") == 0) {
			if (number_in(l, 256, "weight", &number))
				h->weight = number == 0 ? 1 :
				    (unsigned)number;
		} else if (strcmp(word, "onlink") == 0)
			h->onlink = true;
		else if (!pass_unused(l)) {
			l->n--;
			return;
		}
	}
}

static void
read_proto(struct line *l)
{
	static const struct { const char *name; uint8_t proto; } known[] = {
		{ "kernel", RTPROT_KERNEL }, { "boot", RTPROT_BOOT },
		{ "static", RTPROT_STATIC }, { "ra", RTPROT_RA },
		{ "keepalived", PROTO_KEEPALIVED },
	};
	const char *s = value(l);
	int64_t number;
	long named;

	if (s == NULL)
		return;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(known[i].name, s) == 0) {
			l->route->proto = known[i].proto;
			return;
		}
	named = number_int(text_of(s), 10, 0, 255, &number, NULL) == 0 ?
	    (long)number : vr_parse_named(l->p, "rt_protos", s);
	if (named < 0)
		vr_parse_error(l->p, "protocol %s is invalid for route", s);
	else
		l->route->proto = (uint8_t)named;
}

static void
read_mtu(struct line *l)
{
	int64_t number;

	if (l->n + 1 < l->p->count && strcmp(l->p->words[l->n + 1], "lock") ==
	    0) {
		l->n++;
		l->route->mtu_lock = true;
	}
	if (number_in(l, UINT32_MAX, "MTU", &number))
		l->route->mtu = (uint32_t)number;
}

static void
read_metric(struct line *l)
{
	int64_t number;

	if (!number_in(l, UINT32_MAX, "metric", &number))
		return;
	l->route->metric = (uint32_t)number;
	l->route->metric_given = true;
}

static void
read_advmss(struct line *l)
{
	int64_t number;

	if (number_in(l, UINT32_MAX, "advmss", &number))
		l->route->advmss = (uint32_t)number;
}

static void
read_dev(struct line *l)
{
	const char *s = value(l);

	if (s != NULL)
		l->route->dev = dev_in(l, s);
}

static void
read_via(struct line *l)
{
	gateway_in(l, &l->route->via);
}

static void
read_gw(struct line *l)
{
	vr_parse_error(l->p, "\"gw\" for routes is deprecated. Please use "
	    "\"via\"");
	read_via(l);
}

static void
read_src(struct line *l)
{
	const char *s = value(l);

	if (s != NULL)
		address_in(l, s, "invalid route src address {v}", false,
		    &l->route->src);
}

static void
read_from(struct line *l)
{
	const char *s = value(l);

	if (s != NULL)
		address_in(l, s, "invalid route from address {v}", true,
		    &l->route->from);
}

static void
read_to(struct line *l)
{
	const char *s = value(l);

	if (s != NULL)
		address_in(l, s, "unknown route keyword {v}", true,
		    &l->route->to);
}

static void
read_scope(struct line *l)
{
	const char *s = value(l);

	if (s == NULL)
		return;
	l->route->scope = vr_keys_address_scope(l->p, s);
	if (l->route->scope < 0)
		vr_parse_error(l->p, "Invalid scope %s specified for route",
		    s);
}

static void
read_table(struct line *l)
{
	const char *s = value(l);

	if (s != NULL)
		table_in(l, s, &l->route->table);
}

static void
read_tos(struct line *l)
{
	const char *s = value(l);

	if (s != NULL)
		tos_in(l, s, &l->route->tos);
}

static void
read_onlink(struct line *l)
{
	l->route->onlink = true;
}

static void
read_no_track(struct line *l)
{
	l->route->no_track = true;
}

static void
read_add(struct line *l)
{
	l->route->mode = VR_ROUTE_ADD;
}

static void
read_append(struct line *l)
{
	l->route->mode = VR_ROUTE_APPEND;
}

static void
read_inet6(struct line *l)
{
	l->family = AF_INET6;
}

static void
read_inet(struct line *l)
{
	l->family = AF_INET;
}

static void
read_route_group(struct line *l)
{
	set_group(l, &l->route->group_name, &l->route->group);
}

static const struct { const char *word; void (*read)(struct line *); }
route_words[] = {
	{ "to", read_to }, { "via", read_via }, { "gw", read_gw },
	{ "or", read_or }, { "src", read_src }, { "from", read_from },
	{ "dev", read_dev }, { "oif", read_dev }, { "scope", read_scope },
	{ "table", read_table }, { "metric", read_metric },
	{ "priority", read_metric }, { "preference", read_metric },
	{ "tos", read_tos }, { "dsfield", read_tos }, { "proto", read_proto },
	{ "protocol", read_proto }, { "mtu", read_mtu },
	{ "advmss", read_advmss }, { "nexthop", read_hop },
	{ "onlink", read_onlink }, { "no_track", read_no_track },
	{ "add", read_add }, { "append", read_append },
	{ "inet6", read_inet6 }, { "inet", read_inet },
};

static bool
read_type(struct line *l)
{
	for (size_t i = 0; i < sizeof types / sizeof types[0]; i++)
		if (strcmp(types[i].word, l->p->words[l->n]) == 0) {
			l->route->type = types[i].type;
			return true;
		}
	return false;
}

static void
read_route_word(struct line *l, bool *destined)
{
	const char *word = l->p->words[l->n];

	if (l->is_static && strcmp(word, "track_group") == 0) {
		read_route_group(l);
		return;
	}
	for (size_t i = 0; i < sizeof route_words / sizeof route_words[0];
	    i++)
		if (strcmp(route_words[i].word, word) == 0) {
			route_words[i].read(l);
			*destined |= route_words[i].read == read_to;
			return;
		}
	if (read_type(l) || pass_unused(l))
		return;
	if (address_in(l, word, "unknown route keyword {v}", true,
	    &l->route->to))
		*destined = true;
}

static const char *
destination(const struct vr_parse *p, const struct vr_route_conf *r)
{
	for (unsigned i = 0; i < p->count; i++) {
		struct prefix ip;

		if (strcmp(p->words[i], "default") == 0 ||
		    (vr_parse_ip(p->words[i], &ip) &&
		    ip.bits == r->to.bits))
			return p->words[i];
	}
	return "default";
}

struct vr_route_conf *
vr_keys_route_read(struct vr_parse *p, bool is_static)
{
	struct vr_route_conf *r = arena_get(p->arena, sizeof *r);
	struct line l = { .p = p, .is_static = is_static, .route = r };
	bool destined = false;

	r->place = p->place;
	r->text = whole_line(p);
	r->type = RTN_UNICAST;
	r->scope = VR_UNSET;
	r->table = RT_TABLE_MAIN;
	r->proto = PROTO_KEEPALIVED;
	for (l.n = 0; l.n < p->count && !l.broken && !p->stopped; l.n++)
		read_route_word(&l, &destined);
	if (l.broken || p->stopped)
		return NULL;
	if (!destined) {
		vr_parse_error(p, "Route has no destination - ignoring");
		return NULL;
	}
	r->family = l.family == 0 ? AF_INET : l.family;
	if (r->to.bits == 0)
		r->to.family = r->family;
	if (!is_static && !r->no_track && r->dev == NULL) {
		vr_parse_error(p, "Warning - cannot track route %s with no "
		    "interface specified, not tracking", destination(p, r));
		r->no_track = true;
	}
	return r;
}

/* ---- rules */

static bool
span_in(struct line *l, const char *s, uint32_t most, struct vr_span32 *to)
{
	struct text rest = text_of(s), first = rest;
	int64_t least_value, most_value;

	text_split(&rest, '-', &first);
	if (rest.at == NULL || number_int(first, 10, 0, most, &least_value, NULL) < 0 ||
	    number_int(rest, 10, least_value, most, &most_value, NULL) < 0)
		return false;
	*to = (struct vr_span32){ (uint32_t)least_value,
	    (uint32_t)most_value };
	return true;
}

static void
read_span(struct line *l, const char *what, uint32_t most,
    struct vr_span32 *to, bool *given)
{
	const char *s = value(l);

	if (s == NULL)
		return;
	*given = span_in(l, s, most, to);
	if (!*given) {
		vr_parse_error(l->p, "invalid %s range %s", what, s);
		l->broken = true;
	}
}

static void
rule_from(struct line *l)
{
	const char *s = value(l);

	if (s != NULL && strcmp(s, "all") != 0)
		address_in(l, s, "Invalid rule from address {v}", true,
		    &l->rule->from);
}

static void
rule_to(struct line *l)
{
	const char *s = value(l);

	if (s != NULL && strcmp(s, "all") != 0)
		address_in(l, s, "Invalid rule to address {v}", true,
		    &l->rule->to);
}

static void
rule_not(struct line *l)
{
	l->rule->invert = true;
}

static void
rule_iif(struct line *l)
{
	const char *s = value(l);

	if (s != NULL)
		l->rule->iif = strcmp(s, "lo") == 0 ? "lo" : dev_in(l, s);
}

static void
rule_oif(struct line *l)
{
	const char *s = value(l);

	if (s != NULL)
		l->rule->oif = dev_in(l, s);
}

static void
rule_fwmark(struct line *l)
{
	const char *s = value(l);
	struct text rest = text_of(s), first = rest;
	int64_t mark, mask = UINT32_MAX;

	if (s == NULL)
		return;
	text_split(&rest, '/', &first);
	if (number_int(first, 0, 0, UINT32_MAX, &mark, NULL) < 0 ||
	    (rest.at != NULL &&
	    number_int(rest, 0, 0, UINT32_MAX, &mask, NULL) < 0)) {
		vr_parse_error(l->p, "Invalid rule fwmark %s specified", s);
		l->broken = true;
		return;
	}
	l->rule->fwmark_given = true;
	l->rule->fwmark = (uint32_t)mark;
	l->rule->fwmask = (uint32_t)mask;
}

static void
rule_tos(struct line *l)
{
	const char *s = value(l);

	if (s != NULL)
		tos_in(l, s, &l->rule->tos);
}

static void
rule_uid(struct line *l)
{
	read_span(l, "uid", UINT32_MAX, &l->rule->uid, &l->rule->uid_given);
}

static void
rule_sport(struct line *l)
{
	read_span(l, "sport", 65535, &l->rule->sport, &l->rule->sport_given);
}

static void
rule_dport(struct line *l)
{
	read_span(l, "dport", 65535, &l->rule->dport, &l->rule->dport_given);
}

static void
rule_proto(struct line *l)
{
	static const struct { const char *name; int number; } known[] = {
		{ "icmp", 1 }, { "tcp", 6 }, { "udp", 17 }, { "ipv6-icmp", 58 },
		{ "icmpv6", 58 }, { "sctp", 132 }, { "udplite", 136 },
		{ "gre", 47 }, { "esp", 50 }, { "ah", 51 }, { "ospf", 89 },
		{ "vrrp", 112 },
	};
	const char *s = value(l);
	int64_t number;

	if (s == NULL)
		return;
	for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
		if (strcmp(known[i].name, s) == 0) {
			l->rule->ip_proto = known[i].number;
			return;
		}
	if (number_int(text_of(s), 10, 1, 255, &number, NULL) < 0) {
		vr_parse_error(l->p, "Invalid rule ip_proto %s specified", s);
		l->broken = true;
		return;
	}
	l->rule->ip_proto = (int)number;
}

static void
rule_table(struct line *l)
{
	const char *s = value(l);

	if (s != NULL && table_in(l, s, &l->rule->table))
		l->rule->action = FR_ACT_TO_TBL;
}

static void
rule_goto(struct line *l)
{
	int64_t number;

	if (!number_in(l, UINT32_MAX, "goto target", &number))
		return;
	l->rule->go_to = (uint32_t)number;
	l->rule->action = FR_ACT_GOTO;
}

static void
rule_priority(struct line *l)
{
	int64_t number;

	if (!number_in(l, UINT32_MAX, "preference", &number))
		return;
	l->rule->priority = (uint32_t)number;
	l->rule->priority_given = true;
}

static void
rule_suppress(struct line *l)
{
	int64_t number;

	if (number_in(l, 128, "suppress_prefixlength", &number))
		l->rule->suppress_prefixlength = (int)number;
}

static void
rule_no_track(struct line *l)
{
	l->rule->no_track = true;
}

static const struct { const char *word; void (*read)(struct line *); }
rule_words[] = {
	{ "from", rule_from }, { "to", rule_to }, { "not", rule_not },
	{ "iif", rule_iif }, { "dev", rule_iif }, { "oif", rule_oif },
	{ "fwmark", rule_fwmark }, { "tos", rule_tos },
	{ "dsfield", rule_tos }, { "uidrange", rule_uid },
	{ "ipproto", rule_proto }, { "sport", rule_sport },
	{ "dport", rule_dport }, { "table", rule_table },
	{ "lookup", rule_table }, { "goto", rule_goto },
	{ "priority", rule_priority }, { "preference", rule_priority },
	{ "order", rule_priority }, { "pref", rule_priority },
	{ "suppress_prefixlength", rule_suppress },
	{ "suppress_prefixlen", rule_suppress },
	{ "no_track", rule_no_track },
	{ "inet6", read_inet6 }, { "inet", read_inet },
};

static const struct { const char *word; uint8_t action; } actions[] = {
	{ "blackhole", FR_ACT_BLACKHOLE }, { "unreachable",
	FR_ACT_UNREACHABLE }, { "prohibit", FR_ACT_PROHIBIT },
	{ "nop", FR_ACT_NOP },
};

static void
read_rule_word(struct line *l)
{
	const char *word = l->p->words[l->n];

	if (l->is_static && strcmp(word, "track_group") == 0) {
		set_group(l, &l->rule->group_name, &l->rule->group);
		return;
	}
	for (size_t i = 0; i < sizeof rule_words / sizeof rule_words[0]; i++)
		if (strcmp(rule_words[i].word, word) == 0) {
			rule_words[i].read(l);
			return;
		}
	for (size_t i = 0; i < sizeof actions / sizeof actions[0]; i++)
		if (strcmp(actions[i].word, word) == 0) {
			l->rule->action = actions[i].action;
			return;
		}
	vr_parse_error(l->p, "Unknown rule option %s", word);
	l->broken = true;
}

static bool
settle_rule(struct vr_parse *p, struct vr_rule_conf *r)
{
	if (r->action == 0) {
		vr_parse_error(p, "No action specified for rule - ignoring");
		return false;
	}
	if (r->action == FR_ACT_GOTO && r->priority_given &&
	    r->priority >= r->go_to) {
		vr_parse_error(p, "Invalid rule - preference %u >= goto "
		    "target %u", r->priority, r->go_to);
		return false;
	}
	if (!r->priority_given) {
		r->priority = FIRST_PREFERENCE - p->rules_unordered++;
		vr_parse_error(p, "Rule has no preference specified - setting "
		    "to %u. This is probably not what you want.",
		    r->priority);
	}
	return true;
}

struct vr_rule_conf *
vr_keys_route_rule(struct vr_parse *p, bool is_static)
{
	struct vr_rule_conf *r = arena_get(p->arena, sizeof *r);
	struct line l = { .p = p, .is_static = is_static, .rule = r };

	r->place = p->place;
	r->text = whole_line(p);
	r->suppress_prefixlength = VR_UNSET;
	for (l.n = 0; l.n < p->count && !l.broken && !p->stopped; l.n++)
		read_rule_word(&l);
	if (l.broken || p->stopped || !settle_rule(p, r))
		return NULL;
	r->family = l.family == 0 ? AF_INET : l.family;
	return r;
}
