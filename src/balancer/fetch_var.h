/* SPDX-License-Identifier: ISC */
/*
 * fetch_var.h - var(), and converters that use variables: rows for
 * sampling.c and conversion.c. On the scene's loop.
 */
#ifndef WEIR_BALANCER_FETCH_VAR_H
#define WEIR_BALANCER_FETCH_VAR_H

#include "balancer/scene.h"

extern const struct lb_scene_row lb_fetch_var_rows[];
extern const struct lb_scene_row lb_fetch_var_converters[];

/* A converter's operand: the number, or what the variable holds. */
bool	lb_fetch_var_operand(struct lb_scene *, const struct lb_arg *,
	    int64_t *);

#endif
