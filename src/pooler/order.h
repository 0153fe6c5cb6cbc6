/* SPDX-License-Identifier: ISC */
/*
 * order.h - what somebody typed on the console, taken apart:
 *
 *	CMD [ARG] [;]		SET KEY = VALUE [;]	SET KEY TO VALUE [;]
 *
 * A word is [0-9a-z_]+ in either case, or "quoted"; a value may be 'quoted'
 * too; a quote inside is doubled. In the extended protocol $n may stand for
 * an argument or a value. Pure; any thread.
 */
#ifndef WEIR_POOLER_ORDER_H
#define WEIR_POOLER_ORDER_H

#include <stdint.h>

#include "base/text.h"

enum { PL_ORDER_CMD = 15, PL_ORDER_ARG = 63, PL_ORDER_VALUE = 255 };

struct pl_order {
	struct text text;		/* as typed, borrowed */
	char cmd[PL_ORDER_CMD + 1];
	char arg[PL_ORDER_ARG + 1];	/* "": none */
	char value[PL_ORDER_VALUE + 1];
	bool has_value;			/* KEY = VALUE was given */
	uint16_t arg_param, value_param;	/* n of $n; 0: a word */
};

enum pl_order_fault {
	PL_ORDER_FINE,
	PL_ORDER_INVALID,		/* not of this form */
	PL_ORDER_LONG			/* well formed, but a word is too long */
};

/* params: may $n stand there? */
enum pl_order_fault pl_order_parse(struct text, bool params,
	    struct pl_order *);
/* The highest n of its $n; 0: none. */
unsigned pl_order_params(const struct pl_order *);
/* Puts values in place of $n: INVALID when one lacks or is NULL. */
enum pl_order_fault pl_order_fill(struct pl_order *, const struct text *values,
	    unsigned count);

#endif
