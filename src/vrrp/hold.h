/* SPDX-License-Identifier: ISC */
/*
 * hold.h - what an instance puts on this host while it is master: addresses,
 * routes, rules, in this order, and away in the other one. No state but the
 * kernel's: any process with a netlink handle may take it all away, also
 * after the death of the one that put it there. Requests are collected;
 * vr_netlink_run(nl) at the end of the turn sends those of all instances.
 * One thread.
 */
#ifndef WEIR_VRRP_HOLD_H
#define WEIR_VRRP_HOLD_H

#include "vrrp/link.h"

/* links: NULL in the guard, names are then looked up one by one. */
void	vr_hold_take(struct vr_netlink *, const struct vr_links *,
	    const struct vr_instance_conf *);
void	vr_hold_leave(struct vr_netlink *, const struct vr_links *,
	    const struct vr_instance_conf *);
/*
 * Start: what a crash left of it is taken away. Logs what it finds;
 * asks for the removal only of what is there.
 */
void	vr_hold_clean(struct vr_netlink *, const struct vr_links *,
	    const struct vr_instance_conf *);
/*
 * Reload, of a master: what only the old one has goes, what only the new one
 * has comes, what both have is not touched.
 */
void	vr_hold_change(struct vr_netlink *, const struct vr_links *,
	    const struct vr_instance_conf *old,
	    const struct vr_instance_conf *now);

/* ---- put back what others delete */

struct vr_hold_losses {		/* one per instance, zeroed at start */
	int64_t at[2];		/* of the last two */
	unsigned long restored;	/* for the metrics */
};

enum vr_hold_lost {
	VR_HOLD_WHOLE,		/* all is there */
	VR_HOLD_RESTORED,	/* it was put back: send the batch, then
				 * announce with vr_herald_again() */
	VR_HOLD_GIVEN_UP	/* the third time within 10 s: not put back;
				 * go to BACKUP as the original does */
};

/*
 * For each master when links have settled with 'removed' (or a resync):
 * looks for its addresses that are tracked. missing: gets up to 'most' of
 * those put back, *count how many.
 */
enum vr_hold_lost vr_hold_look(struct vr_netlink *, const struct vr_links *,
	    const struct vr_instance_conf *, struct vr_hold_losses *,
	    int64_t now, const struct vr_address_conf **missing,
	    unsigned most, unsigned *count);
/* For each master when a route or rule was deleted; WHOLE: not of it. */
enum vr_hold_lost vr_hold_heard(struct vr_netlink *, const struct vr_links *,
	    const struct vr_instance_conf *, struct vr_hold_losses *,
	    int64_t now, const struct nlmsghdr *);

/* ---- static_ipaddress, static_routes, static_rules */

/* Put at start, taken at the end, compared at a reload. */
void	vr_hold_statics(struct vr_netlink *, const struct vr_links *,
	    const struct vr_config *);
void	vr_hold_end_statics(struct vr_netlink *, const struct vr_links *,
	    const struct vr_config *);
void	vr_hold_change_statics(struct vr_netlink *, const struct vr_links *,
	    const struct vr_config *old, const struct vr_config *now);

#endif
