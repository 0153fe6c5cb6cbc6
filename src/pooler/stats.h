/* SPDX-License-Identifier: ISC */
/*
 * stats.h - the numbers of one pool, spec section 20; times in microseconds.
 * Written by the loop that serves the pool, read by loop 0.
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

#endif
