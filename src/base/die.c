/* SPDX-License-Identifier: ISC */
/* die.c - the end of a process that found a bug in itself. Any thread. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/die.h"

static void (*teller)(const char *);

void
die_set_teller(void (*tell)(const char *))
{
	teller = tell;
}

_Noreturn static void
end(const char *text)
{
	if (teller != NULL)
		teller(text);
	else
		fprintf(stderr, "FATAL %s\n", text);
	abort();
}

void
die(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	end(text);
}

void
die_need(const char *cond, const char *file, int line)
{
	die("broken rule: %s @%s:%d", cond, file, line);
}
