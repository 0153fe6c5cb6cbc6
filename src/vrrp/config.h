/* SPDX-License-Identifier: ISC */
/*
 * config.h - a keepalived.conf becomes a struct vr_config: read by the rows
 * of keys.h, then inherited, checked and joined. No effect on the host.
 * Belongs to who asked for it. One thread.
 */
#ifndef WEIR_VRRP_CONFIG_H
#define WEIR_VRRP_CONFIG_H

#include "vrrp/outside.h"
#include "vrrp/report.h"
#include "vrrp/settings.h"

enum {
	VR_CONFIG_ALL_INCLUDES = 1 << 0,	/* -e: each must be there */
	VR_CONFIG_ELSEWHERE = 1 << 1	/* a file of another node: nothing of
					 * this host is asked */
};

/*
 * The file, and the side file (PATH.weir) of it and of each included one. What is wrong goes to the report,
 * is skipped, and the rest is used, as the original does; NULL only when the
 * file cannot be read, a value was missing (report->missing), or memory
 * ended. The report is the caller's, zeroed but for tell and arg.
 */
struct vr_config *vr_config_read(const char *path, unsigned flags,
	    const struct vr_outside *, struct vr_report *);
/* The same of a text in memory, for tests; side: NULL, or the side file's. */
struct vr_config *vr_config_parse(const char *path, struct text,
	    const char *side, unsigned flags, const struct vr_outside *,
	    struct vr_report *);
void	vr_config_free(struct vr_config **);

/* Dies never: NULL when there is none. */
const struct vr_instance_conf *vr_config_find(const struct vr_config *,
	    const char *name);

#endif
