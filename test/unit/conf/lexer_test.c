/* SPDX-License-Identifier: ISC */
/* lexer_test.c - words of a line. */
#include <stdio.h>

#include "conf/lexer.h"
#include "unit.h"

static const struct {
	const char *line, *words;	/* w: word, q: quoted, ',' '!' end: $ */
} cases[] = {
	{ "", "$" },
	{ "  # all", "$" },
	{ "a\tb  c\r", "wa wb wc $" },
	{ "a,b , c", "wa , wb , wc $" },
	{ "a#b", "wa $" },
	{ "\"a b\"c", "qa b wc $" },
	{ "a\"b\"", "wa qb $" },
	{ "\"a\"\"b\" \"\"", "qa\"b q $" },
	{ "\"#,\"", "q#, $" },
	{ "a \"b", "wa !" },
};

START_TEST(cuts_words)
{
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		char scratch[64], seen[128] = "";
		size_t used = 0;
		struct lexer l;

		lexer_start(&l, text_of(cases[i].line), scratch);
		for (; l.kind != LEXER_END && l.kind != LEXER_BROKEN;
		    lexer_next(&l))
			if (l.kind == LEXER_COMMA)
				used += (size_t)snprintf(seen + used,
				    sizeof seen - used, ", ");
			else
				used += (size_t)snprintf(seen + used,
				    sizeof seen - used, "%c%.*s ",
				    l.kind == LEXER_WORD ? 'w' : 'q',
				    TEXT_ARG(l.word));
		snprintf(seen + used, sizeof seen - used, "%c",
		    l.kind == LEXER_END ? '$' : '!');
		ck_assert_msg(strcmp(seen, cases[i].words) == 0,
		    "%s gave %s", cases[i].line, seen);
	}
}
END_TEST

START_TEST(stays_at_the_end)
{
	char scratch[16];
	struct lexer l;

	lexer_start(&l, TEXT("a"), scratch);
	ck_assert(lexer_is(&l, "a"));
	ck_assert_int_eq(lexer_next(&l), LEXER_END);
	ck_assert_int_eq(lexer_next(&l), LEXER_END);
	ck_assert(text_is(l.word, "a"));	/* the last one stays */
	lexer_start(&l, TEXT("\"a b"), scratch);
	ck_assert_int_eq(l.kind, LEXER_BROKEN);
	ck_assert_int_eq(lexer_next(&l), LEXER_BROKEN);
	lexer_start(&l, TEXT("\0"), scratch);
	ck_assert_int_eq(l.kind, LEXER_BROKEN);
	lexer_start(&l, TEXT("\"a\""), scratch);
	ck_assert(!lexer_is(&l, "a"));		/* quoted is no keyword */
}
END_TEST

UNIT_MAIN("conf/lexer", cuts_words, stays_at_the_end)
