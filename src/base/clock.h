/* SPDX-License-Identifier: ISC */
/*
 * clock.h - time as int64_t microseconds. Intervals and time-outs use the
 * monotonic clock; wall time is for logs and for what users see. Any thread.
 */
#ifndef WEIR_BASE_CLOCK_H
#define WEIR_BASE_CLOCK_H

#include <stdint.h>

#define CLOCK_SECOND	((int64_t)1000000)
#define CLOCK_MS	((int64_t)1000)

int64_t	clock_now(void);	/* monotonic, since some fixed point */
int64_t	clock_wall(void);	/* since 1970-01-01 UTC */

#endif
