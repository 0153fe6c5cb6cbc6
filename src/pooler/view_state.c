/* SPDX-License-Identifier: ISC */
/*
 * view_state.c - what the process says of itself: version, state, settings,
 * counts, memory, names. Loop 0.
 */
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "pooler/census.h"
#include "pooler/config.h"
#include "pooler/pool.h"
#include "pooler/shard.h"
#include "pooler/statement.h"
#include "pooler/statistics.h"
#include "pooler/variables.h"
#include "pooler/view_state.h"

struct pair {				/* a name and what it has */
	const char *name;
	struct cell value;
};

struct mem_row {
	const char *name;
	size_t size, used, room;
};

struct dns_row {
	char *name, *addresses;
	int64_t ttl;
	uint32_t serial;
	unsigned count;
};

struct dns_rows {
	struct dns_row *at;
	unsigned count;
};

static void
put_yes(struct cell *c, bool yes)
{
	cell_text(c, yes ? "yes" : "no");
}

/* ---- pairs: VERSION, STATE, LISTS, TOTALS, WEIR, parameters ------------- */

static void
put_name(struct cell *c, const void *row)
{
	cell_text(c, ((const struct pair *)row)->name);
}

static void
put_value(struct cell *c, const void *row)
{
	*c = ((const struct pair *)row)->value;
	/* A short value was printed into the cell it is copied from. */
	if (c->value.at == ((const struct pair *)row)->value.room)
		c->value.at = c->room;
}

static void
put_version(struct cell *c, const void *row)
{
	(void)row;
	cell_text(c, PL_VERSION_LINE);
}

static bool
next_once(struct pl_walk *w)
{
	return w->at++ == 0;
}

static const struct column version_columns[] = {
	{ "version", COLUMN_TEXT, put_version },
};

static bool
next_state(struct pl_walk *w)
{
	static const struct {
		const char *name;
		enum pl_activity activity;
	} rows[] = {
		{ "active", PL_RUNNING },
		{ "paused", PL_PAUSED },
		{ "suspended", PL_SUSPENDED },
	};
	struct pair *row = pl_view_make(w, sizeof *row);

	if (w->at == sizeof rows / sizeof rows[0])
		return false;
	row->name = rows[w->at].name;
	put_yes(&row->value, pl_activity == rows[w->at].activity);
	w->at++;
	return true;
}

static const struct column state_columns[] = {
	{ "key", COLUMN_TEXT, put_name },
	{ "value", COLUMN_TEXT, put_value },
};

/* The parameters that drivers ask for and that are what they are. */
static void
put_utf8(struct cell *c, const void *row)
{
	(void)row;
	cell_text(c, "UTF-8");
}

static void
put_read_committed(struct cell *c, const void *row)
{
	(void)row;
	cell_text(c, "read committed");
}

static void
put_on(struct cell *c, const void *row)
{
	(void)row;
	cell_text(c, "on");
}

static void
put_iso(struct cell *c, const void *row)
{
	(void)row;
	cell_text(c, "ISO");
}

static void
put_gmt(struct cell *c, const void *row)
{
	(void)row;
	cell_text(c, "GMT");
}

static const struct column client_encoding_columns[] = {
	{ "client_encoding", COLUMN_TEXT, put_utf8 },
};
static const struct column isolation_columns[] = {
	{ "default_transaction_isolation", COLUMN_TEXT, put_read_committed },
};
static const struct column strings_columns[] = {
	{ "standard_conforming_strings", COLUMN_TEXT, put_on },
};
static const struct column datestyle_columns[] = {
	{ "datestyle", COLUMN_TEXT, put_iso },
};
static const struct column timezone_columns[] = {
	{ "timezone", COLUMN_TEXT, put_gmt },
};

static unsigned
count_logins(void)
{
	const struct pl_client *c;
	const struct pl_pool *pool;
	unsigned n = 0;

	TAILQ_FOREACH(c, &pl_client_logins, link)
		if (c->state == PL_CLIENT_LOGIN)
			n++;
	TAILQ_FOREACH(pool, &pl_pools, link)
		n += pl_shard_sum_clients(pool, PL_CLIENT_LOGIN);
	return n;
}

struct dns_counts {
	unsigned names, zones, queries, pending;
};

static struct dns_counts
count_dns(void)
{
	struct dns_counts n = { 0 };

	if (pl_view_resolver != NULL)
		resolver_count(pl_view_resolver, &n.names, &n.zones,
		    &n.queries, &n.pending);
	return n;
}

#define COUNT_BY(name, value)						\
static unsigned								\
name(void)								\
{									\
	return value;							\
}
COUNT_BY(count_free_clients, pl_client_room() - pl_client_count())
COUNT_BY(count_free_servers, pl_server_room() - pl_server_count())
COUNT_BY(count_peers, pl_view_peer_count)
COUNT_BY(count_dns_names, count_dns().names)
COUNT_BY(count_dns_zones, count_dns().zones)
COUNT_BY(count_dns_queries, count_dns().queries)
COUNT_BY(count_dns_pending, count_dns().pending)

static bool
next_list(struct pl_walk *w)
{
	static const struct {
		const char *name;
		unsigned (*count)(void);
	} rows[] = {
		{ "databases", pl_database_count },
		{ "users", pl_user_count },
		{ "peers", count_peers },
		{ "pools", pl_pools_count },
		{ "peer_pools", count_peers },
		{ "free_clients", count_free_clients },
		{ "used_clients", pl_client_count },
		{ "login_clients", count_logins },
		{ "free_servers", count_free_servers },
		{ "used_servers", pl_server_count },
		{ "dns_names", count_dns_names },
		{ "dns_zones", count_dns_zones },
		{ "dns_queries", count_dns_queries },
		{ "dns_pending", count_dns_pending },
	};
	struct pair *row = pl_view_make(w, sizeof *row);

	if (w->at == sizeof rows / sizeof rows[0])
		return false;
	row->name = rows[w->at].name;
	cell_count(&row->value, rows[w->at].count());
	w->at++;
	return true;
}

static const struct column list_columns[] = {
	{ "list", COLUMN_TEXT, put_name },
	{ "items", COLUMN_INT4, put_value },
};

static bool
next_total(struct pl_walk *w)
{
	static const struct {
		const char *total, *average;
		size_t at;
	} rows[] = {
#define ROW(name, counter)						\
		{ "total_" name, "avg_" name,				\
		    offsetof(struct pl_stats, counter) }
		ROW("server_assignment_count", assignments),
		ROW("xact_count", xacts),
		ROW("query_count", queries),
		ROW("client_bytes", received),
		ROW("server_bytes", sent),
		ROW("xact_time", xact_time),
		ROW("query_time", query_time),
		ROW("wait_time", wait_time),
		ROW("ps_client_parse_count", client_parses),
		ROW("ps_server_parse_count", server_parses),
		ROW("ps_bind_count", binds),
#undef ROW
	};
	enum { COUNT = sizeof rows / sizeof rows[0] };
	unsigned i = w->at % COUNT;
	bool average = w->at >= COUNT;
	struct pl_statistics sum;
	const char *from;
	uint64_t value;
	struct pair *row = pl_view_make(w, sizeof *row);

	if (w->at == 2 * COUNT)
		return false;
	sum = pl_statistics_of(NULL);
	from = (const char *)(average ? &sum.average : &sum.total);
	memcpy(&value, from + rows[i].at, sizeof value);
	row->name = average ? rows[i].average : rows[i].total;
	cell_count(&row->value, value);
	w->at++;
	return true;
}

static const struct column total_columns[] = {
	{ "name", COLUMN_TEXT, put_name },
	{ "value", COLUMN_NUMERIC, put_value },
};

static void
weir_version(struct cell *c)
{
	cell_text(c, PACKAGE_VERSION);
}

static void
weir_engine(struct cell *c)
{
	cell_text(c, loop_engine(loop_here()));
}

static void
weir_threads(struct cell *c)
{
	cell_count(c, loop_count());
}

static void
weir_connections(struct cell *c)
{
	cell_count(c, pl_census_conns());
}

static void
weir_conn_bytes(struct cell *c)
{
	cell_count(c, pl_census_conn_bytes());
}

static void
weir_stock_bytes(struct cell *c)
{
	cell_count(c, pl_census_lent());
}

static void
weir_client_bytes(struct cell *c)
{
	cell_count(c, pl_client_room() * sizeof(struct pl_client));
}

static void
weir_server_bytes(struct cell *c)
{
	cell_count(c, pl_server_room() * sizeof(struct pl_server));
}

static void
weir_statements(struct cell *c)
{
	cell_count(c, pl_statement_count());
}

static void
weir_values(struct cell *c)
{
	cell_count(c, pl_variables_sets());
}

static void
weir_log_lost(struct cell *c)
{
	cell_count(c, log_lost());
}

static bool
next_weir(struct pl_walk *w)
{
	static const struct {
		const char *name;
		void (*put)(struct cell *);
	} rows[] = {
		{ "version", weir_version },
		{ "engine", weir_engine },
		{ "threads", weir_threads },
		{ "connections", weir_connections },
		{ "connection_bytes", weir_conn_bytes },
		{ "buffer_bytes", weir_stock_bytes },
		{ "client_bytes", weir_client_bytes },
		{ "server_bytes", weir_server_bytes },
		{ "statements", weir_statements },
		{ "parameter_sets", weir_values },
		{ "log_lines_lost", weir_log_lost },
	};
	struct pair *row = pl_view_make(w, sizeof *row);

	if (w->at == sizeof rows / sizeof rows[0])
		return false;
	row->name = rows[w->at].name;
	rows[w->at].put(&row->value);
	w->at++;
	return true;
}

static const struct column weir_columns[] = {
	{ "item", COLUMN_TEXT, put_name },
	{ "value", COLUMN_TEXT, put_value },
};

/* ---- CONFIG ------------------------------------------------------------- */

#define CONFIG(row)	((const struct pl_config_line *)(row))

static void
put_config_key(struct cell *c, const void *row)
{
	cell_text(c, CONFIG(row)->key);
}

static void
put_config_value(struct cell *c, const void *row)
{
	cell_text(c, CONFIG(row)->value);
}

static void
put_config_usual(struct cell *c, const void *row)
{
	cell_text(c, CONFIG(row)->usual);
}

static void
put_config_changeable(struct cell *c, const void *row)
{
	put_yes(c, CONFIG(row)->changeable);
}

static bool
next_config(struct pl_walk *w)
{
	return pl_config_show(pl_settings(), w->at++,
	    pl_view_make(w, sizeof(struct pl_config_line)));
}

static const struct column config_columns[] = {
	{ "key", COLUMN_TEXT, put_config_key },
	{ "value", COLUMN_TEXT, put_config_value },
	{ "default", COLUMN_TEXT, put_config_usual },
	{ "changeable", COLUMN_TEXT, put_config_changeable },
};

/* ---- MEM ---------------------------------------------------------------- */

#define MEM(row)	((const struct mem_row *)(row))

static void
put_mem_name(struct cell *c, const void *row)
{
	cell_text(c, MEM(row)->name);
}

static void
put_mem_size(struct cell *c, const void *row)
{
	cell_count(c, MEM(row)->size);
}

static void
put_mem_used(struct cell *c, const void *row)
{
	cell_count(c, MEM(row)->used);
}

static void
put_mem_free(struct cell *c, const void *row)
{
	cell_count(c, MEM(row)->room - MEM(row)->used);
}

static void
put_mem_total(struct cell *c, const void *row)
{
	cell_count(c, MEM(row)->size * MEM(row)->room);
}

enum { BUFFER_CHUNK = 4096 };

static unsigned
count_chunks(void)
{
	return (unsigned)(pl_census_lent() / BUFFER_CHUNK);
}

/* Kinds of memory that we keep inside others. */
static unsigned
count_none(void)
{
	return 0;
}

/* The names are those of the original's allocators. */
static bool
next_mem(struct pl_walk *w)
{
	static const struct {
		const char *name;
		size_t size;
		unsigned (*used)(void), (*room)(void);
	} rows[] = {
#define ROW(name, what, used, room)					\
		{ name, sizeof(struct what), used, room }
		ROW("user_cache", pl_user, pl_user_count, NULL),
		ROW("credentials_cache", pl_credential, count_none, NULL),
		ROW("db_cache", pl_database, pl_database_count, NULL),
		ROW("peer_cache", pl_peer_row, count_peers, NULL),
		ROW("peer_pool_cache", pl_pool, count_none, NULL),
		ROW("pool_cache", pl_pool, pl_pools_count, NULL),
		ROW("outstanding_request_cache", pl_expected, count_none, NULL),
		ROW("server_cache", pl_server, pl_server_count, pl_server_room),
		ROW("client_cache", pl_client, pl_client_count, pl_client_room),
		{ "iobuf_cache", BUFFER_CHUNK, count_chunks, NULL },
		{ "var_list_cache", sizeof(void *), pl_variables_sets, NULL },
		{ "server_prepared_statement_cache", sizeof(void *),
		    pl_statement_count, NULL },
#undef ROW
	};
	struct mem_row *row = pl_view_make(w, sizeof *row);

	if (w->at == sizeof rows / sizeof rows[0])
		return false;
	row->name = rows[w->at].name;
	row->size = rows[w->at].size;
	row->used = rows[w->at].used();
	row->room = rows[w->at].room != NULL ? rows[w->at].room() : row->used;
	w->at++;
	return true;
}

static const struct column mem_columns[] = {
	{ "name", COLUMN_TEXT, put_mem_name },
	{ "size", COLUMN_INT4, put_mem_size },
	{ "used", COLUMN_INT4, put_mem_used },
	{ "free", COLUMN_INT4, put_mem_free },
	{ "memtotal", COLUMN_INT4, put_mem_total },
};

/* ---- DNS_HOSTS, DNS_ZONES ----------------------------------------------- */

#define DNS(row)	((const struct dns_row *)(row))

static void
put_dns_name(struct cell *c, const void *row)
{
	cell_text(c, DNS(row)->name);
}

static void
put_dns_ttl(struct cell *c, const void *row)
{
	cell_int(c, DNS(row)->ttl / CLOCK_SECOND);
}

static void
put_dns_addresses(struct cell *c, const void *row)
{
	cell_text(c, DNS(row)->addresses);
}

static void
put_dns_serial(struct cell *c, const void *row)
{
	cell_count(c, DNS(row)->serial);
}

static void
put_dns_count(struct cell *c, const void *row)
{
	cell_count(c, DNS(row)->count);
}

static struct dns_row *
add_dns(struct dns_rows *rows, const char *name)
{
	struct dns_row *more = mem_grow(rows->at,
	    (rows->count + 1) * sizeof *more);

	if (more == NULL)
		return NULL;
	rows->at = more;
	more[rows->count] = (struct dns_row){ .name = mem_copy(text_of(name)) };
	return &more[rows->count++];
}

static char *
print_addresses(const struct resolver_row *host)
{
	size_t len = 0, room = host->count * (ADDRESS_TEXT + 1u) + 1;
	char *list = mem_get(room), one[ADDRESS_TEXT];

	if (list == NULL)
		return NULL;
	list[0] = '\0';
	for (unsigned i = 0; i < host->count; i++)
		len += (size_t)snprintf(list + len, room - len, "%s%s",
		    i > 0 ? "," : "", address_print(&host->addresses[i], one));
	return list;
}

static void
add_host(void *arg, const struct resolver_row *host)
{
	struct dns_row *row = add_dns(arg, host->name);

	if (row == NULL)
		return;
	row->ttl = host->ttl;
	row->addresses = print_addresses(host);
}

static void
add_zone(void *arg, const struct resolver_zone *zone)
{
	struct dns_row *row = add_dns(arg, zone->name);

	if (row == NULL)
		return;
	row->serial = zone->serial;
	row->count = zone->hosts;
}

static void
drop_dns(void *kept)
{
	struct dns_rows *rows = kept;

	for (unsigned i = 0; i < rows->count; i++) {
		mem_drop(rows->at[i].name);
		mem_drop(rows->at[i].addresses);
	}
	mem_drop(rows->at);
	mem_drop(rows);
}

/* The resolver tells all it knows at once; what it said is kept. */
static bool
next_dns(struct pl_walk *w, void (*ask)(struct dns_rows *))
{
	struct dns_rows *rows = w->kept;

	if (rows == NULL) {
		if (pl_view_resolver == NULL ||
		    (rows = mem_zero(sizeof *rows)) == NULL)
			return false;
		w->kept = rows;
		w->drop = drop_dns;
		ask(rows);
	}
	if (w->at == rows->count)
		return false;
	w->row = &rows->at[w->at++];
	return true;
}

static void
ask_hosts(struct dns_rows *rows)
{
	resolver_each(pl_view_resolver, add_host, rows);
}

static void
ask_zones(struct dns_rows *rows)
{
	resolver_each_zone(pl_view_resolver, add_zone, rows);
}

static bool
next_host(struct pl_walk *w)
{
	return next_dns(w, ask_hosts);
}

static bool
next_zone(struct pl_walk *w)
{
	return next_dns(w, ask_zones);
}

static const struct column dns_host_columns[] = {
	{ "hostname", COLUMN_TEXT, put_dns_name },
	{ "ttl", COLUMN_INT8, put_dns_ttl },
	{ "addrs", COLUMN_TEXT, put_dns_addresses },
};

static const struct column dns_zone_columns[] = {
	{ "zonename", COLUMN_TEXT, put_dns_name },
	{ "serial", COLUMN_INT8, put_dns_serial },
	{ "count", COLUMN_INT4, put_dns_count },
};

/* ---- the views ---------------------------------------------------------- */

const struct pl_view pl_view_state_version =
    PL_VIEW(version_columns, next_once);
const struct pl_view pl_view_state_state = PL_VIEW(state_columns, next_state);
const struct pl_view pl_view_state_config =
    PL_VIEW(config_columns, next_config);
const struct pl_view pl_view_state_lists =
    PL_VIEW_NUMBERS(list_columns, next_list);
const struct pl_view pl_view_state_totals =
    PL_VIEW_NUMBERS(total_columns, next_total);
const struct pl_view pl_view_state_mem =
    PL_VIEW_NUMBERS(mem_columns, next_mem);
const struct pl_view pl_view_state_dns_hosts =
    PL_VIEW(dns_host_columns, next_host);
const struct pl_view pl_view_state_dns_zones =
    PL_VIEW(dns_zone_columns, next_zone);
const struct pl_view pl_view_state_weir =
    PL_VIEW_NUMBERS(weir_columns, next_weir);
const struct pl_view pl_view_state_client_encoding =
    PL_VIEW(client_encoding_columns, next_once);
const struct pl_view pl_view_state_isolation =
    PL_VIEW(isolation_columns, next_once);
const struct pl_view pl_view_state_strings =
    PL_VIEW(strings_columns, next_once);
const struct pl_view pl_view_state_datestyle =
    PL_VIEW(datestyle_columns, next_once);
const struct pl_view pl_view_state_timezone =
    PL_VIEW(timezone_columns, next_once);
