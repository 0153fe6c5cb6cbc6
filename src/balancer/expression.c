/* SPDX-License-Identifier: ISC */
/*
 * expression.c - one walk over an expression: a name, its arguments, a
 * comma, the next name; see expression.h.
 */
#include <ctype.h>

#include "balancer/converters.h"
#include "balancer/expression.h"
#include "balancer/fetches.h"
#include "balancer/mapfile.h"
#include "balancer/value.h"

struct walk {
	struct lb_parse *parse;
	const char *text;		/* the whole, for messages */
	const char *at;
	const char *what;
	struct why *why;
};

/* ---- types ------------------------------------------------------------- */

#define M(t)	(1u << LB_TYPE_##t)
static const unsigned casts[] = {
	[LB_TYPE_ANY] = ~0u,
	[LB_TYPE_SAME] = ~0u,
	[LB_TYPE_BOOL] = M(BOOL) | M(INT) | M(STR),
	[LB_TYPE_INT] = M(BOOL) | M(INT) | M(ADDR) | M(IPV4) | M(IPV6) |
	    M(STR) | M(BIN),
	[LB_TYPE_ADDR] = M(ADDR) | M(IPV4) | M(IPV6) | M(INT) | M(STR) |
	    M(BIN),
	[LB_TYPE_IPV4] = M(ADDR) | M(IPV4) | M(IPV6) | M(INT) | M(STR) |
	    M(BIN),
	[LB_TYPE_IPV6] = M(ADDR) | M(IPV4) | M(IPV6) | M(STR) | M(BIN),
	[LB_TYPE_STR] = M(BOOL) | M(INT) | M(ADDR) | M(IPV4) | M(IPV6) |
	    M(STR) | M(BIN) | M(METH),
	[LB_TYPE_BIN] = M(STR) | M(BIN) | M(INT),
	[LB_TYPE_METH] = M(STR) | M(BIN) | M(METH),
};

bool
lb_expression_casts(enum lb_type from, enum lb_type to)
{
	return to == LB_TYPE_ANY || to == LB_TYPE_SAME ||
	    (casts[from] & (1u << to)) != 0;
}

/* ---- arguments --------------------------------------------------------- */

int
lb_expression_variable(const char *name, struct why *why)
{
	static const char *const scopes[] = { "proc.", "sess.", "txn.",
	    "req.", "res.", "check." };
	const char *rest = NULL;

	for (size_t i = 0; i < sizeof scopes / sizeof *scopes; i++)
		if (strncmp(name, scopes[i], strlen(scopes[i])) == 0)
			rest = name + strlen(scopes[i]);
	if (rest == NULL)
		return why_set(why, "invalid variable name '%s'. A variable "
		    "name must be start by its scope. The scope can be "
		    "'proc', 'sess', 'txn', 'req', 'res' or 'check'", name);
	for (const char *c = rest; *c != '\0'; c++)
		if (!isalnum((unsigned char)*c) && *c != '_' && *c != '.' &&
		    *c != '-')
			return why_set(why, "invalid syntax at char '%s' in "
			    "variable name '%s'", c, name);
	return *rest != '\0' ? 0 :
	    why_set(why, "variable name '%s' is only a scope", name);
}

static int
read_ip(const char *s, bool v6, struct lb_arg *to)
{
	struct address a;
	int64_t bits;
	struct why why;

	if (!v6 && lb_value_number(s, 0, 32, &bits, &why) == 0) {
		uint32_t mask = bits == 0 ? 0 : ~0u << (32 - bits);

		for (unsigned i = 0; i < 4; i++)
			to->ip[i] = (uint8_t)(mask >> (24 - 8 * i));
		return 0;
	}
	if (v6 && lb_value_number(s, 0, 128, &bits, &why) == 0) {
		for (unsigned i = 0; i < 16; i++)
			to->ip[i] = (uint8_t)(bits >= 8 * (i + 1) ? 0xff :
			    bits <= 8 * i ? 0 : 0xff00 >> (bits - 8 * i));
		return 0;
	}
	if (address_ip(text_of(s), 0, &a) < 0 ||
	    (a.sa.sa_family == AF_INET6) != v6)
		return -1;
	if (v6)
		memcpy(to->ip, &a.in6.sin6_addr, 16);
	else
		memcpy(to->ip, &a.in.sin_addr, 4);
	return 0;
}

static const char *
name_of_kind(enum lb_arg_kind kind)
{
	switch (kind) {
	case LB_ARG_INT:
	case LB_ARG_UINT:
	case LB_ARG_OPERAND:
		return "integer";
	case LB_ARG_TIME:
		return "delay";
	case LB_ARG_SIZE:
		return "size";
	case LB_ARG_FRONTEND:
		return "frontend";
	case LB_ARG_BACKEND:
		return "backend";
	case LB_ARG_SERVER:
		return "server";
	case LB_ARG_TABLE:
		return "table";
	case LB_ARG_USERLIST:
		return "user list";
	case LB_ARG_VAR:
		return "variable";
	case LB_ARG_IPV4:
		return "IPv4 address";
	case LB_ARG_IPV6:
		return "IPv6 address";
	case LB_ARG_REGEX:
		return "regex";
	default:
		return "string";
	}
}

static int
refuse_arg(struct walk *w, enum lb_arg_kind kind, const char *s, unsigned n)
{
	return why_set(w->why, "failed to parse '%s' as type '%s' at position "
	    "%u", s, name_of_kind(kind), n + 1);
}

/* A number, or a variable that holds one. */
static int
read_operand(struct walk *w, const char *s, struct lb_arg *to)
{
	struct why why;

	if (lb_value_number(s, INT64_MIN, INT64_MAX, &to->number, &why) == 0) {
		to->text = NULL;
		return 0;
	}
	return lb_expression_variable(s, w->why);
}

static int
read_arg(struct walk *w, enum lb_arg_kind kind, const char *s, unsigned n,
    struct lb_arg *to)
{
	struct why why;

	to->kind = kind;
	to->text = s;
	switch (kind) {
	case LB_ARG_INT:
		return lb_value_number(s, INT64_MIN, INT64_MAX, &to->number,
		    &why) == 0 ? 0 : refuse_arg(w, kind, s, n);
	case LB_ARG_UINT:
		return lb_value_number(s, 0, INT64_MAX, &to->number,
		    &why) == 0 ? 0 : refuse_arg(w, kind, s, n);
	case LB_ARG_TIME:
		return lb_value_time(s, 1000, &to->number, &why) == 0 ? 0 :
		    refuse_arg(w, kind, s, n);
	case LB_ARG_SIZE:
		return lb_value_size(s, &to->number, &why) == 0 ? 0 :
		    refuse_arg(w, kind, s, n);
	case LB_ARG_IPV4:
	case LB_ARG_IPV6:
		return read_ip(s, kind == LB_ARG_IPV6, to) == 0 ? 0 :
		    refuse_arg(w, kind, s, n);
	case LB_ARG_VAR:
		return lb_expression_variable(s, w->why);
	case LB_ARG_OPERAND:
		return read_operand(w, s, to);
	case LB_ARG_FRONTEND:
	case LB_ARG_BACKEND:
		lb_parse_owe(w->parse, kind, s, w->what,
		    (const void **)&to->proxy);
		return 0;
	case LB_ARG_SERVER:
		lb_parse_owe(w->parse, kind, s, w->what,
		    (const void **)&to->server);
		return 0;
	case LB_ARG_TABLE:
		lb_parse_owe(w->parse, kind, s, w->what,
		    (const void **)&to->table);
		return 0;
	case LB_ARG_USERLIST:
		lb_parse_owe(w->parse, kind, s, w->what,
		    (const void **)&to->userlist);
		return 0;
	default:
		return 0;
	}
}

/* One argument: quotes and escapes of the second level; ends at , or ). */
static const char *
take_piece(struct walk *w)
{
	size_t room = strlen(w->at) + 1, len = 0;
	char *to = lb_parse_get(w->parse, room), quote = 0;

	for (; *w->at != '\0'; w->at++) {
		char c = *w->at;

		if (quote != 0 && c == quote) {
			quote = 0;
		} else if (quote == 0 && (c == '"' || c == '\'')) {
			quote = c;
		} else if (quote == 0 && (c == ',' || c == ')')) {
			break;
		} else {
			if (c == '\\' && quote != '\'' && w->at[1] != '\0' &&
			    strchr("\\\"', )", w->at[1]) != NULL)
				c = *++w->at;
			to[len++] = c;
		}
	}
	to[len] = '\0';
	return to;
}

/* src_conn_rate, table_cnt: without a name it is the section's own table. */
static bool
owns_table(struct text fetch)
{
	return text_begins(fetch, "src_") || text_begins(fetch, "table_");
}

/*
 * Behind the name: "(a,b)" or nothing. "T" and the like that are left out
 * mean the section itself.
 */
static int
take_args(struct walk *w, const char *kinds, const char *kind_of,
    struct text name, struct lb_arg *to)
{
	bool optional = false, open = *w->at == '(';
	unsigned n = 0, given = 0;

	if (open && w->at[1] == ')') {
		w->at += 2;
		open = false;
	} else if (open) {
		w->at++;
	}
	for (; *kinds != '\0'; kinds++) {
		if (*kinds == '?') {
			optional = true;
			continue;
		}
		if (open && *w->at != ')') {
			const char *piece = take_piece(w);

			given++;
			if ((*piece != '\0' || !optional) && read_arg(w,
			    (enum lb_arg_kind)*kinds, piece, n, &to[n]) < 0)
				return -1;
			if (*w->at == ',')
				w->at++;
		} else if (*kinds == LB_ARG_TABLE && optional &&
		    owns_table(name)) {
			lb_parse_owe(w->parse, LB_ARG_TABLE, NULL,
			    w->what, (const void **)&to[n].table);
		} else if (!optional) {
			return why_set(w->why, "%s '%.*s' : missing arguments "
			    "(got %u), type '%s' expected", kind_of,
			    TEXT_ARG(name), given,
			    name_of_kind((enum lb_arg_kind)*kinds));
		}
		n++;
	}
	if (open) {
		if (*w->at != ')')
			return why_set(w->why, "%s '%.*s' : expected ')' "
			    "before '%s'", kind_of, TEXT_ARG(name), w->at);
		w->at++;
	}
	return 0;
}

/* ---- names ------------------------------------------------------------- */

static struct text
take_name(struct walk *w)
{
	struct text name = { w->at, strcspn(w->at, "(,") };

	w->at += name.len;
	return name;
}

/* path_beg: the fetch path, matched by "beg". */
static const struct lb_fetch *
find_suffixed(struct text name, const char **match)
{
	static const char *const suffixes[] = { "_beg", "_bin", "_dir",
	    "_dom", "_end", "_ip", "_len", "_reg", "_str", "_sub" };

	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		const struct lb_fetch *f;

		if (!text_ends(name, suffixes[i]))
			continue;
		f = lb_fetches_find((struct text){ name.at,
		    name.len - strlen(suffixes[i]) });
		if (f != NULL && f->suffixes) {
			*match = suffixes[i] + 1;
			return f;
		}
	}
	return NULL;
}

static int
take_fetch(struct walk *w, struct lb_expr *e, const char **match)
{
	struct text name = take_name(w);

	e->fetch = lb_fetches_find(name);
	if (e->fetch == NULL && match != NULL)
		e->fetch = find_suffixed(name, match);
	if (e->fetch == NULL)
		return why_set(w->why, "unknown fetch method '%.*s'%s",
		    TEXT_ARG(name), text_begins(name, "lua.") ?
		    " (there is no Lua in this program)" : "");
	e->type = e->fetch->type;
	if (e->fetch->class == LB_CLASS_W)
		lb_parse_warn(w->parse, "fetch '%s' is not supported by this "
		    "program; it never has a value.", e->fetch->name);
	return take_args(w, e->fetch->args, "fetch method", name, e->args);
}

/* It may be changed while the program runs. */
static void
list_values(struct lb_parse *p, const char *path, const struct lb_mapfile *m)
{
	struct lb_list_conf *l = lb_parse_get(p, sizeof *l);

	*l = (struct lb_list_conf){ .place = p->place, .path = path,
	    .what = "map", .map = m };
	arena_add(p->arena, &p->setup->lists, l);
}

/* RS and ES: the key is the name of a file; what is in it is args[2]. */
static int
prepare_key(struct walk *w, struct lb_arg *args)
{
	const struct lb_source *source = w->parse->source;
	struct text t;
	struct why why;

	if (strncmp(args[0].text, "PS", 2) == 0)
		return why_set(w->why, "RSASSA-PSS JWS signing not managed "
		    "yet");
	if (strlen(args[0].text) != 5 && strcmp(args[0].text, "none") != 0 &&
	    lb_expression_variable(args[0].text, &why) < 0)
		return why_set(w->why, "unknown JWT algorithm: %s",
		    args[0].text);
	if (strchr("RE", args[0].text[0]) == NULL || source->fetch == NULL ||
	    source->fetch(source->arg, lb_parse_path(w->parse, args[1].text),
	    &t, &why) < 0)
		return 0;
	args[2].kind = LB_ARG_STR;
	args[2].text = arena_copy(w->parse->arena, t);
	return 0;
}

/* What some make of their arguments once, when they are read. */
static int
prepare(struct walk *w, struct text name, struct lb_arg *args)
{
	if (text_begins(name, "map")) {
		args[0].text = lb_parse_path(w->parse, args[0].text);
		args[0].map = lb_mapfile_read(w->parse, args[0].text, name,
		    w->why);
		if (args[0].map == NULL)
			return -1;
		list_values(w->parse, args[0].text, args[0].map);
		return 0;
	}
	if (text_is(name, "jwt_verify"))
		return prepare_key(w, args);
	if (!text_is(name, "regsub"))
		return 0;
	args[0].regex = lb_regex_new(w->parse->arena, args[0].text,
	    args[2].kind != LB_ARG_NONE && strchr(args[2].text, 'i') != NULL,
	    w->why);
	return args[0].regex == NULL ? -1 : 0;
}

static int
take_conversion(struct walk *w, struct lb_expr *e)
{
	struct lb_conversion *now = lb_parse_get(w->parse, sizeof *now);
	struct text name = take_name(w);

	arena_add(w->parse->arena, &e->conversions, now);
	now->converter = lb_converters_find(name);
	if (now->converter == NULL)
		return why_set(w->why, "unknown converter '%.*s'",
		    TEXT_ARG(name));
	if (!lb_expression_casts(e->type, now->converter->in))
		return why_set(w->why, "converter '%.*s' cannot be applied",
		    TEXT_ARG(name));
	if (now->converter->class == LB_CLASS_W)
		lb_parse_warn(w->parse, "converter '%s' is not supported by "
		    "this program; it never gives a value.",
		    now->converter->name);
	if (now->converter->out != LB_TYPE_SAME)
		e->type = now->converter->out;
	if (take_args(w, now->converter->args, "converter", name,
	    now->args) < 0)
		return -1;
	return prepare(w, name, now->args);
}

static int
take_all(struct walk *w, struct lb_expr *e)
{
	while (*w->at == ',') {
		w->at++;
		if (*w->at == '\0')
			return 0;
		if (take_conversion(w, e) < 0)
			return -1;
	}
	return *w->at == '\0' ? 0 : why_set(w->why, "unexpected '%s'", w->at);
}

static struct lb_expr *
begin(struct walk *w, const char **match)
{
	struct lb_expr *e = lb_parse_get(w->parse, sizeof *e);

	e->text = w->text;
	if (*w->text == '\0') {
		why_set(w->why, "missing fetch method");
		return NULL;
	}
	if (take_fetch(w, e, match) < 0 || take_all(w, e) < 0)
		return NULL;
	return e;
}

const struct lb_expr *
lb_expression_read(struct lb_parse *p, const struct lb_words *words,
    unsigned *at, const char *what, struct why *why)
{
	struct walk w = { p, words->at[*at], words->at[*at], what, why };
	struct lb_expr *e = begin(&w, NULL);

	if (e == NULL)
		return NULL;
	for (++*at; *at < words->count; ++*at) {
		const char *word = words->at[*at];
		struct text name = { word, strcspn(word, "(,") };

		if (lb_converters_find(name) == NULL)
			break;
		w.at = word;
		if (take_conversion(&w, e) < 0 || take_all(&w, e) < 0)
			return NULL;
		e->text = arena_print(p->arena, "%s,%s", e->text, word);
	}
	return e;
}

const struct lb_expr *
lb_expression_text(struct lb_parse *p, const char *text, const char **match,
    const char *what, struct why *why)
{
	struct walk w = { p, text, text, what, why };

	return begin(&w, match);
}
