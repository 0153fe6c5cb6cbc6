/* SPDX-License-Identifier: ISC */
/*
 * check.h - a question of our own to a server that nobody uses: the reset
 * query after a session, the check query after a long rest. The server is in
 * TESTED until the answer; a failing one is closed. On the server's loop.
 */
#ifndef WEIR_POOLER_CHECK_H
#define WEIR_POOLER_CHECK_H

#include "pooler/server.h"

/* s->asked, s->reset tell which; asked: an empty query, see healthz.h. */
void	pl_check_start(struct pl_server *);

#endif
