/* SPDX-License-Identifier: ISC */
/*
 * ledger.c - who may have a server now, and who must wait. Pure; owned by
 * its pool and, with several loops, called under the pool's lock.
 *
 * A free seat and someone in line exist together only while the pool is
 * paused, or between the end of a pause and the last pl_ledger_serve().
 */
#include "base/die.h"
#include "base/mem.h"
#include "pooler/ledger.h"

int
pl_ledger_init(struct pl_ledger *l, unsigned loops,
    const struct pl_limits *limits)
{
	NEED(loops > 0);
	*l = (struct pl_ledger){ .limits = *limits, .loops = loops };
	l->lines = mem_get(loops * sizeof *l->lines);
	if (l->lines == NULL)
		return -1;
	for (unsigned i = 0; i < loops; i++) {
		TAILQ_INIT(&l->lines[i].idle);
		TAILQ_INIT(&l->lines[i].used);
		TAILQ_INIT(&l->lines[i].waiting);
	}
	return 0;
}

void
pl_ledger_fini(struct pl_ledger *l)
{
	NEED(l->seats == 0 && l->waiting == 0);
	mem_drop(l->lines);
	l->lines = NULL;
}

/* Out of its list and of the count of its place; BUSY from here on. */
static void
leave_place(struct pl_ledger *l, struct pl_seat *seat)
{
	struct pl_line *line = &l->lines[seat->loop];

	switch ((enum pl_seat_place)seat->place) {
	case PL_SEAT_NONE:
		NEED(!"a seat outside the ledger");
		break;
	case PL_SEAT_NEW:
		l->fresh--;
		break;
	case PL_SEAT_IDLE:
		TAILQ_REMOVE(&line->idle, seat, link);
		l->idle--;
		break;
	case PL_SEAT_USED:
		TAILQ_REMOVE(&line->used, seat, link);
		l->used--;
		break;
	case PL_SEAT_BUSY:
		if (seat->testing)
			l->testing--;
		seat->testing = false;
		break;
	}
	seat->place = PL_SEAT_BUSY;
}

static void
join_line(struct pl_ledger *l, struct pl_turn *turn)
{
	TAILQ_INSERT_TAIL(&l->lines[turn->loop].waiting, turn, link);
	turn->waiting = true;
	l->waiting++;
}

static void
leave_line(struct pl_ledger *l, struct pl_turn *turn)
{
	TAILQ_REMOVE(&l->lines[turn->loop].waiting, turn, link);
	turn->waiting = false;
	l->waiting--;
}

/* The best idle seat for a loop: its own, else any other's; NULL: none. */
static struct pl_seat *
find_idle(const struct pl_ledger *l, unsigned loop)
{
	struct pl_seat *seat;

	if (l->idle == 0)
		return NULL;
	seat = TAILQ_FIRST(&l->lines[loop].idle);
	for (unsigned i = loop; seat == NULL; ) {
		i = i + 1 == l->loops ? 0 : i + 1;
		NEED(i != loop);
		seat = TAILQ_FIRST(&l->lines[i].idle);
	}
	return seat;
}

static struct pl_seat *
find_used(const struct pl_ledger *l, unsigned loop)
{
	struct pl_seat *seat;

	if (l->used == 0)
		return NULL;
	seat = TAILQ_FIRST(&l->lines[loop].used);
	for (unsigned i = loop; seat == NULL; ) {
		i = i + 1 == l->loops ? 0 : i + 1;
		NEED(i != loop);
		seat = TAILQ_FIRST(&l->lines[i].used);
	}
	return seat;
}

/* The seat is BUSY, the turn out of line. A moved seat is its new loop's. */
static struct pl_step
grant(struct pl_seat *seat, struct pl_turn *turn, int64_t now)
{
	struct pl_step step = { PL_STEP_GRANT, turn, seat };

	if (seat->loop != turn->loop) {
		seat->loop = turn->loop;
		step.act = PL_STEP_MOVE;
	}
	seat->since = now;
	return step;
}

/* One test under way for each who waits, no more. */
static struct pl_step
test_for(struct pl_ledger *l, struct pl_turn *turn, int64_t now)
{
	struct pl_seat *seat = NULL;

	if (l->waiting > l->testing)
		seat = find_used(l, turn->loop);
	if (seat == NULL)
		return (struct pl_step){ PL_STEP_WAIT, turn, NULL };
	leave_place(l, seat);
	seat->since = now;
	seat->testing = true;
	l->testing++;
	return (struct pl_step){ PL_STEP_TEST, turn, seat };
}

struct pl_step
pl_ledger_want(struct pl_ledger *l, struct pl_turn *turn, unsigned loop,
    int64_t now)
{
	struct pl_seat *seat;

	NEED(loop < l->loops && !turn->waiting);
	seat = pl_ledger_take_own(l, turn, loop, now);
	if (seat != NULL)
		return (struct pl_step){ PL_STEP_GRANT, turn, seat };
	turn->since = now;
	turn->loop = (uint16_t)loop;
	if (!l->paused && l->waiting == 0)
		seat = find_idle(l, loop);
	if (seat != NULL) {
		leave_place(l, seat);
		return grant(seat, turn, now);
	}
	join_line(l, turn);
	if (l->paused || l->used == 0)
		return (struct pl_step){ PL_STEP_WAIT, turn, NULL };
	return test_for(l, turn, now);
}

void
pl_ledger_rejoin(struct pl_ledger *l, struct pl_turn *turn)
{
	struct pl_turns *line = &l->lines[turn->loop].waiting;
	struct pl_turn *at;

	NEED(!turn->waiting);
	TAILQ_FOREACH(at, line, link)
		if (at->since > turn->since)
			break;
	if (at != NULL)
		TAILQ_INSERT_BEFORE(at, turn, link);
	else
		TAILQ_INSERT_TAIL(line, turn, link);
	turn->waiting = true;
	l->waiting++;
}

void
pl_ledger_withdraw(struct pl_ledger *l, struct pl_turn *turn)
{
	if (turn->waiting)
		leave_line(l, turn);
}

struct pl_turn *
pl_ledger_first(const struct pl_ledger *l)
{
	struct pl_turn *first = NULL;

	for (unsigned i = 0; i < l->loops; i++) {
		struct pl_turn *turn = TAILQ_FIRST(&l->lines[i].waiting);

		if (turn == NULL)
			continue;
		if (first == NULL || turn->since < first->since)
			first = turn;
	}
	return first;
}

static struct pl_seat *
older(struct pl_seat *a, struct pl_seat *b)
{
	if (a == NULL || b == NULL)
		return a == NULL ? b : a;
	return b->since < a->since ? b : a;
}

struct pl_seat *
pl_ledger_oldest(const struct pl_ledger *l)
{
	struct pl_seat *oldest = NULL;

	for (unsigned i = 0; i < l->loops; i++) {
		struct pl_line *line = &l->lines[i];

		/* At the tail, where they are not served in turn. */
		oldest = older(oldest, TAILQ_FIRST(&line->idle));
		oldest = older(oldest, TAILQ_LAST(&line->idle, pl_seats));
		oldest = older(oldest, TAILQ_LAST(&line->used, pl_seats));
	}
	return oldest;
}

/* Who gets a seat that is on this loop: its own line, within patience. */
static struct pl_turn *
choose(const struct pl_ledger *l, unsigned loop)
{
	struct pl_turn *own = TAILQ_FIRST(&l->lines[loop].waiting), *first;

	if (l->loops == 1)
		return own;
	first = pl_ledger_first(l);
	if (own == NULL || own->since - first->since > PL_LEDGER_PATIENCE)
		return first;
	return own;
}

struct pl_step
pl_ledger_release(struct pl_ledger *l, struct pl_seat *seat, int64_t now)
{
	struct pl_turn *turn;

	NEED(seat->place == PL_SEAT_BUSY || seat->place == PL_SEAT_NEW);
	if (pl_ledger_rest_own(l, seat, now))
		return (struct pl_step){ PL_STEP_REST, NULL, seat };
	if (seat->place == PL_SEAT_NEW)
		l->unlimited = false;
	leave_place(l, seat);
	if (l->waiting == 0 || l->paused) {
		pl_ledger_rest(l, seat, now);
		return (struct pl_step){ PL_STEP_REST, NULL, seat };
	}
	turn = choose(l, seat->loop);
	leave_line(l, turn);
	return grant(seat, turn, now);
}

struct pl_step
pl_ledger_serve(struct pl_ledger *l, int64_t now)
{
	struct pl_step step = { PL_STEP_REST, NULL, NULL };
	struct pl_turn *turn;
	struct pl_seat *seat;

	if (l->paused || l->waiting == 0)
		return step;
	turn = pl_ledger_first(l);
	seat = find_idle(l, turn->loop);
	if (seat != NULL) {
		leave_place(l, seat);
		leave_line(l, turn);
		return grant(seat, turn, now);
	}
	step = test_for(l, turn, now);
	if (step.act == PL_STEP_WAIT)
		step.act = PL_STEP_REST;
	return step;
}

void
pl_ledger_add(struct pl_ledger *l, struct pl_seat *seat, unsigned loop,
    int64_t now)
{
	NEED(loop < l->loops && seat->place == PL_SEAT_NONE);
	*seat = (struct pl_seat){ .since = now, .place = PL_SEAT_NEW,
	    .loop = (uint16_t)loop };
	l->seats++;
	l->fresh++;
}

void
pl_ledger_drop(struct pl_ledger *l, struct pl_seat *seat)
{
	leave_place(l, seat);
	seat->place = PL_SEAT_NONE;
	l->seats--;
}

void
pl_ledger_take(struct pl_ledger *l, struct pl_seat *seat)
{
	NEED(seat->place == PL_SEAT_IDLE || seat->place == PL_SEAT_USED);
	leave_place(l, seat);
}

void
pl_ledger_probe(struct pl_ledger *l, struct pl_seat *seat, int64_t now)
{
	pl_ledger_take(l, seat);
	seat->since = now;
	seat->testing = true;
	l->testing++;
}

void
pl_ledger_age(struct pl_ledger *l, struct pl_seat *seat)
{
	NEED(seat->place == PL_SEAT_IDLE);
	leave_place(l, seat);
	seat->place = PL_SEAT_USED;
	TAILQ_INSERT_HEAD(&l->lines[seat->loop].used, seat, link);
	l->used++;
}

/* How many more seats the limits allow; the reserve only for a long wait. */
static unsigned
find_room(const struct pl_ledger *l, int64_t now, bool *reserve)
{
	const struct pl_limits *m = &l->limits;
	int64_t room;

	if (m->size == 0 || l->unlimited)
		return UINT32_MAX;
	room = (int64_t)m->size - l->seats;
	if (room <= 0 && m->reserve > 0 && m->reserve_after > 0 &&
	    now - pl_ledger_first(l)->since >= m->reserve_after) {
		room += m->reserve;
		*reserve = room > 0;
	}
	return room > 0 ? (unsigned)room : 0;
}

unsigned
pl_ledger_grow(const struct pl_ledger *l, int64_t now, bool *reserve)
{
	unsigned coming = l->fresh + l->testing, need, most, room;

	*reserve = false;
	if (l->waiting <= coming || (int64_t)l->fresh >= l->limits.parallel)
		return 0;
	need = l->waiting - coming;
	most = (unsigned)l->limits.parallel - l->fresh;
	if (need > most)
		need = most;
	room = find_room(l, now, reserve);
	return need < room ? need : room;
}
