/* SPDX-License-Identifier: ISC */
/*
 * probe.h - what track_unix and track_http share: every interval a chat, its
 * outcome good or bad, counted by rise and fall. No child process. On the
 * turn's loop; a tracker's part. One thread.
 */
#ifndef WEIR_VRRP_PROBE_H
#define WEIR_VRRP_PROBE_H

#include "vrrp/chat.h"
#include "vrrp/track.h"

enum vr_probe_verdict { VR_PROBE_MORE, VR_PROBE_GOOD, VR_PROBE_BAD };

struct vr_probe {
	struct vr_track base;
	struct address to;
	const char *ask;		/* sent when connected; NULL: nothing */
	int64_t interval, timeout;
	/* On what came so far; ended: nothing more does. Puts why in last. */
	enum vr_probe_verdict (*judge)(struct vr_probe *, struct text,
	    bool ended);
	struct vr_chat *chat;
	struct text heard;		/* so far; the chat has it */
	struct vr_turn_timer timer;
	int64_t due;
};

/* Fails until it has risen once; the first try is at once. 0 is taken for 1. */
void	vr_probe_open(struct vr_probe *, unsigned rise, unsigned fall);
void	vr_probe_close(struct vr_probe *);

#endif
