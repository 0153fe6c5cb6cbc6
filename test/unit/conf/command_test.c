/* SPDX-License-Identifier: ISC */
/* command_test.c - lines of commands, and which row they ask for. */
#include <stdio.h>

#include "conf/command.h"
#include "unit.h"

static const struct command rows[] = {
	{ "show info", "[typed]", "the process", 0, NULL },
	{ "show servers state", "[<bk>]", "servers", 0, NULL },
	{ "show servers conn", NULL, "connections", 0, NULL },
	{ "clear counters", NULL, "maxima", 1, NULL },
	{ "clear counters all", NULL, "all of them", 2, NULL },
	{ "set server", "<bk>/<srv> [a long list of what can be set of it]",
	    "one", 2, NULL },
	{ "quit", NULL, "leave", 0, NULL },
	{ NULL, NULL, NULL, 0, NULL }
};

static const struct {
	const char *line, *words;
} cuts[] = {
	{ "", "" },
	{ " \t ", "" },
	{ "a", "a|" },
	{ "  show   info ", "show|info|" },
	{ "a\tb", "a|b|" },
	{ "a\\ b c", "a b|c|" },
	{ "a\\\\b", "a\\b|" },
	{ "a\\;b", "a;b|" },
	{ "a\\", "a\\|" },
	{ "\"a b\"", "\"a|b\"|" },
};

static void
split(const char *line, char *room, size_t size, struct command_line *l)
{
	snprintf(room, size, "%s", line);
	ck_assert_int_eq(command_split(room, l), 0);
}

START_TEST(cuts_words)
{
	for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
		char room[64], seen[64] = "";
		struct command_line l;
		size_t used = 0;

		split(cuts[i].line, room, sizeof room, &l);
		for (unsigned k = 0; k < l.count; k++)
			used += (size_t)snprintf(seen + used,
			    sizeof seen - used, "%s|", l.at[k]);
		ck_assert_str_eq(seen, cuts[i].words);
		for (unsigned k = l.count; k <= COMMAND_WORDS; k++)
			ck_assert_str_eq(l.at[k], "");
	}
}
END_TEST

START_TEST(refuses_too_many_words)
{
	char most[2 * COMMAND_WORDS + 1], more[2 * COMMAND_WORDS + 3];
	struct command_line l;

	for (unsigned i = 0; i < sizeof more - 1; i++)
		more[i] = i % 2 == 0 ? 'a' : ' ';
	more[sizeof more - 1] = '\0';
	memcpy(most, more, sizeof most - 1);
	most[sizeof most - 1] = '\0';
	ck_assert_int_eq(command_split(most, &l), 0);
	ck_assert_uint_eq(l.count, COMMAND_WORDS);
	ck_assert_int_eq(command_split(more, &l), -1);
}
END_TEST

START_TEST(takes_commands_off_a_line)
{
	char room[] = "a b;c\\;d;;e\\", *line = room;

	ck_assert_str_eq(command_next(&line), "a b");
	ck_assert_str_eq(command_next(&line), "c\\;d");
	ck_assert_str_eq(command_next(&line), "");
	ck_assert_str_eq(command_next(&line), "e\\");
	ck_assert_ptr_null(line);
	ck_assert_ptr_null(command_next(&line));
}
END_TEST

static const struct {
	const char *line, *left, *end;	/* end NULL: no payload */
} payloads[] = {
	{ "set map a", "set map a", NULL },
	{ "set map a <<", "set map a ", "" },
	{ "set map a << \t", "set map a ", "" },
	{ "set map a <<END", "set map a ", "END" },
	{ "<<", "", "" },
	{ "a<<", "a<<", NULL },
	{ "a << b", "a << b", NULL },
	{ "", "", NULL },
};

START_TEST(sees_payloads)
{
	for (size_t i = 0; i < sizeof payloads / sizeof *payloads; i++) {
		const char *end = NULL;
		char room[64];

		snprintf(room, sizeof room, "%s", payloads[i].line);
		ck_assert_int_eq(command_has_payload(room, &end),
		    payloads[i].end != NULL);
		ck_assert_str_eq(room, payloads[i].left);
		if (payloads[i].end != NULL)
			ck_assert_str_eq(end, payloads[i].end);
	}
}
END_TEST

static const struct {
	const char *line, *words;	/* NULL: nobody's */
} finds[] = {
	{ "show info", "show info" },
	{ "show info typed desc", "show info" },
	{ "show servers state x", "show servers state" },
	{ "show servers", NULL },
	{ "show", NULL },
	{ "Show info", NULL },
	{ "clear counters", "clear counters" },
	{ "clear counters foo", "clear counters" },
	{ "clear counters all", "clear counters all" },
	{ "quit now", "quit" },
	{ "", NULL },
};

START_TEST(finds_rows)
{
	for (size_t i = 0; i < sizeof finds / sizeof *finds; i++) {
		struct command_line l;
		const struct command *c;
		char room[64];

		split(finds[i].line, room, sizeof room, &l);
		c = command_find(rows, &l);
		if (finds[i].words == NULL)
			ck_assert_ptr_null(c);
		else
			ck_assert_str_eq(c->words, finds[i].words);
	}
}
END_TEST

START_TEST(shows_rows)
{
	char line[200];

	command_show(&rows[0], line, sizeof line);
	ck_assert_str_eq(line,
	    "show info [typed]                       : the process");
	command_show(&rows[6], line, sizeof line);
	ck_assert_str_eq(line,
	    "quit                                    : leave");
	command_show(&rows[5], line, sizeof line);
	ck_assert_str_eq(line, "set server <bk>/<srv> [a long list of what "
	    "can be set of it]: one");
}
END_TEST

static const struct {
	const char *line, *near, *far;	/* the first is nearer */
} distances[] = {
	{ "show", "show info", "quit" },
	{ "shwo info", "show info", "show servers conn" },
	{ "show inf", "show info", "show servers state" },
	{ "show servers stat", "show servers state", "show servers conn" },
	{ "qit", "quit", "show info" },
	{ "set servr a/b", "set server", "clear counters" },
};

static unsigned
distance_to(const char *words, const struct command_line *l)
{
	for (const struct command *c = rows; c->words != NULL; c++)
		if (strcmp(c->words, words) == 0)
			return command_distance(c, l);
	ck_abort_msg("no such row: %s", words);
}

START_TEST(finds_what_was_meant)
{
	for (size_t i = 0; i < sizeof distances / sizeof *distances; i++) {
		struct command_line l;
		char room[64];

		split(distances[i].line, room, sizeof room, &l);
		ck_assert_uint_lt(distance_to(distances[i].near, &l),
		    distance_to(distances[i].far, &l));
		ck_assert_uint_lt(distance_to(distances[i].near, &l), 5);
	}
}
END_TEST

UNIT_MAIN("conf/command", cuts_words, refuses_too_many_words,
    takes_commands_off_a_line, sees_payloads, finds_rows, shows_rows,
    finds_what_was_meant)
