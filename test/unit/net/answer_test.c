/* SPDX-License-Identifier: ISC */
/* answer_test.c - DNS messages, whole and broken. */
#include <stdio.h>

#include "net/answer.h"
#include "unit.h"

static struct answer_record got[8];
static unsigned n;

#define HEAD(flags, answers, more)					\
	"\x12\x34" flags "\0\1\0" answers "\0\0\0" more
#define QUESTION "\1A\4test\0\0\1\0\1"		/* at 12: a.test */
#define A_RECORD(ip) "\xc0\x0c\0\1\0\1\0\0\0\1\0\4" ip
#define READ(bytes) read_all(bytes, sizeof(bytes) - 1)

static int
read_all(const char *bytes, size_t len)
{
	return answer_read((const uint8_t *)bytes, len, got, 8, &n);
}

START_TEST(addresses)
{
	char text[ADDRESS_TEXT];

	ck_assert_int_eq(READ(HEAD("\x81\x80", "\2", "\0") QUESTION
	    A_RECORD("\x7f\0\0\1") A_RECORD("\x0a\1\2\3")), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(got[0].owner, "a.test");
	ck_assert_uint_eq(got[0].kind, ANSWER_A);
	ck_assert_str_eq(address_print(&got[1].address, text), "10.1.2.3:0");
}
END_TEST

START_TEST(aliases_are_followed_others_are_not)
{
	ck_assert_int_eq(READ(HEAD("\x81\x80", "\3", "\0") QUESTION
	    "\xc0\x0c\0\5\0\1\0\0\0\1\0\4" "\1b\xc0\x0e"
	    "\1b\xc0\x0e\0\1\0\1\0\0\0\1\0\4" "\1\1\1\1"
	    "\1z\xc0\x0e\0\1\0\1\0\0\0\1\0\4" "\2\2\2\2"), 0);
	ck_assert_uint_eq(n, 1);
	ck_assert_str_eq(got[0].owner, "b.test");
}
END_TEST

START_TEST(services_with_what_was_sent_along)
{
	ck_assert_int_eq(READ(HEAD("\x81\x80", "\1", "\1") QUESTION
	    "\xc0\x0c\0\x21\0\1\0\0\0\1\0\x0a" "\0\1\0\2\x1f\x90"
	    "\1y\xc0\x0e"
	    "\1y\xc0\x0e\0\1\0\1\0\0\0\1\0\4" "\1\1\1\1"), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_str_eq(got[0].target, "y.test");
	ck_assert_uint_eq(got[0].port, 8080);
	ck_assert_uint_eq(got[0].weight, 2);
	ck_assert(got[1].along);
	ck_assert_str_eq(got[1].owner, "y.test");
}
END_TEST

START_TEST(codes)
{
	ck_assert_int_eq(READ(HEAD("\x81\x83", "\0", "\0") QUESTION),
	    ANSWER_NX);
	ck_assert_int_eq(READ(HEAD("\x81\x85", "\0", "\0") QUESTION),
	    ANSWER_REFUSED);
	ck_assert_int_eq(READ(HEAD("\x81\x80", "\0", "\0") QUESTION), 0);
	ck_assert_uint_eq(n, 0);
}
END_TEST

START_TEST(broken_ones)
{
	/* A question; a name that leads to itself, forwards, beyond the end. */
	ck_assert_int_eq(READ(HEAD("\x01\x00", "\0", "\0") QUESTION), -1);
	ck_assert_int_eq(READ(HEAD("\x81\x80", "\1", "\0") QUESTION
	    "\xc0\x18\0\1\0\1\0\0\0\1\0\4" "\1\1\1\1"), -1);
	ck_assert_int_eq(READ(HEAD("\x81\x80", "\1", "\0") QUESTION
	    "\xc0\x1a\0\1\0\1\0\0\0\1\0\4" "\1\1\1\1"), -1);
	ck_assert_int_eq(READ(HEAD("\x81\x80", "\1", "\0") QUESTION
	    "\xff\xff\0\1\0\1\0\0\0\1\0\4" "\1\1\1\1"), -1);
	/* An address of three bytes; a length beyond the end. */
	ck_assert_int_eq(READ(HEAD("\x81\x80", "\1", "\0") QUESTION
	    "\xc0\x0c\0\1\0\1\0\0\0\1\0\3" "\1\1\1"), -1);
	ck_assert_int_eq(READ(HEAD("\x81\x80", "\1", "\0") QUESTION
	    "\xc0\x0c\0\1\0\1\0\0\0\1\0\5" "\1\1\1\1"), -1);
	ck_assert_int_eq(READ(""), -1);
}
END_TEST

START_TEST(every_cut_is_noticed)
{
	static const char whole[] = HEAD("\x81\x80", "\2", "\0") QUESTION
	    A_RECORD("\x7f\0\0\1") A_RECORD("\x0a\1\2\3");

	for (size_t len = 0; len < sizeof whole - 1; len++) {
		uint8_t *cut = malloc(len + 1);	/* ASan sees a step too far */

		memcpy(cut, whole, len);
		ck_assert_int_eq(answer_read(cut, len, got, 8, &n), -1);
		free(cut);
	}
}
END_TEST

START_TEST(noise_does_no_harm)
{
	uint8_t noise[200];

	srandom(4711);
	for (unsigned i = 0; i < 20000; i++) {
		size_t len = (size_t)random() % sizeof noise;

		for (size_t k = 0; k < len; k++)
			noise[k] = (uint8_t)random();
		if (len > 6) {
			noise[2] |= 0x80;
			noise[4] = 0;
			noise[5] = 1;
		}
		(void)answer_read(noise, len, got, 8, &n);
		ck_assert_uint_le(n, 8);
	}
}
END_TEST

UNIT_MAIN("net/answer", addresses, aliases_are_followed_others_are_not,
    services_with_what_was_sent_along, codes, broken_ones,
    every_cut_is_noticed, noise_does_no_harm)
