/* SPDX-License-Identifier: ISC */
/*
 * lists.c - entries come and go. What is added lies in an arena of the list;
 * what is taken out stays there until there is more of it than of what is in
 * use: then all of it is copied into a new one. What is in force lies in the
 * setup; versions that are prepared lie beside it. Loop 0.
 */
#include "balancer/lists.h"
#include "balancer/parse.h"
#include "balancer/world.h"
#include "base/mem.h"
#include "net/tour.h"

enum { GARBAGE_LEAST = 1000 };

/* As ARENA_LIST makes it, whatever it points to. */
struct items {
	const void **at;
	unsigned count, room;
};

struct version {			/* that is not in force */
	struct version *next;
	unsigned number;
	struct items items;
};

struct lb_list {
	const struct lb_list_conf *conf;
	unsigned id;			/* one for all of one file */
	struct arena *arena;		/* of what was added; NULL: nothing */
	const void **owned;		/* the array, when it is ours */
	unsigned garbage;		/* entries that nobody uses */
	unsigned current, newest;	/* versions in force, and prepared */
	struct version *versions;
};

static struct lb_list *lists;
static unsigned list_count;
static const struct lb_setup *of_setup;

/* ---- what there is ----------------------------------------------------- */

static void
drop_version(struct version **at)
{
	struct version *v = *at;

	*at = v->next;
	mem_drop(v->items.at);
	mem_drop(v);
}

static void
drop_all(void)
{
	for (unsigned i = 0; i < list_count; i++) {
		while (lists[i].versions != NULL)
			drop_version(&lists[i].versions);
		arena_free(&lists[i].arena);
		mem_drop(lists[i].owned);
	}
	mem_drop(lists);
}

/* Those of one file are one to the operator. */
static bool
is_same(const struct lb_list_conf *a, const struct lb_list_conf *b)
{
	return (a->map != NULL) == (b->map != NULL) && a->path != NULL &&
	    b->path != NULL && strcmp(a->path, b->path) == 0;
}

static void
number_lists(void)
{
	unsigned next = 0;

	for (unsigned i = 0; i < list_count; i++) {
		unsigned n = 0;

		while (n < i && !is_same(lists[n].conf, lists[i].conf))
			n++;
		lists[i].id = n < i ? lists[n].id : next++;
	}
}

struct lb_list *
lb_lists_at(unsigned i)
{
	const struct lb_setup *s = lb_world()->setup;

	if (of_setup != s) {
		drop_all();
		of_setup = s;
		list_count = s->lists.count;
		lists = mem_need((list_count + 1) * sizeof *lists);
		for (unsigned n = 0; n < list_count; n++)
			lists[n] = (struct lb_list){
			    .conf = s->lists.at[n] };
		number_lists();
	}
	return i < list_count ? &lists[i] : NULL;
}

unsigned
lb_lists_id(const struct lb_list *l)
{
	return l->id;
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
items_in_force(const struct lb_list *l)
{
	struct items i;

	memcpy(&i, field_of(l), sizeof i);
	return i;
}

static struct version *
find_version(const struct lb_list *l, unsigned number)
{
	struct version *v = l->versions;

	while (v != NULL && v->number != number)
		v = v->next;
	return v;
}

static struct items
items_of(const struct lb_list *l, unsigned number)
{
	const struct version *v = find_version(l, number);

	if (number == l->current)
		return items_in_force(l);
	return v != NULL ? v->items : (struct items){ NULL, 0, 0 };
}

unsigned
lb_lists_current(const struct lb_list *l)
{
	return l->current;
}

unsigned
lb_lists_newest(const struct lb_list *l)
{
	return l->newest;
}

unsigned
lb_lists_count(const struct lb_list *l, unsigned version)
{
	return items_of(l, version).count;
}

static const struct lb_pattern *
pattern_of(const struct lb_list *l, const void *item, const char **value)
{
	const struct lb_map_entry *e = item;

	*value = l->conf->map != NULL ? e->value : NULL;
	return l->conf->map != NULL ? &e->key : item;
}

const struct lb_pattern *
lb_lists_entry(const struct lb_list *l, unsigned version, unsigned i,
    const char **value)
{
	return pattern_of(l, items_of(l, version).at[i], value);
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
	const char *key = arena_copy(p->arena, e->key);
	struct lb_map_entry *m = arena_get(p->arena, sizeof *m);

	/* A pattern alone is the beginning of one with a value. */
	if (lb_pattern_read(p, lb_lists_match(l), lb_lists_nocase(l), false,
	    key, &m->key, why) < 0)
		return NULL;
	m->value = l->conf->map != NULL && l->conf->map->keys ? m->key.text :
	    arena_copy(p->arena, e->value);
	return l->conf->map != NULL ? (const void *)m : &m->key;
}

/* NULL: why. The arena is the list's, or a new one of it. */
static const void *
make_entry(struct lb_list *l, struct arena *arena, const struct entry *e,
    struct why *why)
{
	const struct lb_source nothing = { .names_may_fail = true };
	struct lb_report report = { .tell = NULL };
	struct lb_parse p = { .arena = arena, .report = &report,
	    .source = &nothing };
	const void *made;
	jmp_buf full;

	if (setjmp(full) != 0) {
		arena_escape(arena, NULL);
		why_set(why, "Out of memory.");
		return NULL;
	}
	arena_escape(arena, &full);
	made = read_entry(&p, l, e, why);
	arena_escape(arena, NULL);
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
copy_items(const struct items *old, unsigned more, struct items *to,
    struct why *why)
{
	to->count = old->count;
	to->room = old->count + more + 1;
	to->at = mem_get(to->room * sizeof *to->at);
	if (to->at == NULL)
		return why_set(why, "Out of memory.");
	if (old->count > 0)
		memcpy(to->at, old->at, old->count * sizeof *old->at);
	return 0;
}

/* Maps of exact texts are looked up by halves: they are in order. */
static unsigned
place_for(const struct lb_list *l, const struct items *items,
    const char *key)
{
	unsigned low = 0, high = items->count;
	const char *value;

	if (l->conf->map == NULL || l->conf->map->how != LB_MATCH_STR)
		return high;
	while (low < high) {
		unsigned mid = low + (high - low) / 2;

		if (strcmp(pattern_of(l, items->at[mid], &value)->text,
		    key) <= 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static void
insert(const struct lb_list *l, struct items *items, const void *made)
{
	const char *value;
	unsigned at = place_for(l, items, pattern_of(l, made, &value)->text);

	memmove(items->at + at + 1, items->at + at,
	    (items->count - at) * sizeof *items->at);
	items->at[at] = made;
	items->count++;
}

/* ---- all anew ---------------------------------------------------------- */

/* In another arena; -1: something stands in the way. */
static int
remake(struct lb_list *l, struct arena *arena, struct items *items)
{
	struct why why;

	for (unsigned i = 0; i < items->count; i++) {
		const char *value;
		const struct lb_pattern *p = pattern_of(l, items->at[i],
		    &value);
		struct entry e = { text_of(p->text), text_of(value) };

		items->at[i] = make_entry(l, arena, &e, &why);
		if (items->at[i] == NULL)
			return -1;
	}
	return 0;
}

/* Copies of what is in force and of each version, in 'to'. */
static int
remake_all(struct lb_list *l, struct arena *arena, struct items *to)
{
	struct items now = items_in_force(l);
	const struct version *v = l->versions;
	struct why why;

	for (unsigned n = 0; n == 0 || v != NULL; n++) {
		if (copy_items(n == 0 ? &now : &v->items, 0, &to[n],
		    &why) < 0 || remake(l, arena, &to[n]) < 0)
			return -1;
		if (n > 0)
			v = v->next;
	}
	return 0;
}

static void
take_remade(struct lb_list *l, struct arena **arena, struct items *from)
{
	struct arena *old = l->arena;
	struct why why;

	if (exchange(l, *from, &why) < 0) {
		from->at = NULL;
		return;
	}
	from->at = NULL;
	for (struct version *v = l->versions; v != NULL; v = v->next) {
		struct items was = v->items;

		v->items = *++from;
		*from = was;
	}
	l->arena = *arena;
	*arena = old;
	l->garbage = 0;
}

static void
compact(struct lb_list *l)
{
	struct arena *arena;
	unsigned arrays = 1, used = items_in_force(l).count;
	struct items *remade;

	for (struct version *v = l->versions; v != NULL; v = v->next) {
		arrays++;
		used += v->items.count;
	}
	/* Bounds were given by an operator: they are not a byte's text. */
	if (l->garbage < GARBAGE_LEAST || l->garbage < used ||
	    lb_lists_match(l) == LB_MATCH_BIN)
		return;
	arena = arena_new();
	remade = mem_zero(arrays * sizeof *remade);
	if (arena != NULL && remade != NULL &&
	    remake_all(l, arena, remade) == 0)
		take_remade(l, &arena, remade);
	for (unsigned i = 0; remade != NULL && i < arrays; i++)
		mem_drop(remade[i].at);
	mem_drop(remade);
	arena_free(&arena);
}

/* ---- operations -------------------------------------------------------- */

static struct arena *
arena_of(struct lb_list *l, struct why *why)
{
	if (l->arena == NULL)
		l->arena = arena_new();
	if (l->arena == NULL)
		why_set(why, "Out of memory.");
	return l->arena;
}

unsigned
lb_lists_prepare(struct lb_list *l)
{
	return ++l->newest;
}

/* Room for one more in it; NULL: why. */
static struct version *
version_for(struct lb_list *l, unsigned number, struct why *why)
{
	struct version *v = find_version(l, number);
	const void **more;

	if (v == NULL && (v = mem_zero(sizeof *v)) != NULL) {
		v->number = number;
		v->next = l->versions;
		l->versions = v;
	}
	if (v != NULL && v->items.count == v->items.room) {
		more = mem_grow(v->items.at, (2 * v->items.room + 8) *
		    sizeof *more);
		if (more != NULL) {
			v->items.at = more;
			v->items.room = 2 * v->items.room + 8;
		}
	}
	if (v == NULL || v->items.count == v->items.room) {
		why_set(why, "Out of memory.");
		return NULL;
	}
	return v;
}

int
lb_lists_add(struct lb_list *l, unsigned version, struct text key,
    struct text value, struct why *why)
{
	struct arena *arena = arena_of(l, why);
	struct items items, now = items_in_force(l);
	struct entry e = { key, value };
	struct version *v;
	const void *made;

	if (arena == NULL || (made = make_entry(l, arena, &e, why)) == NULL)
		return -1;
	if (version == l->current) {
		if (copy_items(&now, 1, &items, why) < 0)
			return -1;
		insert(l, &items, made);
		return exchange(l, items, why);
	}
	v = version_for(l, version, why);
	if (v == NULL)
		return -1;
	insert(l, &v->items, made);
	return 0;
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
	struct arena *arena = value != NULL ? arena_of(l, why) : NULL;

	return arena == NULL ? NULL : make_entry(l, arena, &e, why);
}

/* How many were meant; -1: why. */
static int
change_items(struct lb_list *l, struct items *items, const char *key,
    const void *ref, const char *value, struct why *why)
{
	unsigned left = 0;
	int found = 0;

	for (unsigned i = 0; i < items->count; i++) {
		const char *old;
		const struct lb_pattern *p = pattern_of(l, items->at[i],
		    &old);
		const void *now = items->at[i];

		if (is_meant(p, key, ref)) {
			found++;
			now = replace(l, p, value, why);
			if (now == NULL && value != NULL)
				return -1;
		}
		if (now != NULL)
			items->at[left++] = now;
	}
	items->count = left;
	return found;
}

static int
change_in_force(struct lb_list *l, const char *key, const void *ref,
    const char *value, struct why *why)
{
	struct items items, now = items_in_force(l);
	int found;

	if (copy_items(&now, 0, &items, why) < 0)
		return -1;
	found = change_items(l, &items, key, ref, value, why);
	if (found <= 0)
		mem_drop(items.at);
	else if (exchange(l, items, why) < 0)
		return -1;
	return found;
}

int
lb_lists_change(struct lb_list *l, const char *key, const void *ref,
    const char *value, struct why *why)
{
	int found = change_in_force(l, key, ref, value, why), n;

	for (struct version *v = l->versions; v != NULL && found >= 0;
	    v = v->next) {
		n = change_items(l, &v->items, key, ref, value, why);
		found = n < 0 ? -1 : found + n;
	}
	if (found > 0) {
		l->garbage += (unsigned)found;
		compact(l);
	}
	return found;
}

/* What nobody uses any more lies in the arena yet. */
static void
let_go(struct lb_list *l, unsigned entries)
{
	if (l->versions == NULL && items_in_force(l).count == 0) {
		arena_free(&l->arena);
		l->garbage = 0;
		return;
	}
	l->garbage += entries;
	compact(l);
}

static void
forget_version(struct lb_list *l, unsigned number)
{
	struct version **at = &l->versions;
	unsigned count;

	while (*at != NULL && (*at)->number != number)
		at = &(*at)->next;
	if (*at == NULL)
		return;
	count = (*at)->items.count;
	drop_version(at);
	let_go(l, count);
}

int
lb_lists_clear(struct lb_list *l, unsigned version, struct why *why)
{
	struct items none = { NULL, 0, 0 };
	unsigned count = items_in_force(l).count;

	if (version != l->current) {
		forget_version(l, version);
		return 0;
	}
	if (exchange(l, none, why) < 0)
		return -1;
	let_go(l, count);
	return 0;
}

int
lb_lists_commit(struct lb_list *l, unsigned version, struct why *why)
{
	struct version *v = find_version(l, version), **at = &l->versions;
	struct items items = { NULL, 0, 0 };
	unsigned gone = items_in_force(l).count;

	if (v != NULL) {
		items = v->items;
		v->items = (struct items){ NULL, 0, 0 };
	}
	if (exchange(l, items, why) < 0)
		return -1;
	l->current = version;
	while (*at != NULL)
		if ((*at)->number <= version) {
			gone += (*at)->items.count;
			drop_version(at);
		} else
			at = &(*at)->next;
	let_go(l, gone);
	return 0;
}
