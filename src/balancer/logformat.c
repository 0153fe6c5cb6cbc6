/* SPDX-License-Identifier: ISC */
/*
 * logformat.c - the aliases, one row each, and the walk over a format
 * string; see logformat.h.
 */
#include <ctype.h>

#include "balancer/expression.h"
#include "balancer/logformat.h"
#include "balancer/parse.h"

const struct lb_alias lb_alias_rows[] = {
	{ "B", false, "bytes to the client" },
	{ "CC", true, "cookie of the request" },
	{ "CS", true, "cookie of the answer" },
	{ "H", false, "name of this host" },
	{ "HM", true, "method" },
	{ "HP", true, "path" },
	{ "HPO", true, "path alone" },
	{ "HQ", true, "query" },
	{ "HU", true, "URI" },
	{ "HV", true, "version" },
	{ "ID", false, "unique id" },
	{ "OG", false, "context of a trace" },
	{ "ST", true, "status" },
	{ "T", false, "date, UTC" },
	{ "Ta", false, "ms of the request" },
	{ "Tc", false, "ms to connect to the server" },
	{ "Td", false, "ms of transfer" },
	{ "Th", false, "ms of the handshakes" },
	{ "Ti", false, "ms before the first byte" },
	{ "Tl", false, "date, local" },
	{ "Tq", false, "ms to get the request" },
	{ "TR", true, "ms to get the request, without idling" },
	{ "Tr", true, "ms of the server's answer" },
	{ "Ts", false, "seconds since 1970" },
	{ "Tt", false, "ms of the session" },
	{ "Tu", false, "ms since the accept, without idling" },
	{ "Tw", false, "ms in queues" },
	{ "U", false, "bytes from the client" },
	{ "ac", false, "connections of the process" },
	{ "b", false, "name of the backend" },
	{ "bc", false, "connections of the backend" },
	{ "bi", false, "our address towards the server" },
	{ "bp", false, "our port towards the server" },
	{ "bq", false, "sessions ahead in the backend's queue" },
	{ "ci", false, "address of the client" },
	{ "cp", false, "port of the client" },
	{ "f", false, "name of the frontend" },
	{ "fc", false, "connections of the frontend" },
	{ "fi", false, "address that the client connected to" },
	{ "fp", false, "its port" },
	{ "ft", false, "name of the frontend, ~ behind it for TLS" },
	{ "hr", true, "captured headers of the request" },
	{ "hrl", true, "the same, as a list" },
	{ "hs", true, "captured headers of the answer" },
	{ "hsl", true, "the same, as a list" },
	{ "lc", false, "number of the log line" },
	{ "ms", false, "milliseconds of the accept date" },
	{ "o", false, "only sets flags" },
	{ "pid", false, "number of the process" },
	{ "r", true, "request" },
	{ "rc", false, "retries" },
	{ "rt", false, "number of the request" },
	{ "s", false, "name of the server" },
	{ "sc", false, "connections of the server" },
	{ "si", false, "address of the server" },
	{ "sp", false, "port of the server" },
	{ "sq", false, "sessions ahead in the server's queue" },
	{ "sslc", false, "cipher" },
	{ "sslv", false, "version of TLS" },
	{ "t", false, "date, local, with milliseconds" },
	{ "tr", true, "date of the request" },
	{ "trg", true, "the same, UTC" },
	{ "trl", true, "the same, local" },
	{ "ts", false, "how the session ended" },
	{ "tsc", true, "the same, with cookies" },
	{ NULL, false, NULL }
};

static const struct {
	const char *name;
	unsigned bit;
} flag_rows[] = {
	{ "Q", LB_PART_QUOTED }, { "X", LB_PART_HEX },
	{ "E", LB_PART_ESCAPED }, { "json", LB_PART_JSON },
	{ "cbor", LB_PART_CBOR }, { "bin", LB_PART_BIN }, { "M", 0 },
};

struct walk {
	struct lb_parse *parse;
	const struct lb_place *place;
	const char *at;
	unsigned may;
	unsigned flags;			/* of %o, for all that follows */
	struct lb_format *format;
	unsigned room;
	struct why why;
};

static struct lb_part *
add(struct walk *w, enum lb_part_kind kind)
{
	struct lb_format *f = w->format;

	if (f->count == w->room) {
		struct lb_part *more;

		w->room = w->room == 0 ? 8 : w->room * 2;
		more = lb_parse_get(w->parse, w->room * sizeof *more);
		if (f->count > 0)
			memcpy(more, f->parts, f->count * sizeof *more);
		f->parts = more;
	}
	f->parts[f->count].kind = kind;
	return &f->parts[f->count++];
}

/* {+Q,-X}: what it changes. -1: told in why. */
static int
take_flags(struct walk *w, unsigned *set, unsigned *unset)
{
	const char *end = strchr(w->at, '}');
	struct text rest, one;

	if (end == NULL)
		return why_set(&w->why, "missing '}' in '%s'", w->at);
	rest = (struct text){ w->at + 1, (size_t)(end - w->at - 1) };
	w->at = end + 1;
	while (text_word(&rest, ", ", &one)) {
		bool on = one.at[0] != '-';
		size_t i = 0;

		if (one.at[0] == '+' || one.at[0] == '-')
			one = text_from(one, 1);
		while (i < sizeof flag_rows / sizeof *flag_rows &&
		    !text_is(one, flag_rows[i].name))
			i++;
		if (i == sizeof flag_rows / sizeof *flag_rows)
			lb_parse_warn_at(w->parse, w->place, "no such "
			    "log-format flag '%.*s'; it is ignored.",
			    TEXT_ARG(one));
		else
			*(on ? set : unset) |= flag_rows[i].bit;
	}
	return 0;
}

/* (name) or (name:type): for JSON. */
static int
take_label(struct walk *w, const char **name)
{
	const char *end = strchr(w->at, ')');

	if (end == NULL)
		return why_set(&w->why, "missing ')' in '%s'", w->at);
	*name = arena_copy(w->parse->arena,
	    (struct text){ w->at + 1, (size_t)(end - w->at - 1) });
	w->at = end + 1;
	return 0;
}

/* [expr]: brackets inside belong to arguments or to quotes. */
static int
take_expression(struct walk *w, unsigned flags, const char *label)
{
	const char *from = w->at + 1, *end = from;
	int depth = 0;
	char quote = 0;
	struct lb_part *part;
	const struct lb_expr *e;

	for (; *end != '\0' && (quote != 0 || depth > 0 || *end != ']');
	    end++) {
		depth += quote == 0 && *end == '(';
		depth -= quote == 0 && *end == ')';
		if (quote != 0 && *end == quote)
			quote = 0;
		else if (quote == 0 && (*end == '"' || *end == '\''))
			quote = *end;
	}
	if (*end == '\0')
		return why_set(&w->why, "missing ']' in '%s'", w->at);
	w->at = end + 1;
	e = lb_expression_text(w->parse, arena_copy(w->parse->arena,
	    (struct text){ from, (size_t)(end - from) }), NULL,
	    "log-format", &w->why);
	if (e == NULL)
		return -1;
	if (!(e->fetch->from & (w->may | LB_FROM_INTERNAL |
	    LB_FROM_CONSTANT)))
		lb_parse_warn_at(w->parse, w->place, "'%s' may never have a "
		    "value in this place.", e->text);
	part = add(w, LB_PART_EXPR);
	part->expr = e;
	part->flags = flags;
	part->text = label;
	w->format->from |= e->fetch->from;
	return 0;
}

static int
take_alias(struct walk *w, unsigned flags, const char *label)
{
	const struct lb_alias *a = lb_alias_rows;
	struct lb_part *part;
	struct text name = { w->at, 0 };

	while (isalpha((unsigned char)w->at[name.len]))
		name.len++;
	if (name.len == 0 && *w->at == '\0')
		return why_set(&w->why, "truncated behind '%%'");
	while (a->name != NULL && !text_is(name, a->name))
		a++;
	if (a->name == NULL)
		return why_set(&w->why, "no such format alias '%.*s'. If you "
		    "wanted to emit the '%%' character verbatim, you need to "
		    "use '%%%%'", name.len == 0 ? 1 : (int)name.len, w->at);
	w->at += name.len;
	if (text_is(name, "o")) {
		w->flags = flags;
		return 0;
	}
	part = add(w, LB_PART_ALIAS);
	part->alias = a;
	part->flags = flags;
	part->text = label;
	return 0;
}

/* At the percent sign. */
static int
take_variable(struct walk *w)
{
	unsigned set = 0, unset = 0;
	const char *label = NULL;

	w->at++;
	if (*w->at == '%') {
		add(w, LB_PART_TEXT)->text = "%";
		w->at++;
		return 0;
	}
	if (*w->at == '(' && take_label(w, &label) < 0)
		return -1;
	if (*w->at == '{' && take_flags(w, &set, &unset) < 0)
		return -1;
	set = (w->flags | set) & ~unset;
	if (*w->at == '[')
		return take_expression(w, set, label);
	return take_alias(w, set, label);
}

const struct lb_format *
lb_logformat_read(struct lb_parse *p, const struct lb_place *place,
    const char *text, unsigned may, struct why *why)
{
	struct lb_format *f = lb_parse_get(p, sizeof *f);
	struct walk w = { .parse = p, .place = place, .at = text,
	    .may = may, .format = f };

	f->place = *place;
	f->text = text;
	while (*w.at != '\0') {
		size_t len = strcspn(w.at, "%");

		if (len > 0) {
			add(&w, LB_PART_TEXT)->text = arena_copy(p->arena,
			    (struct text){ w.at, len });
			w.at += len;
		} else if (take_variable(&w) < 0) {
			why_set(why, "%s", w.why.line);
			return NULL;
		}
	}
	return f;
}

const struct lb_format *
lb_logformat_plain(struct lb_parse *p, const char *text)
{
	struct lb_format *f = lb_parse_get(p, sizeof *f);
	struct walk w = { .parse = p, .place = &p->place, .at = text,
	    .format = f };

	f->place = p->place;
	f->text = text;
	add(&w, LB_PART_TEXT)->text = text;
	return f;
}
