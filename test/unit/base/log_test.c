/* SPDX-License-Identifier: ISC */
/* log_test.c - lines in their shape, and a caller that never waits. */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <pthread.h>
#include <regex.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/outlet.h"
#include "unit.h"

#define STAMP "[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9:]{8}\\.[0-9]{3} [A-Z]+ "

static char dir[] = "/tmp/weir-log-XXXXXX";
static char path[64];

static void
setup_dir(void)
{
	memcpy(dir + sizeof dir - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/log", dir);
}

static void
remove_dir(void)
{
	unlink(path);
	rmdir(dir);
}

static bool
matches(const char *text, const char *pattern)
{
	regex_t re;
	int code;

	ck_assert_int_eq(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
	code = regexec(&re, text, 0, NULL, 0);
	regfree(&re);
	return code == 0;
}

static char *
slurp(const char *from)
{
	struct text t;
	struct why why;

	ck_assert_int_eq(file_read(from, 1 << 24, &t, &why), 0);
	return (char *)(uintptr_t)t.at;
}

static unsigned
count(const char *text, const char *what)
{
	unsigned n = 0;

	for (; (text = strstr(text, what)) != NULL; text++)
		n++;
	return n;
}

static void
open_file_log(const char *file, int verbose)
{
	struct why why;

	ck_assert_int_eq(log_open(&(struct log_target){ .file = file,
	    .verbose = verbose }, &why), 0);
}

START_TEST(lines_have_their_shape)
{
	char *text, want[256];

	setup_dir();
	open_file_log(path, 0);
	log_line(LOG_LEVEL_LOG, "C-0x5: db/u@h:1 ", "one %d", 1);
	log_start();
	log_warning("first\nsecond");
	log_debug("not seen");
	log_stop();
	log_error("direct again");
	text = slurp(path);
	snprintf(want, sizeof want, "^" STAMP "\\[%d\\] LOG C-0x5: db/u@h:1 "
	    "one 1\n" STAMP "\\[%d\\] WARNING first\n\tsecond\n"
	    STAMP "\\[%d\\] ERROR direct again\n$", getpid(), getpid(),
	    getpid());
	ck_assert_msg(matches(text, want), "%s", text);
	mem_drop(text);
	remove_dir();
}
END_TEST

START_TEST(verbosity_opens_levels)
{
	char *text;

	setup_dir();
	open_file_log(path, 1);
	log_debug("debug line");
	log_line(LOG_LEVEL_NOISE, "", "noise one");
	open_file_log(path, 2);
	log_line(LOG_LEVEL_NOISE, "", "noise two");
	text = slurp(path);
	ck_assert(matches(text, "DEBUG debug line\n"));
	ck_assert(!matches(text, "noise one"));
	ck_assert(matches(text, "NOISE noise two\n"));
	mem_drop(text);
	open_file_log(path, 0);
	remove_dir();
}
END_TEST

START_TEST(a_long_line_is_cut_and_ended)
{
	static char big[20000];
	char *text;

	setup_dir();
	memset(big, '\n', sizeof big - 1);
	open_file_log(path, 0);
	log_info("%s", big);
	log_info("next");
	text = slurp(path);
	ck_assert_uint_lt(strlen(text), 5000);
	ck_assert(matches(text, "\n" STAMP "\\[[0-9]+\\] LOG next\n$"));
	mem_drop(text);
	remove_dir();
}
END_TEST

START_TEST(a_refused_file_leaves_the_old)
{
	struct why why;
	char *text;

	setup_dir();
	open_file_log(path, 0);
	ck_assert_int_eq(log_open(&(struct log_target){
	    .file = "/nonexistent/x.log" }, &why), -1);
	ck_assert_str_eq(why.line, "Cannot open logfile: "
	    "'/nonexistent/x.log': No such file or directory");
	log_info("still here");
	text = slurp(path);
	ck_assert(matches(text, "still here"));
	mem_drop(text);
	remove_dir();
}
END_TEST

START_TEST(open_again_follows_a_rotation)
{
	char old[80], *text;

	setup_dir();
	snprintf(old, sizeof old, "%s.1", path);
	open_file_log(path, 0);
	log_start();
	log_info("before");
	log_stop();
	ck_assert_int_eq(rename(path, old), 0);
	log_start();
	open_file_log(path, 0);
	log_info("after");
	log_stop();
	text = slurp(old);
	ck_assert(matches(text, "before\n$"));
	mem_drop(text);
	text = slurp(path);
	ck_assert(matches(text, "after\n$"));
	mem_drop(text);
	unlink(old);
	remove_dir();
}
END_TEST

/* Standard error of this process becomes a pipe; its reading end. */
static int
pipe_stderr(int *saved)
{
	int ends[2];

	ck_assert_int_eq(pipe(ends), 0);
	*saved = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
	close(ends[1]);
	return ends[0];
}

static void
restore_stderr(int saved)
{
	dup2(saved, STDERR_FILENO);
	close(saved);
}

static void *
read_all(void *arg)
{
	static char all[1 << 22];
	int fd = *(int *)arg;
	size_t len = 0;
	ssize_t n;

	while ((n = read(fd, all + len, sizeof all - 1 - len)) > 0)
		len += (size_t)n;
	all[len] = '\0';
	return all;
}

#define TOO_SLOW "WARNING the output was too slow, "

START_TEST(a_blocked_pipe_stops_nobody)
{
	int saved, fd = pipe_stderr(&saved);
	const unsigned lines = 20000;
	unsigned long lost, told = 0;
	int64_t begin, took;
	pthread_t reader;
	struct why why;
	char *text;

	log_open(&(struct log_target){ .to_stderr = true }, &why);
	lost = log_lost();
	log_start();
	begin = clock_now();
	for (unsigned i = 0; i < lines; i++)
		log_info("line %u of many, and nobody reads any of them", i);
	took = clock_now() - begin;
	ck_assert_int_lt(took, 5 * CLOCK_SECOND);
	lost = log_lost() - lost;
	ck_assert_uint_gt(lost, 0);

	pthread_create(&reader, NULL, read_all, &fd);
	log_stop();
	restore_stderr(saved);
	pthread_join(reader, (void **)&text);
	close(fd);
	ck_assert_uint_eq(count(text, " of many"), lines - lost);
	ck_assert_ptr_nonnull(strstr(text, "line 19999 of many"));
	while ((text = strstr(text, TOO_SLOW)) != NULL) {
		text += sizeof TOO_SLOW - 1;
		told += strtoul(text, &text, 10);
	}
	ck_assert_uint_eq(told, lost);
}
END_TEST

START_TEST(an_end_with_a_blocked_pipe_is_bounded)
{
	int64_t begin;
	struct why why;
	int saved, status;
	pid_t child = fork();

	if (child == 0) {
		pipe_stderr(&saved);
		log_open(&(struct log_target){ .to_stderr = true }, &why);
		log_start();
		for (unsigned i = 0; i < 20000; i++)
			log_info("nobody reads line %u and nobody will", i);
		begin = clock_now();
		log_stop();
		log_info("lost, and no wait either");
		_exit(clock_now() - begin < 5 * CLOCK_SECOND ? 0 : 1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(a_stuck_pipe_leaves_the_file_alone)
{
	int saved, fd;
	struct why why;
	char *text;

	setup_dir();
	fd = pipe_stderr(&saved);
	log_open(&(struct log_target){ .to_stderr = true, .file = path },
	    &why);
	log_start();
	for (unsigned i = 0; i < 3000; i++) {
		log_info("line %u goes to the file, whoever reads", i);
		if (i % 100 == 0)
			usleep(2000);	/* the writer gets its turn */
	}
	log_stop();
	restore_stderr(saved);
	close(fd);
	text = slurp(path);
	ck_assert_uint_eq(count(text, "goes to the file"), 3000);
	mem_drop(text);
	remove_dir();
}
END_TEST

START_TEST(a_full_disk_is_counted)
{
	unsigned long lost = log_lost();

	open_file_log("/dev/full", 0);
	log_start();
	log_info("one");
	log_info("two");
	log_stop();
	ck_assert_uint_eq(log_lost() - lost, 2);
}
END_TEST

/* Standard error fails (its reader is gone), then it works again. */
static int
fail_then_work(void)
{
	static const char want[] = "HEAD the output failed, 2 log lines are "
	    "missing here\nHEAD one\n";
	struct outlet_line l = { "HEAD one\n", 9, 5, LOG_INFO };
	struct outlet *o;
	char buf[256];
	struct why why;
	int ends[2];

	signal(SIGPIPE, SIG_IGN);
	if (pipe(ends) < 0 || dup2(ends[1], STDERR_FILENO) < 0)
		return 1;
	close(ends[0]);
	o = outlet_new(&(struct outlet_plan){ .to_stderr = true }, &why);
	outlet_put(o, &l);
	outlet_put(o, &l);
	if (outlet_lost() != 2)
		return 2;
	if (pipe(ends) < 0 || dup2(ends[1], STDERR_FILENO) < 0)
		return 3;
	outlet_put(o, &l);
	outlet_free(&o);
	return read(ends[0], buf, sizeof buf) == sizeof want - 1 &&
	    memcmp(buf, want, sizeof want - 1) == 0 ? 0 : 4;
}

START_TEST(a_failed_output_is_told_later)
{
	pid_t child = fork();
	int status;

	if (child == 0)
		_exit(fail_then_work());
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(a_pipe_without_reader_is_refused)
{
	struct why why;

	setup_dir();
	ck_assert_int_eq(mkfifo(path, 0600), 0);
	ck_assert_int_eq(log_open(&(struct log_target){ .file = path }, &why),
	    -1);
	remove_dir();
}
END_TEST

START_TEST(the_journal_gets_fields)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	struct outlet_line l = { "STAMP LOG one\n\ttwo\n", 19, 10, LOG_INFO };
	int sock, saved, fd;
	struct outlet *o;
	char told[64], buf[256];
	struct stat st;
	struct why why;
	ssize_t n;

	setup_dir();
	memcpy(un.sun_path, path, strlen(path));
	sock = socket(AF_UNIX, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(sock, (struct sockaddr *)&un, sizeof un), 0);
	fd = pipe_stderr(&saved);
	fstat(STDERR_FILENO, &st);
	snprintf(told, sizeof told, "%llu:%llu",
	    (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", told, 1);
	o = outlet_new(&(struct outlet_plan){ .to_stderr = true,
	    .journal = path }, &why);
	outlet_put(o, &l);
	restore_stderr(saved);
	n = recv(sock, buf, sizeof buf, MSG_DONTWAIT);
	ck_assert_int_eq(n, 11 + 8 + 8 + 9);
	ck_assert_int_eq(memcmp(buf, "PRIORITY=6\nMESSAGE\n"
	    "\10\0\0\0\0\0\0\0one\n\ttwo\n", (size_t)n), 0);

	outlet_free(&o);
	close(fd);
	unsetenv("JOURNAL_STREAM");
	close(sock);
	remove_dir();
}
END_TEST

static void *
log_much(void *arg)
{
	for (unsigned i = 0; i < 2000; i++)
		log_info("thread %s line %u", (const char *)arg, i);
	return NULL;
}

START_TEST(threads_do_not_mix_lines)
{
	static const char names[4][2] = { "a", "b", "c", "d" };
	pthread_t t[4];
	unsigned n = 0;
	char *text, *line, *rest;
	unsigned long lost;

	setup_dir();
	open_file_log(path, 0);
	lost = log_lost();
	log_start();
	for (int i = 0; i < 4; i++)
		pthread_create(&t[i], NULL, log_much, (void *)(uintptr_t)names[i]);
	for (int i = 0; i < 20; i++) {
		open_file_log(path, 0);
		usleep(1000);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
	log_stop();
	text = slurp(path);
	for (line = strtok_r(text, "\n", &rest); line != NULL;
	    line = strtok_r(NULL, "\n", &rest))
		if (matches(line, "^" STAMP "\\[[0-9]+\\] LOG thread [a-d] "
		    "line [0-9]+$"))
			n++;
	ck_assert_uint_eq(n, 8000 - (log_lost() - lost));
	mem_drop(text);
	remove_dir();
}
END_TEST

UNIT_MAIN("base/log", lines_have_their_shape, verbosity_opens_levels,
    a_long_line_is_cut_and_ended, a_refused_file_leaves_the_old,
    open_again_follows_a_rotation, a_blocked_pipe_stops_nobody,
    an_end_with_a_blocked_pipe_is_bounded, a_stuck_pipe_leaves_the_file_alone,
    a_full_disk_is_counted, a_failed_output_is_told_later,
    a_pipe_without_reader_is_refused, the_journal_gets_fields,
    threads_do_not_mix_lines)
