/* SPDX-License-Identifier: ISC */
/* receiver_discord.h - Discord's own form; /slack takes Slack's. Loop 0. */
#ifndef WEIR_WATCH_RECEIVER_DISCORD_H
#define WEIR_WATCH_RECEIVER_DISCORD_H

#include "watch/receiver.h"

extern const struct wt_receiver wt_receiver_discord;

#endif
