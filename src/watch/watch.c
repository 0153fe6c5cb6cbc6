/* SPDX-License-Identifier: ISC */
/* watch.c - the rounds, and what each poll leads to; see watch.h. Loop 0. */
#include <sys/stat.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/log.h"
#include "base/mem.h"
#include "proc/ready.h"
#include "watch/receiver_alertmanager.h"
#include "watch/receiver_slack.h"
#include "watch/receivers.h"
#include "watch/vip.h"
#include "watch/watch.h"
#include "watch/words.h"

enum {
	ONCE_WAIT = 30, TICK = 1, LOG_EVERY = 600, STANDBY_EVERY = 1,
	HEALTH_INTERVALS = 3, OUTBOX_OLD = 300, BEAT_MOST = 16 * 1024
};

const int wt_watch_durations[WT_DURATIONS] = { 5, 10, 25, 50, 100, 250,
    1000, 5000 };

struct wt_watch wt_watch;

static struct timer ticker, patience;
static struct wt_fetch *beat;
static int once_code;

struct wt_now
wt_watch_now(void)
{
	return (struct wt_now){ clock_now(), clock_wall() };
}

/* ---- what is told */

static void
print_dry(struct wt_event *e)
{
	static struct wt_message m;	/* large */

	for (unsigned i = 0; i < wt_watch.sender.count; i++) {
		struct wt_line *line = &wt_watch.sender.lines[i];
		struct wt_request request = { .url = NULL };
		char url[128];
		struct why why;

		if (line->kind == NULL || !wt_sender_passes(line->row, e))
			continue;
		printf("would tell %s: %s\n", line->row->name, e->words);
		if (wt_watch.verbose == 0)
			continue;
		wt_message_init(&m, line->row, &wt_watch.config->set,
		    clock_wall());
		wt_message_add(&m, e);
		if (line->kind->form(&request, &m, &why) == 0)
			printf("%s %s\n", wt_sender_masked(request.url, url),
			    request.body);
		wt_request_fini(&request);
		wt_message_fini(&m);
	}
	fflush(stdout);
}

static void
tell(void *arg, struct wt_event *e)
{
	wt_watch.events[e->kind]++;
	log_info("%s: %s%s%s", wt_event_kind_name(e->kind), e->words,
	    e->check[0] == '\0' ? "" : ": ", e->check);
	if (wt_watch.dry)
		print_dry(e);
	else if (wt_watch.active)	/* else the other node tells it */
		wt_sender_tell(&wt_watch.sender, e);
}

static bool
must_be_quiet(void *arg, const struct wt_target *t,
    const struct wt_source *s)
{
	return !wt_watch.active || !wt_vip_active(s->row->active) ||
	    wt_silence_has(wt_watch.silences, t->key, wt_target_server(t),
	    clock_wall());
}

static void
tell_of_watcher(enum wt_kind kind, const char *words)
{
	struct wt_event plan = { .kind = kind,
	    .severity = wt_event_severity_of(kind), .duration = -1,
	    .wall = clock_wall(), .since = clock_wall(), .words = words };
	struct wt_event *e = wt_event_new(&plan);

	if (e == NULL)
		return;
	tell(NULL, e);
	wt_event_drop(&e);
}

/* The outbox first: what it does not have must stay a difference. */
static void
commit(bool dirty)
{
	struct wt_now now = wt_watch_now();
	struct why why;

	if (wt_watch.dry)
		return;
	wt_watch.unsaved |= dirty;
	if (wt_sender_commit(&wt_watch.sender, &now) < 0 ||
	    !wt_watch.unsaved || wt_watch.memory == NULL)
		return;
	wt_watch.state->queued = wt_watch.outbox.seq;
	wt_watch.unsaved = wt_memory_save(wt_watch.memory, wt_watch.state,
	    &now, &why) < 0;
	if (dirty)
		wt_receiver_alertmanager_kick();
}

/* ---- a round */

static void
on_beat(void *arg, const struct wt_answer *a)
{
	beat = NULL;
	if (a->failure != WT_ANSWERED || a->status >= 300)
		log_debug("heartbeat_url did not answer well");
}

static void
send_heartbeat(void)
{
	const char *url = wt_watch.config->set.heartbeat_url;
	struct wt_ask ask = { .url = url, .tls_verify = true,
	    .connect_limit = 5 * CLOCK_SECOND, .limit = 5 * CLOCK_SECOND,
	    .most = BEAT_MOST };
	struct why why;

	if (url == NULL || url[0] == '\0' || beat != NULL || wt_watch.dry)
		return;
	ask.proxy = wt_sender_proxy(NULL, url);
	beat = wt_fetch_start(&ask, on_beat, NULL, &why);
}

static void
say_status(bool good)
{
	char text[160];

	snprintf(text, sizeof text, "%u targets through %u sources%s",
	    wt_watch.state->target_count, wt_watch.state->source_count,
	    good ? "" : ", not all of them answer");
	ready_status(text);
}

static void
print_list(void)
{
	struct wt_group *g;
	struct wt_target *t;
	char date[WT_WORDS];

	printf("%-20s %-40s %-10s %-16s %s\n", "GROUP", "TARGET", "CLASS",
	    "STATUS", "SINCE");
	TAILQ_FOREACH(g, &wt_watch.state->groups, link)
		TAILQ_FOREACH(t, &g->targets, link)
			printf("%-20s %-40s %-10s %-16s %s\n", g->name,
			    t->key, wt_class_name((enum wt_class)t->class),
			    t->view[0].word == NULL ? "-" : t->view[0].word,
			    wt_words_date(t->since_wall, date));
}

static int
code_of_states(void)
{
	struct wt_group *g;
	struct wt_target *t;

	TAILQ_FOREACH(g, &wt_watch.state->groups, link)
		TAILQ_FOREACH(t, &g->targets, link)
			if (t->class == WT_CLASS_DOWN)
				return 3;
	for (unsigned i = 0; i < wt_watch.state->source_count; i++)
		if (!wt_watch.watched[i].good)
			return 4;
	return 0;
}

/* --once: all is polled; what waits has half a minute to get away. */
static void
finish_once(void)
{
	once_code = code_of_states();
	if (wt_watch.mode == WT_LIST)
		print_list();
	wt_watch.stopping = true;
	wt_watch.stop_at = clock_now() + ONCE_WAIT * CLOCK_SECOND;
	timer_after(&patience, 0);
}

static void
end_round(bool good)
{
	wt_watch.rounds++;
	mem_trim();		/* of the pages that were read */
	wt_watch.last_round = clock_now();
	say_status(good);
	if (good)
		send_heartbeat();
	if (!wt_watch.first_round_over && wt_watch.first_round != NULL)
		wt_watch.first_round();
	wt_watch.first_round_over = true;
	if (wt_watch.mode != WT_RUN)
		finish_once();
}

static void
look_for_end_of_round(void)
{
	bool good = true;

	for (unsigned i = 0; i < wt_watch.state->source_count; i++) {
		if (!wt_watch.watched[i].polled)
			return;
		good &= wt_watch.watched[i].good;
	}
	for (unsigned i = 0; i < wt_watch.state->source_count; i++)
		wt_watch.watched[i].polled = false;
	end_round(good);
}

/* ---- a poll */

static void
log_failure(struct wt_watched *w, const char *reason)
{
	int64_t now = clock_now();

	if (w->logged_at != 0 && strcmp(w->logged, reason) == 0 &&
	    now - w->logged_at < LOG_EVERY * CLOCK_SECOND) {
		w->quiet_failures++;
		return;
	}
	if (w->quiet_failures > 0)
		log_warning("source %s: %s (%u more failed polls before)",
		    w->source->row->name, reason, w->quiet_failures);
	else
		log_warning("source %s: %s", w->source->row->name, reason);
	snprintf(w->logged, sizeof w->logged, "%s", reason);
	w->logged_at = now;
	w->quiet_failures = 0;
}

static void
note_duration(struct wt_watched *w)
{
	int64_t took = clock_now() - w->began;
	int i = 0;

	while (i < WT_DURATIONS && took > wt_watch_durations[i] * CLOCK_MS)
		i++;
	w->duration[i]++;
	w->duration_sum += took;
}

static void
take_result(struct wt_watched *w, const struct wt_polled *p)
{
	struct wt_change c = { .state = wt_watch.state,
	    .set = &wt_watch.config->set, .now = wt_watch_now(),
	    .tell = tell, .quiet = must_be_quiet };
	struct wt_answerer answerer = p->answerer;

	w->polled = true;
	w->good = p->page != NULL;
	note_duration(w);
	wt_silence_refresh(wt_watch.silences, c.now.wall);
	wt_watch.active = wt_vip_active(wt_watch.config->set.active);
	if (answerer.node == NULL)
		answerer.node = "";
	if (w->good) {
		w->good_polls++;
		wt_watch.last_good = c.now.mono;
		if (w->logged_at != 0)
			log_info("source %s answers again",
			    w->source->row->name);
		w->logged_at = 0;
		wt_change_page(&c, w->source, p->page, &answerer);
	} else {
		w->failed_polls++;
		log_failure(w, p->reason);
		wt_change_failed(&c, w->source, p->reason);
	}
	commit(c.dirty);
	look_for_end_of_round();
}

static void
on_polled(void *arg, const struct wt_polled *p)
{
	struct wt_watched *w = arg;

	w->poll = NULL;
	if (!wt_watch.stopping)
		take_result(w, p);
}

static void
poll_source(struct wt_watched *w)
{
	struct wt_polled failed = { NULL, "still running when the next poll "
	    "was due", { .node = "" } };
	struct why why;

	if (w->poll != NULL) {
		wt_poll_cancel(&w->poll);
		take_result(w, &failed);
	}
	w->began = clock_now();
	w->poll = wt_poll_start(wt_watch.loop, w->source->row,
	    &wt_watch.config->set, on_polled, w, &why);
	if (w->poll == NULL) {
		failed.reason = why.line;
		take_result(w, &failed);
	}
}

/* A fixed schedule: a slow poll, or a late one, does not shift the next. */
static void
on_due(void *arg)
{
	struct wt_watched *w = arg;
	int64_t interval = wt_watch.config->set.interval, now = clock_now();

	if (wt_watch.stopping)
		return;
	w->due += interval;
	if (w->due <= now)
		w->due += (now - w->due) / interval * interval + interval;
	timer_after(&w->timer, w->due - now);
	poll_source(w);
}

static void
start_polls(void)
{
	int64_t now = clock_now();
	unsigned n = wt_watch.state->source_count;

	for (unsigned i = 0; i < n; i++) {
		struct wt_watched *w = &wt_watch.watched[i];
		int64_t wait = wt_watch.mode == WT_RUN ?
		    wt_watch.config->set.interval * (int64_t)i / n : 0;

		w->source = &wt_watch.state->sources[i];
		timer_init(&w->timer, wt_watch.loop, on_due, w);
		w->due = now + wait;
		timer_after(&w->timer, wait);
	}
}

static void
stop_polls(void)
{
	for (unsigned i = 0; wt_watch.watched != NULL &&
	    i < wt_watch.state->source_count; i++) {
		timer_stop(&wt_watch.watched[i].timer);
		wt_poll_cancel(&wt_watch.watched[i].poll);
	}
}

void
wt_watch_poll_now(void)
{
	if (wt_watch.stopping || wt_watch.state == NULL ||
	    wt_watch.waiting)
		return;
	for (unsigned i = 0; i < wt_watch.state->source_count; i++)
		if (wt_watch.watched[i].poll == NULL)
			poll_source(&wt_watch.watched[i]);
	wt_sender_retry(&wt_watch.sender);
}

/* ---- time passes */

static bool
is_delivered(void)
{
	return wt_watch.dry || (wt_sender_is_idle(&wt_watch.sender) &&
	    !wt_receiver_alertmanager_busy());
}

static void
leave(void)
{
	int code = 0;

	if (wt_watch.mode == WT_ONCE || wt_watch.mode == WT_TEST_RECEIVER)
		code = is_delivered() ? 0 : 1;
	if (code == 0 && wt_watch.mode == WT_ONCE)
		code = once_code;
	timer_stop(&patience);
	wt_watch.ended(code);
}

/* At the end: until all is delivered, or patience is. */
static void
on_patience(void *arg)
{
	if (is_delivered() || clock_now() >= wt_watch.stop_at)
		leave();
	else
		timer_after(&patience, 20 * CLOCK_MS);
}

static void begin(void);

static void
wait_for_lock(void)
{
	struct why why;

	switch (wt_memory_lock(wt_watch.memory, &why)) {
	case WT_LOCKED:
		log_info("the other watcher is gone, taking over");
		wt_watch.waiting = false;
		begin();
		if (wt_watch.taken_over != NULL)
			wt_watch.taken_over();
		break;
	case WT_LOCK_HELD:
		break;
	case WT_LOCK_REFUSED:
		log_error("%s", why.line);
		break;
	}
}

static void
on_tick(void *arg)
{
	struct wt_now now = wt_watch_now();

	if (wt_watch.waiting)
		wait_for_lock();
	else if (!wt_watch.stopping && !wt_watch.dry &&
	    wt_watch.mode == WT_RUN) {
		wt_sender_tick(&wt_watch.sender, &now);
		if (wt_watch.unsaved || wt_watch.outbox.failing)
			commit(false);
	}
}

/* ---- the start */

static int
make_memory(const struct wt_config *c, struct why *why)
{
	char *dir;

	wt_watch.memory = wt_memory_new(c->set.state_file);
	dir = mem_copy(text_of(c->set.outbox_dir));
	if (wt_watch.memory == NULL || dir == NULL) {
		mem_drop(dir);
		return why_set(why, "out of memory");
	}
	/* The directory is made now: the sandbox lets no one make any. */
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		log_error("cannot make %s: %s; messages are kept in memory",
		    dir, strerror(errno));
	mem_drop(dir);
	return 0;
}

int
wt_watch_prepare(struct wt_config *c, bool *held, struct why *why)
{
	enum wt_lock lock;

	*held = false;
	if (make_memory(c, why) < 0)
		return -1;
	lock = wt_memory_lock(wt_watch.memory, why);
	if (lock == WT_LOCK_HELD && c->set.standby &&
	    wt_watch.mode == WT_RUN) {
		log_info("%s; standing by", why->line);
		wt_watch.waiting = true;
		return 0;
	}
	*held = lock != WT_LOCKED;
	return lock == WT_LOCKED ? 0 : -1;
}

static int
make_state(struct why *why)
{
	char *dir = mem_print("%s.silences", wt_watch.config->set.state_file);

	wt_watch.state = wt_state_new(wt_watch.config, why);
	if (wt_watch.state == NULL || dir == NULL) {
		mem_drop(dir);
		return -1;
	}
	wt_watch.silences = wt_silence_new(wt_watch.config, dir);
	mem_drop(dir);
	wt_watch.watched = mem_zero((wt_watch.state->source_count + 1) *
	    sizeof *wt_watch.watched);
	if (wt_watch.silences == NULL || wt_watch.watched == NULL)
		return why_set(why, "out of memory");
	return 0;
}

static void
open_files(void)
{
	struct wt_now now = wt_watch_now();
	char *threads;
	struct why why;

	if (wt_watch.mode == WT_LIST || wt_watch.mode == WT_TEST_RECEIVER)
		return;
	if (wt_watch.memory == NULL)	/* --dry-run looks, no more */
		wt_watch.memory = wt_memory_new(
		    wt_watch.config->set.state_file);
	if (wt_watch.memory != NULL)
		wt_memory_load(wt_watch.memory, wt_watch.state, &now);
	if (wt_watch.dry)
		return;
	if (wt_outbox_open(&wt_watch.outbox, wt_watch.config->set.outbox_dir,
	    wt_watch.state->queued, &now, &why) < 0)
		log_error("%s; messages are kept in memory", why.line);
	threads = mem_print("%s/threads", wt_watch.config->set.outbox_dir);
	wt_receiver_slack_open(threads);
	mem_drop(threads);
}

static void
test_receiver(void)
{
	struct wt_now now = wt_watch_now();
	struct wt_event plan = { .kind = WT_TEST, .severity = WT_INFO,
	    .duration = -1, .wall = now.wall, .since = now.wall,
	    .words = "weir-watch: a test message", .is_problem = false };
	struct wt_event *e = wt_event_new(&plan);
	struct wt_line *line;

	for (unsigned i = 0; e != NULL && i < wt_watch.sender.count; i++) {
		line = &wt_watch.sender.lines[i];
		if (line->queue != NULL && strcmp(line->row->name,
		    wt_watch.test_receiver) == 0)
			wt_outbox_add(&wt_watch.outbox, line->queue, e, 0,
			    &now);
	}
	wt_event_drop(&e);
	wt_sender_kick(&wt_watch.sender);
	finish_once();
}

/* The lock is ours: what was known, then the polls. */
static void
begin(void)
{
	struct why why;

	open_files();
	wt_watch.active = wt_vip_active(wt_watch.config->set.active);
	if (wt_sender_set(&wt_watch.sender, wt_watch.config, &why) < 0)
		log_error("%s", why.line);
	wt_watch.sender.hurry = wt_watch.mode != WT_RUN;
	if (wt_watch.mode == WT_TEST_RECEIVER) {
		test_receiver();
		return;
	}
	if (!wt_watch.dry && wt_watch.mode != WT_LIST) {
		wt_receiver_alertmanager_open(wt_watch.loop,
		    wt_watch.config, &wt_watch.state);
		tell_of_watcher(WT_WATCHER_START, "weir-watch has started");
		commit(false);
	}
	if (wt_watch.mode == WT_LIST)
		wt_watch.dry = true;
	start_polls();
}

int
wt_watch_open(struct loop *loop, struct resolver *resolver, struct why *why)
{
	wt_watch.loop = loop;
	wt_watch.active = true;
	wt_watch.started = wt_watch.last_good = clock_now();
	wt_outbox_init(&wt_watch.outbox);
	wt_sender_init(&wt_watch.sender, loop, &wt_watch.outbox);
	if (wt_fetch_init(loop, resolver, why) < 0 || make_state(why) < 0)
		return -1;
	timer_init(&patience, loop, on_patience, NULL);
	timer_init(&ticker, loop, on_tick, NULL);
	timer_every(&ticker, TICK * CLOCK_SECOND);
	if (!wt_watch.waiting)
		begin();
	return 0;
}

/* ---- reload: as a restart, within the process */

static void
forget_setup(void)
{
	stop_polls();
	wt_receiver_alertmanager_close();
	wt_silence_free(&wt_watch.silences);
	wt_state_free(&wt_watch.state);
	mem_drop(wt_watch.watched);
	wt_watch.watched = NULL;
}

/* What cannot be changed while it runs stays as it was. */
static void
keep_fixed(struct wt_config *c)
{
	const char *mine[] = { wt_watch.config->set.state_file,
	    wt_watch.config->set.outbox_dir };
	const char *names[] = { "state_file", "outbox_dir" };
	const char *asked[] = { c->set.state_file, c->set.outbox_dir };

	for (int i = 0; i < 2; i++) {
		if (strcmp(mine[i], asked[i]) == 0)
			continue;
		log_warning("%s is changed by a restart only", names[i]);
		key_set(key_find(wt_keys_watcher, text_of(names[i])),
		    &c->set, text_of(mine[i]), NULL);
	}
}

int
wt_watch_reload(struct wt_config *c, struct why *why)
{
	struct wt_now now = wt_watch_now();
	struct wt_config *old = wt_watch.config;
	char *main = NULL, *ext = NULL;

	if (wt_watch.stopping) {
		wt_config_free(&c);
		return 0;
	}
	if (wt_memory_print(wt_watch.state, &now, &main, &ext) < 0) {
		wt_config_free(&c);
		return why_set(why, "out of memory");
	}
	keep_fixed(c);
	forget_setup();
	wt_watch.config = c;
	if (make_state(why) < 0)
		die("out of memory in a reload");
	if (!wt_watch.waiting)
		wt_memory_read(wt_watch.state, text_of(main), text_of(ext),
		    &now);
	mem_drop(main);
	mem_drop(ext);
	wt_watch.unsaved = true;
	if (!wt_watch.waiting) {
		if (wt_sender_set(&wt_watch.sender, c, why) < 0)
			die("out of memory in a reload");
		if (!wt_watch.dry)
			wt_receiver_alertmanager_open(wt_watch.loop, c,
			    &wt_watch.state);
		start_polls();
	}
	wt_config_free(&old);
	return 0;
}

/* ---- the end */

void
wt_watch_stop(void)
{
	if (wt_watch.stopping) {
		leave();
		return;
	}
	wt_watch.stopping = true;
	stop_polls();
	if (wt_watch.waiting || wt_watch.mode != WT_RUN) {
		wt_watch.ended(0);
		return;
	}
	tell_of_watcher(WT_WATCHER_STOP, "weir-watch stops");
	wt_watch.sender.hurry = true;
	commit(true);
	wt_watch.stop_at = clock_now() + wt_watch.config->set.stop_wait;
	wt_sender_retry(&wt_watch.sender);
	timer_after(&patience, 0);
}

void
wt_watch_close(void)
{
	timer_stop(&ticker);
	timer_stop(&patience);
	wt_fetch_cancel(&beat);
	if (wt_watch.state != NULL)
		forget_setup();
	wt_sender_fini(&wt_watch.sender);
	wt_receiver_slack_close();
	wt_fetch_fini();
}

void
wt_watch_fini(void)
{
	if (wt_watch.outbox.queues.tqh_last != NULL)
		wt_outbox_fini(&wt_watch.outbox);
	wt_memory_free(&wt_watch.memory);
	wt_config_free(&wt_watch.config);
}

const char *
wt_watch_trouble(char to[128])
{
	int64_t now = clock_now();
	struct wt_queue *q;

	if (wt_watch.waiting)
		return NULL;
	if (now - wt_watch.last_good > HEALTH_INTERVALS *
	    wt_watch.config->set.interval) {
		snprintf(to, 128, "no source has answered for %d intervals",
		    HEALTH_INTERVALS);
		return to;
	}
	TAILQ_FOREACH(q, &wt_watch.outbox.queues, link)
		if (wt_outbox_age(q, now) > OUTBOX_OLD * CLOCK_SECOND) {
			snprintf(to, 128, "messages to %.64s wait", q->name);
			return to;
		}
	return NULL;
}
