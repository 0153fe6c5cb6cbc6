/* SPDX-License-Identifier: ISC */
/* jsonpath_test.c - values of JSON texts, whole and damaged. */
#include "balancer/jsonpath.h"
#include "base/mem.h"
#include "unit.h"

static const char text[] = "{ \"a\": [1, {\"b\": \"t\\\"o\"}, []], \"n\": -1.5,"
    "\"t\":true,\"f\":false,\"z\":null,\"o\":{\"o\":{\"x\":\"deep\"}}} junk";

static const struct {
	const char *path;
	enum lb_json kind;
	const char *raw;
} rows[] = {
	{ "$.a[0]", LB_JSON_NUMBER, "1" },
	{ "$.a[1].b", LB_JSON_STRING, "t\\\"o" },
	{ "$.a[2]", LB_JSON_ARRAY, "[]" },
	{ "$.a[3]", LB_JSON_NONE, "" },
	{ "$.a[x]", LB_JSON_NONE, "" },
	{ "$.a.b", LB_JSON_NONE, "" },
	{ "$.n", LB_JSON_NUMBER, "-1.5" },
	{ "$.t", LB_JSON_TRUE, "true" },
	{ "$.f", LB_JSON_FALSE, "false" },
	{ "$.z", LB_JSON_NULL, "null" },
	{ "$.o.o", LB_JSON_OBJECT, "{\"x\":\"deep\"}" },
	{ "$.o.o.x", LB_JSON_STRING, "deep" },
	{ "$.none", LB_JSON_NONE, "" },
	{ "a", LB_JSON_NONE, "" },
};

START_TEST(finds_values)
{
	struct text raw;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_int_eq(lb_jsonpath_find(text_of(text), rows[i].path,
		    &raw), rows[i].kind);
		if (rows[i].kind != LB_JSON_NONE)
			ck_assert_msg(text_is(raw, rows[i].raw), "%s",
			    rows[i].path);
	}
	ck_assert_int_eq(lb_jsonpath_find(TEXT("\"x\""), "$", &raw),
	    LB_JSON_STRING);
	ck_assert_int_eq(lb_jsonpath_find(TEXT(""), "$", &raw), LB_JSON_NONE);
}
END_TEST

START_TEST(reads_escapes)
{
	char to[64];
	size_t len = lb_jsonpath_unescape(
	    TEXT("a\\n\\t\\\"\\\\\\/\\u0041\\u00e9\\u20ac\\"), to);

	ck_assert_msg(text_is((struct text){ to, len },
	    "a\n\t\"\\/A\xc3\xa9\xe2\x82\xac\\"), "%.*s", (int)len, to);
}
END_TEST

/* Copies of their exact size: what reads beyond is seen. */
START_TEST(survives_damage)
{
	struct text raw;

	srandom(5);
	for (int i = 0; i < 20000; i++) {
		size_t len = 1 + (size_t)random() % (sizeof text - 1);
		char *broken = mem_copy((struct text){ text, len });
		char *exact = mem_get(len), *to;

		ck_assert(broken != NULL && exact != NULL);
		broken[(size_t)random() % len] = "{}[]\",:\\"[random() % 8];
		memcpy(exact, broken, len);
		for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
			if (lb_jsonpath_find((struct text){ exact, len },
			    rows[k].path, &raw) != LB_JSON_STRING)
				continue;
			to = mem_get(raw.len + 1);
			ck_assert_uint_le(lb_jsonpath_unescape(raw, to),
			    raw.len);
			mem_drop(to);
		}
		mem_drop(exact);
		mem_drop(broken);
	}
}
END_TEST

UNIT_MAIN("balancer/jsonpath", finds_values, reads_escapes, survives_damage)
