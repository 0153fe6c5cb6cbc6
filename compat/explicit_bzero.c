/* SPDX-License-Identifier: ISC */
/* explicit_bzero.c - wipe memory in a way the compiler may not leave out. */
#include <string.h>

#include "compat.h"

static void *(*const volatile set)(void *, int, size_t) = memset;

void
explicit_bzero(void *at, size_t len)
{
	set(at, 0, len);
}
