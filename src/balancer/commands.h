/* SPDX-License-Identifier: ISC */
/*
 * commands.h - what an operator may say: the table of all tables of commands,
 * and how one of them is carried out. Loop 0.
 */
#ifndef WEIR_BALANCER_COMMANDS_H
#define WEIR_BALANCER_COMMANDS_H

#include <stdio.h>

#include "balancer/talk.h"

/* For lb_talk_host: finds the row, looks at the level, runs it. */
void	lb_commands_run(struct talk *, const struct command_line *);
/* All rows in the order of the alphabet: i from 0; NULL: no more. */
const struct command *lb_commands_at(unsigned i);
/*
 * "weir-balancer --list-commands": words, arguments, level, what they do,
 * by tabs; or as the list of a manual page.
 */
void	lb_commands_list(FILE *, bool man);

#endif
