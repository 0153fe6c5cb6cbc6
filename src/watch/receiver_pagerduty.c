/* SPDX-License-Identifier: ISC */
/* receiver_pagerduty.c - a problem triggers, its end resolves. Loop 0. */
#include <stdio.h>

#include "base/clock.h"
#include "watch/receiver_pagerduty.h"
#include "watch/words.h"

enum { KEY = 256, SUMMARY = 1024 };

static const char *
severity_of(const struct wt_event *e)
{
	return e->severity >= WT_PAGE ? "critical" :
	    e->severity == WT_CRITICAL ? "error" :
	    e->severity == WT_WARNING ? "warning" : "info";
}

static json_t *
payload_of(const struct wt_event *e)
{
	char summary[SUMMARY], date[WT_WORDS];

	snprintf(summary, sizeof summary, "%s", e->words);
	return json_pack("{s:o, s:o, s:s, s:o, s:o, s:{s:o, s:o, s:o, s:s}}",
	    "summary", wt_request_text(summary),
	    "source", wt_request_text(e->source),
	    "severity", severity_of(e),
	    "component", wt_request_text(e->server),
	    "group", wt_request_text(e->group), "custom_details",
	    "facts", wt_request_text(e->facts),
	    "check", wt_request_text(e->check),
	    "address", wt_request_text(e->address),
	    "since", wt_words_date(e->since, date));
}

static int
form(struct wt_request *r, const struct wt_message *m, struct why *why)
{
	const struct wt_event *e = m->events[0];
	char key[KEY];
	json_t *all;

	/* What has no end would stay open for ever. */
	if (!e->is_problem && !e->ends_problem && e->kind != WT_TEST)
		return 1;
	all = json_pack("{s:s, s:s, s:o}", "routing_key", m->to->routing_key,
	    "event_action", e->ends_problem ? "resolve" : "trigger",
	    "dedup_key", wt_request_text(wt_event_key(e, key, sizeof key)));
	if (!e->ends_problem)
		json_object_set_new(all, "payload", payload_of(e));
	return wt_request_json(r, m->to->url, all, why);
}

const struct wt_receiver wt_receiver_pagerduty = {
	.name = "pagerduty", .single = true, .once = true, .form = form,
};
