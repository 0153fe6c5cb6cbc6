/* SPDX-License-Identifier: ISC */
/* sender.c - from the outbox to the receivers; see sender.h. Loop 0. */
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "watch/receivers.h"
#include "watch/sender.h"
#include "watch/words.h"

enum {
	ANSWER_MOST = 64 * 1024, CONNECT_LIMIT = 5, PACE = 1,
	WRONG_WAIT = 600, DOWN_AFTER = 300, PAIRS_AFTER = 600,
	MERGE_AFTER = 60, LOG_EVERY = 600
};

const int wt_sender_latency[WT_LATENCIES] = { 1, 2, 5, 10, 30, 60, 300,
    3600 };

static void look(struct wt_sender *, struct wt_line *);


static struct wt_sender *the_sender;	/* there is one a process */

const char *
wt_sender_masked(const char *url, char to[128])
{
	struct text host = wt_config_host(text_of(url));

	snprintf(to, 128, "%.*s://%.*s/...", (int)strcspn(url, ":"), url,
	    TEXT_ARG(host));
	return to;
}

/* ---- proxies of the environment */

static bool
is_exempt(struct text host)
{
	const char *list = getenv("no_proxy");
	struct text rest, word;

	rest = text_of(list != NULL ? list : getenv("NO_PROXY"));
	for (size_t i = host.len; i > 0 && host.at[i - 1] != ']'; i--)
		if (host.at[i - 1] == ':')
			host.len = i - 1;
	while (text_word(&rest, ", ", &word)) {
		if (text_is(word, "*"))
			return true;
		if (word.at[0] == '.')
			word = text_from(word, 1);
		if (word.len > 0 && host.len >= word.len &&
		    text_same(text_from(host, host.len - word.len), word) &&
		    (host.len == word.len ||
		    host.at[host.len - word.len - 1] == '.'))
			return true;
	}
	return false;
}

static const char *
first_set(const char *one, const char *other)
{
	const char *value = one == NULL ? NULL : getenv(one);

	if (value == NULL || value[0] == '\0')
		value = getenv(other);
	return value == NULL || value[0] == '\0' ? NULL : value;
}

const char *
wt_sender_proxy(const char *set, const char *url)
{
	const char *proxy;

	if (set != NULL && set[0] != '\0')
		return strcmp(set, "none") == 0 ? NULL : set;
	if (is_exempt(wt_config_host(text_of(url))))
		return NULL;
	/* HTTP_PROXY may be a header of a CGI request: never read. */
	proxy = text_begins(text_of(url), "https:") ?
	    first_set("https_proxy", "HTTPS_PROXY") :
	    first_set(NULL, "http_proxy");
	return proxy != NULL ? proxy : first_set("all_proxy", "ALL_PROXY");
}

/* ---- who hears of what */

bool
wt_sender_passes(const struct wt_receiver_row *r, const struct wt_event *e)
{
	enum wt_severity s = e->severity;

	if ((r->mask & (uint64_t)1 << e->kind) == 0)
		return false;
	/* A recovery goes where its problem went. */
	if (e->ends_problem)
		s = e->kind == WT_BACKEND_UP ? WT_PAGE : WT_CRITICAL;
	return (int)s >= r->min_severity;
}

void
wt_sender_tell(struct wt_sender *s, struct wt_event *e)
{
	struct wt_event **more;

	if (s->batch_count == s->batch_room) {
		more = mem_grow(s->batch, (2 * s->batch_room + 16) *
		    sizeof *more);
		if (more == NULL) {
			log_error("out of memory: %s is not told", e->words);
			return;
		}
		s->batch = more;
		s->batch_room = 2 * s->batch_room + 16;
	}
	s->batch[s->batch_count++] = wt_event_hold(e);
}

static bool
is_urgent(const struct wt_event *e)
{
	return e->severity >= WT_CRITICAL || e->severity == WT_GOOD ||
	    e->kind == WT_SOURCE_DOWN;
}

/* What is not urgent waits until some time after the last message. */
static int64_t
due_of(struct wt_sender *s, const struct wt_now *now)
{
	const struct wt_settings *set = &s->config->set;
	int64_t due = now->mono + (s->hurry ? 0 : set->group_wait), *last;

	for (unsigned i = 0; i < s->batch_count; i++)
		if (is_urgent(s->batch[i]))
			return due;
	last = s->batch_count == 0 ? NULL : map_find(s->groups,
	    text_of(s->batch[0]->group));
	if (!s->hurry && last != NULL && *last + set->group_interval > due)
		due = *last + set->group_interval;
	return due;
}

static void
queue_event(struct wt_sender *s, struct wt_event *e, int64_t due,
    const struct wt_now *now)
{
	for (unsigned i = 0; i < s->count; i++) {
		struct wt_line *line = &s->lines[i];

		if (line->queue == NULL || !wt_sender_passes(line->row, e))
			continue;
		/* Who is down does not hear that he is. */
		if (e->kind == WT_RECEIVER_DOWN &&
		    strcmp(e->server, line->row->name) == 0)
			continue;
		wt_outbox_add(s->outbox, line->queue, e, due, now);
	}
}

int
wt_sender_commit(struct wt_sender *s, const struct wt_now *now)
{
	int64_t due = due_of(s, now);
	int code;

	for (unsigned i = 0; i < s->batch_count; i++) {
		queue_event(s, s->batch[i], due, now);
		wt_event_drop(&s->batch[i]);
	}
	s->batch_count = 0;
	code = wt_outbox_sync(s->outbox);
	wt_sender_kick(s);
	return code;
}

/* ---- a message is chosen */

static struct wt_record *
first_due(const struct wt_line *line, int64_t now)
{
	struct wt_record *r;

	TAILQ_FOREACH(r, &line->queue->waiting, link)
		if (r->due <= now)
			return r;
	return NULL;
}

/* All of the same group; when the receiver was away, all there is. */
static void
choose(struct wt_sender *s, struct wt_line *line, struct wt_record *first,
    int64_t now)
{
	bool all = line->tries > 0 ||
	    now - first->born > MERGE_AFTER * CLOCK_SECOND;
	bool one = line->kind->single || line->apart > 0;
	struct wt_record *r;

	wt_message_init(line->message, line->row, &s->config->set,
	    clock_wall());
	line->message->plain = line->plain;
	TAILQ_FOREACH(r, &line->queue->waiting, link) {
		if (one ? r != first : !all && strcmp(r->event->group,
		    first->event->group) != 0)
			continue;
		if (!wt_message_add(line->message, r->event))
			break;
		r->taken = true;
	}
	wt_message_sort(line->message, now - first->born >
	    PAIRS_AFTER * CLOCK_SECOND);
}

static void
let_go(struct wt_line *line)
{
	struct wt_record *r;

	TAILQ_FOREACH(r, &line->queue->waiting, link)
		r->taken = false;
	wt_message_fini(line->message);
	mem_drop(line->message);
	line->message = NULL;
	wt_request_fini(&line->request);
}

/* ---- what came of it */

static void
note_latency(struct wt_line *line, int64_t usec)
{
	int i = 0;

	while (i < WT_LATENCIES && usec > wt_sender_latency[i] * CLOCK_SECOND)
		i++;
	line->latency[i]++;
	line->latency_sum += usec;
}

static void
note_group(struct wt_sender *s, const char *group, int64_t now)
{
	int64_t *last = map_find(s->groups, text_of(group));

	if (last == NULL) {
		last = mem_get(sizeof *last);
		if (last == NULL || map_put(&s->groups, text_of(group),
		    last) < 0) {
			mem_drop(last);
			return;
		}
	}
	*last = now;
}

/* All that was taken leaves the queue. */
static void
leave_queue(struct wt_sender *s, struct wt_line *line, const char *reason)
{
	struct wt_record *r, *next;
	int64_t now = clock_now();

	for (r = TAILQ_FIRST(&line->queue->waiting); r != NULL; r = next) {
		next = TAILQ_NEXT(r, link);
		if (!r->taken)
			continue;
		if (reason != NULL) {
			wt_outbox_bury(s->outbox, line->queue, r, reason);
			line->dropped_bad++;
		} else
			note_latency(line, now - r->born);
		note_group(s, r->event->group, now);
		wt_outbox_done(s->outbox, line->queue, r);
	}
	wt_outbox_sync(s->outbox);
	wt_outbox_tidy(s->outbox);
}

static void
log_failure(struct wt_line *line, const char *what)
{
	int64_t now = clock_now();

	if (line->logged_at != 0 &&
	    now - line->logged_at < LOG_EVERY * CLOCK_SECOND) {
		line->quiet_failures++;
		return;
	}
	if (line->quiet_failures > 0)
		log_warning("receiver %s: %s: %s (%u more since the last "
		    "such line)", line->row->name, what, line->reason,
		    line->quiet_failures);
	else
		log_warning("receiver %s: %s: %s", line->row->name, what,
		    line->reason);
	line->logged_at = now;
	line->quiet_failures = 0;
}

static void
on_delivered(struct wt_sender *s, struct wt_line *line)
{
	if (line->down || line->tries > 0)
		log_info("receiver %s takes messages again",
		    line->row->name);
	line->delivered++;
	line->tries = 0;
	line->plain = false;
	line->down = line->told_down = false;
	line->logged_at = 0;
	if (line->apart > 0)
		line->apart--;
	leave_queue(s, line, NULL);
}

/* Once more as plain text, then each event alone, then out of the way. */
static void
on_bad_message(struct wt_sender *s, struct wt_line *line)
{
	log_failure(line, "a message was refused");
	line->logged_at = 0;
	if (!line->plain && !line->kind->once)
		line->plain = true;
	else if (line->message->count > 1)
		line->apart = line->message->count;
	else {
		leave_queue(s, line, line->reason);
		if (line->apart > 0)
			line->apart--;
		line->plain = line->apart > 0;
	}
}

static void
on_bad_receiver(struct wt_line *line)
{
	char url[128];

	line->down = true;
	line->not_before = clock_now() + WRONG_WAIT * CLOCK_SECOND;
	log_failure(line, wt_sender_masked(line->row->url, url));
}

static void
on_passing(struct wt_line *line, int64_t pause)
{
	int64_t wait = wt_verdict_backoff(++line->tries,
	    (unsigned)(random() % 100));

	line->not_before = clock_now() + (pause > wait ? pause : wait);
	log_failure(line, "tried again later");
}

static void
judge(struct wt_sender *s, struct wt_line *line, const struct wt_answer *a)
{
	int64_t pause = 0;
	enum wt_verdict v = line->kind->judge != NULL ?
	    line->kind->judge(a, &pause) : wt_verdict_of(a, &pause);

	wt_verdict_reason(a, line->reason);
	line->not_before = clock_now() + PACE * CLOCK_SECOND;
	if (v != WT_DELIVERED) {
		line->failed++;
		line->failed_at = clock_now();
	}
	switch (v) {
	case WT_DELIVERED:
		on_delivered(s, line);
		break;
	case WT_TOO_FAST:
		line->tries++;
		line->not_before = clock_now() + pause;
		log_failure(line, "too fast");
		break;
	case WT_PASSING:
		on_passing(line, pause);
		break;
	case WT_BAD_MESSAGE:
		on_bad_message(s, line);
		break;
	case WT_BAD_RECEIVER:
		on_bad_receiver(line);
		break;
	}
}

static int start_request(struct wt_sender *, struct wt_line *);

static void
on_answer(void *arg, const struct wt_answer *a)
{
	struct wt_line *line = arg;
	struct wt_sender *s = the_sender;
	unsigned long before = line->delivered;

	line->fetch = NULL;
	wt_request_fini(&line->request);
	if (line->updating) {
		line->updating = false;
		if (a->failure != WT_ANSWERED || a->status != 200) {
			wt_verdict_reason(a, line->reason);
			log_failure(line, "the thread's head was not updated");
		}
	} else {
		judge(s, line, a);
		if (line->delivered > before && line->kind->more != NULL &&
		    line->kind->more(&line->request, line->message, a) == 0) {
			line->updating = true;
			if (start_request(s, line) == 0)
				return;
			line->updating = false;
		}
	}
	let_go(line);
	look(s, line);
	if (s->delivered != NULL)
		s->delivered();
}

/* ---- a request is made */

static int
start_request(struct wt_sender *s, struct wt_line *line)
{
	const char *headers[WT_HEADERS + 1] = { NULL };
	const struct wt_receiver_row *row = line->row;
	struct why why;
	struct wt_ask ask = {
		.url = line->request.url, .body = line->request.body,
		.body_len = strlen(line->request.body), .headers = headers,
		.ca_file = row->ca_file, .tls_verify = true,
		.connect_limit = CONNECT_LIMIT * CLOCK_SECOND,
		.limit = row->timeout, .most = ANSWER_MOST,
		.proxy = wt_sender_proxy(row->proxy, line->request.url),
	};

	if (ask.connect_limit > ask.limit)
		ask.connect_limit = ask.limit;
	for (unsigned i = 0; i < line->request.headers; i++)
		headers[i] = line->request.header[i];
	line->fetch = wt_fetch_start(&ask, on_answer, line, &why);
	if (line->fetch != NULL)
		return 0;
	snprintf(line->reason, sizeof line->reason, "%.100s", why.line);
	return -1;
}

static void
send_message(struct wt_sender *s, struct wt_line *line,
    struct wt_record *first, int64_t now)
{
	struct why why = { .line = "" };
	int code;

	line->message = mem_zero(sizeof *line->message);
	if (line->message == NULL) {
		line->not_before = now + CLOCK_SECOND;
		return;
	}
	choose(s, line, first, now);
	code = line->kind->form(&line->request, line->message, &why);
	if (code == 1) {		/* nothing for this receiver */
		leave_queue(s, line, NULL);
		let_go(line);
		return;
	}
	if (code < 0)
		snprintf(line->reason, sizeof line->reason, "%.100s",
		    why.line);
	if (code < 0 || start_request(s, line) < 0) {
		on_passing(line, 0);
		let_go(line);
	}
}

static void
on_timer(void *arg)
{
	look(the_sender, arg);
}

/* Sends what may go, or sleeps until something may. */
static void
look(struct wt_sender *s, struct wt_line *line)
{
	int64_t now = clock_now(), next = INT64_MAX;
	struct wt_record *r;

	if (line->queue == NULL || line->message != NULL)
		return;
	while (now >= line->not_before && line->message == NULL &&
	    (r = first_due(line, now)) != NULL)
		send_message(s, line, r, now);
	if (line->message != NULL)
		return;
	TAILQ_FOREACH(r, &line->queue->waiting, link)
		if (r->due < next)
			next = r->due;
	if (next == INT64_MAX) {
		timer_stop(&line->timer);
		return;
	}
	if (next < line->not_before)
		next = line->not_before;
	timer_after(&line->timer, next > now ? next - now : 0);
}

/* ---- from outside */

void
wt_sender_kick(struct wt_sender *s)
{
	for (unsigned i = 0; i < s->count; i++)
		look(s, &s->lines[i]);
}

void
wt_sender_retry(struct wt_sender *s)
{
	struct wt_record *r;

	for (unsigned i = 0; i < s->count; i++) {
		struct wt_line *line = &s->lines[i];

		if (line->queue == NULL)
			continue;
		line->not_before = 0;
		TAILQ_FOREACH(r, &line->queue->waiting, link)
			r->due = 0;
	}
	wt_sender_kick(s);
}

static void
drop_old(struct wt_sender *s, struct wt_line *line, int64_t now)
{
	struct wt_record *r, *next;
	unsigned n = 0;

	for (r = TAILQ_FIRST(&line->queue->waiting); r != NULL; r = next) {
		next = TAILQ_NEXT(r, link);
		if (r->taken || now - r->born < s->config->set.max_age)
			continue;
		log_error("receiver %s: dropped, too old: %s",
		    line->row->name, r->event->words);
		wt_outbox_done(s->outbox, line->queue, r);
		n++;
	}
	line->dropped_age += n;
	if (n > 0)
		wt_outbox_sync(s->outbox);
}

static void
tell_down(struct wt_sender *s, struct wt_line *line,
    const struct wt_now *now)
{
	char words[256], facts[256], url[128];
	struct wt_event plan = { .kind = WT_RECEIVER_DOWN,
	    .severity = WT_WARNING, .wall = now->wall, .since = now->wall,
	    .duration = -1, .server = line->row->name, .words = words,
	    .facts = facts };
	struct wt_event *e;

	line->told_down = true;
	snprintf(words, sizeof words, "receiver %s does not take messages",
	    line->row->name);
	snprintf(facts, sizeof facts, "%s: %s; %u waiting",
	    wt_sender_masked(line->row->url, url), line->reason,
	    line->queue->count);
	log_error("%s: %s", words, facts);
	e = wt_event_new(&plan);
	if (e != NULL) {
		wt_sender_tell(s, e);
		wt_event_drop(&e);
	}
}

void
wt_sender_tick(struct wt_sender *s, const struct wt_now *now)
{
	for (unsigned i = 0; i < s->count; i++) {
		struct wt_line *line = &s->lines[i];

		if (line->queue == NULL)
			continue;
		drop_old(s, line, now->mono);
		if (!line->told_down && (line->down || wt_outbox_age(
		    line->queue, now->mono) > DOWN_AFTER * CLOCK_SECOND))
			tell_down(s, line, now);
	}
	wt_sender_commit(s, now);
}

bool
wt_sender_is_idle(const struct wt_sender *s)
{
	for (unsigned i = 0; i < s->count; i++)
		if (s->lines[i].message != NULL ||
		    (s->lines[i].queue != NULL &&
		    s->lines[i].queue->count > 0))
			return false;
	return true;
}

void
wt_sender_init(struct wt_sender *s, struct loop *loop,
    struct wt_outbox *outbox)
{
	*s = (struct wt_sender){ .loop = loop, .outbox = outbox };
	the_sender = s;
}

static void
drop_lines(struct wt_sender *s)
{
	for (unsigned i = 0; i < s->count; i++) {
		struct wt_line *line = &s->lines[i];

		timer_stop(&line->timer);
		wt_fetch_cancel(&line->fetch);
		if (line->message != NULL)
			let_go(line);
	}
	mem_drop(s->lines);
	s->lines = NULL;
	s->count = 0;
}

int
wt_sender_set(struct wt_sender *s, const struct wt_config *c,
    struct why *why)
{
	drop_lines(s);
	s->config = c;
	s->lines = mem_zero((c->receiver_count + 1) * sizeof *s->lines);
	if (s->lines == NULL)
		return why_set(why, "out of memory");
	for (unsigned i = 0; i < c->receiver_count; i++) {
		struct wt_line *line = &s->lines[s->count++];

		line->row = &c->receivers[i];
		line->kind = wt_receivers_of(line->row);
		timer_init(&line->timer, s->loop, on_timer, line);
		if (line->kind == NULL)
			continue;
		line->queue = wt_outbox_queue(s->outbox,
		    text_of(line->row->name));
		if (line->queue == NULL)
			return why_set(why, "out of memory");
	}
	wt_sender_kick(s);
	return 0;
}

void
wt_sender_fini(struct wt_sender *s)
{
	drop_lines(s);
	for (unsigned i = 0; i < s->batch_count; i++)
		wt_event_drop(&s->batch[i]);
	mem_drop(s->batch);
	s->batch = NULL;
	s->batch_count = s->batch_room = 0;
	map_free(&s->groups, mem_drop);
}
