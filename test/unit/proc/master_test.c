/* SPDX-License-Identifier: ISC */
/* master_test.c - workers, their channels, luggage between lives. */
#include <sys/socket.h>
#include <sys/wait.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "proc/master.h"
#include "proc/signals.h"
#include "proc/worker.h"
#include "unit.h"

static struct loop *loop;
static pid_t ready_pid, ended_pid;
static int ended_status;
static char got[100];

static void
on_ready(struct master_worker *w)
{
	int fd;
	struct why why;

	ready_pid = w->pid;
	master_tell(w, TEXT("what was told"));
	fd = master_connect(w, '2', &why);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "hello", 5), 5);
	ck_assert_int_gt(read(fd, got, sizeof got - 1), 0);
	close(fd);
	master_signal(SIGKILL);
}

static void
on_ended(struct master_worker *w, int status)
{
	ended_pid = w->pid;
	ended_status = status;
	loop_stop(loop);
}

static const struct master_events events = {
	.ready = on_ready, .ended = on_ended,
};

static bool was_told;

static void
on_told(struct text t)
{
	was_told = text_is(t, "what was told");
}

/* The worker echoes what a connection says, with its level behind it. */
static void
on_taken(int fd, char level)
{
	char text[20];
	ssize_t n;

	if (!was_told)
		_exit(4);

	while ((n = read(fd, text, sizeof text - 1)) < 0)
		usleep(1000);
	text[n] = level;
	if (write(fd, text, (size_t)n + 1) < 0)
		_exit(3);
}

static void
on_orphaned(void)
{
	_exit(7);
}

static const struct worker_events ours = {
	.taken = on_taken, .told = on_told, .orphaned = on_orphaned,
};

static void
be_worker(void)
{
	struct why why;
	struct loop *l = loop_new(&why);

	if (l == NULL || !worker_here() || worker_watch(l, &ours, &why) < 0)
		_exit(1);
	worker_ready();
	loop_run(l);
	_exit(2);
}

START_TEST(worker_is_ready_and_ends)
{
	char *none[] = { NULL };
	struct why why;
	pid_t pid;

	loop_set_engine("event");
	master_begin(none);
	ck_assert(!master_here()->again);
	pid = master_fork(&why);
	if (pid == 0)
		be_worker();
	ck_assert_int_gt(pid, 0);
	ck_assert(!worker_here());
	loop = loop_new(&why);
	ck_assert_ptr_nonnull(loop);
	ck_assert_int_eq(master_watch(loop, &events, &why), 0);
	loop_run(loop);
	ck_assert_int_eq(ready_pid, pid);
	ck_assert_int_eq(ended_pid, pid);
	ck_assert(WIFSIGNALED(ended_status));
	ck_assert_str_eq(got, "hello2");
	ck_assert_ptr_null(master_here()->workers);
	signals_end();
	master_end();
	loop_free(&loop);
}
END_TEST

START_TEST(worker_hears_that_it_is_alone)
{
	char *none[] = { NULL };
	struct why why;
	int status;
	pid_t pid;

	loop_set_engine("event");
	master_begin(none);
	pid = master_fork(&why);
	if (pid == 0)
		be_worker();
	master_end();		/* the channel is closed */
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
}
END_TEST

START_TEST(luggage_is_found_again)
{
	char luggage[200], *env[] = { luggage, (char[]){ "A=1" }, NULL };
	int fd = dup(0);
	const struct master *m = master_here();

	snprintf(luggage, sizeof luggage, "WEIR_MASTER=%d 1234 5 2 -1 -1 3 9;"
	    "77 %d 1 1200 1 0;66 -1 2 1100 1 1", (int)getpid(), fd);
	setenv("WEIR_MASTER", luggage + 12, 1);
	master_begin(env);
	ck_assert(m->again);
	ck_assert_ptr_null(getenv("WEIR_MASTER"));
	ck_assert_int_eq(m->since, 1234);
	ck_assert_uint_eq(m->reloads, 5);
	ck_assert_uint_eq(m->failed, 2);
	ck_assert_uint_eq(m->flags, 3);
	ck_assert_uint_eq(m->limit, 9);
	ck_assert_int_eq(m->workers->pid, 77);
	ck_assert_int_eq(m->workers->channel, fd);
	ck_assert(!m->workers->leaving);
	ck_assert_int_eq(m->workers->next->pid, 66);
	ck_assert(m->workers->next->leaving);
	ck_assert_ptr_null(m->workers->next->next);
	master_end();
}
END_TEST

START_TEST(luggage_of_another_is_left)
{
	char *none[] = { NULL };
	static const char *const bad[] = { "1 1 1 1 1 1 1 1;1 1 1 1 1 1", "",
	    "x", ";;;" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		setenv("WEIR_MASTER", bad[i], 1);
		master_begin(none);
		ck_assert(!master_here()->again);
		ck_assert_ptr_null(master_here()->workers);
		ck_assert_int_eq(master_here()->door, -1);
		master_end();
	}
}
END_TEST

UNIT_MAIN("proc/master", worker_is_ready_and_ends,
    worker_hears_that_it_is_alone, luggage_is_found_again,
    luggage_of_another_is_left)
