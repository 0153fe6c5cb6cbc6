/* SPDX-License-Identifier: ISC */
/* sheet.c - a text that grows. Any thread. */
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "stat/cell.h"
#include "stat/sheet.h"

enum { LEAST = 4096 };

void
sheet_fini(struct sheet *s)
{
	mem_drop(s->at);
	*s = (struct sheet){ NULL, 0, 0, false };
}

void
sheet_clear(struct sheet *s)
{
	s->len = 0;
	s->spoiled = false;
}

static char *
grow(struct sheet *s, size_t n)
{
	size_t room = s->room * 2 > s->len + n ? s->room * 2 : s->len + n;
	char *more;

	if (room < LEAST)
		room = LEAST;
	more = mem_grow(s->at, room);
	if (more == NULL) {
		s->spoiled = true;
		return NULL;
	}
	s->at = more;
	s->room = room;
	return more + s->len;
}

char *
sheet_room(struct sheet *s, size_t n)
{
	if (s->spoiled)
		return NULL;
	if (s->room - s->len >= n)
		return s->at + s->len;
	return grow(s, n);
}

void
sheet_slice(struct sheet *s, struct text t)
{
	char *to = sheet_room(s, t.len);

	if (to == NULL || t.len == 0)
		return;
	memcpy(to, t.at, t.len);
	s->len += t.len;
}

void
sheet_text(struct sheet *s, const char *text)
{
	sheet_slice(s, text_of(text));
}

void
sheet_count(struct sheet *s, uint64_t n)
{
	struct cell cell;

	cell_count(&cell, n);
	sheet_slice(s, cell.value);
}

/* Most of it fits where there is room already: it is printed once. */
void
sheet_print(struct sheet *s, const char *fmt, ...)
{
	size_t room = s->spoiled ? 0 : s->room - s->len;
	va_list args, again;
	char *to;
	int len;

	va_start(args, fmt);
	va_copy(again, args);
	len = vsnprintf(room > 0 ? s->at + s->len : NULL, room, fmt, args);
	va_end(args);
	if (len >= 0 && (size_t)len < room)
		s->len += (size_t)len;
	else if (len >= 0 && (to = sheet_room(s, (size_t)len + 1)) != NULL) {
		vsnprintf(to, (size_t)len + 1, fmt, again);
		s->len += (size_t)len;
	}
	va_end(again);
}

char *
sheet_take(struct sheet *s)
{
	char *at;

	sheet_char(s, '\0');
	if (s->spoiled)
		sheet_fini(s);
	at = s->at;
	*s = (struct sheet){ NULL, 0, 0, false };
	return at;
}
