/* SPDX-License-Identifier: ISC */
/*
 * reasons.h - why sessions end: rows with the letters that the log shows and
 * what is counted. Constant; any thread.
 */
#ifndef WEIR_BALANCER_REASONS_H
#define WEIR_BALANCER_REASONS_H

#include "balancer/flow.h"

extern const struct lb_end lb_end_normal, lb_end_client, lb_end_server,
    lb_end_client_timeout, lb_end_server_timeout, lb_end_queue_timeout,
    lb_end_connect_failed, lb_end_connect_timeout, lb_end_no_server,
    lb_end_rule, lb_end_rule_reset, lb_end_resource, lb_end_internal,
    lb_end_down, lb_end_up, lb_end_killed, lb_end_life, lb_end_local;

/* "CD": cause and phase as the log has them. */
void	lb_reasons_letters(const struct lb_session *, const struct lb_end *,
	    char to[3]);

#endif
