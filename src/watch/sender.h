/* SPDX-License-Identifier: ISC */
/*
 * sender.h - carries the outbox out: one line a receiver, one request under
 * way on each, in order; waits, merges, tries again. Loop 0.
 */
#ifndef WEIR_WATCH_SENDER_H
#define WEIR_WATCH_SENDER_H

#include "net/timer.h"
#include "watch/fetch.h"
#include "watch/outbox.h"
#include "watch/receiver.h"

enum { WT_LATENCIES = 8 };

struct wt_line {
	const struct wt_receiver_row *row;
	const struct wt_receiver *kind;
	struct wt_queue *queue;
	struct wt_message *message;	/* under way; NULL: none */
	struct wt_fetch *fetch;
	struct wt_request request;
	struct timer timer;
	int64_t not_before;
	unsigned tries, apart;		/* apart: so many alone, as plain */
	bool plain, updating;
	bool down, told_down;		/* it does not take messages */
	char reason[128];		/* of the last failure */
	int64_t failed_at;
	unsigned quiet_failures;	/* since the last line in the log */
	int64_t logged_at;
	unsigned long delivered, failed, dropped_age, dropped_bad;
	unsigned long latency[WT_LATENCIES + 1];	/* buckets */
	int64_t latency_sum;
};

struct wt_sender {
	struct loop *loop;
	struct wt_outbox *outbox;
	const struct wt_config *config;
	struct wt_line *lines;
	unsigned count;
	bool hurry;			/* no group_wait: --once, the end */
	struct wt_event **batch;	/* of the poll at hand */
	unsigned batch_count, batch_room;
	struct map *groups;		/* name -> time of the last message */
	void (*delivered)(void);	/* something has gone; may be NULL */
};

extern const int wt_sender_latency[WT_LATENCIES];	/* s */

void	wt_sender_init(struct wt_sender *, struct loop *, struct wt_outbox *);
/* Receivers of a configuration, which must outlive it; at a reload too. */
int	wt_sender_set(struct wt_sender *, const struct wt_config *,
	    struct why *);
void	wt_sender_fini(struct wt_sender *);

/* Keeps the event until the commit. */
void	wt_sender_tell(struct wt_sender *, struct wt_event *);
/*
 * What was told goes into the outbox, synced. -1: it is not on disk (but in
 * memory), so the state must not move on there either.
 */
int	wt_sender_commit(struct wt_sender *, const struct wt_now *);
/* Tries now what waits for another try. */
void	wt_sender_retry(struct wt_sender *);
/* Starts what is due. */
void	wt_sender_kick(struct wt_sender *);
/* Old records, receivers that are down; now and then. */
void	wt_sender_tick(struct wt_sender *, const struct wt_now *);
bool	wt_sender_is_idle(const struct wt_sender *);
bool	wt_sender_passes(const struct wt_receiver_row *,
	    const struct wt_event *);
/* "https://hooks.example/..." for logs. */
const char *wt_sender_masked(const char *url, char to[128]);
/* For a request to this URL; NULL: none. */
const char *wt_sender_proxy(const char *set, const char *url);

#endif
