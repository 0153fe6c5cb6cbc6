/* SPDX-License-Identifier: ISC */
/*
 * status.h - the status socket (status_socket, a unix socket of mode 0600)
 * and the page (metrics_listen: /metrics, /healthz, /status) on the turn's
 * loop: a request, an answer, the end. And the other side: --status. No call
 * waits but vr_status_ask. The parent's; one thread.
 */
#ifndef WEIR_VRRP_STATUS_H
#define WEIR_VRRP_STATUS_H

#include "vrrp/view.h"

struct vr_status;

/*
 * Opens what the configuration names (neither: NULL without a why->line);
 * what cannot be opened is logged. look() fills in the view when asked.
 */
struct vr_status *vr_status_open(const struct vr_global_conf *,
	    void (*look)(struct vr_view *));
void	vr_status_close(struct vr_status **);

/*
 * weir-vrrp --status [--json] [INSTANCE]: asks, prints, returns the exit
 * code: 0 master, 1 backup, 2 fault, 3 no answer.
 */
int	vr_status_ask(const char *path, const char *instance, bool json);

#endif
