/* SPDX-License-Identifier: ISC */
/* slab_test.c - slots that stay, regions that go. */
#include <stdint.h>

#include "unit.h"

#include "base/mem.h"
#include "base/slab.h"

enum { MANY = 10000 };

struct thing {
	uint32_t slot, value;
	char rest[92];
};

START_TEST(gives_zeroed_slots_that_stay)
{
	struct slab *s = slab_new(sizeof(struct thing));

	for (uint32_t i = 0; i < MANY; i++) {
		static const struct thing zero;
		struct thing *t;
		uint32_t slot;

		t = slab_take(s, &slot);
		ck_assert_ptr_nonnull(t);
		ck_assert_mem_eq(t, &zero, sizeof zero);
		ck_assert_uint_eq((uintptr_t)t % 16, 0);
		ck_assert_uint_eq(slot, i);	/* the lowest free one */
		*t = (struct thing){ slot, i, { 0 } };
	}
	ck_assert_uint_eq(slab_used(s), MANY);
	ck_assert_uint_ge(slab_slots(s), MANY);
	ck_assert_uint_eq(slab_room(s), slab_slots(s));
	ck_assert_uint_ge(slab_bytes(s), MANY * sizeof(struct thing));
	for (uint32_t i = 0; i < slab_slots(s); i++) {
		struct thing *t = slab_at(s, i);

		ck_assert((t != NULL) == (i < MANY));
		ck_assert(t == NULL || (t->slot == i && t->value == i));
	}
	slab_free(&s);
	ck_assert_ptr_null(s);
}
END_TEST

START_TEST(uses_low_slots_again_and_gives_memory_back)
{
	struct slab *s = slab_new(sizeof(struct thing));
	uint32_t slot;
	size_t one, full;

	slab_take(s, &slot);
	one = slab_bytes(s);
	for (uint32_t i = 1; i < MANY; i++)
		slab_take(s, &slot);
	full = slab_bytes(s);
	slab_give(s, 5000);
	slab_give(s, 17);
	ck_assert_ptr_null(slab_at(s, 17));
	slab_take(s, &slot);
	ck_assert_uint_eq(slot, 17);
	slab_take(s, &slot);
	ck_assert_uint_eq(slot, 5000);

	for (uint32_t i = 1; i < MANY; i++)
		slab_give(s, i);
	ck_assert_uint_eq(slab_used(s), 1);
	ck_assert_uint_eq(slab_bytes(s), one);
	for (uint32_t i = 0; i < slab_slots(s) + 10; i++)
		ck_assert((slab_at(s, i) != NULL) == (i == 0));
	/* And up again, into regions that were given back. */
	for (uint32_t i = 1; i < MANY; i++) {
		struct thing *t = slab_take(s, &slot);

		ck_assert_uint_eq(slot, i);
		ck_assert_uint_eq(t->value, 0);
		t->value = i;
	}
	ck_assert_uint_eq(slab_bytes(s), full);
	slab_free(&s);
}
END_TEST

/* Random taking and giving against a plain table. */
START_TEST(agrees_with_a_model)
{
	static const size_t sizes[] = { 1, 16, 33, 500, 40000, 65536 };
	static bool held[4096];

	for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
		struct slab *s = slab_new(sizes[k]);
		uint32_t most = sizes[k] > 1000 ? 40 : 4096, used = 0;
		unsigned seed = 1;

		memset(held, 0, sizeof held);
		for (int turn = 0; turn < 20000; turn++) {
			uint32_t slot;

			seed = seed * 1103515245 + 12345;
			slot = seed / 65536 % most;
			if (held[slot]) {
				slab_give(s, slot);
				held[slot] = false;
				used--;
			} else if (used < most) {
				char *at = slab_take(s, &slot);

				ck_assert_ptr_nonnull(at);
				ck_assert_ptr_eq(memchr(held, false, most),
				    &held[slot]);	/* the lowest */
				ck_assert_int_eq(at[0] | at[sizes[k] - 1], 0);
				memset(at, 0xff, sizes[k]);
				held[slot] = true;
				used++;
			}
			ck_assert_uint_eq(slab_used(s), used);
		}
		slab_free(&s);
	}
}
END_TEST

START_TEST(says_no_without_memory)
{
	for (unsigned long n = 1; n < 8; n++) {
		struct slab *s = slab_new(60000);
		uint32_t slot, taken = 0;

		mem_fail_at(n);
		for (int i = 0; i < 8; i++)
			taken += slab_take(s, &slot) != NULL;
		mem_fail_at(0);
		ck_assert_uint_eq(taken, 7);
		ck_assert_uint_eq(slab_used(s), 7);
		ck_assert_ptr_nonnull(slab_take(s, &slot));
		slab_free(&s);
	}
}
END_TEST

UNIT_MAIN("base/slab", gives_zeroed_slots_that_stay,
    uses_low_slots_again_and_gives_memory_back, agrees_with_a_model,
    says_no_without_memory)
