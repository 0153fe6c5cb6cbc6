/* SPDX-License-Identifier: ISC */
/*
 * text.h - a borrowed slice of bytes: where it starts and how long it is.
 * Not ended by NUL, may hold any byte, owns nothing. Any thread.
 */
#ifndef WEIR_BASE_TEXT_H
#define WEIR_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct text {
	const char *at;
	size_t len;
};

#define TEXT(literal)	((struct text){ "" literal, sizeof(literal) - 1 })
#define TEXT_NONE	((struct text){ NULL, 0 })
/* For printf: "%.*s", TEXT_ARG(t). */
#define TEXT_ARG(t)	(int)(t).len, (t).at == NULL ? "" : (t).at

static inline struct text
text_of(const char *s)
{
	return (struct text){ s, s == NULL ? 0 : strlen(s) };
}

static inline struct text
text_from(struct text t, size_t skip)
{
	return (struct text){ t.at + skip, t.len - skip };
}

static inline bool
text_same(struct text a, struct text b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.at, b.at, a.len) == 0);
}

bool	text_is(struct text, const char *);		/* equal, exact case */
bool	text_is_nocase(struct text, const char *);	/* ASCII case ignored */
bool	text_begins(struct text, const char *);
bool	text_ends(struct text, const char *);
int	text_compare(struct text, struct text);		/* by bytes, as memcmp */
struct text text_trim(struct text);			/* white space, both ends */

/*
 * The next word of *rest separated by any character of seps (runs of them
 * count as one); *rest moves behind it. False when none is left.
 */
bool	text_word(struct text *rest, const char *seps, struct text *word);
/* Cuts *rest at the first sep; the last piece is returned too, then false. */
bool	text_split(struct text *rest, char sep, struct text *piece);

/* White space as the configuration files mean it: blank, \t \n \v \f \r. */
static inline bool
text_is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

#endif
