/* SPDX-License-Identifier: ISC */
/*
 * columns_test.c - the table of columns against what readers count on: who
 * stands where, in which rows, and what "show stat" may ask for.
 */
#include "balancer/columns.h"
#include "unit.h"

START_TEST(places_are_fixed)
{
	static const struct { unsigned at; const char *name; } rows[] = {
		{ 0, "pxname" }, { 1, "svname" }, { 4, "scur" },
		{ 17, "status" }, { 32, "type" }, { 36, "check_status" },
		{ 55, "lastsess" }, { 73, "addr" }, { 82, "dses" },
		{ 89, "src_ilim" }, { 102, "agg_check_status" },
		{ 117, "resbout" }, { 118, "-" }, { 119, "ssl_sess" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_str_eq(lb_columns[rows[i].at].column.name,
		    rows[i].name);
	ck_assert_uint_eq(lb_columns_count, 124);
}
END_TEST

START_TEST(each_is_whole)
{
	for (unsigned i = 0; i < lb_columns_count; i++) {
		const struct field *f = &lb_columns[i];

		if (f->tags == NULL)
			continue;
		ck_assert_uint_eq(strlen(f->tags), 4);
		ck_assert(strchr("MSKCP", f->tags[0]) != NULL);
		ck_assert(strchr("AaCDGLMmNORT", f->tags[1]) != NULL);
		ck_assert(strchr("PSsC", f->tags[2]) != NULL);
		ck_assert(strchr("VP", f->tags[3]) != NULL);
		ck_assert(f->where != 0 && f->where <= LB_ROW_ALL);
		ck_assert(f->help[0] != '\0');
		ck_assert_ptr_eq(lb_columns_find(f->column.name), f);
	}
}
END_TEST

static int
ask(struct lb_columns *a, const char *line)
{
	struct text rest = text_of(line), words[16];
	unsigned n = 0;

	while (n < 16 && text_word(&rest, " ", &words[n]))
		n++;
	lb_columns_init(a);
	return lb_columns_ask(a, words, n);
}

START_TEST(reads_what_is_asked)
{
	struct lb_columns a;

	ck_assert_int_eq(ask(&a, ""), 0);
	ck_assert_int_eq(a.rows.proxy, -1);
	ck_assert_uint_eq(a.rows.kinds, LB_ROW_ALL);
	ck_assert_int_eq(a.form, LB_FORM_CSV);
	ck_assert_int_eq(ask(&a, "3 4 2 typed desc"), 0);
	ck_assert_int_eq(a.rows.proxy, 3);
	ck_assert_uint_eq(a.rows.kinds, LB_ROW_SERVER);
	ck_assert_int_eq(a.rows.object, 2);
	ck_assert_int_eq(a.form, LB_FORM_TYPED);
	ck_assert(a.help);
	ck_assert_int_eq(ask(&a, "-1 -1 -1 json up no-maint"), 0);
	ck_assert_int_eq(a.rows.proxy, -1);
	ck_assert_uint_eq(a.rows.kinds, LB_ROW_ALL);
	ck_assert_int_eq(a.rows.object, -1);
	ck_assert(a.rows.up && a.rows.no_maint);
	ck_assert_int_eq(a.form, LB_FORM_JSON);
	ck_assert_int_eq(ask(&a, "nosuch 1 1"), -1);
	ck_assert_int_eq(ask(&a, "up no-maint typed"), 0);
	ck_assert(a.rows.up && a.rows.no_maint && a.rows.proxy == -1);
}
END_TEST

START_TEST(nothing_is_a_head)
{
	struct sheet out = { .len = 0 };
	struct lb_columns a;

	lb_columns_init(&a);
	ck_assert(!lb_columns_step(&a, &out, 10));
	ck_assert(text_begins(sheet_all(&out), "# pxname,svname,"));
	ck_assert(text_ends(sheet_all(&out), ",\n"));
	ck_assert(!lb_columns_step(&a, &out, 10));
	sheet_fini(&out);
	lb_columns_init(&a);
	a.form = LB_FORM_JSON;
	ck_assert(!lb_columns_step(&a, &out, 10));
	ck_assert(text_is(sheet_all(&out), "[]\n"));
	sheet_fini(&out);
}
END_TEST

UNIT_MAIN("balancer/columns", places_are_fixed, each_is_whole,
    reads_what_is_asked, nothing_is_a_head)
