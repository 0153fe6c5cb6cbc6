/* SPDX-License-Identifier: ISC */
/*
 * program_test.c - a small daemon is led through its life: the order of the
 * steps, what the command line says back, exit codes, reload, background.
 */
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/why.h"
#include "net/timer.h"
#include "proc/program.h"
#include "proc/signals.h"
#include "unit.h"

/* ---- the daemon: it notes what it is asked, and can be told to fail */

static char trail[512];		/* the steps, in their order */
static const char *fail_at = "";
static const char *pidfile = "", *logfile = "";
static const char *act = "end";	/* what it does when it is up */
static bool broken;
static struct timer soon;
static struct loop *loop;

static int
step(const char *name, struct why *why)
{
	size_t len = strlen(trail);

	snprintf(trail + len, sizeof trail - len, "%s ", name);
	if (strcmp(name, fail_at) == 0)
		return why_set(why, "no %s", name);
	return 0;
}

static int
take(char **rest, unsigned n, struct why *why)
{
	return n == 1 ? 0 : why_set(why, "no configuration file specified");
}

static void
version(FILE *to)
{
	fprintf(to, "Small 1\n");
}

static void *
read_files(bool first, struct why *why)
{
	if (broken || step(first ? "read" : "reread", why) < 0) {
		why_set(why, "cannot load config file");
		return NULL;
	}
	return trail;
}

static int
apply(void *setup, bool first, struct why *why)
{
	ck_assert_ptr_eq(setup, trail);
	return step(first ? "apply" : "reapply", why);
}

static void
needs(struct program_needs *n)
{
	n->user = geteuid() == 0 ? "nobody" : "";
	n->pidfile = pidfile;
	n->log.file = logfile;
	n->files = 100;
	n->threads = 2;
	n->sandbox = false;
}

static int
alone(struct why *why)
{
	return step("alone", why);
}

static int
adopt(struct why *why)
{
	return step("adopt", why);
}

static void
limits(const struct rights_limits *l)
{
	ck_assert_int_eq(l->wanted, 100);
	step("limits", NULL);
}

static int
begin(struct loop *home, struct why *why)
{
	ck_assert_ptr_eq(home, loop_here());
	ck_assert_uint_eq(loop_count(), 2);
	return step("start", why);
}

static void
on_soon(void *arg)
{
	struct why why;

	if (strcmp(act, "reload") == 0) {
		ck_assert_int_eq(program_reload(&why), 0);
		broken = true;
		ck_assert_int_eq(program_reload(&why), -1);
		ck_assert_str_eq(why.line, "cannot load config file");
		kill(getpid(), SIGTERM);
	} else if (strcmp(act, "end") == 0)
		kill(getpid(), SIGTERM);
}

static int
timers(struct loop *home, struct why *why)
{
	loop = home;
	timer_init(&soon, home, on_soon, NULL);
	timer_after(&soon, 10 * CLOCK_MS);
	return step("timers", why);
}

static int
open_listeners(struct loop *home, struct why *why)
{
	ck_assert_int_ne(access(pidfile, F_OK), 0);
	return step("listen", why);
}

static void
up(void)
{
	step("up", NULL);
	if (pidfile[0] != '\0')
		ck_assert_int_eq(access(pidfile, F_OK), 0);
	log_info("process up");
}

static void
end(void)
{
	step("end", NULL);
	if (loop != NULL)
		timer_stop(&soon);
	log_info("trail: %s", trail);
}

static void
on_term(void)
{
	program_end(7);
	program_end(8);
}

static int
list(const char *arg, char **rest, unsigned n)
{
	printf("list %s %u %s\n", arg == NULL ? "-" : arg, n,
	    n > 0 ? rest[0] : "-");
	return 3;
}

static const struct program_option options[] = {
	{ 'd', "daemon", NULL, "background", PROGRAM_DAEMON, NULL },
	{ 'q', "quiet", NULL, "no log here", PROGRAM_QUIET, NULL },
	{ 'R', "reboot", NULL, "take over", PROGRAM_REBOOT, NULL },
	{ 'u', "user", "USERNAME", "another user", PROGRAM_USER, NULL },
	{ 'v', "verbose", NULL, "say more", PROGRAM_VERBOSE, NULL },
	{ 'V', "version", NULL, "show version", PROGRAM_VERSION, NULL },
	{ 'h', "help", NULL, "show this", PROGRAM_HELP, NULL },
	{ 0, "list", "[FORM]", "list it", PROGRAM_TELL, list },
	{ 0, "hidden", NULL, NULL, PROGRAM_TELL, list },
	{ .name = NULL }
};

static const struct program_signal signals[] = { { SIGTERM, on_term }, { 0, NULL } };

static const struct program small = {
	.name = "weir-small", .stands_for = "Small", .what = "a small thing",
	.arguments = "FILE", .options = options, .signals = signals,
	.take = take, .version = version, .read = read_files, .apply = apply,
	.needs = needs, .alone = alone, .adopt = adopt, .limits = limits,
	.start = begin, .timers = timers, .listen = open_listeners, .up = up,
	.end = end,
};

/* ---- the test: a child is the daemon, we read what it says */

static char said[16384];	/* its standard output and error */

static int
wait_said(int fd, pid_t child)
{
	size_t len = 0;
	ssize_t n;
	int status;

	while ((n = read(fd, said + len, sizeof said - 1 - len)) > 0)
		len += (size_t)n;
	said[len] = '\0';
	close(fd);
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_msg(WIFEXITED(status), "status %x: %s", status, said);
	return WEXITSTATUS(status);
}

/* args: what stands behind the name, separated by blanks. */
static int
live(const char *args)
{
	char line[256], *argv[16] = { NULL }, *rest = NULL;
	int ends[2], argc = 1;
	pid_t child;

	ck_assert_int_eq(pipe(ends), 0);
	child = fork();
	if (child > 0) {
		close(ends[1]);
		return wait_said(ends[0], child);
	}
	dup2(ends[1], STDOUT_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[0]);
	close(ends[1]);
	snprintf(line, sizeof line, "%s", args);
	argv[0] = (char *)(uintptr_t)"small";
	for (char *w = strtok_r(line, " ", &rest); w != NULL;
	    w = strtok_r(NULL, " ", &rest))
		argv[argc++] = w;
	exit(program_main(&small, argc, argv));
}

static void
expect_said(const char *what)
{
	ck_assert_msg(strstr(said, what) != NULL, "no '%s' in: %s", what, said);
}

#define TRY "Try \"small --help\" for more information.\n"

START_TEST(a_life_has_its_order)
{
	ck_assert_int_eq(live("file"), 7);
	expect_said(" LOG trail: read apply alone limits start timers listen "
	    "up end \n");
	expect_said("LOG process up\n");
}
END_TEST

START_TEST(reboot_adopts_instead)
{
	ck_assert_int_eq(live("file -R"), 7);
	expect_said("trail: read apply adopt limits start timers listen up "
	    "end \n");
}
END_TEST

START_TEST(a_failed_step_ends_it)
{
	static const struct { const char *at, *trail; } rows[] = {
		{ "read", "read end" }, { "apply", "read apply end" },
		{ "alone", "read apply alone end" },
		{ "start", "read apply alone limits start end" },
		{ "timers", "read apply alone limits start timers end" },
		{ "listen", "read apply alone limits start timers listen end" },
	};
	char want[64];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		fail_at = rows[i].at;
		ck_assert_int_eq(live("file"), 1);
		snprintf(want, sizeof want, " FATAL %s%s\n", i == 0 ? "" :
		    "no ", i == 0 ? "cannot load config file" : rows[i].at);
		expect_said(want);
		expect_said(rows[i].trail);
	}
}
END_TEST

START_TEST(the_command_line_answers)
{
	ck_assert_int_eq(live("-h"), 0);
	ck_assert_str_eq(said, "small is a small thing.\n\nUsage:\n"
	    "  small [OPTION]... FILE\n\nOptions:\n"
	    "  -d, --daemon         background\n"
	    "  -q, --quiet          no log here\n"
	    "  -R, --reboot         take over\n"
	    "  -u, --user=USERNAME  another user\n"
	    "  -v, --verbose        say more\n"
	    "  -V, --version        show version\n"
	    "  -h, --help           show this\n"
	    "      --list[=FORM]    list it\n");
	ck_assert_int_eq(live("--version --nonsense"), 0);
	ck_assert_str_eq(said, "Small 1\n");
	ck_assert_int_eq(live("--nonsense"), 1);
	ck_assert_str_eq(said, "small: unrecognized option '--nonsense'\n" TRY);
	ck_assert_int_eq(live("-x"), 1);
	ck_assert_str_eq(said, "small: invalid option -- 'x'\n" TRY);
	ck_assert_int_eq(live("file -u"), 1);
	ck_assert_str_eq(said, "small: option requires an argument -- 'u'\n"
	    TRY);
	ck_assert_int_eq(live(""), 1);
	ck_assert_str_eq(said, "small: no configuration file specified\n" TRY);
	ck_assert_int_eq(live("a b"), 1);
	ck_assert_str_eq(said, "small: no configuration file specified\n" TRY);
	ck_assert_int_eq(live("--list"), 3);
	ck_assert_str_eq(said, "list - 0 -\n");
	ck_assert_int_eq(live("file --list=man"), 3);
	ck_assert_str_eq(said, "list man 1 file\n");
	ck_assert_int_eq(live("file --hid"), 3);
}
END_TEST

START_TEST(users_are_refused_and_switched)
{
	ck_assert_int_eq(live("file -u weir-no-such-user"), 1);
	expect_said(" FATAL could not find user 'weir-no-such-user' to switch "
	    "to\n");
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(live("file -u root"), 1);
	expect_said(" FATAL Small should not run as root\n");
}
END_TEST

START_TEST(quiet_says_nothing)
{
	fail_at = "listen";
	ck_assert_int_eq(live("-q file"), 1);
	ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(a_refused_log_has_its_own_line)
{
	int pid;
	char level[16];

	logfile = "/nonexistent/log";
	ck_assert_int_eq(live("file"), 1);
	ck_assert_int_eq(sscanf(said, "%*s %*s %*s %d %15s Cannot open logfile: "
	    "'/nonexistent/log': No such", &pid, level), 2);
	ck_assert_str_eq(level, "FATAL");
	ck_assert_ptr_null(strstr(said, "] FATAL"));
}
END_TEST

START_TEST(a_reload_reads_again_or_changes_nothing)
{
	act = "reload";
	ck_assert_int_eq(live("file"), 7);
	expect_said("listen up reread reapply end \n");
}
END_TEST

START_TEST(a_daemon_needs_a_pidfile)
{
	ck_assert_int_eq(live("-d file"), 1);
	expect_said(" FATAL daemon needs pidfile configured\n");
}
END_TEST

static bool
wait_for(const char *path, bool there)
{
	for (int i = 0; i < 500; i++) {
		if ((access(path, F_OK) == 0) == there)
			return true;
		usleep(10000);
	}
	return false;
}

START_TEST(a_daemon_leaves_its_parent)
{
	char dir[] = "/tmp/weir-program-XXXXXX";
	static char pid_path[64], log_path[64];
	struct text t;
	struct why why;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chmod(dir, 0777), 0);
	snprintf(pid_path, sizeof pid_path, "%s/pid", dir);
	snprintf(log_path, sizeof log_path, "%s/log", dir);
	pidfile = pid_path;
	logfile = log_path;
	act = "wait";
	ck_assert_int_eq(live("-d file"), 0);
	ck_assert_str_eq(said, "");
	ck_assert(wait_for(pid_path, true));
	usleep(100000);			/* the rest of its start */

	/* Another one finds it running. */
	ck_assert_int_eq(live("file"), 1);
	expect_said("exists, another instance running?\n");

	ck_assert_int_eq(file_read(pid_path, 100, &t, &why), 0);
	ck_assert_int_eq(kill((pid_t)strtol(t.at, NULL, 10), SIGTERM), 0);
	mem_drop((char *)(uintptr_t)t.at);
	ck_assert(wait_for(pid_path, false));
	usleep(100000);			/* the last lines of its log */
	ck_assert_int_eq(file_read(log_path, 100000, &t, &why), 0);
	ck_assert_ptr_nonnull(strstr(t.at, " LOG process up\n"));
	ck_assert_ptr_nonnull(strstr(t.at, "listen up end \n"));
	mem_drop((char *)(uintptr_t)t.at);
	unlink(log_path);
	ck_assert_int_eq(rmdir(dir), 0);
}
END_TEST

UNIT_MAIN("proc/program", a_life_has_its_order, reboot_adopts_instead,
    a_failed_step_ends_it, the_command_line_answers,
    users_are_refused_and_switched, quiet_says_nothing,
    a_refused_log_has_its_own_line, a_reload_reads_again_or_changes_nothing,
    a_daemon_needs_a_pidfile, a_daemon_leaves_its_parent)
