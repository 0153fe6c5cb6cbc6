/* SPDX-License-Identifier: ISC */
/*
 * command.h - rows of commands that an operator may give over a socket: how
 * a line of them comes apart, which row it asks for, what help prints.
 * Constant rows; a line is the caller's and changed in place. Pure; any
 * thread.
 */
#ifndef WEIR_CONF_COMMAND_H
#define WEIR_CONF_COMMAND_H

#include "base/text.h"

enum { COMMAND_WORDS = 64, COMMAND_HELP_WIDTH = 40 };

struct talk;			/* with whom; the daemon's own */

struct command_line {		/* one command, as words */
	unsigned count;
	char *at[COMMAND_WORDS + 1];	/* at[count] is "" */
	struct text payload;	/* lines that came behind it, or none */
};

struct command {
	const char *words;	/* "show servers state" */
	const char *usage;	/* what follows: "[<backend>]", or NULL */
	const char *help;	/* one line; NULL: it is not shown */
	int level;		/* least one that may give it */
	void (*run)(struct talk *, const struct command_line *);
};

/*
 * Takes the first command off a line: up to a ';' that has no '\' in front.
 * NULL: nothing is left. What it gives ends in NUL.
 */
char	*command_next(char **line);
/*
 * Its words: parted by blanks; '\' takes the next character as it is.
 * -1: more than COMMAND_WORDS.
 */
int	command_split(char *command, struct command_line *);
/*
 * Does a line end in "<<" or "<<END"? Then the word is cut off it, and end is
 * what the last line of the payload reads ("": an empty one).
 */
bool	command_has_payload(char *line, const char **end);

/* How many words of the row the line begins with, when it has all; else 0. */
unsigned command_match(const struct command *, const struct command_line *);
/* The rows of a table end with words NULL. The longest match, or NULL. */
const struct command *command_find(const struct command *rows,
	    const struct command_line *);

/* "show servers conn [<backend>]           : dump ..." into buf. */
int	command_show(const struct command *, char *buf, size_t room);
/*
 * How little a line looks like a row: 0 when what was typed are its first
 * words; small when a word is misspelt.
 */
unsigned command_distance(const struct command *,
	    const struct command_line *);

#endif
