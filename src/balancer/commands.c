/* SPDX-License-Identifier: ISC */
/*
 * commands.c - finds commands in the tables, helps who does not know them.
 * Loop 0.
 */
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "balancer/commands.h"
#include "balancer/commands_rows.h"
#include "base/number.h"

enum { MOST_ROWS = 256, NEAR = 4 };

static void run_help(struct talk *, const struct command_line *);

static const struct command help[] = {
	{ "help", "[<command>]", "list matching or all commands",
	    LB_LEVEL_USER, run_help },
	{ NULL, NULL, NULL, 0, NULL }
};

static const struct command *const tables[] = {
	help,
	lb_commands_talk,
	lb_commands_show,
	lb_commands_sess,
	lb_commands_support,
	lb_commands_server,
	lb_commands_proxy,
	lb_commands_lists,
	lb_commands_ssl,
	lb_commands_crtlist,
	lb_commands_wait,
	lb_commands_sockets,
	lb_commands_table,
	lb_commands_var,
};

/* ---- all rows, sorted -------------------------------------------------- */

static const struct command *rows[MOST_ROWS];
static unsigned row_count;

/* These stand at the end of each list, whatever is asked for. */
static bool
is_last(const struct command *c)
{
	static const char *const words[] = { "help", "prompt", "quit" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		if (strcmp(words[i], c->words) == 0)
			return true;
	return false;
}

static int
compare_rows(const void *a, const void *b)
{
	const struct command *const *x = a, *const *y = b;

	if (is_last(*x) != is_last(*y))
		return is_last(*x) ? 1 : -1;
	return strcmp((*x)->words, (*y)->words);
}

static void
gather_rows(void)
{
	if (row_count > 0)
		return;
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++)
		for (const struct command *c = tables[i];
		    c->words != NULL && row_count < MOST_ROWS; c++)
			rows[row_count++] = c;
	qsort(rows, row_count, sizeof *rows, compare_rows);
}

const struct command *
lb_commands_at(unsigned i)
{
	gather_rows();
	return i < row_count ? rows[i] : NULL;
}

void
lb_commands_list(FILE *to, bool man)
{
	static const char *const levels[] = { "user", "operator", "admin" };

	gather_rows();
	for (unsigned i = 0; i < row_count; i++) {
		const struct command *c = rows[i];

		if (c->help == NULL)
			continue;
		fprintf(to, man ? ".It Ic %s Ar %s\n%s: %s.\n" :
		    "%s\t%s\t%s\t%s\n", c->words, c->usage != NULL ?
		    c->usage : man ? "\\&" : "", levels[c->level], c->help);
	}
}

/* ---- help -------------------------------------------------------------- */

static void
show_row(struct talk *t, const struct command *c)
{
	char line[512];

	if (c->help == NULL || c->level > (int)lb_talk_level(t))
		return;
	command_show(c, line, sizeof line);
	lb_talk_print(t, "  %s\n", line);
}

/* Without words all of them; with words those that begin so, or are near. */
static void
show_rows(struct talk *t, const struct command_line *l, unsigned near)
{
	unsigned d;

	gather_rows();
	for (unsigned i = 0; i < row_count; i++) {
		d = l->count == 0 || is_last(rows[i]) ? 0 :
		    command_distance(rows[i], l);
		if (d <= near)
			show_row(t, rows[i]);
	}
}

/* The least distance of a row that may be given. */
static unsigned
find_nearest(const struct talk *t, const struct command_line *l)
{
	unsigned best = NEAR, d;

	gather_rows();
	for (unsigned i = 0; i < row_count; i++) {
		if (is_last(rows[i]) || rows[i]->help == NULL ||
		    rows[i]->level > (int)lb_talk_level(t))
			continue;
		d = command_distance(rows[i], l);
		if (d < best)
			best = d;
	}
	return best;
}

static void
run_help(struct talk *t, const struct command_line *l)
{
	struct command_line rest = *l;

	rest.count--;
	memmove(rest.at, rest.at + 1, rest.count * sizeof *rest.at);
	lb_talk_put(t, TEXT("The following commands are valid at this "
	    "level:\n"));
	show_rows(t, &rest, find_nearest(t, &rest));
}

static void
refuse_unknown(struct talk *t, const struct command_line *l)
{
	if (l->count == 0)
		lb_talk_put(t, TEXT("Unknown command. Please enter one of "
		    "the following commands only:\n"));
	else
		lb_talk_print(t, "Unknown command: '%.100s', but maybe one of "
		    "the following ones is a better match:\n", l->at[0]);
	show_rows(t, l, find_nearest(t, l));
}

/* ---- running ----------------------------------------------------------- */

/* "@1", "@!PID": for this process, as the master's socket has it. */
static bool
is_address(const char *word)
{
	int64_t n;

	if (word[0] != '@')
		return false;
	if (word[1] == '!')
		return number_int(text_of(word + 2), 10, 1, INT32_MAX, &n,
		    NULL) == 0 && n == getpid();
	return strcmp(word, "@1") == 0;
}

static const struct command *
find_row(const struct command_line *l)
{
	const struct command *best = NULL, *c;

	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		c = command_find(tables[i], l);
		if (c != NULL && (best == NULL ||
		    command_match(c, l) > command_match(best, l)))
			best = c;
	}
	return best;
}

void
lb_commands_run(struct talk *t, const struct command_line *given)
{
	struct command_line l = *given;
	const struct command *c;

	if (l.count > 1 && is_address(l.at[0])) {
		l.count--;
		memmove(l.at, l.at + 1, (l.count + 1) * sizeof *l.at);
	}
	c = find_row(&l);
	if (c == NULL)
		refuse_unknown(t, &l);
	else if (c->level > (int)lb_talk_level(t))
		lb_talk_refuse(t, "Permission denied");
	else
		c->run(t, &l);
}
