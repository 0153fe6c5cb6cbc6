/* SPDX-License-Identifier: ISC */
/* split_test.c - who hears two masters, who does not. One thread. */
#include "base/clock.h"
#include "unit.h"
#include "vrrp/split.h"

#define S CLOCK_SECOND

static struct vr_live
stand(enum vr_state state)
{
	struct vr_live l = { .priority = 100 };

	memcpy(&l.state, &state, sizeof state);
	return l;
}

static enum vr_split_news
hear(struct vr_live *l, unsigned who, unsigned priority, int64_t now)
{
	const struct vr_split_heard h = { .interval = S,
	    .from = { 4, { 10, 0, 0, (uint8_t)who } },
	    .priority = (uint8_t)priority,
	    .rival = l->state == VR_STATE_MASTER };

	return vr_split_hear(l, &h, now);
}

START_TEST(a_change_of_master_is_no_split)
{
	struct vr_live l = stand(VR_STATE_BACKUP);

	ck_assert_uint_eq(l.masters_seen, 0);
	for (int64_t t = 10 * S; t < 15 * S; t += S) {
		ck_assert_int_eq(hear(&l, 1, 100, t), VR_SPLIT_SAME);
		ck_assert_uint_eq(l.masters_seen, 1);
	}
	for (int64_t t = 15 * S; t < 20 * S; t += S)
		ck_assert_int_eq(hear(&l, 2, 110, t), VR_SPLIT_SAME);
	/* Long after, the first one again. */
	ck_assert_int_eq(hear(&l, 1, 120, 21 * S), VR_SPLIT_SAME);
	/* It says good-bye, and the other comes back at once. */
	hear(&l, 1, 0, 22 * S);
	ck_assert_int_eq(hear(&l, 2, 110, 22 * S), VR_SPLIT_SAME);
	ck_assert_uint_eq(l.masters_seen, 1);
	ck_assert_uint_eq(l.counts.split, 0);
}
END_TEST

START_TEST(a_backup_hears_two_masters)
{
	struct vr_live l = stand(VR_STATE_BACKUP);

	hear(&l, 1, 100, 10 * S);
	hear(&l, 2, 110, 10 * S + S / 2);
	ck_assert_int_eq(hear(&l, 1, 100, 11 * S), VR_SPLIT_BEGUN);
	ck_assert_uint_eq(l.masters_seen, 2);
	for (int64_t t = 12 * S; t < 20 * S; t += S) {
		hear(&l, 2, 110, t - S / 2);
		ck_assert_int_eq(hear(&l, 1, 100, t), VR_SPLIT_SAME);
		ck_assert_int_eq(vr_split_look(&l, t), VR_SPLIT_SAME);
	}
	ck_assert_uint_eq(l.counts.split, 1);
	ck_assert_int_eq(l.counts.split_time, 8 * S);
	/* One of them goes on: the split stands for three intervals more. */
	for (int64_t t = 20 * S; t < 22 * S; t += S) {
		hear(&l, 1, 100, t);
		ck_assert_int_eq(vr_split_look(&l, t), VR_SPLIT_SAME);
	}
	ck_assert_int_eq(vr_split_look(&l, 22 * S), VR_SPLIT_OVER);
	ck_assert_int_eq(vr_split_look(&l, 23 * S), VR_SPLIT_SAME);
	ck_assert_uint_eq(l.masters_seen, 1);
	ck_assert_int_eq(l.counts.split_time, 8 * S);
}
END_TEST

START_TEST(three_masters_are_seen_too)
{
	struct vr_live l = stand(VR_STATE_BACKUP);

	hear(&l, 1, 100, 10 * S);
	hear(&l, 2, 100, 10 * S);
	hear(&l, 3, 100, 10 * S);
	ck_assert_int_eq(hear(&l, 1, 100, 11 * S), VR_SPLIT_BEGUN);
	ck_assert_int_eq(hear(&l, 2, 100, 11 * S), VR_SPLIT_SAME);
	ck_assert_uint_eq(l.masters_seen, 2);
	vr_split_move(&l, 12 * S);
	ck_assert_uint_eq(l.masters_seen, 0);
	ck_assert_int_eq(l.counts.split_time, S);
	ck_assert_int_eq(vr_split_look(&l, 99 * S), VR_SPLIT_SAME);
}
END_TEST

START_TEST(a_master_meets_another)
{
	struct vr_live l = stand(VR_STATE_MASTER);

	vr_split_move(&l, 9 * S);
	ck_assert_uint_eq(l.masters_seen, 1);
	ck_assert_int_eq(hear(&l, 1, 90, 10 * S), VR_SPLIT_BEGUN);
	ck_assert_int_eq(hear(&l, 1, 90, 11 * S), VR_SPLIT_SAME);
	ck_assert_int_eq(l.counts.split_time, 1 * S);
	ck_assert_int_eq(vr_split_look(&l, 14 * S), VR_SPLIT_OVER);
	ck_assert_uint_eq(l.masters_seen, 1);
	ck_assert_int_eq(hear(&l, 1, 90, 30 * S), VR_SPLIT_BEGUN);
	ck_assert_uint_eq(l.counts.split, 2);
}
END_TEST

UNIT_MAIN("vrrp/split", a_change_of_master_is_no_split,
    a_backup_hears_two_masters, three_masters_are_seen_too,
    a_master_meets_another)
