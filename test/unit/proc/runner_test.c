/* SPDX-License-Identifier: ISC */
/*
 * runner_test.c - programs are started by the helper alone, with the values
 * asked for and nothing else, and every end is told once.
 */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/timer.h"
#include "proc/runner.h"
#include "unit.h"

enum { SH, FDS, NAP, MISSING, NOWHERE, PLAIN, INHERITS, PATHS, STUBBORN,
    OTHER };

static const struct runner_command table[] = {
	[SH] = { .argv = (const char *const[]){ "/bin/sh", "-c", "eval \"$1\"",
	    "test", NULL }, .collects = true },
	[FDS] = { .argv = (const char *const[]){ "/bin/ls", "/proc/self/fd",
	    NULL }, .collects = true },
	[NAP] = { .argv = (const char *const[]){ "/bin/sleep", "60", NULL } },
	[MISSING] = { .argv = (const char *const[]){ "/nowhere/at/all",
	    NULL } },
	[NOWHERE] = { .argv = (const char *const[]){ "ls", NULL },
	    .path = "/nowhere" },
	[PLAIN] = { .argv = (const char *const[]){ "/usr/bin/env", NULL },
	    .path = "/p:/q", .collects = true },
	/* Not all of it: what is collected has a bound. */
	[INHERITS] = { .argv = (const char *const[]){ "/bin/sh", "-c",
	    "/usr/bin/env | /bin/grep -E '^(DAEMONS_OWN|VALUE)='", NULL },
	    .collects = true, .inherits = true },
	[PATHS] = { .argv = (const char *const[]){ "echo", NULL },
	    .path = "/nowhere:/bin", .collects = true },
	[STUBBORN] = { .argv = (const char *const[]){ "/bin/sh", "-c",
	    "trap '' TERM; echo $$; while :; do sleep 1; done", NULL },
	    .collects = true },
	[OTHER] = { .argv = (const char *const[]){ "/usr/bin/id", NULL },
	    .collects = true, .changes_user = true, .uid = 65534,
	    .gid = 65533 },
};

static struct loop *home;
static struct runner *programs;
static struct timer late;
static unsigned ended, wanted, losses;
static struct runner_result last;
static char output[RUNNER_OUTPUT + 1], order[64];

static void
on_late(void *arg)
{
	ck_abort_msg("%u of %u ended", ended, wanted);
}

static void
on_lost(void *arg)
{
	losses++;
}

static void
on_done(void *arg, const struct runner_result *r)
{
	size_t len = strlen(order);

	last = *r;
	if (r->output.len > 0)
		memcpy(output, r->output.at, r->output.len);
	output[r->output.len] = '\0';
	if (arg != NULL)
		snprintf(order + len, sizeof order - len, "%s",
		    (const char *)arg);
	if (++ended == wanted)
		loop_stop(home);
}

static void
begin(unsigned most)
{
	struct why why;

	programs = runner_new(table, sizeof table / sizeof table[0], most, &why);
	ck_assert_msg(programs != NULL, "%s", why.line);
	home = loop_new(&why);
	ck_assert_ptr_nonnull(home);
	ck_assert_int_eq(runner_home(programs, home, on_lost, NULL, &why), 0);
	timer_init(&late, home, on_late, NULL);
	timer_after(&late, 20 * CLOCK_SECOND);
	order[0] = '\0';
}

static uint64_t
run(unsigned command, const char *script, int64_t limit, uint64_t key,
    const char *name)
{
	const char *args[] = { script, NULL };
	char value[] = "VALUE=a b;$c", path[] = "VALUE2=x";
	const char *env[] = { value, path, NULL };
	struct runner_job job = {
		.command = command, .args = args, .env = env,
		.limit = limit, .grace = 100 * CLOCK_MS, .key = key,
		.done = on_done, .arg = NULL
	};
	struct why why;
	uint64_t number;

	memcpy(&job.arg, &name, sizeof name);
	number = runner_run(programs, &job, &why);
	ck_assert_msg(number != 0, "%s", why.line);
	memset(value, 'x', sizeof value - 1);	/* everything was copied */
	return number;
}

static void
wait_for(unsigned n)
{
	ended = 0;
	wanted = n;
	loop_run(home);
}

static void
end(void)
{
	timer_stop(&late);
	runner_free(&programs);
	ck_assert_ptr_null(programs);
	loop_free(&home);
}

static bool
lives(pid_t pid)
{
	return kill(pid, 0) == 0;
}

static void
wait_for_death(pid_t pid)
{
	for (int i = 0; lives(pid) && i < 300; i++)
		usleep(10000);
	ck_assert_msg(!lives(pid), "%d lives", (int)pid);
}

START_TEST(tells_how_it_ended)
{
	begin(8);
	run(SH, "echo out; echo err >&2; exit 3", 0, 0, NULL);
	wait_for(1);
	ck_assert_int_eq(last.end, RUNNER_EXITED);
	ck_assert_int_eq(last.code, 3);
	ck_assert_str_eq(output, "out\nerr\n");
	ck_assert(!last.cut && last.took > 0);
	run(SH, "kill -9 $$", 0, 0, NULL);
	wait_for(1);
	ck_assert_int_eq(last.end, RUNNER_KILLED);
	ck_assert_int_eq(last.code, SIGKILL);
	run(MISSING, NULL, 0, 0, NULL);
	wait_for(1);
	ck_assert_int_eq(last.end, RUNNER_FAILED);
	ck_assert_int_eq(last.code, ENOENT);
	run(NOWHERE, NULL, 0, 0, NULL);
	wait_for(1);
	ck_assert_int_eq(last.end, RUNNER_FAILED);
	ck_assert_int_eq(last.code, ENOENT);
	ck_assert_uint_eq(runner_count(programs), 0);
	end();
}
END_TEST

START_TEST(values_are_values)
{
	begin(8);
	setenv("DAEMONS_OWN", "1", 1);
	run(SH, "echo \"$VALUE|$VALUE2|$DAEMONS_OWN\"", 0, 0, NULL);
	wait_for(1);
	ck_assert_str_eq(output, "a b;$c|x|\n");
	run(PLAIN, NULL, 0, 0, NULL);
	wait_for(1);
	ck_assert_str_eq(output, "VALUE=a b;$c\nVALUE2=x\nPATH=/p:/q\n");
	run(PATHS, "; ls $(id) `id`", 0, 0, NULL);
	wait_for(1);
	ck_assert_str_eq(output, "; ls $(id) `id`\n");
	end();
}
END_TEST

START_TEST(inherits_what_the_daemon_had)
{
	setenv("DAEMONS_OWN", "1", 1);
	setenv("VALUE", "old", 1);
	begin(8);
	run(INHERITS, NULL, 0, 0, NULL);
	wait_for(1);
	ck_assert_ptr_nonnull(strstr(output, "DAEMONS_OWN=1\n"));
	ck_assert_ptr_nonnull(strstr(output, "VALUE=a b;$c\n"));
	ck_assert_ptr_null(strstr(output, "VALUE=old"));
	end();
}
END_TEST

START_TEST(no_descriptor_leaks)
{
	for (int i = 0; i < 20; i++)	/* the daemon's, not close-on-exec */
		ck_assert_int_ge(open("/dev/null", O_RDONLY), 0);
	begin(16);
	for (int i = 0; i < 8; i++)
		run(NAP, NULL, CLOCK_SECOND, 0, NULL);
	run(FDS, NULL, 0, 0, NULL);
	wait_for(1);
	/* 3 is the directory that ls reads. */
	ck_assert_str_eq(output, "0\n1\n2\n3\n");
	run(SH, "readlink /proc/$$/fd/0; read x || echo end", 0, 0, NULL);
	wait_for(1);
	ck_assert_str_eq(output, "/dev/null\nend\n");
	wait_for(8);
	ck_assert_int_eq(last.end, RUNNER_TIMED_OUT);
	end();
}
END_TEST

START_TEST(a_hung_program_goes_with_its_children)
{
	int64_t before = clock_now();
	pid_t child;

	begin(8);
	run(SH, "sleep 50 & echo $!; wait", 200 * CLOCK_MS, 0, NULL);
	wait_for(1);
	ck_assert_int_eq(last.end, RUNNER_TIMED_OUT);
	child = (pid_t)strtol(output, NULL, 10);
	ck_assert_int_gt(child, 1);
	wait_for_death(child);
	run(STUBBORN, NULL, 200 * CLOCK_MS, 0, NULL);
	wait_for(1);
	ck_assert_int_eq(last.end, RUNNER_TIMED_OUT);
	ck_assert(last.took >= 290 * CLOCK_MS);
	wait_for_death((pid_t)strtol(output, NULL, 10));
	ck_assert(clock_now() - before < 10 * CLOCK_SECOND);
	end();
}
END_TEST

START_TEST(a_flood_of_output_is_bounded)
{
	begin(2);
	run(SH, "head -c 5000000 /dev/zero | tr '\\0' y; exit 7", 0, 0, NULL);
	wait_for(1);
	ck_assert_int_eq(last.end, RUNNER_EXITED);
	ck_assert_int_eq(last.code, 7);
	ck_assert(last.cut);
	ck_assert_uint_eq(strlen(output), RUNNER_OUTPUT);
	end();
}
END_TEST

START_TEST(one_key_one_after_the_other)
{
	begin(8);
	run(SH, "sleep 0.3", 0, 7, "a");
	run(SH, "true", 0, 7, "b");
	run(SH, "true", 0, 7, "c");
	run(SH, "sleep 0.1", 0, 8, "x");
	wait_for(4);
	ck_assert_str_eq(order, "xabc");
	end();
}
END_TEST

START_TEST(so_many_at_a_time)
{
	int64_t before = clock_now();

	begin(2);
	for (int i = 0; i < 6; i++)
		run(SH, "sleep 0.2", 0, 0, "x");
	wait_for(6);
	ck_assert_str_eq(order, "xxxxxx");
	ck_assert(clock_now() - before >= 600 * CLOCK_MS);
	end();
}
END_TEST

START_TEST(what_is_taken_back_is_not_told)
{
	uint64_t nap, waits;

	begin(1);
	nap = run(NAP, NULL, 0, 0, "n");
	waits = run(SH, "true", 0, 0, "w");
	run(SH, "true", 0, 0, "t");
	runner_cancel(programs, waits);
	runner_cancel(programs, nap);
	runner_cancel(programs, 4711);
	wait_for(1);
	ck_assert_str_eq(order, "t");
	ck_assert_uint_eq(runner_count(programs), 0);
	end();
}
END_TEST

START_TEST(a_killed_helper_is_told_and_replaced)
{
	pid_t first;

	begin(1);
	run(NAP, NULL, 0, 0, "n");
	run(SH, "echo $PPID", 0, 0, "s");
	first = runner_pid(programs);
	usleep(100000);			/* it has started */
	kill(first, SIGKILL);
	wait_for(2);
	ck_assert_str_eq(order, "ns");
	ck_assert_uint_eq(losses, 1);
	ck_assert_int_eq(last.end, RUNNER_EXITED);
	ck_assert_int_ne(runner_pid(programs), first);
	ck_assert_int_eq((pid_t)strtol(output, NULL, 10), runner_pid(programs));
	end();
}
END_TEST

/* A daemon's life in a child of ours; it tells helper and program. */
static void
live_and_tell(int to)
{
	char line[64];
	struct why why;
	struct runner_job job = { .command = STUBBORN };
	char path[64];
	int fd;

	begin(4);
	ck_assert(runner_run(programs, &job, &why) != 0);
	usleep(300000);			/* the helper has started it */
	snprintf(path, sizeof path, "/proc/%d/task/%d/children",
	    (int)runner_pid(programs), (int)runner_pid(programs));
	fd = open(path, O_RDONLY);
	snprintf(line, sizeof line, "%d ", (int)runner_pid(programs));
	if (write(to, line, strlen(line)) > 0 && fd >= 0) {
		ssize_t n = read(fd, line, sizeof line);

		if (n > 0 && write(to, line, (size_t)n) == n)
			pause();
	}
	_exit(1);
}

START_TEST(the_helper_dies_with_its_daemon)
{
	int ends[2], helper = 0, program = 0;
	char line[128] = "";
	size_t len = 0;
	ssize_t n;
	pid_t daemon;

	ck_assert_int_eq(pipe(ends), 0);
	daemon = fork();
	if (daemon == 0)
		live_and_tell(ends[1]);
	close(ends[1]);
	while (sscanf(line, "%d %d", &helper, &program) < 2 &&
	    (n = read(ends[0], line + len, sizeof line - 1 - len)) > 0)
		len += (size_t)n;
	ck_assert(helper > 1 && program > 1 && lives(program));
	kill(daemon, SIGKILL);
	waitpid(daemon, NULL, 0);
	wait_for_death(helper);
	wait_for_death(program);
}
END_TEST

START_TEST(too_much_is_refused)
{
	static char big[RUNNER_TEXT + 1];
	const char *args[] = { big, NULL };
	const char *many[RUNNER_WORDS + 2];
	struct runner_job job = { .command = SH, .args = args };
	struct why why;

	memset(big, 'x', sizeof big - 1);
	begin(1);
	ck_assert_uint_eq(runner_run(programs, &job, &why), 0);
	for (unsigned i = 0; i <= RUNNER_WORDS; i++)
		many[i] = "A=1";
	many[RUNNER_WORDS + 1] = NULL;
	job.args = NULL;
	job.env = many;
	ck_assert_uint_eq(runner_run(programs, &job, &why), 0);
	ck_assert_uint_eq(runner_count(programs), 0);
	end();
}
END_TEST

START_TEST(another_user_for_one_command)
{
	if (geteuid() != 0)
		return;
	begin(1);
	run(OTHER, NULL, 0, 0, NULL);
	wait_for(1);
	ck_assert_ptr_nonnull(strstr(output, "uid=65534"));
	ck_assert_ptr_nonnull(strstr(output, "gid=65533"));
	ck_assert_ptr_null(strstr(output, "0(root)"));
	end();
}
END_TEST

UNIT_MAIN("proc/runner", tells_how_it_ended, values_are_values,
    inherits_what_the_daemon_had, no_descriptor_leaks,
    a_hung_program_goes_with_its_children, a_flood_of_output_is_bounded,
    one_key_one_after_the_other, so_many_at_a_time,
    what_is_taken_back_is_not_told, a_killed_helper_is_told_and_replaced,
    the_helper_dies_with_its_daemon, too_much_is_refused,
    another_user_for_one_command)
