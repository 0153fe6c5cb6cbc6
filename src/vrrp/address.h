/* SPDX-License-Identifier: ISC */
/*
 * address.h - a configured address becomes a request to the kernel. What it
 * stands on is found when the request is made, by name. Pure but for what it
 * collects in the netlink handle; vr_netlink_run() sends it. One thread.
 */
#ifndef WEIR_VRRP_ADDRESS_H
#define WEIR_VRRP_ADDRESS_H

#include "vrrp/link.h"

/*
 * Where it belongs: its dev, else the instance's VMAC, else its interface
 * (of: NULL for static ones). 0: that is not there.
 */
unsigned vr_address_index(const struct vr_links *, const struct
	    vr_address_conf *, const struct vr_instance_conf *of);
const char *vr_address_dev(const struct vr_address_conf *,
	    const struct vr_instance_conf *of);
/* An address there already, or gone already, is no failure; others log. */
void	vr_address_add(struct vr_netlink *, const struct vr_address_conf *,
	    unsigned index);
void	vr_address_drop(struct vr_netlink *, const struct vr_address_conf *,
	    unsigned index);
/* "10.0.0.50/16 dev eth0 scope global" as the dumps have it. */
enum { VR_ADDRESS_TEXT = 256 };
const char *vr_address_print(const struct vr_address_conf *,
	    const struct vr_instance_conf *of, char to[VR_ADDRESS_TEXT]);

#endif
