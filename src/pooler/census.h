/* SPDX-License-Identifier: ISC */
/*
 * census.h - numbers of all loops, on loop 0: a census asks every other loop
 * for what it counts, and keeps the answers in the pools' shards (told) and
 * here. With one loop there is nothing to ask. What a loop that did not
 * answer said the last time stays.
 *
 * The numbers that one loop gives for a pool are of one instant, and all
 * loops are asked at once. Loop 0.
 */
#ifndef WEIR_POOLER_CENSUS_H
#define WEIR_POOLER_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pl_census;
struct pl_pool;

/*
 * done() gets the loops that did not answer. closing: also count servers that
 * are to be closed, which takes longer. NULL: done() was called already.
 */
struct pl_census *pl_census_take(bool closing,
	    void (*done)(void *arg, uint64_t missing), void *arg);
void	pl_census_forget(struct pl_census **);	/* no done() any more */

/* Sums: loop 0's now, and what the others told. */
unsigned pl_census_closing(const struct pl_pool *);
uint64_t pl_census_conns(void);
uint64_t pl_census_conn_bytes(void);
uint64_t pl_census_lent(void);		/* bytes of buffers */

#endif
