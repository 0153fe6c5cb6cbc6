/* SPDX-License-Identifier: ISC */
/*
 * order_test.c - what is a statement of the console, what is none, and what
 * is too long.
 */
#include "pooler/order.h"
#include "unit.h"

static const struct {
	const char *text;
	const char *cmd, *arg, *value;	/* value NULL: none was given */
} good[] = {
	{ "SHOW VERSION", "SHOW", "VERSION", NULL },
	{ "\tshow\nversion\n;\n", "show", "version", NULL },
	{ "PAUSE", "PAUSE", "", NULL },
	{ "PAUSE;", "PAUSE", "", NULL },
	{ "  PAUSE  ;  ", "PAUSE", "", NULL },
	{ "\"SHOW\" \"x\"\"y\"", "SHOW", "x\"y", NULL },
	{ "DISABLE \"\"", "DISABLE", "", NULL },
	{ "RESUME \"My Base\";", "RESUME", "My Base", NULL },
	{ "SET a=b", "SET", "a", "b" },
	{ "set a = b ;", "set", "a", "b" },
	{ "SET a TO b", "SET", "a", "b" },
	{ "SET  a  to  'it''s b'", "SET", "a", "it's b" },
	{ "SET a=''", "SET", "a", "" },
	{ "SET a=\"b\"", "SET", "a", "b" },
	{ "SET \"a\"='x;y'", "SET", "a", "x;y" },
	{ "SET to=to", "SET", "to", "to" },
	{ "SET a", "SET", "a", NULL },
	{ "KILL_CLIENT 12", "KILL_CLIENT", "12", NULL },
};

START_TEST(takes_apart)
{
	struct pl_order o;

	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		ck_assert_msg(pl_order_parse(text_of(good[i].text), false,
		    &o) == PL_ORDER_FINE, "%s", good[i].text);
		ck_assert_str_eq(o.cmd, good[i].cmd);
		ck_assert_str_eq(o.arg, good[i].arg);
		ck_assert_int_eq(o.has_value, good[i].value != NULL);
		ck_assert_str_eq(o.value,
		    good[i].value != NULL ? good[i].value : "");
		ck_assert_uint_eq(pl_order_params(&o), 0);
	}
}
END_TEST

static const char *const bad[] = {
	"", ";", " ; ", ";;", "SHOW VERSION;;", "SHOW VERSION ; x",
	"SHOW a b", "SHOW a-b", "SHOW 'a'", "SHOW\"a\"", "PAUSE a;b",
	"SHOW a=b", "SHOW \"a", "SET a=b c", "SET a=", "SET a TO", "SET a=b.c",
	"SET a='b", "SET a=-1", "SET a TOb", "SET a b", "SET aTO b",
	"SET =b", "SELECT version()", "-- x", "/* x */ SHOW x", "SHOW $1",
	"SET a=$1", "SHOW \xc3\xa9",
};

START_TEST(refuses_other_forms)
{
	struct pl_order o;

	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		ck_assert_msg(pl_order_parse(text_of(bad[i]), false, &o) ==
		    PL_ORDER_INVALID, "%s", bad[i]);
}
END_TEST

/* before, n times x, after */
static enum pl_order_fault
parse_long(const char *before, size_t n, const char *after)
{
	char line[600];
	struct pl_order o;
	size_t at = strlen(before);

	memcpy(line, before, at);
	memset(line + at, 'x', n);
	memcpy(line + at + n, after, strlen(after));
	return pl_order_parse((struct text){ line, at + n + strlen(after) },
	    false, &o);
}

START_TEST(knows_its_lengths)
{
	ck_assert_int_eq(parse_long("", 15, ""), PL_ORDER_FINE);
	ck_assert_int_eq(parse_long("", 16, ""), PL_ORDER_LONG);
	ck_assert_int_eq(parse_long("SHOW ", 63, ""), PL_ORDER_FINE);
	ck_assert_int_eq(parse_long("SHOW ", 64, ""), PL_ORDER_LONG);
	ck_assert_int_eq(parse_long("PAUSE \"", 63, "\";"), PL_ORDER_FINE);
	ck_assert_int_eq(parse_long("SET a='", 255, "'"), PL_ORDER_FINE);
	ck_assert_int_eq(parse_long("SET a='", 256, "'"), PL_ORDER_LONG);
	ck_assert_int_eq(parse_long("SET a=", 256, ""), PL_ORDER_LONG);
	/* Nonsense stays nonsense, however long. */
	ck_assert_int_eq(parse_long("SHOW ", 64, " y"), PL_ORDER_INVALID);
}
END_TEST

START_TEST(binds_parameters)
{
	const struct text values[] = { TEXT("one"), TEXT("t'w\"o") };
	struct pl_order o;

	ck_assert_int_eq(pl_order_parse(TEXT("PAUSE $1"), true, &o),
	    PL_ORDER_FINE);
	ck_assert_uint_eq(pl_order_params(&o), 1);
	ck_assert_int_eq(pl_order_fill(&o, values, 2), PL_ORDER_FINE);
	ck_assert_str_eq(o.arg, "one");

	ck_assert_int_eq(pl_order_parse(TEXT("SET $1 = $2;"), true, &o),
	    PL_ORDER_FINE);
	ck_assert_uint_eq(pl_order_params(&o), 2);
	ck_assert_int_eq(pl_order_fill(&o, values, 2), PL_ORDER_FINE);
	ck_assert_str_eq(o.arg, "one");
	ck_assert_str_eq(o.value, "t'w\"o");
	ck_assert_int_eq(pl_order_fill(&o, values, 1), PL_ORDER_INVALID);
	ck_assert_int_eq(pl_order_fill(&o,
	    (const struct text[]){ TEXT_NONE, TEXT_NONE }, 2),
	    PL_ORDER_INVALID);
}
END_TEST

START_TEST(bounds_parameters)
{
	static char big[PL_ORDER_ARG + 1];
	struct pl_order o;

	memset(big, 'x', sizeof big);
	ck_assert_int_eq(pl_order_parse(TEXT("PAUSE $0"), true, &o),
	    PL_ORDER_INVALID);
	ck_assert_int_eq(pl_order_parse(TEXT("PAUSE $17"), true, &o),
	    PL_ORDER_INVALID);
	ck_assert_int_eq(pl_order_parse(TEXT("PAUSE $"), true, &o),
	    PL_ORDER_INVALID);
	ck_assert_int_eq(pl_order_parse(TEXT("$1"), true, &o),
	    PL_ORDER_INVALID);
	ck_assert_int_eq(pl_order_parse(TEXT("PAUSE $1"), true, &o),
	    PL_ORDER_FINE);
	ck_assert_int_eq(pl_order_fill(&o,
	    &(struct text){ big, sizeof big }, 1), PL_ORDER_LONG);
	ck_assert_int_eq(pl_order_fill(&o,
	    &(struct text){ big, sizeof big - 1 }, 1), PL_ORDER_FINE);
}
END_TEST

UNIT_MAIN("pooler/order", takes_apart, refuses_other_forms, knows_its_lengths,
    binds_parameters, bounds_parameters)
