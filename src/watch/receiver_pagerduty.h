/* SPDX-License-Identifier: ISC */
/* receiver_pagerduty.h - PagerDuty's Events version 2. Loop 0. */
#ifndef WEIR_WATCH_RECEIVER_PAGERDUTY_H
#define WEIR_WATCH_RECEIVER_PAGERDUTY_H

#include "watch/receiver.h"

extern const struct wt_receiver wt_receiver_pagerduty;

#endif
