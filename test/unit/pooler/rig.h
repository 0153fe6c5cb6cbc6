/* SPDX-License-Identifier: ISC */
/*
 * rig.h - real pools, clients and servers for unit tests, without a network:
 * one database "db" of four servers, one user "app". Clients have one end of
 * a socket pair, so what they are told can be read; servers are never
 * dialled, they are ready when the test says so. Reasons are in the log.
 */
#ifndef WEIR_TEST_UNIT_POOLER_RIG_H
#define WEIR_TEST_UNIT_POOLER_RIG_H

#include <sys/socket.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/loop.h"
#include "pooler/config.h"
#include "pooler/growth.h"
#include "pooler/pool.h"
#include "pooler/setup.h"
#include "pooler/shard.h"
#include "pooler/variables.h"
#include "unit.h"

static struct loop *loop;
static struct pl_settings settings;
static struct pl_setup setup;
static struct pl_user_row user_row = {
	.name = "app", .pool_mode = PL_MODE_UNSET, .pool_size = PL_UNSET,
	.reserve_pool_size = PL_UNSET
};
static struct pl_database_row row = {
	.name = "db", .dbname = "db", .password = "", .pool_size = 4,
	.min_pool_size = PL_UNSET, .reserve_pool_size = PL_UNSET,
	.max_db_connections = PL_UNSET, .max_db_client_connections = PL_UNSET,
	.server_lifetime = PL_UNSET, .server_login_parallel = PL_UNSET
};
static struct pl_database *db;
static struct pl_user *user;
static struct pl_pool *pool;
static unsigned dialled, checked, granted;
static struct pl_client *last_granted;
static struct pl_server *last_checked;
static int64_t start;
static char log_path[] = "/tmp/pooler_rig.XXXXXX";
static int far[8192];		/* the other ends, by slot */

/* Stand-ins for what the rest of the pooler does. */

const struct pl_setup *
pl_setup_now(void)
{
	return &setup;
}

static bool
dial(struct pl_pool *p, struct pl_server *s)
{
	(void)p;
	(void)s;
	dialled++;
	return true;
}

static void
on_check(struct pl_server *s)
{
	last_checked = s;
	checked++;
}

static void
on_granted(struct pl_client *c)
{
	last_granted = c;
	granted++;
}

static void
leaves(struct pl_client *c, struct pl_server *s)
{
	c->server = NULL;
	s->client = NULL;
	pl_pool_release(s->pool, s);
}

static void
free_login(struct pl_client *c)
{
	c->login = NULL;
}

static void
forget_client(struct pl_client *c)
{
	(void)c;
}

static void
forget_server(struct pl_server *s)
{
	(void)s;
}

static void
on_data(struct conn *conn, struct text data)
{
	(void)conn;
	(void)data;
}

static void
on_closed(struct conn *conn, const struct close_reason *why)
{
	(void)conn;
	(void)why;
}

static const struct conn_handler handler = {
	.data = on_data, .closed = on_closed
};

static inline void
begin(void)
{
	static const struct pl_settings *volatile usual;	/* owns the texts */
	struct log_target target = { .file = log_path };
	struct why why;
	int fd = mkstemp(log_path);

	ck_assert_int_ge(fd, 0);
	close(fd);
	/* What clients are told is read in the same turn. */
	setenv("WEIR_ENGINE", "event", 1);
	ck_assert_int_eq(log_open(&target, &why), 0);
	loop = loop_new(&why);
	ck_assert_ptr_nonnull(loop);
	usual = pl_config_usual("test.ini");
	settings = *usual;
	settings.server_login_parallel = 1;
	pl_settings_swap(&settings);
	pl_variables_init("");
	pl_growth_dial = dial;
	pl_pool_check = on_check;
	pl_pool_granted = on_granted;
	pl_client_leaves_server = leaves;
	pl_client_login_free = free_login;
	pl_client_gone = forget_client;
	pl_client_midway_server = pl_server_midway;
	pl_server_gone = forget_server;
	pl_pool_init();
	start = loop_now(loop);
	user = pl_user_get(TEXT("app"));
	db = pl_database_new(TEXT("db"), &row);
	pool = pl_pools_get(db, &user->own);
	ck_assert_ptr_nonnull(pool);
}

/* The text of the log since the last call. */
static inline const char *
read_log(void)
{
	static char text[65536];
	FILE *f = fopen(log_path, "r");
	size_t n = fread(text, 1, sizeof text - 1, f);

	text[n] = '\0';
	fclose(f);
	ck_assert_int_eq(truncate(log_path, 0), 0);
	return text;
}

static void
stop_loop(void *at)
{
	loop_stop(at);
}

static inline void
end_turn(void)
{
	loop_post(loop, stop_loop, loop);
	loop_run(loop);
}

static inline struct pl_client *
make_client(void)
{
	struct endpoint peer = { .family = AF_INET, .port = 5000 };
	struct pl_client *c = pl_client_new(loop, &peer);
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    fds), 0);
	c->conn = conn_accept(loop, fds[0], &handler, c);
	ck_assert_ptr_nonnull(c->conn);
	c->connect_time = c->request_time = start;
	c->database = db;
	c->user = user;
	far[c->slot] = fds[1];
	return c;
}

/* One that has logged in and rests. */
static inline struct pl_client *
make_idle(void)
{
	struct pl_client *c = make_client();

	pl_client_set_pool(c, pool);
	c->welcomed = true;
	pl_client_enter(c, PL_CLIENT_ACTIVE);
	return c;
}

static inline struct pl_client *
make_waiting(void)
{
	struct pl_client *c = make_idle();

	ck_assert(!pl_pool_want(pool, c));
	ck_assert_int_eq(c->state, PL_CLIENT_WAITING);
	return c;
}

/* A server that has logged in and is idle, or linked to the first in line. */
static inline struct pl_server *
make_server(void)
{
	struct pl_server *s = pl_growth_open(pool, false);

	ck_assert_ptr_nonnull(s);
	s->status = 'I';
	pl_pool_ready(pool, s);
	return s;
}

static inline struct pl_server *
make_linked(void)
{
	struct pl_client *c = make_idle();
	struct pl_server *s = make_server();

	ck_assert(pl_pool_want(pool, c));
	ck_assert_ptr_eq(c->server, s);
	return s;
}

static inline bool
was_told(const struct pl_client *c, const char *text)
{
	char buf[4096];
	ssize_t n = read(far[c->slot], buf, sizeof buf);

	if (n <= 0)
		return false;
	return memmem(buf, (size_t)n, text, strlen(text) + 1) != NULL;
}

#define IS_GONE(x, told)						\
	do {								\
		ck_assert_int_eq((x)->state, PL_CLIENT_GONE);		\
		ck_assert(was_told(x, told));				\
	} while (0)

static inline void
remove_log(void)
{
	unlink(log_path);
}

/* As UNIT_MAIN. */
#define RIG_MAIN(name, ...)						\
int									\
main(void)								\
{									\
	const TTest *const tests[] = { __VA_ARGS__ };			\
	Suite *suite = suite_create(name);				\
	TCase *tcase = tcase_create(name);				\
	SRunner *runner;						\
	int failed;							\
									\
	for (size_t i = 0; i < sizeof tests / sizeof tests[0]; i++)	\
		tcase_add_test(tcase, tests[i]);			\
	tcase_set_timeout(tcase, 120);					\
	tcase_add_checked_fixture(tcase, NULL, remove_log);		\
	suite_add_tcase(suite, tcase);					\
	runner = srunner_create(suite);					\
	srunner_run_all(runner, CK_NORMAL);				\
	failed = srunner_ntests_failed(runner);				\
	srunner_free(runner);						\
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;		\
}

#endif
