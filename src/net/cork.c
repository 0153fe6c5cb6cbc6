/* SPDX-License-Identifier: ISC */
/* cork.c - vectors of pieces and their batch memory. One loop's thread. */
#include "base/die.h"
#include "base/mem.h"
#include "net/cork.h"

struct block {
	struct block *next;
	size_t used;
	char data[CORK_BATCH];
};

struct corks {
	struct cork *table[CORK_MOST];
	unsigned open;
	struct block *batch;		/* the one in use first */
};

struct corks *
cork_open_all(void)
{
	return mem_need(sizeof(struct corks));
}

/* Keeps one block, empty: the usual need. */
static void
empty_batch(struct corks *s)
{
	while (s->batch != NULL && s->batch->next != NULL) {
		struct block *b = s->batch;

		s->batch = b->next;
		mem_drop(b);
	}
	if (s->batch != NULL)
		s->batch->used = 0;
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
	unsigned i = 0;

	while (i < CORK_MOST && s->table[i] != NULL && s->table[i]->depth > 0)
		i++;
	NEED(i < CORK_MOST);
	if (s->table[i] == NULL)
		s->table[i] = mem_need(sizeof **s->table);
	s->table[i]->depth = 1;
	s->table[i]->count = 0;
	s->table[i]->len = 0;
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

struct cork *
cork_at(struct corks *s, uint8_t number)
{
	NEED(number > 0 && number <= CORK_MOST);
	return s->table[number - 1];
}

bool
cork_add(struct cork *k, struct text t)
{
	struct iovec *last = &k->piece[k->count - (k->count > 0)];

	if (k->count > 0 && (char *)last->iov_base + last->iov_len == t.at) {
		last->iov_len += t.len;
		k->len += t.len;
		return true;
	}
	if (k->count == CORK_PIECES)
		return false;
	k->piece[k->count++] = (struct iovec){ (void *)(uintptr_t)t.at, t.len };
	k->len += t.len;
	return true;
}

char *
cork_batch(struct corks *s, size_t len)
{
	struct block *b;

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
