/* SPDX-License-Identifier: ISC */
/* tour.c - a note that goes round all loops and comes home. */
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
