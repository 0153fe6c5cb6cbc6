/* SPDX-License-Identifier: ISC */
/* verdict_test.c - the table of answers, and how long to wait. */
#include "base/clock.h"
#include "unit.h"
#include "watch/verdict.h"

START_TEST(every_status_has_a_verdict)
{
	static const struct { int status; enum wt_verdict verdict; } rows[] = {
		{ 200, WT_DELIVERED }, { 202, WT_DELIVERED },
		{ 204, WT_DELIVERED }, { 301, WT_BAD_RECEIVER },
		{ 308, WT_BAD_RECEIVER }, { 400, WT_BAD_MESSAGE },
		{ 401, WT_BAD_RECEIVER }, { 403, WT_BAD_RECEIVER },
		{ 404, WT_BAD_RECEIVER }, { 408, WT_PASSING },
		{ 410, WT_BAD_RECEIVER }, { 413, WT_BAD_MESSAGE },
		{ 429, WT_TOO_FAST }, { 500, WT_PASSING },
		{ 503, WT_PASSING }, { 599, WT_PASSING }, { 999, WT_PASSING },
	};
	struct wt_answer a = { .body = { "", 0 }, .retry_after = -1 };
	int64_t pause;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		a.status = rows[i].status;
		ck_assert_int_eq(wt_verdict_of(&a, &pause), rows[i].verdict);
	}
	a.failure = WT_TIMED_OUT;
	ck_assert_int_eq(wt_verdict_of(&a, &pause), WT_PASSING);
}
END_TEST

START_TEST(pauses_as_it_is_told)
{
	struct wt_answer a = { .status = 429, .body = TEXT(
	    "{\"retry_after\":1.5}"), .retry_after = -1 };
	int64_t pause;

	wt_verdict_of(&a, &pause);
	ck_assert_int_eq(pause, CLOCK_SECOND * 3 / 2);
	a.retry_after = 7 * CLOCK_SECOND;
	wt_verdict_of(&a, &pause);
	ck_assert_int_eq(pause, 7 * CLOCK_SECOND);
	a.retry_after = 90000 * CLOCK_SECOND;
	wt_verdict_of(&a, &pause);
	ck_assert_int_eq(pause, 3600 * CLOCK_SECOND);
	a.retry_after = -1;
	a.body = TEXT("slow");
	wt_verdict_of(&a, &pause);
	ck_assert_int_eq(pause, 30 * CLOCK_SECOND);
	ck_assert_int_eq(wt_fetch_retry_after(TEXT("120"), 0),
	    120 * CLOCK_SECOND);
	ck_assert_int_eq(wt_fetch_retry_after(TEXT(
	    "Thu, 01 Jan 1970 00:01:00 GMT"), 0), 60 * CLOCK_SECOND);
	ck_assert_int_eq(wt_fetch_retry_after(TEXT(
	    "Thu, 01 Jan 1970 00:00:00 GMT"), 90 * CLOCK_SECOND),
	    CLOCK_SECOND);
	ck_assert_int_eq(wt_fetch_retry_after(TEXT("soon"), 0), -1);
}
END_TEST

START_TEST(waits_longer_and_longer)
{
	static const int seconds[] = { 1, 1, 2, 4, 8, 16, 32, 60, 60 };

	for (unsigned n = 0; n < 9; n++) {
		int64_t least = wt_verdict_backoff(n, 0);
		int64_t most = wt_verdict_backoff(n, 99);

		ck_assert_int_eq(least, seconds[n] * CLOCK_SECOND * 8 / 10);
		ck_assert_int_eq(most, seconds[n] * CLOCK_SECOND * 12 / 10);
	}
	ck_assert_int_eq(wt_verdict_backoff(4000000000u, 50) / CLOCK_SECOND,
	    60);
}
END_TEST

UNIT_MAIN("watch/verdict", every_status_has_a_verdict, pauses_as_it_is_told,
    waits_longer_and_longer)
