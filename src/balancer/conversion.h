/* SPDX-License-Identifier: ISC */
/*
 * conversion.h - converters. Results stand in the scene's room. On the scene's loop.
 */
#ifndef WEIR_BALANCER_CONVERSION_H
#define WEIR_BALANCER_CONVERSION_H

#include "balancer/scene.h"

void	lb_conversion_init(void);	/* at start; dies without memory */
/* Can it be applied here, or only be read? */
bool	lb_conversion_knows(const struct lb_converter *);
/* False: there is no value behind it. */
bool	lb_conversion_apply(struct lb_scene *, const struct lb_conversion *,
	    struct lb_value *);

#endif
