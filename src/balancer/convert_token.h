/* SPDX-License-Identifier: ISC */
/*
 * convert_token.h - JSON, its signed tokens (RFC 7519), and what is sealed
 * with AES-GCM. One row each, for conversion.c; constant. On the scene's
 * loop.
 */
#ifndef WEIR_BALANCER_CONVERT_TOKEN_H
#define WEIR_BALANCER_CONVERT_TOKEN_H

#include "balancer/scene.h"

extern const struct lb_scene_row lb_convert_token_rows[];

#endif
