/* SPDX-License-Identifier: ISC */
/* cork.c - vectors of pieces and their batch memory. One loop's thread. */
#include "base/mem.h"
#include "net/cork.h"

struct corks *
cork_open_all(void)
{
	return mem_need(sizeof(struct corks));
}

/* Keeps one block, empty: the usual need. */
static inline void
empty_batch(struct corks *s)
{
	struct cork_block *b = s->batch;

	if (b == NULL)
		return;
	for (; b->next != NULL; b = s->batch) {
		s->batch = b->next;
		mem_drop(b);
	}
	b->used = 0;
}

void
cork_close_all(struct corks **sp)
{
	struct corks *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	empty_batch(s);
	mem_drop(s->batch);
	for (unsigned i = 0; i < CORK_MOST; i++)
		mem_drop(s->table[i]);
	mem_drop(s);
}

uint8_t
cork_take(struct corks *s)
{
	struct cork *k;
	unsigned i = 0;

	while (i < CORK_MOST && s->table[i] != NULL && s->table[i]->depth > 0)
		i++;
	NEED(i < CORK_MOST);
	if (s->table[i] == NULL)
		s->table[i] = mem_need(sizeof **s->table);
	k = s->table[i];
	k->depth = 1;
	k->count = 0;
	k->len = 0;
	s->open++;
	return (uint8_t)(i + 1);
}

void
cork_give(struct corks *s, uint8_t number)
{
	cork_at(s, number)->depth = 0;
	if (--s->open == 0)
		empty_batch(s);
}

char *
cork_batch(struct corks *s, size_t len)
{
	struct cork_block *b;

	NEED(len <= CORK_BATCH);
	if (s->open == 0)
		empty_batch(s);
	b = s->batch;
	if (b == NULL || CORK_BATCH - b->used < len) {
		b = mem_get(sizeof *b);
		if (b == NULL)
			die("out of memory for a batch");
		b->next = s->batch;
		b->used = 0;
		s->batch = b;
	}
	b->used += len;
	return b->data + b->used - len;
}
