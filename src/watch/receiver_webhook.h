/* SPDX-License-Identifier: ISC */
/* receiver_webhook.h - any program of the user's: our own JSON. Loop 0. */
#ifndef WEIR_WATCH_RECEIVER_WEBHOOK_H
#define WEIR_WATCH_RECEIVER_WEBHOOK_H

#include "watch/receiver.h"

extern const struct wt_receiver wt_receiver_webhook;

#endif
