/* SPDX-License-Identifier: ISC */
/*
 * lock.h - the parent's pid file: written, locked and kept open, so that a
 * second start sees that somebody runs. The first thread.
 */
#ifndef WEIR_VRRP_LOCK_H
#define WEIR_VRRP_LOCK_H

#include "base/why.h"

/* 0: ours. 1: another one runs. -1: why. Before daemonising. */
int	vr_lock_take(const char *path, struct why *);
int	vr_lock_write(void);		/* our number; after daemonising */
void	vr_lock_release(void);		/* and the file goes */

#endif
