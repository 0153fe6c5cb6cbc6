/* SPDX-License-Identifier: ISC */
/*
 * names.c - chains by a hash that begins at the table's place in memory, so
 * that no text can be made to fill one chain; twice as many of them when there
 * are as many names. One thread.
 */
#include <stdint.h>
#include <string.h>

#include "base/names.h"

enum { FIRST = 16 };

struct names_entry {
	struct names_entry *next;
	uint64_t hash;
	struct text name;
	void *value;
};

/* FNV-1a, and a last mix for the low bits. */
static uint64_t
find_hash(const struct names *n, struct text name)
{
	uint64_t h = UINT64_C(14695981039346656037) ^ (uintptr_t)n;

	for (size_t i = 0; i < name.len; i++)
		h = (h ^ (unsigned char)name.at[i]) * UINT64_C(1099511628211);
	h ^= h >> 32;
	h *= UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 29;
}

static struct names_entry *
find(const struct names *n, uint64_t hash, struct text name)
{
	struct names_entry *e;

	if (n->room == 0)
		return NULL;
	for (e = n->rows[hash & (n->room - 1)]; e != NULL; e = e->next)
		if (e->hash == hash && text_same(e->name, name))
			return e;
	return NULL;
}

static void
link_entry(struct names *n, struct names_entry *e)
{
	struct names_entry **row = &n->rows[e->hash & (n->room - 1)];

	e->next = *row;
	*row = e;
}

static void
grow(struct names *n, struct arena *arena)
{
	struct names_entry **rows = n->rows, *e, *next;
	size_t room = n->room;

	n->room = room == 0 ? FIRST : room * 2;
	n->rows = arena_get(arena, n->room * sizeof(struct names_entry *));
	for (size_t i = 0; i < room; i++)
		for (e = rows[i]; e != NULL; e = next) {
			next = e->next;
			link_entry(n, e);
		}
}

static void
add(struct names *n, struct arena *arena, uint64_t hash, struct text name,
    void *value)
{
	struct names_entry *e = arena_get(arena, sizeof *e);

	if (n->count >= n->room)
		grow(n, arena);
	e->hash = hash;
	e->name = (struct text){ arena_copy(arena, name), name.len };
	e->value = value;
	link_entry(n, e);
	n->count++;
}

void *
names_find(const struct names *n, struct text name)
{
	struct names_entry *e = find(n, find_hash(n, name), name);

	return e == NULL ? NULL : e->value;
}

void
names_put(struct names *n, struct arena *arena, struct text name, void *value)
{
	uint64_t hash = find_hash(n, name);
	struct names_entry *e = find(n, hash, name);

	if (e != NULL)
		e->value = value;
	else
		add(n, arena, hash, name, value);
}

void *
names_keep(struct names *n, struct arena *arena, struct text name,
    void *value)
{
	uint64_t hash = find_hash(n, name);
	struct names_entry *e = find(n, hash, name);

	if (e != NULL)
		return e->value;
	add(n, arena, hash, name, value);
	return value;
}
