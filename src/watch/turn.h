/* SPDX-License-Identifier: ISC */
/*
 * turn.h - one comparison: what is given to it, whom it tells, and what goes
 * by while the page at hand is looked at. Of the caller's; loop 0.
 */
#ifndef WEIR_WATCH_TURN_H
#define WEIR_WATCH_TURN_H

#include "watch/event.h"
#include "watch/page.h"
#include "watch/target.h"

struct wt_now {
	int64_t mono, wall;
};

struct wt_change {
	struct wt_state *state;
	const struct wt_settings *set;
	struct wt_now now;
	/* What came of it; the callee holds the event if it keeps it. */
	void (*tell)(void *arg, struct wt_event *);
	/* Must it be kept back (a silence, not our turn)? NULL: never. */
	bool (*quiet)(void *arg, const struct wt_target *,
	    const struct wt_source *);
	void *arg;
	bool dirty;		/* something to be stored has changed */
};

/* Who answered, as far as it was told; 0 and "": unknown. */
struct wt_answerer {
	const char *node;
	uint64_t pid, uptime;
};

struct wt_turn {
	struct wt_change *c;
	struct wt_source *source;
	struct wt_page *page;	/* NULL: the poll failed */
	bool rebased;		/* counters mean nothing this time */
	bool moved;		/* some class has changed */
};

#endif
