/* SPDX-License-Identifier: ISC */
/*
 * gauge.h - metrics pages of Weir's pooler and VRRP, made into the same kind
 * of page that a balancer shows, so that one set of rules judges all. Pure;
 * any thread.
 */
#ifndef WEIR_WATCH_GAUGE_H
#define WEIR_WATCH_GAUGE_H

#include "base/map.h"
#include "watch/settings.h"
#include "base/text.h"
#include "base/why.h"

/*
 * health: database -> reason of its failing /healthz/NAME. The page is the
 * caller's, mem_drop() it. NULL: why; it is no such page.
 */
char	*wt_gauge_pooler(struct text metrics, const struct wt_source_row *,
	    const struct map *health, struct why *);
char	*wt_gauge_vrrp(struct text metrics, struct why *);

/* Databases named in the metrics, one after the other; false: no more. */
bool	wt_gauge_database(struct text *rest, char *name, size_t size);

#endif
