/* SPDX-License-Identifier: ISC */
/*
 * group.h - sync groups: routers that move together. Pure: looks at the live
 * records of its members and says what holds for all. Owned by the child's
 * cast (instance.h).
 */
#ifndef WEIR_VRRP_GROUP_H
#define WEIR_VRRP_GROUP_H

#include "vrrp/live.h"
#include "vrrp/settings.h"

struct vr_group {
	const struct vr_group_conf *conf;
	unsigned number;		/* in the board's group_state */
	unsigned count;
	struct vr_live **members;
};

/* MASTER is for all or for none: every member is, or waits to be. */
bool	vr_group_wants_master(const struct vr_group *);
/* One member's fault is everybody's. */
uint32_t vr_group_faults(const struct vr_group *);
/* All stand in one state: that one. False: they are on their way. */
bool	vr_group_settled(const struct vr_group *, enum vr_state *);

#endif
