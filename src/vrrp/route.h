/* SPDX-License-Identifier: ISC */
/*
 * route.h - a configured route becomes a request to the kernel, and
 * is known again in what the kernel tells. Pure but for what is collected in
 * the netlink handle. One thread.
 */
#ifndef WEIR_VRRP_ROUTE_H
#define WEIR_VRRP_ROUTE_H

#include "vrrp/link.h"

/* of: whose interface it takes when it names none; NULL for static ones. */
void	vr_route_add(struct vr_netlink *, const struct vr_links *,
	    const struct vr_route_conf *, const struct vr_instance_conf *of);
void	vr_route_drop(struct vr_netlink *, const struct vr_links *,
	    const struct vr_route_conf *, const struct vr_instance_conf *of);
/* Is this RTM_NEWROUTE or RTM_DELROUTE about it? anyones: whoever made it. */
bool	vr_route_is(const struct vr_route_conf *, const struct nlmsghdr *,
	    bool anyones);

#endif
