/* SPDX-License-Identifier: ISC */
/*
 * outbox.h - what must still be told: one queue a receiver, in memory and in
 * one append-only file, so that nothing that was once synced is lost before
 * it is delivered. A line is
 *
 *	+SEQ TAB ID TAB TIME TAB RECEIVER TAB JSON TAB CRC	to be told
 *	-SEQ TAB CRC						done
 *
 * A torn last line is dropped; the file is written anew when more than half
 * of it is done. Owns the records and holds their events. Loop 0.
 */
#ifndef WEIR_WATCH_OUTBOX_H
#define WEIR_WATCH_OUTBOX_H

#include <sys/queue.h>

#include "watch/change.h"

enum {
	WT_OUTBOX_RECORDS = 10000, WT_OUTBOX_BYTES = 16 * 1024 * 1024
};

struct wt_record {
	TAILQ_ENTRY(wt_record) link;
	uint64_t seq;
	struct wt_event *event;
	int64_t due, born;		/* monotonic */
	size_t bytes;
	bool loaded;			/* by an earlier process that did not
					 * live to save the state behind it */
	bool taken;			/* in the request under way */
};

TAILQ_HEAD(wt_records, wt_record);

struct wt_queue {
	TAILQ_ENTRY(wt_queue) link;
	char *name;			/* the receiver's */
	struct wt_records waiting, done;	/* done: loaded as such */
	unsigned count;
};

struct wt_outbox {
	TAILQ_HEAD(, wt_queue) queues;
	char *dir, *path;
	int fd;				/* -1: not opened, memory only */
	uint64_t seq;
	uint64_t known;			/* records that the state knows of */
	unsigned total, finished;	/* lines in the file */
	size_t bytes;			/* of the waiting */
	unsigned count, full_at;
	char *pending;			/* not yet in the file */
	size_t pending_len, pending_room;
	off_t size;			/* of the file up to what is whole */
	bool torn, failing;
	unsigned long failures, overflowed;
};

/* The text of a file into queues; pure. False: parts were not understood. */
bool	wt_outbox_read(struct wt_outbox *, struct text, const struct wt_now *);

void	wt_outbox_init(struct wt_outbox *);
void	wt_outbox_fini(struct wt_outbox *);
/*
 * Makes the directory, loads what waits. known: the last record that the
 * stored state knows of; what is behind it may be seen, and told, again.
 * -1: why, memory only from here.
 */
int	wt_outbox_open(struct wt_outbox *, const char *dir, uint64_t known,
	    const struct wt_now *, struct why *);

/* The receiver's, made when there is none yet; NULL: no memory. */
struct wt_queue *wt_outbox_queue(struct wt_outbox *, struct text receiver);

/*
 * Puts the event at the end of the queue; it is safe after the next sync.
 * What an earlier process has queued already is not queued again: false.
 */
bool	wt_outbox_add(struct wt_outbox *, struct wt_queue *,
	    struct wt_event *, int64_t due, const struct wt_now *);
/* -1: it could not be written; why is set once, it is tried again. */
int	wt_outbox_sync(struct wt_outbox *);
/* Delivered, or given up: out of the queue, marked (synced by the caller). */
void	wt_outbox_done(struct wt_outbox *, struct wt_queue *,
	    struct wt_record *);
/* To outbox.dead, for people to look at. */
void	wt_outbox_bury(struct wt_outbox *, const struct wt_queue *,
	    const struct wt_record *, const char *reason);
/* Writes the file anew when that is worth it. */
void	wt_outbox_tidy(struct wt_outbox *);

/* us since the oldest waiting record was made; 0: none waits. */
int64_t	wt_outbox_age(const struct wt_queue *, int64_t now);

#endif
