/* SPDX-License-Identifier: ISC */
/* event.c - kinds of events and their form on disk; see event.h. Loop 0. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include <jansson.h>

#include "base/clock.h"
#include "base/mem.h"
#include "watch/event.h"

static const struct {
	const char *name;
	enum wt_severity severity;
	bool usual;
} kinds[WT_KINDS] = {
	[WT_DOWN] = { "down", WT_CRITICAL, true },
	[WT_UP] = { "up", WT_GOOD, true },
	[WT_BLIP] = { "blip", WT_WARNING, true },
	[WT_MAINT] = { "maint", WT_INFO, true },
	[WT_MAINT_END] = { "maint_end", WT_INFO, true },
	[WT_DRAIN] = { "drain", WT_INFO, false },
	[WT_DRAIN_END] = { "drain_end", WT_INFO, false },
	[WT_BACKEND_DOWN] = { "backend_down", WT_PAGE, true },
	[WT_BACKEND_UP] = { "backend_up", WT_GOOD, true },
	[WT_LAST_SERVER] = { "last_server", WT_CRITICAL, true },
	[WT_REMOVED] = { "removed", WT_WARNING, true },
	[WT_ADDED] = { "added", WT_INFO, true },
	[WT_SOURCE_DOWN] = { "source_down", WT_CRITICAL, true },
	[WT_SOURCE_UP] = { "source_up", WT_GOOD, true },
	[WT_FLAPPING] = { "flapping", WT_WARNING, true },
	[WT_FLAPPING_END] = { "flapping_end", WT_WARNING, true },
	[WT_RECEIVER_DOWN] = { "receiver_down", WT_WARNING, true },
	[WT_WATCHER_START] = { "watcher_start", WT_INFO, false },
	[WT_WATCHER_STOP] = { "watcher_stop", WT_INFO, false },
	[WT_GOING] = { "going", WT_INFO, true },
	[WT_FULL] = { "full", WT_WARNING, true },
	[WT_POOL_DOWN] = { "pool_down", WT_CRITICAL, true },
	[WT_POOL_UP] = { "pool_up", WT_GOOD, true },
	[WT_POOL_WAIT] = { "pool_wait", WT_WARNING, true },
	[WT_VIP_MOVED] = { "vip_moved", WT_WARNING, true },
	[WT_SPLIT] = { "split", WT_CRITICAL, true },
	[WT_SPLIT_END] = { "split_end", WT_GOOD, true },
	[WT_TEST] = { "test", WT_INFO, true },
};

static const char *const severities[] = {
	[WT_GOOD] = "good", [WT_INFO] = "info", [WT_WARNING] = "warning",
	[WT_CRITICAL] = "critical", [WT_PAGE] = "page",
};

const char *
wt_event_kind_name(enum wt_kind k)
{
	return kinds[k].name;
}

enum wt_severity
wt_event_severity_of(enum wt_kind k)
{
	return kinds[k].severity;
}

bool
wt_event_is_usual(enum wt_kind k)
{
	return kinds[k].usual;
}

int
wt_event_kind_named(struct text name)
{
	for (int k = 0; k < WT_KINDS; k++)
		if (text_is(name, kinds[k].name))
			return k;
	return -1;
}

const char *
wt_event_severity_name(enum wt_severity s)
{
	return severities[s];
}

/* ---- what an event is made of, as rows */

static const struct field {
	const char *name;
	size_t at;
	enum { TEXT_FIELD, TIME_FIELD, BOOL_FIELD } kind;
} fields[] = {
#define F(name, kind) { #name, offsetof(struct wt_event, name), kind }
	F(group, TEXT_FIELD), F(source, TEXT_FIELD), F(proxy, TEXT_FIELD),
	F(server, TEXT_FIELD), F(address, TEXT_FIELD), F(old, TEXT_FIELD),
	F(new, TEXT_FIELD), F(check, TEXT_FIELD), F(words, TEXT_FIELD),
	F(facts, TEXT_FIELD), F(siblings, TEXT_FIELD),
	F(wall, TIME_FIELD), F(since, TIME_FIELD), F(duration, TIME_FIELD),
	F(repeat, BOOL_FIELD), F(initial, BOOL_FIELD),
	F(ends_problem, BOOL_FIELD), F(is_problem, BOOL_FIELD),
#undef F
};
enum { FIELDS = sizeof fields / sizeof fields[0] };

static const char **
text_field(struct wt_event *e, const struct field *f)
{
	return (const char **)(void *)((char *)e + f->at);
}

static const void *
field_of(const struct wt_event *e, const struct field *f)
{
	return (const char *)e + f->at;
}

static const char *
text_of_field(const struct wt_event *e, const struct field *f)
{
	const char *s;

	memcpy(&s, field_of(e, f), sizeof s);
	return s == NULL ? "" : s;
}

static uint64_t
hash_text(uint64_t h, const char *s)
{
	do
		h = (h ^ (unsigned char)*s) * 1099511628211u;
	while (*s++ != '\0');
	return h;
}

/* The time is rounded to what two looks at one change may differ by. */
static void
make_id(struct wt_event *e)
{
	char when[32];
	uint64_t h = 14695981039346656037u;

	snprintf(when, sizeof when, "%" PRId64,
	    (e->since + 5 * CLOCK_SECOND) / (10 * CLOCK_SECOND));
	h = hash_text(h, e->group);
	h = hash_text(h, e->proxy);
	h = hash_text(h, e->server[0] != '\0' ? e->server : e->source);
	h = hash_text(h, kinds[e->kind].name);
	h = hash_text(h, e->repeat ? "repeat" : "");
	snprintf(e->id, sizeof e->id, "%016" PRIx64, hash_text(h, when));
}

struct wt_event *
wt_event_new(const struct wt_event *plan)
{
	size_t room = sizeof *plan;
	struct wt_event *e;
	char *at;

	for (int i = 0; i < FIELDS; i++)
		if (fields[i].kind == TEXT_FIELD)
			room += strlen(text_of_field(plan, &fields[i])) + 1;
	e = mem_zero(room);
	if (e == NULL)
		return NULL;
	*e = *plan;
	e->holders = 1;
	at = (char *)(e + 1);
	for (int i = 0; i < FIELDS; i++) {
		const char *s;
		size_t len;

		if (fields[i].kind != TEXT_FIELD)
			continue;
		s = text_of_field(plan, &fields[i]);
		len = strlen(s) + 1;
		memcpy(at, s, len);
		*text_field(e, &fields[i]) = at;
		at += len;
	}
	if (plan->id[0] == '\0')
		make_id(e);
	return e;
}

struct wt_event *
wt_event_hold(struct wt_event *e)
{
	e->holders++;
	return e;
}

void
wt_event_drop(struct wt_event **e)
{
	if (*e != NULL && --(*e)->holders == 0)
		mem_drop(*e);
	*e = NULL;
}

/* ---- to JSON and back */

/* Names come as bytes: what is no UTF-8 becomes question marks. */
static json_t *
json_of_text(const char *s)
{
	json_t *j = json_string(s);
	char *copy;

	if (j != NULL)
		return j;
	copy = mem_copy(text_of(s));
	if (copy == NULL)
		return NULL;
	for (char *p = copy; *p != '\0'; p++)
		if (*p & 0x80)
			*p = '?';
	j = json_string(copy);
	mem_drop(copy);
	return j;
}

static json_t *
json_of_field(const struct wt_event *e, const struct field *f)
{
	int64_t n;
	bool b;

	switch (f->kind) {
	case TIME_FIELD:
		memcpy(&n, field_of(e, f), sizeof n);
		return json_integer(n);
	case BOOL_FIELD:
		memcpy(&b, field_of(e, f), sizeof b);
		return json_boolean(b);
	case TEXT_FIELD:
		break;
	}
	return json_of_text(text_of_field(e, f));
}

char *
wt_event_print(const struct wt_event *e)
{
	json_t *all = json_object();
	char *line;

	json_object_set_new(all, "id", json_string(e->id));
	json_object_set_new(all, "event", json_string(kinds[e->kind].name));
	json_object_set_new(all, "severity", json_integer(e->severity));
	json_object_set_new(all, "order", json_integer(e->order));
	json_object_set_new(all, "was", json_string(wt_class_name(e->was)));
	json_object_set_new(all, "is", json_string(wt_class_name(e->is)));
	for (int i = 0; i < FIELDS; i++)
		json_object_set_new(all, fields[i].name,
		    json_of_field(e, &fields[i]));
	line = json_dumps(all, JSON_COMPACT);
	json_decref(all);
	return line;
}

static void
read_field(struct wt_event *e, const struct field *f, const json_t *j)
{
	int64_t n;
	bool b;

	switch (f->kind) {
	case TEXT_FIELD:
		*text_field(e, f) = json_string_value(j);
		break;
	case TIME_FIELD:
		n = json_integer_value(j);
		memcpy((char *)e + f->at, &n, sizeof n);
		break;
	case BOOL_FIELD:
		b = json_is_true(j);
		memcpy((char *)e + f->at, &b, sizeof b);
		break;
	}
}

static struct wt_event *
event_of(const json_t *all)
{
	struct wt_event plan = { .kind = WT_KINDS };
	const char *id = json_string_value(json_object_get(all, "id"));
	json_int_t severity = json_integer_value(json_object_get(all,
	    "severity"));
	int kind = wt_event_kind_named(text_of(json_string_value(
	    json_object_get(all, "event"))));

	if (kind < 0 || id == NULL || strlen(id) != WT_EVENT_ID - 1 ||
	    severity < WT_GOOD || severity > WT_PAGE)
		return NULL;
	plan.kind = (enum wt_kind)kind;
	plan.severity = (enum wt_severity)severity;
	plan.order = (unsigned)json_integer_value(json_object_get(all,
	    "order"));
	plan.was = wt_class_named(text_of(json_string_value(
	    json_object_get(all, "was"))));
	plan.is = wt_class_named(text_of(json_string_value(
	    json_object_get(all, "is"))));
	memcpy(plan.id, id, WT_EVENT_ID);
	for (int i = 0; i < FIELDS; i++)
		read_field(&plan, &fields[i],
		    json_object_get(all, fields[i].name));
	return wt_event_new(&plan);
}

struct wt_event *
wt_event_parse(struct text json)
{
	json_t *all = json_loadb(json.at, json.len, 0, NULL);
	struct wt_event *e = all == NULL ? NULL : event_of(all);

	json_decref(all);
	return e;
}

/* ---- questions */

bool
wt_event_same(const struct wt_event *a, const struct wt_event *b)
{
	int64_t apart = a->since - b->since;

	return a->kind == b->kind && a->repeat == b->repeat &&
	    a->initial == b->initial && apart <= 3 * CLOCK_SECOND &&
	    apart >= -3 * CLOCK_SECOND && strcmp(a->group, b->group) == 0 &&
	    strcmp(a->proxy, b->proxy) == 0 &&
	    strcmp(a->server, b->server) == 0 &&
	    strcmp(a->words, b->words) == 0;
}

const char *
wt_event_key(const struct wt_event *e, char *to, size_t size)
{
	snprintf(to, size, "weir/%s/%s/%s", e->group,
	    e->proxy[0] != '\0' ? e->proxy : "-",
	    e->server[0] != '\0' ? e->server : e->source);
	return to;
}
