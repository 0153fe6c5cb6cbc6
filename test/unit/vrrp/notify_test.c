/* SPDX-License-Identifier: ISC */
/* notify_test.c - words and lines of the fifo. */
#include "unit.h"
#include "vrrp/notify.h"

START_TEST(lines)
{
	char line[64];

	ck_assert_uint_eq(vr_notify_line(line, sizeof line, false, "VI_1",
	    vr_notify_word(VR_NOTIFY_MASTER), 101), 27);
	ck_assert_str_eq(line, "INSTANCE \"VI_1\" MASTER 101\n");
	vr_notify_line(line, sizeof line, true, "G 1", vr_notify_word(
	    VR_NOTIFY_STOP), 0);
	ck_assert_str_eq(line, "GROUP \"G 1\" STOP 0\n");
	vr_notify_line(line, sizeof line, false, "V", vr_notify_word(
	    VR_NOTIFY_MASTER_RX_LOWER_PRI), 5);
	ck_assert_str_eq(line, "INSTANCE \"V\" MASTER_RX_LOWER_PRI 5\n");
}
END_TEST

START_TEST(a_long_name_is_cut)
{
	char line[16];

	ck_assert_uint_eq(vr_notify_line(line, sizeof line, false,
	    "a very long name", "MASTER", 1), 15);
	ck_assert_uint_eq(line[15], 0);
}
END_TEST

UNIT_MAIN("vrrp/notify", lines, a_long_name_is_cut)
