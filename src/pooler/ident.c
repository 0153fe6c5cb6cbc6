/* SPDX-License-Identifier: ISC */
/*
 * ident.c - lines of "map system-user user", user may be all. Any thread.
 */
#include <stdio.h>

#include "base/mem.h"
#include "conf/lexer.h"
#include "pooler/ident.h"
#include "pooler/skipped.h"

enum { MAP, SYSTEM_USER, USER, FIELDS };

struct line {
	struct line *next;
	char *field[FIELDS];
	bool any_user;
};

struct pl_ident {
	char *copy, *scratch;
	struct line *first, **last;
	struct pl_skipped skipped;
};

struct reading {
	struct pl_ident *ident;
	void (*tell)(void *arg, const char *line);
	void *arg;
	unsigned number;
};

static void
tell(const struct reading *r, const char *before, const char *after)
{
	char line[128];

	snprintf(line, sizeof line, "%s%u%s", before, r->number, after);
	r->tell(r->arg, line);
}

static void
free_line(struct line *line)
{
	for (int i = 0; i < FIELDS; i++)
		mem_drop(line->field[i]);
	mem_drop(line);
}

static bool
fill_line(const struct reading *r, struct lexer *l, struct line *line)
{
	for (int i = 0; i < FIELDS; i++) {
		if (l->kind != LEXER_WORD && l->kind != LEXER_QUOTED)
			return false;
		line->any_user = lexer_is(l, "all");
		line->field[i] = mem_copy(l->word);
		if (line->field[i] == NULL)
			return false;
		lexer_next(l);
	}
	if (l->kind == LEXER_END)
		return true;
	tell(r, "ident line ", ": unsupported parameters");
	return false;
}

static int
skip_line(struct reading *r, struct text text)
{
	tell(r, "could not parse ident config line ", "");
	return pl_skipped_add(&r->ident->skipped, text);
}

/* -1: no memory. */
static int
read_line(struct reading *r, struct text text)
{
	struct line *line;
	struct lexer l;

	lexer_start(&l, text, r->ident->scratch);
	if (l.kind == LEXER_END)
		return 0;
	line = mem_zero(sizeof *line);
	if (line == NULL)
		return -1;
	if (!fill_line(r, &l, line)) {
		free_line(line);
		return skip_line(r, text);
	}
	*r->ident->last = line;
	r->ident->last = &line->next;
	return 0;
}

struct pl_ident *
pl_ident_read(struct text all, void (*teller)(void *, const char *), void *arg)
{
	struct pl_ident *ident = mem_zero(sizeof *ident);
	struct reading r = { ident, teller, arg, 0 };
	struct text rest, line;

	if (ident == NULL)
		return NULL;
	ident->last = &ident->first;
	ident->copy = mem_copy(all);
	ident->scratch = mem_get(all.len + 1);
	if (ident->copy == NULL || ident->scratch == NULL) {
		pl_ident_free(&ident);
		return NULL;
	}
	rest = (struct text){ ident->copy, all.len };
	while (text_split(&rest, '\n', &line)) {
		r.number++;
		if (read_line(&r, line) < 0) {
			pl_ident_free(&ident);
			return NULL;
		}
	}
	return ident;
}

bool
pl_ident_worse(const struct pl_ident *now, const struct pl_ident *before)
{
	return pl_skipped_worse(&now->skipped,
	    before == NULL ? NULL : &before->skipped);
}

bool
pl_ident_has_map(const struct pl_ident *ident, struct text map)
{
	if (ident == NULL)
		return false;
	for (const struct line *l = ident->first; l != NULL; l = l->next)
		if (text_is(map, l->field[MAP]))
			return true;
	return false;
}

bool
pl_ident_allows(const struct pl_ident *ident, struct text map,
    struct text system_user, struct text user)
{
	if (ident == NULL)
		return false;
	for (const struct line *l = ident->first; l != NULL; l = l->next)
		if (text_is(map, l->field[MAP]) &&
		    text_is(system_user, l->field[SYSTEM_USER]) &&
		    (l->any_user || text_is(user, l->field[USER])))
			return true;
	return false;
}

void
pl_ident_free(struct pl_ident **ident)
{
	struct pl_ident *own = *ident;

	*ident = NULL;
	if (own == NULL)
		return;
	while (own->first != NULL) {
		struct line *next = own->first->next;

		free_line(own->first);
		own->first = next;
	}
	pl_skipped_free(&own->skipped);
	mem_drop(own->scratch);
	mem_drop(own->copy);
	mem_drop(own);
}
