/* SPDX-License-Identifier: ISC */
/*
 * json.h - the instances as JSON, in the keys of keepalived.json; what is
 * ours stands behind them. Pure; one thread.
 */
#ifndef WEIR_VRRP_JSON_H
#define WEIR_VRRP_JSON_H

#include "stat/sheet.h"
#include "vrrp/view.h"

/* The file: an array (1), or an object with the processes (2). */
void	vr_json_file(struct sheet *, const struct vr_view *,
	    unsigned version);
/* The status: all instances, or one; groups; trackers. */
void	vr_json_status(struct sheet *, const struct vr_view *,
	    const char *instance);
void	vr_json_text(struct sheet *, const char *);	/* quoted */

#endif
