/* SPDX-License-Identifier: ISC */
/* addresses.c - one address at a time, from its prefix on; see addresses.h. */
#include <stddef.h>

#include "balancer/addresses.h"
#include "base/number.h"

/* ipv4@, unix@ and their like: what the rest is then. */
enum form { FORM_ANY, FORM_IP, FORM_UNIX, FORM_ABSTRACT, FORM_FD,
	FORM_SOCKPAIR, FORM_NEVER };

static const struct prefix_row {
	const char *name;
	enum form form;
	int family;
	bool datagram, mptcp, unpadded;
	const char *why;
} prefixes[] = {
	{ "abns", FORM_ABSTRACT, AF_UNIX, 0, 0, 0, NULL },
	{ "abnsz", FORM_ABSTRACT, AF_UNIX, 0, 0, true, NULL },
	{ "fd", FORM_FD, AF_UNSPEC, 0, 0, 0, NULL },
	{ "ip", FORM_IP, AF_UNSPEC, 0, 0, 0, NULL },
	{ "ipv4", FORM_IP, AF_INET, 0, 0, 0, NULL },
	{ "ipv6", FORM_IP, AF_INET6, 0, 0, 0, NULL },
	{ "mptcp", FORM_IP, AF_UNSPEC, 0, true, 0, NULL },
	{ "mptcp4", FORM_IP, AF_INET, 0, true, 0, NULL },
	{ "mptcp6", FORM_IP, AF_INET6, 0, true, 0, NULL },
	{ "quic4", FORM_NEVER, AF_INET, 0, 0, 0,
	    "QUIC is not supported by this program; use a TCP address" },
	{ "quic6", FORM_NEVER, AF_INET6, 0, 0, 0,
	    "QUIC is not supported by this program; use a TCP address" },
	{ "rhttp", FORM_NEVER, AF_UNSPEC, 0, 0, 0,
	    "reverse HTTP is not supported by this program" },
	{ "rev", FORM_NEVER, AF_UNSPEC, 0, 0, 0,
	    "reverse HTTP is not supported by this program" },
	{ "sockpair", FORM_SOCKPAIR, AF_UNIX, 0, 0, 0, NULL },
	{ "tcp", FORM_IP, AF_UNSPEC, 0, 0, 0, NULL },
	{ "tcp4", FORM_IP, AF_INET, 0, 0, 0, NULL },
	{ "tcp6", FORM_IP, AF_INET6, 0, 0, 0, NULL },
	{ "udp", FORM_IP, AF_UNSPEC, true, 0, 0, NULL },
	{ "udp4", FORM_IP, AF_INET, true, 0, 0, NULL },
	{ "udp6", FORM_IP, AF_INET6, true, 0, 0, NULL },
	{ "unix", FORM_UNIX, AF_UNIX, 0, 0, 0, NULL },
	{ "uxdg", FORM_UNIX, AF_UNIX, true, 0, 0, NULL },
	{ "uxst", FORM_UNIX, AF_UNIX, 0, 0, 0, NULL },
};

static const struct prefix_row *
take_prefix(struct text *t, bool *datagram)
{
	const char *sign = t->len == 0 ? NULL : memchr(t->at, '@', t->len);
	struct text name;

	if (text_begins(*t, "stream+"))
		*t = text_from(*t, 7);
	else if (text_begins(*t, "dgram+")) {
		*t = text_from(*t, 6);
		*datagram = true;
	}
	if (sign == NULL || sign < t->at)
		return NULL;
	name = (struct text){ t->at, (size_t)(sign - t->at) };
	for (size_t i = 0; i < sizeof prefixes / sizeof *prefixes; i++)
		if (text_is(name, prefixes[i].name)) {
			*t = text_from(*t, name.len + 1);
			return &prefixes[i];
		}
	return NULL;
}

/* ---- ports ------------------------------------------------------------- */

static int
read_port(struct text t, struct text whole, uint16_t *to, struct why *why)
{
	int64_t n = 0;

	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] < '0' || t.at[i] > '9')
			return why_set(why, "invalid character '%c' in port "
			    "number '%.*s' in '%.*s'", t.at[i], TEXT_ARG(t),
			    TEXT_ARG(whole));
		n = n * 10 + (t.at[i] - '0');
		if (n > 65535)
			return why_set(why, "invalid port '%.*s' in '%.*s'",
			    TEXT_ARG(t), TEXT_ARG(whole));
	}
	*to = (uint16_t)n;
	return 0;
}

static int
read_range(struct lb_address *to, struct text low, struct text high,
    struct text whole, struct why *why)
{
	to->port_kind = LB_PORT_RANGE;
	if (read_port(low, whole, &to->port_low, why) < 0 ||
	    read_port(high, whole, &to->port_high, why) < 0)
		return -1;
	if (to->port_low == 0 || to->port_high < to->port_low)
		return why_set(why, "invalid port range '%d-%d' in '%.*s'",
		    to->port_low, to->port_high, TEXT_ARG(whole));
	return 0;
}

static int
read_ports(struct lb_address *to, struct text t, unsigned may,
    struct text whole, struct why *why)
{
	struct text low, high = t;

	if (t.len == 0)
		return 0;
	if (t.at[0] == '+' || t.at[0] == '-') {
		if (!(may & LB_ADDRESS_MAY_OFFSET))
			return why_set(why, "port offsets not allowed here "
			    "in '%.*s'", TEXT_ARG(whole));
		to->port_kind = t.at[0] == '+' ? LB_PORT_PLUS : LB_PORT_MINUS;
		return read_port(text_from(t, 1), whole, &to->port_low, why);
	}
	text_split(&high, '-', &low);
	if (high.at != NULL) {
		if (!(may & LB_ADDRESS_MAY_RANGE))
			return why_set(why, "port range not allowed here in "
			    "'%.*s'", TEXT_ARG(whole));
		return read_range(to, low, high, whole, why);
	}
	if (read_port(low, whole, &to->port_low, why) < 0)
		return -1;
	to->port_kind = LB_PORT_FIXED;
	to->port_high = to->port_low;
	return 0;
}

/* ---- hosts ------------------------------------------------------------- */

static int
set_any(struct lb_address *to)
{
	struct text any = to->family == AF_INET6 ? TEXT("::") :
	    TEXT("0.0.0.0");

	to->kind = LB_ADDRESS_IP;
	return address_ip(any, 0, &to->sa);
}

static bool
may_be_name(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if ((unsigned char)t.at[i] <= ' ' || t.at[i] == '/' ||
		    t.at[i] == ':')
			return false;
	return t.len > 0 && t.len < 256;
}

static int
read_host(struct arena *arena, struct lb_address *to, struct text t,
    unsigned may, struct why *why)
{
	if (t.len == 0 || text_is(t, "*"))
		return set_any(to);
	if (t.len > 1 && t.at[0] == '[' && t.at[t.len - 1] == ']') {
		t = (struct text){ t.at + 1, t.len - 2 };
		if (memchr(t.at, ':', t.len) == NULL)
			return why_set(why, "invalid address: '[%.*s]'",
			    TEXT_ARG(t));
	}
	if (address_ip(t, 0, &to->sa) == 0) {
		to->kind = LB_ADDRESS_IP;
		if (to->family != AF_UNSPEC &&
		    to->family != to->sa.sa.sa_family)
			return why_set(why, "could not resolve address "
			    "'%.*s'", TEXT_ARG(t));
		return 0;
	}
	if (!may_be_name(t) || !(may & LB_ADDRESS_MAY_NAME))
		return why_set(why, "invalid address: '%.*s'", TEXT_ARG(t));
	to->kind = LB_ADDRESS_NAME;
	to->name = arena_copy(arena, t);
	return 0;
}

/* Where the port begins: behind the last colon, or a bracket's. */
static size_t
find_colon(struct text t)
{
	for (size_t i = t.len; i > 0; i--) {
		if (t.at[i - 1] == ']')
			break;
		if (t.at[i - 1] == ':')
			return i - 1;
	}
	return t.len;
}

static int
read_ip(struct arena *arena, struct lb_address *to, struct text t,
    unsigned may, struct why *why)
{
	size_t colon = find_colon(t);
	struct text host = { t.at, colon };
	bool with_port = colon < t.len;

	if (may & LB_ADDRESS_NO_PORT && with_port &&
	    address_ip(t, 0, &to->sa) == 0) {
		host = t;
		with_port = false;
	}
	if (read_host(arena, to, host, may, why) < 0)
		return -1;
	if (with_port && read_ports(to, text_from(t, colon + 1), may, t,
	    why) < 0)
		return -1;
	if (may & LB_ADDRESS_NO_PORT && with_port &&
	    to->port_kind != LB_PORT_NONE)
		return why_set(why, "missing address: unexpected port in "
		    "'%.*s'", TEXT_ARG(t));
	if (may & LB_ADDRESS_NEEDS_PORT && (to->port_kind == LB_PORT_NONE ||
	    (to->port_kind == LB_PORT_FIXED && to->port_low == 0)))
		return why_set(why, "missing port specification in '%.*s'",
		    TEXT_ARG(t));
	if (to->kind == LB_ADDRESS_IP)
		address_set_port(&to->sa, to->port_low);
	return 0;
}

/* ---- the rest ---------------------------------------------------------- */

static int
read_unix(struct arena *arena, struct lb_address *to, struct text t,
    struct why *why)
{
	to->kind = LB_ADDRESS_UNIX;
	to->name = arena_copy(arena, t);
	if (t.len >= sizeof to->sa.un.sun_path)
		return why_set(why, "socket path '%.*s' too long (max %zu)",
		    TEXT_ARG(t), sizeof to->sa.un.sun_path - 1);
	if (t.len > 0 && t.at[0] == '@')
		return why_set(why, "socket path '%.*s' begins with @; use "
		    "abns@", TEXT_ARG(t));
	return address_unix(t, &to->sa, why);
}

/* The original pads the name with zero bytes to the end; abnsz@ does not. */
static int
read_abstract(struct arena *arena, struct lb_address *to, struct text t,
    struct why *why)
{
	to->kind = LB_ADDRESS_ABSTRACT;
	to->name = arena_copy(arena, t);
	if (t.len == 0 || t.len >= sizeof to->sa.un.sun_path - 1)
		return why_set(why, "socket path '%.*s' is empty or too long",
		    TEXT_ARG(t));
	to->sa.un.sun_family = AF_UNIX;
	memcpy(to->sa.un.sun_path + 1, t.at, t.len);
	to->sa.len = to->padded ? sizeof to->sa.un : (socklen_t)(offsetof(
	    struct sockaddr_un, sun_path) + 1 + t.len);
	return 0;
}

static int
read_fd(struct lb_address *to, enum form form, struct text t, unsigned may,
    struct why *why)
{
	int64_t n;

	if (!(may & LB_ADDRESS_MAY_FD))
		return why_set(why, "file descriptors not allowed here: "
		    "'%.*s'", TEXT_ARG(t));
	if (t.len > 0 && (t.at[0] == '+' || t.at[0] == '-'))
		return why_set(why, "file descriptor '%.*s' is not a number",
		    TEXT_ARG(t));
	if (number_int(t, 10, 0, INT32_MAX, &n, why) < 0)
		return why_set(why, "file descriptor '%.*s' is not a number",
		    TEXT_ARG(t));
	to->kind = form == FORM_FD ? LB_ADDRESS_FD : LB_ADDRESS_SOCKPAIR;
	to->fd = (int)n;
	return 0;
}

int
lb_addresses_read(struct arena *arena, struct text t, unsigned may,
    struct lb_address *to, struct why *why)
{
	const struct prefix_row *prefix;
	enum form form = FORM_ANY;

	memset(to, 0, sizeof *to);
	to->fd = -1;
	to->text = arena_copy(arena, t);
	prefix = take_prefix(&t, &to->datagram);
	to->padded = true;
	if (prefix != NULL) {
		if (prefix->form == FORM_NEVER)
			return why_set(why, "%s", prefix->why);
		form = prefix->form;
		to->family = prefix->family == AF_UNIX ? AF_UNSPEC :
		    prefix->family;
		to->datagram |= prefix->datagram;
		to->mptcp = prefix->mptcp;
		to->padded = !prefix->unpadded;
	}
	if (to->datagram && !(may & LB_ADDRESS_MAY_DATAGRAM))
		return why_set(why, "datagram-type socket not acceptable in "
		    "'%s'", to->text);
	if (form == FORM_ANY && t.len > 0 && t.at[0] == '/')
		form = FORM_UNIX;
	if ((form == FORM_UNIX || form == FORM_ABSTRACT) &&
	    !(may & LB_ADDRESS_MAY_UNIX))
		return why_set(why, "unix socket not acceptable in '%s'",
		    to->text);
	if (form == FORM_UNIX)
		return read_unix(arena, to, t, why);
	if (form == FORM_ABSTRACT)
		return read_abstract(arena, to, t, why);
	if (form == FORM_FD || form == FORM_SOCKPAIR)
		return read_fd(to, form, t, may, why);
	return read_ip(arena, to, t, may, why);
}
