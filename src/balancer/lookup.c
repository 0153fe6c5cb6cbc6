/* SPDX-License-Identifier: ISC */
/* lookup.c - from a session's loop to loop 0 and back; see lookup.h. */
#include "balancer/lookup.h"
#include "balancer/resolution.h"
#include "base/mem.h"

struct lb_lookup {
	/* The asking loop's. */
	void (*told)(void *arg, const struct address *);	/* NULL: left */
	void *arg;
	/* Loop 0's. */
	struct lb_lookup *next, **at;	/* of those that are asked */
	/* Written before it is sent on. */
	struct loop *from;
	const struct lb_resolvers_conf *section;
	bool ipv4, found;
	struct address address;
	char name[];
};

static struct lb_lookup *asking;

static void
unlink_it(struct lb_lookup *l)
{
	*l->at = l->next;
	if (l->next != NULL)
		l->next->at = l->at;
}

static void
on_told(void *arg)
{
	struct lb_lookup *l = arg;

	if (l->told != NULL)
		l->told(l->arg, l->found ? &l->address : NULL);
	mem_drop(l);
}

/* Each in its turn gets another of the addresses. */
static void
on_heard(void *arg, struct lb_resolution *r, bool first)
{
	struct lb_lookup *l = arg;

	if (r->status == LB_RESOLUTION_VALID && r->count > 0) {
		l->address = r->items[r->turn++ % r->count].address;
		l->found = true;
	}
	lb_resolution_leave(r, l);
	unlink_it(l);
	loop_post(l->from, on_told, l);
}

static void
on_home(void *arg)
{
	struct lb_lookup *l = arg;

	if (lb_resolution_want(l->section, l->name, l->ipv4 ? ANSWER_A :
	    ANSWER_AAAA, on_heard, l) == NULL) {
		loop_post(l->from, on_told, l);
		return;
	}
	l->next = asking;
	l->at = &asking;
	if (asking != NULL)
		asking->at = &l->next;
	asking = l;
}

struct lb_lookup *
lb_lookup_begin(const struct lb_resolvers_conf *section, struct text name,
    bool ipv4, void (*told)(void *, const struct address *), void *arg)
{
	struct lb_lookup *l = mem_zero(sizeof *l + name.len + 1);

	if (l == NULL)
		return NULL;
	*l = (struct lb_lookup){ .told = told, .arg = arg, .ipv4 = ipv4,
	    .from = loop_here(), .section = section };
	memcpy(l->name, name.at, name.len);
	loop_post(loop_at(0), on_home, l);
	return l;
}

void
lb_lookup_leave(struct lb_lookup **l)
{
	if (*l != NULL)
		(*l)->told = NULL;
	*l = NULL;
}

void
lb_lookup_fini(void)
{
	struct lb_lookup *l;

	while ((l = asking) != NULL) {
		unlink_it(l);
		mem_drop(l);
	}
}
