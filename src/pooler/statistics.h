/* SPDX-License-Identifier: ISC */
/*
 * statistics.h - sums and averages of what pools count. Each stats_period
 * the window moves: older = newer, newer = now. An average is the change
 * since the older mark by the time since then, so over one to two periods
 * where a user asks, over exactly one in the log line. Loop 0.
 */
#ifndef WEIR_POOLER_STATISTICS_H
#define WEIR_POOLER_STATISTICS_H

#include "net/loop.h"
#include "pooler/database.h"
#include "pooler/stats.h"

enum { PL_STATISTICS_LINE = 400 };

/* to += now - then. */
void	pl_statistics_add_change(struct pl_stats *to,
	    const struct pl_stats *now, const struct pl_stats *then);
/*
 * Counts and bytes per second; times per transaction, query, assignment.
 * usec: how long the change took.
 */
struct pl_stats pl_statistics_average(const struct pl_stats *change,
	    int64_t usec);
/*
 * "stats: N xacts/s, ...", of an average; micro: "us", or its Greek form.
 * The PL_STATISTICS_LINE bytes at to hold any line.
 */
const char *pl_statistics_print(const struct pl_stats *average,
	    const char *micro, char to[PL_STATISTICS_LINE]);

/* Totals and averages now: of one database, or (NULL) of all pools. */
struct pl_statistics {
	struct pl_stats total, average;
};
struct pl_statistics pl_statistics_of(const struct pl_database *);

/*
 * Starts the periods: the timer's length is fixed by stats_period now. At
 * each mark the line is logged (log_stats) and told to the service manager.
 */
void	pl_statistics_start(struct loop *);
void	pl_statistics_stop(void);
/* The end of a period; the average over it. */
struct pl_stats pl_statistics_mark(int64_t now);

#endif
