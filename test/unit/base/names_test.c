/* SPDX-License-Identifier: ISC */
/* names_test.c - find, put, keep, many of them. One thread. */
#include <stdio.h>

#include "base/names.h"
#include "unit.h"

static int values[20 * 1000];

static struct text
name_of(int i, char *buf, size_t room)
{
	snprintf(buf, room, "%d", i);
	return text_of(buf);
}

START_TEST(finds_what_was_put)
{
	struct arena *arena = arena_new();
	struct names n = { .count = 0 };
	char buf[32];
	int many = (int)(sizeof values / sizeof values[0]);

	ck_assert_ptr_null(names_find(&n, TEXT("a")));
	for (int i = 0; i < many; i++)
		names_put(&n, arena, name_of(i, buf, sizeof buf), &values[i]);
	ck_assert_uint_eq(n.count, (size_t)many);
	for (int i = 0; i < many; i++)
		ck_assert_ptr_eq(names_find(&n, name_of(i, buf, sizeof buf)),
		    &values[i]);
	ck_assert_ptr_null(names_find(&n, name_of(many, buf, sizeof buf)));
	ck_assert_ptr_null(names_find(&n, TEXT("")));
	arena_free(&arena);
}
END_TEST

START_TEST(replaces_and_keeps)
{
	struct arena *arena = arena_new();
	struct names n = { .count = 0 };

	names_put(&n, arena, TEXT("a"), &values[0]);
	names_put(&n, arena, TEXT("a"), &values[1]);
	ck_assert_ptr_eq(names_find(&n, TEXT("a")), &values[1]);
	ck_assert_ptr_eq(names_keep(&n, arena, TEXT("a"), &values[2]),
	    &values[1]);
	ck_assert_ptr_eq(names_keep(&n, arena, TEXT(""), &values[2]),
	    &values[2]);
	ck_assert_ptr_eq(names_find(&n, TEXT("")), &values[2]);
	ck_assert_uint_eq(n.count, 2);
	arena_free(&arena);
}
END_TEST

UNIT_MAIN("base/names", finds_what_was_put, replaces_and_keeps)
