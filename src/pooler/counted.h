/* SPDX-License-Identifier: ISC */
/*
 * counted.h - giving back one of several holds of an object that a table
 * knows. Any thread. The last hold goes under the table's lock only, so that
 * whoever finds the object there may hold it.
 */
#ifndef WEIR_POOLER_COUNTED_H
#define WEIR_POOLER_COUNTED_H

#include <stdatomic.h>

#include "base/die.h"

/* True: given back. False: it is the last one, the lock is needed. */
static inline bool
pl_counted_drop(_Atomic uint32_t *refs)
{
	uint32_t n = atomic_load_explicit(refs, memory_order_relaxed);

	NEED(n > 0);
	while (n > 1)
		if (atomic_compare_exchange_weak_explicit(refs, &n, n - 1,
		    memory_order_release, memory_order_relaxed))
			return true;
	return false;
}

#endif
