/* SPDX-License-Identifier: ISC */
/* map.c - uthash with our allocator and text keys. One thread. */
#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "base/map.h"
#include "base/mem.h"

#undef uthash_malloc
#undef uthash_free
#define uthash_malloc(n)	mem_get(n)
#define uthash_free(p, n)	mem_drop(p)
#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(e)	((e)->value = NULL, (e)->failed = true)

struct map {
	UT_hash_handle hh;
	void *value;
	bool failed;
	size_t len;
	char key[];
};

/* A key that is nowhere is the empty one: hashing wants an address. */
static struct text
some_key(struct text key)
{
	return key.at == NULL ? TEXT("") : key;
}

void *
map_find(const struct map *m, struct text key)
{
	struct map *e = NULL;

	if (m == NULL)
		return NULL;
	key = some_key(key);
	HASH_FIND(hh, m, key.at, (unsigned)key.len, e);
	return e == NULL ? NULL : e->value;
}

int
map_put(struct map **m, struct text key, void *value)
{
	struct map *e = NULL;

	key = some_key(key);
	if (*m != NULL)
		HASH_FIND(hh, *m, key.at, (unsigned)key.len, e);
	if (e != NULL) {
		e->value = value;
		return 0;
	}
	e = mem_zero(sizeof *e + key.len + 1);
	if (e == NULL)
		return -1;
	memcpy(e->key, key.at, key.len);
	e->len = key.len;
	e->value = value;
	HASH_ADD_KEYPTR(hh, *m, e->key, (unsigned)key.len, e);
	if (e->failed) {
		mem_drop(e);
		return -1;
	}
	return 0;
}

void *
map_drop(struct map **m, struct text key)
{
	struct map *e = NULL;
	void *value;

	key = some_key(key);
	if (*m != NULL)
		HASH_FIND(hh, *m, key.at, (unsigned)key.len, e);
	if (e == NULL)
		return NULL;
	HASH_DELETE(hh, *m, e);
	value = e->value;
	mem_drop(e);
	return value;
}

size_t
map_count(const struct map *m)
{
	return HASH_COUNT(m);
}

void
map_each(struct map *m, void (*visit)(struct text, void *, void *), void *arg)
{
	struct map *e, *next;

	HASH_ITER(hh, m, e, next)
		visit((struct text){ e->key, e->len }, e->value, arg);
}

void
map_free(struct map **m, void (*drop)(void *))
{
	struct map *e, *next;

	HASH_ITER(hh, *m, e, next) {
		HASH_DELETE(hh, *m, e);
		if (drop != NULL)
			drop(e->value);
		mem_drop(e);
	}
	*m = NULL;
}
