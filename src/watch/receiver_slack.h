/* SPDX-License-Identifier: ISC */
/*
 * receiver_slack.h - Slack: by incoming webhook, or with a token by its Web
 * API, where an incident is a thread whose first message is kept up to date.
 * Mattermost takes the webhook's form. Loop 0.
 */
#ifndef WEIR_WATCH_RECEIVER_SLACK_H
#define WEIR_WATCH_RECEIVER_SLACK_H

#include "watch/receiver.h"

extern const struct wt_receiver wt_receiver_slack;
extern const struct wt_receiver wt_receiver_slack_api;

/* Where open threads are kept across a restart; NULL or "": nowhere. */
void	wt_receiver_slack_open(const char *path);
void	wt_receiver_slack_close(void);

#endif
