/* SPDX-License-Identifier: ISC */
/*
 * track_kinds.h - the kinds of tracker that there are; tracks.c has the table.
 * Constant; any thread.
 */
#ifndef WEIR_VRRP_TRACK_KINDS_H
#define WEIR_VRRP_TRACK_KINDS_H

#include "vrrp/track.h"

extern const struct vr_track_ops vr_track_interface, vr_track_script,
    vr_track_file, vr_track_process, vr_track_unix, vr_track_http;

#endif
