/* SPDX-License-Identifier: ISC */
/* outbox_test.c - nothing lost, nothing twice, whatever the file is like. */
#include <sys/stat.h>

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "unit.h"
#include "watch/outbox.h"

static const struct wt_now now = { 5000 * CLOCK_SECOND,
    1790000000 * CLOCK_SECOND };
static char dir[64], path[80];

static void
make_dir(void)
{
	snprintf(dir, sizeof dir, "/tmp/weir-outbox.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/queue", dir);
}

static void
drop_dir(void)
{
	char dead[96];

	snprintf(dead, sizeof dead, "%s/outbox.dead", dir);
	unlink(dead);
	unlink(path);
	rmdir(dir);
}

static struct wt_event *
event(enum wt_kind kind, const char *server, int64_t since)
{
	char words[64];
	struct wt_event plan = { .kind = kind,
	    .severity = wt_event_severity_of(kind), .group = "g",
	    .proxy = "px", .server = server, .words = words, .wall = now.wall,
	    .since = now.wall + since * CLOCK_SECOND, .duration = -1,
	    .is_problem = kind == WT_DOWN, .ends_problem = kind == WT_UP };

	snprintf(words, sizeof words, "%s is %s", server,
	    kind == WT_DOWN ? "DOWN" : "back UP");
	return wt_event_new(&plan);
}

static bool
add(struct wt_outbox *o, const char *to, enum wt_kind kind,
    const char *server, int64_t since)
{
	struct wt_event *e = event(kind, server, since);
	bool added = wt_outbox_add(o, wt_outbox_queue(o, text_of(to)), e, 0,
	    &now);

	wt_event_drop(&e);
	return added;
}

static void
reopen(struct wt_outbox *o, uint64_t known)
{
	struct why why;

	if (o->dir != NULL)
		wt_outbox_fini(o);
	wt_outbox_init(o);
	ck_assert_msg(wt_outbox_open(o, dir, known, &now, &why) == 0, "%s",
	    why.line);
}

/* "a b" of the words that wait for a receiver. */
static const char *
waiting(struct wt_outbox *o, const char *who)
{
	static char list[512];
	struct wt_record *r;

	list[0] = '\0';
	TAILQ_FOREACH(r, &wt_outbox_queue(o, text_of(who))->waiting, link)
		snprintf(list + strlen(list), sizeof list - strlen(list),
		    "%s%s", list[0] == '\0' ? "" : ", ", r->event->words);
	return list;
}

START_TEST(keeps_across_a_restart)
{
	struct wt_outbox o = { .dir = NULL };
	struct wt_queue *q;

	make_dir();
	reopen(&o, 0);
	add(&o, "ops", WT_DOWN, "a", 0);
	add(&o, "oncall", WT_DOWN, "a", 0);
	add(&o, "ops", WT_DOWN, "b", 0);
	ck_assert_int_eq(wt_outbox_sync(&o), 0);
	reopen(&o, 0);
	ck_assert_str_eq(waiting(&o, "ops"), "a is DOWN, b is DOWN");
	ck_assert_str_eq(waiting(&o, "oncall"), "a is DOWN");
	q = wt_outbox_queue(&o, TEXT("ops"));
	wt_outbox_done(&o, q, TAILQ_FIRST(&q->waiting));
	ck_assert_int_eq(wt_outbox_sync(&o), 0);
	reopen(&o, 0);
	ck_assert_str_eq(waiting(&o, "ops"), "b is DOWN");
	/* A number is never given twice. */
	add(&o, "ops", WT_DOWN, "c", 0);
	q = wt_outbox_queue(&o, TEXT("ops"));
	ck_assert_uint_eq(TAILQ_LAST(&q->waiting, wt_records)->seq, 4);
	wt_outbox_fini(&o);
	drop_dir();
}
END_TEST

/* What a crash left behind the saved state comes once, not twice. */
START_TEST(knows_what_is_seen_again)
{
	struct wt_outbox o = { .dir = NULL };
	struct wt_queue *q;

	make_dir();
	reopen(&o, 0);
	add(&o, "ops", WT_DOWN, "a", 0);
	add(&o, "ops", WT_DOWN, "b", 0);
	wt_outbox_sync(&o);
	reopen(&o, 1);		/* the state knows of the first */
	ck_assert(add(&o, "ops", WT_DOWN, "a", 1));
	ck_assert(!add(&o, "ops", WT_DOWN, "b", 1));
	ck_assert(add(&o, "ops", WT_DOWN, "b", 2));	/* answers for one */
	wt_outbox_sync(&o);
	q = wt_outbox_queue(&o, TEXT("ops"));
	while (TAILQ_FIRST(&q->waiting) != NULL)
		wt_outbox_done(&o, q, TAILQ_FIRST(&q->waiting));
	add(&o, "ops", WT_DOWN, "c", 0);
	q = wt_outbox_queue(&o, TEXT("ops"));
	wt_outbox_done(&o, q, TAILQ_FIRST(&q->waiting));
	wt_outbox_sync(&o);
	reopen(&o, 4);		/* delivered, but not known of: c */
	ck_assert(!add(&o, "ops", WT_DOWN, "c", 0));
	ck_assert(add(&o, "ops", WT_UP, "c", 9));
	wt_outbox_fini(&o);
	drop_dir();
}
END_TEST

static void
write_file(struct text t)
{
	struct why why;

	ck_assert_int_eq(file_write_aside(path, 0600, t, &why), 0);
}

/* Cut anywhere: what was whole before the cut is there. */
START_TEST(reads_a_torn_file)
{
	struct wt_outbox o = { .dir = NULL };
	struct text all;
	struct why why;

	make_dir();
	reopen(&o, 0);
	add(&o, "ops", WT_DOWN, "a", 0);
	add(&o, "ops", WT_DOWN, "b", 0);
	wt_outbox_sync(&o);
	ck_assert_int_eq(file_read(path, 1 << 20, &all, &why), 0);
	for (size_t len = 0; len < all.len; len += 29) {
		unsigned lines = 0;

		for (size_t i = 0; i < len; i++)
			lines += all.at[i] == '\n';
		write_file((struct text){ all.at, len });
		reopen(&o, UINT64_MAX);
		ck_assert_str_eq(waiting(&o, "ops"), lines == 0 ? "" :
		    "a is DOWN");
		/* What is added now is not glued to the rest of a line. */
		add(&o, "ops", WT_DOWN, "z", 0);
		wt_outbox_sync(&o);
		reopen(&o, UINT64_MAX);
		ck_assert_str_eq(waiting(&o, "ops"), lines == 0 ?
		    "z is DOWN" : "a is DOWN, z is DOWN");
	}
	mem_drop((void *)(uintptr_t)all.at);
	wt_outbox_fini(&o);
	drop_dir();
}
END_TEST

START_TEST(reads_a_text_cut_at_every_byte)
{
	struct wt_outbox o = { .dir = NULL };
	struct text all;
	struct why why;

	make_dir();
	reopen(&o, 0);
	add(&o, "ops", WT_DOWN, "a", 0);
	add(&o, "ops", WT_DOWN, "b", 0);
	wt_outbox_sync(&o);
	ck_assert_int_eq(file_read(path, 1 << 20, &all, &why), 0);
	for (size_t len = 0; len < all.len; len++) {
		char *copy = mem_copy((struct text){ all.at, len });
		bool whole = len == 0 || all.at[len - 1] == '\n';

		wt_outbox_fini(&o);
		ck_assert_int_eq(wt_outbox_read(&o, (struct text){ copy, len },
		    &now), whole);
		ck_assert_uint_le(o.count, 1);
		mem_drop(copy);
	}
	mem_drop((void *)(uintptr_t)all.at);
	wt_outbox_fini(&o);
	drop_dir();
}
END_TEST

START_TEST(refuses_what_was_altered)
{
	struct wt_outbox o = { .dir = NULL };
	struct text all;
	struct why why;
	char *copy;

	make_dir();
	reopen(&o, 0);
	add(&o, "ops", WT_DOWN, "a", 0);
	add(&o, "ops", WT_DOWN, "b", 0);
	wt_outbox_sync(&o);
	ck_assert_int_eq(file_read(path, 1 << 20, &all, &why), 0);
	for (size_t i = 0; i < 40; i++) {
		copy = mem_copy(all);
		copy[i] ^= 1;
		write_file((struct text){ copy, all.len });
		reopen(&o, UINT64_MAX);
		ck_assert_str_eq(waiting(&o, "ops"), "b is DOWN");
		mem_drop(copy);
	}
	mem_drop((void *)(uintptr_t)all.at);
	wt_outbox_fini(&o);
	drop_dir();
}
END_TEST

START_TEST(is_written_anew_when_much_is_done)
{
	struct wt_outbox o = { .dir = NULL };
	struct wt_queue *q;
	struct stat st;
	char name[16];

	make_dir();
	reopen(&o, 0);
	for (int i = 0; i < 1000; i++) {
		snprintf(name, sizeof name, "s%d", i);
		add(&o, "ops", WT_DOWN, name, 0);
		q = wt_outbox_queue(&o, TEXT("ops"));
		if (i % 10 != 9)
			wt_outbox_done(&o, q, TAILQ_LAST(&q->waiting,
			    wt_records));
		if (i % 50 == 0)
			wt_outbox_sync(&o);
		wt_outbox_tidy(&o);
	}
	wt_outbox_sync(&o);
	ck_assert_uint_eq(o.count, 100);
	ck_assert_int_eq(stat(path, &st), 0);
	ck_assert_int_lt(st.st_size, 300 * 500);
	reopen(&o, UINT64_MAX);
	ck_assert_uint_eq(o.count, 100);
	wt_outbox_fini(&o);
	drop_dir();
}
END_TEST

START_TEST(a_limit_drops_no_standing_problem)
{
	struct wt_outbox o = { .dir = NULL };
	struct wt_record *r;
	char name[16];
	unsigned downs = 0;

	make_dir();
	reopen(&o, 0);
	for (int i = 0; i < 6000; i++) {
		snprintf(name, sizeof name, "s%d", i);
		add(&o, "ops", WT_DOWN, name, 0);
		if (i >= 100)
			add(&o, "ops", WT_UP, name, 9);
	}
	ck_assert_uint_le(o.count, WT_OUTBOX_RECORDS);
	ck_assert_uint_gt(o.overflowed, 0);
	TAILQ_FOREACH(r, &wt_outbox_queue(&o, TEXT("ops"))->waiting, link)
		downs += r->event->kind == WT_DOWN && r->seq <= 100;
	ck_assert_uint_eq(downs, 100);
	wt_outbox_fini(&o);
	drop_dir();
}
END_TEST

START_TEST(goes_on_without_its_directory)
{
	struct wt_outbox o = { .dir = NULL };
	struct why why;

	make_dir();
	rmdir(dir);
	ck_assert_int_eq(symlink("/tmp", dir), 0);
	wt_outbox_init(&o);
	ck_assert_int_lt(wt_outbox_open(&o, dir, 0, &now, &why), 0);
	ck_assert_ptr_nonnull(strstr(why.line, "no directory"));
	ck_assert(add(&o, "ops", WT_DOWN, "a", 0));
	ck_assert_str_eq(waiting(&o, "ops"), "a is DOWN");
	wt_outbox_fini(&o);
	unlink("/tmp/queue");
	unlink(dir);
}
END_TEST

UNIT_MAIN("watch/outbox", keeps_across_a_restart, knows_what_is_seen_again,
    reads_a_torn_file, reads_a_text_cut_at_every_byte, refuses_what_was_altered,
    is_written_anew_when_much_is_done, a_limit_drops_no_standing_problem,
    goes_on_without_its_directory)
