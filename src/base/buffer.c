/* SPDX-License-Identifier: ISC */
/* buffer.c - chunks, the stock they come from, the queue made of them. */
#include "base/buffer.h"
#include "base/die.h"
#include "base/mem.h"

enum { CLASSES = 3, KEEP_BYTES = 256 * 1024 };

struct chunk {
	struct chunk *next;
	unsigned size_class;		/* CLASSES: larger, never kept */
	size_t room, start, end;	/* data[start..end) is held */
	char data[];
};

struct stock {
	struct chunk *free[CLASSES];
	size_t kept[CLASSES];		/* bytes on the free list */
	size_t lent;
};

/* Payload of each class: the chunk with its head fills 4, 16, 64 KB. */
static const size_t class_room[CLASSES] = {
	4096 - sizeof(struct chunk),
	16384 - sizeof(struct chunk),
	65536 + 64,	/* a whole read of 64 KB fits */
};

struct stock *
stock_new(void)
{
	return mem_need(sizeof(struct stock));
}

void
stock_free(struct stock **sp)
{
	struct stock *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	for (int i = 0; i < CLASSES; i++)
		while (s->free[i] != NULL) {
			struct chunk *c = s->free[i];

			s->free[i] = c->next;
			mem_drop(c);
		}
	mem_drop(s);
}

size_t
stock_lent(const struct stock *s)
{
	return s->lent;
}

static struct chunk *
take_chunk(struct stock *s, size_t want)
{
	unsigned k = 0;
	struct chunk *c;

	while (k < CLASSES - 1 && class_room[k] < want)
		k++;
	NEED(want <= class_room[k]);
	c = s->free[k];
	if (c != NULL) {
		s->free[k] = c->next;
		s->kept[k] -= c->room;
	} else {
		c = mem_get(sizeof *c + class_room[k]);
		if (c == NULL)
			return NULL;
		c->size_class = k;
		c->room = class_room[k];
	}
	c->next = NULL;
	c->start = c->end = 0;
	s->lent += c->room;
	return c;
}

static void
give_chunk(struct stock *s, struct chunk *c)
{
	unsigned k = c->size_class;

	s->lent -= c->room;
	if (s->kept[k] + c->room > KEEP_BYTES) {
		mem_drop(c);
		return;
	}
	c->next = s->free[k];
	s->free[k] = c;
	s->kept[k] += c->room;
}

char *
buffer_room(struct buffer *b, struct stock *s, size_t n)
{
	struct chunk *c = b->last;
	char *at;

	if (c == NULL || c->room - c->end < n) {
		c = take_chunk(s, n);
		if (c == NULL)
			return NULL;
		if (b->last == NULL)
			b->first = c;
		else
			b->last->next = c;
		b->last = c;
	}
	at = c->data + c->end;
	c->end += n;
	b->len += n;
	return at;
}

/* Takes back what was added since len: for an addition that failed midway. */
static void
cut_back(struct buffer *b, struct stock *s, size_t len)
{
	struct chunk *c = b->first, *next;
	size_t left = len;

	b->len = len;
	if (len == 0) {
		b->first = b->last = NULL;
		for (; c != NULL; c = next) {
			next = c->next;
			give_chunk(s, c);
		}
		return;
	}
	while (c->end - c->start < left) {
		left -= c->end - c->start;
		c = c->next;
	}
	c->end = c->start + left;
	b->last = c;
	next = c->next;
	c->next = NULL;
	while ((c = next) != NULL) {
		next = c->next;
		give_chunk(s, c);
	}
}

int
buffer_add(struct buffer *b, struct stock *s, struct text t)
{
	size_t before = b->len;

	while (t.len > 0) {
		struct chunk *c = b->last;
		size_t room = c == NULL ? 0 : c->room - c->end;
		size_t n = room > 0 ? room : class_room[CLASSES - 1];
		char *to;

		if (n > t.len)
			n = t.len;
		to = buffer_room(b, s, n);
		if (to == NULL) {
			cut_back(b, s, before);
			return -1;
		}
		memcpy(to, t.at, n);
		t = text_from(t, n);
	}
	return 0;
}

struct text
buffer_front(const struct buffer *b)
{
	if (b->first == NULL)
		return TEXT_NONE;
	return (struct text){ b->first->data + b->first->start,
	    b->first->end - b->first->start };
}

int
buffer_pieces(const struct buffer *b, struct iovec *to, int most)
{
	int n = 0;

	for (struct chunk *c = b->first; c != NULL && n < most; c = c->next)
		to[n++] = (struct iovec){ c->data + c->start,
		    c->end - c->start };
	return n;
}

void
buffer_eat(struct buffer *b, struct stock *s, size_t n)
{
	NEED(n <= b->len);
	b->len -= n;
	while (b->first != NULL) {
		struct chunk *c = b->first;
		size_t here = c->end - c->start;

		if (n < here) {
			c->start += n;
			return;
		}
		n -= here;
		b->first = c->next;
		if (b->first == NULL)
			b->last = NULL;
		give_chunk(s, c);
	}
}

void
buffer_copy(const struct buffer *b, char *to)
{
	for (struct chunk *c = b->first; c != NULL; c = c->next) {
		memcpy(to, c->data + c->start, c->end - c->start);
		to += c->end - c->start;
	}
}

void
buffer_fini(struct buffer *b, struct stock *s)
{
	if (b->len > 0 || b->first != NULL)
		buffer_eat(b, s, b->len);
}

void
buffer_adopt(struct buffer *b, struct stock *from, struct stock *to)
{
	for (struct chunk *c = b->first; c != NULL; c = c->next) {
		from->lent -= c->room;
		to->lent += c->room;
	}
}
