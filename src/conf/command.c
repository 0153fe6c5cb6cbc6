/* SPDX-License-Identifier: ISC */
/* command.c - lines of commands, and rows that they ask for. Pure. */
#include <stdio.h>

#include "conf/command.h"

enum { FAR = 100, LONGEST = 31 };

/* ---- lines ------------------------------------------------------------- */

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

char *
command_next(char **line)
{
	char *start = *line, *c;

	if (start == NULL)
		return NULL;
	for (c = start; *c != '\0' && *c != ';'; c++)
		if (*c == '\\' && c[1] != '\0')
			c++;
	if (*c == '\0')
		*line = NULL;
	else {
		*c = '\0';
		*line = c + 1;
	}
	return start;
}

/* One word, its escapes undone in place; where reading goes on. */
static char *
cut_word(char *c)
{
	char *to = c;

	while (*c != '\0' && !is_blank(*c)) {
		if (*c == '\\' && c[1] != '\0')
			c++;
		*to++ = *c++;
	}
	if (*c != '\0')
		c++;
	*to = '\0';
	return c;
}

int
command_split(char *c, struct command_line *l)
{
	static char none[1];

	l->count = 0;
	l->payload = TEXT_NONE;
	for (;;) {
		while (is_blank(*c))
			c++;
		if (*c == '\0')
			break;
		if (l->count == COMMAND_WORDS)
			return -1;
		l->at[l->count++] = c;
		c = cut_word(c);
	}
	for (unsigned i = l->count; i <= COMMAND_WORDS; i++)
		l->at[i] = none;
	return 0;
}

bool
command_has_payload(char *line, const char **end)
{
	char *last = line + strlen(line);

	while (last > line && is_blank(last[-1]))
		*--last = '\0';
	while (last > line && !is_blank(last[-1]))
		last--;
	if (strncmp(last, "<<", 2) != 0)
		return false;
	/* Cut in front of it: the text of 'end' stays behind the NUL. */
	*last = '\0';
	*end = last + 2;
	return true;
}

/* ---- rows -------------------------------------------------------------- */

/* The next word of a row's name; false: there is none. */
static bool
next_word(struct text *rest, struct text *word)
{
	return text_word(rest, " ", word);
}

unsigned
command_match(const struct command *c, const struct command_line *l)
{
	struct text rest = text_of(c->words), word;
	unsigned n = 0;

	while (next_word(&rest, &word)) {
		if (n >= l->count || !text_is(word, l->at[n]))
			return 0;
		n++;
	}
	return n;
}

const struct command *
command_find(const struct command *rows, const struct command_line *l)
{
	const struct command *best = NULL;
	unsigned most = 0, n;

	for (const struct command *c = rows; c->words != NULL; c++) {
		n = command_match(c, l);
		if (n > most) {
			most = n;
			best = c;
		}
	}
	return best;
}

int
command_show(const struct command *c, char *buf, size_t room)
{
	int len = (int)strlen(c->words) +
	    (c->usage != NULL ? (int)strlen(c->usage) + 1 : 0);
	int pad = len < COMMAND_HELP_WIDTH ? COMMAND_HELP_WIDTH - len : 0;

	return snprintf(buf, room, "%s%s%s%*s: %s", c->words,
	    c->usage != NULL ? " " : "", c->usage != NULL ? c->usage : "",
	    pad, "", c->help != NULL ? c->help : "");
}

/* ---- misspelt ones ----------------------------------------------------- */

static unsigned
least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Letters to be changed, put in, left out. */
static unsigned
spell_distance(struct text a, struct text b)
{
	unsigned row[LONGEST + 1], corner, above;

	if (a.len > LONGEST || b.len > LONGEST)
		return FAR;
	for (size_t k = 0; k <= b.len; k++)
		row[k] = (unsigned)k;
	for (size_t i = 0; i < a.len; i++) {
		corner = row[0];
		row[0] = (unsigned)i + 1;
		for (size_t k = 0; k < b.len; k++) {
			above = row[k + 1];
			row[k + 1] = least(corner + (a.at[i] != b.at[k]),
			    least(above, row[k]) + 1);
			corner = above;
		}
	}
	return row[b.len];
}

/* A word that was begun is near; one misspelt by a third is not far. */
static unsigned
word_distance(struct text typed, struct text word)
{
	unsigned d;

	if (typed.len <= word.len && memcmp(typed.at, word.at, typed.len) == 0)
		return typed.len == word.len ? 0 : 1;
	d = spell_distance(typed, word);
	return d * 2 <= word.len ? d + 1 : FAR;
}

unsigned
command_distance(const struct command *c, const struct command_line *l)
{
	struct text rest = text_of(c->words), word;
	unsigned sum = 0, n = 0, d;

	for (; n < l->count && next_word(&rest, &word); n++) {
		d = word_distance(text_of(l->at[n]), word);
		/* The first words are what counts: arguments follow. */
		if (d >= FAR)
			return n == 0 ? FAR : sum + 10;
		sum += d;
	}
	return sum;
}
