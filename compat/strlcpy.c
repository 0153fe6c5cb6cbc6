/* SPDX-License-Identifier: ISC */
/* strlcpy.c - copy with a bound; always ends in NUL; returns what it wanted. */
#include <string.h>

#include "compat.h"

size_t
strlcpy(char *to, const char *from, size_t room)
{
	size_t len = strlen(from);

	if (room > 0) {
		size_t n = len < room ? len : room - 1;

		memcpy(to, from, n);
		to[n] = '\0';
	}
	return len;
}
