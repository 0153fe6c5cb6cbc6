/* SPDX-License-Identifier: ISC */
/*
 * keys.h - every setting, one row; see conf/key.h. Constant; any thread.
 */
#ifndef WEIR_WATCH_KEYS_H
#define WEIR_WATCH_KEYS_H

#include "conf/key.h"
#include "watch/settings.h"

enum wt_receiver_type {
	WT_SLACK, WT_MATTERMOST, WT_DISCORD, WT_WEBHOOK, WT_PAGERDUTY,
	WT_ALERTMANAGER, WT_LOG
};

extern const struct key wt_keys_watcher[], wt_keys_source[];
extern const struct key wt_keys_receiver[], wt_keys_silence[];

void	wt_keys_list(FILE *, enum key_form);

#endif
