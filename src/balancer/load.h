/* SPDX-License-Identifier: ISC */
/*
 * load.h - the files of the command line become a setup: read whole, told
 * about on standard error in the original's form. Blocking; the process that
 * reads the configuration, before it serves.
 */
#ifndef WEIR_BALANCER_LOAD_H
#define WEIR_BALANCER_LOAD_H

#include "balancer/config.h"
#include "balancer/options.h"

/* NULL: refused, and told. *warnings: how many there were. */
struct lb_setup *lb_load(const struct lb_options *, unsigned *warnings);
/* -cc: the exit code. */
int	lb_load_condition(const struct lb_options *);

#endif
