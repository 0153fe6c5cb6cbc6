/* SPDX-License-Identifier: ISC */
/*
 * books_fuzz.c - what is known of prepared statements: a client's names, a
 * server's shelf, the answers it owes. Each byte of the input is one move;
 * plain tables beside them say what must come of it.
 */
#include "fuzz.h"
#include "pooler/expect.h"
#include "pooler/names.h"
#include "pooler/shelf.h"

enum { NAMES = 8, TEXTS = 8, MOST = 4, ANSWERS = 4096 };

static const char *const bodies[TEXTS] = {
	"select 1", "select 2", "select 3", "select 4",
	"select 11", "", "s", "select  1"
};

static struct {
	struct pl_statement *name[NAMES];
	struct pl_statement *shelf[TEXTS];	/* the last used first */
	unsigned shelved;
	struct pl_expected answer[ANSWERS];
	unsigned first, end;
} model;

static struct pl_names *names;
static struct pl_shelf *shelf;
static struct pl_expect expect;

static struct text
name_of(unsigned i)
{
	static const char all[] = "n\0namename";

	return (struct text){ all, i };
}

static struct pl_statement *
get(unsigned i)
{
	struct pl_statement *s = pl_statement_get(text_of(bodies[i]));

	NEED(s == NULL ||
	    text_same(pl_statement_body(s), text_of(bodies[i])));
	return s;		/* NULL: no memory, as in all that follows */
}

static void
name(unsigned i, unsigned text)
{
	struct pl_statement *s = get(text);

	if (s != NULL && pl_names_put(&names, name_of(i), s) == 0)
		model.name[i] = s;
	pl_statement_drop(&s);
}

static void
unname(unsigned i)
{
	NEED(pl_names_drop(&names, name_of(i)) == (model.name[i] != NULL));
	model.name[i] = NULL;
}

static unsigned
find_shelved(const struct pl_statement *s)
{
	unsigned i = 0;

	while (i < model.shelved && model.shelf[i] != s)
		i++;
	return i;
}

static void
unshelve(unsigned at)
{
	model.shelved--;
	memmove(&model.shelf[at], &model.shelf[at + 1],
	    (model.shelved - at) * sizeof model.shelf[0]);
}

static void
put_in_front(struct pl_statement *s)
{
	memmove(&model.shelf[1], &model.shelf[0],
	    model.shelved * sizeof model.shelf[0]);
	model.shelf[0] = s;
	model.shelved++;
}

/* As the relay does: used or added, then the surplus goes. */
static void
use(unsigned text)
{
	struct pl_statement *s = get(text), *gone;
	unsigned at = find_shelved(s);

	if (s == NULL)
		return;
	NEED(pl_shelf_use(shelf, s) == (at < model.shelved));
	if (at < model.shelved) {
		unshelve(at);
	} else if (pl_shelf_add(&shelf, s) == -1) {
		pl_statement_drop(&s);
		return;
	}
	put_in_front(s);
	gone = pl_shelf_surplus(shelf, MOST, s);
	NEED((gone != NULL) == (model.shelved > MOST));
	if (gone != NULL) {
		NEED(gone == model.shelf[model.shelved - 1]);
		NEED(pl_shelf_drop(&shelf, gone));
		unshelve(model.shelved - 1);
	}
	pl_statement_drop(&s);
}

static void
forget(unsigned text)
{
	struct pl_statement *s = get(text);
	unsigned at = find_shelved(s);

	if (s == NULL)
		return;
	NEED(pl_shelf_drop(&shelf, s) == (at < model.shelved));
	if (at < model.shelved)
		unshelve(at);
	pl_statement_drop(&s);
}

static void
add(unsigned how)
{
	char type = "QSPBDECF"[how % 8];
	struct pl_statement *s = type == 'P' ? get(how % TEXTS) : NULL;

	if (pl_expect_add(&expect, type, (enum pl_fate)(how % 3), s) == 0)
		model.answer[model.end++] = (struct pl_expected){ type,
		    (uint8_t)(how % 3), s };
	pl_statement_drop(&s);
}

static void
answer(void)
{
	struct pl_expected *e = pl_expect_first(&expect), *m;

	NEED((e == NULL) == (model.first == model.end));
	if (e == NULL)
		return;
	m = &model.answer[model.first++];
	NEED(e->type == m->type && e->fate == m->fate &&
	    e->statement == m->statement);
	pl_expect_next(&expect);
}

static void
compare(void)
{
	unsigned n = 0;

	for (unsigned i = 0; i < NAMES; i++) {
		NEED(pl_names_find(names, name_of(i)) == model.name[i]);
		n += model.name[i] != NULL;
	}
	NEED(pl_names_count(names) == n);
	NEED(pl_shelf_count(shelf) == model.shelved);
	NEED(expect.count == model.end - model.first);
	if (expect.count > 0)
		NEED(pl_expect_at(&expect, expect.count - 1)->type ==
		    model.answer[model.end - 1].type);
}

static void
move(uint8_t byte)
{
	unsigned a = byte & 7, b = byte >> 3 & 7;

	switch (byte >> 6) {
	case 0:
		name(a, b);
		break;
	case 1:
		if (b == 0)
			unname(a);
		else if (b == 1)
			forget(a);
		else
			use(a);
		break;
	case 2:
		add(byte & 63);
		break;
	default:
		answer();
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	memset(&model, 0, sizeof model);
	for (size_t i = 0; i < len && i < ANSWERS; i++) {
		move(data[i]);
		compare();
	}
	pl_names_clear(&names);
	pl_shelf_clear(&shelf);
	pl_expect_clear(&expect);
	NEED(pl_statement_count() == 0);
	return 0;
}
