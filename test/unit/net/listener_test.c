/* SPDX-License-Identifier: ISC */
/*
 * listener_test.c - accepting, resting when descriptors run out, and the
 * sockets under it.
 */
#include "unit.h"

#include <sys/resource.h>

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "engines.h"

#include "base/clock.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/socket.h"
#include "net/timer.h"

static struct loop *loop;
static struct listener *listener;
static struct address own;
static unsigned accepted, rested, refused;
static int rest_code;
static int64_t rest_until;
static int kept[512];

static void
on_accepted(struct listener *l, int fd, const struct address *peer)
{
	ck_assert_ptr_eq(listener_owner(l), &own);
	ck_assert_int_eq(peer->sa.sa_family, AF_INET);
	ck_assert_int_ne(fcntl(fd, F_GETFL) & O_NONBLOCK, 0);
	ck_assert_int_ne(fcntl(fd, F_GETFD) & FD_CLOEXEC, 0);
	kept[accepted++] = fd;
}

static void
on_resting(struct listener *l, int code, int64_t until)
{
	rested++;
	rest_code = code;
	rest_until = until;
}

static void
on_refused(struct listener *l, int fd)
{
	refused++;
	close(fd);
}

static const struct listener_handler handler = {
	.accepted = on_accepted, .resting = on_resting,
	.refused = on_refused };

static void
on_end(void *arg)
{
	loop_stop(loop);
}

static void
run_for(int64_t usec)
{
	struct timer t;

	timer_init(&t, loop, on_end, NULL);
	timer_after(&t, usec);
	loop_run(loop);
}

static void
begin(const struct listener_handler *h)
{
	struct why why;
	int fd;

	loop = loop_new(&why);
	address_ip(TEXT("127.0.0.1"), 0, &own);
	fd = socket_listen(&own, 512, false, false, &why);
	ck_assert_msg(fd >= 0, "%s", why.line);
	ck_assert_int_eq(socket_local(fd, &own), 0);
	listener = listener_new(loop, fd, h, &own);
	ck_assert_ptr_nonnull(listener);
	ck_assert_int_eq(listener_fd(listener), fd);
}

static void
end(void)
{
	listener_free(&listener);
	loop_free(&loop);
}

static int
dial(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(connect(fd, &own.sa, own.len), 0);
	return fd;
}

START_TEST(accepts_in_batches)
{
	begin(&handler);
	for (int i = 0; i < 200; i++)
		dial();
	run_for(50 * CLOCK_MS);
	ck_assert_uint_eq(accepted, 200);
	ck_assert_uint_eq(rested, 0);
	end();
}
END_TEST

/* So many a turn, and the rest in the next. */
START_TEST(a_batch_may_be_small)
{
	begin(&handler);
	listener_set_batch(listener, 1);
	for (int i = 0; i < 3; i++)
		dial();
	while (accepted == 0)
		event_base_loop(loop_base(loop), EVLOOP_ONCE);
	ck_assert_uint_eq(accepted, 1);
	run_for(30 * CLOCK_MS);
	ck_assert_uint_eq(accepted, 3);
	end();
}
END_TEST

START_TEST(held_it_leaves_them_waiting)
{
	begin(&handler);
	listener_hold(listener);
	dial();
	run_for(30 * CLOCK_MS);
	ck_assert_uint_eq(accepted, 0);
	listener_resume(listener);
	run_for(30 * CLOCK_MS);
	ck_assert_uint_eq(accepted, 1);
	end();
}
END_TEST

static unsigned turns;

static void
count_turn(void *arg)
{
	turns++;
}

START_TEST(rests_without_descriptors)
{
	struct rlimit limit;
	int client[30], first;
	int64_t start;

	begin(&handler);
	for (int i = 0; i < 30; i++)
		client[i] = dial();
	first = dup(0);
	close(first);
	limit.rlim_cur = limit.rlim_max = (rlim_t)first + 10;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	loop_set_after(loop, count_turn, NULL);
	start = clock_now();
	run_for(300 * CLOCK_MS);
	ck_assert_uint_eq(accepted, 10);
	ck_assert_uint_eq(rested, 1);
	ck_assert_int_eq(rest_code, EMFILE);
	ck_assert_int_ge(rest_until, start + 900 * CLOCK_MS);
	ck_assert_uint_eq(refused, 1);	/* the oldest got an answer */
	ck_assert_int_eq(recv(client[10], &start, 1, 0), 0);
	ck_assert_uint_lt(turns, 10);	/* nothing spins */
	for (int i = 0; i < 10; i++)
		close(kept[i]);
	run_for(1100 * CLOCK_MS);
	ck_assert_uint_eq(accepted, 20);
	ck_assert_uint_eq(rested, 2);
	ck_assert_uint_eq(refused, 2);
	for (int i = 10; i < 20; i++)
		close(kept[i]);
	listener_wake(listener);
	run_for(100 * CLOCK_MS);
	ck_assert_uint_eq(accepted, 28);	/* two more were refused */
	end();
}
END_TEST

static void
on_accepted_free(struct listener *l, int fd, const struct address *peer)
{
	accepted++;
	close(fd);
	listener_free(&listener);
}

static const struct listener_handler freeing = {
	.accepted = on_accepted_free, .resting = on_resting };

START_TEST(may_be_freed_by_its_callback)
{
	begin(&freeing);
	dial();
	dial();
	run_for(30 * CLOCK_MS);
	ck_assert_uint_eq(accepted, 1);
	ck_assert_ptr_null(listener);
	end();
}
END_TEST

/* ---- sockets */

START_TEST(an_address_in_use_is_told)
{
	struct why why;
	int64_t start;

	begin(&handler);
	start = clock_now();
	ck_assert_int_eq(socket_listen(&own, 1, false, false, &why), -1);
	ck_assert_ptr_nonnull(strstr(why.line, "bind(): "));
	ck_assert_ptr_nonnull(strstr(why.line, "Address already in use"));
	ck_assert_int_ge(clock_now() - start, 900 * CLOCK_MS);
	end();
}
END_TEST

START_TEST(a_stale_unix_path_is_replaced)
{
	char dir[] = "/tmp/weir-socket-XXXXXX", path[64];
	int first, second, pid, uid, gid, fd;
	struct address a;
	struct why why;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/s", dir);
	ck_assert_int_eq(address_unix(text_of(path), &a, &why), 0);
	first = socket_listen(&a, 5, false, false, &why);
	ck_assert_msg(first >= 0, "%s", why.line);
	ck_assert_int_eq(socket_listen(&a, 5, false, false, &why), -1);
	close(first);
	second = socket_listen(&a, 5, false, false, &why);
	ck_assert_msg(second >= 0, "%s", why.line);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(fd, &a.sa, a.len), 0);
	ck_assert_int_eq(socket_unix_peer(fd, &pid, &uid, &gid), 0);
	ck_assert_int_eq(pid, getpid());
	ck_assert_int_eq(uid, (int)getuid());
	close(fd);
	close(second);
	unlink(path);
	rmdir(dir);
}
END_TEST

ENGINES_MAIN("net/listener", accepts_in_batches, a_batch_may_be_small,
    held_it_leaves_them_waiting,
    rests_without_descriptors, may_be_freed_by_its_callback,
    an_address_in_use_is_told, a_stale_unix_path_is_replaced)
