/* SPDX-License-Identifier: ISC */
/*
 * columns.h - every statistic of the balancer, one row of a table each, in
 * the order that readers count by; and all of them written out, in slices,
 * for the console and the status page alike. Loop 0.
 */
#ifndef WEIR_BALANCER_COLUMNS_H
#define WEIR_BALANCER_COLUMNS_H

#include "balancer/rows.h"
#include "stat/sheet.h"

/* Of struct lb_row. */
extern const struct field lb_columns[];
extern const unsigned lb_columns_count;
/* By its name; dies: there is none such. */
const struct field *lb_columns_find(const char *name);

enum lb_form { LB_FORM_CSV, LB_FORM_TYPED, LB_FORM_JSON, LB_FORM_SCHEMA };

struct lb_columns {		/* an answer that is being written */
	struct lb_rows rows;	/* which; see there */
	enum lb_form form;
	bool help;		/* typed: with what each means */
	bool begun, ended;
};

/* CSV of everything; change fields before the first step. */
void	lb_columns_init(struct lb_columns *);
/*
 * Adds up to 'most' rows, the head before the first, the foot behind the
 * last. False: that was all.
 */
bool	lb_columns_step(struct lb_columns *, struct sheet *, unsigned most);
/*
 * The words behind "show stat": [<iid>|<proxy> <type> <sid>] [typed|json]
 * [desc] [up] [no-maint] [domain proxy|resolvers]. -1: there is no proxy of
 * that name.
 */
int	lb_columns_ask(struct lb_columns *, const struct text *words,
	    unsigned count);

#endif
