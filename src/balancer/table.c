/* SPDX-License-Identifier: ISC */
/*
 * table.c - entries in buckets, and in a list by age: as all of a table live
 * equally long, the head of the list is also the first to expire. What an
 * entry keeps is a row of numbers; where each stands is the table's to know.
 */
#include <pthread.h>

#include "balancer/stores.h"
#include "balancer/table.h"
#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"

enum { RATE_CELLS = 3, LEAST_BUCKETS = 16, MOST_BUCKETS = 1 << 20 };

struct lb_entry {
	struct lb_entry *next;		/* in its bucket */
	struct lb_entry *older, *newer;
	int64_t ends;			/* us */
	char *server_key;		/* or NULL */
	uint32_t hash;
	uint32_t holders;
	struct text key;		/* stands behind the cells */
	uint64_t cells[];
};

struct lb_table {
	const struct lb_table_conf *conf;
	pthread_mutex_t lock;
	struct lb_entry **buckets;
	unsigned bucket_count;		/* a power of 2 */
	struct lb_entry *oldest, *newest;
	unsigned used;
	unsigned cells;			/* of an entry */
	int at[LB_STORES];		/* first cell; -1: not kept */
	unsigned elements[LB_STORES];
	bool rate[LB_STORES];
};

static void
lay_out(struct lb_table *t)
{
	for (unsigned i = 0; i < LB_STORES; i++) {
		enum lb_store store = (enum lb_store)i;
		unsigned n = t->conf->elements[i];

		t->at[i] = -1;
		if (!(t->conf->stores & (1u << i)) ||
		    store == LB_STORE_SERVER_KEY)
			continue;
		t->elements[i] = n > 0 ? n : 1;
		t->rate[i] = lb_stores_is_rate(store);
		t->at[i] = (int)t->cells;
		t->cells += t->elements[i] * (t->rate[i] ? RATE_CELLS : 1);
	}
}

struct lb_table *
lb_table_new(const struct lb_table_conf *conf)
{
	struct lb_table *t = mem_need(sizeof *t);

	t->conf = conf;
	t->bucket_count = LEAST_BUCKETS;
	while (t->bucket_count < MOST_BUCKETS &&
	    (int64_t)t->bucket_count < conf->size)
		t->bucket_count *= 2;
	t->buckets = mem_need(t->bucket_count * sizeof *t->buckets);
	pthread_mutex_init(&t->lock, NULL);
	lay_out(t);
	return t;
}

static void
free_entry(struct lb_entry *e)
{
	mem_drop(e->server_key);
	mem_drop(e);
}

void
lb_table_free(struct lb_table **table)
{
	struct lb_table *t = *table;
	struct lb_entry *e;

	if (t == NULL)
		return;
	while ((e = t->oldest) != NULL) {
		t->oldest = e->newer;
		free_entry(e);
	}
	pthread_mutex_destroy(&t->lock);
	mem_drop(t->buckets);
	mem_drop(t);
	*table = NULL;
}

const struct lb_table_conf *
lb_table_conf(const struct lb_table *t)
{
	return t->conf;
}

unsigned
lb_table_used(struct lb_table *t)
{
	return __atomic_load_n(&t->used, __ATOMIC_RELAXED);
}

/* ---- entries ----------------------------------------------------------- */

static uint32_t
hash_of(struct text key)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < key.len; i++)
		h = (h ^ (unsigned char)key.at[i]) * 16777619u;
	return h ^ h >> 15;
}

struct text
lb_table_key(const struct lb_entry *e)
{
	return e->key;
}

static struct lb_entry **
find(struct lb_table *t, struct text key, uint32_t hash)
{
	struct lb_entry **at = &t->buckets[hash & (t->bucket_count - 1)];

	while (*at != NULL &&
	    ((*at)->hash != hash || !text_same((*at)->key, key)))
		at = &(*at)->next;
	return at;
}

static void
leave_ages(struct lb_table *t, struct lb_entry *e)
{
	*(e->older != NULL ? &e->older->newer : &t->oldest) = e->newer;
	*(e->newer != NULL ? &e->newer->older : &t->newest) = e->older;
}

static void
become_newest(struct lb_table *t, struct lb_entry *e)
{
	e->older = t->newest;
	e->newer = NULL;
	*(t->newest != NULL ? &t->newest->newer : &t->oldest) = e;
	t->newest = e;
}

static void
touch(struct lb_table *t, struct lb_entry *e, int64_t now)
{
	e->ends = now + t->conf->expire;
	if (t->newest == e)
		return;
	leave_ages(t, e);
	become_newest(t, e);
}

static void
count_used(struct lb_table *t, int n)
{
	__atomic_store_n(&t->used, t->used + (unsigned)n, __ATOMIC_RELAXED);
}

static void
take_out(struct lb_table *t, struct lb_entry *e)
{
	struct lb_entry **at = &t->buckets[e->hash & (t->bucket_count - 1)];

	while (*at != e)
		at = &(*at)->next;
	*at = e->next;
	leave_ages(t, e);
	count_used(t, -1);
	free_entry(e);
}

/* The oldest that nobody holds makes room. */
static bool
make_room(struct lb_table *t)
{
	struct lb_entry *e = t->oldest;

	if ((int64_t)t->used < t->conf->size)
		return true;
	if (t->conf->nopurge)
		return false;
	while (e != NULL && e->holders > 0)
		e = e->newer;
	if (e == NULL)
		return false;
	take_out(t, e);
	return true;
}

static struct lb_entry *
make_entry(struct lb_table *t, struct text key, uint32_t hash)
{
	struct lb_entry *e, **at;
	char *copy;

	if (!make_room(t))
		return NULL;
	e = mem_zero(sizeof *e + t->cells * sizeof *e->cells + key.len + 1);
	if (e == NULL)
		return NULL;
	copy = (char *)&e->cells[t->cells];
	memcpy(copy, key.at, key.len);
	e->key = (struct text){ copy, key.len };
	e->hash = hash;
	at = &t->buckets[hash & (t->bucket_count - 1)];
	e->next = *at;
	*at = e;
	become_newest(t, e);
	count_used(t, 1);
	return e;
}

static bool
is_over(const struct lb_table *t, const struct lb_entry *e, int64_t now)
{
	return t->conf->expire > 0 && e->holders == 0 && e->ends <= now;
}

/* Those that are held begin anew: they cannot go. */
static void
expire(struct lb_table *t, int64_t now)
{
	struct lb_entry *e;

	while (t->conf->expire > 0 && (e = t->oldest) != NULL &&
	    e->ends <= now) {
		if (e->holders == 0)
			take_out(t, e);
		else
			touch(t, e, now);
	}
}

void
lb_table_expire(struct lb_table *t, int64_t now)
{
	pthread_mutex_lock(&t->lock);
	expire(t, now);
	pthread_mutex_unlock(&t->lock);
}

struct lb_entry *
lb_table_hold(struct lb_table *t, struct text key, enum lb_table_how how,
    int64_t now)
{
	uint32_t hash = hash_of(key);
	struct lb_entry *e;

	pthread_mutex_lock(&t->lock);
	e = *find(t, key, hash);
	if (e != NULL && is_over(t, e, now)) {
		take_out(t, e);
		e = NULL;
	}
	if (e == NULL && how == LB_TABLE_MAKE) {
		e = make_entry(t, key, hash);
		if (e != NULL)
			touch(t, e, now);
	} else if (e != NULL && how != LB_TABLE_LOOK)
		touch(t, e, now);
	if (e != NULL)
		e->holders++;
	pthread_mutex_unlock(&t->lock);
	return e;
}

void
lb_table_drop(struct lb_table *t, struct lb_entry *e, bool again,
    int64_t now)
{
	pthread_mutex_lock(&t->lock);
	NEED(e->holders > 0);
	e->holders--;
	if (again)
		touch(t, e, now);
	pthread_mutex_unlock(&t->lock);
}

bool
lb_table_remove(struct lb_table *t, struct text key, bool *in_use)
{
	struct lb_entry *e;
	bool gone;

	pthread_mutex_lock(&t->lock);
	e = *find(t, key, hash_of(key));
	*in_use = e != NULL && e->holders > 0;
	gone = e != NULL && e->holders == 0;
	if (gone)
		take_out(t, e);
	pthread_mutex_unlock(&t->lock);
	return gone;
}

void
lb_table_forget(struct lb_table *t, struct lb_entry *e)
{
	if (e->holders == 0)
		take_out(t, e);
}

/* ---- values ------------------------------------------------------------ */

/* The cells of one value; NULL: it is not kept. */
static uint64_t *
cells_of(const struct lb_table *t, const struct lb_entry *e,
    enum lb_store store, unsigned element)
{
	if (t->at[store] < 0 || element >= t->elements[store])
		return NULL;
	return (uint64_t *)(uintptr_t)&e->cells[(unsigned)t->at[store] +
	    element * (t->rate[store] ? RATE_CELLS : 1)];
}

/*
 * What happened in the running period, and what of the one before still
 * lies within one period's length from now. c: began (ms), now, before.
 */
static uint64_t
read_rate(const uint64_t c[RATE_CELLS], uint64_t now, uint64_t period)
{
	uint64_t age = now - c[0], count = c[1], past = c[2], left;

	if (period == 0 || age >= 2 * period)
		return 0;
	left = period - age;
	if (age >= period) {
		past = count;
		count = 0;
		left = 2 * period - age;
	}
	/* One event long ago is not worth a flicker between 0 and 1. */
	if (past <= 1 && count == 0)
		past = 0;
	return count + past * left / period;
}

static void
turn_rate(uint64_t c[RATE_CELLS], uint64_t now, uint64_t period)
{
	uint64_t age = now - c[0];

	if (age < period)
		return;
	c[2] = age < 2 * period ? c[1] : 0;
	c[1] = 0;
	c[0] = age < 2 * period ? c[0] + period : now;
}

static uint64_t
period_of(const struct lb_table *t, enum lb_store store)
{
	return (uint64_t)(t->conf->period[store] / CLOCK_MS);
}

bool
lb_table_peek(const struct lb_table *t, const struct lb_entry *e,
    enum lb_store store, unsigned element, int64_t now, uint64_t *value)
{
	const uint64_t *c = cells_of(t, e, store, element);

	if (c == NULL)
		return false;
	*value = t->rate[store] ? read_rate(c, (uint64_t)(now / CLOCK_MS),
	    period_of(t, store)) : *c;
	return true;
}

bool
lb_table_read(struct lb_table *t, const struct lb_entry *e,
    enum lb_store store, unsigned element, int64_t now, uint64_t *value)
{
	bool kept;

	pthread_mutex_lock(&t->lock);
	kept = lb_table_peek(t, e, store, element, now, value);
	pthread_mutex_unlock(&t->lock);
	return kept;
}

bool
lb_table_add(struct lb_table *t, struct lb_entry *e, enum lb_store store,
    unsigned element, int64_t n, int64_t now, uint64_t *value)
{
	uint64_t *c = cells_of(t, e, store, element), *to, ignored;

	if (c == NULL)
		return false;
	pthread_mutex_lock(&t->lock);
	to = c;
	if (t->rate[store]) {
		turn_rate(c, (uint64_t)(now / CLOCK_MS), period_of(t, store));
		to = &c[1];
	}
	*to = n < 0 && *to < (uint64_t)-n ? 0 : *to + (uint64_t)n;
	lb_table_peek(t, e, store, element, now, value != NULL ? value :
	    &ignored);
	pthread_mutex_unlock(&t->lock);
	return true;
}

/* A rate that is set is one of the period that ends now. */
bool
lb_table_set(struct lb_table *t, struct lb_entry *e, enum lb_store store,
    unsigned element, uint64_t value, int64_t now)
{
	uint64_t *c = cells_of(t, e, store, element);

	if (c == NULL)
		return false;
	pthread_mutex_lock(&t->lock);
	if (t->rate[store]) {
		c[0] = (uint64_t)(now / CLOCK_MS);
		c[1] = 0;
		c[2] = value;
	} else
		*c = value;
	pthread_mutex_unlock(&t->lock);
	return true;
}

bool
lb_table_peek_rate(const struct lb_table *t, const struct lb_entry *e,
    enum lb_store store, unsigned element, struct lb_period *p)
{
	const uint64_t *c = cells_of(t, e, store, element);

	if (c == NULL || !t->rate[store])
		return false;
	*p = (struct lb_period){ c[0], c[1], c[2] };
	return true;
}

void
lb_table_set_rate(struct lb_table *t, struct lb_entry *e,
    enum lb_store store, unsigned element, const struct lb_period *p)
{
	uint64_t *c = cells_of(t, e, store, element);

	if (c == NULL || !t->rate[store])
		return;
	pthread_mutex_lock(&t->lock);
	c[0] = p->began;
	c[1] = p->now;
	c[2] = p->before;
	pthread_mutex_unlock(&t->lock);
}

/* ---- the server of an entry -------------------------------------------- */

void
lb_table_set_server(struct lb_table *t, struct lb_entry *e, unsigned id,
    const char *key)
{
	uint64_t *c = cells_of(t, e, LB_STORE_SERVER_ID, 0);
	bool keep = (t->conf->stores & 1u << LB_STORE_SERVER_KEY) != 0;

	pthread_mutex_lock(&t->lock);
	if (c != NULL)
		*c = id;
	if (keep && (e->server_key == NULL ||
	    strcmp(e->server_key, key) != 0)) {
		mem_drop(e->server_key);
		e->server_key = mem_copy(text_of(key));
	}
	pthread_mutex_unlock(&t->lock);
}

unsigned
lb_table_server(struct lb_table *t, const struct lb_entry *e, char *key,
    size_t room)
{
	const uint64_t *c = cells_of(t, e, LB_STORE_SERVER_ID, 0);
	size_t len = 0;
	unsigned id;

	pthread_mutex_lock(&t->lock);
	id = c == NULL ? 0 : (unsigned)*c;
	if (e->server_key != NULL)
		len = strlen(e->server_key);
	if (len >= room)
		len = room - 1;
	if (len > 0)
		memcpy(key, e->server_key, len);
	key[len] = '\0';
	pthread_mutex_unlock(&t->lock);
	return id;
}

const char *
lb_table_peek_key(const struct lb_entry *e)
{
	return e->server_key;
}

/* ---- lives ------------------------------------------------------------- */

unsigned
lb_table_trackers(const struct lb_entry *e)
{
	return __atomic_load_n(&e->holders, __ATOMIC_RELAXED);
}

int64_t
lb_table_peek_left(const struct lb_table *t, const struct lb_entry *e,
    int64_t now)
{
	return t->conf->expire == 0 || e->ends <= now ? 0 : e->ends - now;
}

int64_t
lb_table_left(struct lb_table *t, const struct lb_entry *e, int64_t now)
{
	int64_t left;

	pthread_mutex_lock(&t->lock);
	left = lb_table_peek_left(t, e, now);
	pthread_mutex_unlock(&t->lock);
	return left;
}

/* Only sooner than what came after it: the list stays one by age. */
void
lb_table_set_end(struct lb_table *t, struct lb_entry *e, int64_t at)
{
	pthread_mutex_lock(&t->lock);
	if (at < e->ends)
		e->ends = at;
	pthread_mutex_unlock(&t->lock);
}

/* ---- all of them ------------------------------------------------------- */

bool
lb_table_walk(struct lb_table *t, unsigned *at, unsigned buckets,
    void (*visit)(struct lb_table *, struct lb_entry *, void *), void *arg)
{
	struct lb_entry *e, *next;

	pthread_mutex_lock(&t->lock);
	for (; *at < t->bucket_count && buckets > 0; ++*at, buckets--)
		for (e = t->buckets[*at]; e != NULL; e = next) {
			next = e->next;
			visit(t, e, arg);
		}
	pthread_mutex_unlock(&t->lock);
	return *at < t->bucket_count;
}

void
lb_table_each(struct lb_table *t, void (*visit)(struct lb_table *,
    struct lb_entry *, void *), void *arg)
{
	struct lb_entry *next;

	pthread_mutex_lock(&t->lock);
	for (struct lb_entry *e = t->oldest; e != NULL; e = next) {
		next = e->newer;
		visit(t, e, arg);
	}
	pthread_mutex_unlock(&t->lock);
}
