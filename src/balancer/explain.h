/* SPDX-License-Identifier: ISC */
/*
 * explain.h - a configuration written out as one file: what proxies take
 * from defaults sections stands in each of them, settings that nobody gave
 * are told, and each line says where it came from. What it writes can be
 * read again and means the same. Before there are threads.
 */
#ifndef WEIR_BALANCER_EXPLAIN_H
#define WEIR_BALANCER_EXPLAIN_H

#include <stdio.h>

#include "balancer/settings.h"

/* The setup was read with .blocks of its source. */
void	lb_explain_setup(FILE *, const struct lb_setup *);

#endif
