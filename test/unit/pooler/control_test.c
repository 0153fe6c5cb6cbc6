/* SPDX-License-Identifier: ISC */
/*
 * control_test.c - what PAUSE, RESUME, KILL, RECONNECT, WAIT_CLOSE, SUSPEND
 * and leaving do to pools, clients and servers, at once and in the end.
 */
#include "pooler/control.h"
#include "rig.h"

static struct why why;
static int moved, shutdowns;
static bool listening = true;

static void
on_moved(void)
{
	moved++;
}

static void
on_shutdown(enum pl_shutdown how)
{
	ck_assert_int_eq(how, PL_SHUTDOWN_NOW);
	shutdowns++;
}

static void
on_listen(bool on)
{
	listening = on;
}

static void
begin_control(void)
{
	begin();
	user->row = &user_row;
	pl_control_init();
	pl_control_moved = on_moved;
	pl_control_shutdown = on_shutdown;
	pl_control_listen = on_listen;
}

/* The client has had something done; its server comes free. */
static void
release(struct pl_server *s)
{
	s->client->fresh = false;
	pl_pool_release(s->pool, s);
}

START_TEST(pause_drains)
{
	struct pl_server *idle, *busy, *used;

	begin_control();
	busy = make_linked();
	idle = make_server();
	used = make_server();
	pl_ledger_age(&pool->ledger, &used->seat);
	pl_server_enter(used, PL_SERVER_USED);
	ck_assert_int_eq(pl_control_pause(NULL, &why), 0);
	ck_assert_int_eq(idle->state, PL_SERVER_GONE);
	ck_assert_int_eq(used->state, PL_SERVER_GONE);
	ck_assert_int_eq(busy->state, PL_SERVER_ACTIVE);
	ck_assert_ptr_nonnull(strstr(read_log(), "pause mode"));
	ck_assert_int_eq(pl_control_look(PL_WAIT_PAUSE, NULL),
	    PL_CONTROL_WAITS);
	moved = 0;
	release(busy);
	ck_assert_int_eq(busy->state, PL_SERVER_GONE);
	end_turn();			/* who waits hears it in the same turn */
	ck_assert_int_gt(moved, 0);
	ck_assert_int_eq(pl_control_look(PL_WAIT_PAUSE, NULL),
	    PL_CONTROL_DONE);
}
END_TEST

START_TEST(pause_stops_growth_resume_starts_it)
{
	struct pl_client *c;

	begin_control();
	ck_assert_int_eq(pl_control_pause(NULL, &why), 0);
	c = make_waiting();
	ck_assert_uint_eq(dialled, 0);
	pl_control_tick();
	ck_assert_uint_eq(dialled, 0);
	ck_assert_int_eq(pl_control_resume(NULL, &why), 0);
	ck_assert_uint_eq(dialled, 1);
	ck_assert_int_eq(c->state, PL_CLIENT_WAITING);
	ck_assert_int_eq(pl_control_look(PL_WAIT_PAUSE, NULL),
	    PL_CONTROL_UNDONE);
}
END_TEST

/* One that logs in while the pause comes is not waited for. */
START_TEST(pause_cuts_logins)
{
	struct pl_client *c;

	begin_control();
	c = make_waiting();
	ck_assert_uint_eq(pool->shards->server_count[PL_SERVER_LOGIN], 1);
	ck_assert_int_eq(pl_control_pause(db, &why), 0);
	ck_assert_uint_eq(pool->shards->server_count[PL_SERVER_LOGIN], 0);
	ck_assert_int_eq(pl_control_look(PL_WAIT_PAUSE, db),
	    PL_CONTROL_DONE);
	ck_assert_int_eq(c->state, PL_CLIENT_WAITING);
	ck_assert_int_eq(pl_control_resume(db, &why), 0);
	ck_assert_uint_eq(pool->shards->server_count[PL_SERVER_LOGIN], 1);
}
END_TEST

START_TEST(pause_of_one_leaves_others)
{
	struct pl_database *other;
	struct pl_server *s;

	begin_control();
	other = pl_database_new(TEXT("other"), &row);
	s = make_server();
	ck_assert_int_eq(pl_control_pause(other, &why), 0);
	ck_assert_int_eq(s->state, PL_SERVER_IDLE);
	ck_assert_int_eq(pl_control_look(PL_WAIT_PAUSE, other),
	    PL_CONTROL_DONE);
	ck_assert_int_eq(pl_control_resume(db, &why), -1);
	ck_assert_str_eq(why.line, "database db is not paused");
}
END_TEST

START_TEST(kill_closes_all)
{
	struct pl_client *c, *waiting;
	struct pl_server *s, *idle;

	begin_control();
	s = make_linked();
	c = s->client;
	idle = make_server();
	ck_assert_int_eq(pl_control_pause(NULL, &why), 0);
	waiting = make_waiting();
	ck_assert_int_eq(pl_control_resume(NULL, &why), 0);
	pool->welcome_ready = true;
	ck_assert_int_eq(pl_control_kill(NULL, &why), 0);
	IS_GONE(c, "database removed");
	IS_GONE(waiting, "database removed");
	ck_assert_int_eq(s->state, PL_SERVER_GONE);
	ck_assert_int_eq(idle->state, PL_SERVER_GONE);
	ck_assert(db->paused);
	ck_assert(!pool->welcome_ready);
	ck_assert_int_eq(pl_control_resume(NULL, &why), -1);
	ck_assert_int_eq(pl_control_resume(db, &why), 0);
}
END_TEST

START_TEST(reconnect_marks_and_wait_close_sees)
{
	struct pl_server *busy, *idle;

	begin_control();
	busy = make_linked();
	idle = make_server();
	ck_assert_int_eq(pl_control_look(PL_WAIT_CLOSE, NULL),
	    PL_CONTROL_DONE);
	ck_assert_int_eq(pl_control_reconnect(db, &why), 0);
	ck_assert(busy->close_needed && idle->close_needed);
	pl_server_close(idle, true, "database configuration changed");
	ck_assert_int_eq(pl_control_look(PL_WAIT_CLOSE, db),
	    PL_CONTROL_WAITS);
	release(busy);
	ck_assert_int_eq(pl_control_look(PL_WAIT_CLOSE, db),
	    PL_CONTROL_DONE);
}
END_TEST

START_TEST(suspend_holds_and_lets_go)
{
	struct pl_client *c;

	begin_control();
	c = make_idle();
	ck_assert_int_eq(pl_control_suspend(&why), 0);
	ck_assert(!listening);
	ck_assert_int_eq(pl_control_look(PL_WAIT_SUSPEND, NULL),
	    PL_CONTROL_DONE);
	ck_assert_int_eq(pl_control_suspend(&why), -1);
	ck_assert_str_eq(why.line, "already suspended/paused");
	ck_assert_int_eq(pl_control_resume(NULL, &why), 0);
	ck_assert(listening);
	ck_assert_int_eq(pl_control_look(PL_WAIT_SUSPEND, NULL),
	    PL_CONTROL_UNDONE);
	ck_assert_int_eq(c->state, PL_CLIENT_ACTIVE);
}
END_TEST

/* What is not taken by a client in time is cut. */
START_TEST(suspend_ends_in_time)
{
	static char much[4 * 1024 * 1024];
	struct pl_client *full, *c;

	begin_control();
	settings.suspend_timeout = 0;
	full = make_idle();
	c = make_idle();
	conn_send(full->conn, (struct text){ much, sizeof much });
	ck_assert(conn_full(full->conn));
	ck_assert_int_eq(pl_control_suspend(&why), 0);
	pl_control_tick();
	ck_assert_int_eq(full->state, PL_CLIENT_GONE);
	ck_assert_int_eq(c->state, PL_CLIENT_ACTIVE);
	ck_assert_ptr_nonnull(strstr(read_log(), "suspend_timeout"));
	ck_assert_int_eq(pl_control_look(PL_WAIT_SUSPEND, NULL),
	    PL_CONTROL_DONE);
}
END_TEST

START_TEST(leaves_with_the_last_server)
{
	struct pl_client *c;
	struct pl_server *s;

	begin_control();
	s = make_linked();
	settings.default_pool_size = 1;
	ck_assert_int_eq(pl_control_pause(NULL, &why), 0);
	c = make_waiting();
	ck_assert_int_eq(pl_control_resume(NULL, &why), 0);
	pl_control_leave(PL_WAIT_SERVERS);
	pl_control_tick();
	IS_GONE(c, "server shutting down");
	ck_assert_int_eq(shutdowns, 0);
	ck_assert_int_eq(pl_control_resume(NULL, &why), -1);
	ck_assert_str_eq(why.line, "pooler is shutting down");
	release(s);
	end_turn();
	end_turn();
	pl_control_tick();
	ck_assert_int_ge(shutdowns, 1);
	ck_assert_ptr_nonnull(strstr(read_log(),
	    "server connections dropped, exiting"));
}
END_TEST

START_TEST(leaves_with_the_last_client)
{
	struct pl_client *c;

	begin_control();
	c = make_idle();
	pl_control_leave(PL_WAIT_CLIENTS);
	pl_control_tick();
	ck_assert_int_eq(shutdowns, 0);
	ck_assert(pl_pools_paused(pool) == false);
	pl_client_close(c, false, "client close request");
	end_turn();
	pl_control_tick();
	ck_assert_int_eq(shutdowns, 1);
	ck_assert_ptr_nonnull(strstr(read_log(),
	    "client connections dropped, exiting"));
}
END_TEST

static enum pl_control_outcome
kill_client(uint64_t id)
{
	enum pl_control_outcome outcome;
	struct pl_hunt *hunt;

	ck_assert_int_eq(pl_control_kill_client(id, &hunt, &why), 0);
	outcome = pl_control_hunted(hunt);
	pl_control_end_hunt(&hunt);
	ck_assert_ptr_null(hunt);
	return outcome;
}

START_TEST(kills_one_client)
{
	struct pl_client *c, *other;

	begin_control();
	c = make_idle();
	other = make_idle();
	ck_assert_int_eq(kill_client(c->id), PL_CONTROL_DONE);
	IS_GONE(c, "admin forced disconnect");
	ck_assert_int_eq(other->state, PL_CLIENT_ACTIVE);
	ck_assert_int_eq(kill_client(c->id), PL_CONTROL_UNDONE);
}
END_TEST

RIG_MAIN("pooler/control", pause_drains, pause_stops_growth_resume_starts_it,
    pause_cuts_logins, pause_of_one_leaves_others, kill_closes_all,
    reconnect_marks_and_wait_close_sees, suspend_holds_and_lets_go,
    suspend_ends_in_time, leaves_with_the_last_server,
    leaves_with_the_last_client, kills_one_client)
