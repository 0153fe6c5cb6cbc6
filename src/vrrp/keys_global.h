/* SPDX-License-Identifier: ISC */
/*
 * keys_global.h - every keyword of global_defs, one row. Constant; any
 * thread.
 */
#ifndef WEIR_VRRP_KEYS_GLOBAL_H
#define WEIR_VRRP_KEYS_GLOBAL_H

#include "vrrp/parse.h"

extern const struct vr_key vr_keys_global[];

#endif
