/* SPDX-License-Identifier: ISC */
/*
 * commands_sockets.c - what only another process asks for: our listening
 * sockets. Loop 0.
 */
#include "balancer/commands_rows.h"
#include "balancer/takeover.h"

static void
run_getsocks(struct talk *t, const struct command_line *l)
{
	struct conn *c;

	if (!lb_talk_door(t)->expose_fd) {
		lb_talk_refuse(t, "Permission denied");
		return;
	}
	c = lb_talk_release(t);
	if (c != NULL)
		lb_takeover_give(c);
}

const struct command lb_commands_sockets[] = {
	{ "_getsocks", NULL, NULL, LB_LEVEL_ADMIN, run_getsocks },
	{ NULL, NULL, NULL, 0, NULL }
};
