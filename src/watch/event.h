/* SPDX-License-Identifier: ISC */
/*
 * event.h - a change worth telling: what happened to whom, with the words to
 * tell it by. Self-contained, so that it can wait in the outbox and outlive
 * the process: to JSON and back. An event belongs to whoever holds it; those
 * who keep it share it by count. Loop 0.
 */
#ifndef WEIR_WATCH_EVENT_H
#define WEIR_WATCH_EVENT_H

#include <stdint.h>

#include "base/text.h"
#include "watch/class.h"
#include "watch/settings.h"

enum wt_kind {
	WT_DOWN, WT_UP, WT_BLIP, WT_MAINT, WT_MAINT_END, WT_DRAIN,
	WT_DRAIN_END, WT_BACKEND_DOWN, WT_BACKEND_UP, WT_LAST_SERVER,
	WT_REMOVED, WT_ADDED, WT_SOURCE_DOWN, WT_SOURCE_UP, WT_FLAPPING,
	WT_FLAPPING_END, WT_RECEIVER_DOWN, WT_WATCHER_START,
	WT_WATCHER_STOP, WT_GOING, WT_FULL, WT_POOL_DOWN, WT_POOL_UP,
	WT_POOL_WAIT, WT_VIP_MOVED, WT_SPLIT, WT_SPLIT_END, WT_TEST,
	WT_KINDS
};

enum { WT_EVENT_ID = 17, WT_EVENT_NAME = 64 };

struct wt_event {
	unsigned holders;
	enum wt_kind kind;
	enum wt_severity severity;
	bool repeat, initial, delayed;
	bool ends_problem;		/* recovery of what was told */
	bool is_problem;		/* stands until its recovery is told */
	char id[WT_EVENT_ID];
	int64_t wall;			/* when it was seen */
	int64_t since;			/* wall: when it happened */
	int64_t duration;		/* us; of an outage; -1: none */
	unsigned order;			/* of the page */
	const char *group, *source, *proxy, *server, *address;	/* may be "" */
	const char *old, *new;		/* raw words */
	enum wt_class was, is;
	const char *check;		/* "L4CON Connection refused" */
	const char *words;		/* "pgb2 is DOWN" */
	const char *facts;		/* one line of what surrounds it */
	const char *siblings;		/* "pgb1 up 31\npgb3 up 29\n" */
};

/* What is known of a kind by its number. */
const char *wt_event_kind_name(enum wt_kind);
enum wt_severity wt_event_severity_of(enum wt_kind);
bool	wt_event_is_usual(enum wt_kind);	/* told unless asked not to be */
int	wt_event_kind_named(struct text);	/* -1: none */
const char *wt_event_severity_name(enum wt_severity);

/* Copies all texts (NULL is ""); one holder; NULL: no memory. Makes the id. */
struct wt_event *wt_event_new(const struct wt_event *plan);
struct wt_event *wt_event_hold(struct wt_event *);
void	wt_event_drop(struct wt_event **);

/* One line without control characters; mem_drop() it. NULL: no memory. */
char	*wt_event_print(const struct wt_event *);
/* NULL: it is none. */
struct wt_event *wt_event_parse(struct text json);

/* The same change, seen again by a process that forgot it. */
bool	wt_event_same(const struct wt_event *, const struct wt_event *);
/* "weir/GROUP/PROXY/SERVER": what a problem and its end have in common. */
const char *wt_event_key(const struct wt_event *, char *to, size_t size);

#endif
