/* SPDX-License-Identifier: ISC */
/*
 * lexer.h - words of one line in the manner of pg_hba.conf: separated by
 * white space, "quoted with "" inside", commas as words of their own, # to
 * the end is a comment. Pure; any thread.
 */
#ifndef WEIR_CONF_LEXER_H
#define WEIR_CONF_LEXER_H

#include "base/text.h"

enum lexer_kind {
	LEXER_QUOTED, LEXER_WORD, LEXER_COMMA, LEXER_BROKEN, LEXER_END
};

struct lexer {
	struct text rest;
	char *scratch;		/* room for the longest line */
	enum lexer_kind kind;	/* of the word last read */
	struct text word;	/* stays that of the last word at other kinds */
};

/* Starts and reads the first word. */
void	lexer_start(struct lexer *, struct text line, char *scratch);
enum lexer_kind lexer_next(struct lexer *);
/* Is it this unquoted word? */
bool	lexer_is(const struct lexer *, const char *word);

#endif
