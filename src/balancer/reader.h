/* SPDX-License-Identifier: ISC */
/*
 * reader.h - a text in the manner of a haproxy.cfg: lines of words, quotes,
 * escapes, variables, and the blocks of .if. Pure but for what the source
 * answers for: a named text goes in, lines come out. One thread.
 */
#ifndef WEIR_BALANCER_READER_H
#define WEIR_BALANCER_READER_H

#include "balancer/report.h"
#include "balancer/source.h"
#include "balancer/words.h"
#include "base/arena.h"

enum { LB_READER_WORDS = 1024 };	/* of one line at most */

struct lb_reader {
	struct arena *arena;		/* words are made in it */
	struct lb_report *report;
	const struct lb_source *source;
	const char *section;		/* of ${.SECTION}; kept by line() */
	void *arg;
	void (*line)(void *arg, const struct lb_words *);
};

/* All lines, in order; what is wrong is told, and reading goes on. */
void	lb_reader_read(struct lb_reader *, const struct lb_source_text *);

#endif
