/* SPDX-License-Identifier: ISC */
/*
 * logformat.h - format strings ("%ci:%cp [%t] %[src]"), read into parts: as
 * data, and how they are read. What is read belongs to the setup and is
 * immutable. Any thread.
 */
#ifndef WEIR_BALANCER_LOGFORMAT_H
#define WEIR_BALANCER_LOGFORMAT_H

#include "balancer/sample.h"
#include "balancer/words.h"
#include "base/why.h"

struct lb_parse;

struct lb_alias {		/* one row each: %name */
	const char *name;
	bool http;		/* has a value in HTTP proxies only */
	const char *help;
};

extern const struct lb_alias lb_alias_rows[];	/* ends with a NULL name */

enum lb_part_kind { LB_PART_TEXT, LB_PART_ALIAS, LB_PART_EXPR };

enum {				/* %{+Q,-X} */
	LB_PART_QUOTED = 1 << 0, LB_PART_HEX = 1 << 1,
	LB_PART_ESCAPED = 1 << 2, LB_PART_JSON = 1 << 3, LB_PART_CBOR = 1 << 4,
	LB_PART_BIN = 1 << 5
};

struct lb_part {
	enum lb_part_kind kind;
	unsigned flags;
	const char *text;		/* TEXT: to be copied; else: %(name) or
					 * NULL */
	const struct lb_alias *alias;
	const struct lb_expr *expr;
};

struct lb_format {
	struct lb_place place;
	const char *text;		/* as written */
	unsigned from;			/* LB_FROM_* of its expressions */
	unsigned count;
	struct lb_part *parts;
};

/*
 * may: LB_FROM_* that have a value where the format is used (others: a
 * warning). NULL with the reason.
 */
const struct lb_format *lb_logformat_read(struct lb_parse *,
	    const struct lb_place *, const char *text, unsigned may, struct why *);
/* A format that is this text, whatever stands in it. */
const struct lb_format *lb_logformat_plain(struct lb_parse *,
	    const char *text);

#endif
