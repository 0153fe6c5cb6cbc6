/* SPDX-License-Identifier: ISC */
/*
 * conversion.h - converters, and one type made of another. Results stand in
 * the scene's room. On the scene's loop.
 */
#ifndef WEIR_BALANCER_CONVERSION_H
#define WEIR_BALANCER_CONVERSION_H

#include "balancer/scene.h"

void	lb_conversion_init(void);
bool	lb_conversion_knows(const struct lb_converter *);
/* False: there is no value behind it. */
bool	lb_conversion_apply(struct lb_scene *, const struct lb_conversion *,
	    struct lb_value *);

/* As text, a number, an address; false: it cannot be one. */
bool	lb_conversion_text(struct lb_scene *, struct lb_value *);
bool	lb_conversion_number(struct lb_value *);
bool	lb_conversion_address(struct lb_value *);

#endif
