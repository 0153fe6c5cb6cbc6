/* SPDX-License-Identifier: ISC */
/*
 * columns_test.c - the tables of SHOW: names, order and types are a promise
 * to exporters; walks over changing lists neither stop early nor go round.
 */
#include <stdio.h>

#include "base/clock.h"
#include "pooler/columns.h"
#include "pooler/config.h"
#include "pooler/pool.h"
#include "pooler/shard.h"
#include "unit.h"

static const struct {
	const char *object;
	const char *columns;		/* "name kind," ... */
} promised[] = {
	{ "VERSION", "version s," },
	{ "STATE", "key s,value s," },
	{ "CONFIG", "key s,value s,default s,changeable s," },
	{ "DATABASES", "name s,host s,port i,database s,force_user s,"
	    "pool_size i,min_pool_size i,reserve_pool_size i,"
	    "server_lifetime i,pool_mode s,load_balance_hosts s,"
	    "max_connections i,current_connections i,"
	    "max_client_connections i,current_client_connections i,paused i,"
	    "disabled i," },
	{ "POOLS", "database s,user s,cl_active i,cl_waiting i,"
	    "cl_active_cancel_req i,cl_waiting_cancel_req i,sv_active i,"
	    "sv_active_cancel i,sv_being_canceled i,sv_idle i,sv_used i,"
	    "sv_tested i,sv_login i,maxwait i,maxwait_us i,pool_mode s,"
	    "load_balance_hosts s," },
	{ "PEERS", "peer_id i,host s,port i,pool_size i," },
	{ "PEER_POOLS", "peer_id i,cl_active_cancel_req i,"
	    "cl_waiting_cancel_req i,sv_active_cancel i,sv_login i," },
	{ "USERS", "name s,pool_size s,reserve_pool_size s,pool_mode s,"
	    "max_user_connections i,current_connections i,"
	    "max_user_client_connections i,current_client_connections i," },
	{ "LISTS", "list s,items i," },
#define ENDS "type s,user s,database s,replication s,state s,addr s,port i,"\
	"local_addr s,local_port i,connect_time s,request_time s,wait i,"\
	"wait_us i,close_needed i,ptr s,link s,remote_pid i,tls s,"	\
	"application_name s,prepared_statements i,id i,"
	{ "CLIENTS", ENDS },
	{ "SERVERS", ENDS },
#define SOCKETS ENDS "recv_pos i,pkt_pos i,pkt_remain i,send_pos i,"	\
	"send_remain i,pkt_avail i,send_avail i,"
	{ "SOCKETS", SOCKETS },
	{ "ACTIVE_SOCKETS", SOCKETS },
	{ "STATS", "database s,total_server_assignment_count N,"
	    "total_xact_count N,total_query_count N,total_received N,"
	    "total_sent N,total_xact_time N,total_query_time N,"
	    "total_wait_time N,total_client_parse_count N,"
	    "total_server_parse_count N,total_bind_count N,"
	    "avg_server_assignment_count N,avg_xact_count N,"
	    "avg_query_count N,avg_recv N,avg_sent N,avg_xact_time N,"
	    "avg_query_time N,avg_wait_time N,avg_client_parse_count N,"
	    "avg_server_parse_count N,avg_bind_count N," },
	{ "STATS_TOTALS", "database s,server_assignment_count N,xact_count N,"
	    "query_count N,bytes_received N,bytes_sent N,xact_time N,"
	    "query_time N,wait_time N,client_parse_count N,"
	    "server_parse_count N,bind_count N," },
	{ "STATS_AVERAGES", "database s,server_assignment_count N,"
	    "xact_count N,query_count N,bytes_received N,bytes_sent N,"
	    "xact_time N,query_time N,wait_time N,avg_client_parse_count N,"
	    "avg_server_parse_count N,avg_bind_count N," },
	{ "TOTALS", "name s,value N," },
	{ "MEM", "name s,size i,used i,free i,memtotal i," },
	{ "DNS_HOSTS", "hostname s,ttl q,addrs s," },
	{ "DNS_ZONES", "zonename s,serial q,count i," },
	{ "FDS", "fd i,task s,user s,database s,addr s,port i,cancel q,"
	    "link i,client_encoding s,std_strings s,datestyle s,timezone s,"
	    "password s,scram_client_key b,scram_server_key b," },
};

START_TEST(keeps_its_promise)
{
	static const char kinds[] = { [COLUMN_INT4] = 'i',
	    [COLUMN_INT8] = 'q', [COLUMN_NUMERIC] = 'N', [COLUMN_TEXT] = 's',
	    [COLUMN_BYTES] = 'b' };
	char line[1024];

	for (size_t i = 0; i < sizeof promised / sizeof promised[0]; i++) {
		const struct pl_object *o =
		    pl_columns_find(promised[i].object);
		size_t len = 0;

		ck_assert_uint_le(o->view->count, PL_VIEW_COLUMNS);
		for (unsigned c = 0; c < o->view->count; c++)
			len += (size_t)snprintf(line + len, sizeof line - len,
			    "%s %c,", o->view->columns[c].name,
			    kinds[o->view->columns[c].kind]);
		ck_assert_str_eq(line, promised[i].columns);
	}
}
END_TEST

static struct pl_database db;
static struct pl_database_row row = { .name = "app" };
static char app[] = "app", joe[] = "joe";
static struct pl_user user = { .name = joe };
static struct pl_credential credential = { .user = &user };
static struct pl_pool pools[5];
static struct pl_shard shards[5];

static void
build(void)
{
	pl_settings_swap(pl_config_usual("x.ini"));
	db.name = app;
	db.row = &row;
	TAILQ_INIT(&db.pools);
	TAILQ_INIT(&pl_pools);
	for (unsigned i = 0; i < 5; i++) {
		pools[i].database = &db;
		pools[i].credential = &credential;
		pl_ledger_init(&pools[i].ledger, 1, &(struct pl_limits){ 0 });
		pools[i].shards = &shards[i];
		pools[i].loops = 1;
		pl_pools_refresh(&pools[i]);
		shards[i].client_count[PL_CLIENT_ACTIVE] = i;
		TAILQ_INSERT_TAIL(&pl_pools, &pools[i], link);
		TAILQ_INSERT_TAIL(&db.pools, &pools[i], of_database);
	}
}

START_TEST(walks_over_turns)
{
	const struct pl_object *o = pl_columns_find("pools");
	struct pl_walk *w;
	const struct cell *cells;
	char seen[8] = "";

	build();
	w = pl_view_walk(o->view, NULL, NULL);
	for (unsigned n = 0; (cells = pl_view_next(w)) != NULL; n++) {
		seen[n] = cells[2].value.at[0];
		ck_assert(text_is(cells[0].value, "app"));
		ck_assert(text_is(cells[15].value, "session"));
		ck_assert_ptr_null(cells[16].value.at);
		if (n == 1)
			pl_view_turn(w);
		if (n == 2) {		/* the row just read goes away */
			pl_view_turn(w);
			TAILQ_REMOVE(&pl_pools, &pools[2], link);
		}
	}
	/* What moves up into a place that was read is left out. */
	ck_assert_str_eq(seen, "0124");
	pl_view_end(&w);
	ck_assert_ptr_null(w);
}
END_TEST

START_TEST(counts_the_longest_wait)
{
	const struct pl_object *o = pl_columns_find("pools");
	struct pl_client c = { .query_start = clock_now() - 2500000 };
	struct pl_walk *w;
	const struct cell *cells;

	build();
	pl_ledger_want(&pools[0].ledger, &c.turn, 0, clock_now());
	w = pl_view_walk(o->view, NULL, NULL);
	cells = pl_view_next(w);
	ck_assert(text_is(cells[13].value, "2"));
	ck_assert_uint_eq(cells[14].value.len, 6);
	ck_assert_int_eq(cells[14].value.at[0], '5');
	pl_view_end(&w);
	/* One that waits to log in has no query. */
	c.turn.login = true;
	w = pl_view_walk(o->view, NULL, NULL);
	cells = pl_view_next(w);
	ck_assert(text_is(cells[13].value, "0"));
	ck_assert(text_is(cells[14].value, "0"));
	pl_view_end(&w);
}
END_TEST

START_TEST(pads_sizes_of_users)
{
	struct pl_user_row mine = { .name = "joe", .pool_size = 7,
	    .reserve_pool_size = PL_UNSET, .pool_mode = PL_MODE_STATEMENT };
	struct pl_walk *w;
	const struct cell *cells;

	build();
	user.row = &mine;
	TAILQ_INSERT_TAIL(&pl_users, &user, link);
	w = pl_view_walk(pl_columns_find("users")->view, NULL, NULL);
	cells = pl_view_next(w);
	ck_assert(text_is(cells[1].value, "        7"));
	ck_assert(text_is(cells[2].value, ""));
	ck_assert_ptr_nonnull(cells[2].value.at);
	ck_assert(text_is(cells[3].value, "statement"));
	ck_assert_ptr_null(pl_view_next(w));
	pl_view_end(&w);
}
END_TEST

static unsigned
count_rows(const char *object)
{
	struct pl_walk *w = pl_view_walk(pl_columns_find(object)->view, NULL,
	    NULL);
	unsigned n = 0;

	while (pl_view_next(w) != NULL)
		n++;
	pl_view_end(&w);
	return n;
}

START_TEST(has_rows_without_a_world)
{
	build();
	ck_assert_uint_eq(count_rows("CONFIG"), 98);
	ck_assert_uint_eq(count_rows("TOTALS"), 22);
	ck_assert_uint_eq(count_rows("LISTS"), 14);
	ck_assert_uint_eq(count_rows("STATE"), 3);
	ck_assert_uint_eq(count_rows("timezone"), 1);
	ck_assert_uint_eq(count_rows("CLIENTS"), 0);
	ck_assert_uint_eq(count_rows("SOCKETS"), 0);
	ck_assert_uint_eq(count_rows("FDS"), 0);
	ck_assert_uint_eq(count_rows("DNS_HOSTS"), 0);
}
END_TEST

UNIT_MAIN("pooler/columns", keeps_its_promise, walks_over_turns,
    counts_the_longest_wait, pads_sizes_of_users, has_rows_without_a_world)
