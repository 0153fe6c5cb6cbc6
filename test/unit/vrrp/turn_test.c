/* SPDX-License-Identifier: ISC */
/* turn_test.c - who never has nothing to read sleeps all the same, on time. */
#include <sys/eventfd.h>
#include <sys/resource.h>

#include <unistd.h>

#include "base/clock.h"
#include "unit.h"
#include "vrrp/turn.h"

enum { BUSY = 40, SPELL = 2 };		/* ms */

static int64_t until;
static unsigned reads, ticks;
static struct vr_turn_timer tick;

static void
on_readable(void *arg)
{
	reads++;
	if (vr_turn_now() >= until)
		vr_turn_end(7);
}

static void
on_tick(void *arg)
{
	ticks++;
	vr_turn_at(&tick, vr_turn_now() + CLOCK_MS);
}

/* How often it slept while there was always something to read. */
static long
run_flooded(int64_t spell)
{
	struct rusage before, after;
	int fd = eventfd(1, 0);		/* never read: always readable */

	reads = ticks = 0;
	vr_turn_init();
	vr_turn_spell(spell);
	vr_turn_watch(fd, on_readable, NULL);
	tick = (struct vr_turn_timer){ .fire = on_tick };
	vr_turn_at(&tick, vr_turn_now() + CLOCK_MS);
	until = vr_turn_now() + BUSY * CLOCK_MS;
	getrusage(RUSAGE_SELF, &before);
	ck_assert_int_eq(vr_turn_run(), 7);
	getrusage(RUSAGE_SELF, &after);
	close(fd);
	ck_assert_uint_gt(reads, 0);
	ck_assert_uint_gt(ticks, 0);
	return after.ru_nvcsw - before.ru_nvcsw;
}

START_TEST(sleeps_under_a_flood)
{
	long none = run_flooded(0);	/* 0, unless memory kept it waiting */

	/* Fewer than BUSY / SPELL where others had the processor meanwhile. */
	ck_assert_int_gt(run_flooded(SPELL * CLOCK_MS), none);
}
END_TEST

START_TEST(sleeps_within_a_long_turn)
{
	struct rusage before, after;
	int64_t begun = clock_now();

	vr_turn_init();
	vr_turn_spell(SPELL * CLOCK_MS);
	getrusage(RUSAGE_SELF, &before);
	while (clock_now() - begun < BUSY * CLOCK_MS)
		vr_turn_breathe();
	getrusage(RUSAGE_SELF, &after);
	ck_assert_int_ge(after.ru_nvcsw - before.ru_nvcsw, 1);
}
END_TEST

UNIT_MAIN("vrrp/turn", sleeps_under_a_flood, sleeps_within_a_long_turn)
