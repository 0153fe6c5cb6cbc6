/* SPDX-License-Identifier: ISC */
/*
 * watch.h - every ten seconds: polls on their schedule, what comes of them
 * into the outbox, then into the state file, then to the receivers. One a
 * process; loop 0.
 */
#ifndef WEIR_WATCH_WATCH_H
#define WEIR_WATCH_WATCH_H

#include "net/resolver.h"
#include "watch/memory.h"
#include "watch/poll.h"
#include "watch/sender.h"
#include "watch/silence.h"

enum { WT_DURATIONS = 8 };

enum wt_mode { WT_RUN, WT_ONCE, WT_LIST, WT_TEST_RECEIVER };

struct wt_watched {		/* a source and its schedule */
	struct wt_source *source;
	struct wt_poll *poll;
	struct timer timer;
	int64_t due, began;
	bool polled;			/* since the round began */
	bool good;
	unsigned long good_polls, failed_polls;
	unsigned long duration[WT_DURATIONS + 1];	/* buckets */
	int64_t duration_sum;
	int64_t logged_at;
	unsigned quiet_failures;
	char logged[128];
};

struct wt_watch {
	struct loop *loop;
	struct wt_config *config;
	struct wt_state *state;
	struct wt_memory *memory;
	struct wt_outbox outbox;
	struct wt_sender sender;
	struct wt_silences *silences;
	struct wt_watched *watched;	/* one a source */
	enum wt_mode mode;
	bool dry, waiting;		/* waiting: for the lock, standby */
	bool stopping, first_round_over, active;
	bool unsaved;			/* the state file is behind */
	const char *test_receiver;
	unsigned long rounds, events[WT_KINDS];
	int64_t last_good, last_round;	/* monotonic */
	int64_t started, stop_at;
	unsigned verbose;
	void (*ended)(int code);
	void (*first_round)(void);	/* it is over: ready */
	void (*taken_over)(void);	/* standby is over */
};

extern struct wt_watch wt_watch;
extern const int wt_watch_durations[WT_DURATIONS];	/* ms */

/*
 * Before the sandbox and the loops: directories and the lock. -1: why, and
 * *held says whether another watcher has it.
 */
int	wt_watch_prepare(struct wt_config *, bool *held, struct why *);
int	wt_watch_open(struct loop *, struct resolver *, struct why *);
/* Owns the configuration; a failure leaves all as it was. */
int	wt_watch_reload(struct wt_config *, struct why *);
void	wt_watch_poll_now(void);	/* all sources, and receivers too */
/* Ends by ended(), within stop_wait. */
void	wt_watch_stop(void);
void	wt_watch_close(void);
void	wt_watch_fini(void);		/* when the loop is gone */

/* Why it is not well; NULL: it is. */
const char *wt_watch_trouble(char to[128]);
struct wt_now wt_watch_now(void);

#endif
