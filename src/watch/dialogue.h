/* SPDX-License-Identifier: ISC */
/*
 * dialogue.h - one line to a balancer's runtime socket, and its whole answer.
 * An asker's until done() was called or it is cancelled. Loop 0.
 */
#ifndef WEIR_WATCH_DIALOGUE_H
#define WEIR_WATCH_DIALOGUE_H

#include "watch/fetch.h"

struct wt_dialogue;

/* done() comes later, never inside this call. line ends with a newline. */
struct wt_dialogue *wt_dialogue_start(struct loop *, const char *path,
	    const char *line, int64_t limit, size_t most,
	    void (*done)(void *arg, const struct wt_answer *), void *arg,
	    struct why *);
void	wt_dialogue_cancel(struct wt_dialogue **);

#endif
