/* SPDX-License-Identifier: ISC */
/* change.c - from pages to events; see change.h. Pure; loop 0. */
#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "watch/change.h"
#include "watch/draft.h"
#include "watch/words.h"

/* ---- telling of one target */

static const char *
subject(const struct wt_target *t, const struct wt_draft *d)
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
tell_down(struct wt_turn *turn, struct wt_target *t, bool initial, bool repeat)
{
	int64_t now = turn->c->now.mono;
	struct wt_draft d;
	char span[WT_WORDS];

	wt_draft_begin(turn, t, down_kind(t), &d);
	d.e.initial = initial;
	d.e.repeat = repeat;
	d.e.is_problem = true;
	WT_ADD(d.words, "%s%s is %sDOWN", initial ? "at start: " : "",
	    subject(t, &d), repeat ? "still " : "");
	if (t->group->kind == WT_VRRP) {
		d.words[0] = '\0';
		WT_ADD(d.words, "%s is %sin FAULT on %s", d.server,
		    repeat ? "still " : "", turn->source->row->name);
	}
	if (repeat) {
		WT_ADD(d.words, ", for %s", wt_words_span(now - t->since,
		    span));
		d.e.since = turn->c->now.wall;
	}
	t->told_at = now;
	if (!repeat)
		t->down_at = t->since;
	t->owes_up = true;
	wt_draft_tell(turn, t, &d);
}

static void
tell_up(struct wt_turn *turn, struct wt_target *t)
{
	char span[WT_WORDS], from[WT_WORDS], to[WT_WORDS];
	struct wt_draft d;

	wt_draft_begin(turn, t, up_kind(t), &d);
	d.e.ends_problem = true;
	d.e.duration = t->since > t->down_at ? t->since - t->down_at : 0;
	WT_ADD(d.words, "%s is back%s", subject(t, &d),
	    t->class == WT_CLASS_DRAIN ? ", draining" :
	    t->class == WT_CLASS_NOLB ? " UP, soft stop" : " UP");
	if (t->group->kind == WT_VRRP) {
		d.words[0] = '\0';
		WT_ADD(d.words, "%s is back: %s is %s", turn->source->row->name,
		    d.server, d.e.new);
	}
	WT_ADD(d.facts, "was down %s (%s\xe2\x80\x93%s UTC)\n",
	    wt_words_span(d.e.duration, span),
	    wt_words_clock(t->since_wall - d.e.duration, from),
	    wt_words_clock(t->since_wall, to));
	t->owes_up = false;
	wt_draft_tell(turn, t, &d);
}

static void __attribute__((format(printf, 4, 5)))
tell_plain(struct wt_turn *turn, struct wt_target *t, enum wt_kind kind,
    const char *fmt, ...)
{
	struct wt_draft d;
	va_list ap;

	wt_draft_begin(turn, t, kind, &d);
	WT_ADD(d.words, "%s ", subject(t, &d));
	va_start(ap, fmt);
	vsnprintf(d.words + strlen(d.words), sizeof d.words - strlen(d.words),
	    fmt, ap);
	va_end(ap);
	wt_draft_tell(turn, t, &d);
}

/* From anything to a class that is not DOWN. */
static void
tell_other(struct wt_turn *turn, struct wt_target *t)
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
begin_flapping(struct wt_turn *turn, struct wt_target *t)
{
	char span[WT_WORDS];

	t->flapping = true;
	tell_plain(turn, t, WT_FLAPPING, "is flapping: %u changes in %s; "
	    "silent until it is steady", t->flaps,
	    wt_words_span(turn->c->set->flap_window, span));
}

/* It is silent until nothing has changed for a whole window. */
static void
end_flapping(struct wt_turn *turn, struct wt_target *t)
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
tell_first(struct wt_turn *turn, struct wt_target *t)
{
	if (t->known)
		tell_plain(turn, t, WT_ADDED, "is new: %s",
		    wt_target_view(t, turn->source)->word);
	if (t->class == WT_CLASS_DOWN && (t->known ||
	    turn->c->set->initial_alert))
		tell_down(turn, t, !t->known, false);
	else if (t->class == WT_CLASS_DOWN)
		t->owes_up = true;
}

static void
repeat_down(struct wt_turn *turn, struct wt_target *t)
{
	int64_t every = turn->c->set->repeat;

	if (t->class == WT_CLASS_DOWN && every > 0 &&
	    turn->c->now.mono - t->told_at >= every)
		tell_down(turn, t, false, true);
}

static void
settle(struct wt_turn *turn, struct wt_target *t)
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
		if (!wt_target_counts(t, i))
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
reclass(struct wt_turn *turn, struct wt_target *t)
{
	enum wt_class fresh = class_of_views(t);
	const struct wt_view *v = wt_target_view(t, turn->source);
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
look_for_blip(struct wt_turn *turn, struct wt_target *t,
    const struct wt_view *was, const struct wt_view *v)
{
	int64_t gap = turn->c->now.mono - was->at + 2 * CLOCK_SECOND;
	char span[WT_WORDS];
	struct wt_draft d;

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
	wt_draft_begin(turn, t, WT_BLIP, &d);
	d.e.duration = (int64_t)(v->downtime - was->downtime) * CLOCK_SECOND;
	d.e.since = turn->c->now.wall - (int64_t)v->lastchg * CLOCK_SECOND;
	WT_ADD(d.words, "%s was DOWN for %s and is UP again", subject(t, &d),
	    wt_words_span(d.e.duration, span));
	wt_draft_tell(turn, t, &d);
}

static void
look_for_going(struct wt_turn *turn, struct wt_target *t,
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
take_view(struct wt_turn *turn, struct wt_target *t, const struct wt_row *row,
    unsigned place)
{
	struct wt_view *v = wt_target_view(t, turn->source), was = *v;
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
new_target(struct wt_turn *turn, const struct wt_row *row)
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
take_rows(struct wt_turn *turn)
{
	struct wt_group *g = turn->source->group;
	struct wt_target *t;
	struct wt_row row;

	TAILQ_FOREACH(t, &g->targets, link)
		wt_target_view(t, turn->source)->row = 0;
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
		if (wt_target_view(t, turn->source)->row != 0)
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
is_gone(const struct wt_turn *turn, const struct wt_target *t)
{
	for (unsigned i = 0; i < t->group->count; i++)
		if ((t->view[i].word != NULL || !t->group->members[i]->
		    answered) && t->view[i].missed <
		    turn->c->set->remove_after)
			return false;
	return true;
}

static void
tell_all_gone(struct wt_turn *turn, unsigned count)
{
	struct wt_draft d;

	wt_draft_begin(turn, NULL, WT_REMOVED, &d);
	WT_ADD(d.words, "all %u servers of %s are gone from its statistics",
	    count, turn->source->row->name);
	wt_draft_end(turn, &d);
}

static void
drop_missing(struct wt_turn *turn)
{
	struct wt_group *g = turn->source->group;
	struct wt_target *t, *next;
	unsigned gone = 0, left = 0;

	TAILQ_FOREACH(t, &g->targets, link) {
		struct wt_view *v = wt_target_view(t, turn->source);

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
mark_last(struct wt_turn *turn, struct wt_target *from, struct wt_target *end,
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
look_for_last(struct wt_turn *turn, bool may_tell)
{
	struct wt_target *t, *from = NULL;

	if (turn->source->group->kind != WT_BALANCER)
		return;
	TAILQ_FOREACH(t, &turn->source->group->targets, link) {
		if (from != NULL && wt_target_beside(from, t))
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
tell_move(struct wt_turn *turn, struct wt_target *t, int from, int to)
{
	struct wt_source **m = t->group->members;
	struct wt_draft d;

	wt_draft_begin(turn, t, WT_VIP_MOVED, &d);
	d.e.since = turn->c->now.wall;
	if (from >= 0)
		WT_ADD(d.words, "VIP moved from %s to %s", m[from]->row->name,
		    m[to]->row->name);
	else
		WT_ADD(d.words, "VIP is on %s", m[to]->row->name);
	wt_draft_row(turn, t, &d);
	WT_ADD(d.facts, "instance %s%s%s", d.server, d.address[0] == '\0' ? "" :
	    " · ", d.address);
	wt_draft_end(turn, &d);
}

static void
tell_split(struct wt_turn *turn, struct wt_target *t, bool begins)
{
	struct wt_draft d;

	wt_draft_begin(turn, t, begins ? WT_SPLIT : WT_SPLIT_END, &d);
	d.e.since = turn->c->now.wall;
	d.e.is_problem = begins;
	d.e.ends_problem = !begins;
	WT_ADD(d.words, begins ? "%s has two masters" :
	    "%s has one master again", d.server);
	for (unsigned i = 0; i < t->group->count; i++)
		if (wt_target_counts(t, i))
			WT_ADD(d.facts, "%s%s: %s", i == 0 ? "" : ", ",
			    t->group->members[i]->row->name, t->view[i].word);
	wt_draft_end(turn, &d);
}

/* Samples of two nodes are not of one time: a split must last. */
static void
judge_masters(struct wt_turn *turn, struct wt_target *t)
{
	int master = -1;
	unsigned count = 0;
	bool certain = false;

	for (unsigned i = 0; i < t->group->count; i++) {
		struct text word = text_of(t->view[i].word);

		if (!wt_target_counts(t, i) || !text_begins(word, "MASTER"))
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
look_for_masters(struct wt_turn *turn)
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
look_for_move(struct wt_turn *turn, const struct wt_answerer *a)
{
	struct wt_source *s = turn->source;
	uint64_t stot = 0, n;
	struct wt_row row;
	struct wt_draft d;

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
		wt_draft_begin(turn, NULL, WT_VIP_MOVED, &d);
		WT_ADD(d.words, "VIP moved from %s to %s", s->node, a->node);
		WT_ADD(d.facts, "%s is answered by %s now", s->row->name,
		    a->node);
		wt_draft_end(turn, &d);
	}
	snprintf(s->node, sizeof s->node, "%s", a->node);
	turn->c->dirty = true;
}

static void
tell_source_up(struct wt_turn *turn)
{
	struct wt_source *s = turn->source;
	char span[WT_WORDS];
	struct wt_draft d;

	if (s->told_down || s->group->told_gone) {
		wt_draft_begin(turn, NULL, WT_SOURCE_UP, &d);
		d.e.ends_problem = true;
		d.e.duration = turn->c->now.mono - s->since;
		WT_ADD(d.words, "%s is back: it answers again", s->row->name);
		WT_ADD(d.facts, "was silent for %s", wt_words_span(d.e.duration,
		    span));
		wt_draft_end(turn, &d);
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
		if (++n > WT_DRAFT_NAMES)
			continue;
		wt_draft_add(to, size, "%s%s %s", n == 1 ? "last known: " :
		    ", ", wt_words_name(text_of(t->type == WT_BACKEND ?
		    t->key : wt_target_server(t)), name),
		    wt_class_word((enum wt_class)t->class));
	}
	if (n > WT_DRAFT_NAMES)
		wt_draft_add(to, size, " and %u more", n - WT_DRAFT_NAMES);
}

static const char *
source_noun(const struct wt_source *s)
{
	static const char *const nouns[] = { [WT_BALANCER] = "balancer",
	    [WT_POOLER] = "pooler", [WT_VRRP] = "VRRP node" };

	return nouns[s->row->kind];
}

static void
tell_source_down(struct wt_turn *turn, bool all)
{
	struct wt_source *s = turn->source;
	struct wt_draft d;

	wt_draft_begin(turn, NULL, WT_SOURCE_DOWN, &d);
	d.e.is_problem = true;
	d.e.since = s->since_wall;
	if (!all)
		d.e.severity = WT_WARNING;
	if (all && s->group->count > 1) {
		WT_ADD(d.words, "no source of group %s answers:",
		    s->group->name);
		for (unsigned i = 0; i < s->group->count; i++)
			WT_ADD(d.words, "%s %s", i == 0 ? "" : ",",
			    s->group->members[i]->row->name);
	} else
		WT_ADD(d.words, "%s %s does not answer", source_noun(s),
		    s->row->name);
	WT_ADD(d.facts, "%s\n", s->reason);
	add_last_known(s->group, d.facts, sizeof d.facts);
	wt_draft_end(turn, &d);
}

/* All of the group, some of it, or may the others still fail? */
static void
judge_silence(struct wt_turn *turn)
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
settle_all(struct wt_turn *turn)
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
	struct wt_turn turn = { .c = c, .source = s, .page = page };
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
	struct wt_turn turn = { .c = c, .source = s };

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
