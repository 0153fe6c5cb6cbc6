/* SPDX-License-Identifier: ISC */
/* strtonum.c - a whole decimal number within bounds, or the reason why not. */
#include <errno.h>
#include <stdlib.h>

#include "compat.h"

long long
strtonum(const char *s, long long least, long long most, const char **why)
{
	char *end;
	long long n;

	*why = NULL;
	errno = 0;
	n = strtoll(s, &end, 10);
	if (end == s || *end != '\0')
		*why = "invalid";
	else if (errno == ERANGE ? n < 0 : n < least)
		*why = "too small";
	else if (errno == ERANGE || n > most)
		*why = "too large";
	if (*why == NULL)
		return n;
	errno = **why == 'i' ? EINVAL : ERANGE;
	return 0;
}
