/* SPDX-License-Identifier: ISC */
/*
 * notify.h - telling others of a change: the script of that change, then the
 * general one, both in order per instance; the fifos; mail. On the turn's
 * loop of the parent. One thread.
 */
#ifndef WEIR_VRRP_NOTIFY_H
#define WEIR_VRRP_NOTIFY_H

#include "vrrp/launch.h"
#include "vrrp/settings.h"

struct vr_notify_post;

/*
 * Makes and opens the fifos, starts their scripts. old (or NULL): a reload,
 * fifos that stay the same stay open. What cannot be opened is logged.
 */
struct vr_notify_post *vr_notify_open(const struct vr_config *,
	    struct vr_launch *, struct vr_notify_post **old);
/*
 * An instance (or group) entered a state; what is VR_NOTIFY_MASTER, _BACKUP,
 * _FAULT, _STOP, _DELETED or _MASTER_RX_LOWER_PRI. priority: 0 for groups.
 * Who is drawn along by its group tells it as well: so does the original.
 */
void	vr_notify_instance(struct vr_notify_post *, const struct
	    vr_instance_conf *, enum vr_notify what, unsigned priority);
void	vr_notify_group(struct vr_notify_post *, const struct vr_group_conf *,
	    enum vr_notify what);
/* fifo_write_vrrp_states_on_reload: the fifos alone hear it again. */
void	vr_notify_again(struct vr_notify_post *, const struct
	    vr_instance_conf *, enum vr_notify what, unsigned priority);
/* notify_priority_changes: "MASTER_PRIORITY" or "BACKUP_PRIORITY". */
void	vr_notify_priority(struct vr_notify_post *, const struct
	    vr_instance_conf *, bool master, unsigned priority);
/* startup_script, shutdown_script: done() when it has ended or was stopped. */
void	vr_notify_once(struct vr_notify_post *, const struct vr_program *,
	    int64_t limit, void (*done)(void *arg), void *arg);
/* Scripts and mail that have not ended yet; the end waits about 1 s for 0. */
unsigned vr_notify_busy(const struct vr_notify_post *);
/* Fifo scripts get SIGTERM, fifos we made are removed. */
void	vr_notify_close(struct vr_notify_post **);

/* The word in arguments and fifo lines: "MASTER". Pure. */
const char *vr_notify_word(enum vr_notify);
/* One line of a fifo; its length. Pure. */
size_t	vr_notify_line(char *to, size_t size, bool group, const char *name,
	    const char *word, unsigned priority);

#endif
