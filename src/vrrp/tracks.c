/* SPDX-License-Identifier: ISC */
/* tracks.c - the table of all kinds; what is tracked, by whom; delays. */
#include <stddef.h>
#include <string.h>

#include "base/mem.h"
#include "vrrp/say.h"
#include "vrrp/track_kinds.h"
#include "vrrp/tracks.h"

static const struct vr_track_ops *const kinds[VR_TRACKS] = {
	[VR_TRACK_INTERFACE] = &vr_track_interface,
	[VR_TRACK_SCRIPT] = &vr_track_script,
	[VR_TRACK_FILE] = &vr_track_file,
	[VR_TRACK_PROCESS] = &vr_track_process,
	[VR_TRACK_UNIX] = &vr_track_unix,
	[VR_TRACK_HTTP] = &vr_track_http
};

/* A line of interface_up_down_delays. */
struct debounce {
	struct debounce *next;
	struct vr_tracks *all;
	const char *interface;
	int64_t down, up;
	bool told;			/* what it counts as */
	struct vr_turn_timer timer;
};

struct vr_tracks {
	struct vr_track_means means;	/* first: link_up() is given it */
	struct vr_track *all;
	struct debounce *debounces;
};

/* ---- delays of interfaces */

static bool
is_up(const struct vr_tracks *ts, const char *interface)
{
	return vr_link_is_up(vr_links_by_name(ts->means.links, interface));
}

bool
vr_tracks_link_up(const struct vr_tracks *ts, const char *interface)
{
	const struct debounce *d;

	for (d = ts->debounces; d != NULL; d = d->next)
		if (strcmp(d->interface, interface) == 0)
			return d->told;
	return is_up(ts, interface);
}

static bool
link_up(const struct vr_track_means *means, const char *interface)
{
	return vr_tracks_link_up((const struct vr_tracks *)means, interface);
}

static void
look_all(struct vr_tracks *ts)
{
	for (struct vr_track *t = ts->all; t != NULL; t = t->next)
		if (t->ops->links != NULL)
			t->ops->links(t);
}

static void
on_delay(void *arg)
{
	struct debounce *d = arg;

	d->told = is_up(d->all, d->interface);
	look_all(d->all);
	if (d->all->means.ready)
		d->all->means.changed(d->all->means.arg, NULL);
}

void
vr_tracks_links(struct vr_tracks *ts)
{
	for (struct debounce *d = ts->debounces; d != NULL; d = d->next) {
		bool up = is_up(ts, d->interface);

		if (up == d->told)
			vr_turn_stop(&d->timer);
		else if ((up ? d->up : d->down) == 0)
			d->told = up;
		else if (d->timer.at == 0)
			vr_turn_at(&d->timer, vr_turn_now() + (up ? d->up :
			    d->down));
	}
	look_all(ts);
}

/* No longer than the peers wait: an advert or more must still be missed. */
static int64_t
cap_down(const struct vr_config *config, const char *interface, int64_t down)
{
	for (unsigned i = 0; i < config->instances.count; i++) {
		const struct vr_instance_conf *c = config->instances.at[i];
		int64_t most = (int64_t)(c->down_timer_adverts - 1) *
		    c->advert_int;

		if (c->interface != NULL && down > most &&
		    strcmp(c->interface, interface) == 0)
			down = most;
	}
	return down;
}

static int
add_debounces(struct vr_tracks *ts, const struct vr_tracks *old)
{
	const struct vr_config *config = ts->means.config;

	for (unsigned i = 0; i < config->debounces.count; i++) {
		const struct vr_debounce_conf *conf =
		    config->debounces.at[i];
		struct debounce *d = mem_zero(sizeof *d);

		if (d == NULL)
			return -1;
		*d = (struct debounce){
			.next = ts->debounces, .all = ts,
			.interface = conf->interface, .up = conf->up,
			.down = cap_down(config, conf->interface,
			    conf->down),
			.told = old != NULL ? vr_tracks_link_up(old,
			    conf->interface) : is_up(ts, conf->interface),
			.timer = { .fire = on_delay, .arg = d }
		};
		ts->debounces = d;
	}
	return 0;
}

/* ---- what is tracked */

static struct vr_track *
find(const struct vr_tracks *ts, enum vr_track_kind kind, const char *name)
{
	struct vr_track *t;

	for (t = ts->all; t != NULL; t = t->next)
		if (t->ops == kinds[kind] && strcmp(t->name, name) == 0)
			return t;
	return NULL;
}

const struct vr_track *
vr_tracks_find(const struct vr_tracks *ts, enum vr_track_kind kind,
    const char *name)
{
	return find(ts, kind, name);
}

static int
add(struct vr_tracks *ts, const struct vr_track_conf *conf,
    const struct vr_instance_conf *by)
{
	struct vr_track *t = find(ts, conf->kind, conf->name), **end;

	if (t == NULL) {
		t = mem_zero(kinds[conf->kind]->size);
		if (t == NULL)
			return -1;
		t->means = &ts->means;
		t->ops = kinds[conf->kind];
		t->name = conf->name;
		t->conf = conf->what;
		t->first = by;
		for (end = &ts->all; *end != NULL; end = &(*end)->next)
			;
		*end = t;
	}
	t->users++;
	return 0;
}

static int
add_all(struct vr_tracks *ts)
{
	const struct vr_config *config = ts->means.config;

	for (unsigned i = 0; i < config->instances.count; i++) {
		const struct vr_instance_conf *c = config->instances.at[i];

		for (unsigned k = 0; k < c->tracks.count; k++)
			if (add(ts, c->tracks.at[k], c) == -1)
				return -1;
	}
	for (unsigned i = 0; i < config->groups.count; i++) {
		const struct vr_group_conf *g = config->groups.at[i];

		for (unsigned k = 0; k < g->tracks.count; k++)
			if (add(ts, g->tracks.at[k], g->members.count > 0 ?
			    g->members.at[0] : NULL) == -1)
				return -1;
	}
	return 0;
}

static const struct vr_track *
find_old(const struct vr_tracks *old, const struct vr_track *like)
{
	const struct vr_track *t;

	for (t = old == NULL ? NULL : old->all; t != NULL; t = t->next)
		if (t->ops == like->ops && strcmp(t->name, like->name) == 0)
			return t;
	return NULL;
}

static void
open_all(struct vr_tracks *ts, const struct vr_tracks *old)
{
	const struct vr_track *was;
	struct why why;

	for (struct vr_track *t = ts->all; t != NULL; t = t->next) {
		if (t->ops->open(t, &why) == -1) {
			vr_say_error("tracker %s: %s", t->name, why.line);
			vr_track_enter(t, VR_TRACK_DOWN);
			continue;
		}
		was = find_old(old, t);
		if (was != NULL && t->ops->inherit != NULL)
			t->ops->inherit(t, was);
	}
}

struct vr_tracks *
vr_tracks_new(const struct vr_track_means *means, const struct vr_tracks *old,
    struct why *why)
{
	struct vr_tracks *ts = mem_zero(sizeof *ts);

	if (ts != NULL) {
		ts->means = *means;
		ts->means.ready = false;
		ts->means.reload = old != NULL;
		ts->means.link_up = link_up;
	}
	if (ts == NULL || add_debounces(ts, old) == -1 ||
	    add_all(ts) == -1) {
		vr_tracks_free(&ts);
		why_set(why, "no memory for the trackers");
		return NULL;
	}
	open_all(ts, old);
	ts->means.ready = true;
	return ts;
}

void
vr_tracks_free(struct vr_tracks **tsp)
{
	struct vr_tracks *ts = *tsp;
	struct vr_track *t;
	struct debounce *d;

	*tsp = NULL;
	if (ts == NULL)
		return;
	while ((t = ts->all) != NULL) {
		ts->all = t->next;
		if (t->ops->close != NULL)
			t->ops->close(t);
		mem_drop(t);
	}
	while ((d = ts->debounces) != NULL) {
		ts->debounces = d->next;
		vr_turn_forget(&d->timer);
		mem_drop(d);
	}
	mem_drop(ts);
}

void
vr_tracks_each(const struct vr_tracks *ts, void (*visit)(void *arg,
    const struct vr_track *), void *arg)
{
	for (const struct vr_track *t = ts->all; t != NULL; t = t->next)
		visit(arg, t);
}

/* ---- what it means */

static void
judge(const struct vr_tracks *ts, struct vr_track_verdict *v,
    struct vr_track_conf *const *at, unsigned count, bool weights)
{
	for (unsigned i = 0; i < count; i++) {
		const struct vr_track *t = find(ts, at[i]->kind,
		    at[i]->name);
		int64_t weight = v->weight;

		if (t == NULL)
			continue;
		vr_track_weigh(v, t, at[i]->weight);
		if (!weights)
			v->weight = weight;
	}
}

void
vr_tracks_judge(const struct vr_tracks *ts, const struct vr_instance_conf *c,
    struct vr_track_verdict *v)
{
	const struct vr_group_conf *g = c->group;

	*v = (struct vr_track_verdict){ .by = NULL };
	judge(ts, v, c->tracks.at, c->tracks.count, g == NULL ||
	    g->tracking_weight);
	if (g != NULL)
		judge(ts, v, g->tracks.at, g->tracks.count, true);
}
