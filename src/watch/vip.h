/* SPDX-License-Identifier: ISC */
/* vip.h - has this machine an address now? Asked once a second. Loop 0. */
#ifndef WEIR_WATCH_VIP_H
#define WEIR_WATCH_VIP_H

#include "base/text.h"

/* rule: "vip:ADDRESS"; NULL or "": always. */
bool	wt_vip_active(const char *rule);

#endif
