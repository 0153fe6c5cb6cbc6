/* SPDX-License-Identifier: ISC */
/*
 * columns.c - the tables of SHOW. To add a column: one line in a table and
 * one put_ function above it. To add an object: a table, a next_ function
 * that finds its rows, a line in pl_objects[]. Loop 0.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/conn.h"
#include "net/socket.h"
#include "pooler/columns.h"
#include "pooler/config.h"
#include "pooler/hba.h"
#include "pooler/names.h"
#include "pooler/pool.h"
#include "pooler/shelf.h"
#include "pooler/statement.h"
#include "pooler/statistics.h"
#include "pooler/variables.h"

/* ---- rows --------------------------------------------------------------- */

struct pair {				/* a name and what it has */
	const char *name;
	struct cell value;
};

struct end {				/* a client or a server */
	const struct pl_client *client;
	const struct pl_server *server;
	const struct endpoint *peer;
	struct endpoint local;
	struct conn *conn;
	const struct pl_values *values;
	const struct pl_pool *pool;
	int64_t now, to_wall;		/* monotonic + to_wall = wall */
};

struct fd_row {
	int fd;
	const char *task;
	const struct pl_listening *listening;	/* or NULL: */
	struct end end;
	struct pl_listening at;
};

struct pool_row {
	const struct pl_pool *pool;
	int64_t wait;			/* us */
};

struct stats_row {
	const char *name;
	struct pl_statistics sum;
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

struct pl_walk {
	const struct pl_object *object;
	uint32_t at;			/* number of the next row, or slot */
	unsigned phase;			/* of an object with several sources */
	const void *here;		/* item before 'at', in this turn */
	struct dns_rows dns;
	union {
		struct pair pair;
		struct end end;
		struct fd_row fd;
		struct pool_row pool;
		struct stats_row stats;
		struct mem_row mem;
		struct pl_config_line config;
		const struct pl_database *database;
		const struct pl_user *user;
		const struct pl_peer_row *peer;
		const struct dns_row *dns_row;
		struct pl_listening listening;
	} row;
	struct cell cells[PL_COLUMNS_MOST];
};

bool (*pl_columns_listener)(unsigned, struct pl_listening *);
struct resolver *pl_columns_resolver;
static const struct pl_peer_row *peers;
static unsigned peer_count;

void
pl_columns_set_peers(const struct pl_peer_row *rows, unsigned count)
{
	peers = rows;
	peer_count = count;
}

/*
 * The next item of a list: the one behind the last, or, in a new turn, the
 * one with the number we have come to.
 */
#define NEXT_OF(w, list, type, item) do {				\
	uint32_t n_ = 0;						\
									\
	item = (w)->here;						\
	if (item != NULL)						\
		item = TAILQ_NEXT(item, link);				\
	else								\
		for (item = TAILQ_FIRST(list); item != NULL &&		\
		    n_ < (w)->at; n_++)					\
			item = TAILQ_NEXT(item, link);			\
	(w)->at++;							\
	(w)->here = item;						\
} while (0)

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

	if (w->at == sizeof rows / sizeof rows[0])
		return false;
	w->row.pair.name = rows[w->at].name;
	put_yes(&w->row.pair.value, pl_activity == rows[w->at].activity);
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
		n += pool->client_count[PL_CLIENT_LOGIN];
	return n;
}

struct dns_counts {
	unsigned names, zones, queries, pending;
};

static struct dns_counts
count_dns(void)
{
	struct dns_counts n = { 0 };

	if (pl_columns_resolver != NULL)
		resolver_count(pl_columns_resolver, &n.names, &n.zones,
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
COUNT_BY(count_peers, peer_count)
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
		{ "pools", pl_pool_count },
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

	if (w->at == sizeof rows / sizeof rows[0])
		return false;
	w->row.pair.name = rows[w->at].name;
	cell_count(&w->row.pair.value, rows[w->at].count());
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
		{ "total_" name, "avg_" name, offsetof(struct pl_stats, counter) }
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

	if (w->at == 2 * COUNT)
		return false;
	sum = pl_statistics_of(NULL);
	from = (const char *)(average ? &sum.average : &sum.total);
	memcpy(&value, from + rows[i].at, sizeof value);
	w->row.pair.name = average ? rows[i].average : rows[i].total;
	cell_count(&w->row.pair.value, value);
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
	cell_count(c, conn_count(loop_here()));
}

static void
weir_conn_bytes(struct cell *c)
{
	cell_count(c, conn_bytes(loop_here()));
}

static void
weir_stock_bytes(struct cell *c)
{
	cell_count(c, stock_lent(loop_stock(loop_here())));
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

	if (w->at == sizeof rows / sizeof rows[0])
		return false;
	w->row.pair.name = rows[w->at].name;
	rows[w->at].put(&w->row.pair.value);
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
	return pl_config_show(pl_settings(), w->at++, &w->row.config);
}

static const struct column config_columns[] = {
	{ "key", COLUMN_TEXT, put_config_key },
	{ "value", COLUMN_TEXT, put_config_value },
	{ "default", COLUMN_TEXT, put_config_usual },
	{ "changeable", COLUMN_TEXT, put_config_changeable },
};

/* ---- DATABASES ---------------------------------------------------------- */

#define DATABASE(row)	(*(const struct pl_database *const *)(row))

static void
put_db_name(struct cell *c, const void *row)
{
	cell_text(c, DATABASE(row)->name);
}

static void
put_db_host(struct cell *c, const void *row)
{
	cell_text(c, DATABASE(row)->row->host);
}

static void
put_db_port(struct cell *c, const void *row)
{
	cell_int(c, DATABASE(row)->row->port);
}

static void
put_db_database(struct cell *c, const void *row)
{
	cell_text(c, DATABASE(row)->row->dbname);
}

static void
put_db_force_user(struct cell *c, const void *row)
{
	const struct pl_database *db = DATABASE(row);

	cell_text(c, db->forced != NULL ? db->forced->user->name : NULL);
}

static void
put_db_pool_size(struct cell *c, const void *row)
{
	cell_int(c, pl_database_pool_size(DATABASE(row), NULL));
}

static void
put_db_min_pool_size(struct cell *c, const void *row)
{
	cell_int(c, pl_database_min_pool_size(DATABASE(row)));
}

static void
put_db_reserve(struct cell *c, const void *row)
{
	cell_int(c, pl_database_reserve(DATABASE(row), NULL));
}

static void
put_db_lifetime(struct cell *c, const void *row)
{
	cell_int(c, pl_database_server_lifetime(DATABASE(row)) / CLOCK_SECOND);
}

static void
put_db_mode(struct cell *c, const void *row)
{
	cell_text(c, pl_settings_mode_name(DATABASE(row)->row->pool_mode));
}

/* Says something only of a list of hosts. */
static const char *
name_balance(const struct pl_database_row *row)
{
	const char *name = pl_settings_balance_name(row->load_balance_hosts);

	if (row->host_count < 2)
		return NULL;
	return name != NULL ? name :
	    pl_settings_balance_name(PL_BALANCE_ROUND_ROBIN);
}

static void
put_db_balance(struct cell *c, const void *row)
{
	cell_text(c, name_balance(DATABASE(row)->row));
}

static void
put_db_most_servers(struct cell *c, const void *row)
{
	cell_int(c, pl_database_max_servers(DATABASE(row)));
}

static void
put_db_servers(struct cell *c, const void *row)
{
	cell_int(c, DATABASE(row)->servers.taken);
}

static void
put_db_most_clients(struct cell *c, const void *row)
{
	cell_int(c, pl_database_max_clients(DATABASE(row)));
}

static void
put_db_clients(struct cell *c, const void *row)
{
	cell_int(c, DATABASE(row)->clients);
}

static void
put_db_paused(struct cell *c, const void *row)
{
	cell_int(c, DATABASE(row)->paused);
}

static void
put_db_disabled(struct cell *c, const void *row)
{
	cell_int(c, DATABASE(row)->disabled);
}

static const struct pl_database *
walk_databases(struct pl_walk *w)
{
	const struct pl_database *db;

	NEXT_OF(w, &pl_databases, struct pl_database, db);
	return db;
}

static bool
next_database(struct pl_walk *w)
{
	do
		w->row.database = walk_databases(w);
	while (w->row.database != NULL && w->row.database->dead);
	return w->row.database != NULL;
}

static const struct column database_columns[] = {
	{ "name", COLUMN_TEXT, put_db_name },
	{ "host", COLUMN_TEXT, put_db_host },
	{ "port", COLUMN_INT4, put_db_port },
	{ "database", COLUMN_TEXT, put_db_database },
	{ "force_user", COLUMN_TEXT, put_db_force_user },
	{ "pool_size", COLUMN_INT4, put_db_pool_size },
	{ "min_pool_size", COLUMN_INT4, put_db_min_pool_size },
	{ "reserve_pool_size", COLUMN_INT4, put_db_reserve },
	{ "server_lifetime", COLUMN_INT4, put_db_lifetime },
	{ "pool_mode", COLUMN_TEXT, put_db_mode },
	{ "load_balance_hosts", COLUMN_TEXT, put_db_balance },
	{ "max_connections", COLUMN_INT4, put_db_most_servers },
	{ "current_connections", COLUMN_INT4, put_db_servers },
	{ "max_client_connections", COLUMN_INT4, put_db_most_clients },
	{ "current_client_connections", COLUMN_INT4, put_db_clients },
	{ "paused", COLUMN_INT4, put_db_paused },
	{ "disabled", COLUMN_INT4, put_db_disabled },
};

/* ---- POOLS -------------------------------------------------------------- */

#define POOL(row)	(((const struct pool_row *)(row))->pool)

static void
put_pool_database(struct cell *c, const void *row)
{
	cell_text(c, POOL(row)->database->name);
}

static void
put_pool_user(struct cell *c, const void *row)
{
	cell_text(c, POOL(row)->credential->user->name);
}

#define PUT_POOL_COUNT(name, what, state)				\
static void								\
put_pool_##name(struct cell *c, const void *row)			\
{									\
	cell_count(c, POOL(row)->what##_count[state]);			\
}
PUT_POOL_COUNT(cl_active, client, PL_CLIENT_ACTIVE)
PUT_POOL_COUNT(cl_waiting, client, PL_CLIENT_WAITING)
PUT_POOL_COUNT(cl_active_cancel, client, PL_CLIENT_ACTIVE_CANCEL)
PUT_POOL_COUNT(cl_waiting_cancel, client, PL_CLIENT_WAITING_CANCEL)
PUT_POOL_COUNT(sv_active, server, PL_SERVER_ACTIVE)
PUT_POOL_COUNT(sv_active_cancel, server, PL_SERVER_ACTIVE_CANCEL)
PUT_POOL_COUNT(sv_being_canceled, server, PL_SERVER_BEING_CANCELED)
PUT_POOL_COUNT(sv_idle, server, PL_SERVER_IDLE)
PUT_POOL_COUNT(sv_used, server, PL_SERVER_USED)
PUT_POOL_COUNT(sv_tested, server, PL_SERVER_TESTED)
PUT_POOL_COUNT(sv_login, server, PL_SERVER_LOGIN)

static void
put_pool_maxwait(struct cell *c, const void *row)
{
	cell_int(c, ((const struct pool_row *)row)->wait / CLOCK_SECOND);
}

static void
put_pool_maxwait_us(struct cell *c, const void *row)
{
	cell_int(c, ((const struct pool_row *)row)->wait % CLOCK_SECOND);
}

static void
put_pool_mode(struct cell *c, const void *row)
{
	cell_text(c, pl_settings_mode_name((int)pl_pool_mode(POOL(row))));
}

static void
put_pool_balance(struct cell *c, const void *row)
{
	cell_text(c, name_balance(POOL(row)->database->row));
}

/* Of the first in line; one that waits to log in has no query. */
static int64_t
find_wait(const struct pl_pool *pool)
{
	const struct pl_turn *turn = pl_ledger_first(&pool->ledger);
	const struct pl_client *c;

	if (turn == NULL || turn->login)
		return 0;
	c = (const void *)((const char *)turn -
	    offsetof(struct pl_client, turn));
	return clock_now() - (c->query_start != 0 ? c->query_start :
	    turn->since);
}

static const struct pl_pool *
walk_pools(struct pl_walk *w)
{
	const struct pl_pool *pool;

	NEXT_OF(w, &pl_pools, struct pl_pool, pool);
	return pool;
}

static bool
next_pool(struct pl_walk *w)
{
	w->row.pool.pool = walk_pools(w);
	if (w->row.pool.pool == NULL)
		return false;
	w->row.pool.wait = find_wait(w->row.pool.pool);
	return true;
}

static const struct column pool_columns[] = {
	{ "database", COLUMN_TEXT, put_pool_database },
	{ "user", COLUMN_TEXT, put_pool_user },
	{ "cl_active", COLUMN_INT4, put_pool_cl_active },
	{ "cl_waiting", COLUMN_INT4, put_pool_cl_waiting },
	{ "cl_active_cancel_req", COLUMN_INT4, put_pool_cl_active_cancel },
	{ "cl_waiting_cancel_req", COLUMN_INT4, put_pool_cl_waiting_cancel },
	{ "sv_active", COLUMN_INT4, put_pool_sv_active },
	{ "sv_active_cancel", COLUMN_INT4, put_pool_sv_active_cancel },
	{ "sv_being_canceled", COLUMN_INT4, put_pool_sv_being_canceled },
	{ "sv_idle", COLUMN_INT4, put_pool_sv_idle },
	{ "sv_used", COLUMN_INT4, put_pool_sv_used },
	{ "sv_tested", COLUMN_INT4, put_pool_sv_tested },
	{ "sv_login", COLUMN_INT4, put_pool_sv_login },
	{ "maxwait", COLUMN_INT4, put_pool_maxwait },
	{ "maxwait_us", COLUMN_INT4, put_pool_maxwait_us },
	{ "pool_mode", COLUMN_TEXT, put_pool_mode },
	{ "load_balance_hosts", COLUMN_TEXT, put_pool_balance },
};

/* ---- PEERS, PEER_POOLS -------------------------------------------------- */

#define PEER(row)	(*(const struct pl_peer_row *const *)(row))

static void
put_peer_id(struct cell *c, const void *row)
{
	cell_int(c, PEER(row)->id);
}

static void
put_peer_host(struct cell *c, const void *row)
{
	cell_text(c, PEER(row)->host);
}

static void
put_peer_port(struct cell *c, const void *row)
{
	cell_int(c, PEER(row)->port);
}

static void
put_peer_pool_size(struct cell *c, const void *row)
{
	int size = PEER(row)->pool_size;

	cell_int(c, size != PL_UNSET ? size :
	    pl_settings()->default_pool_size);
}

static void
put_zero(struct cell *c, const void *row)
{
	(void)row;
	cell_text(c, "0");
}

static bool
next_peer(struct pl_walk *w)
{
	if (w->at >= peer_count)
		return false;
	w->row.peer = &peers[w->at++];
	return true;
}

static const struct column peer_columns[] = {
	{ "peer_id", COLUMN_INT4, put_peer_id },
	{ "host", COLUMN_TEXT, put_peer_host },
	{ "port", COLUMN_INT4, put_peer_port },
	{ "pool_size", COLUMN_INT4, put_peer_pool_size },
};

/* Requests are not forwarded to peers yet, so none is ever under way. */
static const struct column peer_pool_columns[] = {
	{ "peer_id", COLUMN_INT4, put_peer_id },
	{ "cl_active_cancel_req", COLUMN_INT4, put_zero },
	{ "cl_waiting_cancel_req", COLUMN_INT4, put_zero },
	{ "sv_active_cancel", COLUMN_INT4, put_zero },
	{ "sv_login", COLUMN_INT4, put_zero },
};

/* ---- USERS -------------------------------------------------------------- */

#define USER(row)	(*(const struct pl_user *const *)(row))

static void
put_user_name(struct cell *c, const void *row)
{
	cell_text(c, USER(row)->name);
}

/* These sizes have always been texts of nine characters. */
static void
put_size(struct cell *c, const struct pl_user_row *row, int size)
{
	if (row == NULL || size == PL_UNSET)
		cell_text(c, "");
	else
		cell_print(c, "%9d", size);
}

static void
put_user_pool_size(struct cell *c, const void *row)
{
	const struct pl_user_row *u = USER(row)->row;

	put_size(c, u, u == NULL ? 0 : u->pool_size);
}

static void
put_user_reserve(struct cell *c, const void *row)
{
	const struct pl_user_row *u = USER(row)->row;

	put_size(c, u, u == NULL ? 0 : u->reserve_pool_size);
}

static void
put_user_mode(struct cell *c, const void *row)
{
	const struct pl_user_row *u = USER(row)->row;

	cell_text(c, u == NULL ? NULL : pl_settings_mode_name(u->pool_mode));
}

static void
put_user_most_servers(struct cell *c, const void *row)
{
	cell_int(c, pl_user_max_servers(USER(row)));
}

static void
put_user_servers(struct cell *c, const void *row)
{
	cell_int(c, USER(row)->servers.taken);
}

static void
put_user_most_clients(struct cell *c, const void *row)
{
	cell_int(c, pl_user_max_clients(USER(row)));
}

static void
put_user_clients(struct cell *c, const void *row)
{
	cell_int(c, USER(row)->clients);
}

static bool
next_user(struct pl_walk *w)
{
	const struct pl_user *user;

	NEXT_OF(w, &pl_users, struct pl_user, user);
	w->row.user = user;
	return user != NULL;
}

static const struct column user_columns[] = {
	{ "name", COLUMN_TEXT, put_user_name },
	{ "pool_size", COLUMN_TEXT, put_user_pool_size },
	{ "reserve_pool_size", COLUMN_TEXT, put_user_reserve },
	{ "pool_mode", COLUMN_TEXT, put_user_mode },
	{ "max_user_connections", COLUMN_INT4, put_user_most_servers },
	{ "current_connections", COLUMN_INT4, put_user_servers },
	{ "max_user_client_connections", COLUMN_INT4, put_user_most_clients },
	{ "current_client_connections", COLUMN_INT4, put_user_clients },
};

/* ---- CLIENTS, SERVERS, SOCKETS ------------------------------------------ */

#define END(row)	((const struct end *)(row))

static void
put_end_type(struct cell *c, const void *row)
{
	cell_text(c, END(row)->client != NULL ? "C" : "S");
}

static const char *
name_user(const struct end *e)
{
	if (e->server != NULL)
		return e->pool->credential->user->name;
	return e->client->user != NULL ? e->client->user->name : "(nouser)";
}

static const char *
name_database(const struct end *e)
{
	if (e->server != NULL)
		return e->pool->database->name;
	return e->client->database != NULL ? e->client->database->name :
	    "(nodb)";
}

static void
put_end_user(struct cell *c, const void *row)
{
	cell_text(c, name_user(row));
}

static void
put_end_database(struct cell *c, const void *row)
{
	cell_text(c, name_database(row));
}

static void
put_end_replication(struct cell *c, const void *row)
{
	static const char *const names[] = {
		[PL_REPLICATION_NONE] = "none",
		[PL_REPLICATION_PHYSICAL] = "physical",
		[PL_REPLICATION_LOGICAL] = "logical",
	};
	const struct pl_client *client = END(row)->client;

	if (client == NULL && END(row)->server->replication)
		client = END(row)->server->client;
	cell_text(c, names[client == NULL ? 0 : client->replication]);
}

/* Of CLIENTS and SERVERS. */
static void
put_end_state(struct cell *c, const void *row)
{
	const struct pl_client *client = END(row)->client;

	if (client == NULL)
		cell_text(c, pl_server_state_names[END(row)->server->state]);
	else if (client->state == PL_CLIENT_ACTIVE && client->server == NULL)
		cell_text(c, "idle");
	else
		cell_text(c, pl_client_state_names[client->state]);
}

/* Of SOCKETS, where a client without a server is active too. */
static void
put_socket_state(struct cell *c, const void *row)
{
	const struct pl_client *client = END(row)->client;
	const struct pl_server *server = END(row)->server;

	if (client != NULL)
		cell_print(c, "cl_%s", pl_client_state_names[client->state]);
	else
		cell_print(c, "sv_%s", server->state == PL_SERVER_LOGIN ?
		    "login" : pl_server_state_names[server->state]);
}

static void
put_ip(struct cell *c, const struct endpoint *e)
{
	char ip[ADDRESS_TEXT];

	cell_print(c, "%s", e->family == 0 ? "" : endpoint_ip(e, ip));
}

static void
put_end_addr(struct cell *c, const void *row)
{
	put_ip(c, END(row)->peer);
}

static void
put_end_port(struct cell *c, const void *row)
{
	cell_int(c, END(row)->peer->port);
}

static void
put_end_local_addr(struct cell *c, const void *row)
{
	put_ip(c, &END(row)->local);
}

static void
put_end_local_port(struct cell *c, const void *row)
{
	cell_int(c, END(row)->local.port);
}

static void
put_end_connected(struct cell *c, const void *row)
{
	const struct end *e = row;

	cell_time(c, e->to_wall + (e->client != NULL ?
	    e->client->connect_time : e->server->connect_time));
}

static void
put_end_requested(struct cell *c, const void *row)
{
	const struct end *e = row;

	cell_time(c, e->to_wall + (e->client != NULL ?
	    e->client->request_time : e->server->request_time));
}

static int64_t
age_of_query(const struct end *e)
{
	if (e->client == NULL || e->client->query_start == 0)
		return 0;
	return e->now - e->client->query_start;
}

static void
put_end_wait(struct cell *c, const void *row)
{
	cell_int(c, age_of_query(row) / CLOCK_SECOND);
}

static void
put_end_wait_us(struct cell *c, const void *row)
{
	cell_int(c, age_of_query(row) % CLOCK_SECOND);
}

static void
put_end_close_needed(struct cell *c, const void *row)
{
	cell_int(c, END(row)->server != NULL && END(row)->server->close_needed);
}

static void
put_pointer(struct cell *c, const void *p)
{
	if (p == NULL)
		cell_text(c, "");
	else
		cell_print(c, "%p", p);
}

static void
put_end_ptr(struct cell *c, const void *row)
{
	put_pointer(c, END(row)->client != NULL ?
	    (const void *)END(row)->client : (const void *)END(row)->server);
}

static void
put_end_link(struct cell *c, const void *row)
{
	put_pointer(c, END(row)->client != NULL ?
	    (const void *)END(row)->client->server :
	    (const void *)END(row)->server->client);
}

static void
put_end_pid(struct cell *c, const void *row)
{
	const struct end *e = row;
	int32_t pid = 0;

	if (e->server != NULL)
		pid = (int32_t)e->server->pid;
	else if (e->peer->family == AF_UNIX)
		memcpy(&pid, e->peer->ip, sizeof pid);
	cell_int(c, pid);
}

static void
put_end_tls(struct cell *c, const void *row)
{
	struct conn *conn = END(row)->conn;
	char text[CELL_ROOM];

	if (conn == NULL || !tls_is_on(conn))
		cell_text(c, "");
	else
		cell_print(c, "%s", tls_describe(conn, text, sizeof text));
}

static void
put_variable(struct cell *c, const struct pl_values *values, const char *name)
{
	int which = pl_variables_find(text_of(name));

	cell_none(c);
	if (which >= 0 && values != NULL)
		cell_slice(c, pl_variables_get(values, (unsigned)which));
}

static void
put_end_application(struct cell *c, const void *row)
{
	put_variable(c, END(row)->values, "application_name");
	if (c->value.at == NULL)
		cell_text(c, "");
}

static void
put_end_prepared(struct cell *c, const void *row)
{
	cell_count(c, END(row)->client != NULL ?
	    pl_names_count(END(row)->client->names) :
	    pl_shelf_count(END(row)->server->shelf));
}

static void
put_end_id(struct cell *c, const void *row)
{
	cell_count(c, END(row)->client != NULL ? END(row)->client->id :
	    END(row)->server->id);
}

/* Read, but not yet passed on. */
static size_t
bytes_in(const struct end *e)
{
	return e->client != NULL ? e->client->pending.len :
	    e->server->collect.len;
}

static void
put_socket_in(struct cell *c, const void *row)
{
	cell_count(c, bytes_in(row));
}

static void
put_socket_body(struct cell *c, const void *row)
{
	cell_count(c, END(row)->client != NULL ? END(row)->client->body :
	    END(row)->server->body);
}

static void
put_socket_out(struct cell *c, const void *row)
{
	struct conn *conn = END(row)->conn;

	cell_count(c, conn == NULL ? 0 : conn_stashed(conn));
}

#define END_COLUMNS(put_state)						\
	{ "type", COLUMN_TEXT, put_end_type },				\
	{ "user", COLUMN_TEXT, put_end_user },				\
	{ "database", COLUMN_TEXT, put_end_database },			\
	{ "replication", COLUMN_TEXT, put_end_replication },		\
	{ "state", COLUMN_TEXT, put_state },				\
	{ "addr", COLUMN_TEXT, put_end_addr },				\
	{ "port", COLUMN_INT4, put_end_port },				\
	{ "local_addr", COLUMN_TEXT, put_end_local_addr },		\
	{ "local_port", COLUMN_INT4, put_end_local_port },		\
	{ "connect_time", COLUMN_TEXT, put_end_connected },		\
	{ "request_time", COLUMN_TEXT, put_end_requested },		\
	{ "wait", COLUMN_INT4, put_end_wait },				\
	{ "wait_us", COLUMN_INT4, put_end_wait_us },			\
	{ "close_needed", COLUMN_INT4, put_end_close_needed },		\
	{ "ptr", COLUMN_TEXT, put_end_ptr },				\
	{ "link", COLUMN_TEXT, put_end_link },				\
	{ "remote_pid", COLUMN_INT4, put_end_pid },			\
	{ "tls", COLUMN_TEXT, put_end_tls },				\
	{ "application_name", COLUMN_TEXT, put_end_application },	\
	{ "prepared_statements", COLUMN_INT4, put_end_prepared },	\
	{ "id", COLUMN_INT4, put_end_id }

static const struct column end_columns[] = { END_COLUMNS(put_end_state) };

static const struct column socket_columns[] = {
	END_COLUMNS(put_socket_state),
	{ "recv_pos", COLUMN_INT4, put_socket_in },
	{ "pkt_pos", COLUMN_INT4, put_zero },
	{ "pkt_remain", COLUMN_INT4, put_socket_body },
	{ "send_pos", COLUMN_INT4, put_zero },
	{ "send_remain", COLUMN_INT4, put_socket_out },
	{ "pkt_avail", COLUMN_INT4, put_socket_in },
	{ "send_avail", COLUMN_INT4, put_socket_out },
};

static void
find_local(struct end *e)
{
	struct address at;

	e->local = (struct endpoint){ 0 };
	if (e->peer->family == AF_UNIX)
		e->local = *e->peer;	/* the same path on both sides */
	else if (e->conn != NULL && socket_local(conn_fd(e->conn), &at) == 0)
		e->local = address_endpoint(&at);
}

static void
fill_client(struct end *e, const struct pl_client *c)
{
	*e = (struct end){ .client = c, .peer = &c->peer, .conn = c->conn,
	    .values = c->values, .pool = c->pool, .now = clock_now() };
	e->to_wall = clock_wall() - e->now;
	find_local(e);
}

static void
fill_server(struct end *e, const struct pl_server *s)
{
	*e = (struct end){ .server = s, .peer = &s->peer, .conn = s->conn,
	    .values = s->values, .pool = s->pool, .now = clock_now() };
	e->to_wall = clock_wall() - e->now;
	find_local(e);
}

static const struct pl_client *
walk_clients(struct pl_walk *w)
{
	const struct pl_client *c = NULL;

	while (c == NULL && w->at < pl_client_slots())
		c = pl_client_at(w->at++);
	return c;
}

static const struct pl_server *
walk_servers(struct pl_walk *w)
{
	const struct pl_server *s = NULL;

	while (s == NULL && w->at < pl_server_slots())
		s = pl_server_at(w->at++);
	return s;
}

static bool
next_client(struct pl_walk *w)
{
	const struct pl_client *c;

	while ((c = walk_clients(w)) != NULL)
		if (c->state != PL_CLIENT_LOGIN) {
			fill_client(&w->row.end, c);
			return true;
		}
	return false;
}

static bool
next_server(struct pl_walk *w)
{
	const struct pl_server *s = walk_servers(w);

	if (s == NULL)
		return false;
	fill_server(&w->row.end, s);
	return true;
}

static void
begin_phase(struct pl_walk *w)
{
	w->phase++;
	w->at = 0;
}

static bool
next_socket(struct pl_walk *w)
{
	const struct pl_client *c;

	if (w->phase == 0) {
		c = walk_clients(w);
		if (c != NULL) {
			fill_client(&w->row.end, c);
			return true;
		}
		begin_phase(w);
	}
	return next_server(w);
}

/* Runs a query, or has bytes in hand. */
static bool
is_busy(const struct end *e)
{
	if (e->client != NULL && e->client->query_start != 0)
		return true;
	if (e->server != NULL && e->server->state == PL_SERVER_ACTIVE)
		return e->server->status == '\0';
	return bytes_in(e) > 0 || (e->conn != NULL && conn_full(e->conn));
}

static bool
next_active_socket(struct pl_walk *w)
{
	while (next_socket(w))
		if (is_busy(&w->row.end))
			return true;
	return false;
}

/* ---- STATS -------------------------------------------------------------- */

#define STATS(row)	((const struct stats_row *)(row))

static void
put_stats_database(struct cell *c, const void *row)
{
	cell_text(c, STATS(row)->name);
}

#define PUT_STATS(counter)						\
static void								\
put_total_##counter(struct cell *c, const void *row)			\
{									\
	cell_count(c, STATS(row)->sum.total.counter);			\
}									\
static void								\
put_average_##counter(struct cell *c, const void *row)			\
{									\
	cell_count(c, STATS(row)->sum.average.counter);			\
}
PUT_STATS(assignments)
PUT_STATS(xacts)
PUT_STATS(queries)
PUT_STATS(received)
PUT_STATS(sent)
PUT_STATS(xact_time)
PUT_STATS(query_time)
PUT_STATS(wait_time)
PUT_STATS(client_parses)
PUT_STATS(server_parses)
PUT_STATS(binds)

/* A database without any pool has nothing to tell. */
static bool
next_stats(struct pl_walk *w)
{
	const struct pl_database *db;

	do
		db = walk_databases(w);
	while (db != NULL && TAILQ_EMPTY(&db->pools));
	if (db == NULL)
		return false;
	w->row.stats.name = db->name;
	w->row.stats.sum = pl_statistics_of(db);
	return true;
}

static const struct column stats_columns[] = {
	{ "database", COLUMN_TEXT, put_stats_database },
	{ "total_server_assignment_count", COLUMN_NUMERIC, put_total_assignments },
	{ "total_xact_count", COLUMN_NUMERIC, put_total_xacts },
	{ "total_query_count", COLUMN_NUMERIC, put_total_queries },
	{ "total_received", COLUMN_NUMERIC, put_total_received },
	{ "total_sent", COLUMN_NUMERIC, put_total_sent },
	{ "total_xact_time", COLUMN_NUMERIC, put_total_xact_time },
	{ "total_query_time", COLUMN_NUMERIC, put_total_query_time },
	{ "total_wait_time", COLUMN_NUMERIC, put_total_wait_time },
	{ "total_client_parse_count", COLUMN_NUMERIC, put_total_client_parses },
	{ "total_server_parse_count", COLUMN_NUMERIC, put_total_server_parses },
	{ "total_bind_count", COLUMN_NUMERIC, put_total_binds },
	{ "avg_server_assignment_count", COLUMN_NUMERIC, put_average_assignments },
	{ "avg_xact_count", COLUMN_NUMERIC, put_average_xacts },
	{ "avg_query_count", COLUMN_NUMERIC, put_average_queries },
	{ "avg_recv", COLUMN_NUMERIC, put_average_received },
	{ "avg_sent", COLUMN_NUMERIC, put_average_sent },
	{ "avg_xact_time", COLUMN_NUMERIC, put_average_xact_time },
	{ "avg_query_time", COLUMN_NUMERIC, put_average_query_time },
	{ "avg_wait_time", COLUMN_NUMERIC, put_average_wait_time },
	{ "avg_client_parse_count", COLUMN_NUMERIC, put_average_client_parses },
	{ "avg_server_parse_count", COLUMN_NUMERIC, put_average_server_parses },
	{ "avg_bind_count", COLUMN_NUMERIC, put_average_binds },
};

static const struct column stats_total_columns[] = {
	{ "database", COLUMN_TEXT, put_stats_database },
	{ "server_assignment_count", COLUMN_NUMERIC, put_total_assignments },
	{ "xact_count", COLUMN_NUMERIC, put_total_xacts },
	{ "query_count", COLUMN_NUMERIC, put_total_queries },
	{ "bytes_received", COLUMN_NUMERIC, put_total_received },
	{ "bytes_sent", COLUMN_NUMERIC, put_total_sent },
	{ "xact_time", COLUMN_NUMERIC, put_total_xact_time },
	{ "query_time", COLUMN_NUMERIC, put_total_query_time },
	{ "wait_time", COLUMN_NUMERIC, put_total_wait_time },
	{ "client_parse_count", COLUMN_NUMERIC, put_total_client_parses },
	{ "server_parse_count", COLUMN_NUMERIC, put_total_server_parses },
	{ "bind_count", COLUMN_NUMERIC, put_total_binds },
};

static const struct column stats_average_columns[] = {
	{ "database", COLUMN_TEXT, put_stats_database },
	{ "server_assignment_count", COLUMN_NUMERIC, put_average_assignments },
	{ "xact_count", COLUMN_NUMERIC, put_average_xacts },
	{ "query_count", COLUMN_NUMERIC, put_average_queries },
	{ "bytes_received", COLUMN_NUMERIC, put_average_received },
	{ "bytes_sent", COLUMN_NUMERIC, put_average_sent },
	{ "xact_time", COLUMN_NUMERIC, put_average_xact_time },
	{ "query_time", COLUMN_NUMERIC, put_average_query_time },
	{ "wait_time", COLUMN_NUMERIC, put_average_wait_time },
	{ "avg_client_parse_count", COLUMN_NUMERIC, put_average_client_parses },
	{ "avg_server_parse_count", COLUMN_NUMERIC, put_average_server_parses },
	{ "avg_bind_count", COLUMN_NUMERIC, put_average_binds },
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
	return (unsigned)(stock_lent(loop_stock(loop_here())) / BUFFER_CHUNK);
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
#define ROW(name, what, used, room)	{ name, sizeof(struct what), used, room }
		ROW("user_cache", pl_user, pl_user_count, NULL),
		ROW("credentials_cache", pl_credential, count_none, NULL),
		ROW("db_cache", pl_database, pl_database_count, NULL),
		ROW("peer_cache", pl_peer_row, count_peers, NULL),
		ROW("peer_pool_cache", pl_pool, count_none, NULL),
		ROW("pool_cache", pl_pool, pl_pool_count, NULL),
		ROW("outstanding_request_cache", pl_expected, count_none, NULL),
		ROW("server_cache", pl_server, pl_server_count, pl_server_room),
		ROW("client_cache", pl_client, pl_client_count, pl_client_room),
		{ "iobuf_cache", BUFFER_CHUNK, count_chunks, NULL },
		{ "var_list_cache", sizeof(void *), pl_variables_sets, NULL },
		{ "server_prepared_statement_cache", sizeof(void *),
		    pl_statement_count, NULL },
#undef ROW
	};
	struct mem_row *row = &w->row.mem;

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

#define DNS(row)	(*(const struct dns_row *const *)(row))

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

/* The resolver tells all it knows at once; what it said is kept. */
static bool
next_dns(struct pl_walk *w)
{
	if (w->at == w->dns.count)
		return false;
	w->row.dns_row = &w->dns.at[w->at++];
	return true;
}

static bool
next_host(struct pl_walk *w)
{
	if (w->at == 0 && pl_columns_resolver != NULL)
		resolver_each(pl_columns_resolver, add_host, &w->dns);
	return next_dns(w);
}

static bool
next_zone(struct pl_walk *w)
{
	if (w->at == 0 && pl_columns_resolver != NULL)
		resolver_each_zone(pl_columns_resolver, add_zone, &w->dns);
	return next_dns(w);
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

/* ---- FDS, LISTENERS ----------------------------------------------------- */

#define FD(row)		((const struct fd_row *)(row))

static void
put_fd(struct cell *c, const void *row)
{
	cell_int(c, FD(row)->fd);
}

static void
put_fd_task(struct cell *c, const void *row)
{
	cell_text(c, FD(row)->task);
}

static void
put_fd_user(struct cell *c, const void *row)
{
	cell_text(c, FD(row)->listening != NULL ? NULL :
	    name_user(&FD(row)->end));
}

static void
put_fd_database(struct cell *c, const void *row)
{
	cell_text(c, FD(row)->listening != NULL ? NULL :
	    name_database(&FD(row)->end));
}

static struct endpoint
find_place(const struct fd_row *row)
{
	struct endpoint e = row->listening != NULL ?
	    address_endpoint(&row->listening->at) : *row->end.peer;

	if (row->listening != NULL && e.family == AF_UNIX)
		e.port = (uint16_t)pl_settings()->listen_port;
	return e;
}

static void
put_fd_addr(struct cell *c, const void *row)
{
	struct endpoint e = find_place(row);

	put_ip(c, &e);
}

static void
put_fd_port(struct cell *c, const void *row)
{
	cell_int(c, find_place(row).port);
}

static void
put_fd_cancel(struct cell *c, const void *row)
{
	const struct end *e = &FD(row)->end;
	const uint8_t *key;
	uint64_t n = 0;

	if (FD(row)->listening == NULL) {
		key = e->client != NULL ? e->client->key : e->server->key;
		for (int i = 0; i < 8; i++)
			n = n << 8 | key[i];
	}
	cell_count(c, n);
}

static void
put_fd_link(struct cell *c, const void *row)
{
	const struct end *e = &FD(row)->end;
	struct conn *other = NULL;

	if (e->client != NULL && e->client->server != NULL)
		other = e->client->server->conn;
	else if (e->server != NULL && e->server->client != NULL)
		other = e->server->client->conn;
	cell_int(c, other == NULL ? 0 : conn_fd(other));
}

#define PUT_FD_VARIABLE(function, name)					\
static void								\
put_fd_##function(struct cell *c, const void *row)			\
{									\
	put_variable(c, FD(row)->end.values, name);			\
}
PUT_FD_VARIABLE(encoding, "client_encoding")
PUT_FD_VARIABLE(strings, "standard_conforming_strings")
PUT_FD_VARIABLE(datestyle, "DateStyle")
PUT_FD_VARIABLE(timezone, "TimeZone")

/* Secrets stay in the process. */
static void
put_fd_secret(struct cell *c, const void *row)
{
	(void)row;
	cell_none(c);
}

static bool
next_listening(struct pl_walk *w)
{
	return pl_columns_listener != NULL &&
	    pl_columns_listener(w->at++, &w->row.listening);
}

static bool
next_fd_listening(struct pl_walk *w)
{
	struct fd_row *row = &w->row.fd;

	*row = (struct fd_row){ .task = "pooler", .listening = &row->at };
	if (pl_columns_listener == NULL ||
	    !pl_columns_listener(w->at++, &row->at))
		return false;
	row->fd = row->at.fd;
	return true;
}

/* TLS cannot change hands, and consoles do not. */
static bool
may_hand_over(const struct conn *conn, const struct pl_database *db)
{
	return conn != NULL && db != NULL && !db->admin && !tls_is_on(conn);
}

static bool
next_fd_client(struct pl_walk *w)
{
	struct fd_row *row = &w->row.fd;
	const struct pl_client *c;

	while ((c = walk_clients(w)) != NULL)
		if (c->welcomed && may_hand_over(c->conn, c->database)) {
			*row = (struct fd_row){ .task = "client",
			    .fd = conn_fd(c->conn) };
			fill_client(&row->end, c);
			return true;
		}
	return false;
}

static bool
next_fd_server(struct pl_walk *w)
{
	struct fd_row *row = &w->row.fd;
	const struct pl_server *s;

	while ((s = walk_servers(w)) != NULL)
		if (s->state != PL_SERVER_LOGIN &&
		    may_hand_over(s->conn, s->pool->database)) {
			*row = (struct fd_row){ .task = "server",
			    .fd = conn_fd(s->conn) };
			fill_server(&row->end, s);
			return true;
		}
	return false;
}

static bool
next_fd(struct pl_walk *w)
{
	static bool (*const phases[])(struct pl_walk *) = {
		next_fd_listening, next_fd_client, next_fd_server,
	};

	for (; w->phase < sizeof phases / sizeof phases[0]; begin_phase(w))
		if (phases[w->phase](w))
			return true;
	return false;
}

static const struct column fd_columns[] = {
	{ "fd", COLUMN_INT4, put_fd },
	{ "task", COLUMN_TEXT, put_fd_task },
	{ "user", COLUMN_TEXT, put_fd_user },
	{ "database", COLUMN_TEXT, put_fd_database },
	{ "addr", COLUMN_TEXT, put_fd_addr },
	{ "port", COLUMN_INT4, put_fd_port },
	{ "cancel", COLUMN_INT8, put_fd_cancel },
	{ "link", COLUMN_INT4, put_fd_link },
	{ "client_encoding", COLUMN_TEXT, put_fd_encoding },
	{ "std_strings", COLUMN_TEXT, put_fd_strings },
	{ "datestyle", COLUMN_TEXT, put_fd_datestyle },
	{ "timezone", COLUMN_TEXT, put_fd_timezone },
	{ "password", COLUMN_TEXT, put_fd_secret },
	{ "scram_client_key", COLUMN_BYTES, put_fd_secret },
	{ "scram_server_key", COLUMN_BYTES, put_fd_secret },
};

static void
put_listening_fd(struct cell *c, const void *row)
{
	cell_int(c, ((const struct pl_listening *)row)->fd);
}

static void
put_listening_address(struct cell *c, const void *row)
{
	char at[ADDRESS_TEXT];

	cell_print(c, "%s",
	    address_print(&((const struct pl_listening *)row)->at, at));
}

static const struct column listener_columns[] = {
	{ "fd", COLUMN_INT4, put_listening_fd },
	{ "address", COLUMN_TEXT, put_listening_address },
};

/* ---- the objects -------------------------------------------------------- */

#define COLUMNS(table)	table, sizeof table / sizeof table[0]

const struct pl_object pl_objects[] = {
	{ "HELP", PL_LEVEL_ANY, 1, false, NULL, 0, NULL },
	{ "CONFIG", PL_LEVEL_ANY, 1, false, COLUMNS(config_columns), next_config },
	{ "DATABASES", PL_LEVEL_ANY, 1, false, COLUMNS(database_columns), next_database },
	{ "POOLS", PL_LEVEL_ANY, 1, false, COLUMNS(pool_columns), next_pool },
	{ "CLIENTS", PL_LEVEL_ANY, 1, false, COLUMNS(end_columns), next_client },
	{ "SERVERS", PL_LEVEL_ANY, 1, false, COLUMNS(end_columns), next_server },
	{ "USERS", PL_LEVEL_ANY, 1, false, COLUMNS(user_columns), next_user },
	{ "VERSION", PL_LEVEL_ANY, 1, false, COLUMNS(version_columns), next_once },
	{ "PEERS", PL_LEVEL_ANY, 2, false, COLUMNS(peer_columns), next_peer },
	{ "PEER_POOLS", PL_LEVEL_ANY, 2, false, COLUMNS(peer_pool_columns), next_peer },
	{ "FDS", PL_LEVEL_ADMIN, 3, false, COLUMNS(fd_columns), next_fd },
	{ "SOCKETS", PL_LEVEL_ANY, 3, false, COLUMNS(socket_columns), next_socket },
	{ "ACTIVE_SOCKETS", PL_LEVEL_ANY, 3, false, COLUMNS(socket_columns), next_active_socket },
	{ "LISTS", PL_LEVEL_ANY, 3, false, COLUMNS(list_columns), next_list },
	{ "MEM", PL_LEVEL_ANY, 3, false, COLUMNS(mem_columns), next_mem },
	{ "STATE", PL_LEVEL_ANY, 3, false, COLUMNS(state_columns), next_state },
	{ "DNS_HOSTS", PL_LEVEL_ANY, 4, false, COLUMNS(dns_host_columns), next_host },
	{ "DNS_ZONES", PL_LEVEL_ANY, 4, false, COLUMNS(dns_zone_columns), next_zone },
	{ "STATS", PL_LEVEL_ANY, 5, false, COLUMNS(stats_columns), next_stats },
	{ "STATS_TOTALS", PL_LEVEL_ANY, 5, false, COLUMNS(stats_total_columns), next_stats },
	{ "STATS_AVERAGES", PL_LEVEL_ANY, 5, false, COLUMNS(stats_average_columns), next_stats },
	{ "TOTALS", PL_LEVEL_ANY, 5, false, COLUMNS(total_columns), next_total },
	{ "WEIR", PL_LEVEL_ANY, 6, false, COLUMNS(weir_columns), next_weir },
	{ "LISTENERS", PL_LEVEL_ANY, 6, false, COLUMNS(listener_columns), next_listening },
	{ "CLIENT_ENCODING", PL_LEVEL_ANY, 0, true, COLUMNS(client_encoding_columns), next_once },
	{ "DEFAULT_TRANSACTION_ISOLATION", PL_LEVEL_ANY, 0, true, COLUMNS(isolation_columns), next_once },
	{ "STANDARD_CONFORMING_STRINGS", PL_LEVEL_ANY, 0, true, COLUMNS(strings_columns), next_once },
	{ "DATESTYLE", PL_LEVEL_ANY, 0, true, COLUMNS(datestyle_columns), next_once },
	{ "TIMEZONE", PL_LEVEL_ANY, 0, true, COLUMNS(timezone_columns), next_once },
};
const unsigned pl_object_count = sizeof pl_objects / sizeof pl_objects[0];

const struct pl_object *
pl_columns_find(const char *name)
{
	for (unsigned i = 0; i < pl_object_count; i++)
		if (text_is_nocase(text_of(name), pl_objects[i].name))
			return &pl_objects[i];
	return NULL;
}

/* ---- walking ------------------------------------------------------------ */

struct pl_walk *
pl_columns_walk(const struct pl_object *object)
{
	struct pl_walk *w = mem_zero(sizeof *w);

	if (w != NULL)
		w->object = object;
	return w;
}

void
pl_columns_turn(struct pl_walk *w)
{
	w->here = NULL;
}

const struct cell *
pl_columns_next(struct pl_walk *w)
{
	const struct pl_object *o = w->object;

	if (o->next == NULL || !o->next(w))
		return NULL;
	column_fill(o->columns, o->count, &w->row, w->cells);
	return w->cells;
}

void
pl_columns_end(struct pl_walk **wp)
{
	struct pl_walk *w = *wp;

	*wp = NULL;
	if (w == NULL)
		return;
	for (unsigned i = 0; i < w->dns.count; i++) {
		mem_drop(w->dns.at[i].name);
		mem_drop(w->dns.at[i].addresses);
	}
	mem_drop(w->dns.at);
	mem_drop(w);
}
