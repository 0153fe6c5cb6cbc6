/* SPDX-License-Identifier: ISC */
/* address.c - parse, print and match socket addresses. Pure; any thread. */
#include <arpa/inet.h>

#include <stddef.h>
#include <stdio.h>

#include "base/address.h"
#include "base/number.h"

int
address_ip(struct text ip, uint16_t port, struct address *to)
{
	char copy[INET6_ADDRSTRLEN];

	memset(to, 0, sizeof *to);
	if (ip.len == 0 || ip.len >= sizeof copy)
		return -1;
	memcpy(copy, ip.at, ip.len);
	copy[ip.len] = '\0';
	if (inet_pton(AF_INET, copy, &to->in.sin_addr) == 1) {
		to->in.sin_family = AF_INET;
		to->in.sin_port = htons(port);
		to->len = sizeof to->in;
		return 0;
	}
	if (inet_pton(AF_INET6, copy, &to->in6.sin6_addr) == 1) {
		to->in6.sin6_family = AF_INET6;
		to->in6.sin6_port = htons(port);
		to->len = sizeof to->in6;
		return 0;
	}
	return -1;
}

int
address_unix(struct text path, struct address *to, struct why *why)
{
	memset(to, 0, sizeof *to);
	if (path.len == 0 || path.len >= sizeof to->un.sun_path)
		return why_set(why, "socket path is empty or too long: %.*s",
		    TEXT_ARG(path));
	if (memchr(path.at, '\0', path.len) != NULL)
		return why_set(why, "socket path holds a zero byte");
	to->un.sun_family = AF_UNIX;
	memcpy(to->un.sun_path, path.at, path.len);
	if (path.at[0] == '@')
		to->un.sun_path[0] = '\0';
	to->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
	    path.len + (path.at[0] == '@' ? 0 : 1));
	return 0;
}

int
address_listen(struct text t, struct address *to, struct why *why)
{
	struct text host = t, ip;
	size_t colon = t.len;
	int64_t port;

	if (t.len > 0 && (t.at[0] == '/' || t.at[0] == '@'))
		return address_unix(t, to, why);
	while (colon > 0 && t.at[colon - 1] != ':')
		colon--;
	if (colon == 0 || number_int(text_from(t, colon), 10, 0, 65535,
	    &port, NULL) < 0)
		return why_set(why, "expected ADDRESS:PORT or a path: %.*s",
		    TEXT_ARG(t));
	host.len = colon - 1;
	ip = host;
	if (host.len > 1 && host.at[0] == '[' && host.at[host.len - 1] == ']')
		ip = (struct text){ host.at + 1, host.len - 2 };
	if (host.len == 0 || text_is(host, "*"))
		ip = TEXT("0.0.0.0");
	if (address_ip(ip, (uint16_t)port, to) < 0)
		return why_set(why, "expected an IP address: %.*s",
		    TEXT_ARG(host));
	return 0;
}

uint16_t
address_port(const struct address *a)
{
	switch (a->sa.sa_family) {
	case AF_INET:
		return ntohs(a->in.sin_port);
	case AF_INET6:
		return ntohs(a->in6.sin6_port);
	default:
		return 0;
	}
}

void
address_set_port(struct address *a, uint16_t port)
{
	if (a->sa.sa_family == AF_INET)
		a->in.sin_port = htons(port);
	else if (a->sa.sa_family == AF_INET6)
		a->in6.sin6_port = htons(port);
}

bool
address_same(const struct address *a, const struct address *b)
{
	return a->len == b->len && memcmp(&a->sa, &b->sa, a->len) == 0;
}

struct endpoint
address_endpoint(const struct address *a)
{
	struct endpoint e = { 0 };

	if (a->len == 0)
		return e;
	e.family = a->sa.sa_family;
	e.port = address_port(a);
	if (e.family == AF_INET)
		memcpy(e.ip, &a->in.sin_addr, 4);
	else if (e.family == AF_INET6)
		memcpy(e.ip, &a->in6.sin6_addr, 16);
	return e;
}

const char *
endpoint_ip(const struct endpoint *e, char buf[ADDRESS_TEXT])
{
	if ((e->family != AF_INET && e->family != AF_INET6) ||
	    inet_ntop(e->family, e->ip, buf, ADDRESS_TEXT) == NULL)
		snprintf(buf, ADDRESS_TEXT, "%s",
		    e->family == AF_UNIX ? "unix" : "?");
	return buf;
}

const char *
endpoint_print(const struct endpoint *e, char buf[ADDRESS_TEXT])
{
	char ip[ADDRESS_TEXT];

	endpoint_ip(e, ip);
	snprintf(buf, ADDRESS_TEXT, e->family == AF_INET6 ? "[%.60s]:%u" :
	    "%.60s:%u", ip, e->port);
	return buf;
}

/* The name as the kernel has it: no NUL at its end when it fills the field. */
static const char *
print_unix(const struct address *a, char buf[ADDRESS_TEXT])
{
	size_t len = a->len - offsetof(struct sockaddr_un, sun_path);
	bool is_abstract = len > 0 && a->un.sun_path[0] == '\0';

	snprintf(buf, ADDRESS_TEXT, "unix:%s%.*s", is_abstract ? "@" : "",
	    (int)(len - is_abstract), a->un.sun_path + is_abstract);
	return buf;
}

const char *
address_print(const struct address *a, char buf[ADDRESS_TEXT])
{
	struct endpoint e;

	if (a->len > 0 && a->sa.sa_family == AF_UNIX)
		return print_unix(a, buf);
	e = address_endpoint(a);
	return endpoint_print(&e, buf);
}

int
prefix_parse(struct text t, struct prefix *to, struct why *why)
{
	struct text ip, rest = t;
	struct address a;
	int64_t bits;

	text_split(&rest, '/', &ip);
	if (address_ip(ip, 0, &a) < 0)
		return why_set(why, "not an address: %.*s", TEXT_ARG(t));
	memset(to, 0, sizeof *to);
	to->family = a.sa.sa_family;
	bits = to->family == AF_INET ? 32 : 128;
	if (rest.at != NULL && (text_begins(rest, "+") ||
	    number_int(rest, 10, 0, bits, &bits, why) < 0))
		return why_set(why, "not a prefix length: %.*s", TEXT_ARG(t));
	to->bits = (uint8_t)bits;
	memcpy(to->ip, address_endpoint(&a).ip, 16);
	return 0;
}

bool
prefix_has(const struct prefix *p, const struct endpoint *e)
{
	unsigned whole = p->bits / 8, rest = p->bits % 8;

	if (p->family != e->family || memcmp(p->ip, e->ip, whole) != 0)
		return false;
	return rest == 0 ||
	    ((p->ip[whole] ^ e->ip[whole]) & (0xff00 >> rest) & 0xff) == 0;
}
