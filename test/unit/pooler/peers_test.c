/* SPDX-License-Identifier: ISC */
/* peers_test.c - the bytes of cancel keys, and whose they are. */
#include "pooler/peers.h"
#include "unit.h"

static const struct pl_peer_row rows[] = {
	{ .id = 1, .host = "a", .port = 6432 },
	{ .id = 2, .host = "b", .port = 6432 },
	{ .id = 0x1234, .host = "c", .port = 6432 }
};

static struct pl_peers_answer
ask(const uint8_t key[8], int own)
{
	return pl_peers_ask(key, own, rows, 3);
}

START_TEST(shapes_keys)
{
	uint8_t plain[8] = { 0xff, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf0 };
	uint8_t peered[8] = { 0x85, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa, 0xf9, 0xf0 };
	const uint8_t plain_as[8] = { 0x7f, 0xfe, 0xfd, 0xfc, 0xfb, 0xfa,
	    0xf9, 0xf0 };
	const uint8_t peered_as[8] = { 0x05, 0x34, 0x12, 0xfc, 0xfb, 0xfa,
	    0xf9, 0xf3 };

	pl_peers_shape(plain, 0);
	ck_assert_mem_eq(plain, plain_as, 8);
	pl_peers_shape(peered, 0x1234);
	ck_assert_mem_eq(peered, peered_as, 8);
}
END_TEST

START_TEST(without_peering_all_is_ours)
{
	const uint8_t key[8] = { 1, 2, 0, 4, 5, 6, 7, 8 };
	struct pl_peers_answer a = ask(key, 0);

	ck_assert_int_eq(a.verdict, PL_PEERS_OURS);
	ck_assert_mem_eq(a.key, key, 8);
	ck_assert_ptr_null(a.reason);
}
END_TEST

START_TEST(ours_by_whatever_way_it_came)
{
	for (uint8_t hops = 0; hops < 4; hops++) {
		const uint8_t key[8] = { 1, 1, 0, 4, 5, 6, 7,
		    (uint8_t)(0x50 | hops) };
		struct pl_peers_answer a = ask(key, 1);

		ck_assert_int_eq(a.verdict, PL_PEERS_OURS);
		ck_assert_int_eq(a.key[7], 0x53);
		ck_assert_mem_eq(a.key, key, 7);
		ck_assert_ptr_null(a.peer);
	}
}
END_TEST

START_TEST(forwards_until_the_hops_are_used_up)
{
	uint8_t key[8] = { 1, 0x34, 0x12, 4, 5, 6, 7, 0x57 };
	struct pl_peers_answer a;

	for (int left = 2; left >= 0; left--) {
		a = ask(key, 2);
		ck_assert_int_eq(a.verdict, PL_PEERS_FORWARD);
		ck_assert_ptr_eq(a.peer, &rows[2]);
		ck_assert_int_eq(a.key[7], 0x54 | left);
		ck_assert_mem_eq(a.key, key, 7);
		ck_assert_ptr_null(a.reason);
		memcpy(key, a.key, 8);
	}
	a = ask(key, 2);
	ck_assert_int_eq(a.verdict, PL_PEERS_EXHAUSTED);
	ck_assert_str_eq(a.reason, "failed to forward cancel request because "
	    "its TTL was exhausted");
	ck_assert_ptr_null(a.peer);
}
END_TEST

START_TEST(unknown_peers)
{
	const uint8_t key[8] = { 1, 0x35, 0x12, 4, 5, 6, 7, 3 };
	const uint8_t spent[8] = { 1, 0x35, 0x12, 4, 5, 6, 7, 0 };
	struct pl_peers_answer a = ask(key, 2);

	ck_assert_int_eq(a.verdict, PL_PEERS_UNKNOWN);
	ck_assert_str_eq(a.reason,
	    "could not find peer to forward request to");
	ck_assert_int_eq(ask(spent, 2).verdict, PL_PEERS_EXHAUSTED);
	ck_assert_int_eq(pl_peers_ask(key, 2, NULL, 0).verdict,
	    PL_PEERS_UNKNOWN);
}
END_TEST

START_TEST(a_key_goes_round_a_group)
{
	uint8_t key[8] = { 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xaa, 0xa8 };
	struct pl_peers_answer a;

	pl_peers_shape(key, 2);
	a = ask(key, 1);
	ck_assert_int_eq(a.verdict, PL_PEERS_FORWARD);
	ck_assert_ptr_eq(a.peer, &rows[1]);
	a = ask(a.key, 2);
	ck_assert_int_eq(a.verdict, PL_PEERS_OURS);
	ck_assert_mem_eq(a.key, key, 8);
}
END_TEST

UNIT_MAIN("pooler/peers", shapes_keys, without_peering_all_is_ours,
    ours_by_whatever_way_it_came, forwards_until_the_hops_are_used_up,
    unknown_peers, a_key_goes_round_a_group)
