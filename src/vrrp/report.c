/* SPDX-License-Identifier: ISC */
/* report.c - one line to whoever listens, and a count; see report.h. One thread. */
#include <stdarg.h>
#include <stdio.h>

#include "vrrp/report.h"

enum { LINE = 2048, TEXTS_MOST = 10 * 1000 };

static void
count(struct vr_report *r, enum vr_report_level level)
{
	switch (level) {
	case VR_REPORT_NOTE:
		r->notes++;
		break;
	case VR_REPORT_ERROR:
		r->errors++;
		break;
	case VR_REPORT_MISSING:
		r->missing++;
		break;
	case VR_REPORT_SECURITY:
		r->security++;
		break;
	}
}

void
vr_report_say(struct vr_report *r, enum vr_report_level level,
    const struct vr_place *place, const char *fmt, ...)
{
	char line[LINE];
	int used = 0;
	va_list ap;

	count(r, level);
	if (place != NULL && place->line > 0)
		used = snprintf(line, sizeof line, "(%.512s: Line %u) ",
		    place->file, place->line);
	va_start(ap, fmt);
	vsnprintf(line + used, sizeof line - (size_t)used, fmt, ap);
	va_end(ap);
	if (level == VR_REPORT_ERROR && r->kept != NULL &&
	    r->texts.count < TEXTS_MOST)
		arena_add(r->kept, &r->texts, arena_copy(r->kept,
		    text_of(line + used)));
	for (char *c = line; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	if (r->tell != NULL)
		r->tell(r->arg, level, line);
}

int
vr_report_status(const struct vr_report *r)
{
	return r->missing > 0 ? VR_EXIT_MISSING : r->security > 0 ?
	    VR_EXIT_SECURITY : r->errors > 0 ? VR_EXIT_ERROR : VR_EXIT_OK;
}
