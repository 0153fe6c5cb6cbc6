/* SPDX-License-Identifier: ISC */
/*
 * tracks.h - all trackers of a configuration, and what they mean for an
 * instance. Trackers nobody names are not started. On the turn's loop of the
 * parent. One thread.
 */
#ifndef WEIR_VRRP_TRACKS_H
#define WEIR_VRRP_TRACKS_H

#include "vrrp/track.h"

/*
 * Starts them. old: those of the configuration before (NULL at start): what
 * has the same kind, name and meaning keeps its state and its counters; old
 * is then freed by the caller. A tracker that cannot start is DOWN, logged.
 */
struct vr_tracks *vr_tracks_new(const struct vr_track_means *,
	    const struct vr_tracks *old, struct why *);
void	vr_tracks_free(struct vr_tracks **);
/*
 * What the trackers of an instance and of its group say now. Weights of a
 * group's member count only with sync_group_tracking_weight; FAULTs do always.
 */
void	vr_tracks_judge(const struct vr_tracks *, const struct
	    vr_instance_conf *, struct vr_track_verdict *);
/* An interface changed (handler.link of vr_links): its trackers look. */
void	vr_tracks_links(struct vr_tracks *);
/* One line of a track_... block, for the dumps; NULL: not found. */
const struct vr_track *vr_tracks_find(const struct vr_tracks *,
	    enum vr_track_kind, const char *name);
void	vr_tracks_each(const struct vr_tracks *, void (*visit)(void *arg,
	    const struct vr_track *), void *arg);

/*
 * interface_up_down_delays: what a change of link means after its delay. The
 * own interface of an instance is asked for here too. True: it counts as up.
 */
bool	vr_tracks_link_up(const struct vr_tracks *, const char *interface);

#endif
