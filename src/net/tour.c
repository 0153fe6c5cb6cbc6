/* SPDX-License-Identifier: ISC */
/*
 * tour.c - a note that goes round all loops and comes home; the rendezvous of
 * all loops, which has one lock for all.
 */
#include <pthread.h>
#include <time.h>

#include "base/die.h"
#include "base/mem.h"
#include "net/tour.h"

struct tour {
	struct loop *home;
	unsigned next, count;
	void (*visit)(struct loop *, void *);
	void (*done)(void *);
	void *arg;
};

static void on_arrival(void *);

/* Goes on as far as this thread reaches; the last step is at home. */
static void
go_on(struct tour *t)
{
	struct loop *l;

	for (; t->next < t->count; t->next++) {
		l = loop_at(t->next);
		if (l == NULL)
			continue;
		if (l != loop_here()) {
			loop_post(l, on_arrival, t);
			return;
		}
		t->visit(l, t->arg);
	}
	if (loop_here() != t->home) {
		loop_post(t->home, on_arrival, t);
		return;
	}
	if (t->done != NULL)
		t->done(t->arg);
	mem_drop(t);
}

static void
on_arrival(void *arg)
{
	go_on(arg);
}

void
tour_run(struct loop *home, void (*visit)(struct loop *, void *),
    void (*done)(void *), void *arg)
{
	struct tour *t = mem_get(sizeof *t);

	NEED(loop_here() == home);
	if (t == NULL)
		die("out of memory for a tour");
	*t = (struct tour){ home, 0, loop_count(), visit, done, arg };
	go_on(t);
}

/* ---- standstill -------------------------------------------------------- */

enum { STILL_LIMIT = 1 };	/* seconds */

static struct {
	pthread_mutex_t lock;
	pthread_cond_t arrived, over;
	uintptr_t round;
	bool open;		/* this round: come and rest */
	unsigned resting;
	bool inside;		/* a change runs; home's own */
} still = { .lock = PTHREAD_MUTEX_INITIALIZER,
    .over = PTHREAD_COND_INITIALIZER };

static void
on_called(void *arg)
{
	uintptr_t round = (uintptr_t)arg;

	pthread_mutex_lock(&still.lock);
	if (still.open && still.round == round) {
		still.resting++;
		pthread_cond_signal(&still.arrived);
	}
	/* Whoever comes too late finds another round, or none. */
	while (still.open && still.round == round)
		pthread_cond_wait(&still.over, &still.lock);
	pthread_mutex_unlock(&still.lock);
}

/* How many were called. */
static unsigned
call_others(const struct loop *home, uintptr_t round)
{
	unsigned n = 0;

	for (unsigned i = 0; i < loop_count(); i++) {
		struct loop *l = loop_at(i);

		if (l == NULL || l == home)
			continue;
		loop_post(l, on_called, (void *)round);
		n++;
	}
	return n;
}

static bool
await(unsigned others)
{
	struct timespec end;
	int code = 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += STILL_LIMIT;
	pthread_mutex_lock(&still.lock);
	while (still.resting < others && code == 0)
		code = pthread_cond_timedwait(&still.arrived, &still.lock,
		    &end);
	pthread_mutex_unlock(&still.lock);
	return code == 0;
}

static uintptr_t
begin_round(void)
{
	static bool ready;
	pthread_condattr_t attr;

	if (!ready) {
		pthread_condattr_init(&attr);
		pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
		pthread_cond_init(&still.arrived, &attr);
		pthread_condattr_destroy(&attr);
		ready = true;
	}
	pthread_mutex_lock(&still.lock);
	still.round++;
	still.resting = 0;
	still.open = true;
	pthread_mutex_unlock(&still.lock);
	return still.round;
}

static void
end_round(void)
{
	pthread_mutex_lock(&still.lock);
	still.open = false;
	pthread_cond_broadcast(&still.over);
	pthread_mutex_unlock(&still.lock);
}

int
tour_still(struct loop *home, void (*change)(void *), void *arg)
{
	bool came;

	NEED(loop_here() == home);
	if (still.inside || loop_count() < 2) {
		change(arg);
		return 0;
	}
	came = await(call_others(home, begin_round()));
	if (came) {
		still.inside = true;
		change(arg);
		still.inside = false;
	}
	end_round();
	return came ? 0 : -1;
}
