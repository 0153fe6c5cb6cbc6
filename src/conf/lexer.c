/* SPDX-License-Identifier: ISC */
/* lexer.c - see lexer.h. Pure; any thread. */
#include "conf/lexer.h"

static enum lexer_kind
read_quoted(struct lexer *l)
{
	size_t len = 0;

	for (size_t i = 1; i < l->rest.len; i++) {
		if (l->rest.at[i] != '"') {
			l->scratch[len++] = l->rest.at[i];
			continue;
		}
		if (i + 1 < l->rest.len && l->rest.at[i + 1] == '"') {
			l->scratch[len++] = l->rest.at[i++];
			continue;
		}
		l->word = (struct text){ l->scratch, len };
		l->rest = text_from(l->rest, i + 1);
		return LEXER_QUOTED;
	}
	return LEXER_BROKEN;
}

static enum lexer_kind
read_word(struct lexer *l)
{
	struct text t = { l->rest.at, 0 };

	while (t.len < l->rest.len && !text_is_space(t.at[t.len]) &&
	    strchr("\",#", t.at[t.len]) == NULL)
		t.len++;
	if (t.len == 0)				/* a NUL */
		return LEXER_BROKEN;
	l->word = t;
	l->rest = text_from(l->rest, t.len);
	return LEXER_WORD;
}

enum lexer_kind
lexer_next(struct lexer *l)
{
	if (l->kind == LEXER_BROKEN)
		return LEXER_BROKEN;
	while (l->rest.len > 0 && text_is_space(l->rest.at[0]))
		l->rest = text_from(l->rest, 1);
	if (l->rest.len == 0 || l->rest.at[0] == '#')
		l->kind = LEXER_END;
	else if (l->rest.at[0] == '"')
		l->kind = read_quoted(l);
	else if (l->rest.at[0] == ',') {
		l->rest = text_from(l->rest, 1);
		l->kind = LEXER_COMMA;
	} else
		l->kind = read_word(l);
	return l->kind;
}

void
lexer_start(struct lexer *l, struct text line, char *scratch)
{
	*l = (struct lexer){ line, scratch, LEXER_END, { scratch, 0 } };
	lexer_next(l);
}

bool
lexer_is(const struct lexer *l, const char *word)
{
	return l->kind == LEXER_WORD && text_is(l->word, word);
}
