/* SPDX-License-Identifier: ISC */
/*
 * console.h - the runtime sockets: "stats socket" lines opened at start,
 * operators accepted on them up to "stats maxconn". Loop 0.
 */
#ifndef WEIR_BALANCER_CONSOLE_H
#define WEIR_BALANCER_CONSOLE_H

#include "balancer/settings.h"
#include "conf/command.h"
#include "net/loop.h"

/* Binds all of them, before rights are given up; how many failed (told). */
unsigned lb_console_open(const struct lb_global_conf *);
/* run: carries out a command (balancer/commands.h). */
int	lb_console_start(struct loop *,
	    void (*run)(struct talk *, const struct command_line *),
	    struct why *);
/* Takes nobody new in; descriptors that were inherited stay open. */
void	lb_console_stop(void);
/* A connection by the master's hand: the callee's. */
void	lb_console_take(int fd, enum lb_level);
void	lb_console_fini(void);		/* ends all talks */

/* The sockets, in the order of the file: i from 0; -1: no more. */
int	lb_console_fd(unsigned i, const struct lb_bind_conf **);
/* Connections now and ever. */
unsigned lb_console_talks(void);
uint64_t lb_console_total(void);

#endif
