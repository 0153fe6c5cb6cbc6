/* SPDX-License-Identifier: ISC */
/*
 * certs.h - TLS contexts of bind and server lines, made of the files in the
 * vault; made anew when one of these changes, and which crt-list has which.
 * At start, before rights are given up; first thread, then loop 0.
 */
#ifndef WEIR_BALANCER_CERTS_H
#define WEIR_BALANCER_CERTS_H

#include "balancer/settings.h"
#include "balancer/vault.h"
#include "net/tls.h"

/* NULL with the reason; g has the defaults of the global section. */
struct tls *lb_certs_bind(const struct lb_bind_conf *,
	    const struct lb_global_conf *g, struct why *);
struct tls *lb_certs_server(const struct lb_server_conf *,
	    const struct lb_global_conf *g, struct why *);

/* Contexts are kept until the end, or until one is forgotten. */
void	lb_certs_forget(const struct tls *);
void	lb_certs_fini(void);

/*
 * The file has what 'with' had from now on, and so have new sessions of all
 * contexts that are made of it; how many these are. -1: why, nothing changed.
 */
int	lb_certs_change(struct lb_vault_file *, struct lb_vault_file *with,
	    struct why *);
/*
 * The same in two steps, for who changes other things at the same moment:
 * all is made beforehand, and taken while all loops stand still, or not.
 */
int	lb_certs_prepare(struct lb_vault_file *, struct lb_vault_file *with,
	    struct why *);
void	lb_certs_take(struct lb_vault_file *, struct lb_vault_file *with);
void	lb_certs_cancel(void);
/* An OCSP answer for it, until then (s); -1: why. */
int	lb_certs_staple(struct lb_vault_file *, struct text answer,
	    int64_t until, struct why *);

/*
 * crt-lists, and directories that a crt option names: by number from 0,
 * NULL: no more; their lines in order, also those that were added later.
 */
const char *lb_certs_list(unsigned i);
bool	lb_certs_has_list(const char *path);
const struct lb_cert_conf *lb_certs_line(const char *list, unsigned i);
/* The bind line whose i-th context of that line is its default; or NULL. */
const struct lb_bind_conf *lb_certs_default(const struct lb_cert_conf *,
	    unsigned i);
/* line->list, ->path say where to; it and its arena are kept. -1: why. */
int	lb_certs_add_line(struct lb_cert_conf *line, struct arena *,
	    struct why *);
int	lb_certs_drop_line(const struct lb_cert_conf *, struct why *);

#endif
