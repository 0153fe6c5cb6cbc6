/* SPDX-License-Identifier: ISC */
/* message_test.c - several events, one message. */
#include <stdio.h>

#include "base/clock.h"
#include "unit.h"
#include "watch/keys.h"
#include "watch/message.h"
#include "watch/words.h"

static const int64_t wall = 1790000000 * CLOCK_SECOND;
static struct wt_message m;
static struct wt_settings set;
static struct wt_receiver_row row;

static void
put(enum wt_kind kind, const char *server, const char *words, int64_t ago)
{
	struct wt_event plan = { .kind = kind, .words = words,
	    .severity = wt_event_severity_of(kind), .server = server,
	    .group = "g", .proxy = "px", .duration = -1,
	    .wall = wall - ago * CLOCK_SECOND,
	    .since = wall - ago * CLOCK_SECOND, .order = m.count,
	    .is_problem = kind == WT_DOWN, .ends_problem = kind == WT_UP };
	struct wt_event *e = wt_event_new(&plan);

	wt_message_add(&m, e);
	wt_event_drop(&e);
}

static const char *
headline(bool pairs)
{
	static struct wt_lines l;

	l.len = 0;
	wt_message_sort(&m, pairs);
	wt_message_headline(&m, &l);
	return l.at;
}

static void
begin(void)
{
	wt_message_init(&m, &row, &set, wall);
}

START_TEST(says_the_worst_first)
{
	begin();
	put(WT_UP, "a", "a is back UP", 0);
	put(WT_LAST_SERVER, "b", "b is the last server of px that is up", 0);
	put(WT_DOWN, "c", "c is DOWN", 0);
	ck_assert_str_eq(headline(false), "c is DOWN");
	ck_assert_int_eq(wt_message_severity(&m), WT_CRITICAL);
	wt_message_fini(&m);
}
END_TEST

START_TEST(counts_what_is_alike)
{
	begin();
	put(WT_DOWN, "pgb1", "pgb1 is DOWN", 0);
	put(WT_DOWN, "pgb2", "pgb2 is DOWN", 0);
	put(WT_DOWN, "pgb3", "pgb3 is DOWN (seen by lb1)", 0);
	ck_assert_str_eq(headline(false),
	    "3 servers are DOWN: pgb1, pgb2, pgb3");
	put(WT_UP, "x", "x is back UP", 0);
	ck_assert_str_eq(headline(false), "pgb1 is DOWN");
	wt_message_fini(&m);
}
END_TEST

START_TEST(says_that_it_is_late)
{
	begin();
	put(WT_DOWN, "a", "a is DOWN", 840);
	ck_assert_str_eq(headline(false), "a is DOWN (delayed 14 min)");
	wt_message_fini(&m);
}
END_TEST

START_TEST(joins_what_is_over)
{
	begin();
	put(WT_DOWN, "a", "a is DOWN", 900);
	put(WT_DOWN, "b", "b is DOWN", 800);
	put(WT_UP, "a", "a is back UP", 700);
	ck_assert_str_eq(headline(true), "b is DOWN (delayed 15 min)");
	ck_assert_uint_eq(m.count, 2);
	ck_assert_ptr_nonnull(strstr(m.events[1]->words, "a was DOWN "));
	wt_message_fini(&m);
}
END_TEST

START_TEST(is_never_more_than_people_read)
{
	struct wt_lines l = { .len = 0 };
	char name[16], words[32];
	unsigned lines = 1;

	begin();
	for (int i = 0; i < 57; i++) {
		snprintf(name, sizeof name, "s%02d", i);
		snprintf(words, sizeof words, "s%02d is DOWN", i);
		put(WT_DOWN, name, words, 0);
	}
	wt_message_sort(&m, false);
	wt_message_body(&m, 0, m.count, &l);
	for (size_t i = 0; i < l.len; i++)
		lines += l.at[i] == '\n';
	ck_assert_uint_eq(lines, 21);
	ck_assert_ptr_nonnull(strstr(l.at, "\nand 37 more"));
	wt_message_fini(&m);
}
END_TEST

START_TEST(fills_in_the_hint)
{
	static char hint[] = "Run: docker start %s ({proxy}/{server})";
	struct wt_lines l = { .len = 0 };

	row.hint = hint;
	begin();
	put(WT_DOWN, "pgb2", "pgb2 is DOWN", 0);
	ck_assert(wt_message_hint(&m, m.events[0], &l));
	ck_assert_str_eq(l.at, "Run: docker start pgb2 (px/pgb2)");
	wt_message_fini(&m);
	row.hint = NULL;
}
END_TEST

START_TEST(cuts_between_characters)
{
	struct wt_lines l = { .len = 0 };

	for (int i = 0; i < 3000; i++)
		wt_lines_add(&l, "\xc3\xa4");
	ck_assert_uint_le(l.len, WT_MESSAGE_TEXT);
	ck_assert_uint_eq(l.len % 2, 0);
	l.len = 0;
	wt_lines_escape(&l, "<!here> & <@U1>");
	ck_assert_str_eq(l.at, "&lt;!here&gt; &amp; &lt;@U1&gt;");
}
END_TEST

START_TEST(words_for_people)
{
	char to[WT_WORDS], name[WT_WORDS_NAME + 4];

	ck_assert_str_eq(wt_words_span(92 * CLOCK_SECOND, to), "1 min 32 s");
	ck_assert_str_eq(wt_words_span(4 * 3600 * CLOCK_SECOND, to), "4 h");
	ck_assert_str_eq(wt_words_span(0, to), "0 s");
	ck_assert_str_eq(wt_words_span(51 * 3600 * CLOCK_SECOND, to),
	    "2 d 3 h");
	ck_assert_str_eq(wt_words_name(TEXT("a\nb\x1b"), name), "a?b?");
	ck_assert_uint_le(strlen(wt_words_name(TEXT("0123456789012345678901"
	    "23456789012345678901234567890123456789012345\xc3\xa4 more"),
	    name)), WT_WORDS_NAME + 3);
	ck_assert_str_eq(wt_words_date(1769868131 * CLOCK_SECOND, to),
	    "2026-01-31 14:02:11 UTC");
}
END_TEST

UNIT_MAIN("watch/message", says_the_worst_first, counts_what_is_alike,
    says_that_it_is_late, joins_what_is_over,
    is_never_more_than_people_read, fills_in_the_hint,
    cuts_between_characters, words_for_people)
