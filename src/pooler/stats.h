/* SPDX-License-Identifier: ISC */
/*
 * stats.h - the numbers of one pool on one loop; times in
 * microseconds. Written by that loop.
 */
#ifndef WEIR_POOLER_STATS_H
#define WEIR_POOLER_STATS_H

#include <stdint.h>

struct pl_stats {
	uint64_t assignments;		/* server_assignment_count */
	uint64_t xacts, queries;
	uint64_t received, sent;	/* client_bytes, server_bytes */
	uint64_t xact_time, query_time, wait_time;
	uint64_t client_parses, server_parses, binds;
};

/* The counters of a struct pl_stats, each once. */
#define PL_STATS_EACH(X)						\
	X(assignments) X(xacts) X(queries) X(received) X(sent)		\
	X(xact_time) X(query_time) X(wait_time)				\
	X(client_parses) X(server_parses) X(binds)

static inline void
pl_stats_add(struct pl_stats *to, const struct pl_stats *of)
{
#define PL_STATS_ADD(counter)	to->counter += of->counter;
	PL_STATS_EACH(PL_STATS_ADD)
#undef PL_STATS_ADD
}

#endif
