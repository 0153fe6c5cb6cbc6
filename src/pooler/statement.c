/* SPDX-License-Identifier: ISC */
/*
 * statement.c - the table of unique statements, found by content. Any thread:
 * the table has a lock, statements are counted by atomics.
 */
#define HASH_NONFATAL_OOM 1
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <uthash.h>

#include "base/die.h"
#include "base/mem.h"
#include "pooler/counted.h"
#include "pooler/statement.h"

#undef uthash_malloc
#undef uthash_free
#define uthash_malloc(n)	mem_get(n)
#define uthash_free(p, n)	mem_drop(p)
#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(e)	((e)->failed = true)

struct pl_statement {
	UT_hash_handle hh;
	uint64_t number;
	_Atomic uint32_t refs;
	size_t len;
	bool failed;			/* the table had no memory for it */
	uint8_t name_len;
	char name[PL_STATEMENT_NAME];
	char body[];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* of the table */
static struct pl_statement *table;
static uint64_t last_number;

static struct pl_statement *
make(struct text body, unsigned hash)
{
	struct pl_statement *s = mem_get(sizeof *s + body.len);

	if (s == NULL)
		return NULL;
	memset(s, 0, sizeof *s);
	memcpy(s->body, body.at, body.len);
	s->len = body.len;
	s->refs = 1;
	s->number = ++last_number;
	s->name_len = (uint8_t)snprintf(s->name, sizeof s->name,
	    "PGBOUNCER_%" PRIu64, s->number);
	HASH_ADD_KEYPTR_BYHASHVALUE(hh, table, s->body, (unsigned)s->len, hash,
	    s);
	if (s->failed) {
		mem_drop(s);
		return NULL;
	}
	return s;
}

struct pl_statement *
pl_statement_get(struct text body)
{
	struct pl_statement *s = NULL;
	unsigned hash;

	if (body.len > UINT32_MAX)
		return NULL;
	HASH_VALUE(body.at, (unsigned)body.len, hash);
	pthread_mutex_lock(&lock);
	HASH_FIND_BYHASHVALUE(hh, table, body.at, (unsigned)body.len, hash, s);
	s = s == NULL ? make(body, hash) : pl_statement_hold(s);
	pthread_mutex_unlock(&lock);
	return s;
}

struct pl_statement *
pl_statement_hold(struct pl_statement *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void
pl_statement_drop(struct pl_statement **at)
{
	struct pl_statement *s = *at;
	bool last;

	*at = NULL;
	if (s == NULL)
		return;
	if (pl_counted_drop(&s->refs))
		return;
	pthread_mutex_lock(&lock);
	last = atomic_fetch_sub(&s->refs, 1) == 1;
	if (last)
		HASH_DELETE(hh, table, s);
	pthread_mutex_unlock(&lock);
	if (last)
		mem_drop(s);
}

uint64_t
pl_statement_number(const struct pl_statement *s)
{
	return s->number;
}

struct text
pl_statement_name(const struct pl_statement *s)
{
	return (struct text){ s->name, s->name_len };
}

struct text
pl_statement_body(const struct pl_statement *s)
{
	return (struct text){ s->body, s->len };
}

unsigned
pl_statement_count(void)
{
	unsigned n;

	pthread_mutex_lock(&lock);
	n = HASH_COUNT(table);
	pthread_mutex_unlock(&lock);
	return n;
}
