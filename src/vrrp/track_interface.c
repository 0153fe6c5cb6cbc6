/* SPDX-License-Identifier: ISC */
/* track_interface.c - an interface is up, or it is not. On the turn's loop. */
#include "vrrp/track_kinds.h"

static enum vr_track_state
look(const struct vr_track *t)
{
	return t->means->link_up(t->means, t->name) ? VR_TRACK_UP :
	    VR_TRACK_DOWN;
}

static int
open_interface(struct vr_track *t, struct why *why)
{
	vr_track_enter(t, look(t));
	return 0;
}

static void
on_links(struct vr_track *t)
{
	vr_track_enter(t, look(t));
}

const struct vr_track_ops vr_track_interface = {
	.kind = "interface", .size = sizeof(struct vr_track),
	.open = open_interface, .links = on_links
};
