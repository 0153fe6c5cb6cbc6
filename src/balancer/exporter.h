/* SPDX-License-Identifier: ISC */
/*
 * exporter.h - all statistics as Prometheus reads them, under the names that
 * dashboards know; written in slices. Loop 0.
 */
#ifndef WEIR_BALANCER_EXPORTER_H
#define WEIR_BALANCER_EXPORTER_H

#include "balancer/info.h"
#include "balancer/rows.h"
#include "stat/sheet.h"

enum {
	LB_EXPORT_PROCESS = 1 << 0, LB_EXPORT_FRONTEND = 1 << 1,
	LB_EXPORT_LISTENER = 1 << 2, LB_EXPORT_BACKEND = 1 << 3,
	LB_EXPORT_SERVER = 1 << 4, LB_EXPORT_TABLE = 1 << 5,
	LB_EXPORT_ALL = 63,
	LB_EXPORT_SPREADS = LB_EXPORT_FRONTEND | LB_EXPORT_BACKEND
};

struct lb_exporter {		/* a scrape that is being answered */
	unsigned scopes;	/* LB_EXPORT_* */
	bool no_maint;
	char only[1024];	/* "metrics=": names, with '-' in front: not */

	unsigned scope, series, proxy;	/* how far */
	bool inside, headed;	/* of the series' rows; its head is out */
	struct lb_rows rows;
	struct lb_info info;
};

/* As the query wishes it; query: what stands behind '?'. */
void	lb_exporter_init(struct lb_exporter *, struct text query);
/* A few lines more; false: that was all. */
bool	lb_exporter_step(struct lb_exporter *, struct sheet *);

#endif
