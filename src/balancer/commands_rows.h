/* SPDX-License-Identifier: ISC */
/*
 * commands_rows.h - the tables of commands, one a file; each ends with words
 * NULL. Constant; any thread.
 */
#ifndef WEIR_BALANCER_COMMANDS_ROWS_H
#define WEIR_BALANCER_COMMANDS_ROWS_H

#include "balancer/talk.h"

extern const struct command lb_commands_talk[];		/* the talk itself */
extern const struct command lb_commands_show[];		/* the process */
extern const struct command lb_commands_sess[];		/* sessions */
extern const struct command lb_commands_support[];	/* for faults */
extern const struct command lb_commands_server[];	/* one server */
extern const struct command lb_commands_lists[];	/* values of rules */
extern const struct command lb_commands_ssl[];		/* certificates */
extern const struct command lb_commands_crtlist[];	/* and their lists */
extern const struct command lb_commands_wait[];		/* time */
extern const struct command lb_commands_proxy[];	/* frontends, limits */
extern const struct command lb_commands_sockets[];	/* hand them over */
extern const struct command lb_commands_table[];	/* stick tables */
extern const struct command lb_commands_var[];		/* variables */

#endif
