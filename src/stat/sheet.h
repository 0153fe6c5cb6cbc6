/* SPDX-License-Identifier: ISC */
/*
 * sheet.h - a text being written: a page, an answer, a part of one. Grows as
 * it must; when there is no memory it is spoiled, takes nothing more, and
 * the writer looks at that once, in the end. Owned by its writer; any thread.
 */
#ifndef WEIR_STAT_SHEET_H
#define WEIR_STAT_SHEET_H

#include <stdint.h>

#include "base/text.h"

struct sheet {			/* all zero: an empty one */
	char *at;		/* not ended by NUL */
	size_t len, room;
	bool spoiled;		/* something is missing */
};

void	sheet_fini(struct sheet *);
/* Keeps its room. */
void	sheet_clear(struct sheet *);
/* Where n bytes may be written, to be added to len; NULL: spoiled. */
char	*sheet_room(struct sheet *, size_t n);

void	sheet_slice(struct sheet *, struct text);
void	sheet_text(struct sheet *, const char *);
void	sheet_count(struct sheet *, uint64_t);
void	sheet_print(struct sheet *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

/* The text, ended by NUL, now the caller's; NULL: it was spoiled, and is gone. */
char	*sheet_take(struct sheet *);

/* Long answers are mostly single characters between short words. */
static inline void
sheet_char(struct sheet *s, char c)
{
	if (!s->spoiled && s->len < s->room)
		s->at[s->len++] = c;
	else
		sheet_slice(s, (struct text){ &c, 1 });
}

static inline struct text
sheet_all(const struct sheet *s)
{
	return (struct text){ s->at, s->len };
}

#endif
