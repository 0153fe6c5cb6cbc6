/* SPDX-License-Identifier: ISC */
/* reader_test.c - words, quotes, variables and blocks of lines. */
#include <stdio.h>

#include "balancer/reader.h"
#include "unit.h"

static char out[4096];		/* "LINE[a|b]" of each line */
static char said[4096];

static const char *
look(void *arg, const char *name)
{
	return strcmp(name, "A") == 0 ? "one" :
	    strcmp(name, "L") == 0 ? " x  y " :
	    strcmp(name, "E") == 0 ? "" : NULL;
}

static void
on_line(void *arg, const struct lb_words *w)
{
	size_t len = strlen(out);

	len += (size_t)snprintf(out + len, sizeof out - len, "%u[",
	    w->place.line);
	for (unsigned i = 0; i < w->count; i++)
		len += (size_t)snprintf(out + len, sizeof out - len, "%s%s",
		    i == 0 ? "" : "|", w->at[i]);
	snprintf(out + len, sizeof out - len, "]");
}

static void
tell(void *arg, enum lb_report_level level, const char *text)
{
	const char *place = strstr(text, "[f:");
	size_t len = strlen(said);

	snprintf(said + len, sizeof said - len, "%c%u ", "DNWA"[level],
	    place == NULL ? 0 : (unsigned)strtoul(place + 3, NULL, 10));
}

static const char *
lines_of(const char *text)
{
	struct lb_source source = { .getenv = look };
	struct lb_source_text t = { "f", text_of(text), false };
	struct lb_report report = { .tell = tell };
	struct arena *arena = arena_new();
	struct lb_reader r = { .arena = arena, .report = &report,
	    .source = &source, .section = "sect", .line = on_line };

	out[0] = said[0] = '\0';
	lb_reader_read(&r, &t);
	arena_free(&arena);
	return out;
}

START_TEST(splits_words)
{
	static const struct {
		const char *line, *words;
	} rows[] = {
		{ "a b\tc\n", "1[a|b|c]" }, { "  a  \n", "1[a]" },
		{ "\n\na\n", "3[a]" }, { "a # b\n", "1[a]" },
		{ "a#b\n", "1[a]" }, { "# a\n", "" }, { "a \\# b\n",
		    "1[a|#|b]" },
		{ "a\\ b c\n", "1[a b|c]" }, { "a\\\\b\n", "1[a\\b]" },
		{ "a\\tb\\nc\\r\n", "1[a\tb\nc\r]" },
		{ "\\x41\\x4a\n", "1[AJ]" }, { "a\\qb\n", "1[a\\qb]" },
		{ "'a b' c\n", "1[a b|c]" }, { "'a\\nb'\n", "1[a\\nb]" },
		{ "\"a b\"c\n", "1[a bc]" }, { "\"\"\n", "1[]" },
		{ "a '' b\n", "1[a||b]" }, { "'a\"b'\n", "1[a\"b]" },
		{ "\"a'b\"\n", "1[a'b]" }, { "\"a\\\"b\"\n", "1[a\"b]" },
		{ "\"a#b\"\n", "1[a#b]" }, { "a\r\n", "1[a]" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_str_eq(lines_of(rows[i].line), rows[i].words);
		ck_assert_str_eq(said, "");
	}
}
END_TEST

START_TEST(puts_variables_in)
{
	static const struct {
		const char *line, *words;
	} rows[] = {
		{ "\"$A\"\n", "1[one]" }, { "\"${A}x\"\n", "1[onex]" },
		{ "$A ${A}\n", "1[$A|${A}]" }, { "'$A'\n", "1[$A]" },
		{ "\"\\$A\"\n", "1[$A]" }, { "\"${N}\"\n", "1[]" },
		{ "\"${N-d e}\"\n", "1[d e]" }, { "\"${E-d}\"\n", "1[]" },
		{ "\"${L}\"\n", "1[ x  y ]" }, { "a \"${L[*]}\" b\n",
		    "1[a|x|y|b]" },
		{ "\"${.FILE}:${.LINE}:${.SECTION}\"\n", "1[f:1:sect]" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_str_eq(lines_of(rows[i].line), rows[i].words);
		ck_assert_str_eq(said, "");
	}
}
END_TEST

START_TEST(tells_what_is_wrong_and_goes_on)
{
	static const char *const bad[] = { "\"a\n", "'a\n", "\\x4\n",
	    "\\xzz\n", "\"${A\"\n", "\"$\"\n", "\"${1}\"\n" };

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		char text[64];

		snprintf(text, sizeof text, "%sb\n", bad[i]);
		ck_assert_str_eq(lines_of(text), "2[b]");
		ck_assert_str_eq(said, "A1 ");
	}
}
END_TEST

START_TEST(warns_of_a_missing_newline)
{
	ck_assert_str_eq(lines_of("a\nb"), "1[a]2[b]");
	ck_assert_str_eq(said, "W2 ");
	ck_assert_str_eq(lines_of(""), "");
	ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(follows_blocks)
{
	static const struct {
		const char *text, *lines, *said;
	} rows[] = {
		{ ".if 1\na\n.else\nb\n.endif\nc\n", "2[a]6[c]", "" },
		{ ".if 0\na\n.else\nb\n.endif\nc\n", "4[b]6[c]", "" },
		{ ".if 0\na\n.elif 1\nb\n.elif 1\nc\n.else\nd\n.endif\n",
		    "4[b]", "" },
		{ ".if 1\na\n.elif x(\nb\n.endif\n", "2[a]", "" },
		{ ".if 0\n.if x(\na\n.else\nb\n.endif\n.else\nc\n.endif\n",
		    "8[c]", "" },
		{ ".if 1\na\n", "2[a]", "A2 " },
		{ ".endif\na\n", "", "A1 " }, { ".else\na\n", "", "A1 " },
		{ ".elif 1\na\n", "", "A1 " },
		{ ".if 1\n.else\n.else\na\n", "", "A3 " },
		{ ".if 1\n.else\n.elif 1\na\n", "", "A3 " },
		{ ".if nope(1)\na\n.endif\n", "", "A1 " },
		{ ".notice a\n.warning b\n.diag c\nd\n", "4[d]",
		    "N1 W2 D3 " },
		{ ".alert a\nb\n", "", "A1 " },
		{ ".if 0\n.alert a\n.endif\nb\n", "4[b]", "" },
		{ ".alert a b\n", "", "A1 " }, { ".foo\n", "1[.foo]", "" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		ck_assert_str_eq(lines_of(rows[i].text), rows[i].lines);
		ck_assert_str_eq(said, rows[i].said);
	}
}
END_TEST

START_TEST(bounds_words_and_blocks)
{
	char text[8192];
	size_t len = 0;

	for (unsigned i = 0; i <= LB_READER_WORDS; i++)
		len += (size_t)snprintf(text + len, sizeof text - len, "a ");
	text[len++] = '\n';
	text[len] = '\0';
	ck_assert_str_eq(lines_of(text), "");
	ck_assert_str_eq(said, "A1 ");
	len = 0;
	for (unsigned i = 0; i < 70; i++)
		len += (size_t)snprintf(text + len, sizeof text - len,
		    ".if 1\n");
	lines_of(text);
	ck_assert_str_eq(said, "A65 ");
}
END_TEST

UNIT_MAIN("balancer/reader", splits_words, puts_variables_in,
    tells_what_is_wrong_and_goes_on, warns_of_a_missing_newline,
    follows_blocks, bounds_words_and_blocks)
