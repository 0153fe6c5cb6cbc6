/* SPDX-License-Identifier: ISC */
/*
 * server.h - the end that faces PostgreSQL: state, lists, counters, and the
 * queue of answers it still owes. On the loop that dialled it.
 */
#ifndef WEIR_POOLER_SERVER_H
#define WEIR_POOLER_SERVER_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/address.h"
#include "base/buffer.h"
#include "net/conn.h"
#include "pooler/ledger.h"
#include "pooler/expect.h"
#include "pooler/states.h"

struct pl_client;
struct pl_dial;
struct pl_pool;
struct pl_shard;
struct pl_shelf;
struct pl_values;

extern const char *const pl_server_state_names[PL_SERVER_STATES];

struct pl_server {
	/* hot */
	struct conn *conn;
	struct pl_client *client;	/* linked; NULL */
	struct pl_pool *pool;
	struct pl_shard *shard;		/* the pool's on this loop */
	struct pl_values *values;	/* as it reported them */
	struct pl_shelf *shelf;		/* statements it has prepared; NULL: none */
	uint32_t body;			/* bytes of the current message still to come */
	uint8_t state;			/* enum pl_server_state */
	bool dropping;			/* the rest of the current message is not forwarded */
	uint32_t need;			/* bytes that 'collect' must have to go on */
	char status;			/* of the last ReadyForQuery: I T E; 0: a query runs */
	bool close_needed, dirty;
	bool setting_values;		/* our SETs are under way; the client waits */
	bool copying;			/* COPY FROM STDIN: Sync is not answered */
	bool replication;		/* of one client only */
	bool reset;			/* TESTED: by the reset query, else the check query */
	bool asked;			/* TESTED: by an empty query, if it is well */
	bool failed;			/* TESTED: its query failed */
	bool booked;			/* in the ledger, with its permits */
	struct pl_expect expect;	/* answers to come */
	struct buffer collect;		/* a message that must be read whole */

	struct pl_seat seat;
	TAILQ_ENTRY(pl_server) link;	/* its pool's list of its state */
	int64_t request_time;		/* last use: grant, release */
	int64_t answer_time;		/* last message from it */

	/* cold */
	int64_t connect_time;
	struct endpoint peer;
	uint32_t slot;			/* in the slab of all */
	uint32_t place;			/* among the residents of its loop */
	uint32_t born;			/* its pool's era when it was made */
	uint64_t id;
	uint32_t pid;			/* backend's */
	uint8_t key[8];			/* backend's cancel key: pid and secret as sent */
	unsigned cancels;		/* cancel requests in flight for it */
	unsigned host;			/* which element of the host list */
	struct pl_dial *dial;		/* the login stage's own; NULL after it */
};

/* Whose seat in the ledger it is. */
static inline struct pl_server *
pl_server_of(struct pl_seat *seat)
{
	return (struct pl_server *)(void *)((char *)seat -
	    offsetof(struct pl_server, seat));
}

/* A message from it is half on its way: nothing may be put in behind it. */
static inline bool
pl_server_midway(const struct pl_server *s)
{
	return s->body > 0 && !s->dropping;
}

unsigned pl_server_count(void);
unsigned pl_server_room(void);
/* This loop's, by number. */
uint32_t pl_server_slots(void);
struct pl_server *pl_server_at(uint32_t place);

struct pl_server *pl_server_new(struct pl_pool *);	/* in LOGIN, counted in ledger and budgets by the pool */
void	pl_server_enter(struct pl_server *, enum pl_server_state);
/* Between loops: out of this loop's lists, into this loop's lists. */
void	pl_server_leave(struct pl_server *);
void	pl_server_join(struct pl_server *);
static inline bool
pl_server_travels(const struct pl_server *s)
{
	return s->shard == NULL;
}
/* Ends it (Terminate when in order; where it arrives, when it travels); a linked client is told and closed too. */
void	pl_server_close(struct pl_server *, bool tell, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));
/* The process ends: no word, no log line. */
void	pl_server_drop(struct pl_server *);
/*
 * Gives eat() in one piece what waits in 'collect' and the slice behind it;
 * what eat() cannot use yet it puts there again. -1: no memory.
 */
int	pl_server_gather(struct pl_server *, struct text slice,
	    void (*eat)(struct pl_server *, struct text));
void	pl_server_fini(void);		/* none is left */
/*
 * Set by main: the pool's books: permits back, others may grow. Called on its
 * loop, and where that is not loop 0, there again.
 */
extern void (*pl_server_left)(struct pl_pool *, struct pl_server *);
/* Set by main: it is GONE now; cancel requests for it end. */
extern void (*pl_server_gone)(struct pl_server *);
/* Set by main: frees what the login stage keeps behind 'dial'. */
extern void (*pl_server_dial_free)(struct pl_server *);

const char *pl_server_prefix(const struct pl_server *, char buf[320]);
#define pl_server_log(s, level, ...)					\
	do {								\
		char prefix_[320];					\
									\
		if (log_wants(level))					\
			log_line(level, pl_server_prefix(s, prefix_),	\
			    __VA_ARGS__);				\
	} while (0)

#endif
