/* SPDX-License-Identifier: ISC */
/*
 * door.h - the sockets clients come in by: TCP, unix, those the service
 * manager passed. Loop 0.
 */
#ifndef WEIR_POOLER_DOOR_H
#define WEIR_POOLER_DOOR_H

#include "base/why.h"
#include "net/loop.h"
#include "pooler/columns.h"

int	pl_door_alone(struct why *);	/* -1: another instance answers on the unix socket */
int	pl_door_open(struct loop *, struct why *);
void	pl_door_listen(bool on);	/* accept, or let them wait in the kernel */
void	pl_door_close_tcp(void);	/* graceful shutdown: unix stays for the console */
void	pl_door_close(void);		/* all; removes the unix socket's file */
bool	pl_door_at(unsigned i, struct pl_listening *);

#endif
