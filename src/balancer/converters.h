/* SPDX-License-Identifier: ISC */
/* converters.h - every converter, one row. Constant; any thread. */
#ifndef WEIR_BALANCER_CONVERTERS_H
#define WEIR_BALANCER_CONVERTERS_H

#include "balancer/sample.h"

extern const struct lb_converter lb_converters[];  /* ends with a NULL name */

const struct lb_converter *lb_converters_find(struct text name);	/* or NULL */

#endif
