/* SPDX-License-Identifier: ISC */
/*
 * prepared.h - finds the statement name in Parse, Bind, Describe and Close,
 * and writes the head that names it as servers know it. Pure.
 */
#ifndef WEIR_POOLER_PREPARED_H
#define WEIR_POOLER_PREPARED_H

#include <stdint.h>

#include "pooler/statement.h"

enum pl_prepared_find {
	PL_PREPARED_NONE,	/* no named statement in it: pass it on */
	PL_PREPARED_MORE,	/* the name is not whole yet */
	PL_PREPARED_NAMED,
	PL_PREPARED_BROKEN
};

struct pl_prepared {
	struct text name;	/* borrowed */
	size_t head;		/* bytes from the message's start behind the name's NUL */
};

/*
 * Does a look at its first bytes show that it names no
 * statement? So it is with most that name none; false: pl_prepared_find tells.
 * have: bytes of it that are here, none of the next message.
 */
static inline bool
pl_prepared_names_none(const char *m, size_t have)
{
	switch (m[0]) {
	case 'P':
		return have > 5 && m[5] == '\0';
	case 'B':
		return have > 6 && m[5] == '\0' && m[6] == '\0';
	case 'D': case 'C':
		return have > 6 && (m[5] != 'S' || m[6] == '\0');
	default:
		return true;
	}
}

/*
 * message: from its type byte on, as much as has come; size: of the whole
 * message. Types P, B, D, C; any other is NONE.
 */
enum pl_prepared_find pl_prepared_find(struct text message, uint32_t size,
	    struct pl_prepared *);

/* Room that pl_prepared_head needs at most for this message. */
size_t	pl_prepared_room(const struct pl_prepared *);
/*
 * The message's head with the statement's own name in place of the client's;
 * the body from found->head on follows it unchanged. Returns its length.
 */
size_t	pl_prepared_head(struct text message, uint32_t size, const struct pl_prepared *,
	    const struct pl_statement *, char *to);
/* A whole Parse message's head for the statement; its body follows. */
size_t	pl_prepared_parse(const struct pl_statement *, char to[5 + PL_STATEMENT_NAME]);
/* A whole Close message. */
size_t	pl_prepared_close(const struct pl_statement *, char to[6 + PL_STATEMENT_NAME]);

#endif
