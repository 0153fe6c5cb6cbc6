/* SPDX-License-Identifier: ISC */
/*
 * convert_map.h - map_* and regsub: rows for conversion.c. On the scene's
 * loop.
 */
#ifndef WEIR_BALANCER_CONVERT_MAP_H
#define WEIR_BALANCER_CONVERT_MAP_H

#include "balancer/scene.h"

extern const struct lb_scene_row lb_convert_map_rows[];

#endif
