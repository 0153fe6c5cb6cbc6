/* SPDX-License-Identifier: ISC */
/*
 * mem.h - the only place that calls malloc. The allocation says no (NULL);
 * the _need forms die and are for start-up only. Any thread.
 */
#ifndef WEIR_BASE_MEM_H
#define WEIR_BASE_MEM_H

#include "base/text.h"

void	*mem_get(size_t) __attribute__((malloc, warn_unused_result));
void	*mem_zero(size_t) __attribute__((malloc, warn_unused_result));
void	*mem_grow(void *, size_t) __attribute__((warn_unused_result));
void	*mem_need(size_t) __attribute__((malloc, returns_nonnull));	/* zeroed */
char	*mem_copy(struct text) __attribute__((malloc, warn_unused_result));
char	*mem_print(const char *fmt, ...)
	    __attribute__((format(printf, 1, 2), warn_unused_result));
void	mem_drop(void *);
/* Gives free pages back to the system, where libc can. */
void	mem_trim(void);

/* Tests: the n-th allocation from now on fails (0: none). */
void	mem_fail_at(unsigned long n);
/* For those who get memory elsewhere: is this the one that is to fail? */
bool	mem_refused(void);

#endif
