/* SPDX-License-Identifier: ISC */
/*
 * metrics.h - metrics_listen: /metrics, the rows of SHOW as Prometheus reads
 * them under the names of the usual exporter, and /healthz. A page is made
 * when it is asked for, a slice of rows a turn; who asks meanwhile gets the
 * same one. Loop 0.
 */
#ifndef WEIR_POOLER_METRICS_H
#define WEIR_POOLER_METRICS_H

#include <stdbool.h>

#include "base/why.h"
#include "net/loop.h"

/* -1: metrics_listen is none. An address in use is tried again each second. */
int	pl_metrics_open(struct loop *, struct why *);
bool	pl_metrics_is_open(void);	/* is it set at all? */
void	pl_metrics_close(void);

#endif
