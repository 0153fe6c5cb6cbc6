/* SPDX-License-Identifier: ISC */
/*
 * compare.h - two configurations side by side: what a reload changes, and
 * where the files of two nodes disagree. Both stay as they are. One thread.
 */
#ifndef WEIR_VRRP_COMPARE_H
#define WEIR_VRRP_COMPARE_H

#include <stdio.h>

#include "vrrp/settings.h"

enum vr_compare_kind {
	VR_COMPARE_SAME,	/* nothing differs, tracked things neither */
	VR_COMPARE_CHANGED,	/* the same router, something differs */
	VR_COMPARE_ADDED,	/* before is NULL */
	VR_COMPARE_REMOVED	/* after is NULL */
};

/*
 * The same virtual router: VRID, family, interface, VMAC or not, kind, source
 * or group.
 */
bool	vr_compare_same_router(const struct vr_instance_conf *,
	    const struct vr_instance_conf *);

/*
 * Every instance of either, once: those of 'after' in their order, then the
 * removed ones. What its sync group and its scripts say is looked at too.
 */
void	vr_compare_instances(const struct vr_config *before,
	    const struct vr_config *after, void (*visit)(void *arg,
	    enum vr_compare_kind, const struct vr_instance_conf *before,
	    const struct vr_instance_conf *after), void *arg);

/* An error of 'after' that 'before' did not have; NULL: there is none. */
const char *vr_compare_new_error(const struct vr_config *before,
	    const struct vr_config *after);

/*
 * What a reload cannot change and the new file does: its name, one call
 * each ("net_namespace"). Returns how many.
 */
unsigned vr_compare_fixed(const struct vr_config *before,
	    const struct vr_config *after, void (*visit)(void *arg,
	    const char *name), void *arg);

/*
 * Where the files of two nodes disagree, line by line for each VRID; how many
 * of these make the pair unable to work.
 */
unsigned vr_compare_nodes(FILE *, const struct vr_config *one,
	    const struct vr_config *other);

#endif
