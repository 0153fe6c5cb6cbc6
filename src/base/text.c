/* SPDX-License-Identifier: ISC */
/* text.c - compare, trim and split borrowed slices. Pure; any thread. */
#include <strings.h>

#include "base/text.h"

bool
text_is(struct text t, const char *s)
{
	return text_same(t, text_of(s));
}

bool
text_is_nocase(struct text t, const char *s)
{
	return t.len == strlen(s) &&
	    (t.len == 0 || strncasecmp(t.at, s, t.len) == 0);
}

bool
text_begins(struct text t, const char *s)
{
	size_t len = strlen(s);

	return t.len >= len && (len == 0 || memcmp(t.at, s, len) == 0);
}

bool
text_ends(struct text t, const char *s)
{
	size_t len = strlen(s);

	return t.len >= len &&
	    (len == 0 || memcmp(t.at + t.len - len, s, len) == 0);
}

int
text_compare(struct text a, struct text b)
{
	size_t len = a.len < b.len ? a.len : b.len;
	int c = len == 0 ? 0 : memcmp(a.at, b.at, len);

	return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

struct text
text_trim(struct text t)
{
	while (t.len > 0 && text_is_space(t.at[0]))
		t = text_from(t, 1);
	while (t.len > 0 && text_is_space(t.at[t.len - 1]))
		t.len--;
	return t;
}

bool
text_word(struct text *rest, const char *seps, struct text *word)
{
	size_t start = 0, end;

	while (start < rest->len && strchr(seps, rest->at[start]) != NULL &&
	    rest->at[start] != '\0')
		start++;
	end = start;
	while (end < rest->len &&
	    (rest->at[end] == '\0' || strchr(seps, rest->at[end]) == NULL))
		end++;
	*word = (struct text){ rest->at + start, end - start };
	*rest = text_from(*rest, end);
	return word->len > 0;
}

bool
text_split(struct text *rest, char sep, struct text *piece)
{
	const char *cut;

	if (rest->at == NULL)
		return false;
	cut = rest->len == 0 ? NULL : memchr(rest->at, sep, rest->len);
	if (cut == NULL) {
		*piece = *rest;
		*rest = TEXT_NONE;
	} else {
		*piece = (struct text){ rest->at, (size_t)(cut - rest->at) };
		*rest = text_from(*rest, piece->len + 1);
	}
	return true;
}
