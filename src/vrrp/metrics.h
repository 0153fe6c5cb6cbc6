/* SPDX-License-Identifier: ISC */
/*
 * metrics.h - what can be seen of the daemon from outside: Prometheus' page
 * with the names of the usual exporter, the health line, and the status as
 * text and as JSON. One thread.
 */
#ifndef WEIR_VRRP_METRICS_H
#define WEIR_VRRP_METRICS_H

#include "vrrp/view.h"

/* The caller's, mem_drop() them; NULL: no memory. */
char	*vr_metrics_page(const struct vr_view *);
/* 200 "ok" or 503 with the reason, as a line. */
char	*vr_metrics_health(const struct vr_view *, int *status);
/* One instance or (NULL) all. */
char	*vr_metrics_status(const struct vr_view *, const char *instance,
	    bool json);
/* For --status: 0 master, 1 backup (or init), 2 fault or not known. */
int	vr_metrics_code(const struct vr_view *, const char *instance);

#endif
