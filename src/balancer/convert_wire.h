/* SPDX-License-Identifier: ISC */
/*
 * convert_wire.h - fields of messages of other protocols: FIX, whole or
 * in pieces. One row each, for conversion.c; constant. On the scene's loop.
 */
#ifndef WEIR_BALANCER_CONVERT_WIRE_H
#define WEIR_BALANCER_CONVERT_WIRE_H

#include "balancer/scene.h"

extern const struct lb_scene_row lb_convert_wire_rows[];

#endif
