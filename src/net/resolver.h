/* SPDX-License-Identifier: ISC */
/*
 * resolver.h - names to addresses by c-ares, asynchronously, cached for a
 * time the caller sets; A and AAAA. Lives on loop 0; a question from another
 * loop is posted there and its answer back.
 */
#ifndef WEIR_NET_RESOLVER_H
#define WEIR_NET_RESOLVER_H

#include "base/address.h"
#include "net/loop.h"

struct resolver;

struct resolver_options {
	const char *resolv_conf;	/* NULL or "": the system's */
	int64_t keep, keep_failure;	/* us a good / bad answer is cached */
	int64_t zone_check;		/* us between SOA polls; 0 off */
	uint16_t port;			/* of the DNS servers; 0: 53 (tests) */
};

struct resolver_answer {
	int code;			/* 0, or the library's status */
	unsigned count;
	const struct address *addresses;	/* port 0; valid during the call */
};

struct resolver *resolver_new(struct loop *, const struct resolver_options *, struct why *);
void	resolver_free(struct resolver **);
void	resolver_set(struct resolver *, const struct resolver_options *);	/* times; reload */
/* answer() comes later, or inside this call when it is cached. */
void	resolver_ask(struct resolver *, const char *name,
	    void (*answer)(void *arg, const struct resolver_answer *), void *arg);
void	resolver_cancel(struct resolver *, void *arg);	/* no answer for arg any more */

/* Called when a fresh answer lacks an address that the one before had. */
void	resolver_set_lost(struct resolver *, void (*lost)(const char *name, const struct address *, void *), void *arg);
/* The serial of a zone rose (zone_check). */
void	resolver_set_zone_changed(struct resolver *, void (*changed)(const char *zone, uint32_t old, uint32_t fresh, void *), void *arg);

/* For SHOW DNS_HOSTS, DNS_ZONES, LISTS. */
struct resolver_row { const char *name; int64_t ttl; /* us left */ unsigned count; const struct address *addresses; };
struct resolver_zone { const char *name; uint32_t serial; unsigned hosts; };
void	resolver_each(struct resolver *, void (*row)(void *, const struct resolver_row *), void *arg);
void	resolver_each_zone(struct resolver *, void (*row)(void *, const struct resolver_zone *), void *arg);
void	resolver_count(const struct resolver *, unsigned *names, unsigned *zones, unsigned *queries, unsigned *pending);
const char *resolver_version(void);	/* "c-ares 1.18.1" */

#endif
