/* SPDX-License-Identifier: ISC */
/*
 * report.h - what reading a configuration has to tell: notices, warnings and
 * alerts, in order, each a finished text in the original's words. Counted;
 * who shows them is the caller's choice. One thread.
 */
#ifndef WEIR_BALANCER_REPORT_H
#define WEIR_BALANCER_REPORT_H

#include "balancer/words.h"

enum lb_report_level {
	LB_REPORT_DIAG,		/* shown with -dD only, never counted */
	LB_REPORT_NOTICE, LB_REPORT_WARNING, LB_REPORT_ALERT
};

struct lb_report {
	void (*tell)(void *arg, enum lb_report_level, const char *text);
	void *arg;
	unsigned warnings, alerts;
};

void	lb_report_tell(struct lb_report *, enum lb_report_level,
	    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

#endif
