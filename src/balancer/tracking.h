/* SPDX-License-Identifier: ISC */
/*
 * tracking.h - which table entries count a session (track-sc0, ...), and the
 * keys that name entries. On the session's loop.
 */
#ifndef WEIR_BALANCER_TRACKING_H
#define WEIR_BALANCER_TRACKING_H

#include "balancer/fates.h"
#include "balancer/scene.h"
#include "balancer/table.h"

/* The value as a key of that table, in the scene's room; false: it cannot. */
bool	lb_tracking_key(struct lb_scene *, const struct lb_table *,
	    struct lb_value *, struct text *key);

/* The first rule for a slot wins. */
void	lb_tracking_start(struct lb_session *, unsigned slot,
	    struct lb_table *, struct text key);
/* Its early rules have let it pass: it is a session now. */
void	lb_tracking_pass(struct lb_session *);
void	lb_tracking_bytes(struct lb_session *, uint64_t in, uint64_t out);
void	lb_tracking_end(struct lb_session *);

/* NULL: nothing is tracked there. */
const struct lb_track *lb_tracking_find(const struct lb_session *,
	    unsigned slot);
/*
 * Adds to a general counter and to its rate, tells the new value; gpc0 and
 * gpc1 are elements of gpc when the table has that instead. False: not kept.
 */
bool	lb_tracking_count(const struct lb_track *, unsigned element,
	    int64_t n, int64_t now, uint64_t *value);
bool	lb_tracking_tag(const struct lb_track *, unsigned element,
	    uint64_t value, int64_t now);

#endif
