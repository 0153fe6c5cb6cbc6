/* SPDX-License-Identifier: ISC */
/* keys_global.h - keywords of the global section. Constant; any thread. */
#ifndef WEIR_BALANCER_KEYS_GLOBAL_H
#define WEIR_BALANCER_KEYS_GLOBAL_H

#include "balancer/key.h"

extern const struct lb_key lb_keys_global[];	/* struct lb_global_conf */

/* The settings of a file without a global section. */
void	lb_keys_global_init(struct lb_global_conf *);

#endif
