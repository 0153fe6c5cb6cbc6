/* SPDX-License-Identifier: ISC */
/* file_test.c - whole files or a reason, and never half of a new one. */
#include <sys/stat.h>

#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "unit.h"

#include "base/file.h"
#include "base/mem.h"

static char dir[64], path[128], aside[128];

static void
enter_dir(void)
{
	snprintf(dir, sizeof dir, "/tmp/weir-file-test.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/f", dir);
	snprintf(aside, sizeof aside, "%s/f.new", dir);
}

static void
leave_dir(void)
{
	unlink(path);
	unlink(aside);
	ck_assert_int_eq(rmdir(dir), 0);
}

static void
drop(struct text *t)
{
	mem_drop((void *)(uintptr_t)t->at);
	*t = TEXT_NONE;
}

START_TEST(writes_and_reads)
{
	static const size_t sizes[] = { 0, 1, 4094, 4095, 4096, 4097, 8191,
	    100000 };
	static char bytes[100000];
	struct why why = { .line = "" };
	struct stat st;
	struct text t;

	enter_dir();
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i * 7);
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		ck_assert_int_eq(file_write_aside(path, 0600,
		    (struct text){ bytes, sizes[i] }, &why), 0);
		ck_assert_int_eq(file_read(path, sizeof bytes, &t, &why), 0);
		ck_assert_uint_eq(t.len, sizes[i]);
		ck_assert_int_eq(memcmp(t.at, bytes, t.len), 0);
		ck_assert_int_eq(t.at[t.len], '\0');
		drop(&t);
	}
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0600);
	ck_assert_int_lt(access(aside, F_OK), 0);
	leave_dir();
}
END_TEST

START_TEST(tells_the_systems_words)
{
	struct why why;
	struct text t;

	enter_dir();
	ck_assert_int_eq(file_read(path, 100, &t, &why), -1);
	ck_assert_str_eq(why.line, "No such file or directory");
	ck_assert_int_eq(file_read(dir, 100, &t, &why), -1);
	ck_assert_str_eq(why.line, "Is a directory");
	ck_assert_int_eq(file_write_aside("/nonexistent/x", 0600, TEXT("x"),
	    &why), -1);
	ck_assert_str_eq(why.line, "No such file or directory");
	leave_dir();
}
END_TEST

START_TEST(reads_no_more_than_asked)
{
	struct why why;
	struct text t;

	enter_dir();
	ck_assert_int_eq(file_write_aside(path, 0600, TEXT("12345"), &why), 0);
	ck_assert_int_eq(file_read(path, 5, &t, &why), 0);
	drop(&t);
	ck_assert_int_eq(file_read(path, 4, &t, &why), -1);
	ck_assert_str_eq(why.line, "File too large");
	leave_dir();
}
END_TEST

/* What lies at the aside name does not matter, a link is not followed. */
START_TEST(follows_no_link)
{
	struct why why;
	struct text t;
	char target[160];

	enter_dir();
	snprintf(target, sizeof target, "%s/target", dir);
	ck_assert_int_eq(file_write_aside(target, 0600, TEXT("old"), &why), 0);
	ck_assert_int_eq(symlink(target, aside), 0);
	ck_assert_int_eq(file_write_aside(path, 0600, TEXT("new"), &why), 0);
	ck_assert_int_eq(file_read(target, 10, &t, &why), 0);
	ck_assert(text_is(t, "old"));
	drop(&t);
	unlink(target);
	leave_dir();
}
END_TEST

START_TEST(keeps_the_old_on_failure)
{
	struct why why;
	struct text t;
	char inner[160];

	enter_dir();
	/* Not to be replaced by a file: a directory that is not empty. */
	ck_assert_int_eq(mkdir(path, 0700), 0);
	snprintf(inner, sizeof inner, "%s/x", path);
	ck_assert_int_eq(file_write_aside(inner, 0600, TEXT("x"), &why), 0);
	ck_assert_int_eq(file_write_aside(path, 0600, TEXT("new"), &why), -1);
	ck_assert_int_lt(access(aside, F_OK), 0);
	ck_assert_int_eq(file_read(inner, 10, &t, &why), 0);
	drop(&t);
	unlink(inner);
	rmdir(path);
	leave_dir();
}
END_TEST

START_TEST(says_no_without_memory)
{
	struct why why = { .line = "" };
	struct text t;

	enter_dir();
	mem_fail_at(1);
	ck_assert_int_eq(file_write_aside(path, 0600, TEXT("x"), &why), -1);
	mem_fail_at(0);
	ck_assert_str_eq(why.line, "Cannot allocate memory");
	ck_assert_int_eq(file_write_aside(path, 0600, TEXT("x"), &why), 0);
	mem_fail_at(1);
	ck_assert_int_eq(file_read(path, 10, &t, &why), -1);
	mem_fail_at(0);
	ck_assert_str_eq(why.line, "Cannot allocate memory");
	leave_dir();
}
END_TEST

UNIT_MAIN("base/file", writes_and_reads, tells_the_systems_words,
    reads_no_more_than_asked, follows_no_link, keeps_the_old_on_failure,
    says_no_without_memory)
