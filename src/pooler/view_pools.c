/* SPDX-License-Identifier: ISC */
/*
 * view_pools.c - databases, pools, users, peers, and their statistics.
 * Loop 0.
 */
#include "base/clock.h"
#include "pooler/courier.h"
#include "pooler/pool.h"
#include "pooler/shard.h"
#include "pooler/statistics.h"
#include "pooler/view_pools.h"

struct pool_row {
	struct pl_pool *pool;
	unsigned seats;			/* in its ledger */
	int64_t wait;			/* us */
};

struct stats_row {
	const char *name;
	struct pl_statistics sum;
};

/* ---- DATABASES ---------------------------------------------------------- */

#define DATABASE(row)	((const struct pl_database *)(row))

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

	PL_VIEW_ITEM(w, &pl_databases, db);
	return db;
}

static bool
next_database(struct pl_walk *w)
{
	const struct pl_database *db;

	do
		db = walk_databases(w);
	while (db != NULL && db->dead);
	w->row = (void *)(uintptr_t)db;
	return db != NULL;
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
	cell_count(c, pl_shard_sum_##what##s(POOL(row), state));	\
}
PUT_POOL_COUNT(cl_active, client, PL_CLIENT_ACTIVE)
PUT_POOL_COUNT(cl_waiting, client, PL_CLIENT_WAITING)
PUT_POOL_COUNT(cl_active_cancel, client, PL_CLIENT_ACTIVE_CANCEL)
PUT_POOL_COUNT(cl_waiting_cancel, client, PL_CLIENT_WAITING_CANCEL)
PUT_POOL_COUNT(sv_active_cancel, server, PL_SERVER_ACTIVE_CANCEL)
PUT_POOL_COUNT(sv_being_canceled, server, PL_SERVER_BEING_CANCELED)
PUT_POOL_COUNT(sv_idle, server, PL_SERVER_IDLE)
PUT_POOL_COUNT(sv_used, server, PL_SERVER_USED)
PUT_POOL_COUNT(sv_tested, server, PL_SERVER_TESTED)
PUT_POOL_COUNT(sv_login, server, PL_SERVER_LOGIN)

/*
 * One that goes from loop to loop is in no shard, or, to a census, in two: it
 * has been granted. So the active ones are all seats but those in the others.
 */
static void
put_pool_sv_active(struct cell *c, const void *row)
{
	static const enum pl_server_state others[] = {
		PL_SERVER_LOGIN, PL_SERVER_IDLE, PL_SERVER_USED,
		PL_SERVER_TESTED, PL_SERVER_BEING_CANCELED
	};
	int64_t n = ((const struct pool_row *)row)->seats;

	if (!POOL(row)->shared) {
		cell_count(c, POOL(row)->shards->
		    server_count[PL_SERVER_ACTIVE]);
		return;
	}
	for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
		n -= pl_shard_sum_servers(POOL(row), others[i]);
	cell_int(c, n > 0 ? n : 0);
}

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

/* One that waits to log in has no query; another loop's is not looked at. */
static int64_t
since_when(const struct pl_turn *turn)
{
	const struct pl_client *c;

	if (turn == NULL || turn->login)
		return 0;
	c = (const void *)((const char *)turn -
	    offsetof(struct pl_client, turn));
	return turn->loop == 0 && c->query_start != 0 ? c->query_start :
	    turn->since;
}

/* Of the first in line. */
static int64_t
find_wait(struct pl_pool *pool)
{
	int64_t since;

	pl_roster_lock(pool);
	since = since_when(pl_ledger_first(&pool->ledger));
	pl_roster_unlock(pool);
	return since == 0 ? 0 : clock_now() - since;
}

static struct pl_pool *
walk_pools(struct pl_walk *w)
{
	struct pl_pool *pool;

	PL_VIEW_ITEM(w, &pl_pools, pool);
	return pool;
}

static bool
next_pool(struct pl_walk *w)
{
	struct pool_row *row = pl_view_make(w, sizeof *row);

	row->pool = walk_pools(w);
	if (row->pool == NULL)
		return false;
	row->seats = pl_pool_seats(row->pool);
	row->wait = find_wait(row->pool);
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

#define PEER(row)	((const struct pl_peer_row *)(row))

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

/* A request goes out as it comes in: none waits, there is no login. */
static void
put_peer_cancels(struct cell *c, const void *row)
{
	cell_count(c, pl_courier_count(PEER(row)->id));
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
	if (w->at >= pl_view_peer_count)
		return false;
	w->row = (void *)(uintptr_t)&pl_view_peers[w->at++];
	return true;
}

static const struct column peer_columns[] = {
	{ "peer_id", COLUMN_INT4, put_peer_id },
	{ "host", COLUMN_TEXT, put_peer_host },
	{ "port", COLUMN_INT4, put_peer_port },
	{ "pool_size", COLUMN_INT4, put_peer_pool_size },
};

static const struct column peer_pool_columns[] = {
	{ "peer_id", COLUMN_INT4, put_peer_id },
	{ "cl_active_cancel_req", COLUMN_INT4, put_peer_cancels },
	{ "cl_waiting_cancel_req", COLUMN_INT4, put_zero },
	{ "sv_active_cancel", COLUMN_INT4, put_peer_cancels },
	{ "sv_login", COLUMN_INT4, put_zero },
};

/* ---- USERS -------------------------------------------------------------- */

#define USER(row)	((const struct pl_user *)(row))

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
	struct pl_user *user;

	PL_VIEW_ITEM(w, &pl_users, user);
	w->row = user;
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
	struct stats_row *row = pl_view_make(w, sizeof *row);
	const struct pl_database *db;

	do
		db = walk_databases(w);
	while (db != NULL && TAILQ_EMPTY(&db->pools));
	if (db == NULL)
		return false;
	row->name = db->name;
	row->sum = pl_statistics_of(db);
	return true;
}

static const struct column stats_columns[] = {
	{ "database", COLUMN_TEXT, put_stats_database },
	{ "total_server_assignment_count", COLUMN_NUMERIC,
	    put_total_assignments },
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
	{ "avg_server_assignment_count", COLUMN_NUMERIC,
	    put_average_assignments },
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

/* ---- the views ---------------------------------------------------------- */

const struct pl_view pl_view_pools_databases =
    PL_VIEW(database_columns, next_database);
const struct pl_view pl_view_pools_pools =
    PL_VIEW_NUMBERS(pool_columns, next_pool);
const struct pl_view pl_view_pools_peers = PL_VIEW(peer_columns, next_peer);
const struct pl_view pl_view_pools_peer_pools =
    PL_VIEW(peer_pool_columns, next_peer);
const struct pl_view pl_view_pools_users = PL_VIEW(user_columns, next_user);
const struct pl_view pl_view_pools_stats =
    PL_VIEW_NUMBERS(stats_columns, next_stats);
const struct pl_view pl_view_pools_stats_totals =
    PL_VIEW_NUMBERS(stats_total_columns, next_stats);
const struct pl_view pl_view_pools_stats_averages =
    PL_VIEW_NUMBERS(stats_average_columns, next_stats);
