/* SPDX-License-Identifier: ISC */
/* table_test.c - entries of a stick table: their lives, sums and rates. */
#include <stdlib.h>

#include "balancer/tables.h"
#include "base/clock.h"
#include "base/mem.h"
#include "unit.h"

#define S	CLOCK_SECOND

static struct lb_table_conf conf;
static struct lb_table *table;

static void
make(int64_t size, int64_t expire, bool nopurge)
{
	conf = (struct lb_table_conf){ .name = "t", .type = LB_TYPE_STR,
	    .key_length = 8, .size = size, .expire = expire,
	    .nopurge = nopurge, .stores = 1u << LB_STORE_CONN_CNT |
	    1u << LB_STORE_CONN_RATE | 1u << LB_STORE_GPC |
	    1u << LB_STORE_SERVER_ID | 1u << LB_STORE_SERVER_KEY };
	conf.period[LB_STORE_CONN_RATE] = 10 * S;
	conf.elements[LB_STORE_GPC] = 3;
	table = lb_table_new(&conf);
}

static bool
has(const char *key, int64_t now)
{
	struct lb_entry *e = lb_table_hold(table, text_of(key),
	    LB_TABLE_LOOK, now);

	if (e != NULL)
		lb_table_drop(table, e, false, now);
	return e != NULL;
}

static bool
add(const char *key, int64_t now)
{
	struct lb_entry *e = lb_table_hold(table, text_of(key),
	    LB_TABLE_MAKE, now);

	if (e != NULL)
		lb_table_drop(table, e, true, now);
	return e != NULL;
}

START_TEST(the_oldest_makes_room)
{
	make(2, 0, false);
	ck_assert(add("a", 1) && add("b", 2) && add("a", 3) && add("c", 4));
	ck_assert(has("a", 5) && has("c", 5) && !has("b", 5));
	ck_assert_uint_eq(lb_table_used(table), 2);
	lb_table_free(&table);
}
END_TEST

START_TEST(a_held_one_stays)
{
	struct lb_entry *e;
	bool in_use;

	make(1, 5 * S, false);
	e = lb_table_hold(table, TEXT("a"), LB_TABLE_MAKE, 0);
	ck_assert(!add("b", 1));
	lb_table_expire(table, 100 * S);
	ck_assert(has("a", 100 * S));
	ck_assert(!lb_table_remove(table, TEXT("a"), &in_use) && in_use);
	lb_table_drop(table, e, true, 100 * S);
	ck_assert(add("b", 100 * S) && !has("a", 100 * S));
	ck_assert(lb_table_remove(table, TEXT("b"), &in_use) && !in_use);
	ck_assert_uint_eq(lb_table_used(table), 0);
	lb_table_free(&table);
}
END_TEST

START_TEST(nopurge_refuses)
{
	make(1, 0, true);
	ck_assert(add("a", 1) && !add("b", 2) && add("a", 3) && has("a", 4));
	lb_table_free(&table);
}
END_TEST

START_TEST(a_life_begins_anew_with_each_use)
{
	make(10, 5 * S, false);
	add("a", 0);
	add("b", 3 * S);
	ck_assert(add("a", 4 * S) && has("a", 8 * S));
	lb_table_expire(table, 8 * S);
	ck_assert_uint_eq(lb_table_used(table), 1);
	ck_assert(!has("b", 8 * S) && !has("a", 9 * S));
	ck_assert_uint_eq(lb_table_used(table), 0);
	lb_table_free(&table);
}
END_TEST

START_TEST(a_rate_slides)
{
	struct lb_entry *e;
	uint64_t n;

	make(1, 0, false);
	e = lb_table_hold(table, TEXT("a"), LB_TABLE_MAKE, 100 * S);
	for (int i = 0; i < 8; i++)
		lb_table_add(table, e, LB_STORE_CONN_RATE, 0, 1, 100 * S, &n);
	ck_assert_uint_eq(n, 8);
	ck_assert(lb_table_read(table, e, LB_STORE_CONN_RATE, 0, 109 * S,
	    &n) && n == 8);
	ck_assert(lb_table_read(table, e, LB_STORE_CONN_RATE, 0, 115 * S,
	    &n) && n == 4);
	lb_table_add(table, e, LB_STORE_CONN_RATE, 0, 1, 115 * S, &n);
	ck_assert_uint_eq(n, 5);
	ck_assert(lb_table_read(table, e, LB_STORE_CONN_RATE, 0, 140 * S,
	    &n) && n == 0);
	ck_assert(!lb_table_read(table, e, LB_STORE_GPC0, 0, 0, &n));
	ck_assert(!lb_table_add(table, e, LB_STORE_GPC, 3, 1, 0, &n));
	ck_assert(lb_table_add(table, e, LB_STORE_GPC, 2, 7, 0, &n));
	ck_assert(lb_table_add(table, e, LB_STORE_GPC, 2, -9, 0, &n) &&
	    n == 0);
	lb_table_free(&table);
}
END_TEST

START_TEST(tables_travel)
{
	struct lb_table_conf *list[1] = { &conf };
	struct lb_setup setup = { .tables = { list, 1, 1 } };
	int64_t now = clock_now();
	struct lb_entry *e;
	struct lb_table *t;
	char *text = NULL, key[20];
	size_t len = 0;
	uint64_t n;
	FILE *to;

	make(10, 60 * S, false);
	lb_table_free(&table);
	lb_tables_init(&setup);
	t = lb_tables_at(0);
	e = lb_table_hold(t, TEXT("a b"), LB_TABLE_MAKE, now - 20 * S);
	lb_table_add(t, e, LB_STORE_GPC, 1, 5, now, NULL);
	lb_table_add(t, e, LB_STORE_CONN_RATE, 0, 3, now, NULL);
	lb_table_set_server(t, e, 4, "srv 1");
	to = open_memstream(&text, &len);
	lb_tables_export(to);
	fclose(to);
	lb_tables_fini();

	lb_tables_init(&setup);
	ck_assert_uint_eq(lb_tables_import((struct text){ text, len }), 1);
	t = lb_tables_named(TEXT("t"));
	e = lb_table_hold(t, TEXT("a b"), LB_TABLE_LOOK, now);
	ck_assert_ptr_nonnull(e);
	ck_assert(lb_table_read(t, e, LB_STORE_GPC, 1, now, &n) && n == 5);
	ck_assert(lb_table_read(t, e, LB_STORE_CONN_RATE, 0, now, &n) &&
	    n == 3);
	ck_assert_uint_eq(lb_table_server(t, e, key, sizeof key), 4);
	ck_assert_str_eq(key, "srv 1");
	ck_assert_int_le(lb_table_left(t, e, now), 41 * S);
	lb_tables_fini();
	lb_tables_init(&setup);
	ck_assert_uint_eq(lb_tables_import(TEXT("t 3 t\ne 61 1\nt 7 u\n"
	    "e 61 1\ne 6\nnonsense\n\nt 7 t\ne zz 1\ne 61\ne 61 5 x.1=2 "
	    "gpc.99=1 gpc.x=1 conn_rate.0=1\n")), 1);
	lb_tables_fini();
	free(text);
}
END_TEST

UNIT_MAIN("balancer/table", the_oldest_makes_room, a_held_one_stays,
    nopurge_refuses, a_life_begins_anew_with_each_use, a_rate_slides,
    tables_travel)
