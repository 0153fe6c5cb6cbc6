/* SPDX-License-Identifier: ISC */
/* metrics.c - Prometheus' form, and the status as JSON. Loop 0. */
#include <inttypes.h>
#include <stdio.h>

#include <jansson.h>

#include "base/clock.h"
#include "stat/sheet.h"
#include "watch/metrics.h"
#include "watch/watch.h"
#include "watch/words.h"

#define put	sheet_print

static void
put_head(struct sheet *s, const char *name, const char *type,
    const char *help)
{
	put(s, "# HELP weir_watch_%s %s\n# TYPE weir_watch_%s %s\n", name,
	    help, name, type);
}

/* A label's value: quotes, backslashes and line ends are escaped. */
static const char *
safe(const char *text, size_t len, char *to, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len && n + 3 < size; i++) {
		if (text[i] == '"' || text[i] == '\\')
			to[n++] = '\\';
		to[n++] = (unsigned char)text[i] < ' ' ? '?' : text[i];
	}
	to[n] = '\0';
	return to;
}

static void
put_polls(struct sheet *s)
{
	const struct wt_state *state = wt_watch.state;
	char name[160];

	put_head(s, "poll_total", "counter", "polls by result");
	for (unsigned i = 0; i < state->source_count; i++) {
		const struct wt_watched *w = &wt_watch.watched[i];

		safe(w->source->row->name, strlen(w->source->row->name), name,
		    sizeof name);
		put(s, "weir_watch_poll_total{source=\"%s\",result=\"good\"} "
		    "%lu\n", name, w->good_polls);
		put(s, "weir_watch_poll_total{source=\"%s\","
		    "result=\"failed\"} %lu\n", name, w->failed_polls);
	}
	put_head(s, "source_up", "gauge", "the last poll was good");
	for (unsigned i = 0; i < state->source_count; i++)
		put(s, "weir_watch_source_up{source=\"%s\"} %d\n",
		    safe(state->sources[i].row->name, strlen(state->
		    sources[i].row->name), name, sizeof name),
		    wt_watch.watched[i].good);
	put_head(s, "last_success_timestamp_seconds", "gauge",
	    "of the last good poll");
	for (unsigned i = 0; i < state->source_count; i++)
		put(s, "weir_watch_last_success_timestamp_seconds"
		    "{source=\"%s\"} %" PRId64 "\n", safe(state->
		    sources[i].row->name, strlen(state->sources[i].row->
		    name), name, sizeof name),
		    state->sources[i].last_good_wall / CLOCK_SECOND);
}

static void
put_buckets(struct sheet *s, const char *series, const char *label,
    const char *value, const unsigned long *counts, const int *bounds,
    int n, double unit, double sum)
{
	unsigned long total = 0;

	for (int i = 0; i < n; i++) {
		total += counts[i];
		put(s, "weir_watch_%s_bucket{%s=\"%s\",le=\"%g\"} %lu\n",
		    series, label, value, bounds[i] * unit, total);
	}
	total += counts[n];
	put(s, "weir_watch_%s_bucket{%s=\"%s\",le=\"+Inf\"} %lu\n", series,
	    label, value, total);
	put(s, "weir_watch_%s_sum{%s=\"%s\"} %.6f\n", series, label, value,
	    sum);
	put(s, "weir_watch_%s_count{%s=\"%s\"} %lu\n", series, label, value,
	    total);
}

static void
put_durations(struct sheet *s)
{
	char name[160];

	put_head(s, "poll_duration_seconds", "histogram", "of whole polls");
	for (unsigned i = 0; i < wt_watch.state->source_count; i++) {
		const struct wt_watched *w = &wt_watch.watched[i];

		put_buckets(s, "poll_duration_seconds", "source",
		    safe(w->source->row->name, strlen(w->source->row->name),
		    name, sizeof name), w->duration, wt_watch_durations,
		    WT_DURATIONS, 0.001, (double)w->duration_sum / 1e6);
	}
}

static void
put_targets(struct sheet *s)
{
	char group[160], proxy[160], server[160];
	const struct wt_group *g;
	const struct wt_target *t;

	put_head(s, "target_state", "gauge", "1: the class it is of");
	TAILQ_FOREACH(g, &wt_watch.state->groups, link)
		TAILQ_FOREACH(t, &g->targets, link) {
			const char *sv = wt_target_server(t);

			safe(g->name, strlen(g->name), group, sizeof group);
			safe(t->key, t->proxy_len, proxy, sizeof proxy);
			safe(sv, strlen(sv), server, sizeof server);
			for (int c = WT_CLASS_UP; c < WT_CLASSES; c++)
				if (c == t->class || c == WT_CLASS_UP ||
				    c == WT_CLASS_DOWN)
					put(s, "weir_watch_target_state{"
					    "source=\"%s\",proxy=\"%s\","
					    "server=\"%s\",class=\"%s\"} "
					    "%d\n", group, proxy, server,
					    wt_class_name((enum wt_class)c),
					    c == t->class);
		}
}

static void
put_receivers(struct sheet *s)
{
	const struct wt_sender *to = &wt_watch.sender;
	char name[160];
	const struct { const char *name, *type, *help; } heads[] = {
		{ "outbox_depth", "gauge", "messages that wait" },
		{ "outbox_oldest_seconds", "gauge", "age of the oldest" },
		{ "deliveries_total", "counter", "requests by result" },
		{ "dropped_total", "counter", "events given up" },
		{ "delivery_latency_seconds", "histogram",
		    "from the change seen to its acceptance" },
	};

	for (int h = 0; h < 5; h++) {
		put_head(s, heads[h].name, heads[h].type, heads[h].help);
		for (unsigned i = 0; i < to->count; i++) {
			const struct wt_line *l = &to->lines[i];

			if (l->queue == NULL)
				continue;
			safe(l->row->name, strlen(l->row->name), name,
			    sizeof name);
			if (h == 0)
				put(s, "weir_watch_outbox_depth{receiver="
				    "\"%s\"} %u\n", name, l->queue->count);
			else if (h == 1)
				put(s, "weir_watch_outbox_oldest_seconds{"
				    "receiver=\"%s\"} %.1f\n", name,
				    (double)wt_outbox_age(l->queue,
				    clock_now()) / 1e6);
			else if (h == 2)
				put(s, "weir_watch_deliveries_total{receiver="
				    "\"%s\",result=\"good\"} %lu\n"
				    "weir_watch_deliveries_total{receiver="
				    "\"%s\",result=\"failed\"} %lu\n", name,
				    l->delivered, name, l->failed);
			else if (h == 3)
				put(s, "weir_watch_dropped_total{receiver="
				    "\"%s\",reason=\"age\"} %lu\n"
				    "weir_watch_dropped_total{receiver="
				    "\"%s\",reason=\"refused\"} %lu\n", name,
				    l->dropped_age, name, l->dropped_bad);
			else
				put_buckets(s, heads[h].name, "receiver",
				    name, l->latency, wt_sender_latency,
				    WT_LATENCIES, 1, (double)l->latency_sum /
				    1e6);
		}
	}
}

char *
wt_metrics_prometheus(void)
{
	struct sheet s = { .len = 0 };

	put_polls(&s);
	put_durations(&s);
	put_targets(&s);
	put_head(&s, "events_total", "counter", "changes seen");
	for (int k = 0; k < WT_KINDS; k++)
		put(&s, "weir_watch_events_total{event=\"%s\"} %lu\n",
		    wt_event_kind_name((enum wt_kind)k), wt_watch.events[k]);
	put_receivers(&s);
	put_head(&s, "overflow_total", "counter",
	    "events dropped since the outbox was full");
	put(&s, "weir_watch_overflow_total %lu\n",
	    wt_watch.outbox.overflowed);
	put_head(&s, "write_failures_total", "counter",
	    "state file and outbox");
	put(&s, "weir_watch_write_failures_total{file=\"outbox\"} %lu\n",
	    wt_watch.outbox.failures);
	if (wt_watch.memory != NULL)
		put(&s, "weir_watch_write_failures_total{file=\"state\"} "
		    "%lu\n", wt_memory_failures(wt_watch.memory));
	put_head(&s, "build_info", "gauge", "1");
	put(&s, "weir_watch_build_info{version=\"%s\"} 1\n",
	    PACKAGE_VERSION);
	return sheet_take(&s);
}

/* ---- JSON */

static json_t *
bytes(const char *s)
{
	return wt_request_text(s);
}

static json_t *
json_of_time(int64_t wall)
{
	char text[WT_WORDS];

	return wall <= 0 ? json_null() : json_string(wt_words_date(wall,
	    text));
}

static json_t *
json_of_targets(const struct wt_group *g)
{
	json_t *list = json_array();
	const struct wt_target *t;
	char proxy[WT_WORDS_NAME + 4];

	TAILQ_FOREACH(t, &g->targets, link)
		json_array_append_new(list, json_pack(
		    "{s:o, s:o, s:s, s:s, s:b, s:o}", "proxy",
		    bytes(wt_words_name(wt_target_proxy(t), proxy)),
		    "server", bytes(wt_target_server(t)), "class",
		    wt_class_name((enum wt_class)t->class), "told",
		    wt_class_name((enum wt_class)t->told), "flapping",
		    t->flapping, "since", json_of_time(t->since_wall)));
	return list;
}

static json_t *
json_of_sources(void)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < wt_watch.state->source_count; i++) {
		const struct wt_source *s = &wt_watch.state->sources[i];

		json_array_append_new(list, json_pack(
		    "{s:o, s:o, s:b, s:i, s:o, s:o}", "name",
		    bytes(s->row->name), "group", bytes(s->group->name),
		    "stale", s->stale, "failed", (int)s->failed,
		    "last_good", json_of_time(s->last_good_wall),
		    "reason", s->failed == 0 ? json_null() :
		    bytes(s->reason)));
	}
	return list;
}

static json_t *
json_of_receivers(void)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < wt_watch.sender.count; i++) {
		const struct wt_line *l = &wt_watch.sender.lines[i];

		json_array_append_new(list, json_pack(
		    "{s:o, s:i, s:b, s:I, s:I, s:o}", "name",
		    bytes(l->row->name), "waiting", l->queue == NULL ? 0 :
		    (int)l->queue->count, "down", l->down, "delivered",
		    (json_int_t)l->delivered, "failed",
		    (json_int_t)l->failed, "reason", l->reason[0] == '\0' ?
		    json_null() : bytes(l->reason)));
	}
	return list;
}

char *
wt_metrics_status(void)
{
	json_t *all, *groups = json_array();
	struct wt_group *g;
	char trouble[128], *text;
	const char *why = wt_watch_trouble(trouble);

	TAILQ_FOREACH(g, &wt_watch.state->groups, link)
		json_array_append_new(groups, json_pack("{s:o, s:b, s:o}",
		    "name", bytes(g->name), "unreachable", g->told_gone,
		    "targets", json_of_targets(g)));
	all = json_pack("{s:s, s:b, s:o, s:b, s:b, s:I, s:i, s:o, s:o, s:o}",
	    "version", PACKAGE_VERSION, "healthy", why == NULL, "trouble",
	    why == NULL ? json_null() : bytes(why), "standby",
	    wt_watch.waiting, "active", wt_watch.active, "rounds",
	    (json_int_t)wt_watch.rounds, "silences", (int)wt_silence_count(
	    wt_watch.silences, clock_wall()), "groups", groups, "sources",
	    json_of_sources(), "receivers", json_of_receivers());
	text = json_dumps(all, JSON_INDENT(2));
	json_decref(all);
	return text;
}
