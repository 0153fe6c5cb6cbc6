/* SPDX-License-Identifier: ISC */
/* ini_test.c - the ini dialect as calls, written down one per line. */
#include <stdio.h>

#include "conf/ini.h"
#include "unit.h"

static char seen[8192];
static size_t used;
static int stop_after;		/* calls until one says -1; 0: never */

static int
write_down(const char *what, struct text a, struct text b,
    const struct ini_place *at)
{
	used += (size_t)snprintf(seen + used, sizeof seen - used,
	    "%s:%u %s[%.*s][%.*s]\n", at->file, at->line, what, TEXT_ARG(a),
	    TEXT_ARG(b));
	return stop_after > 0 && --stop_after == 0 ? -1 : 0;
}

static int
on_section(void *arg, struct text name, const struct ini_place *at)
{
	return write_down("section", name, TEXT_NONE, at);
}

static int
on_pair(void *arg, struct text key, struct text value,
    const struct ini_place *at)
{
	return write_down("pair", key, value, at);
}

static int
on_include(void *arg, struct text path, const struct ini_place *at)
{
	return write_down("include", path, TEXT_NONE, at);
}

static int
on_broken(void *arg, const struct ini_place *at)
{
	return write_down("broken", TEXT_NONE, TEXT_NONE, at);
}

static const struct ini_reader to = {
	NULL, on_section, on_pair, on_include, on_broken
};

static int
read_it(struct text t)
{
	used = 0;
	seen[0] = '\0';
	return ini_read("f", t, &to);
}

static const struct {
	const char *ini, *seen;
} cases[] = {
	{ "", "" },
	{ "  \n\t\r\n", "" },
	{ "[a]\nb = c\n", "f:1 section[a][]\nf:2 pair[b][c]\n" },
	{ "[a]\r\nb = c d \r\n", "f:1 section[a][]\nf:2 pair[b][c d]\n" },
	{ "a=b", "f:1 pair[a][b]\n" },
	{ "a=", "f:1 pair[a][]\n" },
	{ "a = \nb=1", "f:1 pair[a][]\nf:2 pair[b][1]\n" },
	{ "a=b;c # d", "f:1 pair[a][b;c # d]\n" },
	{ " ; x = y\n  # z\nA.b-c_*9 = 1", "f:3 pair[A.b-c_*9][1]\n" },
	{ "* = host=x", "f:1 pair[*][host=x]\n" },
	{ "'it is; [x]' = 1", "f:1 pair[it is; [x]][1]\n" },
	{ "'' = 1\na=1", "f:1 broken[][]\nf:2 pair[a][1]\n" },
	{ "'a\n' = 1", "f:1 broken[][]\nf:2 broken[][]\n" },
	{ "[a] b = c\n", "f:1 section[a][]\nf:1 pair[b][c]\n" },
	{ "[a] [b] ; c\n", "f:1 section[a][]\nf:1 section[b][]\n" },
	{ "[a] junk\n", "f:1 section[a][]\nf:1 broken[][]\n" },
	{ "[a\nb=1\n", "f:1 broken[][]\n" },
	{ "[a\n]\n[b]\nc=1", "f:1 broken[][]\nf:3 section[b][]\n"
	    "f:4 pair[c][1]\n" },
	{ "[ a ]", "f:1 section[ a ][]\n" },
	{ "[]", "f:1 section[][]\n" },
	{ "= 1", "f:1 broken[][]\n" },
	{ "a b = 1", "f:1 broken[][]\n" },
	{ "a\"b = 1", "f:1 broken[][]\n" },
	{ "a\n= 1", "f:1 broken[][]\nf:2 broken[][]\n" },
	{ "a =\n1", "f:1 pair[a][]\nf:2 broken[][]\n" },
	{ "a = b\rc", "f:1 pair[a][b\rc]\n" },
	{ "%include x y \n", "f:1 include[x y][]\n" },
	{ "  %include\tx", "f:1 include[x][]\n" },
	{ "%include   \n", "f:1 include[][]\n" },
	{ "%include\nx=1", "f:1 broken[][]\nf:2 pair[x][1]\n" },
	{ "%includex", "f:1 broken[][]\n" },
	{ "%other x", "f:1 broken[][]\n" },
	{ "\xef\xbb\xbf[a]", "f:1 broken[][]\n" },
};

START_TEST(reads_every_form)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		ck_assert_int_eq(read_it(text_of(cases[i].ini)), 0);
		ck_assert_msg(strcmp(seen, cases[i].seen) == 0,
		    "%s\ngave\n%s", cases[i].ini, seen);
	}
}
END_TEST

START_TEST(nul_breaks_a_line)
{
	read_it(TEXT("a = b\0c\nd\0 = 1\ne = 2\n[x\0]\n"));
	ck_assert_str_eq(seen, "f:1 broken[][]\nf:2 broken[][]\n"
	    "f:3 pair[e][2]\nf:4 section[x][]\n");
}
END_TEST

START_TEST(a_call_can_stop_it)
{
	for (int n = 1; n <= 4; n++) {
		stop_after = n;
		ck_assert_int_eq(read_it(TEXT("[a]\nb\nc=1\n%include d\n")),
		    -1);
	}
	stop_after = 0;
}
END_TEST

START_TEST(a_line_has_a_limit)
{
	size_t len = INI_LINE_MOST + 100;
	char *big = malloc(len);

	memset(big, 'x', len);
	memcpy(big, "a = ", 4);
	memcpy(big + len - 7, "\nb = 2\n", 7);
	ck_assert_int_eq(read_it((struct text){ big, len }), 0);
	ck_assert_str_eq(seen, "f:1 broken[][]\nf:2 pair[b][2]\n");
	big[1000] = '\n';
	big[1001] = ';';
	read_it((struct text){ big, len });
	ck_assert_int_eq(strncmp(seen, "f:1 pair[a][xxx", 15), 0);
	free(big);
}
END_TEST

UNIT_MAIN("conf/ini", reads_every_form, nul_breaks_a_line,
    a_call_can_stop_it, a_line_has_a_limit)
