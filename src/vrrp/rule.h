/* SPDX-License-Identifier: ISC */
/*
 * rule.h - a configured rule becomes a request to the kernel, and is known
 * again in what the kernel tells. Pure but for what is collected in the
 * netlink handle. One thread.
 */
#ifndef WEIR_VRRP_RULE_H
#define WEIR_VRRP_RULE_H

#include "vrrp/netlink.h"
#include "vrrp/settings.h"

/* Asks the kernel; that it refuses is logged when it says so. */
void	vr_rule_add(struct vr_netlink *, const struct vr_rule_conf *);
void	vr_rule_drop(struct vr_netlink *, const struct vr_rule_conf *);
/* Is this RTM_NEWRULE or RTM_DELRULE about it? anyones: whoever made it. */
bool	vr_rule_is(const struct vr_rule_conf *, const struct nlmsghdr *,
	    bool anyones);

#endif
