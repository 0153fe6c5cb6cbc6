/* SPDX-License-Identifier: ISC */
/* fates.c - made when a rule first needs it. On the session's loop. */
#include "balancer/fates.h"
#include "balancer/lookup.h"
#include "base/mem.h"

struct lb_fates *
lb_fates_get(struct lb_session *s)
{
	if (s->fates == NULL) {
		s->fates = mem_zero(sizeof *s->fates);
		if (s->fates != NULL)
			s->fates->mark = s->fates->tos = -1;
	}
	return s->fates;
}

void
lb_fates_promise(struct lb_session *s, struct lb_table *t, struct text key)
{
	struct lb_fates *f = lb_fates_get(s);
	struct lb_promise *p;

	if (f == NULL || (p = mem_get(sizeof *p + key.len)) == NULL)
		return;
	p->table = t;
	p->len = key.len;
	memcpy(p->key, key.at, key.len);
	p->next = f->promises;
	f->promises = p;
}

void
lb_fates_capture(struct lb_session *s, struct text t)
{
	struct lb_fates *f = lb_fates_get(s);
	struct lb_capture *c, **end;

	if (f == NULL || (c = mem_get(sizeof *c + t.len)) == NULL)
		return;
	c->next = NULL;
	c->len = t.len;
	if (t.len > 0)
		memcpy(c->text, t.at, t.len);
	for (end = &f->captures; *end != NULL; end = &(*end)->next)
		continue;
	*end = c;
}

void
lb_fates_drop(struct lb_session *s)
{
	struct lb_fates *f = s->fates;
	struct lb_promise *p;
	struct lb_capture *c;

	if (f == NULL)
		return;
	while ((p = f->promises) != NULL) {
		f->promises = p->next;
		mem_drop(p);
	}
	while ((c = f->captures) != NULL) {
		f->captures = c->next;
		mem_drop(c);
	}
	lb_lookup_leave(&f->lookup);
	mem_drop(f->header);
	mem_drop(f->answer);
	mem_drop(f);
	s->fates = NULL;
}
