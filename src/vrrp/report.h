/* SPDX-License-Identifier: ISC */
/*
 * report.h - what is said about a configuration while it is read, and the
 * exit status of -t that follows from it. Belongs to who asks for the
 * reading. One thread.
 */
#ifndef WEIR_VRRP_REPORT_H
#define WEIR_VRRP_REPORT_H

#include <stdbool.h>

#include "vrrp/settings.h"

enum vr_report_level {
	VR_REPORT_NOTE,		/* said, and never counted (class W) */
	VR_REPORT_ERROR,	/* something is skipped or changed: 5 */
	VR_REPORT_MISSING,	/* a keyword without its value: 2, and the end */
	VR_REPORT_SECURITY	/* 6, whatever else is wrong */
};

enum {
	VR_EXIT_OK = 0, VR_EXIT_MISSING = 2, VR_EXIT_ERROR = 5,
	VR_EXIT_SECURITY = 6
};

struct vr_report {
	void *arg;
	/* NULL, or told one line without its end: "(FILE: Line N) TEXT" or TEXT; or NULL. */
	void (*tell)(void *arg, enum vr_report_level, const char *line);
	unsigned notes, errors, missing, security;
	/* Texts of errors without their places, when 'kept' is set. */
	struct arena *kept;
	VR_LIST(const char) texts;
};

/* place NULL, or of line 0: no place is shown. */
void	vr_report_say(struct vr_report *, enum vr_report_level,
	    const struct vr_place *, const char *fmt, ...)
	    __attribute__((format(printf, 4, 5)));
int	vr_report_status(const struct vr_report *);	/* of -t */

#endif
