/* SPDX-License-Identifier: ISC */
/*
 * ledger.h - who may have a server now, and who must wait.
 * Pure: knows no socket and no loop; time is passed in. One per pool, owned
 * by it; with several threads under the pool's lock. A server has a seat, a
 * client that asks has a turn; both are embedded in their owners. A call
 * returns a step that the caller carries out after it let the lock go.
 *
 * Own idle seat first, then another loop's (MOVE), then the line. A released
 * seat goes to the own loop's line, unless the head of another's has waited
 * PL_LEDGER_PATIENCE longer. With one loop that is strict first come, first
 * served.
 */
#ifndef WEIR_POOLER_LEDGER_H
#define WEIR_POOLER_LEDGER_H

#include <sys/queue.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PL_LEDGER_PATIENCE = 2000 };	/* us */

enum pl_seat_place {
	PL_SEAT_NONE,		/* not in the ledger */
	PL_SEAT_NEW,		/* connecting or logging in */
	PL_SEAT_IDLE,		/* may be granted */
	PL_SEAT_USED,		/* idle, must pass the check query first */
	PL_SEAT_BUSY		/* linked, tested, moving, being cancelled */
};

struct pl_seat {
	TAILQ_ENTRY(pl_seat) link;	/* idle or used list of its loop */
	int64_t since;			/* when it came to its place */
	uint8_t place;			/* enum pl_seat_place */
	uint8_t last;			/* goes to the tail: not wanted any more */
	uint8_t testing;		/* BUSY by a TEST step */
	uint16_t loop;
};

struct pl_turn {
	TAILQ_ENTRY(pl_turn) link;	/* the line of its loop */
	int64_t since;
	uint16_t loop;
	uint8_t waiting;
	uint8_t login;		/* waits to log in: any server answers it */
};

TAILQ_HEAD(pl_seats, pl_seat);
TAILQ_HEAD(pl_turns, pl_turn);

struct pl_limits {
	int size;		/* pool_size; 0: no limit */
	int reserve;		/* reserve_pool_size */
	int64_t reserve_after;	/* us the first in line must have waited; 0: never */
	int parallel;		/* logins under way at once */
	bool round_robin;	/* released seats go to the tail */
};

struct pl_line {		/* of one loop */
	struct pl_seats idle, used;
	struct pl_turns waiting;
};

struct pl_ledger {
	struct pl_limits limits;
	unsigned loops, seats, fresh, idle, used, waiting;	/* counts */
	unsigned testing;	/* seats that a TEST step made BUSY */
	bool paused;		/* nobody is granted anything */
	bool unlimited;		/* size is not looked at until one seat is ready */
	struct pl_line *lines;	/* loops of them */
};

struct pl_step {
	enum {
		PL_STEP_WAIT,	/* want: stands in line now */
		PL_STEP_REST,	/* release: seat is idle now. serve: nothing to do */
		PL_STEP_GRANT,	/* turn gets seat, both on this loop */
		PL_STEP_MOVE,	/* turn gets seat, whose server is on another
				   loop still; seat->loop is the turn's already */
		PL_STEP_TEST	/* seat must pass the check query (is BUSY now) */
	} act;
	struct pl_turn *turn;
	struct pl_seat *seat;
};

int	pl_ledger_init(struct pl_ledger *, unsigned loops, const struct pl_limits *);
void	pl_ledger_fini(struct pl_ledger *);

/*
 * The usual case of pl_ledger_want, to be asked first: nobody is in line and
 * a seat rests on this loop. It is granted; NULL: nothing was done.
 */
static inline struct pl_seat *
pl_ledger_take_own(struct pl_ledger *l, struct pl_turn *turn, unsigned loop,
    int64_t now)
{
	struct pl_seats *idle = &l->lines[loop].idle;
	struct pl_seat *seat = TAILQ_FIRST(idle);

	if (l->paused || l->waiting > 0 || seat == NULL)
		return NULL;
	TAILQ_REMOVE(idle, seat, link);
	l->idle--;
	turn->since = seat->since = now;
	turn->loop = (uint16_t)loop;
	seat->place = PL_SEAT_BUSY;
	return seat;
}

/* BUSY -> IDLE, by the calls below alone. */
static inline void
pl_ledger_rest(struct pl_ledger *l, struct pl_seat *seat, int64_t now)
{
	struct pl_seats *idle = &l->lines[seat->loop].idle;

	seat->place = PL_SEAT_IDLE;
	seat->since = now;
	l->idle++;
	if (seat->last || l->limits.round_robin)
		TAILQ_INSERT_TAIL(idle, seat, link);
	else
		TAILQ_INSERT_HEAD(idle, seat, link);
}

/*
 * The usual case of pl_ledger_release, to be asked first: nobody is in line
 * for a seat that was granted. It rests; false: nothing was done.
 */
static inline bool
pl_ledger_rest_own(struct pl_ledger *l, struct pl_seat *seat, int64_t now)
{
	if (seat->place != PL_SEAT_BUSY || seat->testing || l->waiting > 0)
		return false;
	pl_ledger_rest(l, seat, now);
	return true;
}

/* A client needs a server. GRANT, MOVE, TEST (and stands in line) or WAIT. */
struct pl_step	pl_ledger_want(struct pl_ledger *, struct pl_turn *, unsigned loop, int64_t now);
/* What was granted did not come: in line again, at the place of its age. */
void	pl_ledger_rejoin(struct pl_ledger *, struct pl_turn *);
/* It needs none any more; harmless when it does not wait. */
void	pl_ledger_withdraw(struct pl_ledger *, struct pl_turn *);
/*
 * A BUSY or NEW seat is free: GRANT or MOVE to the first in line, or REST.
 * A NEW one ends 'unlimited'.
 */
struct pl_step	pl_ledger_release(struct pl_ledger *, struct pl_seat *, int64_t now);
/*
 * Is someone in line and a seat for him? GRANT, MOVE or TEST; REST: no. After
 * a pause and when a test failed: to be called until it says REST.
 */
struct pl_step	pl_ledger_serve(struct pl_ledger *, int64_t now);

void	pl_ledger_add(struct pl_ledger *, struct pl_seat *, unsigned loop, int64_t now);	/* NONE -> NEW */
void	pl_ledger_drop(struct pl_ledger *, struct pl_seat *);	/* from any place */
void	pl_ledger_take(struct pl_ledger *, struct pl_seat *);	/* IDLE or USED -> BUSY, for a test or a close */
void	pl_ledger_probe(struct pl_ledger *, struct pl_seat *, int64_t now);	/* the same, as if by a TEST step */
void	pl_ledger_age(struct pl_ledger *, struct pl_seat *);	/* IDLE -> USED */

/*
 * How many servers to open now for those in line: 0 to parallel - fresh,
 * never more than wait without one under way (NEW, TEST). *reserve: they come from the
 * reserve. Budgets are asked by the caller, one by one.
 */
unsigned pl_ledger_grow(const struct pl_ledger *, int64_t now, bool *reserve);
/* All seats there can be are there: pl_ledger_grow says 0, whoever waits. */
static inline bool
pl_ledger_full(const struct pl_ledger *l)
{
	const struct pl_limits *m = &l->limits;

	return m->size > 0 && (int64_t)l->seats >= m->size &&
	    m->reserve == 0 && !l->unlimited;
}

/* The free seat that rests longest, idle or used; NULL: none. */
struct pl_seat *pl_ledger_oldest(const struct pl_ledger *);
/* The one who has waited longest over all loops; NULL: nobody. */
struct pl_turn *pl_ledger_first(const struct pl_ledger *);

#endif
