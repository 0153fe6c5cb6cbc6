/* SPDX-License-Identifier: ISC */
/*
 * ledger.c - random games against the pooler's ledger, of one loop and of
 * four, beside a model that keeps plain tables and searches them. Every step
 * must be the model's, every count must be right; nobody may be overtaken by
 * more than patience allows. Usage: ledger [seed [steps]].
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "pooler/ledger.h"

enum { SEATS = 24, TURNS = 40, LOOPS = 4, NONE = -1 };

/* The model: what the header promises, by search. */
static struct {
	struct { int place, loop; long order; bool last, testing; } seat[SEATS];
	struct {
		bool waiting, has_seat;
		int loop;
		int64_t since;
		long order;
	} turn[TURNS];
	int holder[SEATS];		/* turn, or NONE */
	bool paused, unlimited;
	struct pl_limits limits;
} m;

static struct pl_ledger l;
static struct pl_seat seats[SEATS];
static struct pl_turn turns[TURNS];
static int loops;
static int64_t now;
static long ticket, front;	/* orders: front falls, ticket rises */
static unsigned long seed, step_number, grants, moves, tests, opened, overtaken,
    lost;
static uint64_t state;

static unsigned
draw(unsigned below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (unsigned)((state >> 11) % below);
}

#define MUST(cond)							\
	do {								\
		if (!(cond)) {						\
			fprintf(stderr, "line %d: %s (seed %lu, "	\
			    "step %lu, %d loops)\n", __LINE__, #cond,	\
			    seed, step_number, loops);			\
			exit(1);					\
		}							\
	} while (0)

static int
count_place(int place)
{
	int n = 0;

	for (int i = 0; i < SEATS; i++)
		n += m.seat[i].place == place;
	return n;
}

static int
count_waiting(void)
{
	int n = 0;

	for (int i = 0; i < TURNS; i++)
		n += m.turn[i].waiting;
	return n;
}

static int
count_testing(void)
{
	int n = 0;

	for (int i = 0; i < SEATS; i++)
		n += m.seat[i].place == PL_SEAT_BUSY && m.seat[i].testing;
	return n;
}

/* The first in line of one loop (NONE: of all). */
static int
model_first(int loop)
{
	int best = NONE;

	for (int i = 0; i < TURNS; i++)
		if (m.turn[i].waiting &&
		    (loop == NONE || m.turn[i].loop == loop) &&
		    (best == NONE || m.turn[i].since < m.turn[best].since ||
		    (m.turn[i].since == m.turn[best].since &&
		    (m.turn[i].loop < m.turn[best].loop ||
		    (m.turn[i].loop == m.turn[best].loop &&
		    m.turn[i].order < m.turn[best].order)))))
			best = i;
	return best;
}

/* The best seat of a place for a loop: its own, then the next ones'. */
static int
model_seat(int place, int loop)
{
	for (int k = 0; k < loops; k++) {
		int best = NONE;

		for (int i = 0; i < SEATS; i++)
			if (m.seat[i].place == place &&
			    m.seat[i].loop == (loop + k) % loops &&
			    (best == NONE ||
			    m.seat[i].order < m.seat[best].order))
				best = i;
		if (best != NONE)
			return best;
	}
	return NONE;
}

static void
model_grant(int turn, int seat)
{
	MUST(m.holder[seat] == NONE);
	MUST(!m.turn[turn].has_seat);
	MUST(!m.paused);
	m.seat[seat].place = PL_SEAT_BUSY;
	m.seat[seat].testing = false;
	m.seat[seat].loop = m.turn[turn].loop;
	m.turn[turn].waiting = false;
	m.turn[turn].has_seat = true;
	m.holder[seat] = turn;
	grants++;
	/* Nobody left behind has waited longer by more than patience. */
	for (int i = 0; i < TURNS; i++)
		if (m.turn[i].waiting && m.turn[i].since < m.turn[turn].since) {
			MUST(loops > 1);
			MUST(m.turn[i].loop != m.turn[turn].loop);
			MUST(m.turn[turn].since - m.turn[i].since <=
			    PL_LEDGER_PATIENCE);
			overtaken++;
		}
}

/* Is the step this one? Then the model makes it too. */
static void
check_grant(struct pl_step step, int turn, int seat)
{
	bool moved = m.seat[seat].loop != m.turn[turn].loop;

	MUST(step.act == (moved ? PL_STEP_MOVE : PL_STEP_GRANT));
	MUST(step.turn == &turns[turn]);
	MUST(step.seat == &seats[seat]);
	moves += moved;
	model_grant(turn, seat);
}

/* A test, when there is a used seat and a waiter without one under way. */
static bool
check_test(struct pl_step step, int turn)
{
	int seat = model_seat(PL_SEAT_USED, m.turn[turn].loop);

	if (seat == NONE || count_waiting() <= count_testing())
		return false;
	MUST(step.act == PL_STEP_TEST);
	MUST(step.turn == &turns[turn]);
	MUST(step.seat == &seats[seat]);
	m.seat[seat].place = PL_SEAT_BUSY;
	m.seat[seat].testing = true;
	tests++;
	return true;
}

static bool
serve_one(void)
{
	struct pl_step step = pl_ledger_serve(&l, now);
	int turn = model_first(NONE), seat;

	if (turn == NONE || m.paused) {
		MUST(step.act == PL_STEP_REST);
		return false;
	}
	seat = model_seat(PL_SEAT_IDLE, m.turn[turn].loop);
	if (seat != NONE) {
		check_grant(step, turn, seat);
		return true;
	}
	if (check_test(step, turn))
		return true;
	MUST(step.act == PL_STEP_REST);
	return false;
}

static void
do_want(void)
{
	int turn = (int)draw(TURNS), loop = (int)draw((unsigned)loops), seat;
	struct pl_step step;

	if (m.turn[turn].waiting || m.turn[turn].has_seat)
		return;
	turns[turn].login = draw(10) == 0;
	m.turn[turn].since = now;
	m.turn[turn].loop = loop;
	step = pl_ledger_want(&l, &turns[turn], (unsigned)loop, now);
	seat = model_seat(PL_SEAT_IDLE, loop);
	if (!m.paused && seat != NONE && model_first(NONE) == NONE) {
		check_grant(step, turn, seat);
		return;
	}
	m.turn[turn].waiting = true;
	m.turn[turn].order = ticket++;
	if (!m.paused && check_test(step, turn))
		return;
	MUST(step.act == PL_STEP_WAIT && step.turn == &turns[turn]);
}

static void
do_withdraw(void)
{
	int turn = (int)draw(TURNS);

	pl_ledger_withdraw(&l, &turns[turn]);
	m.turn[turn].waiting = false;
}

static int
model_choose(int loop)
{
	int own = model_first(loop), all = model_first(NONE);

	if (own == NONE || (loops > 1 && m.turn[own].since -
	    m.turn[all].since > PL_LEDGER_PATIENCE))
		return all;
	return own;
}

static void
free_holder(int seat)
{
	if (m.holder[seat] != NONE)
		m.turn[m.holder[seat]].has_seat = false;
	m.holder[seat] = NONE;
}

static void
release(int seat)
{
	struct pl_step step = pl_ledger_release(&l, &seats[seat], now);
	int turn;

	free_holder(seat);
	if (m.seat[seat].place == PL_SEAT_NEW)
		m.unlimited = false;
	turn = m.paused ? NONE : model_choose(m.seat[seat].loop);
	if (turn != NONE) {
		check_grant(step, turn, seat);
		return;
	}
	MUST(step.act == PL_STEP_REST && step.seat == &seats[seat]);
	m.seat[seat].place = PL_SEAT_IDLE;
	m.seat[seat].testing = false;
	m.seat[seat].order = m.seat[seat].last || m.limits.round_robin ?
	    ticket++ : front--;
}

static void
do_release(void)
{
	int seat = (int)draw(SEATS);

	if (m.seat[seat].place != PL_SEAT_BUSY &&
	    m.seat[seat].place != PL_SEAT_NEW)
		return;
	if (draw(50) == 0) {
		seats[seat].last = 1;
		m.seat[seat].last = true;
	}
	release(seat);
}

static void
drop(int seat)
{
	pl_ledger_drop(&l, &seats[seat]);
	free_holder(seat);
	m.seat[seat].place = PL_SEAT_NONE;
	m.seat[seat].last = m.seat[seat].testing = false;
	while (serve_one())
		;
}

static void
drop_taken(int seat)
{
	m.seat[seat].place = PL_SEAT_BUSY;
	drop(seat);
}

static void
do_drop(void)
{
	int seat = (int)draw(SEATS);

	if (m.seat[seat].place != PL_SEAT_NONE)
		drop(seat);
}

/* A server ends on its way to a client: he stands where his age puts him. */
static void
do_lose(void)
{
	int seat = (int)draw(SEATS), turn = m.holder[seat];

	if (turn == NONE)
		return;
	pl_ledger_drop(&l, &seats[seat]);
	free_holder(seat);
	m.seat[seat].place = PL_SEAT_NONE;
	m.seat[seat].last = m.seat[seat].testing = false;
	now += draw(3) * 100;
	pl_ledger_rejoin(&l, &turns[turn]);
	m.turn[turn].waiting = true;
	m.turn[turn].order = ticket++;
	lost++;
	while (serve_one())
		;
}

/* What is evicted: one that rests, and none rests longer at either end. */
static void
do_evict(void)
{
	struct pl_seat *oldest = pl_ledger_oldest(&l);

	MUST((oldest == NULL) == (l.idle + l.used == 0));
	if (oldest == NULL)
		return;
	MUST(oldest->place == PL_SEAT_IDLE || oldest->place == PL_SEAT_USED);
	for (int i = 0; i < loops; i++) {
		const struct pl_seat *idle = TAILQ_FIRST(&l.lines[i].idle);

		MUST(idle == NULL || oldest->since <= idle->since);
	}
	pl_ledger_take(&l, oldest);
	drop_taken((int)(oldest - seats));
}

static void
do_take(void)
{
	int seat = (int)draw(SEATS);

	if (m.seat[seat].place != PL_SEAT_IDLE &&
	    m.seat[seat].place != PL_SEAT_USED)
		return;
	pl_ledger_take(&l, &seats[seat]);
	m.seat[seat].place = PL_SEAT_BUSY;
}

static void
do_age(void)
{
	int seat = (int)draw(SEATS);

	if (m.seat[seat].place != PL_SEAT_IDLE)
		return;
	pl_ledger_age(&l, &seats[seat]);
	m.seat[seat].place = PL_SEAT_USED;
	m.seat[seat].order = front--;
}

/* Limits say how many; here they are opened one by one, as room allows. */
static void
do_grow(void)
{
	bool reserve;
	unsigned n = pl_ledger_grow(&l, now, &reserve);
	int used = SEATS - count_place(PL_SEAT_NONE), first = model_first(NONE);
	int most = m.limits.size, loop, seat;

	MUST((int)n <= count_waiting());
	if (n == 0) {
		int room = most + m.limits.reserve - used;
		bool late = m.limits.reserve_after > 0 && first != NONE &&
		    now - m.turn[first].since >= m.limits.reserve_after;

		/* No without a reason is as wrong as too many. */
		MUST(count_waiting() <= count_place(PL_SEAT_NEW) +
		    count_testing() ||
		    count_place(PL_SEAT_NEW) >= m.limits.parallel ||
		    (most > 0 && !m.unlimited && used >= most &&
		    (!late || room <= 0)));
		MUST(!reserve);
		return;
	}
	MUST(count_place(PL_SEAT_NEW) + (int)n <= m.limits.parallel);
	MUST(count_waiting() >= count_place(PL_SEAT_NEW) + count_testing() +
	    (int)n);
	if (reserve) {
		MUST(used >= most && m.limits.reserve_after > 0);
		MUST(now - m.turn[first].since >= m.limits.reserve_after);
		most += m.limits.reserve;
	}
	if (m.limits.size > 0 && !m.unlimited)
		MUST(used + (int)n <= most);
	for (seat = 0; n > 0 && seat < SEATS; seat++) {
		if (m.seat[seat].place != PL_SEAT_NONE)
			continue;
		loop = (int)draw((unsigned)loops);
		pl_ledger_add(&l, &seats[seat], (unsigned)loop, now);
		m.seat[seat].place = PL_SEAT_NEW;
		m.seat[seat].loop = loop;
		m.seat[seat].last = false;
		opened++;
		n--;
	}
}

static void
resume(void)
{
	l.paused = m.paused = false;
	if (draw(2) == 0)	/* who comes before those in line are served */
		do_want();
	while (serve_one())
		;
}

static void
do_pause(void)
{
	if (m.paused)
		resume();
	else
		l.paused = m.paused = true;
}

static void
do_change(void)
{
	m.limits = (struct pl_limits){
		.size = (int)draw(12), .reserve = (int)draw(4),
		.reserve_after = (int64_t)draw(3) * 3000,
		.parallel = 1 + (int)draw(4), .round_robin = draw(4) == 0
	};
	l.limits = m.limits;
	if (draw(4) == 0)
		l.unlimited = m.unlimited = true;
}

static void
check_counts(void)
{
	MUST((int)l.seats == SEATS - count_place(PL_SEAT_NONE));
	MUST((int)l.fresh == count_place(PL_SEAT_NEW));
	MUST((int)l.idle == count_place(PL_SEAT_IDLE));
	MUST((int)l.used == count_place(PL_SEAT_USED));
	MUST((int)l.waiting == count_waiting());
	MUST((int)l.testing == count_testing());
	MUST(l.unlimited == m.unlimited);
	for (int i = 0; i < SEATS; i++)
		MUST(seats[i].place == m.seat[i].place &&
		    (m.seat[i].place == PL_SEAT_NONE ||
		    seats[i].loop == m.seat[i].loop));
	for (int i = 0; i < TURNS; i++)
		MUST(turns[i].waiting == m.turn[i].waiting);
	/* Outside a pause nobody waits beside an idle seat. */
	MUST(m.paused || l.idle == 0 || l.waiting == 0);
}

/* Nobody new comes: each free seat must help one who waits. */
static void
drain(void)
{
	int guard = 0;

	if (m.paused)
		resume();
	while (count_waiting() > 0) {
		int before = count_waiting(), seat = NONE;

		MUST(guard++ < 10 * TURNS);
		now += 100;
		for (int i = 0; i < SEATS; i++)
			if (m.seat[i].place == PL_SEAT_BUSY ||
			    m.seat[i].place == PL_SEAT_NEW)
				seat = i;
		if (seat == NONE) {
			m.limits.size = l.limits.size = SEATS;
			do_grow();
			continue;
		}
		release(seat);
		MUST(count_waiting() == before - 1);
	}
	check_counts();
}

static const struct { unsigned weight; void (*run)(void); } moves_table[] = {
	{ 300, do_want }, { 400, do_release }, { 15, do_withdraw },
	{ 60, do_grow }, { 12, do_drop }, { 8, do_take }, { 20, do_age },
	{ 12, do_lose }, { 8, do_evict }, { 2, do_pause }, { 1, do_change }
};

static void
move(void)
{
	unsigned total = 0, pick;
	size_t i;

	for (i = 0; i < sizeof moves_table / sizeof moves_table[0]; i++)
		total += moves_table[i].weight;
	pick = draw(total);
	for (i = 0; pick >= moves_table[i].weight; i++)
		pick -= moves_table[i].weight;
	moves_table[i].run();
}

static void
play(int how_many, unsigned long steps)
{
	loops = how_many;
	state = seed * 2654435761u + 88172645463325252u + (unsigned)loops;
	memset(&m, 0, sizeof m);
	memset(seats, 0, sizeof seats);
	memset(turns, 0, sizeof turns);
	grants = moves = tests = opened = overtaken = lost = 0;
	for (int i = 0; i < SEATS; i++)
		m.holder[i] = NONE;
	m.limits = (struct pl_limits){ .size = 8, .reserve = 2,
	    .reserve_after = 3000, .parallel = 2 };
	now = 1;
	MUST(pl_ledger_init(&l, (unsigned)loops, &m.limits) == 0);
	for (step_number = 0; step_number < steps; step_number++) {
		now += draw(3) == 0 ? draw(400) : 0;
		move();
		check_counts();
		if (step_number % 5000 == 4999)
			drain();
	}
	drain();
	for (int i = 0; i < SEATS; i++)
		if (m.seat[i].place != PL_SEAT_NONE)
			drop(i);
	pl_ledger_fini(&l);
	printf("%d loops: %lu steps, %lu grants, %lu moves, %lu tests, "
	    "%lu opened, %lu lost, %lu overtaken within patience\n", loops,
	    steps, grants, moves, tests, opened, lost, overtaken);
	/* A game in which nothing happened proves nothing. */
	MUST(grants > steps / 20 && opened > steps / 1000 &&
	    tests > steps / 1000 && lost > steps / 1000);
	MUST((loops == 1) == (moves == 0) && (loops == 1) == (overtaken == 0));
}

int
main(int argc, char **argv)
{
	unsigned long steps = argc > 2 ? strtoul(argv[2], NULL, 10) : 1000000;

	seed = argc > 1 ? strtoul(argv[1], NULL, 10) : 20261121;
	printf("seed %lu\n", seed);
	play(1, steps);
	play(LOOPS, steps);
	return 0;
}
