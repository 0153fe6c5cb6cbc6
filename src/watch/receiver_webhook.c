/* SPDX-License-Identifier: ISC */
/* receiver_webhook.c - version 1 of our own JSON, signed. Loop 0. */
#include <stdio.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/clock.h"
#include "watch/receiver_webhook.h"
#include "watch/words.h"

static json_t *
siblings_of(const struct wt_event *e)
{
	json_t *list = json_array();
	struct text rest = text_of(e->siblings), line;

	while (text_word(&rest, "\n", &line)) {
		struct text name = line, class, count;
		size_t at = line.len;

		/* The name may have blanks: take words from the end. */
		while (at > 0 && line.at[at - 1] != ' ')
			at--;
		count = text_from(line, at);
		line.len = at == 0 ? 0 : at - 1;
		for (at = line.len; at > 0 && line.at[at - 1] != ' ';)
			at--;
		class = text_from(line, at);
		name.len = at == 0 ? 0 : at - 1;
		json_array_append_new(list, json_pack("{s:o, s:o, s:o}",
		    "server", json_stringn_nocheck(name.at, name.len),
		    "class", json_stringn_nocheck(class.at, class.len),
		    "sessions", json_stringn_nocheck(count.at, count.len)));
	}
	return list;
}

static json_t *
time_or_null(int64_t wall)
{
	char text[WT_WORDS];

	return json_string(wt_words_date(wall, text));
}

static json_t *
event_of(const struct wt_event *e)
{
	json_t *j = json_object();
	const struct { const char *name, *value; } texts[] = {
		{ "group", e->group }, { "source", e->source },
		{ "proxy", e->proxy }, { "server", e->server },
		{ "address", e->address },
		{ "old", wt_class_name(e->was) },
		{ "new", wt_class_name(e->is) },
		{ "old_status", e->old }, { "new_status", e->new },
		{ "check", e->check }, { "text", e->words },
		{ "facts", e->facts },
	};

	json_object_set_new(j, "event_id", json_string(e->id));
	json_object_set_new(j, "event", json_string(wt_event_kind_name(
	    e->kind)));
	json_object_set_new(j, "severity", json_string(wt_event_severity_name(
	    e->severity)));
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
		json_object_set_new(j, texts[i].name,
		    wt_request_text(texts[i].value));
	json_object_set_new(j, "since", time_or_null(e->since));
	json_object_set_new(j, "seen", time_or_null(e->wall));
	json_object_set_new(j, "repeat", json_boolean(e->repeat));
	json_object_set_new(j, "duration_s", e->duration < 0 ? json_null() :
	    json_real((double)e->duration / (double)CLOCK_SECOND));
	json_object_set_new(j, "siblings", siblings_of(e));
	return j;
}

static void
sign(struct wt_request *r, const char *secret)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	char hex[2 * EVP_MAX_MD_SIZE + 1] = "";
	unsigned len = 0;

	if (HMAC(EVP_sha256(), secret, (int)strlen(secret),
	    (const unsigned char *)r->body, strlen(r->body), sum,
	    &len) == NULL)
		return;
	for (unsigned i = 0; i < len; i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	wt_request_header(r, "X-Weir-Signature: sha256=%s", hex);
}

static int
form(struct wt_request *r, const struct wt_message *m, struct why *why)
{
	json_t *list = json_array(), *all;
	struct wt_lines head = { .len = 0 };

	for (unsigned i = 0; i < m->count; i++)
		json_array_append_new(list, event_of(m->events[i]));
	wt_message_headline(m, &head);
	all = json_pack("{s:i, s:s, s:o, s:o}", "version", 1, "event_id",
	    m->events[0]->id, "text", wt_request_text(head.at), "events",
	    list);
	wt_request_header(r, "X-Weir-Event-Id: %s", m->events[0]->id);
	if (wt_request_json(r, m->to->url, all, why) < 0)
		return -1;
	if (m->to->secret != NULL)
		sign(r, m->to->secret);
	return 0;
}

const struct wt_receiver wt_receiver_webhook = {
	.name = "webhook", .once = true, .form = form,
};
