/* SPDX-License-Identifier: ISC */
/*
 * metrics.c - the page of metrics, part by part: a part is a view of SHOW,
 * what its labels are and which columns are series. To add a series: a line
 * in a table. Loop 0.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/number.h"
#include "net/http.h"
#include "net/timer.h"
#include "pooler/healthz.h"
#include "pooler/metrics.h"
#include "pooler/view_ends.h"
#include "pooler/view_pools.h"
#include "pooler/view_state.h"
#include "stat/metrics.h"

enum {
	LABELS = 6, SERIES = 12,
	MOST_SETS = 1000,		/* of labels, for one series */
	SLICE = 500			/* rows in one turn */
};

struct label {
	const char *name, *column;
};

struct series {
	const char *name, *column;	/* of the view; or the key in a row of two */
	const char *help;
	enum { PLAIN, MICROSECONDS, WAIT } kind;	/* WAIT: with column + "_us" */
};

struct part {
	const struct pl_view *view;
	const char *prefixes[2];
	struct label labels[LABELS + 1];
	struct series series[SERIES + 1];
	enum { ROWS, PAIRS, COUNTED } how;	/* COUNTED: how many rows have these labels */
};

#define POOL(name, column)						\
	{ "pools_" name "_connections", column, "Column " column	\
	    " of SHOW POOLS", PLAIN }
#define TOTAL(name, column, kind)					\
	{ name "_total", column, "Column " column " of SHOW STATS_TOTALS", \
	    kind }
#define LIST(name, key)							\
	{ name, key, "Item " key " of SHOW LISTS", PLAIN }

static const struct part parts[] = {
	{ &pl_view_pools_databases, { "pgbouncer_databases_" }, {
	    { "name", "name" }, { "host", "host" }, { "port", "port" },
	    { "database", "database" }, { "force_user", "force_user" },
	    { "pool_mode", "pool_mode" } }, {
	    { "pool_size", "pool_size", "Servers of a pool", PLAIN },
	    { "reserve_pool", "reserve_pool_size", "More of them in need",
	    PLAIN },
	    { "max_connections", "max_connections", "Servers at most",
	    PLAIN },
	    { "current_connections", "current_connections", "Servers now",
	    PLAIN },
	    { "paused", "paused", "1: paused", PLAIN },
	    { "disabled", "disabled", "1: disabled", PLAIN } }, ROWS },
	{ &pl_view_pools_pools, { "pgbouncer_" }, {
	    { "database", "database" }, { "user", "user" } }, {
	    POOL("client_active", "cl_active"),
	    POOL("client_active_cancel", "cl_active_cancel_req"),
	    POOL("client_waiting", "cl_waiting"),
	    POOL("client_waiting_cancel", "cl_waiting_cancel_req"),
	    POOL("server_active", "sv_active"),
	    POOL("server_active_cancel", "sv_active_cancel"),
	    POOL("server_being_canceled", "sv_being_canceled"),
	    POOL("server_idle", "sv_idle"),
	    POOL("server_used", "sv_used"),
	    POOL("server_testing", "sv_tested"),
	    POOL("server_login", "sv_login"),
	    { "pools_client_maxwait_seconds", "maxwait",
	    "How long the first client in line has waited", WAIT } }, ROWS },
	{ &pl_view_pools_stats_totals, { "pgbouncer_stats_totals_",
	    "pgbouncer_stats_" }, { { "database", "database" } }, {
	    TOTAL("queries_pooled", "query_count", PLAIN),
	    TOTAL("queries_duration_seconds", "query_time", MICROSECONDS),
	    TOTAL("received_bytes", "bytes_received", PLAIN),
	    TOTAL("sent_bytes", "bytes_sent", PLAIN),
	    TOTAL("client_wait_seconds", "wait_time", MICROSECONDS),
	    TOTAL("sql_transactions_pooled", "xact_count", PLAIN),
	    TOTAL("server_in_transaction_seconds", "xact_time", MICROSECONDS),
	    TOTAL("client_parses", "client_parse_count", PLAIN),
	    TOTAL("server_parses", "server_parse_count", PLAIN),
	    TOTAL("binds", "bind_count", PLAIN),
	    TOTAL("server_assignments", "server_assignment_count", PLAIN) },
	    ROWS },
	{ &pl_view_state_lists, { "pgbouncer_" }, { { NULL, NULL } }, {
	    LIST("databases", "databases"), LIST("users", "users"),
	    LIST("pools", "pools"), LIST("free_clients", "free_clients"),
	    LIST("used_clients", "used_clients"),
	    LIST("login_clients", "login_clients"),
	    LIST("free_servers", "free_servers"),
	    LIST("used_servers", "used_servers"),
	    LIST("cached_dns_names", "dns_names"),
	    LIST("cached_dns_zones", "dns_zones"),
	    LIST("in_flight_dns_queries", "dns_queries") }, PAIRS },
	{ &pl_view_state_config, { "pgbouncer_config_" }, { { NULL, NULL } }, {
	    { "max_client_connections", "max_client_conn",
	    "Clients at most", PLAIN },
	    { "max_user_connections", "max_user_connections",
	    "Servers of a user at most", PLAIN } }, PAIRS },
	{ &pl_view_ends_clients, { "pgbouncer_" }, {
	    { "database", "database" }, { "user", "user" },
	    { "application_name", "application_name" },
	    { "state", "state" } }, {
	    { "client_connections", NULL, "Clients", PLAIN } }, COUNTED },
	{ &pl_view_state_weir, { "weir_pooler_" }, { { NULL, NULL } }, {
	    { "threads", "threads", "Loops", PLAIN },
	    { "connections", "connections", "Clients and servers", PLAIN },
	    { "connection_bytes", "connection_bytes", "Memory of them",
	    PLAIN },
	    { "buffer_bytes", "buffer_bytes", "Memory of buffers in use",
	    PLAIN },
	    { "log_lines_lost_total", "log_lines_lost",
	    "Lines for which the log had no room", PLAIN } }, PAIRS },
};
enum { PARTS = sizeof parts / sizeof parts[0] };

struct page {
	struct sheet all, labels;
	struct sheet samples[2 * SERIES];	/* of this part, by series and prefix */
	uint64_t rest[SERIES];		/* sums of the rows that are too many */
	const struct part *part;
	struct pl_walk *walk;
	struct map *counted;		/* labels -> struct tally */
	unsigned sets;
};

struct tally {
	uint64_t n;
};

static struct loop *home;
static struct address at;
static struct http *answerer;
static struct timer retry, turn;
static struct page *page;		/* in the making */

/* ---- values ------------------------------------------------------------- */

static struct text
find(const struct part *p, const struct cell *cells, const char *column)
{
	int i = column_find(p->view->columns, p->view->count, column);

	return i < 0 ? TEXT_NONE : cells[i].value;
}

static uint64_t
read_number(struct text t)
{
	int64_t n = 0;

	number_int(t, 10, 0, INT64_MAX, &n, NULL);
	return (uint64_t)n;
}

/* Of one row; times in microseconds. */
static uint64_t
read_value(const struct part *p, const struct series *s,
    const struct cell *cells)
{
	uint64_t n = read_number(find(p, cells, s->column));
	char more[64];

	if (s->kind != WAIT)
		return n;
	snprintf(more, sizeof more, "%s_us", s->column);
	return n * CLOCK_SECOND + read_number(find(p, cells, more));
}

static void
put_sample(struct sheet *to, const char *prefix, const struct series *s,
    struct text labels, uint64_t n)
{
	struct cell c;

	if (s->kind == PLAIN)
		cell_count(&c, n);
	else
		cell_print(&c, "%llu.%06llu",
		    (unsigned long long)n / CLOCK_SECOND,
		    (unsigned long long)n % CLOCK_SECOND);
	metrics_value(to, prefix, s->name, labels, c.value);
}

/* Of all its prefixes. */
static void
put_value(unsigned which, struct text labels, uint64_t n)
{
	const struct part *p = page->part;

	for (unsigned i = 0; i < 2 && p->prefixes[i] != NULL; i++)
		put_sample(&page->samples[i * SERIES + which],
		    p->prefixes[i], &p->series[which], labels, n);
}

/* ---- rows --------------------------------------------------------------- */

static void
set_labels(const struct part *p, const struct cell *cells)
{
	sheet_clear(&page->labels);
	for (const struct label *l = p->labels; l->name != NULL; l++)
		metrics_label(&page->labels, l->name, cells == NULL ?
		    TEXT("other") : find(p, cells, l->column));
}

/* Sums, but for the longest wait. */
static void
add_to_rest(unsigned which, uint64_t n)
{
	uint64_t *rest = &page->rest[which];

	if (page->part->series[which].kind != WAIT)
		*rest += n;
	else if (n > *rest)
		*rest = n;
}

static void
take_row(const struct part *p, const struct cell *cells)
{
	bool fits = page->sets < MOST_SETS;

	page->sets++;
	if (fits)
		set_labels(p, cells);
	for (unsigned i = 0; p->series[i].name != NULL; i++) {
		uint64_t n = read_value(p, &p->series[i], cells);

		if (fits)
			put_value(i, sheet_all(&page->labels), n);
		else
			add_to_rest(i, n);
	}
}

static void
take_pair(const struct part *p, const struct cell *cells)
{
	for (unsigned i = 0; p->series[i].name != NULL; i++)
		if (text_is(cells[0].value, p->series[i].column))
			put_value(i, TEXT_NONE, read_number(cells[1].value));
}

static void
count_row(const struct part *p, const struct cell *cells)
{
	struct tally *t;

	set_labels(p, cells);
	t = map_find(page->counted, sheet_all(&page->labels));
	if (t == NULL && page->sets < MOST_SETS) {
		t = mem_zero(sizeof *t);
		if (t == NULL || map_put(&page->counted,
		    sheet_all(&page->labels), t) < 0) {
			mem_drop(t);
			t = NULL;
		} else
			page->sets++;
	}
	if (t != NULL)
		t->n++;
	else
		page->rest[0]++;
}

/* ---- parts -------------------------------------------------------------- */

static void
put_tally(struct text labels, void *tally, void *arg)
{
	(void)arg;
	put_value(0, labels, ((struct tally *)tally)->n);
}

static void
put_rest(const struct part *p)
{
	if (page->sets <= MOST_SETS && page->rest[0] == 0)
		return;
	set_labels(p, NULL);
	for (unsigned i = 0; p->series[i].name != NULL; i++)
		put_value(i, sheet_all(&page->labels), page->rest[i]);
}

/* A series is told in one piece, so each has been written by itself. */
static void
end_part(void)
{
	const struct part *p = page->part;

	map_each(page->counted, put_tally, NULL);
	map_free(&page->counted, mem_drop);
	put_rest(p);
	for (unsigned i = 0; i < 2 && p->prefixes[i] != NULL; i++)
		for (unsigned k = 0; p->series[k].name != NULL; k++) {
			struct sheet *s = &page->samples[i * SERIES + k];

			metrics_head(&page->all, p->prefixes[i],
			    p->series[k].name, p->series[k].help);
			sheet_slice(&page->all, sheet_all(s));
			page->all.spoiled |= s->spoiled;
			sheet_clear(s);
		}
	pl_view_end(&page->walk);
	page->sets = 0;
	memset(page->rest, 0, sizeof page->rest);
	page->part++;
}

static void
put_head(void)
{
	struct sheet *s = &page->all;

	metrics_head(s, "", "pgbouncer_up", "1: it answers");
	sheet_text(s, "pgbouncer_up 1\n");
	metrics_head(s, "", "pgbouncer_version_info", "What it stands for");
	sheet_text(s, "pgbouncer_version_info{version=\"" PL_VERSION_SHOWN
	    "\"} 1\n");
	metrics_head(s, "", "weir_build_info", "What it is");
	sheet_print(s, "weir_build_info{version=\"" PACKAGE_VERSION
	    "\",engine=\"%s\"} 1\n", loop_engine(home));
}

/* ---- the page ----------------------------------------------------------- */

static void
drop_page(void)
{
	struct page *p = page;

	if (p == NULL)
		return;
	pl_view_end(&p->walk);
	map_free(&p->counted, mem_drop);
	for (int i = 0; i < 2 * SERIES; i++)
		sheet_fini(&p->samples[i]);
	sheet_fini(&p->labels);
	sheet_fini(&p->all);
	mem_drop(p);
	page = NULL;
}

static void
tell_page(bool whole)
{
	struct http_page told = { .status = 200,
	    .type = "text/plain; version=0.0.4; charset=utf-8" };

	sheet_char(&page->all, '\0');
	if (whole && !page->all.spoiled && !page->labels.spoiled)
		told.body = page->all.at;
	else
		told.status = 503;	/* there is no memory */
	http_answer(answerer, &told);
	drop_page();
}

/* Rows of this turn; false: more to come, now or when they are here. */
static bool
walk_part(void)
{
	static void (*const take[])(const struct part *,
	    const struct cell *) = {
		[ROWS] = take_row, [PAIRS] = take_pair, [COUNTED] = count_row
	};
	const struct cell *cells;

	pl_view_turn(page->walk);
	for (int i = 0; i < SLICE; i++) {
		cells = pl_view_next(page->walk);
		if (cells == NULL)
			return !pl_view_waits(page->walk);
		take[page->part->how](page->part, cells);
	}
	timer_after(&turn, 0);
	return false;
}

static void
go_on(void *arg)
{
	(void)arg;
	for (; page->part < parts + PARTS; end_part()) {
		if (page->walk == NULL)
			page->walk = pl_view_walk(page->part->view, go_on,
			    NULL);
		if (page->walk == NULL) {
			tell_page(false);
			return;
		}
		if (!walk_part())
			return;
	}
	tell_page(true);
}

static void
begin_page(void)
{
	page = mem_zero(sizeof *page);
	if (page == NULL)
		return;
	page->part = parts;
	put_head();
	timer_after(&turn, 0);		/* when all who ask in this turn wait */
}

/* ---- the answers -------------------------------------------------------- */

static void
serve(void *arg, struct text path, struct http_page *to)
{
	char line[PL_HEALTHZ_LINE];

	(void)arg;
	if (text_is(path, "/metrics")) {
		if (page == NULL)
			begin_page();
		to->later = page != NULL;
		to->status = page != NULL ? 200 : 503;
	} else if (text_is(path, "/healthz") ||
	    text_begins(path, "/healthz/")) {
		to->status = pl_healthz_tell(path.len <= 9 ? TEXT_NONE :
		    text_from(path, 9), line);
		to->body = mem_copy(text_of(line));
	} else {
		to->status = 404;
		to->body = mem_copy(TEXT("/metrics, /healthz, "
		    "/healthz/DATABASE\n"));
	}
}

static void
on_retry(void *arg)
{
	struct why why;

	(void)arg;
	answerer = http_open(home, &at, serve, NULL, &why);
	if (answerer == NULL)
		timer_after(&retry, CLOCK_SECOND);
}

int
pl_metrics_open(struct loop *loop, struct why *why)
{
	const char *where = pl_settings()->metrics_listen;

	if (where[0] == '\0')
		return 0;
	if (address_listen(text_of(where), &at, why) < 0)
		return -1;
	home = loop;
	timer_init(&turn, home, go_on, NULL);
	timer_init(&retry, home, on_retry, NULL);
	answerer = http_open(home, &at, serve, NULL, why);
	if (answerer == NULL) {
		log_warning("metrics_listen: %s; tried again every second",
		    why->line);
		timer_after(&retry, CLOCK_SECOND);
	}
	return 0;
}

bool
pl_metrics_is_open(void)
{
	return home != NULL;
}

void
pl_metrics_close(void)
{
	if (home == NULL)
		return;
	timer_stop(&retry);
	timer_stop(&turn);
	drop_page();
	http_close(&answerer);
	home = NULL;
}
