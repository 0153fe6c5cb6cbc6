/* SPDX-License-Identifier: ISC */
/* connstr_test.c - connection strings, good and bad. */
#include <stdio.h>

#include "conf/connstr.h"
#include "unit.h"

static const struct {
	const char *string;
	const char *pairs;	/* "key|value;" each, '!' where it breaks */
} cases[] = {
	{ "", "" },
	{ "   ", "" },
	{ "host=a", "host|a;" },
	{ " host = a  port= 1 ", "host|a;port|1;" },
	{ "host=a\tport=1", "host|a\tport=1;" },
	{ "host==a", "host|=a;" },
	{ "host=a'b", "host|a'b;" },
	{ "host=a''b", "host|a''b;" },
	{ "host='a''b' port=1", "host|a'b;port|1;" },
	{ "host='a b'\tport=1", "host|a b;port|1;" },
	{ "host='a'", "host|a;" },
	{ "host='''' x=1", "host|';x|1;" },
	{ "hos't=1", "hos't|1;" },
	{ "host='a b", "!" },
	{ "host='a'b", "!" },
	{ "host=''", "!" },
	{ "host=", "!" },
	{ "host=a port=", "host|a;!" },
	{ "host", "!" },
	{ "host x=1", "!" },
	{ "=a", "!" },
	{ "host=a, b", "host|a,;!" },
};

START_TEST(reads_pairs)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct text rest = text_of(cases[i].string), key, value;
		char scratch[64], seen[256] = "";
		size_t used = 0;
		int n;

		while ((n = connstr_pair(&rest, &key, &value, scratch)) > 0)
			used += (size_t)snprintf(seen + used,
			    sizeof seen - used, "%.*s|%.*s;", TEXT_ARG(key),
			    TEXT_ARG(value));
		if (n < 0)
			snprintf(seen + used, sizeof seen - used, "!");
		ck_assert_msg(strcmp(seen, cases[i].pairs) == 0,
		    "%s gave %s", cases[i].string, seen);
	}
}
END_TEST

START_TEST(takes_nul_as_a_byte)
{
	struct text rest = TEXT("a=b\0c d='\0'"), key, value;
	char scratch[16];

	ck_assert_int_eq(connstr_pair(&rest, &key, &value, scratch), 1);
	ck_assert(text_same(value, TEXT("b\0c")));
	ck_assert_int_eq(connstr_pair(&rest, &key, &value, scratch), 1);
	ck_assert(text_same(value, TEXT("\0")));
	ck_assert_int_eq(connstr_pair(&rest, &key, &value, scratch), 0);
}
END_TEST

UNIT_MAIN("conf/connstr", reads_pairs, takes_nul_as_a_byte)
