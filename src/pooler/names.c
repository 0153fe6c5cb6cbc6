/* SPDX-License-Identifier: ISC */
/*
 * names.c - one client's names of prepared statements. A table of its own
 * for each client, so it starts small. The client's loop.
 */
#define HASH_NONFATAL_OOM 1
#define HASH_INITIAL_NUM_BUCKETS 8U
#define HASH_INITIAL_NUM_BUCKETS_LOG2 3U
#include <uthash.h>

#include "base/mem.h"
#include "pooler/names.h"

#undef uthash_malloc
#undef uthash_free
#define uthash_malloc(n)	mem_get(n)
#define uthash_free(p, n)	mem_drop(p)
#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(e)	((e)->statement = NULL)

struct pl_names {		/* one name; a map is its first */
	UT_hash_handle hh;
	struct pl_statement *statement;
	bool settled;		/* the server has answered its Parse */
	bool closing;		/* a Close is on its way: the name is free already */
	char name[];
};

static struct pl_names *
find_name(const struct pl_names *names, struct text name)
{
	struct pl_names *n = NULL;

	if (names != NULL && name.len <= UINT32_MAX)
		HASH_FIND(hh, names, name.at, (unsigned)name.len, n);
	return n;
}

struct pl_statement *
pl_names_find(const struct pl_names *names, struct text name)
{
	struct pl_names *n = find_name(names, name);

	return n == NULL || n->closing ? NULL : n->statement;
}

/* Never NULL in an entry that is in a table, so NULL can say "not added". */
static int
add_name(struct pl_names **names, struct text name, struct pl_statement *s)
{
	struct pl_names *n;

	if (name.len > UINT32_MAX)
		return -1;
	n = mem_zero(sizeof *n + name.len);
	if (n == NULL)
		return -1;
	memcpy(n->name, name.at, name.len);
	n->statement = s;
	HASH_ADD_KEYPTR(hh, *names, n->name, (unsigned)name.len, n);
	if (n->statement != NULL)
		return 0;
	mem_drop(n);
	return -1;
}

int
pl_names_put(struct pl_names **names, struct text name, struct pl_statement *s)
{
	struct pl_names *n = find_name(*names, name);

	if (n == NULL) {
		if (add_name(names, name, s) == -1)
			return -1;
		pl_statement_hold(s);
		return 0;
	}
	pl_statement_hold(s);
	pl_statement_drop(&n->statement);
	n->statement = s;
	n->settled = n->closing = false;
	return 0;
}

static void
drop_name(struct pl_names **names, struct pl_names *n)
{
	HASH_DELETE(hh, *names, n);
	pl_statement_drop(&n->statement);
	mem_drop(n);
}

bool
pl_names_drop(struct pl_names **names, struct text name)
{
	struct pl_names *n = find_name(*names, name);

	if (n == NULL)
		return false;
	drop_name(names, n);
	return true;
}

bool
pl_names_close(struct pl_names *names, struct text name)
{
	struct pl_names *n = find_name(names, name);

	if (n == NULL || n->closing)
		return false;
	n->closing = true;
	return true;
}

void
pl_names_closed(struct pl_names **names, const struct pl_statement *s,
    bool done)
{
	struct pl_names *n, *next;

	HASH_ITER(hh, *names, n, next)
		if (n->closing && n->statement == s) {
			if (done)
				drop_name(names, n);
			else
				n->closing = false;
			return;
		}
}

void
pl_names_settle(struct pl_names **names, const struct pl_statement *s,
    bool kept)
{
	struct pl_names *n, *next;

	HASH_ITER(hh, *names, n, next)
		if (!n->settled && n->statement == s) {
			if (kept)
				n->settled = true;
			else
				drop_name(names, n);
			return;
		}
}

void
pl_names_forget(struct pl_names **names)
{
	struct pl_names *n, *next;

	HASH_ITER(hh, *names, n, next)
		if (n->settled)
			drop_name(names, n);
}

void
pl_names_clear(struct pl_names **names)
{
	while (*names != NULL)
		drop_name(names, *names);
}

unsigned
pl_names_count(const struct pl_names *names)
{
	return HASH_COUNT(names);
}
