/* SPDX-License-Identifier: ISC */
/* announce_test.c - the bytes of gratuitous ARP and neighbour adverts. */
#include <net/if_arp.h>

#include "unit.h"
#include "vrrp/announce.h"

static const struct vr_link ethernet = { .type = ARPHRD_ETHER, .mac_len = 6,
	.mac = { 2, 3, 4, 5, 6, 7 } };

START_TEST(arp)
{
	static const uint8_t want[] = {
		0, 1, 8, 0, 6, 4, 0, 1, 2, 3, 4, 5, 6, 7, 10, 0, 0, 50,
		0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 10, 0, 0, 50
	};
	struct prefix ip = { .family = AF_INET, .bits = 24,
	    .ip = { 10, 0, 0, 50 } };
	uint8_t got[VR_ANNOUNCE_ARP];

	ck_assert_uint_eq(vr_announce_arp(got, &ethernet, &ip), sizeof want);
	ck_assert_mem_eq(got, want, sizeof want);
}
END_TEST

START_TEST(arp_of_long_addresses)
{
	struct vr_link l = { .type = ARPHRD_INFINIBAND, .mac_len = 20 };
	struct prefix ip = { .family = AF_INET, .ip = { 10, 0, 0, 50 } };
	uint8_t got[VR_ANNOUNCE_ARP];

	ck_assert_uint_eq(vr_announce_arp(got, &l, &ip), 8 + 2 * 24);
	ck_assert_uint_eq(got[1], ARPHRD_INFINIBAND);
}
END_TEST

static uint32_t
add_up(const uint8_t *at, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += (uint32_t)(at[i] << 8 | at[i + 1]);
	return sum;
}

START_TEST(neighbour_advert)
{
	struct prefix ip = { .family = AF_INET6, .bits = 64,
	    .ip = { 0xfe, 0x80, [15] = 0x50 } };
	uint8_t got[VR_ANNOUNCE_NA];
	uint32_t sum;

	ck_assert_uint_eq(vr_announce_na(got, &ethernet, &ip, true),
	    40 + 24 + 8);
	ck_assert_uint_eq(got[0], 0x60);
	ck_assert_uint_eq(got[5], 32);		/* payload */
	ck_assert_uint_eq(got[6], 58);
	ck_assert_uint_eq(got[7], 255);
	ck_assert_mem_eq(got + 8, ip.ip, 16);	/* source */
	ck_assert_uint_eq(got[24], 0xff);
	ck_assert_uint_eq(got[25], 2);
	ck_assert_uint_eq(got[39], 1);
	ck_assert_uint_eq(got[40], 136);
	ck_assert_uint_eq(got[44], 0xa0);	/* Router, Override */
	ck_assert_mem_eq(got + 48, ip.ip, 16);	/* target */
	ck_assert_uint_eq(got[64], 2);
	ck_assert_uint_eq(got[65], 1);
	ck_assert_mem_eq(got + 66, ethernet.mac, 6);
	/* With the pseudo header it adds up to all ones. */
	sum = add_up(got + 8, 32) + 32 + 58 + add_up(got + 40, 32);
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	ck_assert_uint_eq(sum, 0xffff);
	vr_announce_na(got, &ethernet, &ip, false);
	ck_assert_uint_eq(got[44], 0x20);
}
END_TEST

UNIT_MAIN("vrrp/announce", arp, arp_of_long_addresses, neighbour_advert)
