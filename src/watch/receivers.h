/* SPDX-License-Identifier: ISC */
/* receivers.h - the table of kinds of receivers. Constant; any thread. */
#ifndef WEIR_WATCH_RECEIVERS_H
#define WEIR_WATCH_RECEIVERS_H

#include "watch/receiver.h"

/* NULL: one that gets no messages (log, alertmanager). */
const struct wt_receiver *wt_receivers_of(const struct wt_receiver_row *);

#endif
