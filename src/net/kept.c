/* SPDX-License-Identifier: ISC */
/* kept.c - blocks of bytes that wait for somebody. One loop's thread. */
#include "base/mem.h"
#include "net/kept.h"

struct kept {
	struct kept *next;		/* spent or spare */
	size_t start, end, room;
	char data[];
};

enum { MOST_SPARES = 1024 };

/* Most of what waits is one short message: its block is 512 bytes. */
static const size_t small = 512 - sizeof(struct kept);

static struct kept *
take(struct kept_shelf *s, size_t len)
{
	struct kept *k = s->spare;
	size_t room = small;

	if (len <= small && k != NULL) {
		s->spare = k->next;
		s->spares--;
	} else {
		if (len > small)
			room = len < 4096 ? 8192 : 2 * len;
		k = mem_get(sizeof *k + room);
		if (k == NULL)
			return NULL;
		k->room = room;
	}
	k->start = k->end = 0;
	return k;
}

static void
give(struct kept_shelf *s, struct kept *k)
{
	if (k->room != small || s->spares == MOST_SPARES) {
		mem_drop(k);
		return;
	}
	k->next = s->spare;
	s->spare = k;
	s->spares++;
}

struct text
kept_bytes(const struct kept *k)
{
	return k == NULL ? TEXT_NONE :
	    (struct text){ k->data + k->start, k->end - k->start };
}

void
kept_spend(struct kept_shelf *s, struct kept **kp)
{
	struct kept *k = *kp;

	*kp = NULL;
	if (k == NULL)
		return;
	k->next = s->spent;
	s->spent = k;
}

int
kept_add(struct kept_shelf *s, struct kept **kp, struct text t)
{
	struct kept *k = *kp;
	struct text held = kept_bytes(k);

	if (k == NULL || k->room - k->end < t.len) {
		k = take(s, held.len + t.len);
		if (k == NULL)
			return -1;
		if (held.len > 0)
			memcpy(k->data, held.at, held.len);
		k->end = held.len;
		kept_spend(s, kp);
		*kp = k;
	}
	memcpy(k->data + k->end, t.at, t.len);
	k->end += t.len;
	return 0;
}

struct text
kept_serve(struct kept_shelf *s, struct kept **kp, size_t most)
{
	struct text t = kept_bytes(*kp);

	if (t.len > most)
		t.len = most;
	(*kp)->start += t.len;
	if ((*kp)->start == (*kp)->end)
		kept_spend(s, kp);
	return t;
}

bool
kept_holds(const struct kept_shelf *s, const char *at)
{
	const struct kept *k = s->spent;

	return k != NULL && at >= k->data && at < k->data + k->end;
}

void
kept_empty(struct kept_shelf *s)
{
	struct kept *k;

	while ((k = s->spent) != NULL) {
		s->spent = k->next;
		give(s, k);
	}
}

void
kept_end(struct kept_shelf *s)
{
	struct kept *k;

	kept_empty(s);
	while ((k = s->spare) != NULL) {
		s->spare = k->next;
		mem_drop(k);
	}
	s->spares = 0;
}
