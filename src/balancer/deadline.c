/* SPDX-License-Identifier: ISC */
/* deadline.c - a binary heap of marks. Pure; one loop's. */
#include "balancer/deadline.h"
#include "base/mem.h"

struct lb_deadlines {
	struct lb_mark **at;
	uint32_t count, room;
};

struct lb_deadlines *
lb_deadline_new(void)
{
	return mem_need(sizeof(struct lb_deadlines));
}

void
lb_deadline_free(struct lb_deadlines **d)
{
	if (*d != NULL)
		mem_drop((*d)->at);
	mem_drop(*d);
	*d = NULL;
}

static void
put(struct lb_deadlines *d, uint32_t place, struct lb_mark *m)
{
	d->at[place] = m;
	m->place = place;
}

static void
rise(struct lb_deadlines *d, uint32_t place)
{
	struct lb_mark *m = d->at[place];

	for (; place > 0 && d->at[(place - 1) / 2]->at > m->at;
	    place = (place - 1) / 2)
		put(d, place, d->at[(place - 1) / 2]);
	put(d, place, m);
}

static void
sink(struct lb_deadlines *d, uint32_t place)
{
	struct lb_mark *m = d->at[place];
	uint32_t child;

	while ((child = 2 * place + 1) < d->count) {
		if (child + 1 < d->count &&
		    d->at[child + 1]->at < d->at[child]->at)
			child++;
		if (d->at[child]->at >= m->at)
			break;
		put(d, place, d->at[child]);
		place = child;
	}
	put(d, place, m);
}

static void
take_out(struct lb_deadlines *d, struct lb_mark *m)
{
	uint32_t place = m->place;
	struct lb_mark *last = d->at[--d->count];

	m->at = 0;
	if (last == m)
		return;
	put(d, place, last);
	rise(d, place);
	sink(d, last->place);
}

static int
make_room(struct lb_deadlines *d)
{
	uint32_t room = d->room == 0 ? 64 : d->room * 2;
	void *more;

	if (d->count < d->room)
		return 0;
	more = mem_grow(d->at, room * sizeof *d->at);
	if (more == NULL)
		return -1;
	d->at = more;
	d->room = room;
	return 0;
}

int
lb_deadline_set(struct lb_deadlines *d, struct lb_mark *m, int64_t at)
{
	if (m->at != 0 && at == 0) {
		take_out(d, m);
		return 0;
	}
	if (at == 0)
		return 0;
	if (m->at == 0) {
		if (make_room(d) < 0)
			return -1;
		put(d, d->count++, m);
	}
	m->at = at;
	rise(d, m->place);
	sink(d, m->place);
	return 0;
}

struct lb_mark *
lb_deadline_first(const struct lb_deadlines *d)
{
	return d->count > 0 ? d->at[0] : NULL;
}
