/* SPDX-License-Identifier: ISC */
/* why.c - keep the first-hand reason of a failure. Any thread. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/why.h"

int
why_set(struct why *why, const char *fmt, ...)
{
	va_list ap;

	if (why == NULL)
		return -1;
	va_start(ap, fmt);
	vsnprintf(why->line, sizeof why->line, fmt, ap);
	va_end(ap);
	why->place[0] = '\0';
	return -1;
}

int
why_at(struct why *why, const char *file, unsigned line, const char *fmt, ...)
{
	va_list ap;

	if (why == NULL)
		return -1;
	va_start(ap, fmt);
	vsnprintf(why->line, sizeof why->line, fmt, ap);
	va_end(ap);
	snprintf(why->place, sizeof why->place, "%s:%u", file, line);
	return -1;
}

int
why_errno(struct why *why, const char *fmt, ...)
{
	int code = errno;
	va_list ap;
	size_t len;

	if (why == NULL)
		return -1;
	va_start(ap, fmt);
	vsnprintf(why->line, sizeof why->line, fmt, ap);
	va_end(ap);
	len = strlen(why->line);
	snprintf(why->line + len, sizeof why->line - len, ": %s",
	    strerror(code));
	why->place[0] = '\0';
	return -1;
}
