/* SPDX-License-Identifier: ISC */
/* metrics.h - what can be seen of the watcher, as texts. Loop 0. */
#ifndef WEIR_WATCH_METRICS_H
#define WEIR_WATCH_METRICS_H

/* The caller's, mem_drop() them; NULL: no memory. */
char	*wt_metrics_prometheus(void);
char	*wt_metrics_status(void);	/* JSON */

#endif
