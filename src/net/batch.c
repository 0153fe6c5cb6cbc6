/* SPDX-License-Identifier: ISC */
/* batch.c - vectors of what is to be sent. One loop's thread. */
#include <string.h>

#include "base/mem.h"
#include "net/batch.h"

enum {
	MOST_PIECES = 256,		/* of one socket */
	MOST_BYTES = 256 * 1024,
	BLOCK = 65536			/* of copies */
};

struct block {
	struct block *next;
	size_t used, room;
	char data[];
};

bool
batch_fits(const struct batch *b, unsigned place, int count)
{
	unsigned more = (unsigned)count;
	const struct outgoing *o;

	if (place == 0)
		return b->count < BATCH_SENDS &&
		    b->pieces + more <= BATCH_PIECES;
	o = &b->out[place - 1];		/* it may have to move to the end */
	return o->len < MOST_BYTES && o->count + more <= MOST_PIECES &&
	    b->pieces + o->count + more <= BATCH_PIECES;
}

bool
batch_reserve(struct batch *b, size_t len)
{
	size_t room = len > BLOCK ? len : BLOCK;
	struct block *k = b->copies;

	if (len == 0 || (k != NULL && k->room - k->used >= len))
		return true;
	k = mem_get(sizeof *k + room);
	if (k == NULL)
		return false;
	k->used = 0;
	k->room = room;
	k->next = b->copies;
	b->copies = k;
	return true;
}

uint16_t
batch_place(struct batch *b, uint16_t place, void *owner, int fd)
{
	struct outgoing *o;

	if (place != 0)
		return place;
	o = &b->out[b->count++];
	o->owner = owner;
	o->fd = fd;
	o->piece = b->piece + b->pieces;
	o->count = 0;
	o->len = 0;
	return (uint16_t)b->count;
}

static char *
copy(struct block *k, const char *from, size_t len)
{
	memcpy(k->data + k->used, from, len);
	k->used += len;
	return k->data + k->used - len;
}

void
batch_add(struct batch *b, uint16_t place, char *at, size_t len, bool mortal)
{
	struct outgoing *o = &b->out[place - 1];
	struct iovec *end = o->piece + o->count;

	if (mortal)
		at = copy(b->copies, at, len);
	o->len += len;
	if (o->count > 0 && (char *)end[-1].iov_base + end[-1].iov_len == at) {
		end[-1].iov_len += len;
		return;
	}
	if (end != b->piece + b->pieces) {	/* others came behind it */
		end = b->piece + b->pieces;
		memcpy(end, o->piece, o->count * sizeof *end);
		o->piece = end;
		b->pieces += o->count;
		end += o->count;
	}
	*end = (struct iovec){ at, len };
	o->count++;
	b->pieces++;
}

/* Keeps one block of the usual size. */
void
batch_empty(struct batch *b)
{
	struct block *k;

	while ((k = b->copies) != NULL && (k->next != NULL ||
	    k->room > BLOCK)) {
		b->copies = k->next;
		mem_drop(k);
	}
	if (k != NULL)
		k->used = 0;
	b->count = b->pieces = 0;
}

void
batch_end(struct batch *b)
{
	batch_empty(b);
	mem_drop(b->copies);
	b->copies = NULL;
}
