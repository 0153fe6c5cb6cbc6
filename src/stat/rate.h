/* SPDX-License-Identifier: ISC */
/*
 * rate.h - how often something happens: events in the last second, as the
 * running second's count and what still matters of the one before; the
 * highest rate seen; averages of the last samples. Values; one thread at a
 * time. Pure.
 */
#ifndef WEIR_STAT_RATE_H
#define WEIR_STAT_RATE_H

#include <stdint.h>

struct rate {
	uint32_t second;		/* the running one */
	uint32_t now, before;		/* events in it, in the one before */
	uint32_t most;
};

/* now: us on the monotonic clock. */
void	rate_add(struct rate *, int64_t now);
uint32_t rate_read(const struct rate *, int64_t now);
/* us until one more is within the limit; 0: now. */
int64_t	rate_wait(const struct rate *, uint32_t limit, int64_t now);

/*
 * An average of about the last 'samples' values: the sum that is kept; the
 * value is rate_mean() of it.
 */
void	rate_sample(uint64_t *sum, uint32_t samples, uint32_t value);
uint32_t rate_mean(uint64_t sum, uint32_t samples);

#endif
