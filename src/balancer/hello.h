/* SPDX-License-Identifier: ISC */
/*
 * hello.h - what the first bytes of a TLS stream say: a ClientHello or a
 * ServerHello, read without taking part. Pure; any thread.
 */
#ifndef WEIR_BALANCER_HELLO_H
#define WEIR_BALANCER_HELLO_H

#include "base/text.h"

enum lb_hello { LB_HELLO_NONE, LB_HELLO_SHORT, LB_HELLO_WHOLE };

struct lb_hello_facts {
	unsigned type;			/* 1 client, 2 server */
	unsigned version;		/* 0x0303 */
	struct text sni;		/* borrowed; NULL: none */
	struct text alpn;		/* the list as it stands there */
	bool has_curves, has_tickets;	/* supported groups, session ticket */
	bool has_ticket;		/* and it is not empty */
	/* Lists of two-byte numbers as they stand there; at NULL: none. */
	struct text ciphers, groups, sigalgs;
	struct text shares;		/* each a group and its key */
};

/* How long the first of the protocols is, behind its length. */
size_t	lb_hello_first(struct text alpn);
/* The groups of the shares, two bytes each; at most room bytes. */
size_t	lb_hello_groups(struct text shares, char *to, size_t room);
/* SHORT: it is one so far, and more must come. */
enum lb_hello lb_hello_read(struct text, struct lb_hello_facts *);

#endif
