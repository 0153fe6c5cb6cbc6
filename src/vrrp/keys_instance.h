/* SPDX-License-Identifier: ISC */
/*
 * keys_instance.h - vrrp_instance: every keyword, one row, and the notify
 * rows that groups have too. One thread.
 */
#ifndef WEIR_VRRP_KEYS_INSTANCE_H
#define WEIR_VRRP_KEYS_INSTANCE_H

#include "vrrp/parse.h"

extern const struct vr_key vr_keys_instance[];
extern const struct vr_key vr_keys_instance_auth[];

void	vr_keys_instance_read(struct vr_parse *);	/* from its name on */

/* notify..., smtp_alert, notify_priority_changes into either's settings. */
void	vr_keys_instance_notify(struct vr_parse *, struct vr_notify_conf *);

#endif
