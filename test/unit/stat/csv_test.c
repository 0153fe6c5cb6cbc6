/* SPDX-License-Identifier: ISC */
/*
 * csv_test.c - one table of fields, written as CSV, as typed lines and as
 * JSON: places, quotes, what a row has not, and no memory.
 */
#include <stdio.h>

#include "base/mem.h"
#include "stat/csv.h"
#include "stat/json.h"
#include "stat/typed.h"
#include "unit.h"

struct thing {
	const char *name;
	uint64_t count;
	int64_t age;
};

static void
put_name(struct cell *c, const void *row)
{
	cell_text(c, ((const struct thing *)row)->name);
}

static void
put_count(struct cell *c, const void *row)
{
	cell_count(c, ((const struct thing *)row)->count);
}

static void
put_age(struct cell *c, const void *row)
{
	cell_int(c, ((const struct thing *)row)->age);
}

static void
put_none(struct cell *c, const void *row)
{
	cell_none(c);
}

static const struct field fields[] = {
	{ { "name", COLUMN_TEXT, put_name }, 3, "KNSV", "its name" },
	{ { "count", COLUMN_U64, put_count }, 1, "MCPP", "how many" },
	{ { "-", COLUMN_TEXT, put_none }, 0, NULL, NULL },
	{ { "age", COLUMN_INT4, put_age }, 3, "MAPP", "how old" },
};

static struct sheet out;

static void
begin(void)
{
	sheet_fini(&out);
}

static struct record
record_of(const struct thing *t, unsigned kind)
{
	return (struct record){ kind, 'S', "Server", 7, 2, t };
}

#define SAYS(text)	ck_assert_msg(text_is(sheet_all(&out), text),	\
			    "%.*s", TEXT_ARG(sheet_all(&out)))

START_TEST(writes_lines_with_commas)
{
	struct thing t = { "a", 18446744073709551615u, -1 };
	struct record r = record_of(&t, 1);

	begin();
	csv_head(&out, fields, 4);
	csv_row(&out, fields, 4, &r);
	r.where = 2;
	csv_row(&out, fields, 4, &r);
	SAYS("# name,count,-,age,\na,18446744073709551615,-,-1,\n"
	    "a,,-,-1,\n");
}
END_TEST

START_TEST(quotes_what_needs_it)
{
	static const char *const names[][2] = {
		{ "a,b", "\"a,b\"" }, { "a\"b", "\"a\"\"b\"" },
		{ "a\nb", "\"a\nb\"" }, { "a\rb", "\"a\rb\"" },
		{ "a b;", "a b;" }, { "", "" },
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct thing t = { names[i][0], 1, 1 };
		struct record r = record_of(&t, 1);
		char want[64];

		snprintf(want, sizeof want, "%s,1,-,1,\n", names[i][1]);
		begin();
		csv_row(&out, fields, 4, &r);
		SAYS(want);
	}
}
END_TEST

START_TEST(writes_a_value_a_line)
{
	struct thing t = { "a", 5, 6 };
	struct record r = record_of(&t, 2);

	begin();
	typed_row(&out, fields, 4, &r, false);
	SAYS("S.7.2.0.name.1:KNSV:str:a\nS.7.2.2.age.1:MAPP:s32:6\n\n");
	begin();
	r.where = 1;
	typed_row(&out, fields, 2, &r, true);
	SAYS("S.7.2.0.name.1:KNSV:str:a:\"its name\"\n"
	    "S.7.2.1.count.1:MCPP:u64:5:\"how many\"\n\n");
}
END_TEST

START_TEST(writes_an_object_a_value)
{
	struct thing t = { "a\"\\\n\x80z", 5, 6 };
	struct record r = record_of(&t, 2);

	begin();
	json_row(&out, fields, 1, &r);
	SAYS("[{\"objType\":\"Server\",\"proxyId\":7,\"id\":2,\"field\":"
	    "{\"pos\":0,\"name\":\"name\"},\"processNum\":1,\"tags\":"
	    "{\"origin\":\"Key\",\"nature\":\"Name\",\"scope\":\"Service\"},"
	    "\"value\":{\"type\":\"str\",\"value\":"
	    "\"a\\\"\\\\\\u000a\\ufffdz\"}}]");
}
END_TEST

START_TEST(keeps_lawful_utf8)
{
	static const char *const same[] = { "\xc3\xa4", "\xe2\x82\xac",
	    "\xf0\x9f\x90\x98" };
	static const char *const not[] = { "\xc0\x80", "\xed\xa0\x80",
	    "\xf5\x80\x80\x80", "\xe2\x82" };
	char want[32];

	for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
		begin();
		json_text(&out, text_of(same[i]));
		snprintf(want, sizeof want, "\"%s\"", same[i]);
		SAYS(want);
	}
	for (size_t i = 0; i < sizeof not / sizeof *not; i++) {
		begin();
		json_text(&out, text_of(not[i]));
		ck_assert(memmem(out.at, out.len, "\\ufffd", 6) != NULL);
		for (size_t n = 0; n < out.len; n++)
			ck_assert(out.at[n] > 0);
	}
}
END_TEST

START_TEST(is_spoiled_without_memory)
{
	begin();
	sheet_text(&out, "a");
	mem_fail_at(1);
	for (int i = 0; i < 10000; i++)
		sheet_print(&out, "%d,", i);
	ck_assert(out.spoiled);
	mem_fail_at(0);
	sheet_text(&out, "more");
	ck_assert(out.at[out.len - 1] != 'e');
	sheet_clear(&out);
	sheet_count(&out, 12);
	SAYS("12");
	sheet_fini(&out);
}
END_TEST

UNIT_MAIN("stat/csv", writes_lines_with_commas, quotes_what_needs_it,
    writes_a_value_a_line, writes_an_object_a_value, keeps_lawful_utf8,
    is_spoiled_without_memory)
