/* SPDX-License-Identifier: ISC */
/* ready_test.c - what a service manager would hear. */
#include <sys/socket.h>
#include <sys/un.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/timer.h"
#include "proc/ready.h"
#include "unit.h"

static char path[64];
static int manager;
static struct loop *home;

static void
listen_as_manager(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };

	snprintf(path, sizeof path, "/tmp/weir-ready-%d", (int)getpid());
	memcpy(un.sun_path, path, strlen(path));
	manager = socket(AF_UNIX, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(manager, (struct sockaddr *)&un, sizeof un), 0);
	setenv("NOTIFY_SOCKET", path, 1);
}

static const char *
heard(void)
{
	static char text[600];
	ssize_t n = recv(manager, text, sizeof text - 1, MSG_DONTWAIT);

	text[n < 0 ? 0 : n] = '\0';
	return text;
}

static void
leave(void)
{
	ready_fini();
	close(manager);
	unlink(path);
}

START_TEST(without_a_manager_all_is_silent)
{
	unsetenv("NOTIFY_SOCKET");
	ready_init();
	ck_assert(!ready_heard());
	ready_up();
	ready_status("x");
	ready_stopping();
	ready_fini();
}
END_TEST

START_TEST(the_manager_hears_each_state)
{
	long long usec;

	listen_as_manager();
	ready_init();
	ck_assert(ready_heard());
	ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
	ready_up();
	ck_assert_str_eq(heard(), "READY=1");
	ready_reloading();
	ck_assert_int_eq(sscanf(heard(), "RELOADING=1\nMONOTONIC_USEC=%lld",
	    &usec), 1);
	ck_assert_int_lt(clock_now() - usec, CLOCK_SECOND);
	ready_status("stats: 1 xacts/s, 2 μs");
	ck_assert_str_eq(heard(), "STATUS=stats: 1 xacts/s, 2 μs");
	ready_stopping();
	ck_assert_str_eq(heard(), "STOPPING=1");
	leave();
}
END_TEST

START_TEST(a_manager_that_left_harms_nobody)
{
	listen_as_manager();
	ready_init();
	close(manager);
	unlink(path);
	ready_up();
	ready_fini();
}
END_TEST

static void
on_end(void *arg)
{
	loop_stop(home);
}

START_TEST(a_watched_process_shows_life)
{
	struct timer end;
	struct why why;
	unsigned beats = 0;

	listen_as_manager();
	setenv("WATCHDOG_USEC", "100000", 1);
	ready_init();
	ck_assert_ptr_null(getenv("WATCHDOG_USEC"));
	home = loop_new(&why);
	ck_assert_ptr_nonnull(home);
	ready_beat(home);
	timer_init(&end, home, on_end, NULL);
	timer_after(&end, 400 * CLOCK_MS);
	loop_run(home);
	while (strcmp(heard(), "WATCHDOG=1") == 0)
		beats++;
	ck_assert_uint_ge(beats, 3);
	leave();
	loop_free(&home);
}
END_TEST

UNIT_MAIN("proc/ready", without_a_manager_all_is_silent,
    the_manager_hears_each_state, a_manager_that_left_harms_nobody,
    a_watched_process_shows_life)
