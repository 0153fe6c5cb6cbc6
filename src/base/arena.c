/* SPDX-License-Identifier: ISC */
/* arena.c - blocks in a row, each filled from its start; see arena.h. */
#include <stdarg.h>
#include <stdalign.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/die.h"
#include "base/mem.h"

enum { BLOCK = 16 * 1024 };

struct block {
	struct block *next;
	size_t used, room;
	alignas(max_align_t) char at[];
};

struct arena {
	struct block *first;
	jmp_buf *escape;
};

struct arena *
arena_new(void)
{
	return mem_zero(sizeof(struct arena));
}

void
arena_free(struct arena **arena)
{
	struct block *b, *next;

	if (*arena == NULL)
		return;
	for (b = (*arena)->first; b != NULL; b = next) {
		next = b->next;
		mem_drop(b);
	}
	mem_drop(*arena);
	*arena = NULL;
}

void
arena_escape(struct arena *arena, jmp_buf *to)
{
	arena->escape = to;
}

static _Noreturn void
give_up(struct arena *arena)
{
	if (arena->escape == NULL)
		die("out of memory in a configuration");
	longjmp(*arena->escape, 1);
}

/* What is large gets a block of its own behind the one in use. */
static struct block *
add_block(struct arena *arena, size_t len)
{
	bool own = len > BLOCK / 4 && arena->first != NULL;
	size_t room = len > BLOCK ? len : BLOCK;
	struct block *b;

	if (own)
		room = len;
	b = mem_zero(sizeof *b + room);
	if (b == NULL)
		give_up(arena);
	b->room = room;
	if (own) {
		b->next = arena->first->next;
		arena->first->next = b;
	} else {
		b->next = arena->first;
		arena->first = b;
	}
	return b;
}

void *
arena_get(struct arena *arena, size_t len)
{
	struct block *b = arena->first;
	void *at;

	if (len > SIZE_MAX / 2)
		give_up(arena);
	len = (len + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
	if (b == NULL || b->room - b->used < len)
		b = add_block(arena, len);
	at = b->at + b->used;
	b->used += len;
	return at;
}

char *
arena_copy(struct arena *arena, struct text t)
{
	char *at = arena_get(arena, t.len + 1);

	if (t.len > 0)
		memcpy(at, t.at, t.len);
	return at;
}

char *
arena_print(struct arena *arena, const char *fmt, ...)
{
	va_list ap;
	char *at;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	NEED(len >= 0);
	at = arena_get(arena, (size_t)len + 1);
	va_start(ap, fmt);
	vsnprintf(at, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return at;
}

void *
arena_room(struct arena *arena, void *at, unsigned count,
    unsigned *room)
{
	void *more;

	if (count < *room)
		return at;
	NEED(count < UINT32_MAX / 4);
	*room = count == 0 ? 4 : count * 2;
	more = arena_get(arena, *room * sizeof(void *));
	if (count > 0)
		memcpy(more, at, count * sizeof(void *));
	return more;
}
