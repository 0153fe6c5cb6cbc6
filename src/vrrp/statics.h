/* SPDX-License-Identifier: ISC */
/*
 * statics.h - whether the static addresses, routes and rules of a track_group
 * are where they should be; its members belong into FAULT while one is not.
 * Addresses are looked for, routes and rules heard of. Owned by the parent,
 * made anew with each configuration. One thread.
 */
#ifndef WEIR_VRRP_STATICS_H
#define WEIR_VRRP_STATICS_H

#include "vrrp/link.h"

struct vr_statics;

/* All is thought to be there. NULL: no memory. */
struct vr_statics *vr_statics_new(const struct vr_config *);
void	vr_statics_free(struct vr_statics **);
/* A route or rule came or went by somebody else. True: it is one of them. */
bool	vr_statics_hear(struct vr_statics *, const struct nlmsghdr *);
/* Something is missing that this instance is in the group of: its name. */
const char *vr_statics_missing(const struct vr_statics *,
	    const struct vr_links *, const struct vr_instance_conf *);

#endif
