/* SPDX-License-Identifier: ISC */
/*
 * receiver_alertmanager.h - Alertmanager wants to hear of what stands, again
 * and again: the whole list every 60 s and after each change, each alert
 * valid for 3 minutes. So it has no queue, only the state. Loop 0.
 */
#ifndef WEIR_WATCH_RECEIVER_ALERTMANAGER_H
#define WEIR_WATCH_RECEIVER_ALERTMANAGER_H

#include <jansson.h>

#include "watch/change.h"
#include "watch/fetch.h"

/* What stands now, as alerts by key; the caller's. Pure. */
json_t	*wt_receiver_alertmanager_standing(const struct wt_state *,
	    const struct wt_receiver_row *, const struct wt_now *);

/* One per receiver of the kind; *state is read at each turn. */
void	wt_receiver_alertmanager_open(struct loop *,
	    const struct wt_config *, struct wt_state *const *state);
void	wt_receiver_alertmanager_kick(void);	/* something has changed */
bool	wt_receiver_alertmanager_busy(void);
void	wt_receiver_alertmanager_close(void);

#endif
