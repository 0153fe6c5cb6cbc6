/* SPDX-License-Identifier: ISC */
/* receiver_alertmanager.c - the standing problems, again. Loop 0. */
#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "net/timer.h"
#include "watch/event.h"
#include "watch/receiver_alertmanager.h"
#include "watch/sender.h"
#include "watch/verdict.h"
#include "watch/words.h"

enum { AGAIN = 60, VALID = 180, RETRY = 10, ENDED_TOLD = 3,
    ANSWER_MOST = 64 * 1024 };

struct teller {
	const struct wt_receiver_row *row;
	struct timer timer;
	struct wt_fetch *fetch;
	json_t *last;		/* key -> alert, as told */
	json_t *ended;		/* key -> { alert, left } */
	bool again, failing;
};

static struct {
	struct loop *loop;
	struct wt_state *const *state;
	struct teller *tellers;
	unsigned count;
} it;

static json_t *
time_of(int64_t wall)
{
	time_t second = (time_t)(wall / CLOCK_SECOND);
	char text[WT_WORDS];
	struct tm tm;

	gmtime_r(&second, &tm);
	strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

static json_t *
alert(const char *name, const char *instance, const char *proxy,
    const char *server, enum wt_severity severity, const char *summary,
    int64_t since, int64_t end)
{
	return json_pack("{s:{s:s, s:o, s:o, s:o, s:s}, s:{s:o}, s:o, s:o,"
	    " s:s}", "labels", "alertname", name,
	    "instance", wt_request_text(instance),
	    "proxy", wt_request_text(proxy),
	    "server", wt_request_text(server), "severity",
	    wt_event_severity_name(severity), "annotations", "summary",
	    wt_request_text(summary), "startsAt", time_of(since), "endsAt",
	    time_of(end), "generatorURL", "");
}

static void
put_target(json_t *all, const struct wt_target *t,
    const struct wt_receiver_row *row, const struct wt_now *now)
{
	bool backend = t->type == WT_BACKEND;
	enum wt_kind kind = backend ? WT_BACKEND_DOWN :
	    t->group->kind == WT_POOLER ? WT_POOL_DOWN : WT_DOWN;
	enum wt_severity severity = wt_event_severity_of(kind);
	char proxy[WT_WORDS_NAME + 4], server[WT_WORDS_NAME + 4], words[160];

	if (!t->owes_up || t->told != WT_CLASS_DOWN || t->flapping ||
	    (int)severity < row->min_severity ||
	    (row->mask & (uint64_t)1 << kind) == 0)
		return;
	wt_words_name(wt_target_proxy(t), proxy);
	wt_words_name(text_of(wt_target_server(t)), server);
	snprintf(words, sizeof words, "%s is DOWN", backend ? proxy : server);
	json_object_set_new_nocheck(all, t->key, alert(wt_event_kind_name(
	    kind), t->group->name, proxy, server, severity, words,
	    t->since_wall, now->wall + VALID * CLOCK_SECOND));
}

json_t *
wt_receiver_alertmanager_standing(const struct wt_state *s,
    const struct wt_receiver_row *row, const struct wt_now *now)
{
	json_t *all = json_object();
	const struct wt_group *g;
	const struct wt_target *t;
	char key[160], words[160];

	TAILQ_FOREACH(g, &s->groups, link)
		TAILQ_FOREACH(t, &g->targets, link)
			put_target(all, t, row, now);
	for (unsigned i = 0; i < s->source_count; i++) {
		const struct wt_source *r = &s->sources[i];

		if (!r->told_down || (row->mask &
		    (uint64_t)1 << WT_SOURCE_DOWN) == 0)
			continue;
		snprintf(key, sizeof key, "source %s", r->row->name);
		snprintf(words, sizeof words, "%s does not answer",
		    r->row->name);
		json_object_set_new(all, key, alert("source_down",
		    r->row->name, "", "", r->group->told_gone ? WT_CRITICAL :
		    WT_WARNING, words, r->since_wall, now->wall +
		    VALID * CLOCK_SECOND));
	}
	return all;
}

/* What was told before and stands no longer has its end told thrice. */
static void
note_ends(struct teller *t, json_t *standing, int64_t wall)
{
	const char *key;
	json_t *value;
	void *next;

	json_object_foreach(t->last, key, value)
		if (json_object_get(standing, key) == NULL) {
			json_object_set_new(value, "endsAt", time_of(wall));
			json_object_set_new(t->ended, key, json_pack(
			    "{s:O, s:i}", "alert", value, "left",
			    ENDED_TOLD));
		}
	json_object_foreach_safe(t->ended, next, key, value)
		if (json_object_get(standing, key) != NULL ||
		    json_integer_value(json_object_get(value, "left")) <= 0)
			json_object_del(t->ended, key);
	json_decref(t->last);
	t->last = standing;
}

static void
on_answer(void *arg, const struct wt_answer *a)
{
	struct teller *t = arg;
	char reason[128];
	json_t *value;
	const char *key;
	int64_t pause;
	bool good = wt_verdict_of(a, &pause) == WT_DELIVERED;

	t->fetch = NULL;
	if (!good && !t->failing)
		log_warning("receiver %s: %s", t->row->name,
		    wt_verdict_reason(a, reason));
	if (good)
		json_object_foreach(t->ended, key, value)
			json_object_set_new(value, "left", json_integer(
			    json_integer_value(json_object_get(value,
			    "left")) - 1));
	t->failing = !good;
	timer_after(&t->timer, (t->again && good ? 0 : good ? AGAIN : RETRY) *
	    CLOCK_SECOND);
	t->again = false;
}

static int
post(struct teller *t, json_t *list)
{
	static const char *const headers[] = {
	    "Content-Type: application/json", NULL };
	char *url = mem_print("%s/api/v2/alerts", t->row->url);
	char *body = json_dumps(list, JSON_COMPACT);
	struct wt_ask ask = { .url = url, .body = body,
	    .body_len = body == NULL ? 0 : strlen(body), .headers = headers,
	    .ca_file = t->row->ca_file, .tls_verify = true,
	    .connect_limit = 5 * CLOCK_SECOND, .limit = t->row->timeout,
	    .most = ANSWER_MOST,
	    .proxy = url == NULL ? NULL : wt_sender_proxy(t->row->proxy,
	    url) };
	struct why why;

	if (url != NULL && body != NULL)
		t->fetch = wt_fetch_start(&ask, on_answer, t, &why);
	mem_drop(url);
	mem_drop(body);
	return t->fetch == NULL ? -1 : 0;
}

static void
tell(void *arg)
{
	struct teller *t = arg;
	struct wt_now now = { clock_now(), clock_wall() };
	json_t *list, *value;
	const char *key;

	if (t->fetch != NULL) {
		t->again = true;
		return;
	}
	note_ends(t, wt_receiver_alertmanager_standing(*it.state, t->row,
	    &now), now.wall);
	list = json_array();
	json_object_foreach(t->last, key, value)
		json_array_append(list, value);
	json_object_foreach(t->ended, key, value)
		json_array_append(list, json_object_get(value, "alert"));
	if (json_array_size(list) == 0 || post(t, list) < 0)
		timer_after(&t->timer, AGAIN * CLOCK_SECOND);
	json_decref(list);
}

void
wt_receiver_alertmanager_open(struct loop *loop, const struct wt_config *c,
    struct wt_state *const *state)
{
	it.loop = loop;
	it.state = state;
	it.tellers = mem_zero((c->receiver_count + 1) * sizeof *it.tellers);
	for (unsigned i = 0; it.tellers != NULL && i < c->receiver_count;
	    i++) {
		struct teller *t = &it.tellers[it.count];

		if (c->receivers[i].type != WT_ALERTMANAGER)
			continue;
		t->row = &c->receivers[i];
		t->last = json_object();
		t->ended = json_object();
		timer_init(&t->timer, loop, tell, t);
		timer_after(&t->timer, AGAIN * CLOCK_SECOND);
		it.count++;
	}
}

void
wt_receiver_alertmanager_kick(void)
{
	for (unsigned i = 0; i < it.count; i++)
		tell(&it.tellers[i]);
}

bool
wt_receiver_alertmanager_busy(void)
{
	for (unsigned i = 0; i < it.count; i++)
		if (it.tellers[i].fetch != NULL)
			return true;
	return false;
}

void
wt_receiver_alertmanager_close(void)
{
	for (unsigned i = 0; i < it.count; i++) {
		timer_stop(&it.tellers[i].timer);
		wt_fetch_cancel(&it.tellers[i].fetch);
		json_decref(it.tellers[i].last);
		json_decref(it.tellers[i].ended);
	}
	mem_drop(it.tellers);
	it.tellers = NULL;
	it.count = 0;
}
