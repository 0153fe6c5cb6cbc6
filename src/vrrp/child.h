/* SPDX-License-Identifier: ISC */
/*
 * child.h - the process that decides: reads adverts, keeps the timers, moves
 * the instances, sends our adverts. It has no rights of its own but the
 * sockets it was born with; all else it asks of the parent by events on the
 * board. It is forked with everything in its memory and starts from the live
 * records, so it goes on where the one before it was killed. One thread.
 */
#ifndef WEIR_VRRP_CHILD_H
#define WEIR_VRRP_CHILD_H

#include "vrrp/instance.h"

/* In the new process; returns its exit code. */
int	vr_child_run(struct vr_cast *);

#endif
