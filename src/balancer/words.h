/* SPDX-License-Identifier: ISC */
/*
 * words.h - the words of one line, as data: quotes and escapes are gone,
 * variables have their values. Belong to the arena they were read into. Any
 * thread.
 */
#ifndef WEIR_BALANCER_WORDS_H
#define WEIR_BALANCER_WORDS_H

struct lb_place {
	const char *file;	/* as it was named; NULL: nowhere */
	unsigned line;		/* from 1 */
};

struct lb_words {		/* each ends in NUL; \x00 ends a word too */
	struct lb_place place;
	unsigned count;
	const char **at;	/* at[count] is "" and may be looked at */
};

#endif
