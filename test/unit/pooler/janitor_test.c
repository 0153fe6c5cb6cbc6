/* SPDX-License-Identifier: ISC */
/* janitor_test.c - rounds of the janitor by a made-up clock. */
#include "pooler/control.h"
#include "pooler/janitor.h"
#include "rig.h"

static unsigned control_ticks;

void
pl_control_tick(void)
{
	control_ticks++;
}

void
pl_control_heed(void)
{
}

static void
tick(int64_t seconds)
{
	pl_janitor_tick(start + seconds * CLOCK_SECOND + 1);
}

START_TEST(logins_end_in_time)
{
	struct pl_client *c, *in_pool;

	begin();
	c = make_client();
	in_pool = make_client();
	pl_client_set_pool(in_pool, pool);
	tick(59);
	ck_assert_int_eq(c->state, PL_CLIENT_LOGIN);
	ck_assert_int_eq(in_pool->state, PL_CLIENT_LOGIN);
	tick(60);
	IS_GONE(c, "client_login_timeout");
	IS_GONE(in_pool, "client_login_timeout");
	settings.client_login_timeout = 0;
	c = make_client();
	tick(100000);
	ck_assert_int_eq(c->state, PL_CLIENT_LOGIN);
	ck_assert_uint_eq(control_ticks, 3);
}
END_TEST

START_TEST(many_logins_end_in_few_rounds)
{
	unsigned n = 0;

	begin();
	for (int i = 0; i < 400; i++)
		make_client();
	tick(60);
	for (uint32_t i = 0; i < pl_client_slots(); i++)
		n += pl_client_at(i) != NULL;
	ck_assert_uint_eq(n, 0);
	end_turn();
	ck_assert(TAILQ_EMPTY(&pl_client_logins));
}
END_TEST

START_TEST(waits_end_in_time)
{
	struct pl_client *c, *own;

	begin();
	settings.query_wait_timeout = 10 * CLOCK_SECOND;
	c = make_waiting();
	/* Its last message was long ago; the wait is what counts. */
	c->request_time = start - 3600 * CLOCK_SECOND;
	tick(9);
	ck_assert_int_eq(c->state, PL_CLIENT_WAITING);
	tick(10);
	IS_GONE(c, "query_wait_timeout");
	settings.query_timeout = 8 * CLOCK_SECOND;
	c = make_waiting();
	tick(8);
	IS_GONE(c, "query_timeout");
	user_row.query_timeout = 3 * CLOCK_SECOND;
	user->row = &user_row;
	own = make_waiting();
	tick(2);
	ck_assert_int_eq(own->state, PL_CLIENT_WAITING);
	tick(3);
	IS_GONE(own, "query_timeout");
	ck_assert_uint_eq(pool->ledger.waiting, 0);
}
END_TEST

START_TEST(waits_are_told_once)
{
	const char *text = "No server connection available in postgres "
	    "backend, client being queued";
	struct pl_client *c, *login;

	begin();
	c = make_waiting();
	login = make_waiting();
	login->welcomed = false;
	tick(4);
	ck_assert(!was_told(c, text));
	tick(5);
	ck_assert(was_told(c, text));
	ck_assert(!was_told(login, text));
	tick(6);
	ck_assert(!was_told(c, text));
	ck_assert_int_eq(c->state, PL_CLIENT_WAITING);
	settings.query_wait_notify = 0;
	c = make_waiting();
	tick(20);
	ck_assert(!was_told(c, text));
}
END_TEST

START_TEST(login_waits_for_its_welcome)
{
	struct pl_client *c, *looks;

	begin();
	c = make_waiting();
	c->welcomed = false;
	looks = make_waiting();
	looks->welcomed = false;
	looks->looks_up = true;
	tick(59);
	ck_assert_int_eq(c->state, PL_CLIENT_WAITING);
	tick(60);
	IS_GONE(c, "client_login_timeout (server down)");
	IS_GONE(looks, "client_login_timeout");
}
END_TEST

START_TEST(cancels_wait_in_silence)
{
	struct pl_client *c;

	begin();
	c = make_client();
	pl_client_enter(c, PL_CLIENT_WAITING_CANCEL);
	tick(9);
	ck_assert_int_eq(c->state, PL_CLIENT_WAITING_CANCEL);
	tick(10);
	ck_assert_int_eq(c->state, PL_CLIENT_GONE);
	ck_assert(!was_told(c, "cancel_wait_timeout"));
	ck_assert_ptr_nonnull(strstr(read_log(), "cancel_wait_timeout"));
}
END_TEST

START_TEST(idle_clients_end_in_time)
{
	static struct pl_database console = { .admin = true };
	struct pl_client *c, *linked, *admin;

	begin();
	c = make_idle();
	linked = make_linked()->client;
	admin = make_idle();
	admin->database = &console;
	tick(1000000);
	ck_assert_int_eq(c->state, PL_CLIENT_ACTIVE);
	settings.client_idle_timeout = 100 * CLOCK_SECOND;
	tick(99);
	ck_assert_int_eq(c->state, PL_CLIENT_ACTIVE);
	tick(100);
	IS_GONE(c, "client_idle_timeout");
	ck_assert_int_eq(linked->state, PL_CLIENT_ACTIVE);
	ck_assert_int_eq(admin->state, PL_CLIENT_ACTIVE);
	/* A user's own limit is enough. */
	settings.client_idle_timeout = 0;
	user_row.client_idle_timeout = 5 * CLOCK_SECOND;
	setup.users = &user_row;
	setup.user_count = 1;
	user->row = &user_row;
	c = make_idle();
	tick(4);
	ck_assert_int_eq(c->state, PL_CLIENT_ACTIVE);
	tick(5);
	IS_GONE(c, "client_idle_timeout");
}
END_TEST

START_TEST(all_idle_clients_are_met)
{
	unsigned n, rounds = 0;

	begin();
	for (int i = 0; i < 400; i++)
		make_idle();
	settings.client_idle_timeout = CLOCK_SECOND;
	do {
		tick(2);
		n = pool->shards->client_count[PL_CLIENT_ACTIVE];
		ck_assert_uint_le(++rounds, 4);
	} while (n > 0);
}
END_TEST

START_TEST(connecting_has_a_limit)
{
	struct pl_client *c;
	struct pl_server *s;

	begin();
	c = make_waiting();
	ck_assert_uint_eq(dialled, 1);
	s = TAILQ_FIRST(&pool->shards->servers[PL_SERVER_LOGIN]);
	ck_assert_ptr_nonnull(s);
	tick(14);
	ck_assert_int_eq(s->state, PL_SERVER_LOGIN);
	tick(15);
	ck_assert_int_eq(s->state, PL_SERVER_GONE);
	ck_assert(pool->last_connect_failed);
	ck_assert_str_eq(pool->last_error, "connect timeout");
	ck_assert_int_eq(c->state, PL_CLIENT_WAITING);
	ck_assert_ptr_nonnull(strstr(read_log(),
	    "closing because: connect timeout"));
}
END_TEST

START_TEST(idle_ones_age_and_end)
{
	struct pl_server *s;

	begin();
	s = make_server();
	tick(29);
	ck_assert_int_eq(s->state, PL_SERVER_IDLE);
	tick(30);
	ck_assert_int_eq(s->state, PL_SERVER_USED);
	ck_assert_uint_eq(pool->ledger.used, 1);
	tick(599);
	ck_assert_int_eq(s->state, PL_SERVER_USED);
	row.min_pool_size = 1;
	tick(600);
	ck_assert_int_eq(s->state, PL_SERVER_USED);
	row.min_pool_size = PL_UNSET;
	tick(600);
	ck_assert_int_eq(s->state, PL_SERVER_GONE);
	ck_assert_ptr_nonnull(strstr(read_log(), "server idle timeout"));
	settings.server_check_query = "";
	s = make_server();
	tick(100);
	ck_assert_int_eq(s->state, PL_SERVER_IDLE);
}
END_TEST

START_TEST(the_floor_is_not_undershot)
{
	begin();
	for (int i = 0; i < 4; i++)
		make_server();
	row.min_pool_size = 3;
	tick(700);
	ck_assert_uint_eq(pl_pool_servers(pool), 3);
}
END_TEST

START_TEST(marked_ones_end)
{
	struct pl_server *s, *linked;

	begin();
	linked = make_linked();
	s = make_server();
	pl_pool_reconnect(pool);
	tick(0);
	ck_assert_int_eq(s->state, PL_SERVER_GONE);
	ck_assert_ptr_nonnull(strstr(read_log(),
	    "database configuration changed"));
	ck_assert_int_eq(linked->state, PL_SERVER_ACTIVE);
	settings.server_fast_close = 1;
	linked->client->mode = PL_MODE_TRANSACTION;
	tick(0);
	ck_assert_int_eq(linked->state, PL_SERVER_ACTIVE);
	linked->client->mode = PL_MODE_SESSION;
	linked->status = 'T';
	tick(0);
	ck_assert_int_eq(linked->state, PL_SERVER_ACTIVE);
	linked->status = 'I';
	tick(0);
	ck_assert_int_eq(linked->state, PL_SERVER_GONE);
	s = make_server();
	s->dirty = true;
	tick(0);
	ck_assert_int_eq(s->state, PL_SERVER_GONE);
	ck_assert_ptr_nonnull(strstr(read_log(), "idle server got dirty"));
}
END_TEST

START_TEST(lifetimes_are_spaced)
{
	begin();
	settings.server_idle_timeout = 0;
	for (int i = 0; i < 4; i++)
		make_server();
	tick(3599);
	ck_assert_uint_eq(pl_pool_servers(pool), 4);
	tick(3600);
	ck_assert_uint_eq(pl_pool_servers(pool), 3);
	ck_assert_ptr_nonnull(strstr(read_log(), "server lifetime over"));
	tick(3600 + 899);
	ck_assert_uint_eq(pl_pool_servers(pool), 3);
	tick(3600 + 901);
	ck_assert_uint_eq(pl_pool_servers(pool), 2);
}
END_TEST

START_TEST(queries_have_limits)
{
	struct pl_client *c;
	struct pl_server *s;

	begin();
	s = make_linked();
	c = s->client;
	s->status = 0;
	c->xact_start = c->request_time = s->answer_time = start;
	tick(100000);
	ck_assert_int_eq(s->state, PL_SERVER_ACTIVE);
	settings.query_timeout = 50 * CLOCK_SECOND;
	tick(49);
	ck_assert_int_eq(s->state, PL_SERVER_ACTIVE);
	s->status = 'I';
	tick(51);
	ck_assert_int_eq(s->state, PL_SERVER_ACTIVE);
	s->status = 0;
	tick(51);
	ck_assert_int_eq(s->state, PL_SERVER_GONE);
	IS_GONE(c, "query timeout");
	settings.query_timeout = 0;

	s = make_linked();
	c = s->client;
	s->status = 0;
	s->answer_time = start;
	settings.idle_transaction_timeout = 20 * CLOCK_SECOND;
	tick(21);
	ck_assert_int_eq(s->state, PL_SERVER_ACTIVE);
	s->status = 'E';
	tick(21);
	IS_GONE(c, "idle transaction timeout");

	s = make_linked();
	c = s->client;
	s->status = 0;
	c->xact_start = start;
	user_row.transaction_timeout = 30 * CLOCK_SECOND;
	user->row = &user_row;
	tick(29);
	ck_assert_int_eq(s->state, PL_SERVER_ACTIVE);
	c->replication = 1;
	tick(31);
	ck_assert_int_eq(s->state, PL_SERVER_ACTIVE);
	c->replication = 0;
	tick(31);
	IS_GONE(c, "transaction timeout");
}
END_TEST

START_TEST(checks_have_a_limit)
{
	struct pl_client *c;
	struct pl_server *s;

	begin();
	s = make_server();
	tick(31);
	ck_assert_int_eq(s->state, PL_SERVER_USED);
	c = make_waiting();
	ck_assert_uint_eq(checked, 1);
	ck_assert_int_eq(s->state, PL_SERVER_TESTED);
	tick(14);
	ck_assert_int_eq(s->state, PL_SERVER_TESTED);
	tick(15);
	ck_assert_int_eq(s->state, PL_SERVER_GONE);
	/* Then a new one is opened for him who waits. */
	ck_assert_int_eq(c->state, PL_CLIENT_WAITING);
	ck_assert_uint_eq(pool->ledger.fresh, 1);
}
END_TEST

START_TEST(a_smaller_pool_closes_its_surplus)
{
	struct pl_server *linked;

	begin();
	linked = make_linked();
	for (int i = 0; i < 3; i++)
		make_server();
	row.pool_size = 2;
	pl_pools_refresh(pool);
	tick(0);
	ck_assert_uint_eq(pl_pool_servers(pool), 2);
	ck_assert_int_eq(linked->state, PL_SERVER_ACTIVE);
	ck_assert_ptr_nonnull(strstr(read_log(),
	    "too many servers in the pool"));
	row.pool_size = 0;
	pl_pools_refresh(pool);
	for (int i = 0; i < 10; i++)
		make_server();
	tick(0);
	ck_assert_uint_eq(pl_pool_servers(pool), 12);
	row.pool_size = 4;
}
END_TEST

START_TEST(the_floor_is_filled_one_by_one)
{
	begin();
	row.min_pool_size = 2;
	tick(0);
	ck_assert_uint_eq(dialled, 0);
	make_idle();
	tick(0);
	ck_assert_uint_eq(dialled, 1);
	tick(0);
	ck_assert_uint_eq(dialled, 1);
	pl_pool_ready(pool, TAILQ_FIRST(&pool->shards->servers[PL_SERVER_LOGIN]));
	tick(0);
	ck_assert_uint_eq(dialled, 2);
	pl_pool_ready(pool, TAILQ_FIRST(&pool->shards->servers[PL_SERVER_LOGIN]));
	tick(0);
	ck_assert_uint_eq(dialled, 2);
}
END_TEST

START_TEST(forced_users_have_their_floor_without_clients)
{
	struct pl_database_row forced = row;
	struct pl_database *other;

	begin();
	forced.name = forced.dbname = "forced";
	forced.user = "boss";
	forced.min_pool_size = 1;
	other = pl_database_new(TEXT("forced"), &forced);
	ck_assert_int_eq(pl_database_force(other), 0);
	tick(0);
	tick(0);
	ck_assert_ptr_nonnull(pl_pools_find(other, other->forced));
	ck_assert_uint_eq(dialled, 1);
	pl_activity = PL_PAUSED;
	other->dead = false;
	pl_server_close(TAILQ_FIRST(&TAILQ_FIRST(&other->pools)->
	    shards->servers[PL_SERVER_LOGIN]), false, "test");
	tick(0);
	ck_assert_uint_eq(dialled, 1);
	pl_activity = PL_RUNNING;
	tick(0);
	ck_assert_uint_eq(dialled, 2);
}
END_TEST

START_TEST(the_reserve_is_opened_in_time)
{
	begin();
	row.pool_size = 1;
	row.reserve_pool_size = 1;
	pl_pools_refresh(pool);
	make_linked();
	make_waiting();
	tick(4);
	ck_assert_uint_eq(dialled, 0);
	/* The pool takes its own clock for the wait. */
	TAILQ_FIRST(&pool->ledger.lines[0].waiting)->since -= 5 * CLOCK_SECOND;
	tick(5);
	ck_assert_uint_eq(dialled, 1);
	row.pool_size = 4;
	row.reserve_pool_size = PL_UNSET;
}
END_TEST

START_TEST(unused_automatic_databases_go)
{
	struct pl_database_row any = row;
	struct pl_database *made;
	struct pl_client *c;

	begin();
	any.name = "*";
	any.dbname = NULL;
	pl_database_fallback = &any;
	made = pl_database_get(TEXT("made"));
	ck_assert(made != NULL && made->automatic);
	ck_assert_ptr_nonnull(pl_pools_get(made, &user->own));
	tick(0);
	tick(3600);
	ck_assert_ptr_nonnull(pl_database_find(TEXT("made")));
	tick(3601);
	ck_assert_ptr_null(pl_database_find(TEXT("made")));
	ck_assert_ptr_nonnull(strstr(read_log(), "dropping database 'made' as "
	    "it does not exist anymore or inactive auto-database"));
	ck_assert_uint_eq(pl_pools_count(), 1);
	ck_assert_ptr_nonnull(pl_database_find(TEXT("db")));

	/* Not while somebody logs in to it, or is not buried yet. */
	made = pl_database_get(TEXT("made"));
	c = make_client();
	c->database = made;
	tick(0);
	settings.client_login_timeout = 0;
	tick(3601);
	ck_assert_ptr_nonnull(pl_database_find(TEXT("made")));
	pl_client_set_pool(c, pl_pools_get(made, &user->own));
	tick(3602);
	pl_client_close(c, false, "test");
	tick(7203);
	ck_assert_ptr_nonnull(pl_database_find(TEXT("made")));
	end_turn();
	tick(7203);
	ck_assert_ptr_null(pl_database_find(TEXT("made")));
	/* One that an operator has paused stays. */
	made = pl_database_get(TEXT("made"));
	made->paused = true;
	tick(7204);
	tick(36000);
	ck_assert_ptr_nonnull(pl_database_find(TEXT("made")));
	pl_database_fallback = NULL;
}
END_TEST

START_TEST(dropped_databases_are_freed)
{
	struct pl_client *c;

	begin();
	c = make_idle();
	db->dead = true;
	tick(0);
	ck_assert_ptr_nonnull(pl_database_find(TEXT("db")));
	pl_client_close(c, false, "test");
	tick(0);
	ck_assert_ptr_nonnull(pl_database_find(TEXT("db")));
	end_turn();
	tick(0);
	ck_assert_ptr_null(pl_database_find(TEXT("db")));
	ck_assert_uint_eq(pl_pools_count(), 0);
}
END_TEST

START_TEST(suspended_is_left_alone)
{
	struct pl_client *c;

	begin();
	c = make_client();
	pl_activity = PL_SUSPENDED;
	tick(100);
	ck_assert_int_eq(c->state, PL_CLIENT_LOGIN);
	ck_assert_uint_eq(control_ticks, 1);
	pl_activity = PL_RUNNING;
}
END_TEST

RIG_MAIN("pooler/janitor",
    logins_end_in_time, many_logins_end_in_few_rounds,
    waits_end_in_time, waits_are_told_once,
    login_waits_for_its_welcome, cancels_wait_in_silence,
    idle_clients_end_in_time, all_idle_clients_are_met,
    connecting_has_a_limit, idle_ones_age_and_end,
    the_floor_is_not_undershot, marked_ones_end,
    lifetimes_are_spaced, queries_have_limits,
    checks_have_a_limit, a_smaller_pool_closes_its_surplus,
    the_floor_is_filled_one_by_one,
    forced_users_have_their_floor_without_clients,
    the_reserve_is_opened_in_time, unused_automatic_databases_go,
    dropped_databases_are_freed, suspended_is_left_alone)
