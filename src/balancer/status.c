/* SPDX-License-Identifier: ISC */
/*
 * status.c - from a request to a reply: rules first, then the monitor's
 * address, then statistics; whatever is left has no server. Loop 0.
 */
#include <stdio.h>

#include "balancer/admin.h"
#include "balancer/columns.h"
#include "balancer/exporter.h"
#include "balancer/history.h"
#include "balancer/judge.h"
#include "balancer/page.h"
#include "balancer/record.h"
#include "balancer/rule.h"
#include "balancer/session.h"
#include "balancer/status.h"
#include "balancer/visit.h"
#include "balancer/world.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/secret.h"

enum { STEP_ROWS = 16 };

/* ---- who may see them -------------------------------------------------- */

static bool
is_user(struct text line, struct text user, struct text password)
{
	return line.len == user.len + 1 + password.len &&
	    line.at[user.len] == ':' &&
	    secret_same(line.at, user.at, user.len) &&
	    secret_same(line.at + user.len + 1, password.at, password.len);
}

/* "stats auth" lines; without any everybody is welcome. */
static bool
is_known(const struct lb_stats_conf *stats, const struct request *q)
{
	struct text user, password;
	bool known = stats->auth.count == 0;
	char room[512];

	if (known || !request_basic(q, room, sizeof room, &user, &password))
		return known;
	for (unsigned i = 0; i < stats->auth.count; i++)
		if (is_user(text_of(stats->auth.at[i]), user, password))
			known = true;
	secret_wipe(room, sizeof room);
	return known;
}

static void
ask_for_user(const char *realm, struct lb_reply *r)
{
	lb_visit_refuse(r, 401);
	sheet_print(&r->head, "www-authenticate: Basic realm=\"%s\"\r\n",
	    realm);
}

/* ---- what stands behind the address ------------------------------------- */

enum what { PAGE, TABLE, HISTORY };

struct wish {
	enum what what;
	struct lb_columns columns;	/* rows: of all kinds of answers */
	bool no_refresh;
	struct text outcome;		/* st=DONE */
};

static const struct {
	const char *word;
	enum what what;
	enum lb_form form;
} forms[] = {
	{ "csv", TABLE, LB_FORM_CSV }, { "typed", TABLE, LB_FORM_TYPED },
	{ "json", TABLE, LB_FORM_JSON },
	{ "json-schema", TABLE, LB_FORM_SCHEMA },
	{ "history", HISTORY, LB_FORM_CSV },
};

static void
take_option(struct wish *w, struct text word)
{
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
		if (text_is(word, forms[i].word)) {
			w->what = forms[i].what;
			w->columns.form = forms[i].form;
		}
	if (text_is(word, "norefresh"))
		w->no_refresh = true;
	else if (text_is(word, "up"))
		w->columns.rows.up = true;
	else if (text_is(word, "no-maint"))
		w->columns.rows.no_maint = true;
	else if (text_begins(word, "scope="))
		w->columns.rows.scope = text_from(word, 6);
	else if (text_begins(word, "st="))
		w->outcome = text_from(word, 3);
}

/* Words behind any of these, wherever they stand behind the address. */
static void
read_wish(struct wish *w, const struct lb_proxy *p, struct text behind)
{
	struct text word;

	*w = (struct wish){ .what = PAGE };
	lb_columns_init(&w->columns);
	w->columns.rows.asker = p;
	w->columns.rows.legends = p->conf->stats.show_legends;
	while (text_word(&behind, ";?&", &word))
		take_option(w, word);
}

/* ---- long answers ------------------------------------------------------ */

struct table {
	struct lb_columns columns;
	char scope[64];
};

struct past {
	struct lb_history_walk walk;
	char scope[64];
};

/* The request is gone before the answer is whole. */
static struct text
keep_scope(char room[64], struct text scope)
{
	if (scope.len > 63)
		scope.len = 63;
	if (scope.len > 0)
		memcpy(room, scope.at, scope.len);
	room[scope.len] = '\0';
	return (struct text){ room, scope.len };
}

static bool
more_rows(void *part, struct sheet *to)
{
	return lb_columns_step(&((struct table *)part)->columns, to,
	    STEP_ROWS);
}

static bool
more_past(void *part, struct sheet *to)
{
	return lb_history_step(&((struct past *)part)->walk, to);
}

static bool
more_page(void *part, struct sheet *to)
{
	return lb_page_step(part, to);
}

static bool
more_metrics(void *part, struct sheet *to)
{
	return lb_exporter_step(part, to);
}

/* Zeroed memory for a long answer; NULL: the answer is spoiled. */
static void *
begin_long(struct lb_reply *r, size_t size, const char *type,
    bool (*more)(void *, struct sheet *))
{
	r->part = mem_zero(size);
	r->type = type;
	r->more = more;
	r->body.spoiled = r->part == NULL;
	return r->part;
}

static void
answer_table(const struct wish *w, struct lb_reply *r)
{
	bool json = w->columns.form == LB_FORM_JSON ||
	    w->columns.form == LB_FORM_SCHEMA;
	struct table *t = begin_long(r, sizeof *t, json ?
	    "application/json" : "text/plain", more_rows);

	if (t == NULL)
		return;
	t->columns = w->columns;
	t->columns.rows.scope = keep_scope(t->scope, w->columns.rows.scope);
}

static void
answer_past(const struct wish *w, struct lb_reply *r)
{
	struct past *p = begin_long(r, sizeof *p, "application/json",
	    more_past);

	if (p == NULL)
		return;
	p->walk.rows = w->columns.rows;
	p->walk.rows.scope = keep_scope(p->scope, w->columns.rows.scope);
}

static void
answer_page(const struct wish *w, bool admin, struct lb_reply *r)
{
	struct lb_page *p = begin_long(r, sizeof *p,
	    "text/html; charset=utf-8", more_page);

	if (p == NULL)
		return;
	p->rows = w->columns.rows;
	p->rows.scope = keep_scope(p->scope, w->columns.rows.scope);
	p->asker = p->rows.asker->conf;
	p->admin = admin;
	p->no_refresh = w->no_refresh;
	snprintf(p->outcome, sizeof p->outcome, "%.*s",
	    TEXT_ARG(w->outcome));
	lb_info_take(&p->info, 0);
}

static void
answer_metrics(const struct request *q, struct lb_reply *r)
{
	struct lb_exporter *e = begin_long(r, sizeof *e,
	    "text/plain; version=0.0.4", more_metrics);

	if (e != NULL)
		lb_exporter_init(e, q->query);
}

/* ---- the form ---------------------------------------------------------- */

/* A page of another site cannot send our form: browsers tell whose it is. */
static bool
is_from_here(const struct request *q)
{
	struct text origin, host, site;
	const char *at;

	if (request_field(q, "Sec-Fetch-Site", 0, &site))
		return text_is(site, "same-origin") || text_is(site, "none");
	if (!request_field(q, "Origin", 0, &origin))
		return true;
	at = memmem(origin.at, origin.len, "://", 3);
	return at != NULL && request_field(q, "Host", 0, &host) &&
	    text_same(text_from(origin, (size_t)(at + 3 - origin.at)), host);
}

static const char *
take_form(const struct wish *w, bool admin, const struct request *q,
    struct text body)
{
	if (!admin || !is_from_here(q))
		return "DENY";
	if (q->body_len != body.len || body.at == NULL)
		return "EXCD";
	return lb_admin_take(body);
}

static void
answer_form(const struct wish *w, const struct lb_proxy *p, const char *word,
    struct lb_reply *r)
{
	const struct lb_rows *rows = &w->columns.rows;

	r->status = 303;
	r->type = "text/plain";
	sheet_print(&r->head, "location: %s;st=%s%s%s%s", p->conf->stats.uri,
	    word, rows->up ? ";up" : "", w->no_refresh ? ";norefresh" : "",
	    rows->no_maint ? ";no-maint" : "");
	if (rows->scope.len > 0)
		sheet_print(&r->head, ";scope=%.*s", TEXT_ARG(rows->scope));
	sheet_text(&r->head, "\r\n");
}

/* ---- statistics -------------------------------------------------------- */

static void
put_refresh(const struct lb_stats_conf *stats, const struct wish *w,
    struct lb_reply *r)
{
	/* The page of a browser with a script refreshes itself. */
	if (stats->refresh > 0 && !w->no_refresh)
		sheet_print(&r->head, "refresh: %lld\r\n",
		    (long long)(stats->refresh / CLOCK_SECOND));
}

/* "stats http-request": true: it is answered. */
static bool
is_refused(struct lb_scene *c, const struct lb_stats_conf *stats,
    struct lb_reply *r, bool *allowed)
{
	switch (lb_judge_list(c, (const struct lb_rule *const *)
	    stats->rules.at, stats->rules.count)) {
	case LB_SENTENCE_GO:
		*allowed = c->rule != NULL;
		return false;
	case LB_SENTENCE_ANSWER:
		ask_for_user(c->rule->text != NULL ? c->rule->text :
		    stats->realm, r);
		return true;
	default:
		lb_visit_refuse(r, 403);
		return true;
	}
}

static bool
is_admin(struct lb_scene *c, const struct lb_stats_conf *stats)
{
	return stats->admin && lb_judge_cond(c, stats->admin_cond) == 1;
}

static void
answer_statistics(struct lb_scene *c, struct lb_proxy *p, struct text body,
    struct lb_reply *r)
{
	const struct lb_stats_conf *stats = &p->conf->stats;
	const struct request *q = c->http;
	bool admin, allowed = false;
	struct wish w;

	r->counted = true;
	if (is_refused(c, stats, r, &allowed))
		return;
	if (!allowed && !is_known(stats, q)) {
		ask_for_user(stats->realm, r);
		return;
	}
	read_wish(&w, p, text_from(q->local, strlen(stats->uri)));
	admin = is_admin(c, stats);
	if (text_is(q->method, "POST")) {
		answer_form(&w, p, take_form(&w, admin, q, body), r);
		return;
	}
	put_refresh(stats, &w, r);
	if (w.what == TABLE)
		answer_table(&w, r);
	else if (w.what == HISTORY)
		answer_past(&w, r);
	else
		answer_page(&w, admin, r);
}

static bool
is_for_statistics(const struct lb_proxy *p, const struct request *q)
{
	const struct lb_stats_conf *stats = &p->conf->stats;

	return stats->on && text_begins(q->local, stats->uri) &&
	    (text_is(q->method, "GET") || text_is(q->method, "HEAD") ||
	    text_is(q->method, "POST"));
}

/* ---- rules ------------------------------------------------------------- */

enum { FORMAT_ROOM = 8192 };

static void
put_format(struct lb_session *s, const struct lb_format *f, struct sheet *to)
{
	char *room = mem_get(FORMAT_ROOM);

	if (room == NULL) {
		to->spoiled = true;
		return;
	}
	sheet_slice(to, (struct text){ room,
	    lb_record_format(s, NULL, f, room, FORMAT_ROOM) });
	mem_drop(room);
}

static void
put_fields(struct lb_session *s, const struct lb_answer *a,
    struct lb_reply *r)
{
	for (unsigned i = 0; i < a->header_count; i++) {
		sheet_print(&r->head, "%s: ", a->header_names[i]);
		put_format(s, a->header_values[i], &r->head);
		sheet_text(&r->head, "\r\n");
	}
}

/* return, deny, tarpit: as the line says, else as such a status is. */
static void
answer_as_told(struct lb_session *s, const struct lb_rule *rule,
    struct lb_reply *r)
{
	const struct lb_answer *a = rule->answer;
	bool has_body = a != NULL && (a->body != NULL || a->raw != NULL);

	if (has_body || rule->action->act == LB_ACT_RETURN) {
		r->status = (int)rule->number;
		r->type = a != NULL ? a->type : NULL;
		if (a != NULL && a->body != NULL)
			put_format(s, a->body, &r->body);
		else if (has_body)
			sheet_slice(&r->body, (struct text){ a->raw,
			    a->raw_len });
	} else
		lb_visit_refuse(r, (int)rule->number);
	if (a != NULL)
		put_fields(s, a, r);
}

static void
answer_redirect(struct lb_session *s, const struct request *q,
    const struct lb_rule *rule, struct lb_reply *r)
{
	struct text host;

	r->status = (int)rule->number;
	sheet_text(&r->head, "location: ");
	put_format(s, rule->format, &r->head);
	if (strcmp(rule->text, "prefix") == 0)
		sheet_slice(&r->head, q->local);
	else if (strcmp(rule->text, "scheme") == 0) {
		sheet_text(&r->head, "://");
		if (request_field(q, "Host", 0, &host))
			sheet_slice(&r->head, host);
		sheet_slice(&r->head, q->local);
	}
	sheet_text(&r->head, "\r\n");
}

static void
answer_rule(struct lb_scene *c, struct lb_reply *r)
{
	const struct lb_rule *rule = c->rule;
	const struct lb_proxy_conf *p = c->session->front->conf;

	r->counted = true;
	switch (rule->action->act) {
	case LB_ACT_METRICS:
		answer_metrics(c->http, r);
		break;
	case LB_ACT_AUTH:
		ask_for_user(rule->text != NULL ? rule->text : p->name, r);
		break;
	case LB_ACT_REDIRECT:
		answer_redirect(c->session, c->http, rule, r);
		break;
	case LB_ACT_TARPIT:
		r->delay = p->timeout.tarpit > 0 ? p->timeout.tarpit :
		    p->timeout.connect;
		answer_as_told(c->session, rule, r);
		break;
	default:
		answer_as_told(c->session, rule, r);
		break;
	}
}

/* http-request lines of the section; true: it is answered. */
static bool
is_answered(struct lb_scene *c, struct lb_reply *r)
{
	switch (lb_judge_rules(c, LB_RULES_HTTP_REQUEST)) {
	case LB_SENTENCE_GO:
	case LB_SENTENCE_WAIT:
		return false;
	case LB_SENTENCE_ANSWER:
		answer_rule(c, r);
		return true;
	case LB_SENTENCE_REJECT:
		/* "deny" answers, "reject" is of TCP. */
		if (c->rule->answer != NULL) {
			answer_as_told(c->session, c->rule, r);
			return true;
		}
		break;
	case LB_SENTENCE_CLOSE:
	case LB_SENTENCE_DROP:
		break;
	}
	r->silent = true;
	return true;
}

/* ---- the monitor ------------------------------------------------------- */

static bool
is_monitor(const struct lb_proxy *p, const struct request *q)
{
	return p->conf->monitor_uri != NULL &&
	    text_is(q->path, p->conf->monitor_uri);
}

static void
answer_monitor(struct lb_scene *c, struct lb_reply *r)
{
	const struct lb_proxy_conf *p = c->session->front->conf;

	c->session->flags |= LB_FLOW_SILENT;
	r->counted = true;
	for (unsigned i = 0; i < p->monitor_fail.count; i++)
		if (lb_judge_cond(c, p->monitor_fail.at[i]) == 1) {
			lb_visit_refuse(r, 503);
			return;
		}
	r->type = "text/html";
	sheet_text(&r->body, "<html><body><h1>200 OK</h1>\nService ready.\n"
	    "</body></html>\n");
}

/* ---- all --------------------------------------------------------------- */

/* Whose statistics: the section's, or those of the backend it leads to. */
static struct lb_proxy *
find_owner(struct lb_scene *c)
{
	struct lb_proxy *front = c->session->front, *back;

	if (front->conf->stats.on)
		return front;
	back = lb_judge_backend(c);
	return back != NULL ? back : front;
}

static void
answer_request(struct lb_scene *c, struct text body, struct lb_reply *r)
{
	struct lb_session *s = c->session;
	struct lb_proxy *owner;

	if (is_monitor(s->front, c->http)) {
		answer_monitor(c, r);
		return;
	}
	if (is_answered(c, r))
		return;
	owner = find_owner(c);
	if (is_for_statistics(owner, c->http))
		answer_statistics(c, owner, body, r);
	else
		lb_visit_refuse(r, 503);
}

static void
decide(struct lb_session *s, const struct request *q, struct text body,
    struct lb_reply *r)
{
	struct lb_scene *c = lb_sampling_scene(s, s->front);

	c->http = q;
	c->request = body;
	c->final = true;
	answer_request(c, body, r);
	c->http = NULL;
}

void
lb_status_init(struct loop *home)
{
	lb_visit_init(decide);
	lb_session_on_answer(lb_visit_begin, lb_visit_forget);
	lb_history_start(home);
}

void
lb_status_fini(void)
{
	lb_history_fini();
}
