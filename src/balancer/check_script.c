/* SPDX-License-Identifier: ISC */
/*
 * check_script.c - tcp-check and http-check: the user's steps, one after the
 * other, over one or more connections. Loop 0.
 */
#include <ctype.h>
#include <regex.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "balancer/casting.h"
#include "balancer/check_kinds.h"
#include "balancer/logformat.h"
#include "balancer/script.h"
#include "balancer/sketch.h"
#include "base/mem.h"
#include "base/number.h"

enum { REQUEST_MOST = 16384 };

static void go_on(struct lb_check *);

static const struct lb_check_conf *
conf_of(const struct lb_check *c)
{
	return &c->server->proxy->conf->check;
}

static const struct lb_step *
step_of(const struct lb_check *c)
{
	const struct lb_check_conf *conf = conf_of(c);

	return c->step < conf->steps.count ? conf->steps.at[c->step] : NULL;
}

/* What formats and expressions of the script may look at. */
static struct lb_sketch
sketch_of(struct lb_check *c)
{
	return (struct lb_sketch){
		.server = c->server,
		.variables = &c->variables,
		.got = { c->got != NULL ? c->got : "", c->got_len },
		.fd = c->conn != NULL ? conn_fd(c->conn) : -1,
	};
}

static size_t
print_format(struct lb_check *c, const struct lb_format *f, char *to,
    size_t room)
{
	struct lb_sketch k = sketch_of(c);

	return lb_sketch_format(&k, f, to, room);
}

/* ---- how a step is named in texts -------------------------------------- */

static bool
connects_itself(const struct lb_check_conf *conf)
{
	for (unsigned i = 0; i < conf->steps.count; i++)
		if (!lb_script_is_aside(conf->steps.at[i]))
			return conf->steps.at[i]->kind == LB_STEP_CONNECT;
	return false;
}

/* From 1; comments count, a connect that nobody wrote does not. */
static unsigned
number_of(const struct lb_check *c)
{
	return c->step + 1;
}

/* Its own comment, or the nearest before it. */
static const char *
comment_of(const struct lb_check *c)
{
	const struct lb_check_conf *conf = conf_of(c);
	const struct lb_step *s = step_of(c);

	if (s != NULL && s->comment != NULL)
		return s->comment;
	for (unsigned i = c->step; i-- > 0; )
		if (conf->steps.at[i]->kind == LB_STEP_COMMENT)
			return conf->steps.at[i]->comment;
	return NULL;
}

static void
print_kind(const struct lb_step *s, char *to, size_t room)
{
	switch (s->kind) {
	case LB_STEP_CONNECT:
		if (s->connect.port != 0)
			snprintf(to, room, "connect port %u",
			    s->connect.port);
		else
			snprintf(to, room, "connect");
		break;
	case LB_STEP_SEND:
		snprintf(to, room, "send");
		break;
	case LB_STEP_EXPECT:
		if (s->expect.what == LB_EXPECT_STRING)
			snprintf(to, room, "expect string '%.*s'",
			    TEXT_ARG(s->expect.pattern));
		else if (s->expect.what == LB_EXPECT_BINARY)
			snprintf(to, room, "expect binary '%.*s'",
			    TEXT_ARG(s->expect.pattern));
		else if (s->expect.what == LB_EXPECT_RSTRING ||
		    s->expect.what == LB_EXPECT_RBINARY)
			snprintf(to, room, "expect regex");
		else
			snprintf(to, room, "expect");
		break;
	default:
		to[0] = '\0';
	}
}

static void
describe(const struct lb_check *c, char *to, size_t room)
{
	const struct lb_step *s = step_of(c);
	const char *comment = comment_of(c);
	char kind[160];
	int len;

	if (conf_of(c)->steps.count == 0 || s == NULL) {
		to[0] = '\0';
		return;
	}
	if (!c->connected && !connects_itself(conf_of(c))) {
		snprintf(to, room, " at step 1 of tcp-check (connect)");
		return;
	}
	print_kind(s, kind, sizeof kind);
	len = snprintf(to, room, " at step %u of %s (%s)", number_of(c),
	    s->http ? "http-check" : "tcp-check", kind);
	if (comment != NULL && len > 0 && (size_t)len < room)
		snprintf(to + len, room - (size_t)len, " comment: '%s'",
		    comment);
}

static void fail(struct lb_check *, enum lb_check_status, int code,
    const char *, ...) __attribute__((format(printf, 4, 5)));

/* What the expect at this step asks for instead of the usual. */
static enum lb_check_status
status_as(const char *word, enum lb_check_status usual)
{
	for (unsigned i = 0; word != NULL && i < LB_CHECK_STATUSES; i++)
		if (strcmp(lb_check_rows[i].word, word) == 0)
			return (enum lb_check_status)i;
	return usual;
}

static int
code_as(struct lb_check *c, const struct lb_step *s, int usual)
{
	struct lb_sketch k = sketch_of(c);
	struct lb_value v;

	return s->expect.status_code != NULL &&
	    lb_sketch_value(&k, s->expect.status_code, &v) &&
	    lb_casting_number(&v) ? (int)v.number : usual;
}

/* At an expect: as it says with on-error and the like, or as told here. */
static void
fail(struct lb_check *c, enum lb_check_status status, int code,
    const char *fmt, ...)
{
	const struct lb_step *s = step_of(c);
	const char *comment = comment_of(c), *mark = "'";
	char text[LB_CHECK_TEXT];
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	if (s != NULL && s->kind == LB_STEP_EXPECT) {
		status = status_as(s->expect.error_status, status);
		code = code_as(c, s, code);
		if (s->expect.on_error != NULL) {
			len = (int)print_format(c, s->expect.on_error, text,
			    sizeof text);
			mark = "";
		}
	}
	if (comment != NULL && len > 0 && (size_t)len < sizeof text)
		snprintf(text + len, sizeof text - (size_t)len,
		    " comment: %s%s%s", mark, comment, mark);
	lb_check_end(c, status, code, text);
}

/* ---- matching ---------------------------------------------------------- */

static bool
matches_regex(const char *pattern, struct text t)
{
	regex_t re;
	char *copy;
	bool found = false;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return false;
	copy = mem_copy(t);
	if (copy != NULL)
		found = regexec(&re, copy, 0, NULL, 0) == 0;
	mem_drop(copy);
	regfree(&re);
	return found;
}

static bool
contains(struct text t, struct text part)
{
	return part.len == 0 ||
	    memmem(t.at, t.len, part.at, part.len) != NULL;
}

/* Of the whole, as hex digits: what rbinary looks at. */
static bool
matches_hex(const char *pattern, struct text t)
{
	static const char digits[] = "0123456789ABCDEF";
	char *hex = mem_get(t.len * 2 + 1);
	bool found;

	if (hex == NULL)
		return false;
	for (size_t i = 0; i < t.len; i++) {
		hex[2 * i] = digits[(unsigned char)t.at[i] >> 4];
		hex[2 * i + 1] = digits[(unsigned char)t.at[i] & 15];
	}
	found = matches_regex(pattern, (struct text){ hex, t.len * 2 });
	mem_drop(hex);
	return found;
}

static size_t
from_hex(char *t, size_t len)
{
	size_t out = 0;
	int64_t byte;

	for (size_t i = 0; i + 1 < len; i += 2)
		if (number_int((struct text){ t + i, 2 }, 16, 0, 255, &byte,
		    NULL) == 0)
			t[out++] = (char)byte;
	return out;
}

static bool
matches(struct lb_check *c, const struct lb_step *s, struct text t)
{
	char pattern[4096];
	size_t len;

	switch (s->expect.what) {
	case LB_EXPECT_RSTRING:
		return matches_regex(s->expect.pattern.at, t);
	case LB_EXPECT_RBINARY:
		return matches_hex(s->expect.pattern.at, t);
	case LB_EXPECT_STRING_FORMAT:
	case LB_EXPECT_BINARY_FORMAT:
		len = print_format(c, s->expect.format, pattern,
		    sizeof pattern);
		if (s->expect.what == LB_EXPECT_BINARY_FORMAT)
			len = from_hex(pattern, len);
		return contains(t, (struct text){ pattern, len });
	default:
		return contains(t, s->expect.pattern);
	}
}

/* ---- sending ----------------------------------------------------------- */

static void
send_tcp(struct lb_check *c, const struct lb_step *s)
{
	char bytes[REQUEST_MOST];
	size_t len;

	if (s->send.format == NULL) {
		lb_check_say(c, s->send.data);
		return;
	}
	len = print_format(c, s->send.format, bytes, sizeof bytes);
	if (s->send.binary)
		len = from_hex(bytes, len);
	lb_check_say(c, (struct text){ bytes, len });
}

struct request {
	char at[REQUEST_MOST];
	size_t len;
};

static void put(struct request *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static void
put(struct request *r, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(r->at + r->len, sizeof r->at - r->len, fmt, ap);
	va_end(ap);
	if (n > 0)
		r->len += (size_t)n;
	if (r->len >= sizeof r->at)
		r->len = sizeof r->at - 1;
}

/* Names have no case: they are made small. */
static void
make_small(char *t)
{
	for (; *t != '\0'; t++)
		*t = (char)tolower((unsigned char)*t);
}

static bool
is_1_1(const char *version)
{
	return strcasecmp(version, "HTTP/1.1") == 0;
}

/* The state of the server, when the user wants it told. */
static void
put_state(struct request *r, const struct lb_check *c)
{
	const struct lb_server *s = c->server;
	char status[LB_SERVER_STATUS];

	put(r, "x-haproxy-server-state: %s; name=%s/%s; node=weir; "
	    "weight=%u/%u; scur=%u/%u; qcur=%u\r\n",
	    lb_server_status(s, status), s->proxy->conf->name,
	    s->conf->name, (s->eweight + LB_WEIGHT_SCALE - 1) /
	    LB_WEIGHT_SCALE, s->proxy->total_weight / LB_WEIGHT_SCALE,
	    s->served, s->proxy->served, s->queue.count);
}

/* step NULL: the request of option httpchk alone. */
static void
send_http(struct lb_check *c, const struct lb_step *s)
{
	const struct lb_check_conf *conf = conf_of(c);
	const char *method = s != NULL && s->send.method != NULL ?
	    s->send.method : conf->method;
	const char *version = s != NULL && s->send.version != NULL ?
	    s->send.version : conf->version;
	const char *uri = s != NULL && s->send.uri != NULL ? s->send.uri :
	    conf->uri;
	char name[256], value[4096], body[4096];
	size_t body_len = 0;
	struct request r = { .len = 0 };

	if (s != NULL && s->send.uri_format != NULL) {
		print_format(c, s->send.uri_format, value, sizeof value);
		uri = value;
	}
	put(&r, "%s %s %s\r\n", method != NULL ? method : "OPTIONS",
	    uri != NULL ? uri : "/", version != NULL ? version : "HTTP/1.0");
	if (conf->host != NULL)
		put(&r, "host: %s\r\n", conf->host);
	for (unsigned i = 0; s != NULL && i < s->send.header_count; i++) {
		print_format(c, s->send.header_values[i], value,
		    sizeof value);
		snprintf(name, sizeof name, "%s", s->send.header_names[i]);
		make_small(name);
		put(&r, "%s: %s\r\n", name, value);
	}
	if (conf->send_state)
		put_state(&r, c);
	if (s != NULL && s->send.body_format != NULL)
		body_len = print_format(c, s->send.body_format, body,
		    sizeof body);
	else if (s != NULL && s->send.body != NULL)
		body_len = (size_t)snprintf(body, sizeof body, "%s",
		    s->send.body);
	if (version != NULL && is_1_1(version))
		put(&r, "connection: close\r\n");
	if (body_len > 0)
		put(&r, "content-length: %zu\r\n", body_len);
	put(&r, "\r\n%.*s", (int)body_len, body_len > 0 ? body : "");
	lb_check_say(c, (struct text){ r.at, r.len });
}

/* ---- answers of HTTP --------------------------------------------------- */

struct answer {
	int status;			/* 0: it is no HTTP */
	struct text reason, head, body;
	bool whole_head, whole;
};

static int64_t
find_length(struct text head)
{
	struct text line;
	int64_t n;

	while (text_split(&head, '\n', &line)) {
		static const char name[] = "content-length:";

		if (line.len > sizeof name - 1 &&
		    strncasecmp(line.at, name, sizeof name - 1) == 0 &&
		    number_int(text_trim(text_from(line, sizeof name - 1)),
		    10, 0, INT64_MAX, &n, NULL) == 0)
			return n;
	}
	return -1;
}

static void
read_answer(struct text t, bool ended, struct answer *a)
{
	const char *end;
	int64_t length;

	memset(a, 0, sizeof *a);
	if (t.len < 12 || !text_begins(t, "HTTP/"))
		return;
	end = memmem(t.at, t.len, "\r\n\r\n", 4);
	a->head = t;
	if (end != NULL) {
		a->head.len = (size_t)(end - t.at);
		a->body = text_from(t, a->head.len + 4);
		a->whole_head = true;
	}
	a->status = (t.at[9] - '0') * 100 + (t.at[10] - '0') * 10 +
	    (t.at[11] - '0');
	if (a->status < 100 || a->status > 999)
		a->status = 0;
	a->reason = text_from(t, t.len > 13 ? 13 : t.len);
	end = a->reason.len > 0 ? memchr(a->reason.at, '\n', a->reason.len) :
	    NULL;
	if (end != NULL)
		a->reason.len = (size_t)(end - a->reason.at);
	a->reason = text_trim(a->reason);
	length = a->whole_head ? find_length(a->head) : -1;
	a->whole = ended || (length >= 0 && (int64_t)a->body.len >= length);
}

static bool
has_status(const struct lb_step *s, int status)
{
	for (unsigned i = 0; i < s->expect.span_count; i++)
		if (status >= s->expect.spans[i].least &&
		    status <= s->expect.spans[i].most)
			return true;
	return false;
}

static bool
fits(struct text t, enum lb_match how, const char *pattern)
{
	switch (how) {
	case LB_MATCH_STR:
		return text_is(t, pattern);
	case LB_MATCH_BEG:
		return text_begins(t, pattern);
	case LB_MATCH_END:
		return text_ends(t, pattern);
	case LB_MATCH_REG:
		return matches_regex(pattern, t);
	default:
		return contains(t, text_of(pattern));
	}
}

/* One of the values, or of the fields; commas part values of hdr. */
static bool
has_value(const struct lb_step *s, struct text values, const char *wanted)
{
	struct text one;

	if (s->expect.what == LB_EXPECT_FULL_HEADER)
		return fits(text_trim(values), s->expect.value_match, wanted);
	while (values.at != NULL && text_split(&values, ',', &one))
		if (fits(text_trim(one), s->expect.value_match, wanted))
			return true;
	return false;
}

static bool
has_header(struct lb_check *c, const struct lb_step *s, struct text head)
{
	char wanted[256], value[1024], own[256];
	struct text line, name;

	print_format(c, s->expect.name_format, wanted, sizeof wanted);
	if (s->expect.name_match != LB_MATCH_REG)
		make_small(wanted);
	if (s->expect.has_value)
		print_format(c, s->expect.value_format, value, sizeof value);
	while (text_split(&head, '\n', &line)) {
		if (!text_split(&line, ':', &name) || line.at == NULL)
			continue;
		snprintf(own, sizeof own, "%.*s", TEXT_ARG(name));
		make_small(own);
		if (fits(text_of(own), s->expect.name_match, wanted) &&
		    (!s->expect.has_value || has_value(s, line, value)))
			return true;
	}
	return false;
}

static void
end_http(struct lb_check *c, const struct answer *a, bool good)
{
	char text[LB_CHECK_TEXT];

	snprintf(text, sizeof text, "%.*s", TEXT_ARG(a->reason));
	if (good)
		lb_check_end(c, LB_CHECK_L7OK, a->status, NULL);
	else if (a->status == 404 && conf_of(c)->disable_on_404)
		lb_check_end(c, LB_CHECK_L7OKC, a->status, NULL);
	else
		fail(c, LB_CHECK_L7STS, a->status, "%s", text);
}

/* 1: it holds; 0: it does not, and the check has ended; -1: wait. */
static int
expect_http(struct lb_check *c, const struct lb_step *s, struct text t,
    bool ended)
{
	struct answer a;
	char code[8];
	bool found, by_status = s == NULL ||
	    (s->expect.what != LB_EXPECT_STRING &&
	    s->expect.what != LB_EXPECT_RSTRING &&
	    s->expect.what != LB_EXPECT_STRING_FORMAT);

	read_answer(t, ended, &a);
	if (!a.whole_head && !ended && (t.len < 5 ||
	    text_begins(t, "HTTP/")))
		return -1;
	if (a.status == 0 || !a.whole_head) {
		lb_check_end(c, LB_CHECK_L7RSP, -1, NULL);
		return 0;
	}
	if (s == NULL)
		found = a.status >= 200 && a.status < 400;
	else if (s->expect.what == LB_EXPECT_STATUS)
		found = has_status(s, a.status);
	else if (s->expect.what == LB_EXPECT_RSTATUS) {
		snprintf(code, sizeof code, "%d", a.status);
		found = matches_regex(s->expect.pattern.at, text_of(code));
	} else if (s->expect.what == LB_EXPECT_HEADER ||
	    s->expect.what == LB_EXPECT_FULL_HEADER)
		found = has_header(c, s, a.head);
	else {
		found = matches(c, s, a.body);
		if (!found && !a.whole)
			return -1;
	}
	if (s != NULL && s->expect.negated)
		found = !found;
	if (found) {
		c->part = (unsigned)a.status;
		return 1;
	}
	if (by_status)
		end_http(c, &a, false);
	else
		fail(c, LB_CHECK_L7RSP, a.status, "HTTP content check %s",
		    s->expect.negated ? "found unwanted content" :
		    "did not match");
	return 0;
}

/* ---- answers of TCP ---------------------------------------------------- */

static void
fail_tcp(struct lb_check *c, const struct lb_step *s, struct text t)
{
	unsigned n = number_of(c);
	bool regex = s->expect.what == LB_EXPECT_RSTRING ||
	    s->expect.what == LB_EXPECT_RBINARY;

	if (t.len == 0)
		fail(c, LB_CHECK_L7RSP, 0, "TCPCHK got an empty response at "
		    "step %u", n);
	else if (s->expect.negated && !regex)
		fail(c, LB_CHECK_L7RSP, 0, "TCPCHK matched unwanted content "
		    "'%.*s' at step %u", TEXT_ARG(s->expect.pattern), n);
	else if (regex)
		fail(c, LB_CHECK_L7RSP, 0, "TCPCHK %s (regex) at step %u",
		    s->expect.negated ? "matched unwanted content" :
		    "did not match content", n);
	else
		fail(c, LB_CHECK_L7RSP, 0, "TCPCHK did not match content "
		    "'%.*s' at step %u", TEXT_ARG(s->expect.pattern), n);
}

static int
expect_tcp(struct lb_check *c, const struct lb_step *s, struct text t,
    bool ended)
{
	bool found;

	if (!ended && (t.len == 0 || (s->expect.least_bytes > 0 &&
	    t.len < (size_t)s->expect.least_bytes)))
		return -1;
	found = t.len > 0 && matches(c, s, t);
	if (found != s->expect.negated && t.len > 0)
		return 1;
	/* A hit of what is not wanted decides; a miss may still come. */
	if (!ended && !s->expect.negated && s->expect.least_bytes < 0)
		return -1;
	fail_tcp(c, s, t);
	return 0;
}

/* ---- the walk ---------------------------------------------------------- */

/* The expect that the script ends with; NULL: it ends otherwise. */
static const struct lb_step *
last_expect(const struct lb_check_conf *conf)
{
	unsigned i = conf->steps.count;

	while (i > 0 && lb_script_is_aside(conf->steps.at[i - 1]))
		i--;
	return i > 0 && conf->steps.at[i - 1]->kind == LB_STEP_EXPECT ?
	    conf->steps.at[i - 1] : NULL;
}

static void
finish_as(struct lb_check *c, const struct lb_step *s, int code,
    const char *usual)
{
	char text[LB_CHECK_TEXT];
	enum lb_check_status status = status_as(s->expect.ok_status,
	    LB_CHECK_L7OK);

	code = code_as(c, s, code);
	if (s->expect.on_success != NULL)
		print_format(c, s->expect.on_success, text, sizeof text);
	lb_check_end(c, status, code, s->expect.on_success != NULL ? text :
	    usual);
}

static void
finish(struct lb_check *c)
{
	const struct lb_check_conf *conf = conf_of(c);
	const struct lb_step *last = last_expect(conf);
	bool spoke = false;

	for (unsigned i = 0; i < conf->steps.count; i++)
		spoke = spoke || conf->steps.at[i]->kind == LB_STEP_EXPECT ||
		    conf->steps.at[i]->kind == LB_STEP_SEND;
	if (conf->kind == LB_CHECK_HTTP) {
		struct answer a;

		read_answer((struct text){ c->got, c->got_len }, true, &a);
		if (last != NULL)
			finish_as(c, last, a.status, NULL);
		else
			end_http(c, &a, true);
	} else if (last != NULL)
		finish_as(c, last, 0, "(tcp-check)");
	else if (spoke)
		lb_check_end(c, LB_CHECK_L7OK, 0, "(tcp-check)");
	else
		lb_check_end(c, c->way.tls != NULL ? LB_CHECK_L6OK :
		    LB_CHECK_L4OK, -1, NULL);
}

static void
forget_answer(struct lb_check *c)
{
	if (c->got_len > 0)
		lb_check_eat(c, c->got_len);
}

/* How a connect step wants it; without "default" only what it says. */
static struct lb_check_way
way_of(struct lb_check *c, const struct lb_step *s)
{
	const struct lb_server_conf *conf = c->server->conf;
	struct lb_check_way way = { .linger = s->connect.linger };
	struct lb_sketch k = sketch_of(c);
	struct lb_value v;

	if (s->connect.usual)
		way = lb_check_usual_way(c);
	way.linger = s->connect.linger;
	if (s->connect.addr != NULL)
		way.to = s->connect.addr->sa;
	way.port = s->connect.port;
	if (s->connect.port_expr != NULL &&
	    lb_sketch_value(&k, s->connect.port_expr, &v) &&
	    lb_casting_number(&v))
		way.port = (uint16_t)v.number;
	if (s->connect.send_proxy)
		way.proxy = conf->send_proxy > 0 ? conf->send_proxy : 1;
	way.socks = (way.socks || s->connect.socks4) &&
	    conf->socks4.kind != LB_ADDRESS_NONE;
	if (s->connect.sni != NULL)
		way.sni = s->connect.sni;
	if (s->connect.ssl && way.tls == NULL && c->server->tls != NULL)
		way.tls = tls_hold(c->server->tls);
	if (way.tls != NULL && s->connect.alpn != NULL) {
		struct tls *base = way.tls;

		way.tls = tls_offering(base, s->connect.alpn);
		tls_drop(&base);
	}
	return way;
}

static void
change_variable(struct lb_check *c, const struct lb_step *s)
{
	struct lb_sketch k = sketch_of(c);

	if (s->kind == LB_STEP_UNSET_VAR)
		lb_sketch_unset(&k, s->var.name);
	else
		lb_sketch_set(&k, &(struct lb_sketch_rule){
		    .name = s->var.name, .when = s->var.when,
		    .expr = s->var.expr, .format = s->var.format });
}

/* Does one step; false: something must come first, or it has ended. */
static bool
do_step(struct lb_check *c, const struct lb_step *s)
{
	struct lb_check_way way;
	int outcome;

	switch (s->kind) {
	case LB_STEP_CONNECT:
		way = way_of(c, s);
		lb_check_redial(c, &way);
		return false;
	case LB_STEP_SEND:
		forget_answer(c);
		if (s->http)
			send_http(c, s);
		else
			send_tcp(c, s);
		break;
	case LB_STEP_EXPECT:
		outcome = (s->http ? expect_http : expect_tcp)(c, s,
		    (struct text){ c->got != NULL ? c->got : "", c->got_len },
		    c->ended);
		if (outcome <= 0)
			return false;
		break;
	case LB_STEP_SET_VAR:
	case LB_STEP_SET_VAR_FORMAT:
	case LB_STEP_UNSET_VAR:
		change_variable(c, s);
		break;
	case LB_STEP_COMMENT:
		break;
	}
	c->step++;
	return true;
}

static void
go_on(struct lb_check *c)
{
	const struct lb_step *s;

	while ((s = step_of(c)) != NULL)
		if (!do_step(c, s))
			return;
	finish(c);
}

static bool
is_first_connection(const struct lb_check *c)
{
	const struct lb_check_conf *conf = conf_of(c);

	for (unsigned i = 0; i < c->step; i++)
		if (!lb_script_is_aside(conf->steps.at[i]))
			return false;
	return true;
}

/* http-check without a send: the request of option httpchk goes first. */
static bool
has_kind(const struct lb_check_conf *conf, enum lb_step_kind kind)
{
	for (unsigned i = 0; i < conf->steps.count; i++)
		if (conf->steps.at[i]->kind == kind)
			return true;
	return false;
}

/* Up to the first connect; without one nothing is done before. */
static void
open_script(struct lb_check *c, struct lb_check_way *way)
{
	const struct lb_step *s;

	if (!connects_itself(conf_of(c)))
		return;
	while ((s = step_of(c))->kind != LB_STEP_CONNECT)
		do_step(c, s);
	tls_drop(&way->tls);
	*way = way_of(c, s);
}

static void
leave_connect(struct lb_check *c)
{
	const struct lb_step *s = step_of(c);

	if (s != NULL && s->kind == LB_STEP_CONNECT)
		c->step++;
}

static void
begin_tcp(struct lb_check *c)
{
	leave_connect(c);
	go_on(c);
}

static void
begin_http(struct lb_check *c)
{
	bool first = is_first_connection(c);
	const struct lb_step *s;

	leave_connect(c);
	if (first && !has_kind(conf_of(c), LB_STEP_SEND))
		send_http(c, NULL);
	if (has_kind(conf_of(c), LB_STEP_EXPECT))
		go_on(c);
	else {
		/* All is sent; then any good status will do. */
		while ((s = step_of(c)) != NULL)
			if (!do_step(c, s))
				return;
	}
}

static void
look_tcp(struct lb_check *c, struct text t, bool ended)
{
	c->ended = ended;
	go_on(c);
}

static void
look_http(struct lb_check *c, struct text t, bool ended)
{
	c->ended = ended;
	if (has_kind(conf_of(c), LB_STEP_EXPECT))
		go_on(c);
	else if (expect_http(c, NULL, t, ended) == 1)
		finish(c);
}

static enum lb_check_status
find_late(const struct lb_check *c)
{
	const struct lb_step *s = step_of(c);

	return status_as(s != NULL && s->kind == LB_STEP_EXPECT ?
	    s->expect.tout_status : NULL, LB_CHECK_L7TOUT);
}

const struct lb_check_variant lb_check_tcp = {
	.name = "tcp-check", .open = open_script, .begin = begin_tcp,
	.look = look_tcp,
	.describe = describe, .late = find_late,
};

const struct lb_check_variant lb_check_http = {
	.name = "http-check", .open = open_script, .begin = begin_http,
	.look = look_http,
	.describe = describe, .late = find_late,
};
