/* SPDX-License-Identifier: ISC */
/*
 * acl.c - acl lines and conditions: flags, operators, values by the way
 * they match; see acl.h.
 */
#include <stdio.h>

#include "balancer/acl.h"
#include "balancer/expression.h"
#include "balancer/parse.h"
#include "balancer/value.h"

/* What is there without a line. */
static const struct {
	const char *name, *expr, *pattern;
} builtin[] = {
	{ "FALSE", "always_false", NULL },
	{ "HTTP", "req.proto_http", NULL },
	{ "HTTP_1.0", "req.ver", "1.0" },
	{ "HTTP_1.1", "req.ver", "1.1" },
	{ "HTTP_2.0", "req.ver", "2.0" },
	{ "HTTP_3.0", "req.ver", "3.0" },
	{ "HTTP_CONTENT", "req.hdr_val(content-length)", "1:" },
	{ "HTTP_URL_ABS", "url_reg", "^[^/:]*://" },
	{ "HTTP_URL_SLASH", "url_beg", "/" },
	{ "HTTP_URL_STAR", "url", "*" },
	{ "LOCALHOST", "src", "127.0.0.0/8" },
	{ "METH_CONNECT", "method", "CONNECT" },
	{ "METH_DELETE", "method", "DELETE" },
	{ "METH_GET", "method", "GET" },
	{ "METH_HEAD", "method", "HEAD" },
	{ "METH_OPTIONS", "method", "OPTIONS" },
	{ "METH_POST", "method", "POST" },
	{ "METH_PUT", "method", "PUT" },
	{ "METH_TRACE", "method", "TRACE" },
	{ "RDP_COOKIE", "req.rdp_cookie_cnt", "1:" },
	{ "REQ_CONTENT", "req.len", "1:" },
	{ "TRUE", "always_true", NULL },
	{ "WAIT_END", "wait_end", NULL },
};

static bool
usual_match(enum lb_type type, enum lb_match *to)
{
	switch (type) {
	case LB_TYPE_BOOL:
		*to = LB_MATCH_BOOL;
		return true;
	case LB_TYPE_INT:
		*to = LB_MATCH_INT;
		return true;
	case LB_TYPE_ADDR:
	case LB_TYPE_IPV4:
	case LB_TYPE_IPV6:
		*to = LB_MATCH_IP;
		return true;
	case LB_TYPE_BIN:
		*to = LB_MATCH_BIN;
		return true;
	case LB_TYPE_STR:
	case LB_TYPE_METH:
		*to = LB_MATCH_STR;
		return true;
	default:
		*to = LB_MATCH_FOUND;
		return false;
	}
}

/* ---- values ------------------------------------------------------------ */

enum operator { OP_EQ, OP_GE, OP_GT, OP_LE, OP_LT, OPS };

static const char *const operators[] = { "eq", "ge", "gt", "le", "lt" };

static enum operator
find_operator(const char *s)
{
	enum operator op = OP_EQ;

	while (op < OPS && strcmp(operators[op], s) != 0)
		op++;
	return op;
}

static int
apply_operator(enum operator op, struct lb_pattern *to, struct why *why)
{
	if (op == OP_EQ)
		return 0;
	if (!to->has_least || !to->has_most || to->least != to->most)
		return why_set(why, "operator '%s' takes a single number, "
		    "not '%s'", operators[op], to->text);
	to->has_least = op == OP_GE || op == OP_GT;
	to->has_most = !to->has_least;
	if (op == OP_GT)
		to->least++;
	if (op == OP_LT)
		to->most--;
	return 0;
}

struct flags {
	bool names;			/* may be resolved: no -n */
	enum operator op;
};

static int
add_pattern(struct lb_parse *p, struct lb_test *t, const char *s,
    const struct flags *flags, struct why *why)
{
	struct lb_pattern *to = lb_parse_get(p, sizeof *to);

	if (lb_pattern_read(p, t->match, t->nocase, flags->names, s, to,
	    why) < 0 || ((t->match == LB_MATCH_INT ||
	    t->match == LB_MATCH_LEN) && apply_operator(flags->op, to,
	    why) < 0))
		return -1;
	arena_add(p->arena, &t->patterns, to);
	return 0;
}

/* Values of a file: one a line, # begins a comment. */
static int
add_file(struct lb_parse *p, struct lb_test *t, const char *path,
    const struct flags *flags, struct why *why)
{
	struct text rest, line;

	if (p->source->fetch == NULL)
		return 0;
	if (p->source->fetch(p->source->arg,
	    lb_parse_path(p, path), &rest, why) < 0)
		return why_set(why, "failed to open pattern file <%s>", path);
	while (rest.len > 0 && text_split(&rest, '\n', &line)) {
		line = text_trim(line);
		if (line.len == 0 || line.at[0] == '#')
			continue;
		if (add_pattern(p, t, arena_copy(p->arena, line), flags,
		    why) < 0)
			return -1;
	}
	return 0;
}

/* ---- a test ------------------------------------------------------------ */

struct reading {
	struct lb_parse *parse;
	const struct lb_words *words;
	unsigned at, end;		/* words of the test */
	struct lb_test *test;
	struct flags flags;
	bool set;			/* the match was asked for */
	bool ended;			/* "--" stood there */
	bool flagged;			/* a flag stood there */
	ARENA_LIST(const char) files;	/* -f */
	struct why *why;
};

static const char *
next_word(struct reading *r)
{
	return r->at < r->end ? r->words->at[r->at++] : NULL;
}

static int
set_match(struct reading *r, const char *name)
{
	if (name == NULL || !lb_pattern_match(name, &r->test->match))
		return why_set(r->why, "unknown matching method '%s' when "
		    "parsing ACL expression", name == NULL ? "" : name);
	r->set = true;
	return 0;
}

/* One flag; 1: it was no flag; 2: the end of them. */
static int
take_flag(struct reading *r)
{
	const char *word = r->words->at[r->at], *value;

	if (word[0] != '-' || word[1] == '\0' ||
	    (word[1] >= '0' && word[1] <= '9'))
		return 1;
	r->at++;
	r->flagged = true;
	if (strcmp(word, "--") == 0)
		return 2;
	if (word[2] != '\0')
		return why_set(r->why, "'%s' is not a valid ACL option. "
		    "Please use '--' before any pattern beginning with a "
		    "'-'", word);
	switch (word[1]) {
	case 'i':
		r->test->nocase = true;
		return 0;
	case 'n':
		r->flags.names = false;
		return 0;
	case 'M':
		return 0;
	case 'm':
		return set_match(r, next_word(r));
	case 'f':
	case 'u':
		value = next_word(r);
		if (value == NULL)
			return why_set(r->why, "missing argument of '%s'",
			    word);
		if (word[1] == 'f')
			arena_add(r->parse->arena, &r->files, value);
		return 0;
	}
	return why_set(r->why, "'%s' is not a valid ACL option. Please use "
	    "'--' before any pattern beginning with a '-'", word);
}

/* Values behind the flags; a word that is an operator holds for the rest. */
static int
take_values(struct reading *r)
{
	struct lb_test *t = r->test;
	bool numbers = t->match == LB_MATCH_INT || t->match == LB_MATCH_LEN;

	for (unsigned i = 0; i < r->files.count; i++)
		if (add_file(r->parse, t, r->files.at[i], &r->flags,
		    r->why) < 0)
			return -1;
	while (r->at < r->end) {
		const char *word = r->words->at[r->at++];

		if (numbers && find_operator(word) != OPS) {
			r->flags.op = find_operator(word);
			continue;
		}
		if (t->match != LB_MATCH_FOUND && add_pattern(r->parse, t,
		    word, &r->flags, r->why) < 0)
			return -1;
	}
	return 0;
}

static void
warn_of_no_values(struct reading *r)
{
	const struct lb_test *t = r->test;

	if (t->patterns.count > 0 || r->ended || r->flagged ||
	    t->match == LB_MATCH_FOUND || t->match == LB_MATCH_BOOL)
		return;
	lb_report_tell(r->parse->report, LB_REPORT_WARNING,
	    "config : parsing acl keyword '%s' :\n"
	    "  no pattern to match against were provided, so this ACL will "
	    "never match.\n"
	    "  If this is what you intended, please add '--' to get rid of "
	    "this warning.\n"
	    "  If you intended to match only for existence, please use '-m "
	    "found'.\n"
	    "  If you wanted to force an int to match as a bool, please use "
	    "'-m bool'.\n", t->expr->text);
}

/* What the way of matching asks of the value. */
static enum lb_type
type_of_match(enum lb_match match)
{
	switch (match) {
	case LB_MATCH_BOOL:
		return LB_TYPE_BOOL;
	case LB_MATCH_INT:
		return LB_TYPE_INT;
	case LB_MATCH_IP:
		return LB_TYPE_ADDR;
	case LB_MATCH_FOUND:
		return LB_TYPE_ANY;
	default:
		return LB_TYPE_STR;
	}
}

/* The words from at to end as one test; NULL with the reason. */
static const struct lb_test *
read_test(struct lb_parse *p, const struct lb_words *w, unsigned at,
    unsigned end, struct why *why)
{
	struct lb_test *t = lb_parse_get(p, sizeof *t);
	struct reading r = { .parse = p, .words = w, .at = at + 1,
	    .end = end, .test = t, .flags = { true, OP_EQ }, .why = why };
	const char *suffix = NULL;
	int code = 0;

	t->place = w->place;
	if (at >= end) {
		why_set(why, "missing fetch method in ACL expression ''");
		return NULL;
	}
	t->expr = lb_expression_text(p, w->at[at], &suffix, "ACL keyword",
	    why);
	if (t->expr == NULL)
		return NULL;
	usual_match(t->expr->type, &t->match);
	if (suffix != NULL && !lb_pattern_match(suffix, &t->match))
		t->match = LB_MATCH_STR;
	while (r.at < end && code == 0)
		code = take_flag(&r);
	r.ended = code == 2;
	if (code < 0 || take_values(&r) < 0)
		return NULL;
	if (!lb_expression_casts(t->expr->type, type_of_match(t->match))) {
		why_set(why, "matching method cannot be used with fetch "
		    "keyword '%s'", t->expr->text);
		return NULL;
	}
	warn_of_no_values(&r);
	if (r.files.count > 0)
		t->file = lb_parse_path(p, r.files.at[0]);
	return t;
}

/* It may be changed while the program runs. */
static void
list_values(struct lb_parse *p, const struct lb_test *t)
{
	struct lb_list_conf *l;

	if (t->match == LB_MATCH_FOUND || t->match == LB_MATCH_BOOL)
		return;
	l = lb_parse_get(p, sizeof *l);
	*l = (struct lb_list_conf){ .place = t->place, .path = t->file,
	    .what = t->expr->text, .test = t };
	arena_add(p->arena, &p->setup->lists, l);
}

/* ---- lines ------------------------------------------------------------- */

static struct lb_acl *
find_acl(struct lb_parse *p, const char *name)
{
	if (p->proxy == NULL)
		return NULL;
	for (unsigned i = 0; i < p->proxy->acls.count; i++)
		if (strcmp(p->proxy->acls.at[i]->name, name) == 0)
			return p->proxy->acls.at[i];
	return NULL;
}

static bool
is_name(const char *s)
{
	for (; *s != '\0'; s++)
		if (!(*s >= 'a' && *s <= 'z') && !(*s >= 'A' && *s <= 'Z') &&
		    !(*s >= '0' && *s <= '9') && strchr("_-.:", *s) == NULL)
			return false;
	return true;
}

static int
refuse_or(struct lb_parse *p, const char *name)
{
	lb_parse_alert(p, "acl name '%s' will never match. 'or' is used to "
	    "express a logical disjunction within a condition.", name);
	return -1;
}

int
lb_acl_read(struct lb_parse *p, const struct lb_words *w)
{
	const char *name = w->at[0];
	const struct lb_test *t;
	struct lb_acl *acl;
	struct why why;

	if (w->count == 0 || *name == '\0' || !is_name(name)) {
		lb_parse_alert(p, "acl name '%s' must be made of letters, "
		    "digits, '-', '_', '.' and ':'.", w->count == 0 ? "" :
		    name);
		return -1;
	}
	if (strcasecmp(name, "or") == 0)
		return refuse_or(p, name);
	t = read_test(p, w, 1, w->count, &why);
	if (t == NULL) {
		lb_parse_alert(p, "error detected while parsing ACL '%s' : "
		    "%s.", name, why.line);
		return -1;
	}
	acl = find_acl(p, name);
	if (acl == NULL) {
		acl = lb_parse_get(p, sizeof *acl);
		acl->name = name;
		arena_add(p->arena, &p->proxy->acls, acl);
	}
	arena_add(p->arena, &acl->tests, t);
	list_values(p, t);
	return 0;
}

static struct lb_acl *
make_builtin(struct lb_parse *p, const char *name)
{
	struct lb_acl *acl;
	struct why why;

	for (size_t i = 0; i < sizeof builtin / sizeof *builtin; i++) {
		const char *words[] = { builtin[i].expr, builtin[i].pattern,
		    "" };
		struct lb_words w = { p->place,
		    builtin[i].pattern == NULL ? 1 : 2, words };
		const struct lb_test *t;

		if (strcmp(builtin[i].name, name) != 0)
			continue;
		acl = lb_parse_get(p, sizeof *acl);
		acl->name = name;
		t = read_test(p, &w, 0, w.count, &why);
		arena_add(p->arena, &acl->tests, t);
		return acl;
	}
	return NULL;
}

static unsigned
from_of(const struct lb_acl *acl)
{
	unsigned from = 0;

	for (unsigned i = 0; i < acl->tests.count; i++)
		from |= acl->tests.at[i]->expr->fetch->from;
	return from;
}

/* { test }: *at stands on the brace, and moves behind its partner. */
static const struct lb_acl *
read_braces(struct lb_parse *p, const struct lb_words *w, unsigned *at,
    struct why *why)
{
	struct lb_acl *acl = lb_parse_get(p, sizeof *acl);
	unsigned from = *at + 1, end = from;
	const struct lb_test *t;

	while (end < w->count && strcmp(w->at[end], "}") != 0)
		end++;
	if (end == w->count) {
		why_set(why, "missing closing '}' in condition");
		return NULL;
	}
	*at = end + 1;
	t = read_test(p, w, from, end, why);
	if (t == NULL)
		return NULL;
	arena_add(p->arena, &acl->tests, t);
	list_values(p, t);
	return acl;
}

static const struct lb_acl *
read_name(struct lb_parse *p, const char *name, struct why *why)
{
	const struct lb_acl *acl = find_acl(p, name);

	if (acl == NULL)
		acl = make_builtin(p, name);
	if (acl == NULL)
		why_set(why, "no such ACL : '%s'", name);
	return acl;
}

/* ! ! name, !name, { }: one term; *at moves behind it. */
static const struct lb_term *
read_term(struct lb_parse *p, const struct lb_words *w, unsigned *at,
    struct why *why)
{
	struct lb_term *term = lb_parse_get(p, sizeof *term);
	const char *word = w->at[*at];

	for (;;) {
		while (*word == '!') {
			term->negated = !term->negated;
			word++;
		}
		if (*word != '\0')
			break;
		if (++*at >= w->count) {
			why_set(why, "missing ACL name behind '!'");
			return NULL;
		}
		word = w->at[*at];
	}
	if (strcmp(word, "{") == 0) {
		term->acl = read_braces(p, w, at, why);
	} else {
		term->acl = read_name(p, word, why);
		++*at;
	}
	return term->acl == NULL ? NULL : term;
}

const struct lb_cond *
lb_acl_cond(struct lb_parse *p, const struct lb_words *w, unsigned at,
    struct why *why)
{
	struct lb_cond *cond = lb_parse_get(p, sizeof *cond);
	struct lb_chain *chain = lb_parse_get(p, sizeof *chain);

	cond->unless = strcmp(w->at[at], "unless") == 0;
	arena_add(p->arena, &cond->chains, chain);
	for (at++; at < w->count;) {
		const struct lb_term *term;

		if (strcasecmp(w->at[at], "or") == 0 ||
		    strcmp(w->at[at], "||") == 0) {
			if (chain->terms.count == 0)
				break;
			chain = lb_parse_get(p, sizeof *chain);
			arena_add(p->arena, &cond->chains, chain);
			at++;
			continue;
		}
		term = read_term(p, w, &at, why);
		if (term == NULL)
			return NULL;
		arena_add(p->arena, &chain->terms, term);
		cond->from |= from_of(term->acl);
	}
	/* An "or" at the end is one too many, and nothing else. */
	if (chain->terms.count == 0 && cond->chains.count > 1)
		cond->chains.count--;
	if (cond->chains.at[cond->chains.count - 1]->terms.count > 0)
		return cond;
	why_set(why, "missing ACL name in condition");
	return NULL;
}
