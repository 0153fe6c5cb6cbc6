/* SPDX-License-Identifier: ISC */
/*
 * pem.h - a certificate, its chain and its key, from the text of a PEM file:
 * read, shown, put into a context in place of what is there. Any thread;
 * lb_pem_use only while nobody uses the context.
 */
#ifndef WEIR_BALANCER_PEM_H
#define WEIR_BALANCER_PEM_H

#include <openssl/ssl.h>

#include "base/why.h"
#include "stat/sheet.h"

struct lb_pem {			/* zeroed: nothing */
	X509 *cert;
	STACK_OF(X509) *chain;		/* NULL: none */
	EVP_PKEY *key;			/* NULL: none */
};

int	lb_pem_read(struct lb_pem *, struct text, struct why *);
void	lb_pem_fini(struct lb_pem *);
/* What a context has now; to be given back by lb_pem_fini. */
void	lb_pem_of(struct lb_pem *, SSL_CTX *);
/* Could it take the place of what is there? */
int	lb_pem_fits(const struct lb_pem *, SSL_CTX *, struct why *);
int	lb_pem_use(const struct lb_pem *, SSL_CTX *);
/* "Serial: ...", a line each. */
void	lb_pem_show(const struct lb_pem *, struct sheet *);

#endif
