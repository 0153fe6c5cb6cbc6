/* SPDX-License-Identifier: ISC */
/* view.c - text that grows, and bounds of the histogram. One thread. */
#include <stdarg.h>
#include <stdio.h>

#include "base/mem.h"
#include "vrrp/view.h"

const double vr_view_late[VR_VIEW_LATE] = { 0.0001, 0.001, 0.01, 0.1, 1, 10 };

void
vr_view_put(struct vr_view_text *t, const char *fmt, ...)
{
	va_list ap, again;
	char *more;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (!t->failed && t->len + (size_t)n + 1 > t->room) {
		size_t room = 2 * t->room + (size_t)n + 1024;

		more = mem_grow(t->at, room);
		t->failed = more == NULL;
		if (more != NULL) {
			t->at = more;
			t->room = room;
		}
	}
	if (!t->failed)
		t->len += (size_t)vsnprintf(t->at + t->len, t->room - t->len,
		    fmt, again);
	va_end(again);
}

char *
vr_view_take(struct vr_view_text *t)
{
	if (!t->failed)
		return t->at;
	mem_drop(t->at);
	return NULL;
}
