/* SPDX-License-Identifier: ISC */
/* version.h - what -v, -vv and a wrong command line print. At start. */
#ifndef WEIR_BALANCER_VERSION_H
#define WEIR_BALANCER_VERSION_H

#include "balancer/options.h"

int	lb_version_show(const struct lb_options *);	/* the exit code */
int	lb_version_usage(const struct lb_options *);

#endif
