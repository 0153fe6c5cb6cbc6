/* SPDX-License-Identifier: ISC */
/*
 * keys_tls.h - options of TLS that bind and server lines and the global
 * defaults share; objects are struct lb_tls_conf. Constant; any thread.
 */
#ifndef WEIR_BALANCER_KEYS_TLS_H
#define WEIR_BALANCER_KEYS_TLS_H

#include "balancer/key.h"

extern const struct lb_key lb_keys_tls[];

/* "TLSv1.2"; UNSET: none of them. */
enum lb_tls lb_keys_tls_version(const char *);
/* path behind a base; told when it cannot be read. NULL: told. */
const char *lb_keys_tls_file(struct lb_parse *, const char *key,
	    const char *base, const char *path);
/* A line of a crt-list, which is not empty; what is wrong is told. */
struct lb_cert_conf *lb_keys_tls_line(struct lb_parse *, const char *list,
	    unsigned number, struct text line);

#endif
