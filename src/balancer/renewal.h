/* SPDX-License-Identifier: ISC */
/*
 * renewal.h - certificates whose files have changed, as a reload brings
 * them: read, held against the one in use, made into contexts, and put in
 * place while all loops stand still. Loop 0.
 */
#ifndef WEIR_BALANCER_RENEWAL_H
#define WEIR_BALANCER_RENEWAL_H

#include "base/text.h"
#include "base/why.h"

struct lb_renewal;		/* a list of them; NULL: none */

/*
 * Adds one: the certificate, its chain and its key. It must be for the same
 * names as the one in use, fit to its own key and be in date. -1: why.
 */
int	lb_renewal_add(struct lb_renewal **, struct text path,
	    struct text pem, struct why *);
void	lb_renewal_use(const struct lb_renewal *);
/* Those that were not used leave nothing behind. */
void	lb_renewal_free(struct lb_renewal **);

#endif
