/* SPDX-License-Identifier: ISC */
/* receivers.c - which file knows which kind. Constant; any thread. */
#include "watch/keys.h"
#include "watch/receiver_discord.h"
#include "watch/receiver_pagerduty.h"
#include "watch/receiver_slack.h"
#include "watch/receiver_webhook.h"
#include "watch/receivers.h"

static bool
is_for_slack(const char *url)
{
	struct text t = text_of(url);

	while (t.len > 0 && t.at[t.len - 1] == '/')
		t.len--;
	return text_ends(t, "/slack");
}

const struct wt_receiver *
wt_receivers_of(const struct wt_receiver_row *row)
{
	switch ((enum wt_receiver_type)row->type) {
	case WT_SLACK:
		return row->token != NULL ? &wt_receiver_slack_api :
		    &wt_receiver_slack;
	case WT_MATTERMOST:
		return &wt_receiver_slack;
	case WT_DISCORD:
		return is_for_slack(row->url) ? &wt_receiver_slack :
		    &wt_receiver_discord;
	case WT_WEBHOOK:
		return &wt_receiver_webhook;
	case WT_PAGERDUTY:
		return &wt_receiver_pagerduty;
	case WT_ALERTMANAGER:
	case WT_LOG:
		break;
	}
	return NULL;
}
