/* SPDX-License-Identifier: ISC */
/*
 * dump.h - the files that signals ask for: keepalived.data (USR1),
 * keepalived.stats (USR2, and with counters zeroed by the caller), and
 * keepalived.json. Texts are made, and written without following links. One
 * thread.
 */
#ifndef WEIR_VRRP_DUMP_H
#define WEIR_VRRP_DUMP_H

#include "vrrp/view.h"

/* The caller's, mem_drop() them; NULL: no memory. */
char	*vr_dump_data(const struct vr_view *);
char	*vr_dump_stats(const struct vr_view *);
char	*vr_dump_json(const struct vr_view *);	/* by json_version */

enum vr_dump_kind { VR_DUMP_DATA, VR_DUMP_STATS, VR_DUMP_JSON };
/* Made, and written where the configuration says; failures are logged. */
void	vr_dump_write(const struct vr_view *, enum vr_dump_kind);
/* The data, line by line into the log. */
void	vr_dump_log(const struct vr_view *);
/* Where: "/tmp/keepalived.data"; to: at least 1024 bytes. Pure. */
void	vr_dump_path(const struct vr_global_conf *, enum vr_dump_kind,
	    char *to, size_t size);

#endif
