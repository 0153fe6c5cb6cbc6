/* SPDX-License-Identifier: ISC */
/* regex.c - PCRE2, with the arena as its memory. Any thread. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "balancer/regex.h"

struct lb_regex {
	pcre2_code *code;
};

static void *
take(size_t size, void *arena)
{
	return arena_get(arena, size);
}

/* What an arena gave goes with the arena. */
static void
drop(void *at, void *arena)
{
}

const struct lb_regex *
lb_regex_new(struct arena *arena, const char *pattern, bool nocase,
    struct why *why)
{
	struct lb_regex *r = arena_get(arena, sizeof *r);
	pcre2_general_context *memory = pcre2_general_context_create(take,
	    drop, arena);
	pcre2_compile_context *context = pcre2_compile_context_create(memory);
	PCRE2_UCHAR text[200];
	PCRE2_SIZE at;
	int code;

	r->code = pcre2_compile((PCRE2_SPTR)pattern, PCRE2_ZERO_TERMINATED,
	    nocase ? PCRE2_CASELESS : 0, &code, &at, context);
	if (r->code != NULL)
		return r;
	pcre2_get_error_message(code, text, sizeof text);
	why_set(why, "regex '%s' is invalid (error=%s, erroffset=%zu)",
	    pattern, (const char *)text, (size_t)at);
	return NULL;
}

bool
lb_regex_find(const struct lb_regex *r, struct text t, size_t from,
    struct text groups[LB_REGEX_GROUPS])
{
	pcre2_match_data *m = pcre2_match_data_create(LB_REGEX_GROUPS, NULL);
	const PCRE2_SIZE *v;
	int n;

	if (m == NULL)
		return false;
	n = pcre2_match(r->code, (PCRE2_SPTR)(t.at == NULL ? "" : t.at),
	    t.len, from, 0, m, NULL);
	v = pcre2_get_ovector_pointer(m);
	if (n == 0)			/* more groups than we look at */
		n = LB_REGEX_GROUPS;
	for (int i = 0; i < LB_REGEX_GROUPS; i++)
		groups[i] = i < n && v[2 * i] != PCRE2_UNSET ?
		    (struct text){ t.at + v[2 * i],
		    v[2 * i + 1] - v[2 * i] } : TEXT_NONE;
	pcre2_match_data_free(m);
	return n > 0;
}

bool
lb_regex_matches(const struct lb_regex *r, struct text t)
{
	struct text groups[LB_REGEX_GROUPS];

	return lb_regex_find(r, t, 0, groups);
}

static size_t
put(char *to, size_t len, size_t room, struct text t)
{
	size_t n = t.len < room - len ? t.len : room - len;

	if (n > 0)
		memcpy(to + len, t.at, n);
	return len + n;
}

size_t
lb_regex_expand(struct text form, const struct text groups[LB_REGEX_GROUPS],
    char *to, size_t room)
{
	size_t len = 0;

	for (size_t i = 0; i < form.len; i++) {
		struct text one = { form.at + i, 1 };

		if (form.at[i] == '\\' && i + 1 < form.len) {
			i++;
			one.at++;
			if (*one.at >= '0' && *one.at <= '9')
				one = groups[*one.at - '0'];
		}
		len = put(to, len, room, one);
	}
	return len;
}
