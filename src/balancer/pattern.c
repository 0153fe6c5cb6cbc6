/* SPDX-License-Identifier: ISC */
/*
 * pattern.c - values of conditions and maps, read by the way they match; see
 * pattern.h. Where they are read: one thread.
 */
#include <stdio.h>
#include <strings.h>

#include "balancer/parse.h"
#include "balancer/pattern.h"
#include "balancer/value.h"

static const struct {
	const char *name;
	enum lb_match match;
} matches[] = {
	{ "beg", LB_MATCH_BEG }, { "bin", LB_MATCH_BIN },
	{ "bool", LB_MATCH_BOOL }, { "dir", LB_MATCH_DIR },
	{ "dom", LB_MATCH_DOM }, { "end", LB_MATCH_END },
	{ "found", LB_MATCH_FOUND }, { "int", LB_MATCH_INT },
	{ "ip", LB_MATCH_IP }, { "len", LB_MATCH_LEN },
	{ "reg", LB_MATCH_REG }, { "str", LB_MATCH_STR },
	{ "sub", LB_MATCH_SUB },
};

bool
lb_pattern_match(const char *name, enum lb_match *to)
{
	for (size_t i = 0; i < sizeof matches / sizeof *matches; i++)
		if (strcmp(matches[i].name, name) == 0) {
			*to = matches[i].match;
			return true;
		}
	return false;
}

/* "a:b", "a:", ":b", "a". */
static int
read_range(const char *s, struct lb_pattern *to, struct why *why)
{
	struct text rest = text_of(s), low;
	char copy[64];
	bool ranged;

	if (rest.len >= sizeof copy)
		return why_set(why, "'%s' is not a number", s);
	text_split(&rest, ':', &low);
	ranged = rest.at != NULL;
	memcpy(copy, low.at, low.len);
	copy[low.len] = '\0';
	to->has_least = low.len > 0;
	to->has_most = !ranged || rest.len > 0;
	if ((to->has_least && lb_value_number(copy, INT64_MIN, INT64_MAX,
	    &to->least, NULL) < 0) ||
	    (ranged && to->has_most && lb_value_number(rest.at, INT64_MIN,
	    INT64_MAX, &to->most, NULL) < 0) ||
	    (!to->has_least && !to->has_most) || (!ranged && !to->has_least))
		return ranged ? why_set(why, "'%s' is not a valid number "
		    "range", s) : why_set(why, "'%s' is not a number", s);
	if (!ranged)
		to->most = to->least;
	if (to->has_least && to->has_most && to->least > to->most)
		return why_set(why, "'%s' is not a valid number range", s);
	return 0;
}

/* a.b.c.d/255.0.0.0: the mask as a length; -1: it is none. */
static int
mask_bits(struct text t)
{
	struct address a;
	uint32_t mask;
	int bits = 0;

	if (address_ip(t, 0, &a) < 0 || a.sa.sa_family != AF_INET)
		return -1;
	mask = ntohl(a.in.sin_addr.s_addr);
	while (bits < 32 && mask & (0x80000000u >> bits))
		bits++;
	return bits < 32 && mask << bits != 0 ? -1 : bits;
}

static int
read_network(struct lb_parse *p, const char *s, struct lb_pattern *to,
    struct why *why)
{
	struct text rest = text_of(s), ip;
	struct why ignored;
	int bits;

	text_split(&rest, '/', &ip);
	if (rest.at != NULL && (bits = mask_bits(rest)) >= 0)
		s = arena_print(p->arena, "%.*s/%d", TEXT_ARG(ip), bits);
	if (prefix_parse(text_of(s), &to->prefix, &ignored) == 0)
		return 0;
	return why_set(why, "'%s' is not a valid IPv4 or IPv6 address",
	    to->text);
}

/* A name stands for its first address, as it is now. */
static int
read_address(struct lb_parse *p, const char *s, bool names,
    struct lb_pattern *to, struct why *why)
{
	const struct lb_source *source = p->source;
	struct endpoint e;
	struct address a;

	if (read_network(p, s, to, why) == 0)
		return 0;
	if (!names || strchr(s, '/') != NULL || strchr(s, ':') != NULL ||
	    source->resolve == NULL ||
	    source->resolve(source->arg, s, AF_UNSPEC, &a) < 0)
		return -1;
	e = address_endpoint(&a);
	to->prefix.family = e.family;
	to->prefix.bits = e.family == AF_INET ? 32 : 128;
	memcpy(to->prefix.ip, e.ip, sizeof to->prefix.ip);
	return 0;
}

static int
hex_value(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static int
read_bytes(struct lb_parse *p, const char *s, struct lb_pattern *to,
    struct why *why)
{
	size_t len = strlen(s);
	char *bytes = lb_parse_get(p, len / 2 + 1);

	if (len % 2 != 0)
		return why_set(why, "an even number of hex digit is "
		    "expected");
	for (size_t i = 0; i < len; i += 2) {
		int high = hex_value(s[i]), low = hex_value(s[i + 1]);

		if (high < 0 || low < 0)
			return why_set(why, "an hex digit is expected (found "
			    "'%c')", high < 0 ? s[i] : s[i + 1]);
		bytes[i / 2] = (char)(high * 16 + low);
	}
	to->text = bytes;
	to->len = len / 2;
	return 0;
}

static int
read_truth(const char *s, struct lb_pattern *to, struct why *why)
{
	static const char *const yes[] = { "yes", "true", "on", "1" },
	    *const no[] = { "no", "false", "off", "0" };

	for (size_t i = 0; i < 4; i++)
		if (strcasecmp(s, yes[i]) == 0 || strcasecmp(s, no[i]) == 0) {
			to->least = strcasecmp(s, yes[i]) == 0;
			return 0;
		}
	return why_set(why, "'%s' is not a boolean", s);
}

int
lb_pattern_read(struct lb_parse *p, enum lb_match match, bool nocase,
    bool names, const char *s, struct lb_pattern *to, struct why *why)
{
	to->text = s;
	to->len = strlen(s);
	switch (match) {
	case LB_MATCH_INT:
	case LB_MATCH_LEN:
		return read_range(s, to, why);
	case LB_MATCH_IP:
		return read_address(p, s, names, to, why);
	case LB_MATCH_BIN:
		return read_bytes(p, s, to, why);
	case LB_MATCH_BOOL:
		return read_truth(s, to, why);
	case LB_MATCH_REG:
		to->regex = lb_regex_new(p->arena, s, nocase, why);
		return to->regex == NULL ? -1 : 0;
	default:
		return 0;
	}
}
