/* SPDX-License-Identifier: ISC */
/*
 * healthz.h - are the databases served? Every healthz_interval those named
 * by healthz_databases (else all with a host) are asked: what has answered a
 * client meanwhile need not be; else a server that rests gets an empty query;
 * else one is opened. A database is well when any server of it answers. One
 * that cannot be asked (no pool yet, paused, all servers at work) stays what
 * it was; in the beginning it is well. Loop 0.
 */
#ifndef WEIR_POOLER_HEALTHZ_H
#define WEIR_POOLER_HEALTHZ_H

#include "base/text.h"
#include "net/loop.h"

enum { PL_HEALTHZ_LINE = 300 };

void	pl_healthz_start(struct loop *);
void	pl_healthz_stop(void);
/*
 * The status of /healthz (no name) or /healthz/NAME, 200, 503 or 404, and the
 * line that tells it.
 */
int	pl_healthz_tell(struct text name, char line[PL_HEALTHZ_LINE]);

#endif
