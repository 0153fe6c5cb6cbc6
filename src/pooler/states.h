/* SPDX-License-Identifier: ISC */
/*
 * states.h - the states of both ends; a state is membership in a list, and
 * the lists are kept in the pool (roster.h). Loop 0.
 */
#ifndef WEIR_POOLER_STATES_H
#define WEIR_POOLER_STATES_H

#include <sys/queue.h>

enum pl_client_state {
	PL_CLIENT_LOGIN,		/* not yet welcome (also those in line for their welcome) */
	PL_CLIENT_ACTIVE,		/* logged in: idle, or linked to a server */
	PL_CLIENT_WAITING,		/* in line for a server (also for its welcome) */
	PL_CLIENT_WAITING_CANCEL,	/* a cancel request in line for its connection */
	PL_CLIENT_ACTIVE_CANCEL,	/* a cancel request on its way */
	PL_CLIENT_GONE,			/* closed; buried at the end of the turn */
	PL_CLIENT_STATES
};

enum pl_server_state {
	PL_SERVER_LOGIN,		/* connecting, logging in ("new") */
	PL_SERVER_IDLE,
	PL_SERVER_USED,			/* idle for long, must pass the check query */
	PL_SERVER_TESTED,		/* check or reset query under way */
	PL_SERVER_ACTIVE,		/* linked */
	PL_SERVER_ACTIVE_CANCEL,	/* carries a cancel request */
	PL_SERVER_BEING_CANCELED,	/* free, but cancels for it are in flight */
	PL_SERVER_GONE,
	PL_SERVER_STATES
};

TAILQ_HEAD(pl_client_list, pl_client);
TAILQ_HEAD(pl_server_list, pl_server);

#endif
