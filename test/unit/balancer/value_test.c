/* SPDX-License-Identifier: ISC */
/* value_test.c - times, sizes and numbers with their units. */
#include "balancer/value.h"
#include "unit.h"

START_TEST(reads_times)
{
	static const struct {
		const char *text;
		int64_t usec;		/* -1: refused */
	} rows[] = {
		{ "0", 0 }, { "1", 1000 }, { "10ms", 10000 },
		{ "250us", 250 }, { "3s", 3000000 }, { "2m", 120000000 },
		{ "1h", INT64_C(3600000000) }, { "1d", INT64_C(86400000000) },
		{ "2147483647", INT64_C(2147483647000) },
		{ "2147483648", -1 }, { "25d", -1 }, { "", -1 }, { "s", -1 },
		{ "3x", -1 }, { "3sx", -1 }, { "1h30m", -1 }, { "-1", -1 },
		{ "99999999999999999999", -1 }, { " 3", -1 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t t = -1;
		struct why why;
		int code = lb_value_time(rows[i].text, 1000, &t, &why);

		ck_assert_msg((code < 0) == (rows[i].usec < 0), "%s",
		    rows[i].text);
		if (code == 0)
			ck_assert_int_eq(t, rows[i].usec);
	}
}
END_TEST

START_TEST(takes_the_unit_of_a_bare_number)
{
	struct why why;
	int64_t t;

	ck_assert_int_eq(lb_value_time("3", 1000000, &t, &why), 0);
	ck_assert_int_eq(t, 3000000);
	ck_assert_int_eq(lb_value_time("3ms", 1000000, &t, &why), 0);
	ck_assert_int_eq(t, 3000);
}
END_TEST

START_TEST(reads_sizes)
{
	static const struct {
		const char *text;
		int64_t bytes;
	} rows[] = {
		{ "0", 0 }, { "100", 100 }, { "1k", 1024 }, { "1K", 1024 },
		{ "2m", 2097152 }, { "1g", 1073741824 }, { "1x", -1 },
		{ "1kb", -1 }, { "", -1 }, { "k", -1 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t n = -1;
		struct why why;
		int code = lb_value_size(rows[i].text, &n, &why);

		ck_assert_msg((code < 0) == (rows[i].bytes < 0), "%s",
		    rows[i].text);
		if (code == 0)
			ck_assert_int_eq(n, rows[i].bytes);
	}
}
END_TEST

START_TEST(reads_loosely)
{
	int64_t n;

	ck_assert(lb_value_loose("12", &n) && n == 12);
	ck_assert(!lb_value_loose("12x", &n) && n == 12);
	ck_assert(!lb_value_loose("x", &n) && n == 0);
	ck_assert(!lb_value_loose("", &n) && n == 0);
}
END_TEST

UNIT_MAIN("balancer/value", reads_times, takes_the_unit_of_a_bare_number,
    reads_sizes, reads_loosely)
