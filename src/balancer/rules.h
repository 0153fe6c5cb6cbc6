/* SPDX-License-Identifier: ISC */
/*
 * rules.h - every action of a rule, one row, and how a rule is read. What is
 * read belongs to the setup. One thread.
 */
#ifndef WEIR_BALANCER_RULES_H
#define WEIR_BALANCER_RULES_H

#include "balancer/parse.h"
#include "balancer/rule.h"

extern const struct lb_action lb_rules_actions[];  /* ends: a NULL name */

/*
 * The rule whose action is w->at[at]; -1: told. what: "tcp-request content".
 * Added to the section's rules.
 */
int	lb_rules_read(struct lb_parse *, enum lb_ruleset,
	    const struct lb_words *w, unsigned at, const char *what);
/*
 * set-var and set-var-fmt of the global section: a name and an expression or
 * a format from w->at[at] on; -1: told. Added to the setup's variables.
 */
int	lb_rules_read_global(struct lb_parse *, const struct lb_words *w,
	    unsigned at, bool format);
/* LB_FROM_* that have a value in rules of that kind. */
unsigned lb_rules_from(enum lb_ruleset);

#endif
