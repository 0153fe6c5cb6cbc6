/* SPDX-License-Identifier: ISC */
/* healthz.c - asking databases whether they are there. Loop 0, but for look(). */
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "compat.h"
#include "pooler/growth.h"
#include "pooler/healthz.h"
#include "pooler/pool.h"
#include "pooler/round.h"
#include "pooler/shard.h"

struct tale {			/* a loop's, of one database */
	unsigned up;		/* servers that are logged in */
	int64_t answered;	/* the last time one of them did; 0: none */
	int64_t asked, dialled;	/* the oldest without an answer; 0: none */
};

struct subject {
	struct pl_database *db;
	struct pl_pool *pinned;	/* one of its pools: keeps the database, too */
};

struct asking {
	struct pl_round round;
	int64_t at, interval;
	unsigned count;
	struct subject *subjects;
	struct tale tales[];	/* by loop, subject */
};

static struct timer timer;
static struct asking *under_way;

/* ---- who is asked ------------------------------------------------------- */

static struct text
names(void)
{
	return text_trim(text_of(pl_settings()->healthz_databases));
}

/* Each with its name; false: no more. db NULL: there is none of that name. */
static bool
next_subject(struct text *rest, struct pl_database **db, struct text *name)
{
	if (names().len > 0) {
		if (!text_word(rest, ", \t", name))
			return false;
		*db = pl_database_get(*name);
		return true;
	}
	do
		*db = *db == NULL ? TAILQ_FIRST(&pl_databases) :
		    TAILQ_NEXT(*db, link);
	while (*db != NULL && ((*db)->admin || (*db)->dead ||
	    (*db)->disabled || (*db)->row->host == NULL));
	*name = *db == NULL ? TEXT_NONE : text_of((*db)->name);
	return *db != NULL;
}

static bool
may_be_asked(const struct pl_database *db)
{
	return db != NULL && !db->admin && !db->dead && !db->disabled &&
	    !db->paused;
}

/* ---- on each loop ------------------------------------------------------- */

static void
note_oldest(int64_t *oldest, int64_t at)
{
	if (*oldest == 0 || at < *oldest)
		*oldest = at;
}

static void
look_at_server(struct tale *t, const struct pl_server *s)
{
	if (s->state == PL_SERVER_LOGIN) {
		note_oldest(&t->dialled, s->connect_time);
		return;
	}
	t->up++;
	if (s->asked)
		note_oldest(&t->asked, s->seat.since);
	else if (s->answer_time > t->answered)
		t->answered = s->answer_time;
}

/* The one that has rested longest. */
static bool
ask_one(struct pl_pool *pool)
{
	struct pl_server *s = TAILQ_LAST(&pl_shard_here(pool)->
	    servers[PL_SERVER_IDLE], pl_server_list);

	return s != NULL && !s->close_needed && !s->dirty &&
	    pl_pool_ask(pool, s);
}

static void
look_at(struct tale *t, const struct asking *a, struct pl_database *db)
{
	const struct pl_server *s;
	struct pl_pool *pool;

	TAILQ_FOREACH(pool, &db->pools, of_database)
		for (int i = 0; i < PL_SERVER_GONE; i++)
			TAILQ_FOREACH(s, &pl_shard_here(pool)->servers[i],
			    link)
				look_at_server(t, s);
	if (t->asked != 0 || t->answered > a->at - a->interval)
		return;
	TAILQ_FOREACH(pool, &db->pools, of_database)
		if (ask_one(pool))
			return;
}

static void
look(struct pl_round *round)
{
	struct asking *a = (struct asking *)(void *)round;

	for (unsigned i = 0; i < a->count; i++)
		look_at(&a->tales[pl_round_here() * a->count + i], a,
		    a->subjects[i].db);
}

/* ---- what it means ------------------------------------------------------ */

static struct tale
sum_up(const struct asking *a, unsigned which)
{
	struct tale sum = { 0 };

	for (unsigned n = 0; n < loop_count(); n++) {
		const struct tale *t = &a->tales[n * a->count + which];

		sum.up += t->up;
		if (t->answered > sum.answered)
			sum.answered = t->answered;
		if (t->asked != 0)
			note_oldest(&sum.asked, t->asked);
		if (t->dialled != 0)
			note_oldest(&sum.dialled, t->dialled);
	}
	return sum;
}

static bool
is_late(const struct asking *a, int64_t since)
{
	return since != 0 && a->at - since >= a->interval;
}

/* The last word of a login that failed. */
static bool
copy_error(struct pl_database *db)
{
	struct pl_pool *pool;
	bool failed = false;

	TAILQ_FOREACH(pool, &db->pools, of_database) {
		pl_roster_lock(pool);
		failed = pool->last_connect_failed;
		if (failed)
			snprintf(db->ill, sizeof db->ill, "%s",
			    pool->last_error);
		pl_roster_unlock(pool);
		if (failed)
			break;
	}
	return failed;
}

static void
judge(const struct asking *a, struct pl_database *db, const struct tale *t)
{
	if (t->up > 0 && t->answered > a->at - 2 * a->interval)
		db->ill[0] = '\0';
	else if (is_late(a, t->asked))
		strlcpy(db->ill, "a query gets no answer", sizeof db->ill);
	else if (t->up == 0 && !copy_error(db) && is_late(a, t->dialled))
		strlcpy(db->ill, "a login gets no answer", sizeof db->ill);
}

/* Nobody is there to be asked; what it may open and when, the pool knows. */
static void
open_one(struct pl_database *db)
{
	struct pl_pool *pool;

	TAILQ_FOREACH(pool, &db->pools, of_database)
		if (pl_growth_open_spare(pool))
			return;
}

static void
on_heard(struct pl_round *round)
{
	struct asking *a = (struct asking *)(void *)round;

	for (unsigned i = 0; round->away == 0 && i < a->count; i++) {
		struct pl_database *db = a->subjects[i].db;
		struct tale sum = sum_up(a, i);

		judge(a, db, &sum);
		if (sum.up == 0 && sum.dialled == 0 &&
		    pl_leaving == PL_STAYS)
			open_one(db);
	}
	under_way = NULL;
	pl_round_forget(round);
}

/* ---- every interval ----------------------------------------------------- */

static void
drop(struct pl_round *round)
{
	struct asking *a = (struct asking *)(void *)round;

	for (unsigned i = 0; i < a->count; i++)
		a->subjects[i].pinned->pins--;
	mem_drop(a->subjects);
	mem_drop(a);
}

static void
add_subject(struct asking *a, struct pl_database *db)
{
	struct pl_pool *pool = TAILQ_FIRST(&db->pools);

	if (pool == NULL && db->forced != NULL)
		pool = pl_pools_get(db, db->forced);
	if (pool == NULL)
		return;			/* nobody to log in as */
	pool->pins++;
	a->subjects[a->count++] = (struct subject){ db, pool };
}

static struct asking *
prepare(unsigned room)
{
	struct asking *a = mem_zero(sizeof *a +
	    room * loop_count() * sizeof a->tales[0]);
	struct text rest = names(), name;
	struct pl_database *db = NULL;

	if (a == NULL)
		return NULL;
	a->subjects = mem_zero((room + 1) * sizeof a->subjects[0]);
	while (a->subjects != NULL && a->count < room &&
	    next_subject(&rest, &db, &name))
		if (may_be_asked(db))
			add_subject(a, db);
	return a;
}

static void
ask_all(int64_t interval)
{
	struct text rest = names(), name;
	struct pl_database *db = NULL;
	unsigned room = 0;

	while (next_subject(&rest, &db, &name))
		room++;
	under_way = prepare(room);
	if (under_way == NULL)
		return;
	under_way->at = loop_now(loop_here());
	under_way->interval = interval;
	under_way->round.visit = look;
	under_way->round.done = on_heard;
	under_way->round.drop = drop;
	pl_round_begin(&under_way->round, pl_round_all());
}

static void
on_timer(void *arg)
{
	int64_t interval = pl_settings()->healthz_interval;

	(void)arg;
	timer_after(&timer, interval > 0 ? interval : CLOCK_SECOND);
	if (interval > 0 && under_way == NULL && pl_activity == PL_RUNNING)
		ask_all(interval);
}

void
pl_healthz_start(struct loop *home)
{
	timer_init(&timer, home, on_timer, NULL);
	timer_after(&timer, 0);
}

void
pl_healthz_stop(void)
{
	timer_stop(&timer);
}

/* ---- telling ------------------------------------------------------------ */

static int
tell_one(const struct pl_database *db, struct text name,
    char line[PL_HEALTHZ_LINE])
{
	const char *why = db == NULL ? "no such database" :
	    pl_settings()->healthz_interval > 0 ? db->ill : "";

	if (why[0] == '\0')
		return 200;
	snprintf(line, PL_HEALTHZ_LINE, "%.*s: %s\n", (int)(name.len < 100 ?
	    name.len : 100), name.at, why);
	return db == NULL ? 404 : 503;
}

int
pl_healthz_tell(struct text name, char line[PL_HEALTHZ_LINE])
{
	struct text rest = names(), next;
	struct pl_database *db = NULL;

	snprintf(line, PL_HEALTHZ_LINE, "ok\n");
	if (name.len > 0)
		return tell_one(pl_database_find(name), name, line);
	if (pl_leaving != PL_STAYS) {
		snprintf(line, PL_HEALTHZ_LINE, "shutting down\n");
		return 503;
	}
	while (next_subject(&rest, &db, &next))
		if (tell_one(db, next, line) != 200)
			return 503;
	return 200;
}
