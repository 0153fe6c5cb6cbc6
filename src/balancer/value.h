/* SPDX-License-Identifier: ISC */
/*
 * value.h - times, sizes and numbers as a haproxy.cfg writes them. Pure; any
 * thread. All return 0, or -1 with the reason in the original's words.
 */
#ifndef WEIR_BALANCER_VALUE_H
#define WEIR_BALANCER_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/why.h"

/* "10s", "1h": microseconds. unit: of a bare number, in microseconds. */
int	lb_value_time(const char *, int64_t unit, int64_t *, struct why *);
/* "16k", "1m": bytes. */
int	lb_value_size(const char *, int64_t *, struct why *);
/* Decimal, nothing behind it. */
int	lb_value_number(const char *, int64_t least, int64_t most, int64_t *,
	    struct why *);
/* As C's atol(): what is no number is 0; false when it was not all one. */
bool	lb_value_loose(const char *, int64_t *);

#endif
