/* SPDX-License-Identifier: ISC */
/* map_test.c - put, find, drop, also without memory. */
#include <stdio.h>

#include "unit.h"

#include "base/map.h"
#include "base/mem.h"

static int values[1000];

static struct text
key_of(int i, char *buf, size_t room)
{
	snprintf(buf, room, "key %d", i);
	return text_of(buf);
}

START_TEST(finds_what_was_put)
{
	struct map *m = NULL;
	char buf[32];

	ck_assert_ptr_null(map_find(m, TEXT("a")));
	ck_assert_ptr_null(map_drop(&m, TEXT("a")));
	ck_assert_uint_eq(map_count(m), 0);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(map_put(&m, key_of(i, buf, sizeof buf),
		    &values[i]), 0);
	ck_assert_uint_eq(map_count(m), 1000);
	for (int i = 0; i < 1000; i += 2)
		ck_assert_ptr_eq(map_drop(&m, key_of(i, buf, sizeof buf)),
		    &values[i]);
	for (int i = 0; i < 1000; i++)
		ck_assert_ptr_eq(map_find(m, key_of(i, buf, sizeof buf)),
		    i % 2 == 0 ? NULL : &values[i]);
	ck_assert_uint_eq(map_count(m), 500);
	map_free(&m, NULL);
	ck_assert_ptr_null(m);
}
END_TEST

START_TEST(takes_any_key)
{
	static const struct text keys[] = {
		TEXT(""), TEXT("\0"), TEXT("a"), TEXT("a\0"), TEXT("A"),
	};
	struct map *m = NULL;

	for (int i = 0; i < 5; i++)
		ck_assert_int_eq(map_put(&m, keys[i], &values[i]), 0);
	for (int i = 0; i < 5; i++)
		ck_assert_ptr_eq(map_find(m, keys[i]), &values[i]);
	ck_assert_ptr_eq(map_find(m, TEXT_NONE), &values[0]);
	ck_assert_int_eq(map_put(&m, TEXT_NONE, &values[9]), 0);
	ck_assert_uint_eq(map_count(m), 5);
	ck_assert_ptr_eq(map_drop(&m, TEXT_NONE), &values[9]);
	map_free(&m, NULL);
}
END_TEST

START_TEST(replaces_and_copies_keys)
{
	struct map *m = NULL;
	char key[] = "abc";

	ck_assert_int_eq(map_put(&m, text_of(key), &values[1]), 0);
	key[0] = 'x';
	ck_assert_ptr_eq(map_find(m, TEXT("abc")), &values[1]);
	ck_assert_int_eq(map_put(&m, TEXT("abc"), &values[2]), 0);
	ck_assert_ptr_eq(map_find(m, TEXT("abc")), &values[2]);
	ck_assert_uint_eq(map_count(m), 1);
	map_free(&m, NULL);
}
END_TEST

struct walk {
	struct map **map;
	int seen;
};

static void
drop_each(struct text key, void *value, void *arg)
{
	struct walk *w = arg;
	char buf[32];

	ck_assert(text_same(key, key_of(w->seen, buf, sizeof buf)));
	ck_assert_ptr_eq(value, &values[w->seen]);
	w->seen++;
	ck_assert_ptr_eq(map_drop(w->map, key), value);
}

START_TEST(walks_in_order_and_lets_drop)
{
	struct map *m = NULL;
	struct walk w = { &m, 0 };
	char buf[32];

	map_each(m, drop_each, &w);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(map_put(&m, key_of(i, buf, sizeof buf),
		    &values[i]), 0);
	map_each(m, drop_each, &w);
	ck_assert_int_eq(w.seen, 100);
	ck_assert_ptr_null(m);
}
END_TEST

static int dropped;

static void
count_dropped(void *value)
{
	dropped++;
}

START_TEST(frees_values)
{
	struct map *m = NULL;
	char buf[32];

	map_free(&m, count_dropped);
	ck_assert_int_eq(dropped, 0);
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(map_put(&m, key_of(i, buf, sizeof buf),
		    &values[i]), 0);
	map_free(&m, count_dropped);
	ck_assert_int_eq(dropped, 100);
}
END_TEST

/* Fails at each allocation of a map that grows; the rest stays whole. */
START_TEST(survives_without_memory)
{
	char buf[32];

	for (unsigned long n = 1; n < 400; n++) {
		struct map *m = NULL;
		int put = 0;

		mem_fail_at(n);
		for (int i = 0; i < 300; i++)
			if (map_put(&m, key_of(i, buf, sizeof buf),
			    &values[i]) == 0)
				put++;
			else
				ck_assert_ptr_null(map_find(m,
				    key_of(i, buf, sizeof buf)));
		mem_fail_at(0);
		ck_assert_int_ge(put, 298);
		ck_assert_uint_eq(map_count(m), (size_t)put);
		for (int i = 0; i < 300; i++) {
			void *v = map_find(m, key_of(i, buf, sizeof buf));

			if (v != NULL) {
				ck_assert_ptr_eq(v, &values[i]);
				put--;
			}
		}
		ck_assert_int_eq(put, 0);
		map_free(&m, NULL);
	}
}
END_TEST

UNIT_MAIN("base/map", finds_what_was_put, takes_any_key,
    replaces_and_copies_keys, walks_in_order_and_lets_drop, frees_values,
    survives_without_memory)
