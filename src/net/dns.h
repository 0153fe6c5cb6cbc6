/* SPDX-License-Identifier: ISC */
/*
 * dns.h - questions to c-ares, driven by a loop: nothing is remembered here.
 * When resolv.conf changes, new questions go by the new one while those under
 * way end by the old. Private to net/resolver; one loop's thread.
 */
#ifndef WEIR_NET_DNS_H
#define WEIR_NET_DNS_H

#include "base/address.h"
#include "net/loop.h"

struct dns;

struct dns *dns_open(struct loop *, const char *resolv_conf, uint16_t port,
	    struct why *);
/* Another file for the questions to come; NULL or "": the system's. */
void	dns_use(struct dns *, const char *resolv_conf);
/* What is asked still is never told. */
void	dns_close(struct dns **);

/* code: 0 or the library's. told() may be called inside these. */
void	dns_ask(struct dns *, const char *name,
	    void (*told)(void *arg, int code, const struct address *,
	    unsigned count), void *arg);
void	dns_ask_serial(struct dns *, const char *zone,
	    void (*told)(void *arg, int code, uint32_t serial), void *arg);
unsigned dns_asking(const struct dns *);	/* questions under way */

#endif
