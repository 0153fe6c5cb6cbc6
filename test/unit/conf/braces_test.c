/* SPDX-License-Identifier: ISC */
/* braces_test.c - statements, expansions, includes, their bounds. One thread. */
#include <stdio.h>
#include <time.h>

#include "base/mem.h"
#include "conf/braces.h"
#include "unit.h"

static char said[8192], complaints[8192];
static const char *included;

static int
fetch(void *arg, struct arena *arena, const char *path, struct text *to,
    struct why *why)
{
	if (included == NULL)
		return why_set(why, "no access");
	*to = text_of(arena_copy(arena, text_of(included)));
	return 0;
}

static unsigned
match(void *arg, struct arena *arena, const char *pattern,
    const char ***paths)
{
	if (strstr(pattern, "none") != NULL)
		return 0;
	*paths = arena_get(arena, sizeof **paths);
	(*paths)[0] = pattern;
	return 1;
}

static const char *
variable(void *arg, const char *name)
{
	return strcmp(name, "HOME") == 0 ? "/home" : NULL;
}

static unsigned
draw(void *arg)
{
	return 3;
}

static void
complain(void *arg, enum braces_level level, const struct braces_place *at,
    const char *text)
{
	size_t used = strlen(complaints);

	snprintf(complaints + used, sizeof complaints - used, "%u:%s:%d;",
	    at->line, text, level);
}

/* All items in short: words by /, "{", "}", lines in front. */
static const char *
play(const char *text)
{
	static const struct braces_host host = { .id = "n1", .fetch = fetch,
	    .match = match, .variable = variable, .random = draw,
	    .complain = complain };
	struct arena *arena = arena_new();
	struct braces *b = braces_new(arena, &host, "/d/f", text_of(text));
	const struct braces_item *i;

	said[0] = complaints[0] = '\0';
	while ((i = braces_next(b))->kind != BRACES_END) {
		size_t used = strlen(said);

		used += (size_t)snprintf(said + used, sizeof said - used,
		    "%u", i->place.line);
		if (i->kind != BRACES_WORDS)
			snprintf(said + used, sizeof said - used, "%s ",
			    i->kind == BRACES_OPEN ? "{" : i->extra ? "}}" :
			    "}");
		for (unsigned n = 0; n < i->count; n++, used = strlen(said))
			snprintf(said + used, sizeof said - used, "%c%s%s",
			    n == 0 ? ':' : '/', i->words[n], n + 1 ==
			    i->count ? " " : "");
	}
	arena_free(&arena);
	return said;
}

START_TEST(cuts_statements)
{
	static const struct { const char *text, *items; } rows[] = {
		{ "", "" },
		{ "a b c", "1:a/b/c " },
		{ "a{\n b }", "1:a 1{ 2:b 2} " },
		{ "a\n\n# c\n{ b\n}", "1:a 4{ 4:b 5} " },
		{ "a { b } c", "1:a 1{ 1:b 1} 1:c " },
		{ "a # b\nc ! d\n!e", "1:a 2:c " },
		{ "a \"#b\" c", "1:a/#b/c " },
		{ "a \"b c\" d", "1:a/b c/d " },
		{ "a x\"b c\"y", "1:a/x/b c/y " },
		{ "a 'b c'", "1:a/'b/c' " },
		{ "a '{b'", "1:a/'{b' " },
		{ "a\r\nb\r\n", "1:a 2:b " },
		{ "a;", "1:a; " },
		{ "}", "1}} " },
		{ "{}{", "1{ 1} 1{ " },
		{ "a ${X} b", "1:a/${X}/b " },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ck_assert_str_eq(play(rows[i].text), rows[i].items);
}
END_TEST

START_TEST(expands)
{
	static const struct { const char *text, *items; } rows[] = {
		{ "$X=1\na $X ${X}2 $X2 $Y", "2:a/1/12/$X2/$Y " },
		{ "$X=$Y\n$Y=3\na $X", "3:a/3 " },
		{ "$X= \\\nb 1 \\\nc {\n$X\n}", "4:b/1 4:c 4{ 5} " },
		{ "$X=a \\\nb\n$X", "3:a 3:b " },
		{ "@n1 a\n@n2 b\n@^n1 c\n@^n2 d", "1:a 4:d " },
		{ "@n1 $X=1\n@n2 $X=2\na $X", "3:a/1 " },
		{ "a ${_PWD} ${_INSTANCE} ${_ENV HOME}x", "1:a//d/n1//homex " },
		{ "a ${_HASH}b ${_BANG}", "1:a/#b/! " },
		{ "a ${_RANDOM 5 7} ${_RANDOM}", "1:a/5/3 " },
		{ "~SEQ(v, 3) a $v", "1:a/1 1:a/2 1:a/3 " },
		{ "~SEQ(v, 3, 1) a$v", "1:a3 1:a2 1:a1 " },
		{ "~SEQ(v, 1, 2, 5) a ${v}x", "1:a/1x 1:a/3x 1:a/5x " },
		{ "~SEQx(v, 10, 11) a $v", "1:a/a 1:a/b " },
		{ "~SEQ(v, 2) ~SEQ(w, 2) $v$w", "1:11 1:12 1:21 1:22 " },
		{ "~LST(v, x, y z) a $v", "1:a/x 1:a/y/z " },
		{ "~LST({v,w}, {a,b}, {c,d}) $w$v", "1:ba 1:dc " },
		{ "$B= \\\n a $v \\\n b\n~SEQ(v, 2) $B",
		    "4:a/1 4:b 4:a/2 4:b " },
		{ "$N=2\n~SEQ(v, $N) a $v", "2:a/1 2:a/2 " },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		ck_assert_str_eq(play(rows[i].text), rows[i].items);
		ck_assert_str_eq(complaints, "");
	}
}
END_TEST

START_TEST(includes_files)
{
	included = "b\n";
	ck_assert_str_eq(play("a\ninclude x\nc"), "1:a 1:b 3:c ");
	ck_assert_str_eq(complaints, "");
	ck_assert_str_eq(play("include none*\na"), "2:a ");
	ck_assert_str_eq(complaints, "1:No config files matched "
	    "'none*'.:0;");
	play("includew none*");
	ck_assert_str_eq(complaints, "1:No config files matched "
	    "'none*'.:2;");
	play("includer none");
	ck_assert_str_eq(complaints, "1:Config files missing 'none'.:0;");
	included = NULL;
	play("includer x");
	ck_assert_str_eq(complaints, "1:Unable to open file '/d/x' - no "
	    "access:2;");
	/* A file that asks for itself ends. */
	included = "a\ninclude x\n";
	play("include x");
	ck_assert_ptr_nonnull(strstr(complaints, "more than 16 deep"));
}
END_TEST

START_TEST(is_bounded)
{
	char *many = mem_need(800 * 1000);

	ck_assert_str_eq(play("$X=$X\n$X a\nb"), "3:b ");
	ck_assert_ptr_nonnull(strstr(complaints, "more than 64 deep"));
	play("$A=$B$B\n$B=$A$A\n$A");
	ck_assert_ptr_nonnull(strstr(complaints, "too large"));
	play("~SEQ(a, 99999) ~SEQ(b, 99999) x");
	ck_assert_ptr_nonnull(strstr(complaints, "the rest is not read"));
	for (size_t i = 0; i < 200 * 1000; i++)
		memcpy(many + 2 * i, "\n#", 2);
	play(many);
	mem_drop(many);
}
END_TEST

/* ---- a line of a million characters takes no time worth speaking of */

enum { LONG = 1000 * 1000, SECONDS_MOST = 4 };

static double
cpu_seconds(void)
{
	return (double)clock() / CLOCKS_PER_SEC;
}

static void
read_long(const char *text)
{
	static const struct braces_host host = { .id = "n1", .fetch = fetch,
	    .match = match, .variable = variable, .random = draw,
	    .complain = complain };
	struct arena *arena = arena_new();
	struct braces *b = braces_new(arena, &host, "/d/f", text_of(text));
	double began = cpu_seconds();
	const struct braces_item *i;
	unsigned count;

	said[0] = complaints[0] = '\0';
	while ((i = braces_next(b))->kind != BRACES_END)
		if (i->kind == BRACES_WORDS)
			(void)braces_command(arena, i->rest, &count);
	ck_assert_msg(cpu_seconds() - began < SECONDS_MOST, "%.20s...: %.1f s",
	    text, cpu_seconds() - began);
	arena_free(&arena);
}

static void
read_repeated(const char *head, const char *piece, const char *tail)
{
	char *text = mem_need(LONG + 256), *at = text;

	at += snprintf(at, 64, "%s", head);
	while (at < text + LONG)
		at += snprintf(at, 64, "%s", piece);
	snprintf(at, 64, "%s", tail);
	read_long(text);
	mem_drop(text);
}

START_TEST(takes_long_lines)
{
	static const char *const pieces[] = { "${", "${a", "${_ENV ",
	    "${_ENV a", "${_RANDOM ", "${a}", "${U}", "$", "$a", "x${ ", "{",
	    "}", "a{", "{}", "a{b}", "'", " '", " 'a'", "\"", "\"a\"",
	    " \"a\"", "a ", "a\\ ", "a\\\"", "@n1 ", "~SEQ(a,2) ",
	    "~LST(a,", "a,", "{a},", "# ", "\t" };
	static const char *const heads[] = { "", "$U=${a\n", "a \"",
	    "~LST(x,", "~LST({", "~SEQ(a,3) ", "$L=" };
	static const char *const tails[] = { "", "}", "\"", "'", ") $x$x" };

	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
		read_repeated("", pieces[i], "");
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
		read_repeated(heads[i % 7], pieces[i], tails[i % 5]);
	for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++)
		read_repeated(heads[(i + 3) % 7], pieces[i],
		    tails[(i + 1) % 5]);
}
END_TEST

/* Nothing comes of it, however often the rest is looked through. */
START_TEST(takes_empty_sequences)
{
	char *text = mem_need(LONG + 256), *at = text;

	at += snprintf(at, 64, "~LST(x,");
	while (at < text + LONG / 2)
		at += snprintf(at, 64, "{},");
	at += snprintf(at, 64, "{}) ");
	while (at < text + LONG)
		at += snprintf(at, 64, "${x}");
	read_long(text);
	ck_assert_ptr_nonnull(strstr(complaints, "too large"));
	mem_drop(text);
}
END_TEST

START_TEST(complains)
{
	ck_assert_str_eq(play("a \"b\nc"), "2:c ");
	ck_assert_str_eq(complaints, "1:Unterminated quote 'a \"b':1;"
	    "1:Unmatched quote: 'a \"b':1;");
	ck_assert_str_eq(play("a\n}"), "1:a 2}} ");
	ck_assert_str_eq(complaints, "2:Extra '}' found:1;");
	play("~SEQ(v) a");
	ck_assert_ptr_nonnull(strstr(complaints, "Invalid sequence"));
	play("~SEQ(v, 1, 0, 5) a");
	ck_assert_ptr_nonnull(strstr(complaints, "Invalid sequence"));
	play("~FOO(v, 1) a");
	ck_assert_ptr_nonnull(strstr(complaints, "Invalid sequence"));
}
END_TEST

START_TEST(cuts_commands)
{
	static const struct { const char *text, *words; } rows[] = {
		{ "a b", "a|b|" }, { " a  b ", "a|b|" },
		{ "a 'b c' d", "a|b c|d|" }, { "a \"b c\"d", "a|b cd|" },
		{ "a\\ b", "a b|" }, { "'a\\b'", "a\\b|" },
		{ "a\\x41\\101\\cA", "aAA\001|" }, { "'' x", "|x|" },
		{ "", "" }, { "\"a", "a|" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct arena *arena = arena_new();
		unsigned count;
		const char **words = braces_command(arena, rows[i].text,
		    &count);
		char got[128] = "";

		for (unsigned n = 0; n < count; n++)
			snprintf(got + strlen(got), sizeof got - strlen(got),
			    "%s|", words[n]);
		ck_assert_str_eq(got, rows[i].words);
		ck_assert_ptr_null(words[count]);
		arena_free(&arena);
	}
}
END_TEST

UNIT_MAIN("conf/braces", cuts_statements, expands, includes_files,
    is_bounded, takes_long_lines, takes_empty_sequences, complains, cuts_commands)
