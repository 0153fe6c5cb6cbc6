/* SPDX-License-Identifier: ISC */
/*
 * start.h - from the command line to the parent's life: the file is read, the
 * log opened, the pid file taken, the background entered. First thread.
 */
#ifndef WEIR_VRRP_START_H
#define WEIR_VRRP_START_H

#include "vrrp/options.h"

int	vr_start(const struct vr_options *);		/* the exit code */
int	vr_start_ask(const struct vr_options *);	/* --status */

#endif
