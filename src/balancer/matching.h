/* SPDX-License-Identifier: ISC */
/*
 * matching.h - values against patterns: of conditions and of maps. On the
 * scene's loop.
 */
#ifndef WEIR_BALANCER_MATCHING_H
#define WEIR_BALANCER_MATCHING_H

#include "balancer/pattern.h"
#include "balancer/scene.h"

/* The value as the way of matching wants it; false: it cannot be so. */
bool	lb_matching_prepare(struct lb_scene *, enum lb_match,
	    struct lb_value *);
/* Not for FOUND and BOOL. */
bool	lb_matching_hits(const struct lb_pattern *, enum lb_match,
	    bool nocase, const struct lb_value *);

#endif
