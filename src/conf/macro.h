/* SPDX-License-Identifier: ISC */
/*
 * macro.h - definitions and what one line becomes by them: $NAME, ${NAME},
 * ${_RANDOM ...} and the like, ~SEQ and ~LST. One step a call: what comes out
 * may hold more to expand. Lies in the arena. Pure; one thread.
 */
#ifndef WEIR_CONF_MACRO_H
#define WEIR_CONF_MACRO_H

#include "base/arena.h"
#include "base/why.h"

/* What ${_HASH} and ${_BANG} leave, so that they begin no comment. */
enum { MACRO_HASH = 1, MACRO_BANG = 2 };

struct macro;

struct macro_host {
	void *arg;
	/* What stands between ${ and }, beginning with _; NULL: unknown. */
	const char *(*ask)(void *arg, struct text);
	unsigned (*random)(void *arg);
};

struct macro *macro_new(struct arena *);
size_t	macro_name(const char *);	/* length of a name that begins here */
void	macro_define(struct macro *, struct text name, const char *value);

/*
 * 1: the line became *to (several lines perhaps); 0: nothing in it is to be
 * expanded; -1: it cannot be, with the reason; -2: it would be longer than
 * 'most'.
 */
int	macro_expand(struct macro *, const struct macro_host *,
	    const char *line, size_t most, struct text *to, struct why *);

#endif
