/* SPDX-License-Identifier: ISC */
/*
 * lists.c - entries come and go. What is added lies in an arena of the list;
 * what is taken out stays there until there is more of it than of what is in
 * use: then all of it is copied into a new one. Loop 0.
 */
#include "balancer/lists.h"
#include "balancer/parse.h"
#include "balancer/world.h"
#include "base/mem.h"
#include "net/tour.h"

enum { GARBAGE_LEAST = 1000 };

struct lb_list {
	const struct lb_list_conf *conf;
	struct lb_arena *arena;		/* of what was added; NULL: nothing */
	const void **owned;		/* the array, when it is ours */
	unsigned garbage;		/* entries that nobody uses */
};

/* As LB_LIST makes it, whatever it points to. */
struct items {
	const void **at;
	unsigned count, room;
};

static struct lb_list *lists;
static unsigned list_count;
static const struct lb_setup *of_setup;

/* ---- what there is ----------------------------------------------------- */

struct lb_list *
lb_lists_at(unsigned i)
{
	const struct lb_setup *s = lb_world()->setup;

	if (of_setup != s) {
		for (unsigned n = 0; n < list_count; n++) {
			lb_arena_free(&lists[n].arena);
			mem_drop(lists[n].owned);
		}
		mem_drop(lists);
		of_setup = s;
		list_count = s->lists.count;
		lists = mem_need((list_count + 1) * sizeof *lists);
		for (unsigned n = 0; n < list_count; n++)
			lists[n].conf = s->lists.at[n];
	}
	return i < list_count ? &lists[i] : NULL;
}

const struct lb_list_conf *
lb_lists_conf(const struct lb_list *l)
{
	return l->conf;
}

enum lb_match
lb_lists_match(const struct lb_list *l)
{
	return l->conf->map != NULL ? l->conf->map->how : l->conf->test->match;
}

bool
lb_lists_nocase(const struct lb_list *l)
{
	return l->conf->test != NULL && l->conf->test->nocase;
}

static const void *
field_of(const struct lb_list *l)
{
	return l->conf->map != NULL ? (const void *)&l->conf->map->entries :
	    (const void *)&l->conf->test->patterns;
}

static struct items
items_of(const struct lb_list *l)
{
	struct items i;

	memcpy(&i, field_of(l), sizeof i);
	return i;
}

unsigned
lb_lists_count(const struct lb_list *l)
{
	return items_of(l).count;
}

const struct lb_pattern *
lb_lists_entry(const struct lb_list *l, unsigned i, const char **value)
{
	const struct lb_map_entry *e;

	if (l->conf->map == NULL) {
		*value = NULL;
		return l->conf->test->patterns.at[i];
	}
	e = l->conf->map->entries.at[i];
	*value = e->value;
	return &e->key;
}

/* ---- entries ----------------------------------------------------------- */

struct entry {			/* what is to be made */
	struct text key, value;
};

/* What may jump out when memory ends. */
static const void *
read_entry(struct lb_parse *p, const struct lb_list *l,
    const struct entry *e, struct why *why)
{
	const char *key = lb_arena_copy(p->arena, e->key);
	struct lb_map_entry *m = lb_arena_get(p->arena, sizeof *m);

	/* A pattern alone is the beginning of one with a value. */
	if (lb_pattern_read(p, lb_lists_match(l), lb_lists_nocase(l), false,
	    key, &m->key, why) < 0)
		return NULL;
	m->value = l->conf->map != NULL && l->conf->map->keys ? m->key.text :
	    lb_arena_copy(p->arena, e->value);
	return l->conf->map != NULL ? (const void *)m : &m->key;
}

/* NULL: why. The arena is the list's, or a new one of it. */
static const void *
make_entry(struct lb_list *l, struct lb_arena *arena, const struct entry *e,
    struct why *why)
{
	const struct lb_source nothing = { .names_may_fail = true };
	struct lb_report report = { .tell = NULL };
	struct lb_parse p = { .arena = arena, .report = &report,
	    .source = &nothing };
	const void *made;
	jmp_buf full;

	if (setjmp(full) != 0) {
		lb_arena_escape(arena, NULL);
		why_set(why, "Out of memory.");
		return NULL;
	}
	lb_arena_escape(arena, &full);
	made = read_entry(&p, l, e, why);
	lb_arena_escape(arena, NULL);
	return made;
}

/* ---- changing places --------------------------------------------------- */

struct change {
	struct lb_list *list;
	struct items items;
};

static void
put_in_place(void *arg)
{
	struct change *c = arg;

	/* It lies in the setup, which nobody reads now. */
	memcpy((void *)(uintptr_t)field_of(c->list), &c->items,
	    sizeof c->items);
}

static int
exchange(struct lb_list *l, struct items items, struct why *why)
{
	struct change c = { l, items };

	if (tour_still(loop_here(), put_in_place, &c) < 0) {
		mem_drop(items.at);
		return why_set(why, "A thread is busy; try again.");
	}
	mem_drop(l->owned);
	l->owned = items.at;
	return 0;
}

static int
copy_items(const struct lb_list *l, unsigned more, struct items *to,
    struct why *why)
{
	struct items old = items_of(l);

	to->count = old.count;
	to->room = old.count + more + 1;
	to->at = mem_get(to->room * sizeof *to->at);
	if (to->at == NULL)
		return why_set(why, "Out of memory.");
	if (old.count > 0)
		memcpy(to->at, old.at, old.count * sizeof *old.at);
	return 0;
}

/* Maps of exact texts are looked up by halves: they are in order. */
static unsigned
place_for(const struct lb_list *l, const char *key)
{
	unsigned low = 0, high = lb_lists_count(l);

	if (l->conf->map == NULL || l->conf->map->how != LB_MATCH_STR)
		return high;
	while (low < high) {
		unsigned mid = low + (high - low) / 2;
		const char *value;

		if (strcmp(lb_lists_entry(l, mid, &value)->text, key) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* All entries anew, in an arena of their own. */
static void
compact(struct lb_list *l)
{
	struct why why;
	struct items items;
	struct lb_arena *arena, *old = l->arena;

	if (l->garbage < GARBAGE_LEAST || l->garbage < lb_lists_count(l) ||
	    copy_items(l, 0, &items, &why) < 0)
		return;
	arena = lb_arena_new();
	for (unsigned i = 0; arena != NULL && i < items.count; i++) {
		const char *value;
		const struct lb_pattern *p = lb_lists_entry(l, i, &value);
		struct entry e = { text_of(p->text), text_of(value) };

		/* Bounds were given by an operator: they are not its text. */
		items.at[i] = lb_lists_match(l) == LB_MATCH_BIN ? NULL :
		    make_entry(l, arena, &e, &why);
		if (items.at[i] == NULL)
			lb_arena_free(&arena);
	}
	if (arena == NULL || exchange(l, items, &why) < 0) {
		if (arena == NULL)
			mem_drop(items.at);
		lb_arena_free(&arena);
		return;
	}
	l->arena = arena;
	l->garbage = 0;
	lb_arena_free(&old);
}

/* ---- operations -------------------------------------------------------- */

static struct lb_arena *
arena_of(struct lb_list *l, struct why *why)
{
	if (l->arena == NULL)
		l->arena = lb_arena_new();
	if (l->arena == NULL)
		why_set(why, "Out of memory.");
	return l->arena;
}

int
lb_lists_add(struct lb_list *l, struct text key, struct text value,
    struct why *why)
{
	struct lb_arena *arena = arena_of(l, why);
	struct entry e = { key, value };
	const struct lb_pattern *made;
	struct items items;
	unsigned at;

	if (arena == NULL || (made = make_entry(l, arena, &e, why)) == NULL ||
	    copy_items(l, 1, &items, why) < 0)
		return -1;
	at = place_for(l, made->text);
	memmove(items.at + at + 1, items.at + at,
	    (items.count - at) * sizeof *items.at);
	items.at[at] = made;
	items.count++;
	return exchange(l, items, why);
}

static bool
is_meant(const struct lb_pattern *p, const char *key, const void *ref)
{
	return ref != NULL ? ref == p : strcmp(p->text, key) == 0;
}

/* What takes its place; NULL: nothing, or why has a reason. */
static const void *
replace(struct lb_list *l, const struct lb_pattern *p, const char *value,
    struct why *why)
{
	struct entry e = { text_of(p->text), text_of(value) };
	struct lb_arena *arena = value != NULL ? arena_of(l, why) : NULL;

	return arena == NULL ? NULL : make_entry(l, arena, &e, why);
}

int
lb_lists_change(struct lb_list *l, const char *key, const void *ref,
    const char *value, struct why *why)
{
	struct items items;
	unsigned left = 0;
	int found = 0;

	if (copy_items(l, 0, &items, why) < 0)
		return -1;
	for (unsigned i = 0; i < items.count; i++) {
		const char *old;
		const struct lb_pattern *p = lb_lists_entry(l, i, &old);
		const void *now = items.at[i];

		if (is_meant(p, key, ref)) {
			found++;
			now = replace(l, p, value, why);
			if (now == NULL && value != NULL) {
				mem_drop(items.at);
				return -1;
			}
		}
		if (now != NULL)
			items.at[left++] = now;
	}
	if (found == 0) {
		mem_drop(items.at);
		return 0;
	}
	items.count = left;
	if (exchange(l, items, why) < 0)
		return -1;
	l->garbage += (unsigned)found;
	compact(l);
	return found;
}

int
lb_lists_clear(struct lb_list *l, struct why *why)
{
	struct items none = { NULL, 0, 0 };

	if (exchange(l, none, why) < 0)
		return -1;
	lb_arena_free(&l->arena);
	l->garbage = 0;
	return 0;
}
