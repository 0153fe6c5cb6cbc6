/* SPDX-License-Identifier: ISC */
/* message.c - events to lines; see message.h. Pure; loop 0. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "watch/message.h"
#include "watch/words.h"

enum { LATE = 60, NAMES_MOST = 20 };

void
wt_lines_add(struct wt_lines *l, const char *fmt, ...)
{
	size_t room = sizeof l->at - l->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(l->at + l->len, room, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n < room) {
		l->len += (size_t)n;
		return;
	}
	/* Cut, but not inside a character. */
	l->len = sizeof l->at - 1;
	while (l->len > 0 && (l->at[l->len - 1] & 0xc0) == 0x80)
		l->len--;
	if (l->len > 0 && (l->at[l->len - 1] & 0x80) != 0)
		l->len--;
	l->at[l->len] = '\0';
}

void
wt_lines_escape(struct wt_lines *l, const char *s)
{
	for (; *s != '\0'; s++) {
		const char *entity = *s == '&' ? "&amp;" : *s == '<' ?
		    "&lt;" : *s == '>' ? "&gt;" : NULL;
		size_t len = entity == NULL ? 1 : strlen(entity);

		/* What does not fit as a whole ends the text. */
		if (l->len + len >= sizeof l->at - 4)
			break;
		memcpy(l->at + l->len, entity == NULL ? s : entity, len);
		l->len += len;
	}
	l->at[l->len] = '\0';
}

void
wt_message_init(struct wt_message *m, const struct wt_receiver_row *to,
    const struct wt_settings *set, int64_t wall)
{
	m->to = to;
	m->set = set;
	m->count = 0;
	m->wall = wall;
	m->delay = 0;
	m->plain = false;
}

void
wt_message_fini(struct wt_message *m)
{
	while (m->count > 0)
		wt_event_drop(&m->events[--m->count]);
}

bool
wt_message_add(struct wt_message *m, struct wt_event *e)
{
	if (m->count == WT_MESSAGE_EVENTS)
		return false;
	m->events[m->count++] = wt_event_hold(e);
	if (m->wall - e->wall > m->delay)
		m->delay = m->wall - e->wall;
	return true;
}

/* ---- order */

static int
compare(const void *one, const void *other)
{
	const struct wt_event *a = *(struct wt_event *const *)one;
	const struct wt_event *b = *(struct wt_event *const *)other;

	if (a->severity != b->severity)
		return a->severity > b->severity ? -1 : 1;
	/* It follows from what is told in front of it. */
	if ((a->kind == WT_LAST_SERVER) != (b->kind == WT_LAST_SERVER))
		return a->kind == WT_LAST_SERVER ? 1 : -1;
	if (a->wall != b->wall)
		return a->wall < b->wall ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

/* One event in the place of two: "pgb2 was DOWN 02:10:00-02:14:11 UTC". */
static struct wt_event *
join(const struct wt_event *down, const struct wt_event *up)
{
	char from[WT_WORDS], to[WT_WORDS], words[256];
	struct wt_event plan = *up;

	snprintf(words, sizeof words, "%s was DOWN %s\xe2\x80\x93%s UTC",
	    up->server[0] != '\0' ? up->server : up->source,
	    wt_words_clock(down->since, from), wt_words_clock(up->since, to));
	plan.words = words;
	plan.facts = "";
	plan.siblings = "";
	return wt_event_new(&plan);
}

static unsigned
find_end(const struct wt_message *m, unsigned down)
{
	char one[512], other[512];

	wt_event_key(m->events[down], one, sizeof one);
	for (unsigned i = down + 1; i < m->count; i++)
		if (m->events[i]->ends_problem && strcmp(one, wt_event_key(
		    m->events[i], other, sizeof other)) == 0)
			return i;
	return m->count;
}

static void
join_pairs_of(struct wt_message *m)
{
	for (unsigned i = 0; i < m->count; i++) {
		struct wt_event *joined;
		unsigned up;

		if (!m->events[i]->is_problem)
			continue;
		up = find_end(m, i);
		if (up == m->count)
			continue;
		joined = join(m->events[i], m->events[up]);
		if (joined == NULL)
			continue;
		wt_event_drop(&m->events[i]);
		wt_event_drop(&m->events[up]);
		m->events[i] = joined;
		m->count--;
		memmove(&m->events[up], &m->events[up + 1],
		    (m->count - up) * sizeof m->events[0]);
	}
}

void
wt_message_sort(struct wt_message *m, bool join_pairs)
{
	if (join_pairs)
		join_pairs_of(m);
	qsort(m->events, m->count, sizeof m->events[0], compare);
}

enum wt_severity
wt_message_severity(const struct wt_message *m)
{
	return m->count == 0 ? WT_INFO : m->events[0]->severity;
}

/* ---- words */

/*
 * How many are the same in the words "NAME is DOWN" or "NAME is back UP"; 0:
 * there are others too. Those come first, by the order of the list.
 */
static unsigned
count_alike(const struct wt_message *m, const char *tail)
{
	unsigned n = 0;

	for (; n < m->count; n++) {
		const struct wt_event *e = m->events[n];
		size_t len = strlen(e->server);

		if (e->kind == WT_LAST_SERVER)
			break;
		if ((e->kind != WT_DOWN && e->kind != WT_UP) || e->initial ||
		    e->repeat || strncmp(e->words, e->server, len) != 0 ||
		    strncmp(e->words + len, tail, strlen(tail)) != 0)
			return 0;
	}
	for (unsigned i = n; i < m->count; i++)
		if (m->events[i]->kind != WT_LAST_SERVER)
			return 0;
	return n;
}

static void
list_names(const struct wt_message *m, unsigned n, const char *tail,
    struct wt_lines *l)
{
	wt_lines_add(l, "%u servers are%s:", n, tail);
	for (unsigned i = 0; i < n && i < NAMES_MOST; i++)
		wt_lines_add(l, "%s %s", i == 0 ? "" : ",",
		    m->events[i]->server);
	if (n > NAMES_MOST)
		wt_lines_add(l, " and %u more", n - NAMES_MOST);
}

void
wt_message_headline(const struct wt_message *m, struct wt_lines *l)
{
	static const char *const tails[] = { " DOWN", " back UP" };
	char tail[16], span[WT_WORDS];
	unsigned alike = 0;

	for (int i = 0; i < 2 && alike < 2; i++) {
		snprintf(tail, sizeof tail, " is%s", tails[i]);
		alike = count_alike(m, tail);
		if (alike > 1)
			list_names(m, alike, tails[i], l);
	}
	if (alike < 2 && m->count > 0)
		wt_lines_add(l, "%s", m->events[0]->words);
	if (m->delay > LATE * CLOCK_SECOND)
		wt_lines_add(l, " (delayed %s)", wt_words_span(m->delay,
		    span));
}

void
wt_message_body(const struct wt_message *m, unsigned from, unsigned to,
    struct wt_lines *l)
{
	unsigned last = to < WT_MESSAGE_LINES ? to : WT_MESSAGE_LINES;

	for (unsigned i = from; i < last; i++) {
		const struct wt_event *e = m->events[i];

		wt_lines_add(l, "%s%s", l->len == 0 ? "" : "\n", e->words);
		if (e->facts[0] != '\0' && m->count <= 3)
			wt_lines_add(l, "\n%s", e->facts);
	}
	if (to == m->count && m->count > WT_MESSAGE_LINES)
		wt_lines_add(l, "\nand %u more", m->count - WT_MESSAGE_LINES);
}

void
wt_message_text(const struct wt_message *m, struct wt_lines *l)
{
	struct wt_lines head = { .len = 0 };
	bool alone = m->count == 1;

	wt_message_headline(m, &head);
	wt_lines_add(l, "%s", head.at);
	if (alone && m->events[0]->facts[0] != '\0')
		wt_lines_add(l, "\n%s", m->events[0]->facts);
	if (!alone)
		wt_message_body(m, 0, m->count, l);
}

/* {server}, {proxy}, {address}, %s: a text with these filled in. */
static void
fill_in(const char *form, const struct wt_event *e, struct wt_lines *l)
{
	static const char *const names[] = { "{server}", "{proxy}",
	    "{address}", "%s" };
	const char *values[] = { e->server, e->proxy, e->address, e->server };
	int i;

	while (*form != '\0') {
		for (i = 0; i < 4; i++)
			if (strncmp(form, names[i], strlen(names[i])) == 0)
				break;
		if (i < 4) {
			wt_lines_add(l, "%s", values[i]);
			form += strlen(names[i]);
		} else
			wt_lines_add(l, "%c", *form++);
	}
}

bool
wt_message_hint(const struct wt_message *m, const struct wt_event *e,
    struct wt_lines *l)
{
	if (m->to->hint == NULL || m->to->hint[0] == '\0' ||
	    e->is_problem == false || e->server[0] == '\0' ||
	    (e->kind != WT_DOWN && e->kind != WT_POOL_DOWN))
		return false;
	fill_in(m->to->hint, e, l);
	return true;
}

const char *
wt_message_mention(const struct wt_message *m)
{
	enum wt_severity s = wt_message_severity(m);
	const char *mention = s == WT_PAGE ? m->to->mention_page :
	    s == WT_CRITICAL ? m->to->mention_down : NULL;

	return mention == NULL ? "" : mention;
}
