/* SPDX-License-Identifier: ISC */
/* report.c - counts what is told and hands it on; see report.h. */
#include <stdarg.h>
#include <stdio.h>

#include "balancer/report.h"

enum { LINE = 4096 };		/* longer ones are cut */

void
lb_report_tell(struct lb_report *r, enum lb_report_level level,
    const char *fmt, ...)
{
	char line[LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	r->warnings += level == LB_REPORT_WARNING;
	r->alerts += level == LB_REPORT_ALERT;
	if (r->tell != NULL)
		r->tell(r->arg, level, line);
}
