/* SPDX-License-Identifier: ISC */
/*
 * casting.h - a value as text, as a number, as an address: in place, what is
 * made stands in the scene's room. False: it cannot be one. On the scene's
 * loop.
 */
#ifndef WEIR_BALANCER_CASTING_H
#define WEIR_BALANCER_CASTING_H

#include "balancer/scene.h"

bool	lb_casting_text(struct lb_scene *, struct lb_value *);
bool	lb_casting_number(struct lb_value *);
bool	lb_casting_address(struct lb_value *);
/* As far as there are digits; false: there is none. */
bool	lb_casting_digits(struct text, int64_t *);

#endif
