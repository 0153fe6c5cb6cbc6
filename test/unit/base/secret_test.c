/* SPDX-License-Identifier: ISC */
/* secret_test.c - apart, zeroed, wiped, compared. */
#include <stdint.h>

#include "unit.h"

#include "base/secret.h"

enum { MANY = 2000 };

START_TEST(gives_zeroed_blocks_apart)
{
	static unsigned char *blocks[MANY];
	static size_t sizes[MANY];
	unsigned seed = 3;

	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < MANY; i++) {
			seed = seed * 1103515245 + 12345;
			sizes[i] = seed / 65536 % (i % 50 == 0 ? 20000 : 300);
			blocks[i] = secret_get(sizes[i]);
			ck_assert_ptr_nonnull(blocks[i]);
			ck_assert_uint_eq((uintptr_t)blocks[i] % 8, 0);
			for (size_t k = 0; k < sizes[i]; k++)
				ck_assert_uint_eq(blocks[i][k], 0);
			memset(blocks[i], i % 255 + 1, sizes[i]);
		}
		ck_assert_uint_eq(secret_lent(), MANY);
		for (int i = 0; i < MANY; i++) {
			for (size_t k = 0; k < sizes[i]; k++)
				ck_assert_uint_eq(blocks[i][k], i % 255 + 1);
			secret_drop(blocks[i]);
		}
		ck_assert_uint_eq(secret_lent(), 0);
	}
}
END_TEST

/* The block of a freed secret is the next one's: nothing is left in it. */
START_TEST(wipes_when_dropped)
{
	char *a = secret_copy(TEXT("the password")), *b;

	ck_assert_str_eq(a, "the password");
	secret_drop(a);
	b = secret_get(12);
	ck_assert_ptr_eq(a, b);
	for (int i = 0; i < 12; i++)
		ck_assert_int_eq(b[i], 0);
	secret_drop(b);
	secret_drop(NULL);
}
END_TEST

START_TEST(copies_any_text)
{
	char *a = secret_copy(TEXT("a\0b")), *b = secret_copy(TEXT_NONE);

	ck_assert_mem_eq(a, "a\0b", 4);
	ck_assert_str_eq(b, "");
	secret_drop(a);
	secret_drop(b);
}
END_TEST

START_TEST(compares_and_wipes)
{
	char a[] = "abcdef";

	ck_assert(secret_same(a, "abcdef", 6));
	ck_assert(!secret_same(a, "abcdeg", 6));
	ck_assert(!secret_same(a, "bbcdef", 6));
	ck_assert(secret_same(a, "x", 0));
	secret_wipe(a, 6);
	ck_assert_mem_eq(a, "\0\0\0\0\0\0", 6);
}
END_TEST

START_TEST(refuses_what_nobody_has)
{
	volatile size_t huge = SIZE_MAX;

	ck_assert_ptr_null(secret_get(huge));
	ck_assert_ptr_null(secret_get(huge / 2));
	ck_assert_uint_eq(secret_lent(), 0);
}
END_TEST

UNIT_MAIN("base/secret", gives_zeroed_blocks_apart, wipes_when_dropped,
    copies_any_text, compares_and_wipes, refuses_what_nobody_has)
