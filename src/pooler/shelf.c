/* SPDX-License-Identifier: ISC */
/*
 * shelf.c - the statements one server has prepared: found by number, in the
 * order of their last use. The server's loop.
 */
#define HASH_NONFATAL_OOM 1
#define HASH_INITIAL_NUM_BUCKETS 8U
#define HASH_INITIAL_NUM_BUCKETS_LOG2 3U
/* Numbers run, so their low bits are spread as evenly as can be. */
#define HASH_FUNCTION(key, len, hash) ((hash) = (unsigned)*(key))
#define HASH_KEYCMP(a, b, len)						\
	(*(const uint64_t *)(a) != *(const uint64_t *)(b))
#include <sys/queue.h>
#include <uthash.h>

#include "base/mem.h"
#include "pooler/shelf.h"

#undef uthash_malloc
#undef uthash_free
#define uthash_malloc(n)	mem_get(n)
#define uthash_free(p, n)	mem_drop(p)
#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(e)	((e)->statement = NULL)

struct book {
	UT_hash_handle hh;
	TAILQ_ENTRY(book) link;
	struct pl_statement *statement;
	uint64_t number;
};

struct pl_shelf {
	struct book *books;
	TAILQ_HEAD(book_list, book) order;	/* the last used first */
};

static struct book *
find_book(const struct pl_shelf *shelf, const struct pl_statement *s)
{
	uint64_t number = pl_statement_number(s);
	struct book *b = NULL;

	if (shelf != NULL)
		HASH_FIND(hh, shelf->books, &number, sizeof number, b);
	return b;
}

bool
pl_shelf_use(struct pl_shelf *shelf, const struct pl_statement *s)
{
	struct book *b;

	if (shelf == NULL)
		return false;
	b = TAILQ_FIRST(&shelf->order);
	if (b != NULL && b->statement == s)
		return true;
	b = find_book(shelf, s);
	if (b == NULL)
		return false;
	TAILQ_REMOVE(&shelf->order, b, link);
	TAILQ_INSERT_HEAD(&shelf->order, b, link);
	return true;
}

static int
add_book(struct pl_shelf *shelf, struct pl_statement *s)
{
	struct book *b = mem_zero(sizeof *b);

	if (b == NULL)
		return -1;
	b->statement = s;
	b->number = pl_statement_number(s);
	HASH_ADD(hh, shelf->books, number, sizeof b->number, b);
	if (b->statement == NULL) {
		mem_drop(b);
		return -1;
	}
	pl_statement_hold(s);
	TAILQ_INSERT_HEAD(&shelf->order, b, link);
	return 0;
}

static void
drop_empty(struct pl_shelf **shelf)
{
	if ((*shelf)->books != NULL)
		return;
	mem_drop(*shelf);
	*shelf = NULL;
}

int
pl_shelf_add(struct pl_shelf **shelf, struct pl_statement *s)
{
	if (pl_shelf_use(*shelf, s))
		return 0;
	if (*shelf == NULL) {
		*shelf = mem_zero(sizeof **shelf);
		if (*shelf == NULL)
			return -1;
		TAILQ_INIT(&(*shelf)->order);
	}
	if (add_book(*shelf, s) == 0)
		return 0;
	drop_empty(shelf);
	return -1;
}

static void
drop_book(struct pl_shelf *shelf, struct book *b)
{
	TAILQ_REMOVE(&shelf->order, b, link);
	HASH_DELETE(hh, shelf->books, b);
	pl_statement_drop(&b->statement);
	mem_drop(b);
}

bool
pl_shelf_drop(struct pl_shelf **shelf, const struct pl_statement *s)
{
	struct book *b = find_book(*shelf, s);

	if (b == NULL)
		return false;
	drop_book(*shelf, b);
	drop_empty(shelf);
	return true;
}

struct pl_statement *
pl_shelf_surplus(const struct pl_shelf *shelf, unsigned most,
    const struct pl_statement *not)
{
	const struct book *b;

	if (pl_shelf_count(shelf) <= most)
		return NULL;
	b = TAILQ_LAST(&shelf->order, book_list);
	if (b->statement == not)
		b = TAILQ_PREV(b, book_list, link);
	return b == NULL ? NULL : b->statement;
}

void
pl_shelf_clear(struct pl_shelf **shelf)
{
	if (*shelf == NULL)
		return;
	while ((*shelf)->books != NULL)
		drop_book(*shelf, (*shelf)->books);
	drop_empty(shelf);
}

unsigned
pl_shelf_count(const struct pl_shelf *shelf)
{
	return shelf == NULL ? 0 : HASH_COUNT(shelf->books);
}
