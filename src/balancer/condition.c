/* SPDX-License-Identifier: ISC */
/*
 * condition.c - a small descent over ! ( ) && || and a table of predicates.
 * Pure but for the environment; see condition.h.
 */
#include <stdio.h>
#include <openssl/opensslv.h>

#include "balancer/condition.h"


enum { DEPTH = 64, ARGS = 2 };

const char *const lb_condition_features[] = {
	"+EPOLL", "+GETADDRINFO", "+LINUX_SPLICE", "+LINUX_TPROXY", "+NS",
	"+OPENSSL", "+PCRE2", "+POLL", "+PROMEX", "+THREAD", "+TPROXY",
	"-LUA", "-QUIC", NULL
};

struct eval {
	const struct lb_source *source;
	struct text rest;
	struct why *why;
	unsigned depth;
	bool bad;
};

static bool	either(struct eval *);

static bool
refuse(struct eval *e, const char *what, struct text t)
{
	if (!e->bad)
		why_set(e->why, "%s '%.*s'", what, TEXT_ARG(t));
	e->bad = true;
	return false;
}

/* ---- predicates -------------------------------------------------------- */

static const char *
look_up(const struct lb_source *source, struct text name)
{
	char copy[256];

	if (name.len >= sizeof copy || source->getenv == NULL)
		return NULL;
	memcpy(copy, name.at, name.len);
	copy[name.len] = '\0';
	return source->getenv(source->arg, copy);
}

/* "2.5-dev3": missing parts are 0, no suffix is later than any. */
static bool
read_version(struct text t, unsigned to[5])
{
	char copy[64], tail[16] = "";

	memset(to, 0, 5 * sizeof *to);
	if (t.len == 0 || t.len >= sizeof copy)
		return false;
	memcpy(copy, t.at, t.len);
	copy[t.len] = '\0';
	if (sscanf(copy, "%u.%u.%u", &to[0], &to[1], &to[2]) < 1)
		return false;
	to[3] = 1000000;
	if (strstr(copy, "-dev") != NULL &&
	    sscanf(strstr(copy, "-dev"), "-dev%u%15s", &to[4], tail) >= 1)
		to[3] = 0;
	else if (strstr(copy, "-rc") != NULL &&
	    sscanf(strstr(copy, "-rc"), "-rc%u%15s", &to[4], tail) >= 1)
		to[3] = 1;
	return true;
}

static bool
at_least(struct eval *e, const char *own, struct text asked)
{
	unsigned a[5], b[5];

	read_version(text_of(own), a);
	if (!read_version(asked, b))
		return refuse(e, "not a version:", asked);
	for (unsigned i = 0; i < 5; i++)
		if (a[i] != b[i])
			return a[i] > b[i];
	return true;
}

static bool
has_feature(struct text name)
{
	for (const char *const *f = lb_condition_features; *f != NULL; f++)
		if (text_is(name, *f + 1))
			return (*f)[0] == '+';
	return false;
}

static bool
has_option(struct text name)
{
	static const char *const on[] = { "POLL", "EPOLL", "SPLICE",
	    "GETADDRINFO", "REUSEPORT", "FAST-FORWARD" };

	for (size_t i = 0; i < sizeof on / sizeof *on; i++)
		if (text_is(name, on[i]))
			return true;
	return false;
}

static bool
contains(struct text in, struct text what)
{
	return what.len == 0 || (in.len >= what.len &&
	    memmem(in.at, in.len, what.at, what.len) != NULL);
}

enum predicate {
	DEFINED, FEATURE, STREQ, STRNEQ, STRSTR, VERSION_ATLEAST,
	VERSION_BEFORE, OPENSSL_ATLEAST, OPENSSL_BEFORE, SSLLIB, ENABLED,
	AWSLC
};

static const struct row {
	const char *name;
	enum predicate what;
	unsigned args;
} rows[] = {
	{ "awslc_api_atleast", AWSLC, 1 },
	{ "awslc_api_before", AWSLC, 1 },
	{ "defined", DEFINED, 1 },
	{ "enabled", ENABLED, 1 },
	{ "feature", FEATURE, 1 },
	{ "openssl_version_atleast", OPENSSL_ATLEAST, 1 },
	{ "openssl_version_before", OPENSSL_BEFORE, 1 },
	{ "ssllib_name_startswith", SSLLIB, 1 },
	{ "streq", STREQ, 2 },
	{ "strneq", STRNEQ, 2 },
	{ "strstr", STRSTR, 2 },
	{ "version_atleast", VERSION_ATLEAST, 1 },
	{ "version_before", VERSION_BEFORE, 1 },
};

static bool
ask(struct eval *e, enum predicate what, struct text a, struct text b)
{
	switch (what) {
	case DEFINED:
		return look_up(e->source, a) != NULL;
	case FEATURE:
		return has_feature(a);
	case STREQ:
		return text_same(a, b);
	case STRNEQ:
		return !text_same(a, b);
	case STRSTR:
		return contains(a, b);
	case VERSION_ATLEAST:
		return at_least(e, LB_CONDITION_VERSION, a);
	case VERSION_BEFORE:
		return !at_least(e, LB_CONDITION_VERSION, a) && !e->bad;
	case OPENSSL_ATLEAST:
		return at_least(e, OPENSSL_VERSION_STR, a);
	case OPENSSL_BEFORE:
		return !at_least(e, OPENSSL_VERSION_STR, a) && !e->bad;
	case SSLLIB:
		return a.len <= 7 && memcmp("OpenSSL", a.at, a.len) == 0;
	case ENABLED:
		return has_option(a);
	case AWSLC:
		return false;
	}
	return false;
}

/* Words of the line are joined by one blank; arguments keep theirs. */
static bool
call(struct eval *e, struct text name)
{
	struct text args, piece[ARGS] = { TEXT_NONE, TEXT_NONE };
	const char *end = memchr(e->rest.at, ')', e->rest.len);
	unsigned n = 0;

	if (end == NULL)
		return refuse(e, "missing closing parenthesis behind", name);
	args = (struct text){ e->rest.at, (size_t)(end - e->rest.at) };
	e->rest = text_from(e->rest, args.len + 1);
	while (n < ARGS && text_split(&args, ',', &piece[n]))
		n++;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (!text_is(name, rows[i].name))
			continue;
		if (n != rows[i].args || args.at != NULL ||
		    (n == 1 && piece[0].len == 0))
			return refuse(e, "wrong number of arguments for",
			    name);
		return ask(e, rows[i].what, piece[0], piece[1]);
	}
	return refuse(e, "unknown predicate", name);
}

/* ---- the grammar ------------------------------------------------------- */

static void
skip_blanks(struct eval *e)
{
	while (e->rest.len > 0 && text_is_space(e->rest.at[0]))
		e->rest = text_from(e->rest, 1);
}

static bool
take(struct eval *e, const char *sign)
{
	skip_blanks(e);
	if (!text_begins(e->rest, sign))
		return false;
	e->rest = text_from(e->rest, strlen(sign));
	return true;
}

static bool
is_number(struct text t, bool *truth)
{
	size_t i = t.len > 0 && t.at[0] == '-';

	*truth = false;
	if (i == t.len)
		return false;
	for (; i < t.len; i++) {
		if (t.at[i] < '0' || t.at[i] > '9')
			return false;
		*truth |= t.at[i] != '0';
	}
	return true;
}

static bool
one(struct eval *e)
{
	struct text word = TEXT_NONE;
	bool truth;

	if (++e->depth > DEPTH)
		return refuse(e, "nested too deeply at", e->rest);
	if (take(e, "!")) {
		truth = one(e);
		e->depth--;
		return !truth;
	}
	if (take(e, "(")) {
		truth = either(e);
		if (!take(e, ")"))
			refuse(e, "missing closing parenthesis at", e->rest);
		e->depth--;
		return truth;
	}
	e->depth--;
	while (word.len < e->rest.len &&
	    strchr(" \t()!&|", e->rest.at[word.len]) == NULL)
		word.len++;
	word.at = e->rest.at;
	e->rest = text_from(e->rest, word.len);
	if (is_number(word, &truth))
		return truth;
	if (word.len > 0 && text_begins(e->rest, "(")) {
		e->rest = text_from(e->rest, 1);
		return call(e, word);
	}
	return refuse(e, "unparsable conditional expression", word);
}

static bool
all(struct eval *e)
{
	bool truth = one(e);

	while (!e->bad && take(e, "&&"))
		truth &= one(e);
	return truth;
}

static bool
either(struct eval *e)
{
	bool truth = all(e);

	while (!e->bad && take(e, "||"))
		truth |= all(e);
	return truth;
}

int
lb_condition_holds(const struct lb_source *source, struct text t,
    struct why *why)
{
	struct eval e = { .source = source, .rest = t, .why = why };
	bool truth;

	if (text_trim(t).len == 0)
		return 0;
	truth = either(&e);
	skip_blanks(&e);
	if (!e.bad && e.rest.len > 0)
		refuse(&e, "unexpected text behind the condition:", e.rest);
	return e.bad ? -1 : truth;
}
