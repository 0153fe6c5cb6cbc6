/* SPDX-License-Identifier: ISC */
/* script.c - the words of tcp-check and http-check lines; see script.h. */
#include <stdlib.h>

#include "balancer/addresses.h"
#include "balancer/expression.h"
#include "balancer/parse.h"
#include "balancer/script.h"
#include "balancer/value.h"

struct walk {
	struct lb_parse *parse;
	const struct lb_words *words;
	unsigned at;
	const char *line;		/* "tcp-check" or "http-check" */
	struct lb_step *step;
	struct why why;
};

static bool
refuse(struct walk *w, const char *text)
{
	lb_parse_alert(w->parse, "'%s %s' : %s.", w->line, w->words->at[1],
	    text);
	return false;
}

static const char *
peek(const struct walk *w)
{
	return w->at < w->words->count ? w->words->at[w->at] : NULL;
}

static bool
take(struct walk *w, const char *word)
{
	if (peek(w) == NULL || strcmp(peek(w), word) != 0)
		return false;
	w->at++;
	return true;
}

/* The word behind an option. */
static bool
value(struct walk *w, const char **to)
{
	*to = peek(w);
	if (*to == NULL)
		return refuse(w, "a value is missing at the end of the line");
	w->at++;
	return true;
}

static bool
number(struct walk *w, int64_t least, int64_t most, int64_t *to)
{
	const char *word;

	if (!value(w, &word))
		return false;
	return lb_value_number(word, least, most, to, &w->why) == 0 ||
	    refuse(w, w->why.line);
}

static bool
format(struct walk *w, const struct lb_format **to)
{
	const char *word;

	if (!value(w, &word))
		return false;
	*to = lb_logformat_read(w->parse, &w->words->place, word, ~0u,
	    &w->why);
	return *to != NULL || refuse(w, w->why.line);
}

static bool
expression(struct walk *w, const struct lb_expr **to)
{
	if (peek(w) == NULL)
		return refuse(w, "an expression is missing");
	*to = lb_expression_read(w->parse, w->words, &w->at, "check",
	    &w->why);
	return *to != NULL || refuse(w, w->why.line);
}

static int
digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static bool
hex(struct walk *w, const char *s, struct text *to)
{
	size_t len = strlen(s);
	char *bytes = lb_parse_get(w->parse, len / 2 + 1);

	*to = (struct text){ bytes, len / 2 };
	if (len % 2 != 0)
		return refuse(w, "an even number of hexadecimal digits is "
		    "expected");
	for (size_t i = 0; i < len; i += 2) {
		if (digit(s[i]) < 0 || digit(s[i + 1]) < 0)
			return refuse(w, "hexadecimal digits are expected");
		bytes[i / 2] = (char)(digit(s[i]) * 16 + digit(s[i + 1]));
	}
	return true;
}

/* ---- connect ----------------------------------------------------------- */

static bool
connect_port(struct walk *w)
{
	const char *word = peek(w);
	int64_t n;

	if (word != NULL && *word >= '0' && *word <= '9') {
		if (!number(w, 1, 65535, &n))
			return false;
		w->step->connect.port = (uint16_t)n;
		return true;
	}
	return expression(w, &w->step->connect.port_expr);
}

static bool
connect_addr(struct walk *w)
{
	struct lb_address *a = lb_parse_get(w->parse, sizeof *a);
	const char *word;

	if (!value(w, &word))
		return false;
	w->step->connect.addr = a;
	return lb_addresses_read(w->parse->arena, text_of(word),
	    LB_ADDRESS_MAY_NAME | LB_ADDRESS_MAY_UNIX, a, &w->why) == 0 ||
	    refuse(w, w->why.line);
}

static bool
read_connect(struct walk *w)
{
	struct lb_step *s = w->step;

	if (take(w, "default"))
		s->connect.usual = true;
	while (peek(w) != NULL) {
		bool ok = true;

		if (take(w, "port"))
			ok = connect_port(w);
		else if (take(w, "addr"))
			ok = connect_addr(w);
		else if (take(w, "send-proxy"))
			s->connect.send_proxy = true;
		else if (take(w, "via-socks4"))
			s->connect.socks4 = true;
		else if (take(w, "linger"))
			s->connect.linger = true;
		else if (take(w, "ssl"))
			s->connect.ssl = true;
		else if (take(w, "sni"))
			ok = value(w, &s->connect.sni);
		else if (take(w, "alpn"))
			ok = value(w, &s->connect.alpn);
		else if (take(w, "proto"))
			ok = value(w, &s->connect.proto);
		else if (take(w, "comment"))
			ok = value(w, &s->comment);
		else
			ok = refuse(w, "expects 'comment', 'port', 'addr', "
			    "'ssl', 'send-proxy', 'via-socks4', 'linger', "
			    "'sni', 'alpn' or 'proto'");
		if (!ok)
			return false;
	}
	return true;
}

/* ---- send -------------------------------------------------------------- */

static bool
read_tcp_send(struct walk *w)
{
	const char *kind = w->words->at[1], *word;
	struct lb_step *s = w->step;

	s->send.binary = strncmp(kind, "send-binary", 11) == 0;
	if (strcmp(kind, "send-lf") == 0 ||
	    strcmp(kind, "send-binary-lf") == 0) {
		if (!format(w, &s->send.format))
			return false;
	} else {
		if (!value(w, &word))
			return false;
		s->send.data = text_of(word);
		if (*word == '\0')
			return refuse(w, "expects a string as argument");
		if (s->send.binary && !hex(w, word, &s->send.data))
			return false;
	}
	if (take(w, "comment") && !value(w, &s->comment))
		return false;
	return peek(w) == NULL || refuse(w, "expects 'comment'");
}

static bool
send_header(struct walk *w)
{
	struct lb_step *s = w->step;
	unsigned n = s->send.header_count;
	const char **names = lb_parse_get(w->parse, (n + 1) * sizeof *names);
	const struct lb_format **values = lb_parse_get(w->parse,
	    (n + 1) * sizeof *values);

	for (unsigned i = 0; i < n; i++) {
		names[i] = s->send.header_names[i];
		values[i] = s->send.header_values[i];
	}
	s->send.header_names = names;
	s->send.header_values = values;
	s->send.header_count = n + 1;
	return value(w, &names[n]) && format(w, &values[n]);
}

static bool
read_http_send(struct walk *w)
{
	struct lb_step *s = w->step;

	while (peek(w) != NULL) {
		bool ok;

		if (take(w, "meth"))
			ok = value(w, &s->send.method);
		else if (take(w, "uri"))
			ok = value(w, &s->send.uri);
		else if (take(w, "uri-lf"))
			ok = format(w, &s->send.uri_format);
		else if (take(w, "ver"))
			ok = value(w, &s->send.version);
		else if (take(w, "hdr"))
			ok = send_header(w);
		else if (take(w, "body"))
			ok = value(w, &s->send.body);
		else if (take(w, "body-lf"))
			ok = format(w, &s->send.body_format);
		else if (take(w, "comment"))
			ok = value(w, &s->comment);
		else
			ok = refuse(w, "expects 'comment', 'meth', 'uri', "
			    "'uri-lf', 'ver', 'hdr', 'body' or 'body-lf'");
		if (!ok)
			return false;
	}
	return true;
}

/* ---- expect ------------------------------------------------------------ */

static const struct {
	const char *name;
	enum lb_expect what;
	bool tcp, http;
} expects[] = {
	{ "binary", LB_EXPECT_BINARY, true, false },
	{ "binary-lf", LB_EXPECT_BINARY_FORMAT, true, false },
	{ "fhdr", LB_EXPECT_FULL_HEADER, false, true },
	{ "hdr", LB_EXPECT_HEADER, false, true },
	{ "rbinary", LB_EXPECT_RBINARY, true, false },
	{ "rstatus", LB_EXPECT_RSTATUS, false, true },
	{ "rstring", LB_EXPECT_RSTRING, true, true },
	{ "status", LB_EXPECT_STATUS, false, true },
	{ "string", LB_EXPECT_STRING, true, true },
	{ "string-lf", LB_EXPECT_STRING_FORMAT, true, true },
};

/* "200,300-399" */
static bool
spans(struct walk *w, const char *word)
{
	struct lb_step *s = w->step;
	struct text rest = text_of(word), one;
	unsigned count = 1;

	for (const char *c = word; *c != '\0'; c++)
		count += *c == ',';
	s->expect.spans = lb_parse_get(w->parse,
	    count * sizeof *s->expect.spans);
	while (text_split(&rest, ',', &one)) {
		struct lb_span *span =
		    &s->expect.spans[s->expect.span_count++];
		char *text = arena_copy(w->parse->arena, one), *end;

		span->least = span->most = (int)strtol(text, &end, 10);
		if (*end == '-' && end != text)
			span->most = (int)strtol(end + 1, &end, 10);
		if (*end != '\0' || one.len == 0 || span->least < 0 ||
		    span->most > 999 || span->most < span->least)
			return refuse(w, "expects status codes and ranges as "
			    "200,300-399");
	}
	return true;
}

static bool
header_match(struct walk *w, enum lb_match *to)
{
	static const struct {
		const char *name;
		enum lb_match match;
	} rows[] = {
		{ "str", LB_MATCH_STR }, { "beg", LB_MATCH_BEG },
		{ "end", LB_MATCH_END }, { "sub", LB_MATCH_SUB },
		{ "reg", LB_MATCH_REG },
	};
	const char *word;

	*to = LB_MATCH_STR;
	if (!take(w, "-m"))
		return true;
	if (!value(w, &word))
		return false;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].name, word) == 0) {
			*to = rows[i].match;
			return true;
		}
	return refuse(w, "unknown matching method of a header");
}

/* [-m METHOD] TEXT, behind name or value; as a format behind name-lf. */
static bool
header_part(struct walk *w, bool as_format, enum lb_match *how,
    const struct lb_format **to)
{
	const char *word;

	if (!header_match(w, how))
		return false;
	if (as_format)
		return format(w, to);
	if (!value(w, &word))
		return false;
	*to = lb_logformat_plain(w->parse, word);
	return true;
}

/* name|name-lf [-m m] N [value|value-lf [-m m] V] */
static bool
expect_header(struct walk *w)
{
	struct lb_step *s = w->step;
	bool as_format = take(w, "name-lf");

	if (!as_format && !take(w, "name"))
		return refuse(w, "expects 'name' behind hdr");
	if (!header_part(w, as_format, &s->expect.name_match,
	    &s->expect.name_format))
		return false;
	as_format = take(w, "value-lf");
	if (!as_format && !take(w, "value"))
		return true;
	s->expect.has_value = true;
	return header_part(w, as_format, &s->expect.value_match,
	    &s->expect.value_format);
}

static bool
expect_pattern(struct walk *w, enum lb_expect what)
{
	struct lb_step *s = w->step;
	const char *word;

	s->expect.what = what;
	if (what == LB_EXPECT_HEADER || what == LB_EXPECT_FULL_HEADER)
		return expect_header(w);
	if (what == LB_EXPECT_STRING_FORMAT ||
	    what == LB_EXPECT_BINARY_FORMAT)
		return format(w, &s->expect.format);
	if (!value(w, &word))
		return false;
	s->expect.pattern = text_of(word);
	if (what == LB_EXPECT_STATUS)
		return spans(w, word);
	if (what == LB_EXPECT_BINARY)
		return hex(w, word, &s->expect.pattern);
	return *word != '\0' || refuse(w, "expects a pattern");
}

/* 1: an option was taken; 0: it is none; -1: told. */
static int
expect_option(struct walk *w)
{
	struct lb_step *s = w->step;
	int64_t n;
	bool ok;

	if (take(w, "min-recv")) {
		ok = number(w, -1, INT32_MAX, &n);
		s->expect.least_bytes = ok ? (int)n : -1;
	} else if (take(w, "comment")) {
		ok = value(w, &s->comment);
	} else if (take(w, "ok-status")) {
		ok = value(w, &s->expect.ok_status);
	} else if (take(w, "error-status")) {
		ok = value(w, &s->expect.error_status);
	} else if (take(w, "tout-status")) {
		ok = value(w, &s->expect.tout_status);
	} else if (take(w, "on-success")) {
		ok = format(w, &s->expect.on_success);
	} else if (take(w, "on-error")) {
		ok = format(w, &s->expect.on_error);
	} else if (take(w, "status-code")) {
		ok = expression(w, &s->expect.status_code);
	} else {
		return 0;
	}
	return ok ? 1 : -1;
}

static bool
known_status(struct walk *w, const char *status)
{
	static const char *const names[] = { "L7OK", "L7OKC", "L6OK", "L4OK",
	    "L7RSP", "L7STS", "L6RSP", "L4CON", "L7TOUT", "L6TOUT",
	    "L4TOUT" };

	if (status == NULL)
		return true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(status, names[i]) == 0)
			return true;
	return refuse(w, "unknown check status");
}

static bool
read_expect(struct walk *w)
{
	struct lb_step *s = w->step;
	bool found = false;

	s->expect.least_bytes = -1;
	while (peek(w) != NULL) {
		size_t i = 0;
		int code = expect_option(w);

		if (code < 0)
			return false;
		if (code > 0)
			continue;
		if (take(w, "!")) {
			s->expect.negated = !s->expect.negated;
			continue;
		}
		while (i < sizeof expects / sizeof *expects &&
		    (strcmp(expects[i].name, peek(w)) != 0 ||
		    !(s->http ? expects[i].http : expects[i].tcp)))
			i++;
		if (found || i == sizeof expects / sizeof *expects) {
			lb_parse_alert(w->parse, "'%s expect' : unexpected "
			    "'%s'.", w->line, peek(w));
			return false;
		}
		w->at++;
		if (!expect_pattern(w, expects[i].what))
			return false;
		found = true;
	}
	return (found || refuse(w, "expects a pattern")) &&
	    known_status(w, s->expect.ok_status) &&
	    known_status(w, s->expect.error_status) &&
	    known_status(w, s->expect.tout_status);
}

/* ---- the rest ---------------------------------------------------------- */

static bool
read_comment(struct walk *w)
{
	if (!value(w, &w->step->comment))
		return false;
	return peek(w) == NULL || refuse(w, "expects a string as argument");
}

static bool
read_var(struct walk *w)
{
	const char *word = w->words->at[1], *open = strchr(word, '(');
	struct lb_step *s = w->step;
	struct text rest, name = TEXT_NONE;

	rest = open == NULL ? TEXT("") : text_of(open + 1);
	if (text_ends(rest, ")"))
		rest.len--;
	text_split(&rest, ',', &name);
	s->var.name = arena_copy(w->parse->arena, name);
	if (rest.at != NULL)
		s->var.when = arena_copy(w->parse->arena, rest);
	if (lb_expression_variable(s->var.name, &w->why) < 0)
		return refuse(w, w->why.line);
	if (s->kind == LB_STEP_SET_VAR)
		return expression(w, &s->var.expr);
	return s->kind == LB_STEP_UNSET_VAR || format(w, &s->var.format);
}

static const struct {
	const char *name;
	enum lb_step_kind kind;
	bool prefix, tcp, http;
	bool (*read)(struct walk *);
} kinds[] = {
	{ "comment", LB_STEP_COMMENT, false, true, true, read_comment },
	{ "connect", LB_STEP_CONNECT, false, true, true, read_connect },
	{ "expect", LB_STEP_EXPECT, false, true, true, read_expect },
	{ "send", LB_STEP_SEND, false, true, false, read_tcp_send },
	{ "send", LB_STEP_SEND, false, false, true, read_http_send },
	{ "send-binary", LB_STEP_SEND, false, true, false, read_tcp_send },
	{ "send-binary-lf", LB_STEP_SEND, false, true, false,
	    read_tcp_send },
	{ "send-lf", LB_STEP_SEND, false, true, false, read_tcp_send },
	{ "set-var(", LB_STEP_SET_VAR, true, true, true, read_var },
	{ "set-var-fmt(", LB_STEP_SET_VAR_FORMAT, true, true, true,
	    read_var },
	{ "unset-var(", LB_STEP_UNSET_VAR, true, true, true, read_var },
};

struct lb_step *
lb_script_read(struct lb_parse *p, const struct lb_words *words, bool http)
{
	struct walk w = { .parse = p, .words = words, .at = 2,
	    .line = http ? "http-check" : "tcp-check" };
	const char *word = words->at[words->count > 1];

	w.step = lb_parse_get(p, sizeof *w.step);
	w.step->place = words->place;
	w.step->http = http;
	if (words->count < 2)
		word = "";
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		if (!(http ? kinds[i].http : kinds[i].tcp) ||
		    (kinds[i].prefix ?
		    strncmp(word, kinds[i].name, strlen(kinds[i].name)) :
		    strcmp(word, kinds[i].name)) != 0)
			continue;
		w.step->kind = kinds[i].kind;
		return kinds[i].read(&w) ? w.step : NULL;
	}
	lb_parse_alert(p, "'%s' : expects 'comment', 'connect', 'send', "
	    "'expect', 'set-var', 'set-var-fmt' or 'unset-var' (got '%s').",
	    w.line, word);
	return NULL;
}
