/* SPDX-License-Identifier: ISC */
/* key_test.c - what each kind takes, defaults, copies, documents. */
#include <limits.h>
#include <stddef.h>
#include <stdio.h>

#include "base/mem.h"
#include "conf/key.h"
#include "unit.h"

struct object {
	int n, word, loose, positive, narrow;
	unsigned u;
	int64_t time, slack;
	const char *text, *kept, *secret;
};

static const struct key_word words[] = {
	{ "Red", 1, NULL }, { "green", 2, "it is not there" },
	{ NULL, 0, NULL }
};

#define AT(field)	#field, .at = offsetof(struct object, field)
static const struct key rows[] = {
	{ .name = AT(n), .kind = KEY_INT, .usual = "0777", .help = "a number" },
	{ .name = AT(u), .kind = KEY_UINT, .usual = "5", .help = "h" },
	{ .name = AT(time), .kind = KEY_SECONDS, .usual = "0.5",
	    .when = KEY_ANY_TIME, .unbuilt = "no time", .help = "h" },
	{ .name = AT(word), .kind = KEY_WORD, .usual = "red", .words = words,
	    .refusal = "invalid word", .help = "h" },
	{ .name = AT(loose), .kind = KEY_LOOSE, .usual = "-1", .help = "h" },
	{ .name = AT(positive), .kind = KEY_LOOSE, .usual = "-1",
	    .positive = true, .help = "h" },
	{ .name = AT(narrow), .kind = KEY_LOOSE, .usual = "7", .least = 1,
	    .most = 9, .refusal = "invalid narrow", .help = "h" },
	{ .name = AT(slack), .kind = KEY_LOOSE_SECONDS, .usual = "-1",
	    .positive = true, .help = "h" },
	{ .name = AT(text), .kind = KEY_TEXT, .usual = "", .help = "h" },
	{ .name = AT(kept), .kind = KEY_TEXT, .help = "h" },
	{ .name = AT(secret), .kind = KEY_SECRET, .help = "h" },
	{ .name = NULL }
};

static const struct {
	const char *key, *value, *shown;	/* shown NULL: refused */
} cases[] = {
	{ "n", "12", "12" }, { "n", "-12", "-12" }, { "n", "+5", "5" },
	{ "n", "0x10", "16" }, { "n", "010", "8" }, { "n", "08", NULL },
	{ "n", "", NULL }, { "n", "1 2", NULL }, { "n", "1.5", NULL },
	{ "n", "1h", NULL }, { "n", "true", NULL },
	{ "n", "2147483647", "2147483647" }, { "n", "2147483648", NULL },
	{ "n", "-2147483649", NULL }, { "n", "99999999999999999999", NULL },
	{ "u", "4294967295", "4294967295" }, { "u", "4294967296", NULL },
	{ "u", "-1", NULL },
	{ "time", "0", "0" }, { "time", "0.5", "0.5" },
	{ "time", "+1", "1" }, { "time", ".25", "0.25" }, { "time", "5.", "5" },
	{ "time", "3600", "3600" }, { "time", "1000000", "1e+06" },
	{ "time", "-1", NULL }, { "time", "1h", NULL }, { "time", "", NULL },
	{ "time", ".", NULL }, { "time", "inf", NULL }, { "time", "nan", NULL },
	{ "time", "1e400", NULL }, { "time", "99999999999999999999", NULL },
	{ "word", "RED", "Red" }, { "word", "green", "green" },
	{ "word", "blue", NULL }, { "word", "", NULL }, { "word", "re", NULL },
	{ "loose", "5x", "5" }, { "loose", "abc", "0" },
	{ "loose", " -3", "-1" }, { "loose", " +3", "3" },
	{ "loose", "99999999999", NULL },
	{ "positive", "0", "-1" }, { "positive", "-5", "-1" },
	{ "positive", "5", "5" },
	{ "narrow", "0", NULL }, { "narrow", "10", NULL },
	{ "narrow", "9", "9" },
	{ "slack", "2", "2" }, { "slack", "0", "-1" }, { "slack", "1.5", "1" },
	{ "text", "a b", "a b" }, { "text", "", "" },
	{ "secret", "x", "x" },
};

START_TEST(takes_what_the_kind_says)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		const struct key *key = key_find(rows, text_of(cases[i].key));
		struct object o = { .n = 1 }, before;
		struct why why;
		char scratch[KEY_SHOW];
		int got;

		ck_assert_ptr_nonnull(key);
		ck_assert_int_eq(key_fill(rows, &o), 0);
		before = o;
		got = key_set(key, &o, text_of(cases[i].value), &why);
		ck_assert_msg((got == 0) == (cases[i].shown != NULL),
		    "%s = %s", cases[i].key, cases[i].value);
		if (got == 0)
			ck_assert_str_eq(key_show(key, &o, scratch),
			    cases[i].shown);
		else
			ck_assert_mem_eq(&o, &before, sizeof o);
		key_clear(rows, &o);
	}
}
END_TEST

START_TEST(times_are_microseconds)
{
	struct object o = { 0 };

	ck_assert_int_eq(key_fill(rows, &o), 0);
	ck_assert_int_eq(o.time, 500000);
	ck_assert_int_eq(o.slack, -1);
	ck_assert_int_eq(key_set(key_find(rows, TEXT("slack")), &o, TEXT("3"),
	    NULL), 0);
	ck_assert_int_eq(o.slack, 3000000);
	key_clear(rows, &o);
}
END_TEST

START_TEST(writes_times_exactly)
{
	static const char *const times[] = {
		"0", "0.5", "1", "10", "1000000", "1000000.000001", "0.25"
	};
	const struct key *key = key_find(rows, TEXT("time"));
	char scratch[KEY_SHOW];
	struct object o = { 0 };

	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
		ck_assert_int_eq(key_set(key, &o, text_of(times[i]), NULL), 0);
		ck_assert_str_eq(key_write(key, &o, scratch), times[i]);
	}
	key_set(key_find(rows, TEXT("n")), &o, TEXT("0777"), NULL);
	ck_assert_str_eq(key_write(key_find(rows, TEXT("n")), &o, scratch),
	    "511");
}
END_TEST

START_TEST(tells_why)
{
	struct object o = { 0 };
	struct why why;

	key_set(key_find(rows, TEXT("word")), &o, TEXT("blue"), &why);
	ck_assert_str_eq(why.line, "invalid word: blue");
	key_set(key_find(rows, TEXT("narrow")), &o, TEXT("0"), &why);
	ck_assert_str_eq(why.line, "invalid narrow: 0");
	key_set(key_find(rows, TEXT("n")), &o, TEXT("x"), &why);
	ck_assert_str_eq(why.line, "");		/* nothing of its own */
	ck_assert_int_eq(key_set(key_find(rows, TEXT("text")), &o,
	    TEXT("a\0b"), &why), -1);
	ck_assert_ptr_null(key_find(rows, TEXT("N")));
	ck_assert_ptr_null(key_find(rows, TEXT("")));
}
END_TEST

START_TEST(copies_are_deep)
{
	struct object a = { 0 }, b = { 0 };

	key_fill(rows, &a);
	key_set(key_find(rows, TEXT("text")), &a, TEXT("x"), NULL);
	key_set(key_find(rows, TEXT("secret")), &a, TEXT("y"), NULL);
	ck_assert_int_eq(key_copy(rows, &b, &a), 0);
	ck_assert_ptr_ne(a.text, b.text);
	ck_assert_str_eq(b.text, "x");
	ck_assert_str_eq(b.secret, "y");
	ck_assert_ptr_null(b.kept);
	for (const struct key *key = rows; key->name != NULL; key++)
		ck_assert(key_same(key, &a, &b));
	key_set(key_find(rows, TEXT("text")), &b, TEXT("z"), NULL);
	ck_assert(!key_same(key_find(rows, TEXT("text")), &a, &b));
	ck_assert_str_eq(a.text, "x");
	key_clear(rows, &a);
	ck_assert_ptr_null(a.text);
	key_clear(rows, &b);
}
END_TEST

START_TEST(knows_defaults_and_what_is_unbuilt)
{
	const struct key *time = key_find(rows, TEXT("time")),
	    *word = key_find(rows, TEXT("word"));
	struct object o = { 0 };

	key_fill(rows, &o);
	for (const struct key *key = rows; key->name != NULL; key++)
		ck_assert(key_is_usual(key, &o));
	ck_assert_ptr_null(key_unbuilt(time, &o));
	key_set(time, &o, TEXT("0.50"), NULL);
	ck_assert_ptr_null(key_unbuilt(time, &o));
	key_set(time, &o, TEXT("1"), NULL);
	ck_assert_str_eq(key_unbuilt(time, &o), "no time");
	ck_assert_ptr_null(key_unbuilt(word, &o));
	key_set(word, &o, TEXT("green"), NULL);
	ck_assert_str_eq(key_unbuilt(word, &o), "it is not there");
	ck_assert_int_eq(key_set_usual(word, &o), 0);
	ck_assert_int_eq(o.word, 1);
	key_set(key_find(rows, TEXT("kept")), &o, TEXT(""), NULL);
	ck_assert(!key_is_usual(key_find(rows, TEXT("kept")), &o));
	key_clear(rows, &o);
}
END_TEST

/* An allocation that fails leaves the value as it was, and nothing leaks. */
START_TEST(survives_no_memory)
{
	struct object a = { 0 };

	key_fill(rows, &a);
	key_set(key_find(rows, TEXT("text")), &a, TEXT("x"), NULL);
	mem_fail_at(1);
	ck_assert_int_eq(key_set(key_find(rows, TEXT("text")), &a, TEXT("y"),
	    NULL), -1);
	mem_fail_at(0);
	ck_assert_str_eq(a.text, "x");
	for (unsigned long n = 1;; n++) {
		struct object b = { 0 };
		int got;

		mem_fail_at(n);
		got = key_copy(rows, &b, &a);
		mem_fail_at(0);
		key_clear(rows, &b);
		if (got == 0)
			break;
		ck_assert_uint_lt(n, 10);
	}
	key_clear(rows, &a);
}
END_TEST

static void
list(enum key_form form, char *to, size_t room)
{
	FILE *f = fmemopen(to, room, "w");

	key_list(f, form, rows, "here");
	fclose(f);
}

START_TEST(lists_itself)
{
	char out[4096];

	list(KEY_FORM_TABS, out, sizeof out);
	ck_assert_ptr_nonnull(strstr(out,
	    "n\there\tnumber\t0777\tno\ta number\n"));
	ck_assert_ptr_nonnull(strstr(out,
	    "word\there\tword: Red green\tred\tno\th\n"));
	ck_assert_ptr_nonnull(strstr(out, "loose\there\tnumber\tunset\t"));
	ck_assert_ptr_nonnull(strstr(out, "text\there\ttext\tempty\t"));
	list(KEY_FORM_MD, out, sizeof out);
	ck_assert_ptr_nonnull(strstr(out,
	    "| `time` | here | seconds | `0.5` | yes | h |\n"));
	list(KEY_FORM_MAN, out, sizeof out);
	ck_assert_ptr_nonnull(strstr(out, ".It Ic n\na number\n(number; "
	    "default: 0777; not changed by a reload)\n"));
}
END_TEST

UNIT_MAIN("conf/key", takes_what_the_kind_says, times_are_microseconds,
    writes_times_exactly, tells_why, copies_are_deep, knows_defaults_and_what_is_unbuilt,
    survives_no_memory, lists_itself)
