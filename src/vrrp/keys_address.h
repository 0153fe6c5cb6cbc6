/* SPDX-License-Identifier: ISC */
/*
 * keys_address.h - lines of virtual_ipaddress, static_ipaddress: an address
 * and its options, one row each. One thread.
 */
#ifndef WEIR_VRRP_KEYS_ADDRESS_H
#define WEIR_VRRP_KEYS_ADDRESS_H

#include "vrrp/parse.h"

/* The statement as an address; NULL: skipped, and said why. */
struct vr_address_conf *vr_keys_address_read(struct vr_parse *,
	    bool is_static);
/* The track group of that name that was already there, or an error. */
const struct vr_track_group *vr_keys_address_group(struct vr_parse *,
	    const char *name);
/* RT_SCOPE_... of a name or number; -1: none. */
int	vr_keys_address_scope(struct vr_parse *, const char *);

#endif
