/* SPDX-License-Identifier: ISC */
/* pool_test.c - who is linked, what is opened, what a release leads to. */
#include "rig.h"

static const char *
text_of_pool(const struct pl_pool *p)
{
	static char line[64];

	snprintf(line, sizeof line, "idle %u used %u tested %u active %u "
	    "new %u", p->shards->server_count[PL_SERVER_IDLE],
	    p->shards->server_count[PL_SERVER_USED],
	    p->shards->server_count[PL_SERVER_TESTED],
	    p->shards->server_count[PL_SERVER_ACTIVE],
	    p->shards->server_count[PL_SERVER_LOGIN]);
	return line;
}

static struct pl_server *
find_new(const struct pl_pool *p)
{
	return TAILQ_FIRST(&p->shards->servers[PL_SERVER_LOGIN]);
}

/* What was begun is ready; it may be granted to him who waits. */
static struct pl_server *
finish_login(struct pl_pool *p)
{
	struct pl_server *s = find_new(p);

	ck_assert_ptr_nonnull(s);
	s->status = 'I';
	pl_pool_ready(p, s);
	return s;
}

static struct pl_client *
make_idle_in(struct pl_pool *p)
{
	struct pl_client *c = make_idle();

	pl_client_set_pool(c, p);
	c->database = p->database;
	return c;
}

static bool
want(struct pl_client *c)
{
	return pl_pool_want(c->pool, c);
}

/* The client has had something done. */
static void
release(struct pl_server *s)
{
	s->client->fresh = false;
	pl_pool_release(s->pool, s);
}

static void
ended(const struct pl_server *s, const char *reason)
{
	ck_assert_int_eq(s->state, PL_SERVER_GONE);
	ck_assert_ptr_nonnull(strstr(read_log(), reason));
}

START_TEST(links_the_last_released)
{
	struct pl_client *c;
	struct pl_server *b;

	begin();
	make_server();
	b = make_server();
	c = make_idle();
	ck_assert(want(c));
	ck_assert_ptr_eq(c->server, b);
	ck_assert_ptr_eq(b->client, c);
	ck_assert_str_eq(text_of_pool(pool),
	    "idle 1 used 0 tested 0 active 1 new 0");
	ck_assert_int_eq(c->mode, PL_MODE_SESSION);
	ck_assert_uint_eq(granted, 0);
}
END_TEST

START_TEST(serves_in_order)
{
	struct pl_client *first, *second;
	struct pl_server *s;

	begin();
	settings.pool_mode = PL_MODE_TRANSACTION;
	row.pool_size = 1;
	pl_pools_refresh(pool);
	s = make_linked();
	first = make_waiting();
	second = make_waiting();
	ck_assert_uint_eq(dialled, 0);
	release(s);
	ck_assert_ptr_eq(last_granted, first);
	ck_assert_ptr_eq(first->server, s);
	ck_assert_int_eq(first->state, PL_CLIENT_ACTIVE);
	ck_assert_int_eq(s->state, PL_SERVER_ACTIVE);
	pl_client_close(first, false, "test");
	ck_assert_ptr_eq(last_granted, second);
	release(s);
	ck_assert_int_eq(s->state, PL_SERVER_IDLE);
	ck_assert_uint_eq(granted, 2);
}
END_TEST

START_TEST(opens_one_after_the_other)
{
	begin();
	for (int i = 0; i < 6; i++)
		make_waiting();
	ck_assert_uint_eq(dialled, 1);
	finish_login(pool);
	ck_assert_uint_eq(granted, 1);
	pl_pool_serve(pool);
	ck_assert_uint_eq(dialled, 2);
	settings.server_login_parallel = 3;
	pl_pools_refresh(pool);
	pl_pool_serve(pool);
	/* Four in all: one is linked, three are on their way. */
	ck_assert_str_eq(text_of_pool(pool),
	    "idle 0 used 0 tested 0 active 1 new 3");
}
END_TEST

START_TEST(fails_fast)
{
	struct pl_client *c, *login;
	struct pl_server *s;

	begin();
	c = make_waiting();
	s = find_new(pool);
	pl_growth_failed(pool, "connect failed");
	pl_server_close(s, false, "connect failed");
	/* Who waits goes on waiting; no new attempt yet. */
	ck_assert_int_eq(c->state, PL_CLIENT_WAITING);
	ck_assert_uint_eq(dialled, 1);
	c = make_idle();
	ck_assert(!want(c));
	IS_GONE(c, "server login has been failing, cached error: "
	    "connect failed (server_login_retry)");
	login = make_idle();
	login->welcomed = false;
	ck_assert(!want(login));
	ck_assert_int_eq(login->state, PL_CLIENT_WAITING);
	/* When it is time for another attempt, it is made, but nobody held. */
	pool->last_connect -= settings.server_login_retry;
	c = make_idle();
	ck_assert(!want(c));
	ck_assert_int_eq(c->state, PL_CLIENT_GONE);
	ck_assert_uint_eq(dialled, 2);
	c = make_idle();
	ck_assert(!want(c));
	ck_assert_int_eq(c->state, PL_CLIENT_WAITING);
	finish_login(pool);
	ck_assert(!pool->last_connect_failed);
}
END_TEST

START_TEST(resets_after_a_session)
{
	struct pl_server *s;

	begin();
	s = make_linked();
	release(s);
	ck_assert_int_eq(s->state, PL_SERVER_TESTED);
	ck_assert_uint_eq(checked, 1);
	ck_assert(s->reset);
	pl_pool_ready(pool, s);
	ck_assert_int_eq(s->state, PL_SERVER_IDLE);
	/* Nothing was done with it: nothing to reset. */
	ck_assert(want(make_idle()));
	pl_pool_release(pool, s);
	ck_assert_int_eq(s->state, PL_SERVER_IDLE);
	settings.pool_mode = PL_MODE_TRANSACTION;
	pl_pools_refresh(pool);
	ck_assert(want(make_idle()));
	release(s);
	ck_assert_int_eq(s->state, PL_SERVER_IDLE);
	settings.server_reset_query_always = 1;
	ck_assert(want(make_idle()));
	release(s);
	ck_assert_int_eq(s->state, PL_SERVER_TESTED);
	pl_pool_ready(pool, s);
	settings.server_reset_query = "";
	ck_assert(want(make_idle()));
	release(s);
	ck_assert_int_eq(s->state, PL_SERVER_IDLE);
	ck_assert_uint_eq(checked, 2);
}
END_TEST

START_TEST(closes_at_release)
{
	struct pl_server *s;

	begin();
	settings.pool_mode = PL_MODE_TRANSACTION;
	pl_pools_refresh(pool);
	s = make_linked();
	s->connect_time -= settings.server_lifetime;
	release(s);
	ended(s, "server lifetime over");
	s = make_linked();
	pl_expect_add(&s->expect, 'Q', PL_FORWARD, NULL);
	release(s);
	ended(s, "client disconnected with query in progress");
	s = make_linked();
	s->close_needed = true;
	release(s);
	ended(s, "close_needed");
	s = make_linked();
	db->paused = true;
	release(s);
	ended(s, "pause mode");
	db->paused = false;
	ck_assert_uint_eq(pl_pool_servers(pool), 0);
	ck_assert_int_eq(db->servers.taken, 0);
	ck_assert_int_eq(user->servers.taken, 0);
}
END_TEST

START_TEST(obsolete_ones_are_not_linked)
{
	struct pl_client *c;
	struct pl_server *good, *bad;

	begin();
	good = make_server();
	bad = make_server();
	bad->close_needed = true;
	c = make_idle();
	ck_assert(want(c));
	ck_assert_ptr_eq(c->server, good);
	ended(bad, "obsolete connection");
}
END_TEST

START_TEST(tests_what_rested)
{
	struct pl_client *c;
	struct pl_server *s;

	begin();
	settings.pool_mode = PL_MODE_TRANSACTION;
	pl_pools_refresh(pool);
	settings.server_check_delay = 0;
	s = make_linked();
	release(s);
	ck_assert_int_eq(s->state, PL_SERVER_USED);
	c = make_waiting();
	ck_assert_ptr_eq(last_checked, s);
	ck_assert(!s->reset);
	ck_assert_uint_eq(dialled, 0);
	pl_pool_ready(pool, s);
	ck_assert_ptr_eq(c->server, s);
	/* One that is released while another waits is tested for him. */
	c = make_waiting();
	ck_assert_uint_eq(dialled, 1);
	release(s);
	ck_assert_int_eq(s->state, PL_SERVER_TESTED);
	ck_assert_uint_eq(checked, 2);
	/* When the test fails, the login under way serves him. */
	pl_server_close(s, true, "test");
	finish_login(pool);
	ck_assert_ptr_nonnull(c->server);
}
END_TEST

START_TEST(evicts_for_a_shared_limit)
{
	struct pl_pool *other;
	struct pl_server *old, *young;

	begin();
	row.max_db_connections = 2;
	other = pl_pools_get(db, &pl_user_get(TEXT("bob"))->own);
	old = make_server();
	young = make_server();
	old->request_time -= CLOCK_SECOND;
	want(make_idle_in(other));
	ended(old, "evicted");
	ck_assert_int_eq(young->state, PL_SERVER_IDLE);
	ck_assert_ptr_nonnull(find_new(other));
	ck_assert_int_eq(db->servers.taken, 2);
	/* The floor of a pool evicts nobody. */
	ck_assert(!pl_growth_open_spare(pool));
	ck_assert_int_eq(young->state, PL_SERVER_IDLE);
	row.max_db_connections = PL_UNSET;
}
END_TEST

START_TEST(a_permit_goes_to_who_waits)
{
	struct pl_pool *other;
	struct pl_server *s;

	begin();
	user_row.max_user_connections = 1;
	user->row = &user_row;
	other = pl_pools_get(pl_database_new(TEXT("db2"), &row), &user->own);
	s = make_linked();
	want(make_idle_in(other));
	ck_assert_uint_eq(dialled, 0);
	ck_assert(other->user_place.waiting);
	ck_assert_int_eq(other->database->servers.taken, 0);
	pl_server_close(s, true, "test");
	ck_assert_uint_eq(dialled, 1);
	ck_assert_ptr_nonnull(find_new(other));
	ck_assert_int_eq(user->servers.taken, 1);
}
END_TEST

START_TEST(a_free_server_yields)
{
	struct pl_pool *other;
	struct pl_client *mine;
	struct pl_server *s;

	begin();
	settings.pool_mode = PL_MODE_TRANSACTION;
	pl_pools_refresh(pool);
	row.max_db_connections = 1;
	other = pl_pools_get(db, &pl_user_get(TEXT("bob"))->own);
	s = make_linked();
	want(make_idle_in(other));
	mine = make_waiting();
	/* Both need it: not yet. */
	release(s);
	ck_assert_ptr_eq(mine->server, s);
	mine = make_waiting();
	TAILQ_FIRST(&other->ledger.lines[0].waiting)->since -= 600000;
	release(s);
	ended(s, "evicted");
	ck_assert_ptr_nonnull(find_new(other));
	ck_assert_int_eq(mine->state, PL_CLIENT_WAITING);
	s = finish_login(other);
	ck_assert_int_eq(s->state, PL_SERVER_ACTIVE);
	/* Nobody needs it here: at once. */
	release(s);
	ended(s, "evicted");
	s = finish_login(pool);
	ck_assert_ptr_eq(mine->server, s);
	/* And nobody at all: it rests. */
	release(s);
	ck_assert_int_eq(s->state, PL_SERVER_IDLE);
	row.max_db_connections = PL_UNSET;
}
END_TEST

START_TEST(who_cannot_use_a_permit_passes_it_on)
{
	struct pl_pool *broken, *other;
	struct pl_server *s;

	begin();
	row.max_db_connections = 1;
	broken = pl_pools_get(db, &pl_user_get(TEXT("bob"))->own);
	other = pl_pools_get(db, &pl_user_get(TEXT("carl"))->own);
	s = make_linked();
	want(make_idle_in(broken));
	want(make_idle_in(other));
	pl_growth_failed(broken, "test");
	broken->last_connect = start;
	pl_server_close(s, true, "test");
	ck_assert_ptr_null(find_new(broken));
	ck_assert_ptr_nonnull(find_new(other));
	row.max_db_connections = PL_UNSET;
}
END_TEST

START_TEST(takes_from_the_reserve)
{
	begin();
	row.pool_size = 1;
	row.reserve_pool_size = 1;
	pl_pools_refresh(pool);
	make_linked();
	make_waiting();
	pl_growth_grow(pool);
	ck_assert_uint_eq(dialled, 0);
	TAILQ_FIRST(&pool->ledger.lines[0].waiting)->since -=
	    settings.reserve_pool_timeout;
	pl_growth_grow(pool);
	ck_assert_uint_eq(dialled, 1);
	ck_assert_ptr_nonnull(strstr(read_log(), "WARNING C-"));
	row.pool_size = 4;
	row.reserve_pool_size = PL_UNSET;
}
END_TEST

START_TEST(reconnecting_looks_past_the_size)
{
	begin();
	row.pool_size = 1;
	pl_pools_refresh(pool);
	make_linked();
	make_waiting();
	ck_assert_uint_eq(dialled, 0);
	pl_pool_reconnect(pool);
	pl_growth_grow(pool);
	ck_assert_uint_eq(dialled, 1);
	finish_login(pool);
	make_waiting();
	ck_assert_uint_eq(dialled, 1);
	row.pool_size = 4;
}
END_TEST

START_TEST(a_pause_holds_all)
{
	struct pl_client *c;

	begin();
	make_server();
	pl_activity = PL_PAUSED;
	c = make_waiting();
	ck_assert_uint_eq(dialled, 0);
	pl_activity = PL_RUNNING;
	pl_pool_serve(pool);
	ck_assert_ptr_eq(last_granted, c);
	pl_leaving = PL_WAIT_SERVERS;
	c = make_idle();
	ck_assert(!want(c));
	IS_GONE(c, "server shutting down");
	pl_leaving = PL_STAYS;
}
END_TEST

START_TEST(closes_all)
{
	struct pl_client *c, *waiting;
	struct pl_server *s;

	begin();
	row.pool_size = 1;
	pl_pools_refresh(pool);
	s = make_linked();
	c = s->client;
	waiting = make_waiting();
	pl_pool_close_all(pool, "database removed");
	IS_GONE(c, "database removed");
	IS_GONE(waiting, "database removed");
	ck_assert_int_eq(s->state, PL_SERVER_GONE);
	end_turn();
	pl_pools_free(pool);
	ck_assert_uint_eq(pl_pools_count(), 0);
	row.pool_size = 4;
}
END_TEST

RIG_MAIN("pooler/pool",
    links_the_last_released, serves_in_order, opens_one_after_the_other,
    fails_fast, resets_after_a_session, closes_at_release,
    obsolete_ones_are_not_linked, tests_what_rested,
    evicts_for_a_shared_limit, a_permit_goes_to_who_waits,
    a_free_server_yields, who_cannot_use_a_permit_passes_it_on,
    takes_from_the_reserve, reconnecting_looks_past_the_size,
    a_pause_holds_all, closes_all)
