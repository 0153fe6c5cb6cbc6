/* SPDX-License-Identifier: ISC */
/* fetch_tls.h - ssl_fc_*, ssl_bc_*, ssl_c_* ...: rows. On the scene's loop. */
#ifndef WEIR_BALANCER_FETCH_TLS_H
#define WEIR_BALANCER_FETCH_TLS_H

#include "balancer/scene.h"

extern const struct lb_scene_row lb_fetch_tls_rows[];

#endif
