/* SPDX-License-Identifier: ISC */
/*
 * expression.h - reads "fetch(args),converter(args),..." and checks that the
 * types fit. What is read belongs to the setup. One thread.
 */
#ifndef WEIR_BALANCER_EXPRESSION_H
#define WEIR_BALANCER_EXPRESSION_H

#include "balancer/parse.h"

/*
 * The expression that begins at w->at[*at]; *at moves behind it (converters
 * may be words of their own). what: who asks, for later messages. NULL with
 * the reason.
 */
const struct lb_expr *lb_expression_read(struct lb_parse *,
	    const struct lb_words *, unsigned *at, const char *what,
	    struct why *);
/* The same for a text: all of it. acl: old names (path_beg) are known too,
 * whose match goes to *match ("beg"). */
const struct lb_expr *lb_expression_text(struct lb_parse *, const char *,
	    const char **match, const char *what, struct why *);

/* Can a value of one type be used as the other? */
bool	lb_expression_casts(enum lb_type from, enum lb_type to);
/* "scope.name" of a variable; -1 with the reason. */
int	lb_expression_variable(const char *, struct why *);

#endif
