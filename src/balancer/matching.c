/* SPDX-License-Identifier: ISC */
/* matching.c - does a value match a pattern? On the scene's loop. */
#include <sys/socket.h>

#include <ctype.h>

#include "balancer/casting.h"
#include "balancer/matching.h"

static bool
same_bytes(const char *a, const char *b, size_t n, bool nocase)
{
	if (!nocase)
		return memcmp(a, b, n) == 0;
	for (size_t i = 0; i < n; i++)
		if (tolower((unsigned char)a[i]) !=
		    tolower((unsigned char)b[i]))
			return false;
	return true;
}

static bool
has_part(struct text t, const struct lb_pattern *p, bool nocase)
{
	for (size_t i = 0; i + p->len <= t.len; i++)
		if (same_bytes(t.at + i, p->text, p->len, nocase))
			return true;
	return false;
}

/* The pattern between separators, or at the ends. */
static bool
has_piece(struct text t, const struct lb_pattern *p, bool nocase,
    const char *seps)
{
	for (size_t i = 0; i + p->len <= t.len; i++) {
		size_t end = i + p->len;

		if (i > 0 && strchr(seps, t.at[i - 1]) == NULL)
			continue;
		if (end < t.len && strchr(seps, t.at[end]) == NULL)
			continue;
		if (same_bytes(t.at + i, p->text, p->len, nocase))
			return true;
	}
	return false;
}

static bool
match_text(struct text t, const struct lb_pattern *p, enum lb_match how,
    bool nocase)
{
	if (how == LB_MATCH_REG)
		return lb_regex_matches(p->regex, t);
	if (p->len > t.len)
		return false;
	switch (how) {
	case LB_MATCH_STR:
	case LB_MATCH_BIN:
		return p->len == t.len &&
		    same_bytes(t.at, p->text, t.len, nocase);
	case LB_MATCH_BEG:
		return same_bytes(t.at, p->text, p->len, nocase);
	case LB_MATCH_END:
		return same_bytes(t.at + t.len - p->len, p->text, p->len,
		    nocase);
	case LB_MATCH_SUB:
		return has_part(t, p, nocase);
	case LB_MATCH_DIR:
		return has_piece(t, p, nocase, "/?");
	case LB_MATCH_DOM:
		return has_piece(t, p, nocase, "/?.:");
	default:
		return false;
	}
}

static bool
match_number(int64_t n, const struct lb_pattern *p)
{
	return (!p->has_least || n >= p->least) &&
	    (!p->has_most || n <= p->most);
}

static bool
match_address(const struct lb_value *v, const struct lb_pattern *p)
{
	struct endpoint e = { .family = v->type == LB_TYPE_IPV4 ? AF_INET :
	    AF_INET6 };

	memcpy(e.ip, v->ip, sizeof e.ip);
	return prefix_has(&p->prefix, &e);
}

bool
lb_matching_prepare(struct lb_scene *c, enum lb_match how, struct lb_value *v)
{
	switch (how) {
	case LB_MATCH_BOOL:
	case LB_MATCH_INT:
		return lb_casting_number(v);
	case LB_MATCH_IP:
		return lb_casting_address(v);
	case LB_MATCH_FOUND:
		return true;
	default:
		return lb_casting_text(c, v);
	}
}

bool
lb_matching_hits(const struct lb_pattern *p, enum lb_match how, bool nocase,
    const struct lb_value *v)
{
	switch (how) {
	case LB_MATCH_INT:
		return match_number(v->number, p);
	case LB_MATCH_LEN:
		return match_number((int64_t)v->text.len, p);
	case LB_MATCH_IP:
		return match_address(v, p);
	default:
		return match_text(v->text, p, how, nocase);
	}
}
