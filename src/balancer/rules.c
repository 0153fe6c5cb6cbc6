/* SPDX-License-Identifier: ISC */
/*
 * rules.c - what a rule may do, one row each, and the readers of what stands
 * behind an action; see rules.h.
 */
#include <stdlib.h>

#include "balancer/acl.h"
#include "balancer/expression.h"
#include "balancer/rule.h"
#include "balancer/rules.h"
#include "balancer/value.h"

/* ---- pieces ------------------------------------------------------------ */

static bool
is_cond(const char *word)
{
	return strcmp(word, "if") == 0 || strcmp(word, "unless") == 0;
}

static int
refuse(struct lb_parse *p, const struct lb_rule *r, const char *why)
{
	lb_parse_alert(p, "'%s' : %s.", r->action->name, why);
	return -1;
}

/* What stands in the parentheses of the action's word; "" when none. */
static char *
inside(struct lb_parse *p, const struct lb_words *w, unsigned at)
{
	const char *open = strchr(w->at[at - 1], '(');
	size_t len = open == NULL ? 0 : strlen(open + 1);

	if (len > 0 && open[len] == ')')
		len--;
	return arena_copy(p->arena, (struct text){
	    open == NULL ? "" : open + 1, len });
}

static const char *
need_word(struct lb_parse *p, const struct lb_words *w, unsigned *at,
    const struct lb_rule *r, const char *what)
{
	if (*at < w->count && !is_cond(w->at[*at]))
		return w->at[(*at)++];
	lb_parse_alert(p, "'%s' expects %s.", r->action->name, what);
	return NULL;
}

static int
read_expr(struct lb_parse *p, const struct lb_words *w, unsigned *at,
    struct lb_rule *r)
{
	struct why why;

	if (*at >= w->count || is_cond(w->at[*at]))
		return refuse(p, r, "expects an expression");
	r->expr = lb_expression_read(p, w, at, "rule", &why);
	return r->expr != NULL ? 0 : refuse(p, r, why.line);
}

static int
read_format_word(struct lb_parse *p, const char *word, struct lb_rule *r,
    const struct lb_format **to)
{
	struct why why;

	*to = lb_logformat_read(p, &p->place, word, ~0u, &why);
	return *to != NULL ? 0 : refuse(p, r, why.line);
}

/* A number, or an expression that gives one. */
static int
read_number_or_expr(struct lb_parse *p, const struct lb_words *w,
    unsigned *at, struct lb_rule *r)
{
	char *end;

	if (*at < w->count && *w->at[*at] != '\0') {
		r->number = strtoll(w->at[*at], &end, 0);
		if (*end == '\0') {
			++*at;
			return 0;
		}
	}
	return read_expr(p, w, at, r);
}

static int
read_count(struct lb_parse *p, const char *word, int64_t least, int64_t most,
    struct lb_rule *r, int64_t *to)
{
	struct why why;

	return lb_value_number(word, least, most, to, &why) == 0 ? 0 :
	    refuse(p, r, why.line);
}

/* ---- actions ----------------------------------------------------------- */

static int
read_layer4(struct lb_parse *p, const struct lb_words *w, unsigned *at,
    struct lb_rule *r)
{
	const char *word = need_word(p, w, at, r, "'layer4'");

	if (word != NULL && strcmp(word, "layer4") != 0)
		return refuse(p, r, "only 'layer4' is supported");
	return word == NULL ? -1 : 0;
}

static int
read_track(struct lb_parse *p, const struct lb_words *w, unsigned *at,
    struct lb_rule *r)
{
	const char *number = w->at[*at - 1] + strlen("track-sc");
	int64_t slot;

	if (read_count(p, number, 0, 99, r, &slot) < 0 ||
	    read_expr(p, w, at, r) < 0)
		return -1;
	r->slot = (unsigned)slot;
	if (*at < w->count && strcmp(w->at[*at], "table") == 0) {
		++*at;
		r->text = need_word(p, w, at, r, "the name of a table");
		if (r->text == NULL)
			return -1;
	}
	lb_parse_owe(p, LB_ARG_TABLE, r->text, "track-sc",
	    (const void **)(uintptr_t)&r->table);
	return 0;
}

/* (slot) or (index,slot). */
static int
read_slots(struct lb_parse *p, const struct lb_words *w, unsigned at,
    struct lb_rule *r, bool indexed)
{
	struct text rest = text_of(inside(p, w, at)), one;
	int64_t n[2] = { 0, 0 };
	unsigned count = 0;

	while (rest.len > 0 && count < 2 && text_split(&rest, ',', &one))
		if (read_count(p, arena_copy(p->arena, text_trim(one)), 0,
		    99, r, &n[count++]) < 0)
			return -1;
	if (indexed && count != 2)
		return refuse(p, r, "expects (<index>,<slot>)");
	r->index = indexed ? (unsigned)n[0] : 0;
	r->slot = (unsigned)n[indexed];
	return 0;
}

static int
read_inc(struct lb_parse *p, const struct lb_words *w, unsigned *at,
    struct lb_rule *r)
{
	if (strcmp(r->action->name, "sc-inc-gpc(*)") == 0)
		return read_slots(p, w, *at, r, true);
	if (read_slots(p, w, *at, r, false) < 0)
		return -1;
	r->index = strcmp(r->action->name, "sc-inc-gpc1(*)") == 0;
	return 0;
}

static int
read_set_tag(struct lb_parse *p, const struct lb_words *w, unsigned *at,
    struct lb_rule *r)
{
	bool indexed = strcmp(r->action->name, "sc-set-gpt0(*)") != 0;

	if (read_slots(p, w, *at, r, indexed) < 0)
		return -1;
	return read_number_or_expr(p, w, at, r);
}

static int
read_set_var(struct lb_parse *p, const struct lb_words *w, unsigned *at,
    struct lb_rule *r)
{
	struct text rest = text_of(inside(p, w, *at)), name = TEXT_NONE;
	struct why why;

	text_split(&rest, ',', &name);
	r->name = arena_copy(p->arena, name);
	r->text = rest.at;		/* ifexists and the like, or NULL */
	if (lb_expression_variable(r->name, &why) < 0)
		return refuse(p, r, why.line);
	if (r->action->act == LB_ACT_UNSET_VAR)
		return 0;
	if (r->action->act == LB_ACT_SET_VAR)
		return read_expr(p, w, at, r);
	if (*at >= w->count)
		return refuse(p, r, "expects a format");
	return read_format_word(p, w->at[(*at)++], r, &r->format);
}

static int
read_capture(struct lb_parse *p, const struct lb_words *w, unsigned *at,
    struct lb_rule *r)
{
	const char *word;

	if (read_expr(p, w, at, r) < 0)
		return -1;
	word = need_word(p, w, at, r, "'len' or 'id'");
	if (word == NULL)
		return -1;
	if (strcmp(word, "len") != 0 && strcmp(word, "id") != 0)
		return refuse(p, r, "expects 'len' or 'id' behind the "
		    "expression");
	r->text = word;
	word = need_word(p, w, at, r, "a number");
	return word == NULL ? -1 : read_count(p, word, 0, 65535, r,
	    &r->number);
}

static int
read_log_level(struct lb_parse *p, const struct lb_words *w, unsigned *at,
    struct lb_rule *r)
{
	static const char *const levels[] = { "emerg", "alert", "crit", "err",
	    "warning", "notice", "info", "debug" };
	const char *word = need_word(p, w, at, r, "a log level");

	if (word == NULL)
		return -1;
	for (unsigned i = 0; i < sizeof levels / sizeof *levels; i++)
		if (strcmp(word, levels[i]) == 0) {
			r->number = i;
			return 0;
		}
	r->number = -1;
	return strcmp(word, "silent") == 0 ? 0 : refuse(p, r,
	    "expects a log level (emerg to debug, or silent)");
}

static int
read_nice(struct lb_parse *p, const struct lb_words *w, unsigned *at,
    struct lb_rule *r)
{
	const char *word = need_word(p, w, at, r, "a number");

	return word == NULL ? -1 : read_count(p, word, -1024, 1024, r,
	    &r->number);
}

static int
read_silent_drop(struct lb_parse *p, const struct lb_words *w, unsigned *at,
    struct lb_rule *r)
{
	const char *word;

	if (*at >= w->count || strcmp(w->at[*at], "rst-ttl") != 0)
		return 0;
	++*at;
	word = need_word(p, w, at, r, "a number of hops");
	return word == NULL ? -1 : read_count(p, word, 0, 255, r, &r->number);
}

static int
read_do_resolve(struct lb_parse *p, const struct lb_words *w, unsigned *at,
    struct lb_rule *r)
{
	struct text rest = text_of(inside(p, w, *at)), name = TEXT_NONE,
	    resolvers = TEXT_NONE;
	struct why why;

	text_split(&rest, ',', &name);
	if (rest.at == NULL || !text_split(&rest, ',', &resolvers) ||
	    (rest.len > 0 && !text_is(rest, "ipv4") &&
	    !text_is(rest, "ipv6")))
		return refuse(p, r, "expects 'do-resolve(<varname>,<resolvers>"
		    "[,<options>]) <expr>'. Available options are 'ipv4' and "
		    "'ipv6'");
	r->name = arena_copy(p->arena, name);
	r->text = arena_copy(p->arena, resolvers);
	r->number = rest.at != NULL && text_is(rest, "ipv4");
	if (lb_expression_variable(r->name, &why) < 0)
		return refuse(p, r, why.line);
	return read_expr(p, w, at, r);
}

static int
read_realm(struct lb_parse *p, const struct lb_words *w, unsigned *at,
    struct lb_rule *r)
{
	if (*at < w->count && strcmp(w->at[*at], "realm") == 0) {
		++*at;
		r->text = need_word(p, w, at, r, "a realm");
		return r->text == NULL ? -1 : 0;
	}
	return 0;
}

static int
read_service(struct lb_parse *p, const struct lb_words *w, unsigned *at,
    struct lb_rule *r)
{
	const char *word = need_word(p, w, at, r, "the name of a service");

	if (word == NULL)
		return -1;
	if (strcmp(word, "prometheus-exporter") == 0)
		return 0;
	lb_parse_alert(p, "use-service '%s' is not known; this program has "
	    "'prometheus-exporter'.", word);
	return -1;
}

/* ---- answers ----------------------------------------------------------- */

static void
add_header(struct lb_parse *p, struct lb_answer *a, const char *name,
    const struct lb_format *value)
{
	unsigned n = a->header_count;
	const char **names = lb_parse_get(p, (n + 1) * sizeof *names);
	const struct lb_format **values = lb_parse_get(p,
	    (n + 1) * sizeof *values);

	for (unsigned i = 0; i < n; i++) {
		names[i] = a->header_names[i];
		values[i] = a->header_values[i];
	}
	names[n] = name;
	values[n] = value;
	a->header_names = names;
	a->header_values = values;
	a->header_count = n + 1;
}

/* The body: from a file or as it stands, raw or as a format. */
static int
read_body(struct lb_parse *p, const char *kind, const char *value,
    struct lb_rule *r, struct lb_answer *a)
{
	struct text t = text_of(value);
	struct why why;

	if (strstr(kind, "file") != NULL) {
		if (p->source->fetch == NULL)
			return 0;
		if (p->source->fetch(p->source->arg,
		    lb_parse_path(p, value), &t, &why) < 0) {
			lb_parse_alert(p, "'%s' : '%s' : %s.",
			    r->action->name, value, why.line);
			return -1;
		}
		t.at = arena_copy(p->arena, t);
	}
	if (strncmp(kind, "lf-", 3) == 0)
		return read_format_word(p, t.at, r, &a->body);
	a->raw = t.at;
	a->raw_len = t.len;
	return 0;
}

static int
read_answer(struct lb_parse *p, const struct lb_words *w, unsigned *at,
    struct lb_rule *r)
{
	struct lb_answer *a = lb_parse_get(p, sizeof *a);
	const struct lb_format *value;
	const char *word, *arg;

	r->answer = a;
	r->number = r->action->act == LB_ACT_RETURN ? 200 :
	    r->action->act == LB_ACT_TARPIT ? 500 : 403;
	while (*at < w->count && !is_cond(w->at[*at])) {
		word = w->at[(*at)++];
		if (strcmp(word, "default-errorfiles") == 0)
			continue;
		arg = need_word(p, w, at, r, "a value behind each option");
		if (arg == NULL)
			return -1;
		if (strcmp(word, "status") == 0 ||
		    strcmp(word, "deny_status") == 0) {
			if (read_count(p, arg, 200, 599, r, &r->number) < 0)
				return -1;
		} else if (strcmp(word, "content-type") == 0) {
			a->type = arg;
		} else if (strcmp(word, "hdr") == 0) {
			word = need_word(p, w, at, r, "a header's value");
			if (word == NULL || read_format_word(p, word, r,
			    &value) < 0)
				return -1;
			add_header(p, a, arg, value);
		} else if (strcmp(word, "errorfiles") == 0) {
			continue;
		} else if (strcmp(word, "file") == 0 ||
		    strcmp(word, "errorfile") == 0 ||
		    strcmp(word, "lf-file") == 0 ||
		    strcmp(word, "string") == 0 ||
		    strcmp(word, "lf-string") == 0) {
			if (read_body(p, word, arg, r, a) < 0)
				return -1;
		} else {
			lb_parse_alert(p, "'%s' : unknown option '%s'.",
			    r->action->name, word);
			return -1;
		}
	}
	return 0;
}

static int
read_redirect(struct lb_parse *p, const struct lb_words *w, unsigned *at,
    struct lb_rule *r)
{
	const char *word, *arg;

	r->number = 302;
	while (*at < w->count && !is_cond(w->at[*at])) {
		word = w->at[(*at)++];
		if (strcmp(word, "drop-query") == 0 ||
		    strcmp(word, "append-slash") == 0 ||
		    strcmp(word, "ignore-empty") == 0 ||
		    strcmp(word, "keep-query") == 0)
			continue;
		arg = need_word(p, w, at, r, "a value behind each option");
		if (arg == NULL)
			return -1;
		if (strcmp(word, "location") == 0 ||
		    strcmp(word, "prefix") == 0 ||
		    strcmp(word, "scheme") == 0) {
			r->text = word;
			if (read_format_word(p, arg, r, &r->format) < 0)
				return -1;
		} else if (strcmp(word, "code") == 0) {
			if (read_count(p, arg, 301, 308, r, &r->number) < 0)
				return -1;
		} else if (strcmp(word, "set-cookie") != 0 &&
		    strcmp(word, "clear-cookie") != 0 &&
		    strcmp(word, "set-cookie-fmt") != 0) {
			return refuse(p, r, "expects 'code', 'prefix', "
			    "'location', 'scheme', 'set-cookie', "
			    "'clear-cookie', 'drop-query', 'ignore-empty' or "
			    "'append-slash'");
		}
	}
	return r->text != NULL ? 0 : refuse(p, r,
	    "expects a redirection type ('prefix', 'location', or 'scheme')");
}

/* What has no effect here: its words are passed over. */
static int
skip_words(struct lb_parse *p, const struct lb_words *w, unsigned *at,
    struct lb_rule *r)
{
	while (*at < w->count && !is_cond(w->at[*at]))
		++*at;
	return 0;
}

/* ---- the table --------------------------------------------------------- */

#define C	(1u << LB_RULES_CONNECTION)
#define S	(1u << LB_RULES_SESSION)
#define Q	(1u << LB_RULES_CONTENT)
#define R	(1u << LB_RULES_RESPONSE)
#define HQ	(1u << LB_RULES_HTTP_REQUEST)
#define HR	(1u << LB_RULES_HTTP_RESPONSE)
#define HA	(1u << LB_RULES_HTTP_AFTER)
#define ST	(1u << LB_RULES_STATS)
#define ANY	(C | S | Q | R | HQ | HR | HA)
#define EARLY	(C | S | Q | HQ)
#define HTTP	(HQ | HR | HA)
#define F(name, in, act, args, read, help)				\
	{ name, in, LB_CLASS_F, LB_ACT_##act, args, read, help }
#define SKIP(name, in)							\
	{ name, in, LB_CLASS_S, LB_ACT_NOTHING, "...", skip_words, NULL }
#define WARN(name, in)							\
	{ name, in, LB_CLASS_W, LB_ACT_NOTHING, "...", skip_words, NULL }
#define REFUSE(name, in, why)						\
	{ name, in, LB_CLASS_E, LB_ACT_NOTHING, "", NULL, why }

const struct lb_action lb_rules_actions[] = {
	F("accept", C | S | Q | R, ACCEPT, "", NULL,
	    "ends the evaluation; the session goes on"),
	F("allow", HTTP | ST, ACCEPT, "", NULL,
	    "ends the evaluation; the request goes on"),
	F("auth", HQ | ST, AUTH, "[realm <realm>]", read_realm,
	    "asks for a user and a password"),
	F("capture", Q | HQ | HR, CAPTURE, "<expr> len <n>", read_capture,
	    "keeps a value for the log"),
	F("close", Q | R, CLOSE, "", NULL, "closes the session"),
	F("deny", HQ | HR | ST, REJECT, "[status <n>] ...", read_answer,
	    "refuses the request"),
	F("do-resolve(*)", Q, DO_RESOLVE, "<expr>", read_do_resolve,
	    "resolves a name into a variable, within inspect-delay"),
	WARN("do-resolve(*)", HQ),
	WARN("expect-netscaler-cip", C),
	F("expect-proxy", C, EXPECT_PROXY, "layer4", read_layer4,
	    "a PROXY header must come first"),
	F("redirect", HQ | HR, REDIRECT, "location|prefix|scheme <fmt> ...",
	    read_redirect, "answers with another place"),
	F("reject", C | S | Q | R | HQ, REJECT, "", NULL,
	    "closes the connection at once"),
	F("return", HQ | HR, RETURN, "[status <n>] ...", read_answer,
	    "answers the request"),
	F("sc-add-gpc(*)", ANY, ADD_GPC, "<number>|<expr>", read_set_tag,
	    "adds to a counter of what is tracked"),
	F("sc-inc-gpc(*)", ANY, INC_GPC, "", read_inc,
	    "adds 1 to a counter of what is tracked"),
	F("sc-inc-gpc0(*)", ANY, INC_GPC, "", read_inc,
	    "adds 1 to counter 0"),
	F("sc-inc-gpc1(*)", ANY, INC_GPC, "", read_inc,
	    "adds 1 to counter 1"),
	F("sc-set-gpt(*)", ANY, SET_GPT, "<number>|<expr>", read_set_tag,
	    "sets a tag of what is tracked"),
	F("sc-set-gpt0(*)", ANY, SET_GPT, "<number>|<expr>", read_set_tag,
	    "sets tag 0"),
	REFUSE("send-spoe-group", ANY,
	    "is not supported by this program: there is no SPOE"),
	WARN("set-bandwidth-limit", Q | R | HQ | HR),
	F("set-bc-mark", Q | HQ, SET_SERVER_MARK, "<number>|<expr>",
	    read_number_or_expr, "mark of packets to the server"),
	F("set-bc-tos", Q | HQ, SET_SERVER_TOS, "<number>|<expr>",
	    read_number_or_expr, "TOS of packets to the server"),
	F("set-dst", EARLY, SET_DST, "<expr>", read_expr,
	    "changes the address that the client connected to"),
	F("set-dst-port", EARLY, SET_DST_PORT, "<expr>", read_expr,
	    "changes that port"),
	F("set-fc-mark", ANY, SET_MARK, "<number>|<expr>",
	    read_number_or_expr, "mark of packets to the client"),
	F("set-fc-tos", ANY, SET_TOS, "<number>|<expr>",
	    read_number_or_expr, "TOS of packets to the client"),
	F("set-log-level", Q | R | HTTP, SET_LOG_LEVEL, "<level>",
	    read_log_level, "level of the session's log line"),
	F("set-mark", ANY, SET_MARK, "<number>|<expr>", read_number_or_expr,
	    "mark of packets to the client"),
	F("set-nice", Q | R | HQ | HR, SET_NICE, "<n>", read_nice,
	    "no effect"),
	F("set-priority-class", Q | HQ, SET_PRIORITY_CLASS, "<expr>",
	    read_expr, "class in the queue"),
	F("set-priority-offset", Q | HQ, SET_PRIORITY_OFFSET, "<expr>",
	    read_expr, "place inside the class, in ms"),
	F("set-retries", Q | HQ, SET_RETRIES, "<number>|<expr>",
	    read_number_or_expr, "connection retries of the session"),
	F("set-src", EARLY, SET_SRC, "<expr>", read_expr,
	    "changes the client's address"),
	F("set-src-port", EARLY, SET_SRC_PORT, "<expr>", read_expr,
	    "changes the client's port"),
	F("set-tos", ANY, SET_TOS, "<number>|<expr>", read_number_or_expr,
	    "TOS of packets to the client"),
	F("set-var(*)", ANY, SET_VAR, "<expr>", read_set_var,
	    "sets a variable"),
	F("set-var-fmt(*)", ANY, SET_VAR_FORMAT, "<fmt>", read_set_var,
	    "sets a variable from a format"),
	F("silent-drop", C | S | Q | R | HQ | HR, SILENT_DROP,
	    "[rst-ttl <n>]", read_silent_drop,
	    "forgets the connection without a word"),
	REFUSE("switch-mode", Q, "is not supported by this program: it does "
	    "not forward HTTP"),
	F("tarpit", HQ, TARPIT, "[status <n>] ...", read_answer,
	    "holds the request, then refuses it"),
	F("track-sc*", C | S | Q | HQ | R, TRACK, "<expr> [table <t>]",
	    read_track, "counts under this key from now on"),
	F("unset-var(*)", ANY, UNSET_VAR, "", read_set_var,
	    "forgets a variable"),
	F("use-service", HQ, METRICS, "prometheus-exporter", read_service,
	    "answers with the metrics"),
	REFUSE("use-service", Q, "is not supported by this program in TCP "
	    "rules"),
	REFUSE("lua.*", ANY,
	    "is not supported by this program: there is no Lua"),

	SKIP("add-acl(*)", HQ | HR), SKIP("add-header", HTTP),
	SKIP("attach-srv", C), SKIP("cache-store", HR),
	SKIP("cache-use", HQ), SKIP("del-acl(*)", HQ | HR),
	SKIP("del-header", HTTP), SKIP("del-map(*)", HTTP),
	SKIP("disable-l7-retry", HQ), SKIP("do-log", ANY),
	SKIP("early-hint", HQ), SKIP("normalize-uri", HQ),
	SKIP("ot-group", Q | R | HQ | HR), SKIP("pause", HQ | HR),
	SKIP("replace-header", HTTP), SKIP("replace-path", HQ),
	SKIP("replace-pathq", HQ), SKIP("replace-uri", HQ),
	SKIP("replace-value", HTTP), SKIP("set-cookie-fmt", HR),
	SKIP("set-header", HTTP), SKIP("set-header-fmt", HTTP),
	SKIP("set-headers-bin", HTTP), SKIP("set-map(*)", HTTP),
	SKIP("set-method", HQ), SKIP("set-path", HQ),
	SKIP("set-pathq", HQ), SKIP("set-query", HQ),
	SKIP("set-status", HR | HA), SKIP("set-timeout", HQ | HR),
	SKIP("set-uri", HQ), SKIP("strict-mode", HTTP),
	SKIP("wait-for-body", HQ | HR), SKIP("wait-for-handshake", HQ),

	{ NULL, 0, LB_CLASS_F, LB_ACT_NOTHING, NULL, NULL, NULL }
};
#undef C
#undef S
#undef Q
#undef R

unsigned
lb_rules_from(enum lb_ruleset set)
{
	unsigned early = LB_FROM_CONSTANT | LB_FROM_INTERNAL |
	    LB_FROM_CLIENT | LB_FROM_SESSION,
	    request = early | LB_FROM_REQUEST | LB_FROM_HTTP_REQUEST,
	    response = early | LB_FROM_SERVER | LB_FROM_RESPONSE |
	    LB_FROM_HTTP_RESPONSE;

	switch (set) {
	case LB_RULES_CONNECTION:
	case LB_RULES_SESSION:
		return early;
	case LB_RULES_CONTENT:
	case LB_RULES_HTTP_REQUEST:
	case LB_RULES_STATS:
		return request;
	default:
		return response;
	}
}

/* ---- a rule ------------------------------------------------------------ */

/* "x(*)" fits x and x(...); "x*" what begins so; the rest as it is. */
static bool
fits(const char *name, const char *word)
{
	size_t len = strlen(name);

	if (len > 3 && strcmp(name + len - 3, "(*)") == 0)
		return strncmp(name, word, len - 3) == 0 &&
		    (word[len - 3] == '(' || word[len - 3] == '\0');
	if (name[len - 1] == '*')
		return strncmp(name, word, len - 1) == 0;
	return strcmp(name, word) == 0;
}

static const struct lb_action *
find_action(const char *word, enum lb_ruleset set)
{
	for (const struct lb_action *a = lb_rules_actions; a->name != NULL;
	    a++)
		if (a->rulesets & (1u << set) && fits(a->name, word))
			return a;
	return NULL;
}

static void
refuse_action(struct lb_parse *p, const char *word, enum lb_ruleset set,
    const char *what)
{
	struct lb_guess g;

	lb_guess_start(&g, word);
	for (const struct lb_action *a = lb_rules_actions; a->name != NULL;
	    a++)
		if (a->rulesets & (1u << set))
			lb_guess_offer(&g, a->name);
	lb_parse_alert(p, "'%s' : unknown action '%s' in %s '%s'%s%s%s.",
	    what, word, p->proxy->kind, p->proxy->name == NULL ? "" :
	    p->proxy->name, lb_guess_best(&g) == NULL ? "" :
	    "; did you mean '", lb_guess_best(&g) == NULL ? "" :
	    lb_guess_best(&g), lb_guess_best(&g) == NULL ? "" :
	    "' maybe ?");
}

static int
read_cond(struct lb_parse *p, const struct lb_words *w, unsigned at,
    enum lb_ruleset set, const char *what, struct lb_rule *r)
{
	struct why why;

	if (at >= w->count)
		return 0;
	if (!is_cond(w->at[at])) {
		lb_parse_alert(p, "'%s %s' only accepts 'if' or 'unless', in "
		    "%s '%s' (got '%s')", what, r->action->name,
		    p->proxy->kind, p->proxy->name == NULL ? "" :
		    p->proxy->name, w->at[at]);
		return -1;
	}
	r->cond = lb_acl_cond(p, w, at, &why);
	if (r->cond == NULL) {
		lb_parse_alert(p, "'%s %s' : error detected in %s '%s' while "
		    "parsing '%s' condition : %s", what, r->action->name,
		    p->proxy->kind, p->proxy->name == NULL ? "" :
		    p->proxy->name, w->at[at], why.line);
		return -1;
	}
	if (r->cond->from & ~lb_rules_from(set))
		lb_parse_warn(p, "acl will never match in '%s' because it "
		    "uses a keyword which is incompatible with it", what);
	return 0;
}

int
lb_rules_read(struct lb_parse *p, enum lb_ruleset set,
    const struct lb_words *w, unsigned at, const char *what)
{
	struct lb_rule *r = lb_parse_get(p, sizeof *r);

	r->place = w->place;
	if (at >= w->count) {
		lb_parse_alert(p, "'%s' expects an action.", what);
		return -1;
	}
	r->action = find_action(w->at[at], set);
	if (r->action == NULL) {
		refuse_action(p, w->at[at], set, what);
		return -1;
	}
	if (r->action->class == LB_CLASS_E)
		return refuse(p, r, r->action->help);
	if (r->action->class == LB_CLASS_W)
		lb_parse_warn(p, "'%s' is not supported by this program and "
		    "is ignored.", r->action->name);
	at++;
	if (r->action->read != NULL && r->action->read(p, w, &at, r) < 0)
		return -1;
	if (read_cond(p, w, at, set, what, r) < 0)
		return -1;
	if (set == LB_RULES_STATS)
		arena_add(p->arena, &p->proxy->stats.rules, r);
	else
		arena_add(p->arena, &p->proxy->rules[set], r);
	return 0;
}

/* ---- the global section ------------------------------------------------ */

/* Only what is there before any client; NULL: it is. */
static const char *
find_early(const struct lb_rule *r)
{
	if (r->expr != NULL)
		return r->expr->fetch->from & ~LB_FROM_CONSTANT ?
		    r->expr->text : NULL;
	for (unsigned i = 0; i < r->format->count; i++) {
		const struct lb_expr *e = r->format->parts[i].expr;

		if (e != NULL && (e->fetch->from & ~LB_FROM_CONSTANT))
			return e->text;
	}
	return NULL;
}

int
lb_rules_read_global(struct lb_parse *p, const struct lb_words *w,
    unsigned at, bool format)
{
	const char *what = format ? "set-var-fmt" : "set-var", *name, *early;
	struct lb_rule *r = lb_parse_get(p, sizeof *r);
	struct why why = { "", "" };

	if (at + 1 >= w->count || *w->at[at + 1] == '\0') {
		lb_parse_alert(p, "'%s' requires a process-wide variable name "
		    "('proc.<name>') and %s.", what, format ?
		    "a format string" : "a sample expression");
		return -1;
	}
	name = w->at[at++];
	r->place = w->place;
	r->name = name;
	r->action = find_action(format ? "set-var-fmt(" : "set-var(",
	    LB_RULES_SESSION);
	if (lb_expression_variable(name, &why) < 0)
		return refuse(p, r, why.line);
	if (strncmp(name, "proc.", 5) != 0) {
		lb_parse_alert(p, "'%s': cannot set variable '%s', only scope "
		    "'proc' is permitted in the global section.", what, name);
		return -1;
	}
	if (format)
		r->format = lb_logformat_read(p, &w->place, w->at[at++], ~0u,
		    &why);
	else
		r->expr = lb_expression_read(p, w, &at, what, &why);
	if (r->format == NULL && r->expr == NULL) {
		lb_parse_alert(p, "'%s' : %s.", what, why.line);
		return -1;
	}
	early = find_early(r);
	if (early != NULL) {
		lb_parse_alert(p, "'%s' : '%s' has no value before there is a "
		    "connection.", what, early);
		return -1;
	}
	if (at < w->count)
		lb_parse_warn(p, "'%s' : what stands behind the value ('%s') "
		    "is ignored.", what, w->at[at]);
	arena_add(p->arena, &p->setup->global.variables, r);
	return 0;
}
