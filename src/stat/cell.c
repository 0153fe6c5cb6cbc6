/* SPDX-License-Identifier: ISC */
/*
 * cell.c - values as text. Pure but for the time zone; any thread.
 */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "stat/cell.h"

void
cell_none(struct cell *c)
{
	c->value = TEXT_NONE;
}

void
cell_int(struct cell *c, int64_t value)
{
	cell_print(c, "%" PRId64, value);
}

void
cell_count(struct cell *c, uint64_t value)
{
	cell_print(c, "%" PRIu64, value);
}

void
cell_text(struct cell *c, const char *s)
{
	c->value = text_of(s);
}

void
cell_slice(struct cell *c, struct text t)
{
	c->value = t;
}

void
cell_print(struct cell *c, const char *fmt, ...)
{
	va_list args;
	int len;

	va_start(args, fmt);
	len = vsnprintf(c->room, sizeof c->room, fmt, args);
	va_end(args);
	if (len < 0)
		len = 0;
	if ((size_t)len >= sizeof c->room)
		len = sizeof c->room - 1;
	c->value = (struct text){ c->room, (size_t)len };
}

void
cell_time(struct cell *c, int64_t wall)
{
	time_t seconds = (time_t)(wall / CLOCK_SECOND);
	struct tm tm;

	if (localtime_r(&seconds, &tm) == NULL) {
		cell_none(c);
		return;
	}
	c->value.at = c->room;
	c->value.len = strftime(c->room, sizeof c->room,
	    "%Y-%m-%d %H:%M:%S %Z", &tm);
}
