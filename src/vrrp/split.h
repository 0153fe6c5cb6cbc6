/* SPDX-License-Identifier: ISC */
/*
 * split.h - is there more than one master? A master knows by the advert of one
 * that is lower, and so has not given way. A backup knows when one whom it
 * heard before speaks again although another spoke since: who takes over from
 * a master does not look like that. What is found stands in the live record
 * for some intervals of silence. Pure: time is passed in. The child's.
 */
#ifndef WEIR_VRRP_SPLIT_H
#define WEIR_VRRP_SPLIT_H

#include "vrrp/live.h"

enum vr_split_news { VR_SPLIT_SAME, VR_SPLIT_BEGUN, VR_SPLIT_OVER };

struct vr_split_heard {
	struct vr_ip from;
	uint8_t priority;
	bool rival;			/* we are master, and it is too */
	int64_t interval;		/* us between its adverts */
};

enum vr_split_news vr_split_hear(struct vr_live *,
	    const struct vr_split_heard *, int64_t now);
/* At split_end: nobody showed it again. */
enum vr_split_news vr_split_look(struct vr_live *, int64_t now);
/* The state is another: what was heard before means nothing now. */
void	vr_split_move(struct vr_live *, int64_t now);

#endif
