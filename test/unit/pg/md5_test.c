/* SPDX-License-Identifier: ISC */
/* md5_test.c - secrets, answers, and who is let in. */
#include "unit.h"

#include "exact.h"
#include "pg/md5.h"

#define SECRET "md53858f62230ac3c915f300c664312c63f"	/* foo, user bar */
#define ANSWER "md56e4f0b50f7277feb74acbf2a7734c9cb"	/* to "\1\2\3\4" */
#define SALT "\1\2\3\4"

START_TEST(knows_secrets)
{
	static const struct {
		const char *text;
		bool is;
	} rows[] = {
		{ SECRET, true }, { "", false }, { "md5", false },
		{ "md53858f62230ac3c915f300c664312c63", false },
		{ "md53858f62230ac3c915f300c664312c63ff", false },
		{ "md53858F62230ac3c915f300c664312c63f", false },
		{ "md53858g62230ac3c915f300c664312c63f", false },
		{ "MD53858f62230ac3c915f300c664312c63f", false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct text t = exact(text_of(rows[i].text));

		ck_assert_msg(md5_is_secret(t) == rows[i].is, "%s",
		    rows[i].text);
		exact_drop(&t);
	}
}
END_TEST

START_TEST(makes_secrets_and_answers)
{
	char to[MD5_TEXT + 1];

	ck_assert_int_eq(md5_secret(TEXT("foo"), TEXT("bar"), to), 0);
	ck_assert_str_eq(to, SECRET);
	ck_assert_int_eq(md5_answer(TEXT("foo"), TEXT("bar"), SALT, to), 0);
	ck_assert_str_eq(to, ANSWER);
	ck_assert_int_eq(md5_answer(TEXT(SECRET), TEXT("x"), SALT, to), 0);
	ck_assert_str_eq(to, ANSWER);
}
END_TEST

START_TEST(checks_answers)
{
	static const struct {
		struct text stored, user, salt, answer;
		bool good;
	} rows[] = {
		{ TEXT("foo"), TEXT("bar"), TEXT(SALT), TEXT(ANSWER), true },
		{ TEXT(SECRET), TEXT("bar"), TEXT(SALT), TEXT(ANSWER), true },
		{ TEXT("foo"), TEXT("baz"), TEXT(SALT), TEXT(ANSWER), false },
		{ TEXT("fop"), TEXT("bar"), TEXT(SALT), TEXT(ANSWER), false },
		{ TEXT("foo"), TEXT("bar"), TEXT("abcd"), TEXT(ANSWER),
		    false },
		{ TEXT("foo"), TEXT("bar"), TEXT(SALT), TEXT(SECRET), false },
		{ TEXT("foo"), TEXT("bar"), TEXT(SALT), TEXT("foo"), false },
		{ TEXT("foo"), TEXT("bar"), TEXT(SALT), TEXT(""), false },
		{ TEXT(""), TEXT("bar"), TEXT(SALT), TEXT(ANSWER), false },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct text answer = exact(rows[i].answer);

		ck_assert_msg(md5_check(rows[i].stored, rows[i].user,
		    rows[i].salt.at, answer) == rows[i].good, "row %zu", i);
		exact_drop(&answer);
	}
}
END_TEST

START_TEST(never_matches_an_empty_secret)
{
	char answer[MD5_TEXT + 1];

	ck_assert_int_eq(md5_answer(TEXT(""), TEXT("bar"), SALT, answer), 0);
	ck_assert(!md5_check(TEXT(""), TEXT("bar"), SALT, text_of(answer)));
	ck_assert(!md5_check_plain(TEXT(""), TEXT("")));
	ck_assert(!md5_check_plain(TEXT_NONE, TEXT_NONE));
	ck_assert_int_eq(md5_secret(TEXT(""), TEXT("bar"), answer), 0);
	ck_assert(!md5_check_password(text_of(answer), TEXT("bar"),
	    TEXT("")));
}
END_TEST

START_TEST(checks_cleartext)
{
	ck_assert(md5_check_password(TEXT(SECRET), TEXT("bar"), TEXT("foo")));
	ck_assert(!md5_check_password(TEXT(SECRET), TEXT("bar"), TEXT("fo")));
	ck_assert(!md5_check_password(TEXT(SECRET), TEXT("ba"), TEXT("foo")));
	ck_assert(!md5_check_password(TEXT("foo"), TEXT("bar"), TEXT("foo")));
	ck_assert(md5_check_plain(TEXT("foo"), TEXT("foo")));
	ck_assert(!md5_check_plain(TEXT("foo"), TEXT("fo")));
	ck_assert(!md5_check_plain(TEXT("foo"), TEXT("foo ")));
	ck_assert(!md5_check_plain(TEXT("foo"), TEXT("")));
}
END_TEST

UNIT_MAIN("pg/md5", knows_secrets, makes_secrets_and_answers, checks_answers,
    never_matches_an_empty_secret, checks_cleartext)
