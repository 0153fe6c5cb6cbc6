/* SPDX-License-Identifier: ISC */
/* keys_group.c - groups of instances and interfaces; see keys_group.h. One thread. */
#include <string.h>

#include "vrrp/keys_group.h"
#include "vrrp/keys_instance.h"
#include "vrrp/keys_track.h"

enum { SECOND = 1000 * 1000 };

/* ---- members */

static void
add_member(struct vr_parse *p)
{
	for (unsigned n = 0; n < p->count; n++)
		arena_add(p->arena, &p->group->members, vr_parse_copy(p,
		    p->words[n]));
}

static void
read_members(struct vr_parse *p)
{
	if (vr_parse_lines(p, add_member) == 0)
		vr_parse_error(p, "Warning - sync group %s has empty group "
		    "block", p->draft->name);
}

static void
read_track_members(struct vr_parse *p)
{
	vr_parse_lines(p, add_member);
}

/* ---- vrrp_sync_group */

static struct vr_group_conf *
here(struct vr_parse *p)
{
	return p->group->conf;
}

static void
read_interface(struct vr_parse *p)
{
	vr_keys_track_lines(p, VR_TRACK_INTERFACE, &here(p)->tracks);
}

static void
read_script(struct vr_parse *p)
{
	vr_keys_track_lines(p, VR_TRACK_SCRIPT, &here(p)->tracks);
}

static void
read_file(struct vr_parse *p)
{
	vr_keys_track_lines(p, VR_TRACK_FILE, &here(p)->tracks);
}

static void
read_process(struct vr_parse *p)
{
	vr_keys_track_lines(p, VR_TRACK_PROCESS, &here(p)->tracks);
}

static void
read_unix(struct vr_parse *p)
{
	vr_keys_track_lines(p, VR_TRACK_UNIX, &here(p)->tracks);
}

static void
read_http(struct vr_parse *p)
{
	vr_keys_track_lines(p, VR_TRACK_HTTP, &here(p)->tracks);
}

static void
read_notify(struct vr_parse *p)
{
	vr_keys_instance_notify(p, &here(p)->notify);
}

#define OWN(word, reader, text)						\
	{ .name = word, .kind = VR_KIND_OWN, .read = reader, .help = text }

const struct vr_key vr_keys_group[] = {
	{ .name = "group", .kind = VR_KIND_OWN, .read = read_members,
	  .help = "{ INSTANCE... }: they move together" },
	OWN("track_interface", read_interface, "as of an instance"),
	OWN("track_script", read_script, "as of an instance"),
	OWN("track_file", read_file, "as of an instance"),
	OWN("track_process", read_process, "as of an instance"),
	{ .name = "track_bfd", .kind = VR_KIND_NONE, .help = "BFD is not part "
	  "of weir-vrrp; the group does not fault because of it" },
	{ .name = "track_unix", .kind = VR_KIND_OWN, .read = read_unix,
	  .ours = true, .help = "as of an instance" },
	{ .name = "track_http", .kind = VR_KIND_OWN, .read = read_http,
	  .ours = true, .help = "as of an instance" },
	OWN("notify", read_notify, "SCRIPT [USER [GROUP]]: all changes"),
	OWN("notify_master", read_notify, "SCRIPT [USER [GROUP]]"),
	OWN("notify_backup", read_notify, "SCRIPT [USER [GROUP]]"),
	OWN("notify_fault", read_notify, "SCRIPT [USER [GROUP]]"),
	OWN("notify_stop", read_notify, "SCRIPT [USER [GROUP]]"),
	{ .name = "smtp_alert", .kind = VR_KIND_OWN, .read = read_notify,
	  .refusal = "Invalid vrrp_group smtp_alert parameter {v}",
	  .help = "mail at changes of state" },
	{ .name = "notify_priority_changes", .kind = VR_KIND_OWN,
	  .read = read_notify, .refusal = "({n}) Invalid value '{v}' for sync "
	  "group notify_priority_changes specified", .help = "to the fifo" },
	{ .name = "global_tracking", .kind = VR_KIND_NONE, .help = "it is "
	  "deprecated; use track_interface, track_script, track_file on the "
	  "sync group" },
	{ .name = "sync_group_tracking_weight", .kind = VR_KIND_FLAG,
	  .at = offsetof(struct vr_group_conf, tracking_weight),
	  .help = "weights of members count" },
	{ .name = NULL },
};

static struct vr_group_draft *
open_group(struct vr_parse *p, const char *name)
{
	struct vr_group_draft *d = arena_get(p->arena, sizeof *d);

	d->conf = arena_get(p->arena, sizeof *d->conf);
	d->conf->name = vr_parse_copy(p, name);
	d->conf->place = p->place;
	d->draft = (struct vr_draft){ .object = d->conf,
	    .name = d->conf->name, .rows = vr_keys_group };
	arena_add(p->arena, &p->groups, d);
	names_put(&p->group_names, p->arena, text_of(name), d);
	return d;
}

void
vr_keys_group_read(struct vr_parse *p)
{
	const char *name = vr_parse_word(p, 1);
	struct vr_group_draft *d = p->count != 2 ? NULL :
	    names_find(&p->group_names, text_of(name));

	if (p->count != 2)
		vr_parse_error(p, "vrrp_sync_group must have a name - "
		    "skipping");
	else if (d != NULL && !p->side)
		vr_parse_error(p, "vrrp sync group %s already defined", name);
	else if (d == NULL && p->side)
		vr_parse_error(p, "vrrp sync group %s is not in %s: a side "
		    "file makes none", name, p->config->path);
	else {
		p->group = d == NULL ? open_group(p, name) : d;
		vr_parse_block(p, vr_keys_group, &p->group->draft);
		return;
	}
	vr_parse_skip(p);
}

/* ---- track_group */

const struct vr_key vr_keys_group_track[] = {
	{ .name = "group", .kind = VR_KIND_OWN, .read = read_track_members,
	  .help = "{ INSTANCE... }: they fault when a static address, route "
	  "or rule of the group goes" },
	{ .name = NULL },
};

void
vr_keys_group_read_track(struct vr_parse *p)
{
	struct vr_group_draft *d;

	if (p->count != 2) {
		vr_parse_error(p, "track_group must have a name - skipping");
		vr_parse_skip(p);
		return;
	}
	d = arena_get(p->arena, sizeof *d);
	d->tracks = arena_get(p->arena, sizeof *d->tracks);
	d->tracks->name = vr_parse_copy(p, p->words[1]);
	d->tracks->place = p->place;
	d->draft = (struct vr_draft){ .object = d->tracks,
	    .name = d->tracks->name, .rows = vr_keys_group_track };
	arena_add(p->arena, &p->track_groups, d);
	names_keep(&p->track_group_names, p->arena, text_of(p->words[1]),
	    d->tracks);
	arena_add(p->arena, &p->config->track_groups, d->tracks);
	p->group = d;
	vr_parse_block(p, vr_keys_group_track, &d->draft);
}

/* ---- garp_group */

static void
read_gap(struct vr_parse *p)
{
	struct vr_garp_group_conf *g = p->draft->object;
	const char *s = vr_parse_need(p, 1);

	if (s != NULL)
		vr_parse_seconds(p, s, 1, UINT32_MAX, p->words[0][1] == 'a' ?
		    &g->garp_interval : &g->gna_interval);
}

static void
add_garp_interface(struct vr_parse *p, const char *name)
{
	struct vr_garp_group_conf *g = p->draft->object;

	if (!vr_parse_interface(p, name))
		vr_parse_error(p, "WARNING - interface %s specified for "
		    "garp_group doesn't exist", name);
	if (names_find(&p->garp_interfaces, text_of(name)) != NULL)
		vr_parse_error(p, "garp_group already specified for %s - "
		    "ignoring", name);
	else
		arena_add(p->arena, &g->interfaces, vr_parse_copy(p, name));
}

static void
read_garp_interface(struct vr_parse *p)
{
	const char *s = vr_parse_need(p, 1);

	if (s != NULL)
		add_garp_interface(p, s);
}

static void
add_garp_line(struct vr_parse *p)
{
	for (unsigned n = 0; n < p->count; n++)
		add_garp_interface(p, p->words[n]);
}

static void
read_garp_interfaces(struct vr_parse *p)
{
	vr_parse_lines(p, add_garp_line);
}

const struct vr_key vr_keys_group_garp[] = {
	OWN("garp_interval", read_gap, "seconds between two GARPs"),
	OWN("gna_interval", read_gap, "seconds between two neighbour "
	    "adverts"),
	OWN("interface", read_garp_interface, "one interface"),
	OWN("interfaces", read_garp_interfaces, "{ INTERFACE... }: together"),
	{ .name = NULL },
};

void
vr_keys_group_read_garp(struct vr_parse *p)
{
	struct vr_garp_group_conf *g = arena_get(p->arena, sizeof *g);
	struct vr_draft d = { .object = g, .name = "garp_group",
	    .rows = vr_keys_group_garp };

	g->place = p->place;
	vr_parse_block(p, vr_keys_group_garp, &d);
	if (p->stopped)
		return;
	if (g->garp_interval == 0 && g->gna_interval == 0)
		vr_parse_error(p, "garp group %u does not have any delay set "
		    "- removing", p->config->garp_groups.count);
	else {
		arena_add(p->arena, &p->config->garp_groups, g);
		for (unsigned i = 0; i < g->interfaces.count; i++)
			names_put(&p->garp_interfaces, p->arena, text_of(
			    g->interfaces.at[i]), g);
	}
}

/* ---- lists of interfaces */

static void
add_linkbeat(struct vr_parse *p)
{
	static const char *const kinds[] = { "MII", "ETHTOOL", "IOCTL" };
	bool known = p->count < 2;

	if (!vr_parse_interface(p, p->words[0])) {
		p->interface_missing = false;
		vr_parse_error(p, "unknown interface %s specified for "
		    "linkbeat interface", p->words[0]);
		return;
	}
	for (unsigned i = 0; i < 3 && !known; i++)
		known = strcmp(kinds[i], p->words[1]) == 0;
	if (!known)
		vr_parse_error(p, "extra characters %s in linkbeat interface",
		    p->words[1]);
	arena_add(p->arena, &p->config->linkbeats, vr_parse_copy(p,
	    p->words[0]));
}

void
vr_keys_group_read_linkbeat(struct vr_parse *p)
{
	bool missing = p->interface_missing;

	vr_parse_lines(p, add_linkbeat);
	p->interface_missing = missing;
}

static void
add_delay(struct vr_parse *p)
{
	struct vr_debounce_conf *d = arena_get(p->arena, sizeof *d);
	const int64_t most = INT64_C(255) * SECOND;

	d->place = p->place;
	d->interface = vr_parse_copy(p, p->words[0]);
	if (!p->config->global.dynamic_interfaces && p->outside->interface(
	    p->outside->arg, d->interface) == VR_INTERFACE_NONE) {
		vr_parse_error(p, "unknown interface %s specified for up/down "
		    "delay", d->interface);
		return;
	}
	if (p->count < 2 || !vr_parse_seconds(p, p->words[1], 0, most,
	    &d->down))
		return;
	d->up = d->down;
	if (p->count > 2 && !vr_parse_seconds(p, p->words[2], 0, most,
	    &d->up))
		return;
	arena_add(p->arena, &p->config->debounces, d);
}

void
vr_keys_group_read_delays(struct vr_parse *p)
{
	vr_parse_lines(p, add_delay);
}
