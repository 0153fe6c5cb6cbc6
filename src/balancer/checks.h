/* SPDX-License-Identifier: ISC */
/*
 * checks.h - the table of all kinds of checks, and the checks of a setup.
 * Loop 0.
 */
#ifndef WEIR_BALANCER_CHECKS_H
#define WEIR_BALANCER_CHECKS_H

#include "balancer/check.h"

/* Makes the checks of all servers; start only. -1: one cannot be made. */
int	lb_checks_make(struct why *);
void	lb_checks_add(struct lb_server *);	/* those of one */
/* NULL: it is not carried out (yet). */
const struct lb_check_variant *lb_checks_find(enum lb_check_kind);

#endif
