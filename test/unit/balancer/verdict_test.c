/* SPDX-License-Identifier: ISC */
/* verdict_test.c - rise and fall, as sequences of results. */
#include "balancer/verdict.h"
#include "unit.h"

/*
 * Results: + passed, - failed, c conditional, 0 neutral. What is expected
 * behind each: the health as a digit, then U, D, S (ruling) or a dot.
 */
static const struct {
	int rise, fall;
	const char *results, *expected;
} rows[] = {
	{ 2, 2, "+-+--++", "3.2.3.2.0D1.3U" },
	{ 2, 3, "-", "0D" },
	{ 2, 3, "+---", "4.3.2.0D" },
	{ 2, 3, "+--+---", "4.3.2.4.3.2.0D" },
	{ 3, 1, "-+-+++", "0D1.0.1.2.3U" },
	{ 1, 1, "-+-", "0D1U0D" },
	{ 2, 2, "00-0", "2.2.0D0." },
	{ 2, 3, "+cc+", "4.4S4.4U" },
	{ 2, 2, "----", "0D0.0.0." },
};

static enum lb_result
result_of(char c)
{
	return c == '+' ? LB_RESULT_PASSED : c == '-' ? LB_RESULT_FAILED :
	    c == 'c' ? LB_RESULT_CONDITIONAL : LB_RESULT_NEUTRAL;
}

START_TEST(follows_results)
{
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct lb_verdict v;
		bool up = true, stopping = false;
		char got[64] = "";
		size_t len = 0;

		lb_verdict_start(&v, rows[i].rise, rows[i].fall);
		for (const char *c = rows[i].results; *c != '\0'; c++) {
			enum lb_ruling r = lb_verdict_take(&v, result_of(*c),
			    up, stopping);

			if (r != LB_RULING_NONE) {
				up = r != LB_RULING_DOWN;
				stopping = r == LB_RULING_STOPPING;
			}
			got[len++] = (char)('0' + v.health);
			got[len++] = ".UDS"[r];
		}
		got[len] = '\0';
		ck_assert_str_eq(got, rows[i].expected);
	}
}
END_TEST

START_TEST(shows_a_share)
{
	struct lb_verdict v;
	int h, n;

	lb_verdict_start(&v, 2, 3);
	lb_verdict_share(&v, &h, &n);
	ck_assert_int_eq(h, 1);
	ck_assert_int_eq(n, 3);
	v.health = 1;
	lb_verdict_share(&v, &h, &n);
	ck_assert_int_eq(h, 1);
	ck_assert_int_eq(n, 2);
	ck_assert(!lb_verdict_up(&v));
}
END_TEST

START_TEST(paces_itself)
{
	const struct lb_pace p = { 2000, 500, 9000 };
	struct lb_verdict v;

	lb_verdict_start(&v, 2, 3);
	ck_assert_int_eq(lb_verdict_wait(&v, &p, false, false), 500);
	v.health = 4;
	ck_assert_int_eq(lb_verdict_wait(&v, &p, false, false), 2000);
	ck_assert_int_eq(lb_verdict_wait(&v, &p, false, true), 500);
	v.health = 0;
	ck_assert_int_eq(lb_verdict_wait(&v, &p, true, false), 9000);
	v.health = 1;
	ck_assert_int_eq(lb_verdict_wait(&v, &p, true, false), 500);
	ck_assert_int_eq(lb_verdict_jitter(1000, 50, 0), 500);
	ck_assert_int_eq(lb_verdict_jitter(1000, 50, UINT32_MAX), 1499);
	ck_assert_int_eq(lb_verdict_jitter(1000, 0, 12345), 1000);
}
END_TEST

UNIT_MAIN("balancer/verdict", follows_results, shows_a_share, paces_itself)
