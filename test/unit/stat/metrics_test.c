/* SPDX-License-Identifier: ISC */
/*
 * metrics_test.c - heads, labels and values of series; texts and numbers of
 * pages.
 */
#include "stat/html.h"
#include "stat/metrics.h"
#include "unit.h"

static struct sheet out;

#define SAYS(text)	do {						\
	ck_assert_msg(text_is(sheet_all(&out), text), "%.*s",		\
	    TEXT_ARG(sheet_all(&out)));					\
	sheet_fini(&out);						\
} while (0)

START_TEST(heads_know_counters)
{
	metrics_head(&out, "a_", "b_total", "how many");
	SAYS("# HELP a_b_total how many\n# TYPE a_b_total counter\n");
	metrics_head(&out, "a_", "b", "how many");
	SAYS("# HELP a_b how many\n# TYPE a_b gauge\n");
}
END_TEST

START_TEST(labels_are_escaped)
{
	metrics_label(&out, "a", TEXT("x"));
	metrics_label(&out, "b", TEXT("q\"\\\nz"));
	SAYS("a=\"x\",b=\"q\\\"\\\\\\nz\"");
}
END_TEST

START_TEST(values_have_labels_or_none)
{
	metrics_value(&out, "p_", "n", TEXT("a=\"1\""), TEXT("5"));
	SAYS("p_n{a=\"1\"} 5\n");
	metrics_value(&out, "p_", "n", TEXT_NONE, TEXT_NONE);
	SAYS("p_n NaN\n");
	metrics_thousandths(&out, "p_", "n", TEXT_NONE, 12034);
	SAYS("p_n 12.034000\n");
}
END_TEST

START_TEST(pages_are_safe)
{
	html_text(&out, TEXT("<a href='x'>&\"b\""));
	SAYS("&lt;a href=&#39;x&#39;&gt;&amp;&quot;b&quot;");
}
END_TEST

START_TEST(numbers_are_grouped)
{
	html_count(&out, 999);
	SAYS("999");
	html_count(&out, 1234567);
	SAYS("<span class=\"g\">1</span><span class=\"g\">234</span>567");
}
END_TEST

START_TEST(ages_have_two_units)
{
	static const struct { uint64_t age; const char *text; } rows[] = {
		{ 0, "0s" }, { 59, "59s" }, { 60, "1m" }, { 61, "1m1s" },
		{ 3600, "1h" }, { 3660, "1h1m" }, { 3601, "1h" },
		{ 90000, "1d1h" }, { 86400 * 400u, "400d" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		html_age(&out, rows[i].age);
		SAYS(rows[i].text);
	}
}
END_TEST

UNIT_MAIN("stat/metrics", heads_know_counters, labels_are_escaped,
    values_have_labels_or_none, pages_are_safe, numbers_are_grouped,
    ages_have_two_units)
