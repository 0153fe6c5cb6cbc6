/* SPDX-License-Identifier: ISC */
/*
 * pem.h - certificates, their chains and keys, authorities and lists of what
 * is revoked, from the text of PEM files: read, shown, put into a context
 * that nobody uses yet. Any thread.
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
	X509 *issuer;			/* of the file beside it; NULL */
	struct text status;		/* an OCSP answer, DER; ours */
	struct text stamps;		/* SCTs as TLS sends them; ours */
};

int	lb_pem_read(struct lb_pem *, struct text, struct why *);
/* The key alone; the issuer alone. */
int	lb_pem_read_key(struct lb_pem *, struct text, struct why *);
int	lb_pem_read_issuer(struct lb_pem *, struct text, struct why *);
/* Bytes as they are: in place of what is there. */
int	lb_pem_set_status(struct lb_pem *, struct text);
int	lb_pem_set_stamps(struct lb_pem *, struct text);
int	lb_pem_copy(struct lb_pem *, const struct lb_pem *from);
void	lb_pem_fini(struct lb_pem *);
/* Who signed it: of the chain, or of the file beside it; NULL. */
X509	*lb_pem_issuer(const struct lb_pem *);
/* Could it be shown to anybody? */
int	lb_pem_is_whole(const struct lb_pem *, struct why *);
/* server: with the stamps. */
int	lb_pem_use(const struct lb_pem *, SSL_CTX *, bool server,
	    struct why *);
/* "Serial: ...", a line each. */
void	lb_pem_show(const struct lb_pem *, struct sheet *);
void	lb_pem_show_cert(X509 *, struct sheet *);

/* All certificates, all lists, of a text; NULL: there is none. */
STACK_OF(X509) *lb_pem_certs(struct text);
STACK_OF(X509_CRL) *lb_pem_crls(struct text);
void	lb_pem_show_crl(X509_CRL *, struct sheet *);

#endif
