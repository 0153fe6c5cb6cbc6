/* SPDX-License-Identifier: ISC */
/*
 * renewal.h - certificates whose files have changed, as a reload brings
 * them: read and looked at first, put in force together, taken back when
 * what was to follow does not. Loop 0.
 */
#ifndef WEIR_BALANCER_RENEWAL_H
#define WEIR_BALANCER_RENEWAL_H

#include "base/text.h"
#include "base/why.h"

struct lb_renewal;		/* a list of them; NULL: none */

/*
 * Adds one: the certificate, its chain and its key, which must fit and be in
 * date. -1: why.
 */
int	lb_renewal_add(struct lb_renewal **, struct text path,
	    struct text pem, struct why *);
/* All of them; -1: why, and all is as it was. */
int	lb_renewal_use(struct lb_renewal *, struct why *);
void	lb_renewal_undo(struct lb_renewal *);
void	lb_renewal_free(struct lb_renewal **);

#endif
