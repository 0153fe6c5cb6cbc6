/* SPDX-License-Identifier: ISC */
/*
 * statistics.c - the arithmetic of windows, and the timer that moves them.
 * A pool keeps its counters at both marks; the times of the marks are
 * common to all. What other loops count comes by a census. Loop 0.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/timer.h"
#include "pooler/census.h"
#include "pooler/pool.h"
#include "pooler/shard.h"
#include "pooler/statistics.h"
#include "proc/ready.h"

static int64_t newer_at, older_at;
static struct timer period;
static struct pl_census *census;		/* before a mark */

void
pl_statistics_add_change(struct pl_stats *to, const struct pl_stats *now,
    const struct pl_stats *then)
{
#define ADD(counter)	to->counter += now->counter - then->counter;
	PL_STATS_EACH(ADD)
#undef ADD
}

static uint64_t
rate(uint64_t change, int64_t usec)
{
	if (usec <= 0)
		return 0;
	return (uint64_t)((double)change * CLOCK_SECOND / (double)usec);
}

static uint64_t
share(uint64_t time, uint64_t count)
{
	return count == 0 ? 0 : time / count;
}

struct pl_stats
pl_statistics_average(const struct pl_stats *d, int64_t usec)
{
	return (struct pl_stats){
		.assignments = rate(d->assignments, usec),
		.xacts = rate(d->xacts, usec),
		.queries = rate(d->queries, usec),
		.received = rate(d->received, usec),
		.sent = rate(d->sent, usec),
		.xact_time = share(d->xact_time, d->xacts),
		.query_time = share(d->query_time, d->queries),
		.wait_time = share(d->wait_time, d->assignments),
		.client_parses = rate(d->client_parses, usec),
		.server_parses = rate(d->server_parses, usec),
		.binds = rate(d->binds, usec),
	};
}

const char *
pl_statistics_print(const struct pl_stats *a, const char *micro,
    char to[PL_STATISTICS_LINE])
{
	snprintf(to, PL_STATISTICS_LINE, "stats: %" PRIu64 " xacts/s, %" PRIu64
	    " queries/s, %" PRIu64 " client parses/s, %" PRIu64
	    " server parses/s, %" PRIu64 " binds/s, in %" PRIu64
	    " B/s, out %" PRIu64 " B/s, xact %" PRIu64 " %s, query %" PRIu64
	    " %s, wait %" PRIu64 " %s", a->xacts, a->queries,
	    a->client_parses, a->server_parses, a->binds, a->received,
	    a->sent, a->xact_time, micro, a->query_time, micro, a->wait_time,
	    micro);
	return to;
}

static void
add_pool(const struct pl_pool *pool, struct pl_stats *total,
    struct pl_stats *change)
{
	struct pl_stats now = pl_shard_sum_stats(pool);

	pl_stats_add(total, &now);
	pl_statistics_add_change(change, &now, &pool->older);
}

struct pl_statistics
pl_statistics_of(const struct pl_database *db)
{
	struct pl_statistics s = { 0 };
	struct pl_stats change = { 0 };
	const struct pl_pool *pool;

	if (db != NULL)
		TAILQ_FOREACH(pool, &db->pools, of_database)
			add_pool(pool, &s.total, &change);
	else
		TAILQ_FOREACH(pool, &pl_pools, link)
			add_pool(pool, &s.total, &change);
	s.average = pl_statistics_average(&change, clock_now() - older_at);
	return s;
}

struct pl_stats
pl_statistics_mark(int64_t now)
{
	struct pl_stats change = { 0 };
	struct pl_pool *pool;

	older_at = newer_at;
	newer_at = now;
	TAILQ_FOREACH(pool, &pl_pools, link) {
		pool->older = pool->newer;
		pool->newer = pl_shard_sum_stats(pool);
		pl_statistics_add_change(&change, &pool->newer, &pool->older);
	}
	return pl_statistics_average(&change, newer_at - older_at);
}

static void
on_counted(void *arg, uint64_t missing)
{
	struct pl_stats average = pl_statistics_mark(clock_now());
	char line[PL_STATISTICS_LINE];

	(void)arg;
	(void)missing;
	census = NULL;
	if (pl_settings()->log_stats)
		log_info("%s", pl_statistics_print(&average, "us", line));
	if (ready_heard())
		ready_status(pl_statistics_print(&average, "\xce\xbcs", line));
}

static void
on_period(void *arg)
{
	(void)arg;
	if (census == NULL)
		census = pl_census_take(false, on_counted, NULL);
}

void
pl_statistics_start(struct loop *loop)
{
	newer_at = older_at = clock_now();
	timer_init(&period, loop, on_period, NULL);
	timer_every(&period, pl_settings()->stats_period * CLOCK_SECOND);
}

void
pl_statistics_stop(void)
{
	timer_stop(&period);
	pl_census_forget(&census);
}
