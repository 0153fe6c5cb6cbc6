/* SPDX-License-Identifier: ISC */
/* mem.c - allocate, or say no. Any thread. */
#include <malloc.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/die.h"
#include "base/mem.h"

static atomic_ulong fail_at;

void
mem_fail_at(unsigned long n)
{
	atomic_store(&fail_at, n);
}

bool
mem_refused(void)
{
	if (__builtin_expect(atomic_load_explicit(&fail_at,
	    memory_order_relaxed) == 0, 1))
		return false;
	return atomic_fetch_sub(&fail_at, 1) == 1;
}

void *
mem_get(size_t len)
{
	return mem_refused() ? NULL : malloc(len);
}

void *
mem_zero(size_t len)
{
	return mem_refused() ? NULL : calloc(1, len);
}

void *
mem_grow(void *at, size_t len)
{
	return mem_refused() ? NULL : realloc(at, len);
}

void *
mem_need(size_t len)
{
	void *at = calloc(1, len);

	if (at == NULL)
		die("out of memory at start");
	return at;
}

char *
mem_copy(struct text t)
{
	char *at = mem_get(t.len + 1);

	if (at == NULL)
		return NULL;
	if (t.len > 0)
		memcpy(at, t.at, t.len);
	at[t.len] = '\0';
	return at;
}

char *
mem_print(const char *fmt, ...)
{
	char *at = NULL;
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0 || (at = mem_get((size_t)len + 1)) == NULL)
		return NULL;
	va_start(ap, fmt);
	vsnprintf(at, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return at;
}

void
mem_drop(void *at)
{
	free(at);
}

void
mem_trim(void)
{
#ifdef HAVE_MALLOC_TRIM
	malloc_trim(0);
#endif
}
