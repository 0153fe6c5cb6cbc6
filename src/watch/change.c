/* SPDX-License-Identifier: ISC */
/* change.c - from pages to events; see change.h. Pure; loop 0. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "watch/change.h"
#include "watch/words.h"

enum { LINE = 512, SIBLINGS_MOST = 8 };

struct draft {			/* an event being written */
	struct wt_event e;
	char server[WT_WORDS_NAME + 4], proxy[WT_WORDS_NAME + 4];
	char address[WT_WORDS_NAME + 4];
	char check[LINE], words[LINE], facts[2 * LINE], siblings[4 * LINE];
	char source[LINE];
};

/* One comparison: what is said of the page at hand goes by here. */
struct turn {
	struct wt_change *c;
	struct wt_source *source;
	struct wt_page *page;
	bool rebased;		/* counters mean nothing this time */
	bool moved;		/* some class has changed */
};

/* ---- small texts */

static void __attribute__((format(printf, 3, 4)))
add(char *to, size_t size, const char *fmt, ...)
{
	size_t len = strlen(to);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(to + len, size - len, fmt, ap);
	va_end(ap);
}
#define ADD(to, ...) add(to, sizeof(to), __VA_ARGS__)

static struct wt_view *
view_of(struct wt_target *t, const struct wt_source *s)
{
	return &t->view[s->member];
}

static bool
counts(const struct wt_target *t, unsigned member)
{
	const struct wt_view *v = &t->view[member];

	return v->word != NULL && v->missed == 0 &&
	    !t->group->members[member]->stale;
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
		seers += counts(t, i) && t->view[i].class == t->class;
	if (seers == 0)
		return;
	add(to, size, " (seen by");
	for (unsigned i = 0; i < g->count; i++)
		if (counts(t, i) && t->view[i].class == t->class) {
			add(to, size, "%s %s", done == 0 ? "" :
			    done + 1 == seers ? " and" : ",",
			    g->members[i]->row->name);
			done++;
		}
	for (unsigned i = 0; i < g->count; i++)
		if (counts(t, i) && t->view[i].class != t->class &&
		    t->view[i].at > t->since)
			add(to, size, "; %s sees it %s",
			    g->members[i]->row->name, t->view[i].word);
	add(to, size, ")");
}

/* ---- what surrounds an event */

static bool
same_proxy(const struct wt_target *a, const struct wt_target *b)
{
	return text_same(wt_target_proxy(a), wt_target_proxy(b));
}

static bool
is_sibling(const struct wt_target *a, const struct wt_target *b)
{
	return a->type == WT_SERVER && b->type == WT_SERVER &&
	    a->class != WT_CLASS_NONE && same_proxy(a, b);
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
describe_siblings(const struct wt_target *t, struct draft *d)
{
	unsigned up = 0, all = 0, shown = 0;
	const struct wt_target *o;
	char name[WT_WORDS_NAME + 4], list[LINE] = "";

	if (t->type != WT_SERVER || t->group->kind != WT_BALANCER)
		return;
	TAILQ_FOREACH(o, &t->group->targets, link) {
		if (!is_sibling(o, t))
			continue;
		all++;
		up += wt_class_serves((enum wt_class)o->class);
		if (o == t || ++shown > SIBLINGS_MOST)
			continue;
		wt_words_name(text_of(wt_target_server(o)), name);
		ADD(list, "%s%s %s (%u%s)", shown == 1 ? "" : ", ", name,
		    wt_class_word((enum wt_class)o->class), sessions(o),
		    shown == 1 ? " sessions" : "");
		ADD(d->siblings, "%s %s %u\n", name,
		    wt_class_name((enum wt_class)o->class), sessions(o));
	}
	if (all < 2)
		return;
	if (shown > SIBLINGS_MOST)
		ADD(list, " and %u more", shown - SIBLINGS_MOST);
	ADD(d->facts, "\n%u of %u servers %s: %s", up, all,
	    t->class == WT_CLASS_DOWN ? "left" : "up", list);
}

static void
put_cell(char *to, size_t size, struct text cell, const char *between)
{
	char name[WT_WORDS_NAME + 4];

	if (cell.len > 0)
		add(to, size, "%s%s", to[0] == '\0' ? "" : between,
		    wt_words_name(cell, name));
}

/* What the page says of the check: "L4CON Connection refused". */
static void
describe_row(struct turn *turn, struct wt_target *t, struct draft *d)
{
	struct wt_view *v = view_of(t, turn->source);
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

/* What is not of the page: who, where, when. */
static void
begin_draft(struct turn *turn, struct wt_target *t, enum wt_kind kind,
    struct draft *d)
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
	d->e.new = view_of(t, turn->source)->word;
	d->e.since = t->since_wall;
}

static void
finish_draft(struct turn *turn, struct draft *d)
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

/* Of a target, with all that is known; words are filled in already. */
static void
tell_target(struct turn *turn, struct wt_target *t, struct draft *d)
{
	char clock[WT_WORDS];

	describe_row(turn, t, d);
	add_seers(t, d->words, sizeof d->words);
	ADD(d->facts, "%s/%s on %s", d->proxy, d->server,
	    turn->source->row->name);
	if (d->check[0] != '\0' && t->type != WT_BACKEND)
		ADD(d->facts, " · %s", d->check);
	ADD(d->facts, " · since %s UTC", wt_words_clock(t->since_wall,
	    clock));
	describe_siblings(t, d);
	finish_draft(turn, d);
}

/* ---- telling of one target */

static const char *
subject(const struct wt_target *t, const struct draft *d)
{
	return t->type == WT_BACKEND || t->type == WT_FRONTEND ? d->proxy :
	    d->server;
}

static enum wt_kind
down_kind(const struct wt_target *t)
{
	return t->group->kind == WT_POOLER ? WT_POOL_DOWN :
	    t->type == WT_BACKEND ? WT_BACKEND_DOWN : WT_DOWN;
}

static enum wt_kind
up_kind(const struct wt_target *t)
{
	return t->group->kind == WT_POOLER ? WT_POOL_UP :
	    t->type == WT_BACKEND ? WT_BACKEND_UP : WT_UP;
}

static void
tell_down(struct turn *turn, struct wt_target *t, bool initial, bool repeat)
{
	int64_t now = turn->c->now.mono;
	struct draft d;
	char span[WT_WORDS];

	begin_draft(turn, t, down_kind(t), &d);
	d.e.initial = initial;
	d.e.repeat = repeat;
	d.e.is_problem = true;
	ADD(d.words, "%s%s is %sDOWN", initial ? "at start: " : "",
	    subject(t, &d), repeat ? "still " : "");
	if (t->group->kind == WT_VRRP) {
		d.words[0] = '\0';
		ADD(d.words, "%s is %sin FAULT on %s", d.server,
		    repeat ? "still " : "", turn->source->row->name);
	}
	if (repeat) {
		ADD(d.words, ", for %s", wt_words_span(now - t->since, span));
		d.e.since = turn->c->now.wall;
	}
	t->told_at = now;
	if (!repeat)
		t->down_at = t->since;
	t->owes_up = true;
	tell_target(turn, t, &d);
}

static void
tell_up(struct turn *turn, struct wt_target *t)
{
	char span[WT_WORDS], from[WT_WORDS], to[WT_WORDS];
	struct draft d;

	begin_draft(turn, t, up_kind(t), &d);
	d.e.ends_problem = true;
	d.e.duration = t->since > t->down_at ? t->since - t->down_at : 0;
	ADD(d.words, "%s is back%s", subject(t, &d),
	    t->class == WT_CLASS_DRAIN ? ", draining" :
	    t->class == WT_CLASS_NOLB ? " UP, soft stop" : " UP");
	if (t->group->kind == WT_VRRP) {
		d.words[0] = '\0';
		ADD(d.words, "%s is back: %s is %s", turn->source->row->name,
		    d.server, d.e.new);
	}
	ADD(d.facts, "was down %s (%s\xe2\x80\x93%s UTC)\n",
	    wt_words_span(d.e.duration, span),
	    wt_words_clock(t->since_wall - d.e.duration, from),
	    wt_words_clock(t->since_wall, to));
	t->owes_up = false;
	tell_target(turn, t, &d);
}

static void __attribute__((format(printf, 4, 5)))
tell_plain(struct turn *turn, struct wt_target *t, enum wt_kind kind,
    const char *fmt, ...)
{
	struct draft d;
	va_list ap;

	begin_draft(turn, t, kind, &d);
	ADD(d.words, "%s ", subject(t, &d));
	va_start(ap, fmt);
	vsnprintf(d.words + strlen(d.words), sizeof d.words - strlen(d.words),
	    fmt, ap);
	va_end(ap);
	tell_target(turn, t, &d);
}

/* From anything to a class that is not DOWN. */
static void
tell_other(struct turn *turn, struct wt_target *t)
{
	enum wt_class was = (enum wt_class)t->told;

	if (t->class == WT_CLASS_MAINT) {
		tell_plain(turn, t, WT_MAINT, was == WT_CLASS_DOWN ?
		    "is DOWN, now in maintenance" : "is in maintenance");
		return;
	}
	if (t->owes_up)
		tell_up(turn, t);
	else if (was == WT_CLASS_MAINT)
		tell_plain(turn, t, WT_MAINT_END, "is out of maintenance, %s",
		    t->class == WT_CLASS_DRAIN ? "draining" : "UP");
	else if (t->class == WT_CLASS_DRAIN)
		tell_plain(turn, t, WT_DRAIN, "is draining");
	else if (was == WT_CLASS_DRAIN)
		tell_plain(turn, t, WT_DRAIN_END, "drains no longer");
	else if (t->class == WT_CLASS_FULL)
		tell_plain(turn, t, WT_FULL, "is FULL");
	else if (t->class == WT_CLASS_WAIT)
		tell_plain(turn, t, WT_POOL_WAIT, "has clients that wait");
	else if (was == WT_CLASS_WAIT)
		tell_plain(turn, t, WT_POOL_UP, "has no clients that wait");
}

/* ---- flapping */

/* One more change; true: it is the one too many. */
static bool
add_flap(struct wt_change *c, struct wt_target *t)
{
	unsigned kept = 0;

	if (t->flap == NULL)
		t->flap = mem_zero(WT_FLAPS * sizeof *t->flap);
	if (t->flap == NULL)
		return false;
	for (unsigned i = 0; i < t->flaps; i++)
		if (c->now.mono - t->flap[i] < c->set->flap_window)
			t->flap[kept++] = t->flap[i];
	if (kept == WT_FLAPS)
		memmove(t->flap, t->flap + 1, --kept * sizeof *t->flap);
	t->flap[kept++] = c->now.mono;
	t->flaps = (uint8_t)kept;
	return kept >= (unsigned)c->set->flap_changes;
}

static void
begin_flapping(struct turn *turn, struct wt_target *t)
{
	char span[WT_WORDS];

	t->flapping = true;
	tell_plain(turn, t, WT_FLAPPING, "is flapping: %u changes in %s; "
	    "silent until it is steady", t->flaps,
	    wt_words_span(turn->c->set->flap_window, span));
}

/* It is silent until nothing has changed for a whole window. */
static void
end_flapping(struct turn *turn, struct wt_target *t)
{
	int64_t last = t->flaps > 0 ? t->flap[t->flaps - 1] : 0;
	int64_t window = turn->c->set->flap_window;

	if (turn->c->now.mono - last < window ||
	    turn->c->now.mono - t->since < window)
		return;
	t->flapping = false;
	t->flaps = 0;
	tell_plain(turn, t, WT_FLAPPING_END, "is steady again: %s",
	    wt_class_word((enum wt_class)t->class));
	t->owes_up = t->class == WT_CLASS_DOWN;
	if (t->owes_up) {
		t->told_at = turn->c->now.mono;
		t->down_at = t->since;
	}
	t->told = t->class;
}

/* ---- what is told against what is */

static bool
crosses(const struct wt_target *t)
{
	return t->class == WT_CLASS_DOWN ||
	    (t->owes_up && t->class != WT_CLASS_MAINT);
}

static void
tell_first(struct turn *turn, struct wt_target *t)
{
	if (t->known)
		tell_plain(turn, t, WT_ADDED, "is new: %s",
		    view_of(t, turn->source)->word);
	if (t->class == WT_CLASS_DOWN && (t->known ||
	    turn->c->set->initial_alert))
		tell_down(turn, t, !t->known, false);
	else if (t->class == WT_CLASS_DOWN)
		t->owes_up = true;
}

static void
repeat_down(struct turn *turn, struct wt_target *t)
{
	int64_t every = turn->c->set->repeat;

	if (t->class == WT_CLASS_DOWN && every > 0 &&
	    turn->c->now.mono - t->told_at >= every)
		tell_down(turn, t, false, true);
}

static void
settle(struct turn *turn, struct wt_target *t)
{
	struct wt_change *c = turn->c;

	if (t->class == WT_CLASS_NONE)
		return;
	if (c->quiet != NULL && c->quiet(c->arg, t, turn->source)) {
		/* What is well at first sight needs no telling later. */
		if (t->told == WT_CLASS_NONE && t->class != WT_CLASS_DOWN)
			t->told = t->class;
		return;
	}
	if (t->flapping)
		end_flapping(turn, t);
	else if (t->told == t->class)
		repeat_down(turn, t);
	else {
		if (t->told == WT_CLASS_NONE)
			tell_first(turn, t);
		else if (crosses(t) && add_flap(c, t))
			begin_flapping(turn, t);
		else if (t->class == WT_CLASS_DOWN)
			tell_down(turn, t, false, false);
		else
			tell_other(turn, t);
		t->told = t->class;
		c->dirty = true;
	}
}

/* ---- the class of a target, from the views on it */

static enum wt_class
class_of_views(const struct wt_target *t)
{
	enum wt_class best = WT_CLASS_DOWN;
	unsigned down = 0, all = 0;
	enum wt_quorum quorum = t->group->quorum;

	for (unsigned i = 0; i < t->group->count; i++) {
		if (!counts(t, i))
			continue;
		all++;
		if (t->view[i].class == WT_CLASS_DOWN)
			down++;
		else if (t->view[i].class < best)
			best = (enum wt_class)t->view[i].class;
	}
	if (all == 0)
		return (enum wt_class)t->class;
	if (down == all || (down > 0 && quorum == WT_ANY) ||
	    (2 * down > all && quorum == WT_MAJORITY))
		return WT_CLASS_DOWN;
	return best;
}

/* A class is believed when enough polls in a row have shown it. */
static void
reclass(struct turn *turn, struct wt_target *t)
{
	enum wt_class fresh = class_of_views(t);
	const struct wt_view *v = view_of(t, turn->source);
	int64_t ago;

	if (fresh == t->class) {
		t->seen = (uint8_t)fresh;
		return;
	}
	t->seen_polls = t->seen == fresh ? (uint8_t)(t->seen_polls + 1) : 1;
	t->seen = (uint8_t)fresh;
	if (t->seen_polls < turn->c->set->confirm &&
	    t->class != WT_CLASS_NONE)
		return;
	t->fell = wt_class_serves((enum wt_class)t->class) &&
	    !wt_class_serves(fresh);
	ago = v->class == fresh ? (int64_t)v->lastchg * CLOCK_SECOND : 0;
	t->class = (uint8_t)fresh;
	t->since = turn->c->now.mono - ago;
	t->since_wall = turn->c->now.wall - ago;
	if (t->flapping)
		add_flap(turn->c, t);
	turn->moved = turn->c->dirty = true;
}

/* ---- rows into views */

static uint32_t
number(struct text cell)
{
	uint64_t n;

	return !wt_page_number(cell, &n) ? 0 : n > UINT32_MAX ? UINT32_MAX :
	    (uint32_t)n;
}

/* It fell and came back between two polls that both saw it up. */
static void
look_for_blip(struct turn *turn, struct wt_target *t,
    const struct wt_view *was, const struct wt_view *v)
{
	int64_t gap = turn->c->now.mono - was->at + 2 * CLOCK_SECOND;
	char span[WT_WORDS];
	struct draft d;

	if (turn->rebased || !was->counted || v->chkdown <= was->chkdown ||
	    v->downtime < was->downtime || t->flapping ||
	    !wt_class_serves((enum wt_class)was->class) ||
	    !wt_class_serves((enum wt_class)v->class) ||
	    t->told == WT_CLASS_NONE || t->told == WT_CLASS_DOWN ||
	    (int64_t)v->lastchg * CLOCK_SECOND > gap)
		return;
	if (turn->c->quiet != NULL &&
	    turn->c->quiet(turn->c->arg, t, turn->source))
		return;
	if (add_flap(turn->c, t)) {
		begin_flapping(turn, t);
		return;
	}
	begin_draft(turn, t, WT_BLIP, &d);
	d.e.duration = (int64_t)(v->downtime - was->downtime) * CLOCK_SECOND;
	d.e.since = turn->c->now.wall - (int64_t)v->lastchg * CLOCK_SECOND;
	ADD(d.words, "%s was DOWN for %s and is UP again", subject(t, &d),
	    wt_words_span(d.e.duration, span));
	tell_target(turn, t, &d);
}

static void
look_for_going(struct turn *turn, struct wt_target *t,
    const struct wt_view *was, const struct wt_view *v)
{
	if (turn->c->quiet != NULL &&
	    turn->c->quiet(turn->c->arg, t, turn->source))
		return;
	if (turn->c->set->warn_transitional && was->word != NULL &&
	    was->class == v->class && !wt_class_is_going(text_of(was->word)) &&
	    wt_class_is_going(text_of(v->word)))
		tell_plain(turn, t, WT_GOING, "is %s: a check failed",
		    v->word);
}

static void
take_view(struct turn *turn, struct wt_target *t, const struct wt_row *row,
    unsigned place)
{
	struct wt_view *v = view_of(t, turn->source), was = *v;
	struct text status = row->cell[WT_STATUS];

	if (wt_class_is_strange(status) && !turn->c->state->strange_logged) {
		turn->c->state->strange_logged = true;
		log_warning("unknown status word: %.*s", (int)(status.len >
		    WT_WORD ? WT_WORD : status.len), status.at);
	}
	v->word = wt_state_word(turn->c->state, status);
	v->class = (uint8_t)wt_class_of(status);
	v->row = place + 1;
	v->missed = 0;
	v->chkdown = number(row->cell[WT_CHKDOWN]);
	v->downtime = number(row->cell[WT_DOWNTIME]);
	v->lastchg = number(row->cell[WT_LASTCHG]);
	v->scur = number(row->cell[WT_SCUR]);
	v->at = turn->c->now.mono;
	v->counted = row->cell[WT_CHKDOWN].len > 0;
	if (v->chkdown != was.chkdown)
		turn->c->dirty = true;
	look_for_blip(turn, t, &was, v);
	look_for_going(turn, t, &was, v);
}

/* What the old loop's file said of it, by name. */
static enum wt_class
take_remembered(struct wt_state *s, const struct wt_target *t)
{
	const char *class = map_find(s->remembered, text_of(t->key));

	if (class == NULL)
		class = map_find(s->remembered, text_of(wt_target_server(t)));
	return class == NULL ? WT_CLASS_NONE : wt_class_of(text_of(class));
}

static struct wt_target *
new_target(struct turn *turn, const struct wt_row *row)
{
	struct wt_state *s = turn->c->state;
	struct wt_group *g = turn->source->group;
	struct wt_target *t = wt_target_add(s, g, row->cell[WT_PXNAME],
	    row->cell[WT_SVNAME]);
	enum wt_class known;

	if (t == NULL)
		return NULL;
	known = take_remembered(s, t);
	if (known != WT_CLASS_NONE) {
		t->told = t->class = (uint8_t)known;
		t->owes_up = known == WT_CLASS_DOWN;
		t->since = t->down_at = t->told_at = turn->c->now.mono;
		t->since_wall = turn->c->now.wall;
	}
	t->known = g->whole;
	turn->c->dirty = true;
	return t;
}

static bool
is_wanted(const struct wt_source *s, const struct wt_row *row)
{
	const struct wt_source_row *r = s->row;
	char key[2 * WT_PAGE_NAME + 2];
	struct text proxy = row->cell[WT_PXNAME], server = row->cell[WT_SVNAME];

	if ((row->type == WT_FRONTEND && !r->frontends) ||
	    (row->type == WT_BACKEND && !r->backends) ||
	    row->type == WT_LISTENER)
		return false;
	if (r->in.count == 1 && strcmp(r->in.at[0], "*/*") == 0 &&
	    r->out.count == 0)
		return true;
	snprintf(key, sizeof key, "%.*s/%.*s", TEXT_ARG(proxy),
	    TEXT_ARG(server));
	return wt_config_fits(&r->in, key, key + proxy.len + 1) &&
	    !wt_config_fits(&r->out, key, key + proxy.len + 1);
}

static void
take_rows(struct turn *turn)
{
	struct wt_group *g = turn->source->group;
	struct wt_target *t;
	struct wt_row row;

	TAILQ_FOREACH(t, &g->targets, link)
		view_of(t, turn->source)->row = 0;
	for (unsigned i = 0; i < turn->page->rows; i++) {
		wt_page_row(turn->page, i, &row);
		if (!is_wanted(turn->source, &row))
			continue;
		t = wt_target_find(g, row.cell[WT_PXNAME],
		    row.cell[WT_SVNAME]);
		if (t == NULL)
			t = new_target(turn, &row);
		if (t == NULL)
			continue;	/* no memory: the next page */
		if (view_of(t, turn->source)->row != 0)
			continue;	/* a name that stands twice */
		t->type = (uint8_t)row.type;
		t->order = i;
		take_view(turn, t, &row, i);
		TAILQ_REMOVE(&g->targets, t, link);
		TAILQ_INSERT_TAIL(&g->targets, t, link);
	}
}

/* ---- who is missing */

static bool
is_gone(const struct turn *turn, const struct wt_target *t)
{
	for (unsigned i = 0; i < t->group->count; i++)
		if ((t->view[i].word != NULL || !t->group->members[i]->
		    answered) && t->view[i].missed <
		    turn->c->set->remove_after)
			return false;
	return true;
}

static void
tell_all_gone(struct turn *turn, unsigned count)
{
	struct draft d;

	begin_draft(turn, NULL, WT_REMOVED, &d);
	ADD(d.words, "all %u servers of %s are gone from its statistics",
	    count, turn->source->row->name);
	finish_draft(turn, &d);
}

static void
drop_missing(struct turn *turn)
{
	struct wt_group *g = turn->source->group;
	struct wt_target *t, *next;
	unsigned gone = 0, left = 0;

	TAILQ_FOREACH(t, &g->targets, link) {
		struct wt_view *v = view_of(t, turn->source);

		if (v->row == 0 && v->missed < UINT8_MAX)
			v->missed++;
		if (is_gone(turn, t))
			gone++;
		else
			left++;
	}
	if (gone == 0)
		return;
	if (left == 0 && gone > 1)
		tell_all_gone(turn, gone);
	for (t = TAILQ_FIRST(&g->targets); t != NULL; t = next) {
		next = TAILQ_NEXT(t, link);
		if (!is_gone(turn, t))
			continue;
		if (left > 0 || gone == 1)
			tell_plain(turn, t, WT_REMOVED,
			    "is gone from the statistics (last known: %s)",
			    wt_class_word((enum wt_class)t->class));
		wt_target_free(turn->c->state, &t);
		turn->c->dirty = turn->moved = true;
	}
}

/* ---- the last server of a backend */

static void
mark_last(struct turn *turn, struct wt_target *from, struct wt_target *end,
    bool may_tell)
{
	struct wt_target *t, *last = NULL;
	unsigned up = 0, all = 0;
	bool told, fell = false;

	for (t = from; t != end; t = TAILQ_NEXT(t, link)) {
		if (t->type != WT_SERVER || t->class == WT_CLASS_NONE)
			continue;
		all++;
		fell |= t->fell;
		t->fell = false;
		if (wt_class_serves((enum wt_class)t->class)) {
			up++;
			last = t;
		}
	}
	for (t = from; t != end; t = TAILQ_NEXT(t, link)) {
		told = t->last_told;
		t->last_told = up == 1 && all > 1 && t == last;
		if (!t->last_told || told || !may_tell || !fell ||
		    (turn->c->quiet != NULL && turn->c->quiet(turn->c->arg, t,
		    turn->source)))
			continue;
		tell_plain(turn, t, WT_LAST_SERVER,
		    "is the last server of %.*s that is up",
		    TEXT_ARG(wt_target_proxy(t)));
	}
}

static void
look_for_last(struct turn *turn, bool may_tell)
{
	struct wt_target *t, *from = NULL;

	if (turn->source->group->kind != WT_BALANCER)
		return;
	TAILQ_FOREACH(t, &turn->source->group->targets, link) {
		if (from != NULL && same_proxy(from, t))
			continue;
		if (from != NULL)
			mark_last(turn, from, t, may_tell);
		from = t;
	}
	if (from != NULL)
		mark_last(turn, from, NULL, may_tell);
}

/* ---- VRRP: who is master */

static void
tell_move(struct turn *turn, struct wt_target *t, int from, int to)
{
	struct wt_source **m = t->group->members;
	struct draft d;

	begin_draft(turn, t, WT_VIP_MOVED, &d);
	d.e.since = turn->c->now.wall;
	if (from >= 0)
		ADD(d.words, "VIP moved from %s to %s", m[from]->row->name,
		    m[to]->row->name);
	else
		ADD(d.words, "VIP is on %s", m[to]->row->name);
	describe_row(turn, t, &d);
	ADD(d.facts, "instance %s%s%s", d.server, d.address[0] == '\0' ? "" :
	    " · ", d.address);
	finish_draft(turn, &d);
}

static void
tell_split(struct turn *turn, struct wt_target *t, bool begins)
{
	struct draft d;

	begin_draft(turn, t, begins ? WT_SPLIT : WT_SPLIT_END, &d);
	d.e.since = turn->c->now.wall;
	d.e.is_problem = begins;
	d.e.ends_problem = !begins;
	ADD(d.words, begins ? "%s has two masters" :
	    "%s has one master again", d.server);
	for (unsigned i = 0; i < t->group->count; i++)
		if (counts(t, i))
			ADD(d.facts, "%s%s: %s", i == 0 ? "" : ", ",
			    t->group->members[i]->row->name, t->view[i].word);
	finish_draft(turn, &d);
}

/* Samples of two nodes are not of one time: a split must last. */
static void
judge_masters(struct turn *turn, struct wt_target *t)
{
	int master = -1;
	unsigned count = 0;
	bool certain = false;

	for (unsigned i = 0; i < t->group->count; i++) {
		struct text word = text_of(t->view[i].word);

		if (!counts(t, i) || !text_begins(word, "MASTER"))
			continue;
		certain |= text_is(word, "MASTER (split)");
		master = (int)i;
		count++;
	}
	if (count > 1 || certain) {
		if (t->split <= t->group->count)
			t->split++;
		if (certain)
			t->split = (uint8_t)(t->group->count + 1);
	} else if (t->split > 0) {
		if (t->split == UINT8_MAX)
			tell_split(turn, t, false);
		t->split = 0;
	}
	if (t->split == t->group->count + 1) {
		tell_split(turn, t, true);
		t->split = UINT8_MAX;
	}
	if (count != 1 || master == t->master)
		return;
	if (t->master >= 0 || t->known)
		tell_move(turn, t, t->master, master);
	t->master = (int8_t)master;
	turn->c->dirty = true;
}

static void
look_for_masters(struct turn *turn)
{
	struct wt_target *t;

	if (turn->source->group->kind != WT_VRRP)
		return;
	TAILQ_FOREACH(t, &turn->source->group->targets, link)
		judge_masters(turn, t);
}

/* ---- the source itself */

/* Another balancer behind the address, or the same one started anew. */
static void
look_for_move(struct turn *turn, const struct wt_answerer *a)
{
	struct wt_source *s = turn->source;
	uint64_t stot = 0, n;
	struct wt_row row;
	struct draft d;

	for (unsigned i = 0; i < turn->page->rows; i++) {
		wt_page_row(turn->page, i, &row);
		if (row.type == WT_FRONTEND &&
		    wt_page_number(row.cell[WT_STOT], &n))
			stot += n;
	}
	turn->rebased = s->rebase || stot < s->stot || (s->pid != 0 &&
	    a->pid != 0 && (a->pid != s->pid || a->uptime < s->uptime));
	s->rebase = false;
	s->stot = stot;
	s->pid = a->pid;
	s->uptime = a->uptime;
	if (a->node[0] == '\0' || strcmp(a->node, s->node) == 0)
		return;
	if (s->node[0] != '\0') {
		turn->rebased = true;
		begin_draft(turn, NULL, WT_VIP_MOVED, &d);
		ADD(d.words, "VIP moved from %s to %s", s->node, a->node);
		ADD(d.facts, "%s is answered by %s now", s->row->name,
		    a->node);
		finish_draft(turn, &d);
	}
	snprintf(s->node, sizeof s->node, "%s", a->node);
	turn->c->dirty = true;
}

static void
tell_source_up(struct turn *turn)
{
	struct wt_source *s = turn->source;
	char span[WT_WORDS];
	struct draft d;

	if (s->told_down || s->group->told_gone) {
		begin_draft(turn, NULL, WT_SOURCE_UP, &d);
		d.e.ends_problem = true;
		d.e.duration = turn->c->now.mono - s->since;
		ADD(d.words, "%s is back: it answers again", s->row->name);
		ADD(d.facts, "was silent for %s", wt_words_span(d.e.duration,
		    span));
		finish_draft(turn, &d);
	}
	s->told_down = s->group->told_gone = false;
}

/* "; last known: pgb1 UP, pgb2 UP, pgb3 DOWN" */
static void
add_last_known(const struct wt_group *g, char *to, size_t size)
{
	const struct wt_target *t;
	char name[WT_WORDS_NAME + 4];
	unsigned n = 0;

	TAILQ_FOREACH(t, &g->targets, link) {
		if (++n > SIBLINGS_MOST)
			continue;
		add(to, size, "%s%s %s", n == 1 ? "last known: " : ", ",
		    wt_words_name(text_of(t->type == WT_BACKEND ? t->key :
		    wt_target_server(t)), name),
		    wt_class_word((enum wt_class)t->class));
	}
	if (n > SIBLINGS_MOST)
		add(to, size, " and %u more", n - SIBLINGS_MOST);
}

static const char *
source_noun(const struct wt_source *s)
{
	static const char *const nouns[] = { [WT_BALANCER] = "balancer",
	    [WT_POOLER] = "pooler", [WT_VRRP] = "VRRP node" };

	return nouns[s->row->kind];
}

static void
tell_source_down(struct turn *turn, bool all)
{
	struct wt_source *s = turn->source;
	struct draft d;

	begin_draft(turn, NULL, WT_SOURCE_DOWN, &d);
	d.e.is_problem = true;
	d.e.since = s->since_wall;
	if (!all)
		d.e.severity = WT_WARNING;
	if (all && s->group->count > 1) {
		ADD(d.words, "no source of group %s answers:",
		    s->group->name);
		for (unsigned i = 0; i < s->group->count; i++)
			ADD(d.words, "%s %s", i == 0 ? "" : ",",
			    s->group->members[i]->row->name);
	} else
		ADD(d.words, "%s %s does not answer", source_noun(s),
		    s->row->name);
	ADD(d.facts, "%s\n", s->reason);
	add_last_known(s->group, d.facts, sizeof d.facts);
	finish_draft(turn, &d);
}

/* All of the group, some of it, or may the others still fail? */
static void
judge_silence(struct turn *turn)
{
	struct wt_source *s = turn->source;
	struct wt_group *g = s->group;
	unsigned stale = 0, failing = 0;

	for (unsigned i = 0; i < g->count; i++) {
		stale += g->members[i]->stale;
		failing += g->members[i]->failed > 0;
	}
	if (g->told_gone)
		return;
	if (stale == g->count) {
		tell_source_down(turn, true);
		g->told_gone = true;
		for (unsigned i = 0; i < g->count; i++)
			g->members[i]->told_down = true;
	} else if (failing < g->count && !s->told_down) {
		tell_source_down(turn, false);
		s->told_down = true;
	}
}

static void
settle_all(struct turn *turn)
{
	struct wt_target *t;

	TAILQ_FOREACH(t, &turn->source->group->targets, link) {
		reclass(turn, t);
		settle(turn, t);
	}
}

void
wt_change_page(struct wt_change *c, struct wt_source *s,
    struct wt_page *page, const struct wt_answerer *a)
{
	struct turn turn = { .c = c, .source = s, .page = page };
	bool first = !s->group->whole;

	if (!s->answered || s->failed > 0)
		c->dirty = true;
	tell_source_up(&turn);
	s->failed = 0;
	s->stale = false;
	s->last_good = c->now.mono;
	s->last_good_wall = c->now.wall;
	look_for_move(&turn, a);
	take_rows(&turn);
	s->answered = true;
	drop_missing(&turn);
	settle_all(&turn);
	if (turn.moved)
		look_for_last(&turn, !first);
	look_for_masters(&turn);
	s->group->whole = true;
}

void
wt_change_failed(struct wt_change *c, struct wt_source *s,
    const char *reason)
{
	struct turn turn = { .c = c, .source = s };

	snprintf(s->reason, sizeof s->reason, "%s", reason);
	if (s->failed++ == 0) {
		s->since = c->now.mono;
		s->since_wall = c->now.wall;
	}
	if (s->failed < (unsigned)c->set->source_fail_after)
		return;
	if (!s->stale)
		c->dirty = true;
	s->stale = true;
	judge_silence(&turn);
	settle_all(&turn);
}
