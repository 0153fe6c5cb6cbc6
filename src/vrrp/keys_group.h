/* SPDX-License-Identifier: ISC */
/*
 * keys_group.h - vrrp_sync_group, track_group, garp_group, and the blocks
 * that list interfaces. Members are found when everything is read. One
 * thread.
 */
#ifndef WEIR_VRRP_KEYS_GROUP_H
#define WEIR_VRRP_KEYS_GROUP_H

#include "vrrp/parse.h"

extern const struct vr_key vr_keys_group[], vr_keys_group_track[],
    vr_keys_group_garp[];

/* Readers of blocks; what is wrong in them goes to the parse's report. */
void	vr_keys_group_read(struct vr_parse *);
void	vr_keys_group_read_track(struct vr_parse *);
void	vr_keys_group_read_garp(struct vr_parse *);
void	vr_keys_group_read_linkbeat(struct vr_parse *);
void	vr_keys_group_read_delays(struct vr_parse *);

#endif
