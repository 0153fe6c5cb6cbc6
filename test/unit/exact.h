/* SPDX-License-Identifier: ISC */
/*
 * exact.h - a copy that ends where its memory ends, so that a read behind a
 * text is seen by the sanitizer and by valgrind. For the tests of parsers.
 */
#ifndef WEIR_TEST_EXACT_H
#define WEIR_TEST_EXACT_H

#include <stdint.h>

#include "base/die.h"
#include "base/mem.h"

static inline struct text
exact(struct text t)
{
	char *at = mem_get(t.len == 0 ? 1 : t.len);

	NEED(at != NULL);
	if (t.len > 0)
		memcpy(at, t.at, t.len);
	return (struct text){ at, t.len };
}

static inline void
exact_drop(struct text *t)
{
	mem_drop((void *)(uintptr_t)t->at);
	*t = TEXT_NONE;
}

#endif
