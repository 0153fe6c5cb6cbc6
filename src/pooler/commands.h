/* SPDX-License-Identifier: ISC */
/*
 * commands.h - what an operator may say, as rows, and what becomes of it.
 * Running a command gives a reply, as data: the console sends it, in
 * whichever protocol its client speaks. Loop 0.
 */
#ifndef WEIR_POOLER_COMMANDS_H
#define WEIR_POOLER_COMMANDS_H

#include <stdio.h>

#include "base/why.h"
#include "pooler/columns.h"
#include "pooler/control.h"
#include "pooler/order.h"

struct pl_reply {
	enum {
		PL_REPLY_DONE,		/* tag, and notice if there is one */
		PL_REPLY_ERROR,		/* why.line, code; tag is unused */
		PL_REPLY_ROWS,		/* of object, then tag */
		PL_REPLY_WAIT,		/* tag when 'wait' has come */
		PL_REPLY_END		/* the process ends: nothing is said */
	} act;
	const char *code;		/* SQLSTATE of an error */
	const char *notice;		/* NULL: none */
	char *detail;			/* of the notice */
	const struct pl_object *object;
	enum pl_control_wait wait;
	unsigned ticket;		/* of the wait */
	struct pl_hunt *hunt;		/* of KILL_CLIENT, until it is over */
	char database[PL_DATABASE_NAME + 1];	/* that it waits for; "": all */
	char tag[PL_ORDER_ARG + PL_ORDER_VALUE + 8];
	struct why why;
};

enum pl_form {			/* what stands behind the first word */
	PL_FORM_BARE,			/* nothing */
	PL_FORM_DATABASE,		/* a database */
	PL_FORM_ANY_DATABASE,		/* a database, or nothing: all */
	PL_FORM_CLIENT,			/* a number from SHOW CLIENTS */
	PL_FORM_SHOW,			/* an object of SHOW */
	PL_FORM_SHUTDOWN,		/* nothing, or for whom to wait */
	PL_FORM_SET,			/* key = value */
	PL_FORM_SET_PARAMETER		/* the same, of a fixed parameter */
};

struct pl_command {
	const char *word;
	enum pl_form form;
	enum pl_level level;
	void (*run)(const struct pl_order *, struct pl_reply *);
	const char *usage;		/* line of SHOW HELP; NULL: none */
	const char *help;
};

extern const struct pl_command pl_commands[];
extern const unsigned pl_command_count;

/* The row that an order means; NULL: there is no such command. */
const struct pl_command *pl_commands_find(const struct pl_order *);
/* Who may: the row's level, for SHOW the object's. */
enum pl_level pl_commands_level(const struct pl_command *,
	    const struct pl_order *);
/* What it answers with rows, if it does; NULL. */
const struct pl_object *pl_commands_object(const struct pl_order *);

void	pl_commands_refuse(enum pl_order_fault, struct text text,
	    struct pl_reply *);
void	pl_commands_run(const struct pl_order *, bool admin, struct pl_reply *);
/* Has come what a reply waits for? UNDONE: why says what came instead. */
enum pl_control_outcome pl_commands_look(struct pl_reply *);
/* What it holds is let go; once more is harmless. */
void	pl_commands_end(struct pl_reply *);

/* --list-commands: command, who may, help; between tabs, a line each. */
void	pl_commands_list(FILE *);

#endif
