/* SPDX-License-Identifier: ISC */
/*
 * number.h - numbers from text: whole text or nothing, overflow is an error.
 * All return 0, or -1 with the reason in why (which may be NULL). Pure.
 */
#ifndef WEIR_BASE_NUMBER_H
#define WEIR_BASE_NUMBER_H

#include <stdint.h>

#include "base/text.h"
#include "base/why.h"

/* base 0 as strtol: decimal, 0x hex, leading 0 octal; sign allowed. */
int	number_int(struct text, int base, int64_t least, int64_t most,
	    int64_t *, struct why *);
/* Seconds with an optional fraction ("0.5"), no sign, no unit; microseconds. */
int	number_seconds(struct text, int64_t *usec, struct why *);
/* "10s", "250ms", "4h", "1d"; a bare number is seconds; microseconds. */
int	number_span(struct text, int64_t *usec, struct why *);

#endif
