/* SPDX-License-Identifier: ISC */
/* number_test.c - what is a number, and what is not quite one. */
#include "unit.h"

#include "base/number.h"
#include "exact.h"

START_TEST(reads_integers)
{
	static const struct {
		struct text text;
		int base;
		int64_t least, most;
		bool good;
		int64_t value;
	} rows[] = {
		{ TEXT("0"), 10, 0, 9, true, 0 },
		{ TEXT("9"), 10, 0, 9, true, 9 },
		{ TEXT("10"), 10, 0, 9, false, 0 },
		{ TEXT("-1"), 10, 0, 9, false, 0 },
		{ TEXT("-1"), 10, -1, 9, true, -1 },
		{ TEXT("+5"), 10, 0, 9, true, 5 },
		{ TEXT("007"), 10, 0, 9, true, 7 },
		{ TEXT("010"), 0, 0, 99, true, 8 },
		{ TEXT("0x1f"), 0, 0, 99, true, 31 },
		{ TEXT("0x1f"), 10, 0, 99, false, 0 },
		{ TEXT("0777"), 8, 0, 511, true, 511 },
		{ TEXT("0x"), 0, 0, 99, false, 0 },
		{ TEXT("08"), 0, 0, 99, false, 0 },
		{ TEXT(""), 10, 0, 9, false, 0 },
		{ TEXT("-"), 10, -9, 9, false, 0 },
		{ TEXT(" 1"), 10, 0, 9, false, 0 },
		{ TEXT("1 "), 10, 0, 9, false, 0 },
		{ TEXT("1x"), 10, 0, 9, false, 0 },
		{ TEXT("1\0"), 10, 0, 9, false, 0 },
		{ TEXT("1.0"), 10, 0, 9, false, 0 },
		{ TEXT("1e1"), 10, 0, 99, false, 0 },
		{ TEXT("9223372036854775807"), 10, 0, INT64_MAX, true,
		    INT64_MAX },
		{ TEXT("9223372036854775808"), 10, 0, INT64_MAX, false, 0 },
		{ TEXT("-9223372036854775808"), 10, INT64_MIN, 0, true,
		    INT64_MIN },
		{ TEXT("-9223372036854775809"), 10, INT64_MIN, 0, false, 0 },
		{ TEXT("1111111111111111111111111111111111111111"
		    "111111111111111111111111111111111111111111"), 10, 0,
		    INT64_MAX, false, 0 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct text t = exact(rows[i].text);
		struct why why = { .line = "" };
		int64_t n = 77;
		bool good = number_int(t, rows[i].base, rows[i].least,
		    rows[i].most, &n, &why) == 0;

		ck_assert_msg(good == rows[i].good, "row %zu", i);
		ck_assert_msg(n == (good ? rows[i].value : 77), "row %zu", i);
		ck_assert(good == (why.line[0] == '\0'));
		ck_assert_int_eq(number_int(t, rows[i].base, rows[i].least,
		    rows[i].most, &n, NULL), good ? 0 : -1);
		exact_drop(&t);
	}
}
END_TEST

START_TEST(reads_seconds)
{
	static const struct {
		struct text text;
		int64_t usec;			/* -1: refused */
	} rows[] = {
		{ TEXT("0"), 0 }, { TEXT("1"), 1000000 },
		{ TEXT("0.5"), 500000 }, { TEXT(".25"), 250000 },
		{ TEXT("3."), 3000000 }, { TEXT("1.000001"), 1000001 },
		{ TEXT("1.0000019"), 1000001 },
		{ TEXT("1.00000000000000000000000001"), 1000000 },
		{ TEXT("86400"), 86400000000 },
		{ TEXT("900000000000"), 900000000000000000 },
		{ TEXT("99999999999999999999"), -1 },
		{ TEXT(""), -1 }, { TEXT("."), -1 }, { TEXT("-1"), -1 },
		{ TEXT("+1"), -1 }, { TEXT(" 1"), -1 }, { TEXT("1 "), -1 },
		{ TEXT("1s"), -1 }, { TEXT("1.5.5"), -1 },
		{ TEXT("1e3"), -1 }, { TEXT("1,5"), -1 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct text t = exact(rows[i].text);
		struct why why = { .line = "" };
		int64_t usec = -1;

		ck_assert_msg(number_seconds(t, &usec, &why) ==
		    (rows[i].usec < 0 ? -1 : 0), "row %zu", i);
		ck_assert_msg(usec == rows[i].usec, "row %zu", i);
		ck_assert((usec < 0) == (why.line[0] != '\0'));
		exact_drop(&t);
	}
}
END_TEST

START_TEST(reads_spans)
{
	static const struct { const char *text; int64_t usec; } rows[] = {
		{ "10", 10000000 }, { "10s", 10000000 }, { "250ms", 250000 },
		{ "5m", 300000000 }, { "4h", 14400000000 }, { "0", 0 },
		{ "1d", 86400000000 }, { "", -1 }, { "s", -1 }, { "-1s", -1 },
		{ "1.5s", -1 }, { "+1", -1 }, { " 1", -1 }, { "1 s", -1 },
		{ "99999999999999999999d", -1 }, { "999999999999d", -1 },
	};
	int64_t n;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		n = -1;
		ck_assert_int_eq(number_span(text_of(rows[i].text), &n,
		    NULL), rows[i].usec < 0 ? -1 : 0);
		ck_assert_int_eq(n, rows[i].usec);
	}
}
END_TEST

UNIT_MAIN("base/number", reads_spans, reads_integers, reads_seconds)
