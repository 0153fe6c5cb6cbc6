/* SPDX-License-Identifier: ISC */
/* facts.c - a tour that asks each loop. */
#include <time.h>

#include "balancer/facts.h"
#include "balancer/session.h"
#include "base/buffer.h"
#include "base/clock.h"
#include "base/mem.h"
#include "net/conn.h"
#include "net/tour.h"

struct asked {
	void (*done)(const struct lb_facts *, unsigned, void *);
	void *arg;
	struct lb_facts at[];
};

static void
visit(struct loop *l, void *arg)
{
	struct asked *a = arg;
	struct lb_facts *f = &a->at[loop_number(l)];
	struct timespec t;

	for (unsigned i = 0; i < lb_session_slots(l); i++)
		f->sessions += lb_session_at(l, i) != NULL;
	f->conns = conn_count(l);
	f->conn_bytes = conn_bytes(l);
	f->buffer_bytes = stock_lent(loop_stock(l));
	if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0)
		f->cpu = t.tv_sec * CLOCK_SECOND + t.tv_nsec / 1000;
}

static void
on_home(void *arg)
{
	struct asked *a = arg;

	a->done(a->at, loop_count(), a->arg);
	mem_drop(a);
}

void
lb_facts_take(struct loop *home,
    void (*done)(const struct lb_facts *, unsigned, void *), void *arg)
{
	struct asked *a = mem_zero(sizeof *a +
	    loop_count() * sizeof(struct lb_facts));

	if (a == NULL) {
		done(NULL, 0, arg);
		return;
	}
	a->done = done;
	a->arg = arg;
	tour_run(home, visit, on_home, a);
}
