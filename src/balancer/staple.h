/* SPDX-License-Identifier: ISC */
/*
 * staple.h - OCSP answers: which certificate one is about, whether it may
 * still be handed on, and what it reads like. Any thread.
 */
#ifndef WEIR_BALANCER_STAPLE_H
#define WEIR_BALANCER_STAPLE_H

#include "balancer/pem.h"

enum { LB_STAPLE_ID = 256 };		/* bytes of a certificate's id, at most */

/* The DER of its id; 0: its issuer is not known. */
size_t	lb_staple_id(const struct lb_pem *, unsigned char to[LB_STAPLE_ID]);
/* "Certificate ID:" and what is in it, three lines. */
void	lb_staple_show_id(const struct lb_pem *, struct sheet *);
/*
 * Is that answer about it, and good? until: when it ends, in seconds of the
 * wall clock. -1: why.
 */
int	lb_staple_check(const struct lb_pem *, struct text answer,
	    int64_t *until, struct why *);
/* All of it; empty lines get a blank, as they would end our answer. */
void	lb_staple_show(struct text answer, struct sheet *);

#endif
