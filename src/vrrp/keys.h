/* SPDX-License-Identifier: ISC */
/*
 * keys.h - the words of the top level, and the table of all tables: what a
 * keepalived.conf may say. Constant; any thread.
 */
#ifndef WEIR_VRRP_KEYS_H
#define WEIR_VRRP_KEYS_H

#include <stdio.h>

#include "vrrp/parse.h"

extern const struct vr_key vr_keys[];

/* Every block with keywords of its own, ended by a row without a name. */
struct vr_keys_block {
	const char *name;		/* "global_defs"; "": the top level */
	const struct vr_key *rows;
};
extern const struct vr_keys_block vr_keys_blocks[];

enum vr_keys_form { VR_KEYS_TABS, VR_KEYS_MD, VR_KEYS_MAN };

/* name, where, class, default, range, help: one row each. */
void	vr_keys_list(FILE *, enum vr_keys_form);
/* "F", "W" or "E": full, accepted without effect, refused. */
const char *vr_keys_class(const struct vr_key *);

#endif
