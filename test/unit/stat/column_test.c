/* SPDX-License-Identifier: ISC */
/*
 * column_test.c - columns fill cells; cells print values, borrow long ones,
 * cut at their room.
 */
#include <stdlib.h>
#include <time.h>

#include "stat/column.h"
#include "unit.h"

struct thing {
	int64_t count;
	const char *name;
};

static void
put_count(struct cell *c, const void *row)
{
	cell_int(c, ((const struct thing *)row)->count);
}

static void
put_name(struct cell *c, const void *row)
{
	cell_text(c, ((const struct thing *)row)->name);
}

static const struct column columns[] = {
	{ "count", COLUMN_INT8, put_count },
	{ "name", COLUMN_TEXT, put_name },
};

START_TEST(fills_a_row)
{
	struct cell cells[2];

	column_fill(columns, 2, &(struct thing){ INT64_MIN, "x" }, cells);
	ck_assert(text_is(cells[0].value, "-9223372036854775808"));
	ck_assert(text_is(cells[1].value, "x"));
	column_fill(columns, 2, &(struct thing){ 7, NULL }, cells);
	ck_assert(text_is(cells[0].value, "7"));
	ck_assert_ptr_null(cells[1].value.at);
	column_fill(columns, 2, &(struct thing){ 7, "" }, cells);
	ck_assert_ptr_nonnull(cells[1].value.at);
	ck_assert_uint_eq(cells[1].value.len, 0);
}
END_TEST

START_TEST(finds_a_column)
{
	ck_assert_int_eq(column_find(columns, 2, "name"), 1);
	ck_assert_int_eq(column_find(columns, 2, "count"), 0);
	ck_assert_int_eq(column_find(columns, 2, "nam"), -1);
}
END_TEST

START_TEST(prints_and_cuts)
{
	static char long_text[CELL_ROOM * 2];
	struct cell c;

	cell_count(&c, UINT64_MAX);
	ck_assert(text_is(c.value, "18446744073709551615"));
	memset(long_text, 'x', sizeof long_text - 1);
	cell_print(&c, "%s", long_text);
	ck_assert_uint_eq(c.value.len, CELL_ROOM - 1);
	cell_text(&c, long_text);
	ck_assert_uint_eq(c.value.len, sizeof long_text - 1);
	ck_assert_ptr_eq(c.value.at, long_text);
	cell_none(&c);
	ck_assert_ptr_null(c.value.at);
}
END_TEST

START_TEST(prints_times_of_the_zone)
{
	struct cell c;

	setenv("TZ", "CET-1", 1);
	tzset();
	cell_time(&c, INT64_C(1795291607999999));
	ck_assert(text_is(c.value, "2026-11-21 21:06:47 CET"));
	cell_time(&c, 0);
	ck_assert(text_is(c.value, "1970-01-01 01:00:00 CET"));
}
END_TEST

UNIT_MAIN("stat/column", fills_a_row, finds_a_column, prints_and_cuts,
    prints_times_of_the_zone)
