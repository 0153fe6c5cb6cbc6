/* SPDX-License-Identifier: ISC */
/* cancel_test.c - which first bytes are a CancelRequest, and of which peer. */
#include "balancer/cancel.h"
#include "unit.h"

#define HEAD	"\0\0\0\x10\x04\xd2\x16\x2e"

static const char request[] = HEAD "\x11\x34\x12\x99\xaa\xbb\xcc\xdd" "more";

START_TEST(reads_pieces)
{
	unsigned peer = 0;

	ck_assert_int_eq(lb_cancel_read(TEXT_NONE, &peer), LB_CANCEL_MORE);
	for (size_t n = 0; n < 16; n++)
		ck_assert_int_eq(lb_cancel_read((struct text){ request, n },
		    &peer), LB_CANCEL_MORE);
	ck_assert_uint_eq(peer, 0);
	for (size_t n = 16; n < sizeof request; n++) {
		peer = 0;
		ck_assert_int_eq(lb_cancel_read((struct text){ request, n },
		    &peer), LB_CANCEL_IS);
		ck_assert_uint_eq(peer, 0x1234);
	}
}
END_TEST

START_TEST(knows_others_by_any_byte)
{
	char other[16];
	unsigned peer;

	for (size_t at = 0; at < 8; at++) {
		memcpy(other, request, sizeof other);
		other[at] ^= 1;
		ck_assert_int_eq(lb_cancel_read((struct text){ other, at },
		    &peer), LB_CANCEL_MORE);
		for (size_t n = at + 1; n <= sizeof other; n++)
			ck_assert_int_eq(lb_cancel_read((struct text){ other,
			    n }, &peer), LB_CANCEL_NONE);
	}
}
END_TEST

UNIT_MAIN("balancer/cancel", reads_pieces, knows_others_by_any_byte)
