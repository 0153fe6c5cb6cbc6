/* SPDX-License-Identifier: ISC */
/*
 * vault.h - the files of TLS as this process has them: certificates with
 * what stands beside them, authorities, lists of what is revoked. Read at
 * start, before rights are given up; an operator may bring others later.
 * First thread, then loop 0; contexts made of them keep what they need.
 */
#ifndef WEIR_BALANCER_VAULT_H
#define WEIR_BALANCER_VAULT_H

#include "balancer/pem.h"

enum lb_vault_kind { LB_VAULT_CERT, LB_VAULT_CA, LB_VAULT_CRL,
	LB_VAULT_KINDS };

struct lb_vault_file {
	struct lb_vault_file *next;	/* of its kind, by name */
	enum lb_vault_kind kind;
	char *path;
	unsigned users;			/* contexts made of it */
	struct lb_pem pem;		/* CERT */
	STACK_OF(X509) *authorities;	/* CA; NULL: none yet */
	STACK_OF(X509_CRL) *revoked;	/* CRL; NULL: none yet */
};

/* LB_EXTRA_* that are not looked for; del_ext: FILE.key beside FILE.crt. */
void	lb_vault_set_extras(unsigned left_out, bool del_ext);

struct lb_vault_file *lb_vault_first(enum lb_vault_kind);
struct lb_vault_file *lb_vault_find(enum lb_vault_kind, const char *path);
/* What is there, or else read from the disk; NULL: why. */
struct lb_vault_file *lb_vault_load(enum lb_vault_kind, const char *path,
	    struct why *);
struct lb_vault_file *lb_vault_add(enum lb_vault_kind, const char *path);
void	lb_vault_drop(struct lb_vault_file *);
void	lb_vault_fini(void);

bool	lb_vault_is_empty(const struct lb_vault_file *);
/*
 * One beside all others, with what 'from' has: to be changed, and to change
 * places with it. NULL: no memory.
 */
struct lb_vault_file *lb_vault_copy(const struct lb_vault_file *from);
void	lb_vault_free(struct lb_vault_file **);		/* of lb_vault_copy */
void	lb_vault_swap(struct lb_vault_file *, struct lb_vault_file *);
/* What an operator gives in place of what is there; -1: why. */
int	lb_vault_put(struct lb_vault_file *, struct text, struct why *);
/*
 * The same for what stands beside a certificate: ".key", ".issuer", ".ocsp",
 * ".sctl" (both in base64). lb_vault_part: how long the name is without it;
 * 0: it has no such ending.
 */
size_t	lb_vault_part(const char *path);
int	lb_vault_put_part(struct lb_vault_file *, const char *part,
	    struct text, struct why *);

#endif
