/* SPDX-License-Identifier: ISC */
/*
 * certs.h - TLS contexts of bind and server lines, read from their files.
 * At start, before rights are given up; first thread.
 */
#ifndef WEIR_BALANCER_CERTS_H
#define WEIR_BALANCER_CERTS_H

#include "balancer/settings.h"
#include "net/tls.h"

/* NULL with the reason; g has the defaults of the global section. */
struct tls *lb_certs_bind(const struct lb_bind_conf *,
	    const struct lb_global_conf *g, struct why *);
struct tls *lb_certs_server(const struct lb_server_conf *,
	    const struct lb_global_conf *g, struct why *);

/*
 * What was loaded, with the file it came from: n from 0; NULL: no more. They
 * are kept until the end, or until one is forgotten (NULL: nothing is).
 */
const char *lb_certs_at(unsigned n, struct tls **);
void	lb_certs_forget(const struct tls *);
void	lb_certs_fini(void);

#endif
