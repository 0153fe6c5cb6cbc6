/* SPDX-License-Identifier: ISC */
/*
 * counts.c - counters per loop. Written by plain stores of one thread, read
 * by others: relaxed atomics say so to the compiler and cost nothing.
 */
#include "balancer/counts.h"
#include "base/mem.h"
#include "net/loop.h"

static unsigned loops = 1;

void
lb_counts_init(unsigned n)
{
	loops = n;
}

unsigned
lb_counts_loops(void)
{
	return loops;
}

struct lb_counts *
lb_counts_new(void)
{
	/* Aligned by hand: what stands before 'at' finds its block again. */
	size_t size = (loops + 2) * sizeof(struct lb_counts);
	char *block = mem_need(size);
	uintptr_t at = ((uintptr_t)block + sizeof(struct lb_counts) +
	    sizeof(void *)) & ~(uintptr_t)63;

	((void **)at)[-1] = block;
	return (struct lb_counts *)at;
}

void
lb_counts_free(struct lb_counts **c)
{
	if (*c != NULL)
		mem_drop(((void **)*c)[-1]);
	*c = NULL;
}

void
lb_counts_add(struct lb_counts *c, enum lb_counter n, uint64_t more)
{
	uint64_t *to = &c[loop_number(loop_here())].of[n];

	__atomic_store_n(to, __atomic_load_n(to, __ATOMIC_RELAXED) + more,
	    __ATOMIC_RELAXED);
}

uint64_t
lb_counts_sum(const struct lb_counts *c, enum lb_counter n)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < loops; i++)
		sum += __atomic_load_n(&c[i].of[n], __ATOMIC_RELAXED);
	return sum;
}

void
lb_counts_clear(struct lb_counts *c)
{
	for (unsigned i = 0; i < loops; i++)
		for (unsigned n = 0; n < LB_COUNTERS; n++)
			__atomic_store_n(&c[i].of[n], 0, __ATOMIC_RELAXED);
}
