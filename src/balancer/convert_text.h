/* SPDX-License-Identifier: ISC */
/*
 * convert_text.h - encodings, digests and dates: rows for conversion.c. On
 * the scene's loop.
 */
#ifndef WEIR_BALANCER_CONVERT_TEXT_H
#define WEIR_BALANCER_CONVERT_TEXT_H

#include "balancer/scene.h"

extern const struct lb_scene_row lb_convert_text_rows[];

#endif
