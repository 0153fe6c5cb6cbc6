/* SPDX-License-Identifier: ISC */
/*
 * view.h - what the dumps, the status and the metrics are made from: filled
 * in by main.c when one is asked for, borrowed during the call. No state of
 * its own; one thread.
 */
#ifndef WEIR_VRRP_VIEW_H
#define WEIR_VRRP_VIEW_H

#include "vrrp/hold.h"
#include "vrrp/live.h"
#include "vrrp/settings.h"
#include "vrrp/tracks.h"

struct vr_view {
	const struct vr_config *config;
	const struct vr_tracks *tracks;		/* NULL: none yet */
	const struct vr_links *links;
	/* The live record of an instance; NULL: it has none. */
	const struct vr_live *(*live)(const struct vr_instance_conf *);
	/* Receiving and sending descriptor of it; -1 each when unknown. */
	void (*sockets)(const struct vr_instance_conf *, int *in, int *out);
	/* For the metrics; either may be NULL. */
	const struct vr_hold_losses *(*losses)(const struct
	    vr_instance_conf *);
	const uint64_t *late;		/* VR_VIEW_LATE + 1 buckets */
	double late_sum;		/* seconds */
	const char *engine;		/* "" when there is none to name */
};

enum { VR_VIEW_LATE = 6 };
extern const double vr_view_late[VR_VIEW_LATE];	/* bounds, seconds */

#endif
