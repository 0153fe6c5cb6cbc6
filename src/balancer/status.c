/* SPDX-License-Identifier: ISC */
/*
 * status.c - from a request to a reply: rules first, then the monitor's
 * address, then statistics; whatever is left has no server. Loop 0.
 */
#include <stdio.h>

#include "balancer/columns.h"
#include "balancer/judge.h"
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

/* ---- the forms --------------------------------------------------------- */

struct wish {			/* what stands behind the address */
	enum { PAGE, TABLE } what;
	struct lb_columns columns;
	bool no_refresh;
	struct text outcome;		/* st=DONE */
};

static void
take_option(struct wish *w, struct text word)
{
	if (text_is(word, "csv") || text_is(word, "typed") ||
	    text_is(word, "json") || text_is(word, "json-schema")) {
		w->what = TABLE;
		w->columns.form = text_is(word, "csv") ? LB_FORM_CSV :
		    text_is(word, "typed") ? LB_FORM_TYPED :
		    text_is(word, "json") ? LB_FORM_JSON : LB_FORM_SCHEMA;
	} else if (text_is(word, "norefresh"))
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

/* Words behind semicolons, wherever they stand behind the address. */
static void
read_wish(struct wish *w, const struct lb_proxy *p, struct text behind)
{
	struct text word;

	*w = (struct wish){ .what = PAGE };
	lb_columns_init(&w->columns);
	w->columns.rows.asker = p;
	w->columns.rows.legends = p->conf->stats.show_legends;
	text_split(&behind, ';', &word);
	while (text_split(&behind, ';', &word))
		take_option(w, word);
}

static bool
more_rows(void *part, struct sheet *to)
{
	return lb_columns_step(part, to, STEP_ROWS);
}

static void
answer_table(const struct wish *w, struct lb_reply *r)
{
	struct lb_columns *c = mem_get(sizeof *c + w->columns.rows.scope.len);
	char *scope = (char *)(c + 1);

	if (c == NULL) {
		r->body.spoiled = true;
		return;
	}
	*c = w->columns;
	/* The request is gone before the answer is whole. */
	if (c->rows.scope.len > 0)
		memcpy(scope, c->rows.scope.at, c->rows.scope.len);
	c->rows.scope.at = scope;
	r->type = c->form == LB_FORM_JSON || c->form == LB_FORM_SCHEMA ?
	    "application/json" : "text/plain";
	r->more = more_rows;
	r->part = c;
}

static void
put_refresh(const struct lb_stats_conf *stats, const struct wish *w,
    struct lb_reply *r)
{
	if (stats->refresh > 0 && !w->no_refresh)
		sheet_print(&r->head, "refresh: %lld\r\n",
		    (long long)(stats->refresh / CLOCK_SECOND));
}

static void
answer_statistics(struct lb_proxy *p, const struct request *q,
    struct lb_reply *r)
{
	const struct lb_stats_conf *stats = &p->conf->stats;
	struct wish w;

	r->counted = true;
	if (!is_known(stats, q)) {
		ask_for_user(stats->realm, r);
		return;
	}
	read_wish(&w, p, text_from(q->local, strlen(stats->uri)));
	put_refresh(stats, &w, r);
	answer_table(&w, r);
}

static bool
is_for_statistics(const struct lb_proxy *p, const struct request *q)
{
	const struct lb_stats_conf *stats = &p->conf->stats;

	return stats->on && text_begins(q->local, stats->uri) &&
	    (text_is(q->method, "GET") || text_is(q->method, "HEAD") ||
	    text_is(q->method, "POST"));
}

/* ---- all --------------------------------------------------------------- */

static void
decide(struct lb_session *s, const struct request *q, struct text body,
    struct lb_reply *r)
{
	struct lb_proxy *p = s->front;

	if (is_for_statistics(p, q))
		answer_statistics(p, q, r);
	else
		lb_visit_refuse(r, 503);
}

void
lb_status_init(void)
{
	lb_visit_init(decide);
	lb_session_on_answer(lb_visit_begin, lb_visit_forget);
}
