/* SPDX-License-Identifier: ISC */
/*
 * explain.h - settings in force, in the file's own grammar: defaults written
 * out, each line with where it came from; and what the peers of an instance
 * must have in common with it. Text lies in the arena. One thread.
 */
#ifndef WEIR_VRRP_EXPLAIN_H
#define WEIR_VRRP_EXPLAIN_H

#include <stdio.h>

#include "vrrp/settings.h"

void	vr_explain_config(FILE *, const struct vr_config *);
/* What every node of the virtual router must say alike. */
void	vr_explain_peers(FILE *, const struct vr_config *);

/* All of an instance, without places: equal when nothing differs. */
const char *vr_explain_instance(struct arena *,
	    const struct vr_instance_conf *);
/* "10.0.0.50/24", "10.0.0.50". */
const char *vr_explain_ip(struct arena *, const struct prefix *);

#endif
