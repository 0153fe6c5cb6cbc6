/* SPDX-License-Identifier: ISC */
/* deadline_test.c - marks come out in order, whatever was moved. */
#include "balancer/deadline.h"
#include "unit.h"

enum { MARKS = 500 };

START_TEST(keeps_order)
{
	static struct lb_mark marks[MARKS];
	struct lb_deadlines *d = lb_deadline_new();
	struct lb_mark *m;
	int64_t last = 0;
	unsigned left = MARKS;

	srandom(7);
	for (int i = 0; i < MARKS; i++)
		lb_deadline_set(d, &marks[i], 1 + random() % 10000);
	for (int i = 0; i < 5000; i++) {
		m = &marks[random() % MARKS];
		lb_deadline_set(d, m, random() % 4 == 0 ? 0 :
		    1 + random() % 10000);
	}
	for (int i = 0; i < MARKS; i++)
		left -= marks[i].at == 0;
	while ((m = lb_deadline_first(d)) != NULL) {
		ck_assert_int_ge(m->at, last);
		last = m->at;
		lb_deadline_set(d, m, 0);
		ck_assert_int_eq(m->at, 0);
		left--;
	}
	ck_assert_uint_eq(left, 0);
	lb_deadline_free(&d);
}
END_TEST

UNIT_MAIN("balancer/deadline", keeps_order)
