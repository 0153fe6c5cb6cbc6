/* SPDX-License-Identifier: ISC */
/*
 * metrics.h - lines as Prometheus reads them: what a series is, labels, a
 * value. Pure; any thread.
 */
#ifndef WEIR_STAT_METRICS_H
#define WEIR_STAT_METRICS_H

#include "stat/sheet.h"

/* What follows is of this series; a name in _total is a counter. */
void	metrics_head(struct sheet *, const char *prefix, const char *name,
	    const char *help);
/* name="value", escaped; with a comma in front unless it is the first. */
void	metrics_label(struct sheet *labels, const char *name,
	    struct text value);
/* labels: those, or none. value: NULL is NaN. */
void	metrics_value(struct sheet *, const char *prefix, const char *name,
	    struct text labels, struct text value);
/* The same, of thousandths. */
void	metrics_thousandths(struct sheet *, const char *prefix,
	    const char *name, struct text labels, uint64_t value);

#endif
