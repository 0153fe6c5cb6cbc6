/* SPDX-License-Identifier: ISC */
/*
 * view.c - walking a view. Loop 0.
 */
#include "base/die.h"
#include "base/mem.h"
#include "pooler/view.h"

bool (*pl_view_listener)(unsigned, struct pl_listening *);
struct resolver *pl_view_resolver;
const struct pl_peer_row *pl_view_peers;
unsigned pl_view_peer_count;

struct pl_walk *
pl_view_walk(const struct pl_view *view)
{
	struct pl_walk *w = mem_zero(sizeof *w);

	if (w != NULL)
		w->view = view;
	return w;
}

void
pl_view_turn(struct pl_walk *w)
{
	w->here = NULL;
}

const struct cell *
pl_view_next(struct pl_walk *w)
{
	const struct pl_view *v = w->view;

	if (!v->next(w))
		return NULL;
	column_fill(v->columns, v->count, w->row, w->cells);
	return w->cells;
}

void
pl_view_end(struct pl_walk **wp)
{
	struct pl_walk *w = *wp;

	*wp = NULL;
	if (w == NULL)
		return;
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
