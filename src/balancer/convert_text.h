/* SPDX-License-Identifier: ISC */
/*
 * convert_text.h - encodings, digests and dates: rows for conversion.c. On
 * the scene's loop.
 */
#ifndef WEIR_BALANCER_CONVERT_TEXT_H
#define WEIR_BALANCER_CONVERT_TEXT_H

#include "balancer/scene.h"

extern const struct lb_scene_row lb_convert_text_rows[];

/* v becomes what its base64 means; false: it is none. */
bool	lb_convert_text_base64(struct lb_scene *, struct lb_value *v, bool for_urls);

#endif
