/* SPDX-License-Identifier: ISC */
/* track_test.c - results become a state, states and weights a sum. */
#include "unit.h"
#include "vrrp/track.h"

static const struct vr_track_means means;	/* not ready: nobody is told */
static const struct vr_track_ops plain = { .kind = "script" };
static const struct vr_track_ops scaled = { .kind = "file", .scaled = true };

static struct vr_track
make(unsigned rise, unsigned fall)
{
	return (struct vr_track){ .means = &means, .ops = &plain,
	    .name = "t", .rise = rise, .fall = fall, .result = rise - 1 };
}

START_TEST(first_result_decides)
{
	struct vr_track up = make(3, 2), down = make(3, 2);

	ck_assert(vr_track_count_enter(&up, true));
	ck_assert_int_eq(up.state, VR_TRACK_UP);
	ck_assert_uint_eq(up.result, 4);
	ck_assert(vr_track_count_enter(&down, false));
	ck_assert_int_eq(down.state, VR_TRACK_DOWN);
	ck_assert_uint_eq(down.result, 0);
}
END_TEST

START_TEST(later_rise_and_fall_count)
{
	struct vr_track t = make(3, 2);

	vr_track_count_enter(&t, true);
	ck_assert(!vr_track_count_enter(&t, false));
	ck_assert(!vr_track_count_enter(&t, true));
	ck_assert(!vr_track_count_enter(&t, false));
	ck_assert(vr_track_count_enter(&t, false));
	ck_assert_int_eq(t.state, VR_TRACK_DOWN);
	ck_assert(!vr_track_count_enter(&t, true));
	ck_assert(!vr_track_count_enter(&t, true));
	ck_assert(!vr_track_count_enter(&t, false));
	ck_assert(!vr_track_count_enter(&t, true));
	ck_assert(!vr_track_count_enter(&t, true));
	ck_assert(vr_track_count_enter(&t, true));
	ck_assert_int_eq(t.state, VR_TRACK_UP);
	ck_assert_uint_eq(t.result, 4);
}
END_TEST

/* The table of the manual, row by row. */
START_TEST(weights)
{
	static const struct {
		int weight;
		bool reverse;
		int up, down;		/* sums; 999: FAULT */
	} rows[] = {
		{ 0, false, 0, 999 }, { 0, true, 999, 0 },
		{ 20, false, 20, 0 }, { -20, false, 0, -20 },
		{ 20, true, -20, 0 }, { -20, true, 0, 20 }
	};
	struct vr_track t = make(1, 1);

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		for (int s = VR_TRACK_UP; s <= VR_TRACK_DOWN; s++) {
			struct vr_track_verdict v = { .weight = 0 };
			int want = s == VR_TRACK_UP ? rows[i].up :
			    rows[i].down;

			t.state = (enum vr_track_state)s;
			vr_track_weigh(&v, &t, (struct vr_weight){
			    rows[i].weight, rows[i].reverse });
			ck_assert_int_eq(v.down, want == 999);
			ck_assert_int_eq(v.weight, want == 999 ? 0 : want);
			ck_assert(!v.waiting);
		}
}
END_TEST

START_TEST(no_result_yet)
{
	struct vr_track t = make(1, 1);
	struct vr_track_verdict v = { .weight = 0 };

	vr_track_weigh(&v, &t, (struct vr_weight){ -20, false });
	ck_assert(!v.waiting && v.weight == 0);
	vr_track_weigh(&v, &t, (struct vr_weight){ 0, false });
	ck_assert(v.waiting && !v.down);
	t.idle = true;
	v = (struct vr_track_verdict){ .weight = 0 };
	vr_track_weigh(&v, &t, (struct vr_weight){ 0, false });
	ck_assert(!v.waiting && !v.down);
}
END_TEST

START_TEST(files_are_scaled)
{
	struct vr_track t = make(1, 1);
	struct vr_track_verdict v = { .weight = 0 };

	t.ops = &scaled;
	t.state = VR_TRACK_UP;
	t.value = 7;
	vr_track_weigh(&v, &t, (struct vr_weight){ 3, false });
	ck_assert_int_eq(v.weight, 21);
	vr_track_weigh(&v, &t, (struct vr_weight){ 3, true });
	ck_assert_int_eq(v.weight, 0);
	t.value = INT64_MAX;
	vr_track_weigh(&v, &t, (struct vr_weight){ 3, false });
	ck_assert_int_eq(v.weight, 253);
	ck_assert(!v.down);
	t.value = -85;
	vr_track_weigh(&v, &t, (struct vr_weight){ 3, false });
	ck_assert(v.down);		/* below -253 */
	ck_assert_str_eq(v.by, "t");
	v = (struct vr_track_verdict){ .weight = 0 };
	t.value = 1;
	vr_track_weigh(&v, &t, (struct vr_weight){ 0, false });
	ck_assert(v.down);
}
END_TEST

START_TEST(a_reload_keeps_the_count)
{
	struct vr_track old = make(3, 2), t = make(3, 2), other = make(1, 5);

	vr_track_count_enter(&old, true);
	vr_track_count_enter(&old, false);	/* one failure of two */
	vr_track_inherit(&t, &old);
	ck_assert_int_eq(t.state, VR_TRACK_UP);
	ck_assert(vr_track_count_enter(&t, false));
	vr_track_inherit(&other, &old);
	ck_assert_int_eq(other.state, VR_TRACK_UP);
	ck_assert_uint_eq(other.result, 5);
}
END_TEST

UNIT_MAIN("vrrp/track", first_result_decides, later_rise_and_fall_count,
    weights, no_result_yet, files_are_scaled, a_reload_keeps_the_count)
