/* SPDX-License-Identifier: ISC */
/*
 * settle.h - what can be said of a configuration only when all of it is read:
 * what instances inherit, what excludes what, who belongs to which group,
 * which scripts may run. One thread.
 */
#ifndef WEIR_VRRP_SETTLE_H
#define WEIR_VRRP_SETTLE_H

#include "vrrp/parse.h"

void	vr_settle_usual(struct vr_parse *);	/* before the reading */
void	vr_settle(struct vr_parse *);		/* behind it */

#endif
