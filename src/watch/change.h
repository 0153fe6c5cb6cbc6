/* SPDX-License-Identifier: ISC */
/*
 * change.h - who went up or down: a page is compared with what was known and
 * with what people were told, and events come out. Level against level: what
 * a target is, what was last told of it; so what could not be told (silence,
 * flapping, another watcher's turn) is told later if it still differs. Pure:
 * no socket, no file, no clock but the one passed in. Loop 0.
 */
#ifndef WEIR_WATCH_CHANGE_H
#define WEIR_WATCH_CHANGE_H

#include "watch/turn.h"

/* A whole page has come from the source. */
void	wt_change_page(struct wt_change *, struct wt_source *,
	    struct wt_page *, const struct wt_answerer *);
/* A poll has failed. */
void	wt_change_failed(struct wt_change *, struct wt_source *,
	    const char *reason);

#endif
