/* SPDX-License-Identifier: ISC */
/*
 * keys_track.h - what can be tracked (vrrp_script, track_file,
 * vrrp_track_process, track_unix, track_http) and the track_... blocks of
 * instances and groups. One thread.
 */
#ifndef WEIR_VRRP_KEYS_TRACK_H
#define WEIR_VRRP_KEYS_TRACK_H

#include "vrrp/parse.h"

extern const struct vr_key vr_keys_track_script[], vr_keys_track_file[],
    vr_keys_track_process[], vr_keys_track_unix[], vr_keys_track_http[];

/* The blocks, from their names on. */
void	vr_keys_track_read_script(struct vr_parse *);
void	vr_keys_track_read_file(struct vr_parse *);
void	vr_keys_track_read_process(struct vr_parse *);
void	vr_keys_track_read_unix(struct vr_parse *);
void	vr_keys_track_read_http(struct vr_parse *);

/* track_script { ... } and the like, into the list of who tracks. */
void	vr_keys_track_lines(struct vr_parse *, enum vr_track_kind,
	    struct vr_track_list *);

#endif
