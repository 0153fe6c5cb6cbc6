/* SPDX-License-Identifier: ISC */
/*
 * connstr.c - see connstr.h. Only the blank separates; other white space is
 * part of a value, except one right behind a closing quote. Pure.
 */
#include "conf/connstr.h"

static void
skip_blanks(struct text *t)
{
	while (t->len > 0 && t->at[0] == ' ')
		*t = text_from(*t, 1);
}

static struct text
take_until(struct text *t, const char *stops)
{
	struct text word = { t->at, 0 };

	while (word.len < t->len && (t->at[word.len] == '\0' ||
	    strchr(stops, t->at[word.len]) == NULL))
		word.len++;
	*t = text_from(*t, word.len);
	return word;
}

static bool
take_quoted(struct text *t, struct text *value, char *scratch)
{
	size_t len = 0;

	for (size_t i = 1; i < t->len; i++) {
		if (t->at[i] != '\'') {
			scratch[len++] = t->at[i];
			continue;
		}
		if (i + 1 < t->len && t->at[i + 1] == '\'') {
			scratch[len++] = t->at[i++];
			continue;
		}
		*t = text_from(*t, i + 1);
		*value = (struct text){ scratch, len };
		if (t->len == 0)
			return true;
		if (!text_is_space(t->at[0]))
			return false;
		*t = text_from(*t, 1);
		return true;
	}
	return false;
}

int
connstr_pair(struct text *rest, struct text *key, struct text *value,
    char *scratch)
{
	skip_blanks(rest);
	if (rest->len == 0)
		return 0;
	*key = take_until(rest, " =");
	skip_blanks(rest);
	if (key->len == 0 || rest->len == 0 || rest->at[0] != '=')
		return -1;
	*rest = text_from(*rest, 1);
	skip_blanks(rest);
	if (rest->len > 0 && rest->at[0] == '\'') {
		if (!take_quoted(rest, value, scratch))
			return -1;
	} else
		*value = take_until(rest, " ");
	return value->len > 0 ? 1 : -1;
}
