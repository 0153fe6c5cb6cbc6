/* SPDX-License-Identifier: ISC */
/*
 * message.h - several events made one message: worst first, the first line
 * says it all. Receivers put it into their own form. Pure; loop 0.
 */
#ifndef WEIR_WATCH_MESSAGE_H
#define WEIR_WATCH_MESSAGE_H

#include "watch/event.h"

enum {
	WT_MESSAGE_LINES = 20,		/* what people can read */
	WT_MESSAGE_EVENTS = 1000,	/* of a backlog */
	WT_MESSAGE_TEXT = 3000		/* bytes */
};

struct wt_message {
	const struct wt_receiver_row *to;
	const struct wt_settings *set;
	struct wt_event *events[WT_MESSAGE_EVENTS];	/* held */
	unsigned count;
	int64_t wall;			/* when it is formed */
	int64_t delay;			/* us; of the oldest event */
	bool plain;			/* the other form was refused */
};

/* A growing text that is cut at its room. */
struct wt_lines {
	char at[WT_MESSAGE_TEXT + 1];
	size_t len;
};

/* wall: now, us. The message holds its events until fini. */
void	wt_message_init(struct wt_message *, const struct wt_receiver_row *,
	    const struct wt_settings *, int64_t wall);
void	wt_message_fini(struct wt_message *);
/* False: it is full. */
bool	wt_message_add(struct wt_message *, struct wt_event *);
/*
 * A DOWN and its UP that both waited become one line; then worst first,
 * page order after that.
 */
void	wt_message_sort(struct wt_message *, bool join_pairs);

enum wt_severity wt_message_severity(const struct wt_message *); /* worst */
/* "pgb2 is DOWN", "3 servers are DOWN: pgb1, pgb2, pgb3". */
void	wt_message_headline(const struct wt_message *, struct wt_lines *);
/* A line an event that stands in [from, to) of the list, with its facts. */
void	wt_message_body(const struct wt_message *, unsigned from, unsigned to,
	    struct wt_lines *);
/* All of it as plain text. */
void	wt_message_text(const struct wt_message *, struct wt_lines *);
/* The hint, filled in; false: none. */
bool	wt_message_hint(const struct wt_message *, const struct wt_event *,
	    struct wt_lines *);
/* "<!here>" or "". */
const char *wt_message_mention(const struct wt_message *);

/* What does not fit any more is cut. */
void	wt_lines_add(struct wt_lines *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* The same with &, < and > as entities. */
void	wt_lines_escape(struct wt_lines *, const char *);

#endif
