/* SPDX-License-Identifier: ISC */
/*
 * cell.c - values as text. Pure but for the time zone; any thread.
 */
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

/* Digits from the room's end: pages of numbers are mostly this. */
static char *
put_digits(struct cell *c, uint64_t value)
{
	char *at = c->room + sizeof c->room;

	do {
		*--at = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	return at;
}

static void
take_from(struct cell *c, const char *at)
{
	c->value = (struct text){ at,
	    (size_t)(c->room + sizeof c->room - at) };
}

void
cell_int(struct cell *c, int64_t value)
{
	char *at = put_digits(c, value < 0 ? -(uint64_t)value :
	    (uint64_t)value);

	if (value < 0)
		*--at = '-';
	take_from(c, at);
}

void
cell_count(struct cell *c, uint64_t value)
{
	take_from(c, put_digits(c, value));
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
