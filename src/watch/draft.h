/* SPDX-License-Identifier: ISC */
/*
 * draft.h - an event being written: who, where, when, what the page says of
 * it, who else is there. On the stack of whoever tells; pure; loop 0.
 */
#ifndef WEIR_WATCH_DRAFT_H
#define WEIR_WATCH_DRAFT_H

#include "watch/turn.h"
#include "watch/words.h"

enum {
	WT_DRAFT_LINE = 512,	/* bytes of a text */
	WT_DRAFT_NAMES = 8	/* servers that a list names */
};

struct wt_draft {		/* the event, and the texts that it points to */
	struct wt_event e;
	char server[WT_WORDS_NAME + 4], proxy[WT_WORDS_NAME + 4];
	char address[WT_WORDS_NAME + 4];
	char check[WT_DRAFT_LINE], words[WT_DRAFT_LINE];
	char facts[2 * WT_DRAFT_LINE], siblings[4 * WT_DRAFT_LINE];
	char source[WT_DRAFT_LINE];
};

/* Behind what is there; cut at its end. */
void	wt_draft_add(char *to, size_t size, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
#define WT_ADD(to, ...) wt_draft_add(to, sizeof(to), __VA_ARGS__)

/* What is not of the page: who, where, when. Of a target, or NULL. */
void	wt_draft_begin(struct wt_turn *, struct wt_target *, enum wt_kind,
	    struct wt_draft *);
/* What the page says of the check: "L4CON Connection refused". */
void	wt_draft_row(struct wt_turn *, struct wt_target *, struct wt_draft *);
/* Tells it as it is; without memory it is logged. */
void	wt_draft_end(struct wt_turn *, struct wt_draft *);
/* Tells it with all that is known of the target; its words are there. */
void	wt_draft_tell(struct wt_turn *, struct wt_target *, struct wt_draft *);

#endif
