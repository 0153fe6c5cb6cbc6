/* SPDX-License-Identifier: ISC */
/* pidfile_test.c - who may start, and what stands in the file. */
#include <sys/stat.h>
#include <sys/wait.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "proc/pidfile.h"
#include "unit.h"

static char dir[32], path[64];

static void
setup(void)
{
	snprintf(dir, sizeof dir, "/tmp/weir-pid-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/pid", dir);
}

static void
put(const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

static void
expect_in_use(const char *text)
{
	char want[128];
	struct why why;

	put(text);
	ck_assert_int_eq(pidfile_check(path, &why), -1);
	snprintf(want, sizeof want,
	    "pidfile '%s' exists, another instance running?", path);
	ck_assert_str_eq(why.line, want);
	ck_assert_int_eq(access(path, F_OK), 0);
}

static void
teardown(void)
{
	unlink(path);
	rmdir(dir);
}

START_TEST(no_file_is_free)
{
	struct why why;

	setup();
	ck_assert_int_eq(pidfile_check(path, &why), 0);
	teardown();
}
END_TEST

START_TEST(a_running_process_holds_it)
{
	char text[32];

	setup();
	snprintf(text, sizeof text, "%d\n", (int)getppid());
	expect_in_use(text);
	teardown();
}
END_TEST

START_TEST(what_cannot_be_read_holds_it)
{
	setup();
	expect_in_use("");
	expect_in_use("nonsense\n");
	expect_in_use("-5\n");
	expect_in_use("99999999999999999999\n");
	teardown();
}
END_TEST

START_TEST(a_stale_one_goes)
{
	pid_t child = fork();
	char text[32];
	struct why why;

	if (child == 0)
		_exit(0);
	waitpid(child, NULL, 0);
	setup();
	snprintf(text, sizeof text, "%d\n", (int)child);
	put(text);
	ck_assert_int_eq(pidfile_check(path, &why), 0);
	ck_assert_int_eq(access(path, F_OK), -1);
	teardown();
}
END_TEST

START_TEST(our_own_number_is_stale)
{
	char text[32];
	struct why why;

	setup();
	snprintf(text, sizeof text, "%d\n", (int)getpid());
	put(text);
	ck_assert_int_eq(pidfile_check(path, &why), 0);
	teardown();
}
END_TEST

START_TEST(it_holds_a_number_and_goes_with_its_writer)
{
	char want[32];
	struct stat st;
	struct text t;
	struct why why;
	pid_t child;

	setup();
	umask(022);
	ck_assert_int_eq(pidfile_write(path, &why), 0);
	ck_assert_int_eq(file_read(path, 100, &t, &why), 0);
	snprintf(want, sizeof want, "%d\n", (int)getpid());
	ck_assert_str_eq(t.at, want);
	mem_drop((char *)(uintptr_t)t.at);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_eq(st.st_mode & 0777, 0644);
	child = fork();
	if (child == 0) {	/* not his */
		pidfile_remove();
		_exit(0);
	}
	waitpid(child, NULL, 0);
	ck_assert_int_eq(access(path, F_OK), 0);
	pidfile_remove();
	ck_assert_int_eq(access(path, F_OK), -1);
	pidfile_remove();
	teardown();
}
END_TEST

START_TEST(a_failed_write_says_why)
{
	struct why why;
	char want[128];

	ck_assert_int_eq(pidfile_write("/nonexistent/pid", &why), -1);
	ck_assert_str_eq(why.line, "could not open pidfile "
	    "'/nonexistent/pid': No such file or directory");
	setup();
	put("");
	ck_assert_int_eq(pidfile_write(path, &why), -1);
	snprintf(want, sizeof want, "could not open pidfile '%s': File exists",
	    path);
	ck_assert_str_eq(why.line, want);
	pidfile_remove();
	ck_assert_int_eq(access(path, F_OK), 0);
	teardown();
}
END_TEST

UNIT_MAIN("proc/pidfile", no_file_is_free, a_running_process_holds_it,
    what_cannot_be_read_holds_it, a_stale_one_goes, our_own_number_is_stale,
    it_holds_a_number_and_goes_with_its_writer, a_failed_write_says_why)
