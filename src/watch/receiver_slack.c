/* SPDX-License-Identifier: ISC */
/* receiver_slack.c - messages in Slack's words; see its header. Loop 0. */
#include <stdio.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "watch/receiver_slack.h"
#include "watch/words.h"

enum { SECTION = 2900, THREADS_MOST = 1000, THREADS_FILE = 4 * 1024 * 1024 };

static json_t *threads;		/* "receiver key" -> { channel, ts, text } */
static char *threads_path;

/* ---- pieces */

static const char *
icon_of(enum wt_severity s)
{
	static const char *const icons[] = { [WT_GOOD] = ":large_green_circle:",
	    [WT_INFO] = ":information_source:", [WT_WARNING] = ":warning:",
	    [WT_CRITICAL] = ":red_circle:", [WT_PAGE] = ":rotating_light:" };

	return icons[s];
}

static const char *
color_of(enum wt_severity s)
{
	return s >= WT_CRITICAL ? "danger" : s == WT_GOOD ? "good" :
	    s == WT_WARNING ? "warning" : "#439FE0";
}

static const char *
or_none(const char *s)
{
	return s == NULL ? "" : s;
}

static json_t *
escaped(const char *s)
{
	struct wt_lines l = { .len = 0 };

	wt_lines_escape(&l, s);
	return wt_request_text(l.at);
}

static void
put_links(const struct wt_message *m, struct wt_lines *l)
{
	if (or_none(m->set->runbook_url)[0] != '\0' &&
	    wt_message_severity(m) >= WT_WARNING)
		wt_lines_add(l, "\n<%s|Runbook>", m->set->runbook_url);
	if (or_none(m->set->dashboard_url)[0] != '\0')
		wt_lines_add(l, "\n<%s|Dashboard>", m->set->dashboard_url);
}

/* ---- style = attachment: the old loop's places */

static unsigned
end_of_color(const struct wt_message *m, unsigned from)
{
	unsigned i = from;

	while (i < m->count && i < WT_MESSAGE_LINES &&
	    color_of(m->events[i]->severity) ==
	    color_of(m->events[from]->severity))
		i++;
	return i >= WT_MESSAGE_LINES ? m->count : i;
}

static void
put_text(const struct wt_message *m, unsigned from, unsigned to,
    struct wt_lines *text)
{
	struct wt_lines head = { .len = 0 }, plain = { .len = 0 };
	struct wt_lines hint = { .len = 0 };

	/* The whole message's first line, where it says more than the first. */
	if (from == 0)
		wt_message_headline(m, &head);
	if (from == 0 && strcmp(head.at, m->events[0]->words) != 0) {
		wt_lines_escape(text, head.at);
		wt_lines_add(text, "\n");
		if (m->count == 1) {
			wt_lines_escape(text, m->events[0]->facts);
			goto hints;
		}
	}
	wt_message_body(m, from, to, &plain);
	wt_lines_escape(text, plain.at);
hints:
	for (unsigned i = from; i < to && i < 3; i++) {
		hint.len = 0;
		if (!wt_message_hint(m, m->events[i], &hint))
			continue;
		wt_lines_add(text, "\n");
		wt_lines_escape(text, hint.at);
	}
	if (from == 0)
		put_links(m, text);
}

static json_t *
attachment(const struct wt_message *m, unsigned from, unsigned to)
{
	const struct wt_event *e = m->events[from];
	const char *title = e->severity == WT_GOOD ? m->to->title_up :
	    e->severity >= WT_WARNING ? m->to->title_down : "";
	struct wt_lines text = { .len = 0 }, head = { .len = 0 };
	struct wt_lines whole = { .len = 0 }, foot = { .len = 0 };
	char date[WT_WORDS];
	json_t *a = json_object();

	put_text(m, from, to, &text);
	wt_message_headline(m, &head);
	wt_lines_add(&foot, "%s%s%s", or_none(m->to->footer),
	    or_none(m->to->footer)[0] == '\0' ? "" : " - ",
	    wt_words_date(m->wall, date));
	json_object_set_new(a, "color", json_string(color_of(e->severity)));
	if (or_none(title)[0] != '\0') {
		wt_lines_add(&whole, "%s%s", or_none(m->set->title_prefix),
		    title);
		json_object_set_new(a, "title", escaped(whole.at));
	}
	json_object_set_new(a, "fallback", escaped(from == 0 ? head.at :
	    e->words));
	json_object_set_new(a, "text", wt_request_text(text.at));
	json_object_set_new(a, "footer", escaped(foot.at));
	json_object_set_new(a, "ts", json_integer(e->wall / CLOCK_SECOND));
	json_object_set_new(a, "mrkdwn_in", json_pack("[s]", "text"));
	return a;
}

static void
put_attachments(const struct wt_message *m, json_t *all)
{
	json_t *list = json_array();

	for (unsigned i = 0, to; i < m->count && i < WT_MESSAGE_LINES; i = to) {
		to = end_of_color(m, i);
		json_array_append_new(list, attachment(m, i, to));
	}
	if (wt_message_mention(m)[0] != '\0')
		json_object_set_new(all, "text",
		    wt_request_text(wt_message_mention(m)));
	json_object_set_new(all, "attachments", list);
}

/* ---- style = blocks, plain */

static json_t *
block(const char *type, const char *kind, const char *text)
{
	return json_pack("{s:s, s:{s:s, s:o}}", "type", type, "text", "type",
	    kind, "text", wt_request_text(text));
}

static void
put_plain(const struct wt_message *m, json_t *all)
{
	struct wt_lines text = { .len = 0 }, plain = { .len = 0 };
	struct wt_lines hint = { .len = 0 };

	if (wt_message_mention(m)[0] != '\0')
		wt_lines_add(&text, "%s ", wt_message_mention(m));
	if (!m->plain)
		wt_lines_add(&text, "%s ", icon_of(wt_message_severity(m)));
	wt_message_text(m, &plain);
	wt_lines_escape(&text, plain.at);
	if (m->count > 0 && wt_message_hint(m, m->events[0], &hint)) {
		wt_lines_add(&text, "\n");
		wt_lines_escape(&text, hint.at);
	}
	if (!m->plain)
		put_links(m, &text);
	json_object_set_new(all, "text", wt_request_text(text.at));
}

static void
put_blocks(const struct wt_message *m, json_t *all)
{
	struct wt_lines head = { .len = 0 }, line = { .len = 0 };
	struct wt_lines body = { .len = 0 }, text = { .len = 0 };
	struct wt_lines hint = { .len = 0 };
	char date[WT_WORDS];
	json_t *list = json_array();

	wt_message_headline(m, &head);
	wt_lines_add(&line, "%s ", wt_message_mention(m));
	wt_lines_add(&line, "%s ", icon_of(wt_message_severity(m)));
	wt_lines_escape(&line, head.at);
	json_object_set_new(all, "text", wt_request_text(line.at));
	head.len = head.len > 140 ? 140 : head.len;
	while (head.len > 0 && (head.at[head.len] & 0xc0) == 0x80)
		head.len--;
	head.at[head.len] = '\0';
	json_array_append_new(list, block("header", "plain_text", head.at));
	if (m->count == 1)
		wt_lines_add(&body, "%s", m->events[0]->facts);
	else
		wt_message_body(m, 0, m->count, &body);
	wt_lines_escape(&text, body.at);
	if (m->count > 0 && wt_message_hint(m, m->events[0], &hint)) {
		wt_lines_add(&text, "\n");
		wt_lines_escape(&text, hint.at);
	}
	put_links(m, &text);
	if (text.len > SECTION) {
		while (text.len > SECTION ||
		    (text.at[text.len] & 0xc0) == 0x80)
			text.len--;
		text.at[text.len] = '\0';
	}
	if (text.len > 0)
		json_array_append_new(list, block("section", "mrkdwn",
		    text.at));
	json_array_append_new(list, json_pack("{s:s, s:[{s:s, s:s}]}", "type",
	    "context", "elements", "type", "mrkdwn", "text",
	    wt_words_date(m->wall, date)));
	json_object_set_new(all, "blocks", list);
}

static json_t *
form_body(const struct wt_message *m)
{
	json_t *all = json_object();

	if (m->plain || m->to->style == WT_PLAIN)
		put_plain(m, all);
	else if (m->to->style == WT_BLOCKS)
		put_blocks(m, all);
	else
		put_attachments(m, all);
	return all;
}

/* ---- by webhook */

static int
form(struct wt_request *r, const struct wt_message *m, struct why *why)
{
	json_t *all = form_body(m);
	const struct { const char *name, *value; } rest[] = {
		{ "channel", m->to->channel },
		{ "username", m->to->username },
		{ "icon_emoji", m->to->icon_emoji },
	};

	for (int i = 0; i < 3; i++)
		if (or_none(rest[i].value)[0] != '\0')
			json_object_set_new(all, rest[i].name,
			    wt_request_text(rest[i].value));
	return wt_request_json(r, m->to->url, all, why);
}

static enum wt_verdict
judge(const struct wt_answer *a, int64_t *pause)
{
	enum wt_verdict v = wt_verdict_of(a, pause);

	if (v == WT_DELIVERED && !text_is(text_trim(a->body), "ok"))
		log_debug("a webhook answered %d with something else than ok",
		    a->status);
	return v;
}

const struct wt_receiver wt_receiver_slack = {
	.name = "slack", .form = form, .judge = judge,
};

/* ---- by the Web API: threads */

static void
save_threads(void)
{
	char *text;
	struct why why;

	if (threads_path == NULL)
		return;
	text = json_dumps(threads, JSON_COMPACT);
	if (text == NULL || file_write_aside(threads_path, 0600,
	    text_of(text), &why) < 0)
		log_warning("cannot write %s", threads_path);
	mem_drop(text);
}

void
wt_receiver_slack_open(const char *path)
{
	struct text all;
	struct why why;

	wt_receiver_slack_close();
	if (path == NULL || path[0] == '\0')
		return;
	threads_path = mem_copy(text_of(path));
	if (file_read(path, THREADS_FILE, &all, &why) < 0)
		return;
	threads = json_loadb(all.at, all.len, 0, NULL);
	mem_drop((void *)(uintptr_t)all.at);
	if (threads != NULL && !json_is_object(threads)) {
		json_decref(threads);
		threads = NULL;
	}
}

void
wt_receiver_slack_close(void)
{
	json_decref(threads);
	threads = NULL;
	mem_drop(threads_path);
	threads_path = NULL;
}

static const char *
thread_key(const struct wt_message *m, const struct wt_event *e, char *to,
    size_t size)
{
	char key[512];

	snprintf(to, size, "%s %s", m->to->name, wt_event_key(e, key,
	    sizeof key));
	return to;
}

/* The thread of the first event that has one. */
static json_t *
find_thread(const struct wt_message *m)
{
	char key[640];
	json_t *t;

	for (unsigned i = 0; i < m->count; i++) {
		t = json_object_get(threads, thread_key(m, m->events[i], key,
		    sizeof key));
		if (t != NULL)
			return t;
	}
	return NULL;
}

static int
form_api(struct wt_request *r, const struct wt_message *m, struct why *why)
{
	json_t *all = form_body(m), *thread = find_thread(m);
	struct wt_lines url = { .len = 0 }, head = { .len = 0 };

	wt_lines_add(&url, "%s/chat.postMessage", m->to->url);
	json_object_set_new(all, "channel", wt_request_text(m->to->channel));
	if (json_object_get(all, "text") == NULL) {
		wt_message_headline(m, &head);
		json_object_set_new(all, "text", escaped(head.at));
	}
	if (thread != NULL)
		json_object_set(all, "thread_ts", json_object_get(thread,
		    "ts"));
	wt_request_header(r, "Authorization: Bearer %s", m->to->token);
	return wt_request_json(r, url.at, all, why);
}

/* What the API says with status 200 and "ok": false. */
static const struct {
	const char *error;
	enum wt_verdict verdict;
} errors[] = {
	{ "ratelimited", WT_TOO_FAST }, { "rate_limited", WT_TOO_FAST },
	{ "invalid_auth", WT_BAD_RECEIVER }, { "not_authed", WT_BAD_RECEIVER },
	{ "token_revoked", WT_BAD_RECEIVER },
	{ "token_expired", WT_BAD_RECEIVER },
	{ "account_inactive", WT_BAD_RECEIVER },
	{ "missing_scope", WT_BAD_RECEIVER },
	{ "channel_not_found", WT_BAD_RECEIVER },
	{ "not_in_channel", WT_BAD_RECEIVER },
	{ "is_archived", WT_BAD_RECEIVER },
	{ "restricted_action", WT_BAD_RECEIVER },
	{ "internal_error", WT_PASSING }, { "fatal_error", WT_PASSING },
	{ "service_unavailable", WT_PASSING },
	{ "request_timeout", WT_PASSING },
};

static enum wt_verdict
judge_api(const struct wt_answer *a, int64_t *pause)
{
	enum wt_verdict v = wt_verdict_of(a, pause);
	json_t *all;
	const char *error;

	if (v != WT_DELIVERED)
		return v;
	all = json_loadb(a->body.at, a->body.len, 0, NULL);
	error = json_string_value(json_object_get(all, "error"));
	if (!json_is_object(all))
		v = WT_PASSING;		/* not from the API */
	else if (!json_is_true(json_object_get(all, "ok"))) {
		v = WT_BAD_MESSAGE;
		for (size_t i = 0; error != NULL && i < sizeof errors /
		    sizeof errors[0]; i++)
			if (strcmp(error, errors[i].error) == 0)
				v = errors[i].verdict;
		if (v == WT_TOO_FAST)
			*pause = a->retry_after >= 0 ? a->retry_after :
			    30 * CLOCK_SECOND;
	}
	json_decref(all);
	return v;
}

/* The events of a message belong to the thread it is in; ended ones leave. */
static void
keep_thread(const struct wt_message *m, json_t *thread)
{
	char key[640];

	for (unsigned i = 0; i < m->count; i++) {
		const struct wt_event *e = m->events[i];

		thread_key(m, e, key, sizeof key);
		if (e->ends_problem)
			json_object_del(threads, key);
		else if (e->is_problem &&
		    json_object_size(threads) < THREADS_MOST)
			json_object_set(threads, key, thread);
	}
	save_threads();
}

static json_t *
new_thread(const struct wt_answer *a, const struct wt_message *m)
{
	json_t *all = json_loadb(a->body.at, a->body.len, 0, NULL), *t = NULL;
	const char *ts = json_string_value(json_object_get(all, "ts"));
	const char *channel = json_string_value(json_object_get(all,
	    "channel"));
	struct wt_lines head = { .len = 0 };

	wt_message_headline(m, &head);
	if (ts != NULL)
		t = json_pack("{s:s, s:s, s:o}", "ts", ts, "channel",
		    channel == NULL ? or_none(m->to->channel) : channel,
		    "text", escaped(head.at));
	json_decref(all);
	return t;
}

static int
form_update(struct wt_request *r, const struct wt_message *m, json_t *thread)
{
	struct wt_lines text = { .len = 0 }, url = { .len = 0 };
	struct wt_lines head = { .len = 0 };
	char date[WT_WORDS];
	struct why why;

	wt_message_headline(m, &head);
	wt_lines_add(&text, "%s %s\n\xe2\x86\xb3 ",
	    icon_of(wt_message_severity(m)),
	    json_string_value(json_object_get(thread, "text")));
	wt_lines_escape(&text, head.at);
	wt_lines_add(&text, " (%s)", wt_words_date(m->wall, date));
	wt_lines_add(&url, "%s/chat.update", m->to->url);
	wt_request_header(r, "Authorization: Bearer %s", m->to->token);
	return wt_request_json(r, url.at, json_pack("{s:O, s:O, s:o, s:[{s:s,"
	    " s:o, s:o}]}", "channel", json_object_get(thread, "channel"),
	    "ts", json_object_get(thread, "ts"), "text",
	    wt_request_text(text.at), "attachments", "color",
	    color_of(wt_message_severity(m)), "text",
	    wt_request_text(text.at), "fallback",
	    wt_request_text(text.at)), &why) < 0 ? 1 : 0;
}

static int
more_api(struct wt_request *r, const struct wt_message *m,
    const struct wt_answer *a)
{
	json_t *thread = find_thread(m);
	int code = 1;

	if (threads == NULL)
		threads = json_object();
	if (thread == NULL) {
		thread = new_thread(a, m);
		if (thread != NULL)
			keep_thread(m, thread);
		json_decref(thread);
		return 1;
	}
	json_incref(thread);
	code = form_update(r, m, thread);
	keep_thread(m, thread);
	json_decref(thread);
	return code;
}

const struct wt_receiver wt_receiver_slack_api = {
	.name = "slack api", .form = form_api, .judge = judge_api,
	.more = more_api,
};
