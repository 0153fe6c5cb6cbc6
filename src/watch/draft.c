/* SPDX-License-Identifier: ISC */
/* draft.c - an event and what surrounds it, as text; see draft.h. Loop 0. */
#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "watch/draft.h"
#include "watch/words.h"

void
wt_draft_add(char *to, size_t size, const char *fmt, ...)
{
	size_t len = strlen(to);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(to + len, size - len, fmt, ap);
	va_end(ap);
}

/* " (seen by lb1 and lb2; lb3 sees it UP)", where there are several. */
static void
add_seers(const struct wt_target *t, char *to, size_t size)
{
	const struct wt_group *g = t->group;
	unsigned seers = 0, done = 0;

	if (g->count < 2 || g->kind == WT_VRRP)
		return;
	for (unsigned i = 0; i < g->count; i++)
		seers += wt_target_counts(t, i) && t->view[i].class == t->class;
	if (seers == 0)
		return;
	wt_draft_add(to, size, " (seen by");
	for (unsigned i = 0; i < g->count; i++)
		if (wt_target_counts(t, i) && t->view[i].class == t->class) {
			wt_draft_add(to, size, "%s %s", done == 0 ? "" :
			    done + 1 == seers ? " and" : ",",
			    g->members[i]->row->name);
			done++;
		}
	for (unsigned i = 0; i < g->count; i++)
		if (wt_target_counts(t, i) && t->view[i].class != t->class &&
		    t->view[i].at > t->since)
			wt_draft_add(to, size, "; %s sees it %s",
			    g->members[i]->row->name, t->view[i].word);
	wt_draft_add(to, size, ")");
}

/* ---- what surrounds an event */

static bool
is_sibling(const struct wt_target *a, const struct wt_target *b)
{
	return a->type == WT_SERVER && b->type == WT_SERVER &&
	    a->class != WT_CLASS_NONE && wt_target_beside(a, b);
}

static uint32_t
sessions(const struct wt_target *t)
{
	uint32_t n = 0;

	for (unsigned i = 0; i < t->group->count; i++)
		if (t->view[i].missed == 0)
			n += t->view[i].scur;
	return n;
}

/* "2 of 3 servers left: pgb1 UP (31 sessions), pgb3 UP (29)" */
static void
describe_siblings(const struct wt_target *t, struct wt_draft *d)
{
	unsigned up = 0, all = 0, shown = 0;
	const struct wt_target *o;
	char name[WT_WORDS_NAME + 4], list[WT_DRAFT_LINE] = "";

	if (t->type != WT_SERVER || t->group->kind != WT_BALANCER)
		return;
	TAILQ_FOREACH(o, &t->group->targets, link) {
		if (!is_sibling(o, t))
			continue;
		all++;
		up += wt_class_serves((enum wt_class)o->class);
		if (o == t || ++shown > WT_DRAFT_NAMES)
			continue;
		wt_words_name(text_of(wt_target_server(o)), name);
		WT_ADD(list, "%s%s %s (%u%s)", shown == 1 ? "" : ", ", name,
		    wt_class_word((enum wt_class)o->class), sessions(o),
		    shown == 1 ? " sessions" : "");
		WT_ADD(d->siblings, "%s %s %u\n", name,
		    wt_class_name((enum wt_class)o->class), sessions(o));
	}
	if (all < 2)
		return;
	if (shown > WT_DRAFT_NAMES)
		WT_ADD(list, " and %u more", shown - WT_DRAFT_NAMES);
	WT_ADD(d->facts, "\n%u of %u servers %s: %s", up, all,
	    t->class == WT_CLASS_DOWN ? "left" : "up", list);
}

static void
put_cell(char *to, size_t size, struct text cell, const char *between)
{
	char name[WT_WORDS_NAME + 4];

	if (cell.len > 0)
		wt_draft_add(to, size, "%s%s", to[0] == '\0' ? "" : between,
		    wt_words_name(cell, name));
}

void
wt_draft_row(struct wt_turn *turn, struct wt_target *t, struct wt_draft *d)
{
	struct wt_view *v = wt_target_view(t, turn->source);
	struct text status;
	struct wt_row row;

	if (turn->page == NULL || v->row == 0)
		return;
	wt_page_row(turn->page, v->row - 1, &row);
	status = row.cell[WT_CHECK_STATUS];
	if (text_begins(status, "* "))		/* a check is under way */
		status = text_from(status, 2);
	wt_words_name(row.cell[WT_ADDR], d->address);
	put_cell(d->check, sizeof d->check, status, " ");
	put_cell(d->check, sizeof d->check, row.cell[WT_LAST_CHK].len > 0 ?
	    row.cell[WT_LAST_CHK] : row.cell[WT_CHECK_DESC], " ");
}

void
wt_draft_begin(struct wt_turn *turn, struct wt_target *t, enum wt_kind kind,
    struct wt_draft *d)
{
	memset(d, 0, sizeof *d);
	snprintf(d->source, sizeof d->source, "%s", turn->source->row->name);
	d->e = (struct wt_event){
		.kind = kind, .severity = wt_event_severity_of(kind),
		.wall = turn->c->now.wall, .since = turn->c->now.wall,
		.duration = -1, .group = turn->source->group->name,
		.source = d->source, .proxy = d->proxy, .server = d->server,
		.address = d->address, .old = "", .new = "",
		.check = d->check, .words = d->words, .facts = d->facts,
		.siblings = d->siblings };
	if (t == NULL)
		return;
	wt_words_name(wt_target_proxy(t), d->proxy);
	wt_words_name(text_of(wt_target_server(t)), d->server);
	d->e.order = t->order;
	d->e.was = (enum wt_class)t->told;
	d->e.is = (enum wt_class)t->class;
	d->e.old = wt_class_word((enum wt_class)t->told);
	d->e.new = wt_target_view(t, turn->source)->word;
	d->e.since = t->since_wall;
}

void
wt_draft_end(struct wt_turn *turn, struct wt_draft *d)
{
	struct wt_event *e = wt_event_new(&d->e);

	turn->c->dirty = true;
	if (e == NULL) {
		log_error("out of memory: %s is not told", d->words);
		return;
	}
	turn->c->tell(turn->c->arg, e);
	wt_event_drop(&e);
}

void
wt_draft_tell(struct wt_turn *turn, struct wt_target *t, struct wt_draft *d)
{
	char clock[WT_WORDS];

	wt_draft_row(turn, t, d);
	add_seers(t, d->words, sizeof d->words);
	WT_ADD(d->facts, "%s/%s on %s", d->proxy, d->server,
	    turn->source->row->name);
	if (d->check[0] != '\0' && t->type != WT_BACKEND)
		WT_ADD(d->facts, " · %s", d->check);
	WT_ADD(d->facts, " · since %s UTC", wt_words_clock(t->since_wall,
	    clock));
	describe_siblings(t, d);
	wt_draft_end(turn, d);
}
