/* SPDX-License-Identifier: ISC */
/*
 * exporter.c - one row a series: which column it shows, of which objects.
 * The walk is series by series, as the format wants it. Loop 0.
 */
#include <stdio.h>
#include <stdlib.h>

#include "balancer/check.h"
#include "balancer/columns.h"
#include "balancer/exporter.h"
#include "balancer/measures.h"
#include "balancer/tables.h"
#include "base/die.h"
#include "stat/metrics.h"

enum { STEP_ROWS = 16 };

/* ---- series of objects ------------------------------------------------- */

enum shape {
	PLAIN,
	LIMIT,			/* NaN where there is none */
	COUNT,			/* 0 where nobody counts */
	CODE,			/* 0 where a check has none */
	SECONDS,		/* the column has milliseconds */
	CODES,			/* one of each class of HTTP answers */
	STATUS, CHECK,		/* one line for each state that may be */
	SERVERS, CHECKS		/* of a backend: how many in each state */
};

enum {
	L = LB_ROW_LISTENER, F = LB_ROW_FRONTEND, B = LB_ROW_BACKEND,
	S = LB_ROW_SERVER
};

static const struct series {
	const char *name, *column;
	unsigned where;
	enum shape shape;
} all[] = {
	{ "current_queue", "qcur", B | S, PLAIN },
	{ "max_queue", "qmax", B | S, PLAIN },
	{ "current_sessions", "scur", L | F | B | S, PLAIN },
	{ "max_sessions", "smax", L | F | B | S, PLAIN },
	{ "limit_sessions", "slim", L | F | B | S, LIMIT },
	{ "sessions_total", "stot", L | F | B | S, PLAIN },
	{ "bytes_in_total", "bin", L | F | B | S, PLAIN },
	{ "bytes_out_total", "bout", L | F | B | S, PLAIN },
	{ "requests_denied_total", "dreq", L | F | B, PLAIN },
	{ "responses_denied_total", "dresp", L | F | B | S, PLAIN },
	{ "request_errors_total", "ereq", L | F, PLAIN },
	{ "connection_errors_total", "econ", B | S, PLAIN },
	{ "response_errors_total", "eresp", B | S, PLAIN },
	{ "retry_warnings_total", "wretr", B | S, PLAIN },
	{ "redispatch_warnings_total", "wredis", B | S, PLAIN },
	{ "status", "status", L | F | B | S, STATUS },
	{ "weight", "weight", B | S, PLAIN },
	{ "active_servers", "act", B, PLAIN },
	{ "backup_servers", "bck", B, PLAIN },
	{ "active", "act", S, PLAIN },
	{ "backup", "bck", S, PLAIN },
	{ "check_failures_total", "chkfail", S, COUNT },
	{ "check_up_down_total", "chkdown", B | S, COUNT },
	{ "check_last_change_seconds", "lastchg", B | S, PLAIN },
	{ "downtime_seconds_total", "downtime", B | S, COUNT },
	{ "queue_limit", "qlimit", S, LIMIT },
	{ "current_throttle", "throttle", S, LIMIT },
	{ "loadbalanced_total", "lbtot", B | S, PLAIN },
	{ "current_session_rate", "rate", F | B | S, PLAIN },
	{ "limit_session_rate", "rate_lim", F, PLAIN },
	{ "max_session_rate", "rate_max", F | B | S, PLAIN },
	{ "check_status", "check_status", S, CHECK },
	{ "check_code", "check_code", S, CODE },
	{ "check_duration_seconds", "check_duration", S, SECONDS },
	{ "http_responses_total", "hrsp_1xx", F | B, CODES },
	{ "http_requests_rate_max", "req_rate_max", F, PLAIN },
	{ "http_requests_total", "req_tot", F | B, PLAIN },
	{ "client_aborts_total", "cli_abrt", B | S, PLAIN },
	{ "server_aborts_total", "srv_abrt", B | S, PLAIN },
	{ "http_comp_bytes_in_total", "comp_in", F | B, PLAIN },
	{ "http_comp_bytes_out_total", "comp_out", F | B, PLAIN },
	{ "http_comp_bytes_bypassed_total", "comp_byp", F | B, PLAIN },
	{ "http_comp_responses_total", "comp_rsp", F | B, PLAIN },
	{ "last_session_seconds", "lastsess", B | S, PLAIN },
	{ "queue_time_average_seconds", "qtime", B | S, SECONDS },
	{ "connect_time_average_seconds", "ctime", B | S, SECONDS },
	{ "response_time_average_seconds", "rtime", B | S, SECONDS },
	{ "total_time_average_seconds", "ttime", B | S, SECONDS },
	{ "connections_rate_max", "conn_rate_max", F, PLAIN },
	{ "connections_total", "conn_tot", L | F, PLAIN },
	{ "intercepted_requests_total", "intercepted", F, PLAIN },
	{ "denied_connections_total", "dcon", L | F, PLAIN },
	{ "denied_sessions_total", "dses", L | F, PLAIN },
	{ "failed_header_rewriting_total", "wrew", L | F | B | S, PLAIN },
	{ "connection_attempts_total", "connect", B | S, PLAIN },
	{ "connection_reuses_total", "reuse", B | S, PLAIN },
	{ "http_cache_lookups_total", "cache_lookups", F | B, PLAIN },
	{ "http_cache_hits_total", "cache_hits", F | B, PLAIN },
	{ "idle_connections_current", "srv_icur", S, PLAIN },
	{ "idle_connections_limit", "src_ilim", S, LIMIT },
	{ "max_queue_time_seconds", "qtime_max", B | S, SECONDS },
	{ "max_connect_time_seconds", "ctime_max", B | S, SECONDS },
	{ "max_response_time_seconds", "rtime_max", B | S, SECONDS },
	{ "max_total_time_seconds", "ttime_max", B | S, SECONDS },
	{ "internal_errors_total", "eint", L | F | B | S, PLAIN },
	{ "unsafe_idle_connections_current", "idle_conn_cur", S, PLAIN },
	{ "safe_idle_connections_current", "safe_conn_cur", S, PLAIN },
	{ "used_connections_current", "used_conn_cur", S, PLAIN },
	{ "need_connections_current", "need_conn_est", S, PLAIN },
	{ "uweight", "uweight", B | S, PLAIN },
	{ "agg_server_status", "agg_server_status", B, SERVERS },
	{ "agg_server_check_status", "agg_server_check_status", B, SERVERS },
	{ "agg_check_status", "agg_check_status", B, CHECKS },
	{ "private_idle_connections_current", "priv_idle_cur", S, PLAIN },
	{ "req_bytes_in_total", "reqbin", L | F | B | S, PLAIN },
	{ "req_bytes_out_total", "reqbout", L | F | B | S, PLAIN },
	{ "res_bytes_in_total", "resbin", L | F | B | S, PLAIN },
	{ "res_bytes_out_total", "resbout", L | F | B | S, PLAIN },
};

enum { SERIES = sizeof all / sizeof *all };

/* ---- series of the process --------------------------------------------- */

static const struct {
	const char *name, *info;	/* info: its name in "show info" */
} process[] = {
	{ "nbthread", "Nbthread" }, { "nbproc", "Nbproc" },
	{ "relative_process_id", "Process_num" },
	{ "uptime_seconds", "Uptime_sec" },
	{ "pool_failures_total", "PoolFailed" },
	{ "max_fds", "Ulimit-n" }, { "max_sockets", "Maxsock" },
	{ "max_connections", "Maxconn" },
	{ "hard_max_connections", "Hard_maxconn" },
	{ "current_connections", "CurrConns" },
	{ "connections_total", "CumConns" },
	{ "requests_total", "CumReq" },
	{ "max_ssl_connections", "MaxSslConns" },
	{ "current_ssl_connections", "CurrSslConns" },
	{ "ssl_connections_total", "CumSslConns" },
	{ "max_pipes", "Maxpipes" }, { "pipes_used_total", "PipesUsed" },
	{ "pipes_free_total", "PipesFree" },
	{ "current_connection_rate", "ConnRate" },
	{ "limit_connection_rate", "ConnRateLimit" },
	{ "max_connection_rate", "MaxConnRate" },
	{ "current_session_rate", "SessRate" },
	{ "limit_session_rate", "SessRateLimit" },
	{ "max_session_rate", "MaxSessRate" },
	{ "current_ssl_rate", "SslRate" },
	{ "limit_ssl_rate", "SslRateLimit" },
	{ "max_ssl_rate", "MaxSslRate" },
	{ "current_frontend_ssl_key_rate", "SslFrontendKeyRate" },
	{ "max_frontend_ssl_key_rate", "SslFrontendMaxKeyRate" },
	{ "frontend_ssl_reuse", "SslFrontendSessionReuse_pct" },
	{ "current_backend_ssl_key_rate", "SslBackendKeyRate" },
	{ "max_backend_ssl_key_rate", "SslBackendMaxKeyRate" },
	{ "ssl_cache_lookups_total", "SslCacheLookups" },
	{ "ssl_cache_misses_total", "SslCacheMisses" },
	{ "http_comp_bytes_in_total", "CompressBpsIn" },
	{ "http_comp_bytes_out_total", "CompressBpsOut" },
	{ "limit_http_comp", "CompressBpsRateLim" },
	{ "current_zlib_memory", "ZlibMemUsage" },
	{ "max_zlib_memory", "MaxZlibMemUsage" },
	{ "current_tasks", "Tasks" }, { "current_run_queue", "Run_queue" },
	{ "idle_time_percent", "Idle_pct" },
	{ "stopping", "Stopping" }, { "jobs", "Jobs" },
	{ "unstoppable_jobs", "Unstoppable Jobs" },
	{ "listeners", "Listeners" }, { "active_peers", "ActivePeers" },
	{ "connected_peers", "ConnectedPeers" },
	{ "dropped_logs_total", "DroppedLogs" },
	{ "busy_polling_enabled", "BusyPolling" },
	{ "failed_resolutions", "FailedResolutions" },
	{ "bytes_out_total", "TotalBytesOut" },
	{ "spliced_bytes_out_total", "TotalSplicedBytesOut" },
	{ "bytes_out_rate", "BytesOutRate" },
	{ "recv_logs_total", "CumRecvLogs" },
	{ "max_memory_bytes", "Memmax_bytes" },
	{ "pool_allocated_bytes", "PoolAlloc_bytes" },
	{ "pool_used_bytes", "PoolUsed_bytes" },
	{ "start_time_seconds", "Start_time_sec" },
	{ "total_warnings", "TotalWarnings" },
	{ "patterns_added_total", "PatternsAdded" },
	{ "patterns_freed_total", "PatternsFreed" },
	{ "nb_thread_groups", "NbThreadGroups" },
};

static const struct lb_info_row *
find_info(const char *name)
{
	for (const struct lb_info_row *r = lb_info_rows; r->name != NULL; r++)
		if (strcmp(r->name, name) == 0)
			return r;
	return NULL;
}

/* ---- what is wanted ---------------------------------------------------- */

static const struct {
	const char *word;
	unsigned scopes;
} scope_words[] = {
	{ "global", LB_EXPORT_PROCESS }, { "frontend", LB_EXPORT_FRONTEND },
	{ "listener", LB_EXPORT_LISTENER }, { "backend", LB_EXPORT_BACKEND },
	{ "server", LB_EXPORT_SERVER }, { "sticktable", LB_EXPORT_TABLE },
	{ "*", LB_EXPORT_ALL },
};

static unsigned
scopes_of(struct text word)
{
	for (size_t i = 0; i < sizeof scope_words / sizeof *scope_words; i++)
		if (text_is(word, scope_words[i].word))
			return scope_words[i].scopes;
	return 0;
}

void
lb_exporter_init(struct lb_exporter *e, struct text query)
{
	struct text word;
	bool any = false;

	memset(e, 0, sizeof *e);
	while (query.len > 0 && text_split(&query, '&', &word))
		if (text_begins(word, "scope=")) {
			e->scopes |= scopes_of(text_from(word, 6));
			any = true;
		} else if (text_is(word, "no-maint"))
			e->no_maint = true;
		else if (text_begins(word, "metrics="))
			snprintf(e->only, sizeof e->only, "%.*s",
			    TEXT_ARG(text_from(word, 8)));
	if (!any)
		e->scopes = LB_EXPORT_ALL;
	lb_info_take(&e->info, 0);
}

/* "a,b": only those; "-a": all but those. */
static bool
is_wanted(const struct lb_exporter *e, const char *prefix, const char *name)
{
	struct text rest = text_of(e->only), word;
	bool wanted = rest.len == 0 || rest.at[0] == '-';
	char whole[160];

	snprintf(whole, sizeof whole, "%s%s", prefix, name);
	while (rest.len > 0 && text_split(&rest, ',', &word)) {
		bool not = word.len > 0 && word.at[0] == '-';

		if (text_is(not ? text_from(word, 1) : word, whole))
			wanted = !not;
	}
	return wanted;
}

/* ---- states ------------------------------------------------------------ */

static const char *const server_states[] = { "DOWN", "UP", "MAINT", "DRAIN",
	"NOLB", NULL };
static const char *const proxy_states[] = { "DOWN", "UP", NULL };
static const char *const door_states[] = { "WAITING", "OPEN", "FULL", NULL };

static const char *
state_of(const struct lb_server *s)
{
	if (s->admin & LB_ADMIN_MAINT)
		return "MAINT";
	if (s->state == LB_SERVER_STOPPED)
		return "DOWN";
	if (s->admin & LB_ADMIN_DRAIN)
		return "DRAIN";
	return s->state == LB_SERVER_STOPPING ? "NOLB" : "UP";
}

static const char *
state_word(const struct lb_row *r)
{
	switch (r->kind) {
	case LB_ROW_SERVER:
		return state_of(r->server);
	case LB_ROW_LISTENER:
		return r->status;
	case LB_ROW_FRONTEND:
		return r->proxy->state == LB_PROXY_STOPPED ? "DOWN" : "UP";
	default:
		return r->proxy->up ? "UP" : "DOWN";
	}
}

static const char *const *
states_of(unsigned kind)
{
	return kind == LB_ROW_SERVER ? server_states :
	    kind == LB_ROW_LISTENER ? door_states : proxy_states;
}

static const struct lb_check *
check_of(const struct lb_server *s)
{
	const struct lb_check *k = s->checks[0];

	return k != NULL && (k->state & LB_CHECK_ENABLED) != 0 ? k : NULL;
}

/* Those that are a result of a check, and the state they are shown as. */
static bool
is_result(unsigned status)
{
	return status >= LB_CHECK_HANA && status != LB_CHECK_L57DATA;
}

static unsigned
count_state(const struct lb_proxy *p, const char *state)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->server_count; i++)
		n += strcmp(state_of(p->servers[i]), state) == 0;
	return n;
}

static unsigned
count_check(const struct lb_proxy *p, unsigned status)
{
	unsigned n = 0;

	for (unsigned i = 0; i < p->server_count; i++) {
		const struct lb_check *k = check_of(p->servers[i]);

		n += k != NULL && k->status == status;
	}
	return n;
}

/* ---- lines ------------------------------------------------------------- */

struct line {			/* of one object and series */
	struct sheet *to;
	const char *prefix;
	const struct series *series;
	const struct lb_row *row;
	struct sheet labels;
};

static void
begin_labels(struct line *l)
{
	sheet_clear(&l->labels);
	metrics_label(&l->labels, "proxy", text_of(l->row->proxy->conf->name));
	if (l->row->kind == LB_ROW_SERVER)
		metrics_label(&l->labels, "server", text_of(l->row->name));
	else if (l->row->kind == LB_ROW_LISTENER)
		metrics_label(&l->labels, "listener", text_of(l->row->name));
}

static void
put_more(struct line *l, const char *label, const char *value, uint64_t n)
{
	size_t len = l->labels.len;
	struct cell c;

	metrics_label(&l->labels, label, text_of(value));
	cell_count(&c, n);
	metrics_value(l->to, l->prefix, l->series->name,
	    sheet_all(&l->labels), c.value);
	l->labels.len = len;
}

static void
put_codes(struct line *l)
{
	static const char *const codes[] = { "1xx", "2xx", "3xx", "4xx",
	    "5xx", "other" };

	for (unsigned i = 0; l->row->http && i < 6; i++)
		put_more(l, "code", codes[i],
		    l->row->counts[LB_COUNT_HRSP_1XX + i]);
}

static void
put_states(struct line *l)
{
	const char *now = state_word(l->row);
	const char *const *s = states_of(l->row->kind);

	for (; *s != NULL; s++)
		put_more(l, "state", *s, strcmp(*s, now) == 0);
}

static void
put_check(struct line *l)
{
	const struct lb_check *k = check_of(l->row->server);

	for (unsigned i = 0; k != NULL && i < LB_CHECK_STATUSES; i++)
		if (is_result(i))
			put_more(l, "state", lb_check_rows[i].word,
			    k->status == i);
}

static void
put_servers(struct line *l)
{
	for (const char *const *s = server_states; *s != NULL; s++)
		put_more(l, "state", *s, count_state(l->row->proxy, *s));
}

static void
put_checks(struct line *l)
{
	for (unsigned i = 0; i < LB_CHECK_STATUSES; i++)
		if (is_result(i))
			put_more(l, "state", lb_check_rows[i].word,
			    count_check(l->row->proxy, i));
}

static void
put_column(struct line *l, const struct field *f)
{
	struct cell c;
	bool has = field_get(f, l->row->kind, l->row, &c);

	if (!has && (l->series->shape == COUNT ||
	    (l->series->shape == CODE && l->row->checked)))
		c.value = TEXT("0");
	else if (!has && l->series->shape != LIMIT)
		return;
	if (l->series->shape == SECONDS)
		metrics_thousandths(l->to, l->prefix, l->series->name,
		    sheet_all(&l->labels), strtoull(c.value.at, NULL, 10));
	else
		metrics_value(l->to, l->prefix, l->series->name,
		    sheet_all(&l->labels), c.value);
}

static void
put_line(struct line *l, const struct field *f)
{
	switch (l->series->shape) {
	case PLAIN:
	case LIMIT:
	case COUNT:
	case CODE:
	case SECONDS:
		put_column(l, f);
		break;
	case CODES:
		put_codes(l);
		break;
	case STATUS:
		put_states(l);
		break;
	case CHECK:
		put_check(l);
		break;
	case SERVERS:
		put_servers(l);
		break;
	case CHECKS:
		put_checks(l);
		break;
	}
}

/* ---- scopes ------------------------------------------------------------ */

static void
put_process(struct lb_exporter *e, struct sheet *to)
{
	const char *prefix = "haproxy_process_";
	const struct lb_info_row *r;
	const char *value;
	char buf[24];

	for (size_t i = 0; i < sizeof process / sizeof *process; i++) {
		r = find_info(process[i].info);
		if (!is_wanted(e, prefix, process[i].name))
			continue;
		value = r == NULL ? NULL : lb_info_value(&e->info, r, buf);
		metrics_head(to, prefix, process[i].name,
		    r == NULL ? process[i].info : r->help);
		metrics_value(to, prefix, process[i].name, TEXT_NONE,
		    text_of(value));
	}
	if (!is_wanted(e, prefix, "build_info"))
		return;
	metrics_head(to, prefix, "build_info", "What was built");
	sheet_print(to, "%sbuild_info{version=\"%s\"} 1\n", prefix,
	    e->info.version);
}

static void
put_measures(const struct lb_exporter *e, struct sheet *to)
{
	const char *prefix = LB_MEASURES_PREFIX;

	for (const struct lb_measure *m = lb_measures; m->name != NULL; m++)
		if (is_wanted(e, prefix, m->name)) {
			metrics_head(to, prefix, m->name, m->help);
			m->put(to);
		}
}

static void
put_table_series(const struct lb_exporter *e, struct sheet *to,
    const char *name, const char *help,
    uint64_t (*value)(struct lb_table *))
{
	const char *prefix = "haproxy_sticktable_";

	if (lb_tables_count() == 0 || !is_wanted(e, prefix, name))
		return;
	metrics_head(to, prefix, name, help);
	for (unsigned i = 0; i < lb_tables_count(); i++) {
		const struct lb_table_conf *c =
		    lb_table_conf(lb_tables_at(i));
		static const char *const types[] = {
			[LB_TYPE_IPV4] = "ip", [LB_TYPE_IPV6] = "ipv6",
			[LB_TYPE_INT] = "integer", [LB_TYPE_STR] = "string",
			[LB_TYPE_BIN] = "binary",
		};
		struct sheet labels = { .len = 0 };
		struct cell v;

		metrics_label(&labels, "name", text_of(c->name));
		metrics_label(&labels, "type", text_of(types[c->type]));
		cell_count(&v, value(lb_tables_at(i)));
		metrics_value(to, prefix, name, sheet_all(&labels), v.value);
		sheet_fini(&labels);
	}
}

static uint64_t
size_of(struct lb_table *t)
{
	return (uint64_t)lb_table_conf(t)->size;
}

static uint64_t
used_of(struct lb_table *t)
{
	return lb_table_used(t);
}

static void
put_tables(const struct lb_exporter *e, struct sheet *to)
{
	put_table_series(e, to, "size", "Entries that it may hold", size_of);
	put_table_series(e, to, "used", "Entries that it holds", used_of);
}

static const struct {
	unsigned scope, kind;
	const char *prefix;
} scopes[] = {
	{ LB_EXPORT_PROCESS, 0, NULL },
	{ LB_EXPORT_FRONTEND, F, "haproxy_frontend_" },
	{ LB_EXPORT_LISTENER, L, "haproxy_listener_" },
	{ LB_EXPORT_BACKEND, B, "haproxy_backend_" },
	{ LB_EXPORT_SERVER, S, "haproxy_server_" },
	{ LB_EXPORT_TABLE, 0, NULL },
	{ LB_EXPORT_SPREADS, 0, NULL },
};

enum { SCOPES = sizeof scopes / sizeof *scopes };

static bool
begin_series(struct lb_exporter *e)
{
	const struct series *s = &all[e->series];

	if ((s->where & scopes[e->scope].kind) == 0 ||
	    !is_wanted(e, scopes[e->scope].prefix, s->name))
		return false;
	lb_rows_init(&e->rows);
	e->rows.kinds = scopes[e->scope].kind;
	e->rows.no_maint = e->no_maint;
	e->inside = true;
	e->headed = false;
	return true;
}

/* The head of a series stands before its first line, if it has any. */
static void
put_row(struct lb_exporter *e, struct line *l, const struct field *f)
{
	size_t before = l->to->len, head;

	begin_labels(l);
	if (!e->headed)
		metrics_head(l->to, l->prefix, l->series->name, f->help);
	head = l->to->len;
	put_line(l, f);
	if (l->to->len == head)
		l->to->len = before;
	else
		e->headed = true;
}

static void
put_rows(struct lb_exporter *e, struct sheet *to)
{
	struct lb_row row;
	struct line l = { .to = to, .prefix = scopes[e->scope].prefix,
	    .series = &all[e->series], .row = &row };
	const struct field *f = lb_columns_find(l.series->column);

	for (unsigned i = 0; i < STEP_ROWS && e->inside; i++)
		if (lb_rows_next(&e->rows, &row))
			put_row(e, &l, f);
		else
			e->inside = false;
	if (!e->inside)
		e->series++;
	sheet_fini(&l.labels);
}

/* Our histograms, some proxies of one. True: there is more. */
static bool
step_spreads(struct lb_exporter *e, struct sheet *to)
{
	enum lb_spread_of which = (enum lb_spread_of)e->series;
	unsigned count = lb_world()->count, last;
	char name[64];

	if (e->proxy == 0 && count > 0 && is_wanted(e, LB_MEASURES_PREFIX,
	    lb_measures_name(which, name)))
		lb_measures_head(which, to);
	else if (e->proxy == 0)
		e->proxy = count;
	last = count < e->proxy + STEP_ROWS ? count : e->proxy + STEP_ROWS;
	while (e->proxy < last)
		lb_measures_put(which, lb_world()->proxies[e->proxy++], to);
	if (e->proxy < count)
		return true;
	e->proxy = 0;
	return ++e->series < LB_SPREADS;
}

/* True: this scope has more. */
static bool
step_scope(struct lb_exporter *e, struct sheet *to)
{
	if (scopes[e->scope].scope == LB_EXPORT_SPREADS)
		return step_spreads(e, to);
	if (scopes[e->scope].kind == 0) {
		if (scopes[e->scope].scope == LB_EXPORT_PROCESS) {
			put_process(e, to);
			put_measures(e, to);
		} else
			put_tables(e, to);
		return false;
	}
	while (!e->inside && e->series < SERIES && !begin_series(e))
		e->series++;
	if (e->series < SERIES)
		put_rows(e, to);
	return e->series < SERIES;
}

bool
lb_exporter_step(struct lb_exporter *e, struct sheet *to)
{
	if (e->scope < SCOPES && (e->scopes & scopes[e->scope].scope) != 0 &&
	    step_scope(e, to))
		return true;
	e->scope++;
	e->series = 0;
	e->inside = false;
	return e->scope < SCOPES;
}
