/* SPDX-License-Identifier: ISC */
/* receiver_discord.c - content and one embed. Loop 0. */
#include "watch/receiver_discord.h"

enum { CONTENT = 1900 };

static void
cut(struct wt_lines *l, size_t most)
{
	if (l->len <= most)
		return;
	l->len = most;
	while (l->len > 0 && (l->at[l->len] & 0xc0) == 0x80)
		l->len--;
	l->at[l->len] = '\0';
}

static int
form(struct wt_request *r, const struct wt_message *m, struct why *why)
{
	static const int colors[] = { [WT_GOOD] = 0x2eb886,
	    [WT_INFO] = 0x439fe0, [WT_WARNING] = 0xdaa038,
	    [WT_CRITICAL] = 0xa30200, [WT_PAGE] = 0xa30200 };
	struct wt_lines head = { .len = 0 }, body = { .len = 0 };
	enum wt_severity s = wt_message_severity(m);
	json_t *all;

	wt_lines_add(&head, "%s%s", wt_message_mention(m),
	    wt_message_mention(m)[0] == '\0' ? "" : " ");
	wt_message_headline(m, &head);
	if (m->count == 1)
		wt_lines_add(&body, "%s", m->events[0]->facts);
	else
		wt_message_body(m, 0, m->count, &body);
	cut(&head, CONTENT);
	cut(&body, CONTENT);
	/* Names must ping nobody but whom the settings say. */
	all = json_pack("{s:o, s:{s:o}}", "content",
	    wt_request_text(head.at), "allowed_mentions", "parse",
	    wt_message_mention(m)[0] == '\0' ? json_array() :
	    json_pack("[s,s,s]", "everyone", "roles", "users"));
	if (!m->plain && body.len > 0)
		json_object_set_new(all, "embeds", json_pack(
		    "[{s:o, s:i, s:o}]", "title", wt_request_text(
		    s == WT_GOOD ? m->to->title_up : m->to->title_down),
		    "color", colors[s], "description",
		    wt_request_text(body.at)));
	return wt_request_json(r, m->to->url, all, why);
}

const struct wt_receiver wt_receiver_discord = {
	.name = "discord", .form = form,
};
