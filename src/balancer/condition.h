/* SPDX-License-Identifier: ISC */
/*
 * condition.h - what stands behind .if, .elif and -cc, evaluated. Pure but
 * for the environment, which the source answers for. Any thread.
 */
#ifndef WEIR_BALANCER_CONDITION_H
#define WEIR_BALANCER_CONDITION_H

#include "balancer/source.h"

/* The version that version_atleast() and show info speak of. */
#define LB_CONDITION_VERSION	"3.4.0"
#define LB_CONDITION_RELEASED	"2026/11/22"

/* "+NAME" each; NULL behind the last. */
extern const char *const lb_condition_features[];

/* 1, 0, or -1 with the reason. */
int	lb_condition_holds(const struct lb_source *, struct text,
	    struct why *);

#endif
