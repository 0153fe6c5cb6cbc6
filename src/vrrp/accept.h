/* SPDX-License-Identifier: ISC */
/*
 * accept.h - packets that must not come through, by nftables over netlink:
 * to and from the addresses of an instance with no_accept while it is master,
 * and IGMP and MLD of a VMAC that must leave by its parent. A table of ours
 * per family, made with its first rule and deleted at exit. One thread, with
 * rights.
 */
#ifndef WEIR_VRRP_ACCEPT_H
#define WEIR_VRRP_ACCEPT_H

#include "vrrp/link.h"

struct vr_accept;

/*
 * Nothing is done to the kernel yet but that tables of our name, left by a
 * crash, are deleted. NULL: why (no nftables in this kernel); needed only
 * when vr_accept_needed() says so.
 */
bool	vr_accept_needed(const struct vr_config *);
struct vr_accept *vr_accept_open(const struct vr_global_conf *, struct why *);
/* The addresses are blocked, or free again; owners (255) never are. */
void	vr_accept_block(struct vr_accept *, const struct vr_instance_conf *);
void	vr_accept_free(struct vr_accept *, const struct vr_instance_conf *);
/* A VMAC's IGMP and MLD leave by its parent. */
void	vr_accept_vmac(struct vr_accept *, const struct vr_links *,
	    const struct vr_instance_conf *, bool on);
/* Sends what was collected; at the end of the turn. -1: why. */
int	vr_accept_run(struct vr_accept *, struct why *);
/* Deletes the tables; needs no record, so the guard may do it too. */
void	vr_accept_end(const struct vr_global_conf *);
void	vr_accept_close(struct vr_accept **);	/* the handle alone */

#endif
