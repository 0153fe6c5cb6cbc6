/* SPDX-License-Identifier: ISC */
/* memory_test.c - the old loop's file and what goes beside it. */
#include <sys/stat.h>

#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "rig.h"

static char dir[64], path[80];

static void
make_dir(void)
{
	snprintf(dir, sizeof dir, "/tmp/weir-memory.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/state", dir);
}

static void
drop_dir(void)
{
	static const char *const tails[] = { "", ".ext", ".lock", ".bad",
	    ".new", ".ext.new" };
	char name[96];

	for (size_t i = 0; i < 6; i++) {
		snprintf(name, sizeof name, "%s%s", path, tails[i]);
		unlink(name);
	}
	rmdir(dir);
}

START_TEST(writes_the_old_loops_lines)
{
	char *main, *ext;
	struct rig r;

	rig_init(&r, "");
	rig_rows_of(&r, 0, SECOND, "px,b,UP 2/3,2,,,,,\npx,a,DOWN 1/2,2,,,,,\n"
	    "px,m,MAINT (via px/a),2,,,,,\npx,d,DRAIN,2,,,,,\n"
	    "px,n,NOLB,2,,,,,\npx,u,no check,2,,,,,\nq,b,UP,2,,,,,\n");
	ck_assert_int_eq(wt_memory_print(r.state, &r.now, &main, &ext), 0);
	ck_assert_str_eq(main, "px/b:UP\na:DOWN\nm:MAINT\nd:DRAIN\nn:NOLB\n"
	    "u:UP\nq/b:UP\n");
	mem_drop(main);
	mem_drop(ext);
	rig_fini(&r);
}
END_TEST

/* Lines that no source has shown yet stay, each once. */
START_TEST(forgets_no_line_before_it_is_seen)
{
	char *main, *ext;
	struct rig r;

	rig_init(&r, "");
	rig_see(&r, "a", "UP", "b", "DOWN");
	rig_restart(&r);
	rig_fail(&r, 0, "refused");
	ck_assert_int_eq(wt_memory_print(r.state, &r.now, &main, &ext), 0);
	ck_assert_str_eq(main, "a:UP\nb:DOWN\n");
	mem_drop(main);
	mem_drop(ext);
	rig_fini(&r);
	rig_init(&r, "");
	ck_assert(wt_memory_read(r.state, TEXT("a:UP\nz:DOWN\n"), TEXT(""),
	    &r.now));
	ck_assert_int_eq(wt_memory_print(r.state, &r.now, &main, &ext), 0);
	ck_assert_str_eq(main, "a:UP\nz:DOWN\n");
	mem_drop(main);
	mem_drop(ext);
	rig_fini(&r);
}
END_TEST

START_TEST(the_main_file_wins)
{
	char *main, *ext;
	struct rig r;
	struct why why;

	rig_init(&r, "");
	rig_see(&r, "a", "UP", "b", "UP");
	ck_assert_int_eq(wt_memory_print(r.state, &r.now, &main, &ext), 0);
	wt_state_free(&r.state);
	r.state = wt_state_new(r.config, &why);
	/* The old loop saw a die, and said so. */
	ck_assert(wt_memory_read(r.state, TEXT("a:DOWN\nb:UP\n"),
	    text_of(ext), &r.now));
	rig_see(&r, "a", "UP", "b", "UP");
	rig_hears(&r, "up: a is back UP");
	rig_silent(&r);
	mem_drop(main);
	mem_drop(ext);
	rig_fini(&r);
}
END_TEST

/* Any byte of the second file may be missing: no event, no crash. */
START_TEST(reads_a_torn_second_file)
{
	char *main, *ext;
	struct rig r;
	struct why why;

	rig_init(&r, "");
	rig_see(&r, "a", "UP", "b", "DOWN", "c", "UP");
	rig_next(&r);
	ck_assert_int_eq(wt_memory_print(r.state, &r.now, &main, &ext), 0);
	for (size_t len = 0; len <= strlen(ext); len++) {
		char *copy = mem_copy((struct text){ ext, len });

		wt_state_free(&r.state);
		r.state = wt_state_new(r.config, &why);
		ck_assert(wt_memory_read(r.state, text_of(main),
		    (struct text){ copy, len }, &r.now));
		rig_see(&r, "a", "UP", "b", "DOWN", "c", "UP");
		rig_silent(&r);
		mem_drop(copy);
	}
	mem_drop(main);
	mem_drop(ext);
	rig_fini(&r);
}
END_TEST

START_TEST(keeps_what_is_not_ours)
{
	static const char *const bad[] = { "", "half a li", "a:UP\nb:U",
	    "a:UP\nhello world\n", "a:UP\n:DOWN\n", "a:WHAT\n" };
	struct wt_memory *m;
	struct text kept;
	struct rig r;
	struct why why;
	char name[96];

	make_dir();
	snprintf(name, sizeof name, "%s.bad", path);
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		rig_init(&r, "");
		ck_assert_int_eq(file_write_aside(path, 0600,
		    text_of(bad[i]), &why), 0);
		m = wt_memory_new(path);
		wt_memory_load(m, r.state, &r.now);
		ck_assert_int_eq(file_read(name, 100, &kept, &why), 0);
		ck_assert_str_eq(kept.at, bad[i]);
		mem_drop((void *)(uintptr_t)kept.at);
		unlink(name);
		rig_see(&r, "a", "UP", "b", "UP");
		rig_silent(&r);
		wt_memory_free(&m);
		rig_fini(&r);
	}
	drop_dir();
}
END_TEST

START_TEST(saves_only_what_differs)
{
	struct wt_memory *m;
	struct rig r;
	struct stat one, other;
	struct why why;

	make_dir();
	rig_init(&r, "");
	rig_see(&r, "a", "UP");
	m = wt_memory_new(path);
	ck_assert_int_eq(wt_memory_save(m, r.state, &r.now, &why), 0);
	ck_assert_int_eq(stat(path, &one), 0);
	ck_assert_int_eq(one.st_mode & 0777, 0600);
	ck_assert_int_eq(wt_memory_save(m, r.state, &r.now, &why), 0);
	stat(path, &other);
	ck_assert_uint_eq(one.st_ino, other.st_ino);
	rig_see(&r, "a", "DOWN");
	ck_assert_int_eq(wt_memory_save(m, r.state, &r.now, &why), 0);
	stat(path, &other);
	ck_assert_uint_ne(one.st_ino, other.st_ino);
	wt_memory_free(&m);
	rig_fini(&r);
	drop_dir();
}
END_TEST

START_TEST(one_holds_it_and_links_are_refused)
{
	struct wt_memory *one, *other;
	struct why why;
	char name[96];

	make_dir();
	one = wt_memory_new(path);
	other = wt_memory_new(path);
	ck_assert_int_eq(wt_memory_lock(one, &why), WT_LOCKED);
	ck_assert_int_eq(wt_memory_lock(other, &why), WT_LOCK_HELD);
	wt_memory_free(&one);
	ck_assert_int_eq(wt_memory_lock(other, &why), WT_LOCKED);
	wt_memory_free(&other);
	snprintf(name, sizeof name, "%s.lock", path);
	unlink(name);
	ck_assert_int_eq(symlink("/etc/passwd", name), 0);
	one = wt_memory_new(path);
	ck_assert_int_eq(wt_memory_lock(one, &why), WT_LOCK_REFUSED);
	wt_memory_free(&one);
	drop_dir();
}
END_TEST

UNIT_MAIN("watch/memory", writes_the_old_loops_lines,
    forgets_no_line_before_it_is_seen, the_main_file_wins,
    reads_a_torn_second_file, keeps_what_is_not_ours,
    saves_only_what_differs, one_holds_it_and_links_are_refused)
