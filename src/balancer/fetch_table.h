/* SPDX-License-Identifier: ISC */
/*
 * fetch_table.h - sc_*, src_*, table_* fetches, and table_* converters: rows
 * for sampling.c and conversion.c. On the scene's loop.
 */
#ifndef WEIR_BALANCER_FETCH_TABLE_H
#define WEIR_BALANCER_FETCH_TABLE_H

#include "balancer/scene.h"

extern const struct lb_scene_row lb_fetch_table_rows[];
extern const struct lb_scene_row lb_fetch_table_converters[];

#endif
