/* SPDX-License-Identifier: ISC */
/*
 * view.c - walking a view: loop 0's own rows, then those of the others, a
 * page at a time. Loop 0, but for fill().
 */
#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "pooler/census.h"
#include "pooler/round.h"
#include "pooler/view.h"

enum { PAGE_ROWS = 256, PAGE_TIME = 1000 };	/* us */

struct pl_page {
	struct pl_round round;
	struct pl_walk *walk;		/* whose it is, while it is not forgotten */
	struct pl_walk scout;		/* walks there */
	bool over;			/* that loop has no more */
	unsigned count, at;
	_Alignas(max_align_t) char rows[];
};

bool (*pl_view_listener)(unsigned, struct pl_listening *);
struct resolver *pl_view_resolver;
const struct pl_peer_row *pl_view_peers;
unsigned pl_view_peer_count;

struct pl_walk *
pl_view_walk(const struct pl_view *view, void (*ready)(void *), void *arg)
{
	struct pl_walk *w = mem_zero(sizeof *w);

	if (w == NULL)
		return NULL;
	w->view = view;
	w->ready = ready;
	w->arg = arg;
	return w;
}

void
pl_view_turn(struct pl_walk *w)
{
	w->here = NULL;
}

static void
leave_row(struct pl_walk *w)
{
	if (w->has_row && w->view->leave != NULL)
		w->view->leave(w->row);
	w->has_row = false;
}

/* ---- pages -------------------------------------------------------------- */

static char *
row_at(struct pl_page *p, unsigned i)
{
	return p->rows + i * p->scout.view->size;
}

/* On the loop where they live. */
static void
fill(struct pl_round *round)
{
	struct pl_page *p = (struct pl_page *)(void *)round;
	struct pl_walk *w = &p->scout;
	int64_t end = clock_now() + PAGE_TIME;

	pl_view_turn(w);
	while (p->count < PAGE_ROWS && clock_now() < end) {
		p->over = !w->view->next(w);
		if (p->over)
			return;
		memcpy(row_at(p, p->count++), w->row, w->view->size);
	}
}

static void
go_on(struct pl_walk *w)
{
	if (w->ready != NULL)
		w->ready(w->arg);
}

/* One that is late goes on without its loop. */
static void
on_filled(struct pl_round *round)
{
	struct pl_page *p = (struct pl_page *)(void *)round;
	struct pl_walk *w = p->walk;

	if (round->away != 0) {
		w->missing |= round->away;
		w->page = NULL;
		pl_round_forget(round);
	}
	go_on(w);
}

static void
drop_page(struct pl_round *round)
{
	struct pl_page *p = (struct pl_page *)(void *)round;

	for (; p->at < p->count; p->at++)
		if (p->scout.view->leave != NULL)
			p->scout.view->leave(row_at(p, p->at));
	mem_drop(p);
}

static void
end_page(struct pl_walk *w)
{
	if (w->page != NULL)
		pl_round_forget(&w->page->round);
	w->page = NULL;
}

static void
begin_page(struct pl_walk *w)
{
	struct pl_page *p = mem_zero(sizeof *p + PAGE_ROWS * w->view->size);

	w->loop++;
	w->page = p;
	if (p == NULL) {
		w->missing |= (uint64_t)1 << w->loop;
		return;
	}
	p->round.visit = fill;
	p->round.done = on_filled;
	p->round.drop = drop_page;
	p->walk = w;
	p->scout.view = w->view;
	p->scout.loop = w->loop;
}

/* The next row that has come; when there is none, the next page is asked for. */
static bool
next_of_others(struct pl_walk *w)
{
	struct pl_page *p = w->page;

	while (p == NULL || (p->at == p->count && p->over)) {
		end_page(w);
		if (w->loop + 1 >= loop_count())
			return false;
		begin_page(w);
		p = w->page;
	}
	if (p->round.away != 0)
		return false;
	if (p->at < p->count) {
		w->row = row_at(p, p->at++);
		return true;
	}
	p->at = p->count = 0;
	pl_round_begin(&p->round, (uint64_t)1 << w->loop);
	return false;
}

/* ---- the walk ----------------------------------------------------------- */

static void
on_counted(void *arg, uint64_t missing)
{
	struct pl_walk *w = arg;
	bool waited = w->census != NULL;

	w->census = NULL;
	w->missing |= missing;
	if (waited)
		go_on(w);
}

/* False: its numbers are not here yet. */
static bool
is_counted(struct pl_walk *w)
{
	if (w->view->from == PL_VIEW_COUNTED && !w->counted) {
		w->counted = true;
		w->census = pl_census_take(false, on_counted, w);
	}
	return w->census == NULL;
}

static bool
next_row(struct pl_walk *w)
{
	if (!is_counted(w))
		return false;
	if (w->loop == 0 && w->view->next(w))
		return true;
	return w->view->from == PL_VIEW_LOOPS && next_of_others(w);
}

/* Not shown before, on a loop where it was then. */
static bool
is_new(struct pl_walk *w)
{
	uint64_t key;

	if (w->view->from != PL_VIEW_LOOPS || pl_round_others() == 0)
		return true;
	key = w->view->key(w->row);
	return key == 0 || pl_seen_add(&w->seen, key);
}

const struct cell *
pl_view_next(struct pl_walk *w)
{
	const struct pl_view *v = w->view;

	do {
		leave_row(w);
		if (!next_row(w))
			return NULL;
		w->has_row = true;
	} while (!is_new(w));
	column_fill(v->columns, v->count, w->row, w->cells);
	return w->cells;
}

bool
pl_view_waits(const struct pl_walk *w)
{
	return w->census != NULL ||
	    (w->page != NULL && w->page->round.away != 0);
}

void
pl_view_end(struct pl_walk **wp)
{
	struct pl_walk *w = *wp;

	*wp = NULL;
	if (w == NULL)
		return;
	leave_row(w);
	end_page(w);
	pl_census_forget(&w->census);
	pl_seen_clear(&w->seen);
	if (w->drop != NULL)
		w->drop(w->kept);
	mem_drop(w);
}

void *
pl_view_make(struct pl_walk *w, size_t size)
{
	NEED(size <= sizeof w->room);
	w->row = w->room;
	return w->room;
}

void
pl_view_begin_phase(struct pl_walk *w)
{
	w->phase++;
	w->at = 0;
}
