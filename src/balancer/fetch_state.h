/* SPDX-License-Identifier: ISC */
/*
 * fetch_state.h - time-outs in force, the sockets' own numbers, the PROXY
 * header that was received: rows. On the scene's loop.
 */
#ifndef WEIR_BALANCER_FETCH_STATE_H
#define WEIR_BALANCER_FETCH_STATE_H

#include "balancer/scene.h"

extern const struct lb_scene_row lb_fetch_state_rows[];

#endif
