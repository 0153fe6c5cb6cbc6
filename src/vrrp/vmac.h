/* SPDX-License-Identifier: ISC */
/*
 * vmac.h - the virtual interface of an instance with use_vmac: a private
 * macvlan with the VRRP hardware address, made at start, kept in BACKUP,
 * deleted at exit; and what must be set on it and on its parent so that the
 * host answers with one hardware address only. Settings of the parent are
 * put back as they were found. One thread, with rights.
 */
#ifndef WEIR_VRRP_VMAC_H
#define WEIR_VRRP_VMAC_H

#include "vrrp/link.h"
#include "vrrp/sysctl.h"

/* use_vmac, or an address with one of its own on another interface. */
bool	vr_vmac_wanted(const struct vr_instance_conf *);
/*
 * Makes or adopts them, sets them up, brings them up; what is there already
 * stays. Runs the batch itself. -1: why. The instance is then in FAULT.
 */
int	vr_vmac_open(struct vr_netlink *, struct vr_links *,
	    struct vr_sysctls *, const struct vr_instance_conf *,
	    struct why *);
/* Deletes them by name, but for those that 'but' (or NULL) has too. */
void	vr_vmac_close(struct vr_netlink *, const struct vr_links *,
	    const struct vr_instance_conf *,
	    const struct vr_instance_conf *but);
/* The name adverts leave by and addresses stand on. */
const char *vr_vmac_interface(const struct vr_instance_conf *);

#endif
