/* SPDX-License-Identifier: ISC */
/* variables_test.c - interned sets, and the SETs between two of them. */
#include "base/mem.h"
#include "pooler/variables.h"
#include "unit.h"

enum { ENCODING, DATESTYLE, TIMEZONE, STRINGS, APPLICATION, PATH, INTERVAL };

static struct pl_values *from, *to;
static char buf[4096];

static void
begin(void)
{
	pl_variables_init("search_path, IntervalStyle,timezone search_path");
	from = pl_variables_none();
	to = pl_variables_none();
}

static void
put(struct pl_values **set, unsigned which, const char *value)
{
	ck_assert_int_eq(pl_variables_put(set, which, text_of(value)), 0);
}

static const char *
difference(void)
{
	size_t len = pl_variables_difference(from, to, buf, sizeof buf - 1);

	ck_assert_uint_lt(len, sizeof buf);
	buf[len] = '\0';
	return buf;
}

START_TEST(knows_its_names)
{
	begin();
	ck_assert_uint_eq(pl_variables_count(), 7);
	ck_assert_str_eq(pl_variables_name(STRINGS),
	    "standard_conforming_strings");
	ck_assert_str_eq(pl_variables_name(INTERVAL), "IntervalStyle");
	ck_assert_int_eq(pl_variables_find(TEXT("DATESTYLE")), DATESTYLE);
	ck_assert_int_eq(pl_variables_find(TEXT("intervalstyle")), INTERVAL);
	ck_assert_int_eq(pl_variables_find(TEXT("work_mem")), -1);
}
END_TEST

START_TEST(equal_sets_are_one)
{
	begin();
	ck_assert_ptr_eq(from, to);
	put(&from, ENCODING, "UTF8");
	put(&from, APPLICATION, "psql");
	put(&to, APPLICATION, "psql");
	ck_assert_ptr_ne(from, to);
	ck_assert_uint_eq(pl_variables_sets(), 3);
	put(&to, ENCODING, "UTF8");
	ck_assert_ptr_eq(from, to);
	ck_assert_uint_eq(pl_variables_sets(), 2);
	ck_assert(text_is(pl_variables_get(to, ENCODING), "UTF8"));
	ck_assert_ptr_null(pl_variables_get(to, TIMEZONE).at);
	/* Empty is not unset. */
	put(&to, TIMEZONE, "");
	ck_assert_ptr_ne(from, to);
	ck_assert_ptr_nonnull(pl_variables_get(to, TIMEZONE).at);
	ck_assert_int_eq(pl_variables_put(&to, TIMEZONE, TEXT_NONE), 0);
	ck_assert_ptr_eq(from, to);
	pl_variables_drop(&from);
	pl_variables_drop(&to);
	pl_variables_drop(&to);
	ck_assert_uint_eq(pl_variables_sets(), 1);
}
END_TEST

START_TEST(bytes_move_between_values)
{
	begin();
	/* The same bytes, cut elsewhere, are another set. */
	put(&from, ENCODING, "ab");
	put(&from, DATESTYLE, "c");
	put(&to, ENCODING, "a");
	put(&to, DATESTYLE, "bc");
	ck_assert_ptr_ne(from, to);
	put(&to, DATESTYLE, "c");
	put(&to, ENCODING, "ab");
	ck_assert_ptr_eq(from, to);
}
END_TEST

START_TEST(only_what_both_know_and_differs)
{
	begin();
	ck_assert_str_eq(difference(), "");
	put(&to, TIMEZONE, "Europe/Zurich");
	ck_assert_str_eq(difference(), "");
	put(&from, TIMEZONE, "europe/ZURICH");
	put(&from, INTERVAL, "postgres");
	ck_assert_str_eq(difference(), "");
	put(&from, TIMEZONE, "UTC");
	put(&from, APPLICATION, "");
	put(&to, APPLICATION, "my app");
	ck_assert_str_eq(difference(), "SET TimeZone='Europe/Zurich';"
	    "SET application_name='my app';");
}
END_TEST

START_TEST(quotes_values)
{
	static const struct {
		unsigned which;
		const char *value, *set;
	} rows[] = {
		{ APPLICATION, "it's", "SET application_name='it''s';" },
		{ APPLICATION, "a\\b", "SET application_name=E'a\\\\b';" },
		{ APPLICATION, "\\'", "SET application_name=E'\\\\''';" },
		{ APPLICATION, "", "SET application_name='';" },
		{ DATESTYLE, "ISO, MDY", "SET DateStyle='ISO, MDY';" },
		{ PATH, "\"$user\", public",
		    "SET search_path=\"$user\", public;" },
		{ PATH, "\"\"", "SET search_path='';" },
		{ PATH, "", "SET search_path='';" }
	};

	begin();
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		put(&from, rows[i].which, "other");
		put(&to, rows[i].which, rows[i].value);
		ck_assert_str_eq(difference(), rows[i].set);
		put(&from, rows[i].which, rows[i].value);
	}
}
END_TEST

START_TEST(long_values_and_small_buffers)
{
	char value[1001], small[8] = "#######";
	size_t len;

	begin();
	memset(value, '\'', 1000);
	value[1000] = '\0';
	put(&from, APPLICATION, "x");
	put(&to, APPLICATION, value);
	len = strlen(difference());
	ck_assert_uint_eq(len, strlen("SET application_name='';") + 2000);
	ck_assert_uint_eq(pl_variables_difference(from, to, small, 4), len);
	ck_assert_str_eq(small, "SET ###");
	ck_assert_uint_eq(pl_variables_difference(from, to, NULL, 0), len);
}
END_TEST

START_TEST(adopts_what_the_other_knows)
{
	begin();
	put(&from, ENCODING, "UTF8");
	put(&from, TIMEZONE, "Europe/Zurich");
	put(&to, TIMEZONE, "europe/zurich");
	ck_assert_int_eq(pl_variables_adopt(&to, from), 0);
	ck_assert_ptr_eq(to, from);
	put(&to, APPLICATION, "psql");
	put(&from, TIMEZONE, "UTC");
	ck_assert_int_eq(pl_variables_adopt(&to, from), 0);
	ck_assert(text_is(pl_variables_get(to, TIMEZONE), "UTC"));
	ck_assert(text_is(pl_variables_get(to, APPLICATION), "psql"));
	ck_assert_int_eq(pl_variables_adopt(&from, to), 0);
	ck_assert_ptr_eq(to, from);
}
END_TEST

START_TEST(completes_what_is_not_known)
{
	struct pl_values *before;

	begin();
	put(&from, TIMEZONE, "UTC");
	put(&from, APPLICATION, "usual");
	put(&to, APPLICATION, "psql");
	put(&to, ENCODING, "UTF8");
	ck_assert_int_eq(pl_variables_complete(&to, from), 0);
	ck_assert(text_is(pl_variables_get(to, TIMEZONE), "UTC"));
	ck_assert(text_is(pl_variables_get(to, APPLICATION), "psql"));
	ck_assert(text_is(pl_variables_get(to, ENCODING), "UTF8"));
	ck_assert_ptr_null(pl_variables_get(to, DATESTYLE).at);
	before = to;
	ck_assert_int_eq(pl_variables_complete(&to, from), 0);
	ck_assert_ptr_eq(to, before);
}
END_TEST

START_TEST(no_memory)
{
	struct pl_values *before;

	begin();
	put(&to, APPLICATION, "psql");
	before = to;
	mem_fail_at(1);
	ck_assert_int_eq(pl_variables_put(&to, APPLICATION, TEXT("x")), -1);
	mem_fail_at(1);
	ck_assert_int_eq(pl_variables_adopt(&to, from), -1);
	mem_fail_at(0);
	ck_assert_ptr_eq(to, before);
	ck_assert_uint_eq(pl_variables_sets(), 2);
}
END_TEST

UNIT_MAIN("pooler/variables", knows_its_names, equal_sets_are_one,
    bytes_move_between_values, only_what_both_know_and_differs, quotes_values,
    long_values_and_small_buffers, adopts_what_the_other_knows,
    completes_what_is_not_known, no_memory)
