/* SPDX-License-Identifier: ISC */
/*
 * portal_test.c - parse and Bind of the console's extended protocol, good
 * and broken.
 */
#include <stdio.h>

#include "pooler/portal.h"
#include "unit.h"

static struct pl_portals all;
static struct pl_portal_fault fault;

#define PARSE(body)	pl_portal_parse(&all, TEXT(body), &fault)
#define BIND(body)	pl_portal_bind(&all, TEXT(body), &fault)

START_TEST(binds_a_statement)
{
	const struct pl_portal *p;

	pl_portal_init(&all);
	ck_assert_int_eq(PARSE("s\0PAUSE $1\0\0\1\0\0\0\x17"), 0);
	ck_assert_uint_eq(pl_portal_statement(&all, TEXT("s"))->params, 1);
	ck_assert_uint_eq(pl_portal_statement(&all, TEXT("s"))->types[0], 23);
	ck_assert_int_eq(BIND("p\0s\0" "\0\1\0\1" "\0\1\0\0\0\4\0\0\0\7"
	    "\0\0"), 0);
	p = pl_portal_find(&all, TEXT("p"));
	ck_assert_str_eq(p->order.arg, "7");
	ck_assert_uint_eq(p->binary, 0);
	pl_portal_close(&all, 'S', TEXT("s"));
	ck_assert_ptr_null(pl_portal_statement(&all, TEXT("s")));
	ck_assert_ptr_eq(pl_portal_find(&all, TEXT("p")), p);
	ck_assert(text_is(p->order.text, "PAUSE $1"));
	pl_portal_fini(&all);
	ck_assert_uint_eq(all.portal_count + all.statement_count, 0);
}
END_TEST

START_TEST(reads_result_formats)
{
	pl_portal_init(&all);
	ck_assert_int_eq(PARSE("\0SHOW LISTS\0\0\0"), 0);
	ck_assert_int_eq(BIND("\0\0\0\0\0\0\0\1\0\1"), 0);
	ck_assert_uint_eq(pl_portal_find(&all, TEXT(""))->binary, UINT32_MAX);
	ck_assert_int_eq(BIND("\0\0\0\0\0\0\0\2\0\0\0\1"), 0);
	ck_assert_uint_eq(pl_portal_find(&all, TEXT(""))->binary, 2);
	ck_assert_int_eq(BIND("\0\0\0\0\0\0\0\1\0\2"), -1);
	pl_portal_fini(&all);
}
END_TEST

START_TEST(uses_a_name_once)
{
	pl_portal_init(&all);
	ck_assert_int_eq(PARSE("s\0RELOAD\0\0\0"), 0);
	ck_assert_int_eq(PARSE("s\0RELOAD\0\0\0"), -1);
	ck_assert_str_eq(fault.code, "42P05");
	ck_assert_int_eq(PARSE("\0RELOAD\0\0\0"), 0);
	ck_assert_int_eq(PARSE("\0SHOW VERSION\0\0\0"), 0);
	ck_assert_uint_eq(all.statement_count, 2);
	ck_assert_int_eq(BIND("p\0s\0\0\0\0\0\0\0"), 0);
	ck_assert_int_eq(BIND("p\0s\0\0\0\0\0\0\0"), -1);
	ck_assert_str_eq(fault.code, "42P03");
	ck_assert_int_eq(BIND("q\0none\0\0\0\0\0\0\0"), -1);
	ck_assert_str_eq(fault.code, "26000");
	pl_portal_end_all(&all);
	ck_assert_uint_eq(all.portal_count, 0);
	ck_assert_uint_eq(all.statement_count, 2);
	pl_portal_fini(&all);
}
END_TEST

START_TEST(refuses_what_is_no_command)
{
	pl_portal_init(&all);
	ck_assert_int_eq(PARSE("\0select 1\0\0\0"), -1);
	ck_assert_int_eq(fault.order, PL_ORDER_INVALID);
	ck_assert(text_is(fault.text, "select 1"));
	ck_assert_int_eq(PARSE("\0 ; ;\0\0\0"), -1);
	ck_assert_int_eq(fault.order, PL_ORDER_INVALID);
	ck_assert_int_eq(PARSE("\0 ; \0\0\0"), 0);
	ck_assert(pl_portal_statement(&all, TEXT(""))->empty);
	ck_assert_int_eq(PARSE("\0aaaaaaaaaaaaaaaaaaaa\0\0\0"), -1);
	ck_assert_int_eq(fault.order, PL_ORDER_LONG);
	ck_assert_int_eq(PARSE("\0PAUSE $1\0\0\0"), 0);
	ck_assert_int_eq(BIND("\0\0\0\0\0\1\xff\xff\xff\xff\0\0"), -1);
	ck_assert_int_eq(fault.order, PL_ORDER_INVALID);
	ck_assert_int_eq(BIND("\0\0\0\0\0\0\0\0"), -1);
	ck_assert_int_eq(fault.order, PL_ORDER_INVALID);
	pl_portal_fini(&all);
}
END_TEST

/* Every shorter body is refused, none is read past its end. */
START_TEST(refuses_broken_bodies)
{
	static const char bind[] = "p\0s\0" "\0\1\0\0" "\0\1\0\0\0\1a" "\0\1\0\0";
	static const char parse[] = "t\0PAUSE $1\0\0\1\0\0\0\x19";

	pl_portal_init(&all);
	ck_assert_int_eq(PARSE("s\0PAUSE $1\0\0\0"), 0);
	for (size_t n = 0; n < sizeof bind - 1; n++)
		ck_assert_int_eq(pl_portal_bind(&all, (struct text){ bind, n },
		    &fault), -1);
	for (size_t n = 0; n < sizeof parse - 1; n++)
		ck_assert_int_eq(pl_portal_parse(&all,
		    (struct text){ parse, n }, &fault), -1);
	ck_assert_uint_eq(all.portal_count, 0);
	ck_assert_uint_eq(all.statement_count, 1);
	ck_assert_int_eq(pl_portal_bind(&all, (struct text){ bind,
	    sizeof bind - 1 }, &fault), 0);
	pl_portal_fini(&all);
}
END_TEST

START_TEST(bounds_their_number)
{
	char body[64];
	int n;

	pl_portal_init(&all);
	for (int i = 0; i < PL_PORTAL_MOST; i++) {
		n = snprintf(body, sizeof body, "s%d%cRELOAD%c%c%c", i, 0, 0,
		    0, 0);
		ck_assert_int_eq(pl_portal_parse(&all,
		    (struct text){ body, (size_t)n }, &fault), 0);
	}
	ck_assert_int_eq(PARSE("more\0RELOAD\0\0\0"), -1);
	ck_assert_str_eq(fault.code, "54000");
	pl_portal_close(&all, 'S', TEXT("s7"));
	ck_assert_int_eq(PARSE("more\0RELOAD\0\0\0"), 0);
	pl_portal_fini(&all);
}
END_TEST

UNIT_MAIN("pooler/portal", binds_a_statement, reads_result_formats,
    uses_a_name_once, refuses_what_is_no_command, refuses_broken_bodies,
    bounds_their_number)
