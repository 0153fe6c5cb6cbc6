/* SPDX-License-Identifier: ISC */
/*
 * round.h - something to be done, or asked, on several loops: all at once,
 * each on its own; what they say comes home to loop 0. A loop that has not
 * answered within a second is named in the log and left out; its answer is
 * still waited for, as it may be writing it.
 *
 * Embedded in what it is for, which is freed by drop(): so whoever asked may
 * go away in the middle. With one loop all of it happens within the call.
 * Loop 0, but for visit().
 */
#ifndef WEIR_POOLER_ROUND_H
#define WEIR_POOLER_ROUND_H

#include <stdbool.h>
#include <stdint.h>

#include "net/timer.h"

enum { PL_ROUND_LOOPS = 64 };

struct pl_round {
	/* On each loop that is asked, once. It touches that loop's own, and
	 * of what the round is embedded in, what is meant for that loop. */
	void (*visit)(struct pl_round *);
	void (*heard)(struct pl_round *, unsigned loop);	/* it answered; or NULL */
	/* Once: all have answered, or a second is over and 'away' did not. */
	void (*done)(struct pl_round *);
	void (*drop)(struct pl_round *);	/* frees it */

	uint64_t away;			/* loops still to answer: bit n is loop n */
	bool late, forgotten;
	struct timer limit;
	struct pl_round_note {
		struct pl_round *round;
		unsigned loop;
	} notes[PL_ROUND_LOOPS];
};

uint64_t pl_round_all(void);		/* all loops */
uint64_t pl_round_others(void);		/* all but loop 0 */
unsigned pl_round_here(void);		/* the calling loop's number; 0 before there are any */
/* Again only when nobody is away. done() may come within the call. */
void	pl_round_begin(struct pl_round *, uint64_t loops);
/* No done() any more; dropped now, or when all are home and heard. */
void	pl_round_forget(struct pl_round *);
/* " 2 5": the loops of a set, for the log and the console. */
enum { PL_ROUND_TEXT = 200 };
const char *pl_round_print(uint64_t loops, char to[PL_ROUND_TEXT]);

#endif
