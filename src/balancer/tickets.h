/* SPDX-License-Identifier: ISC */
/*
 * tickets.h - "tls-ticket-keys": keys that several processes share, so that
 * a session that one began goes on with another. A file has a key a line,
 * base64 of 48 bytes (name, AES-128, HMAC) or 80 (name, AES-256, HMAC); the
 * last but one seals new tickets, the others open old ones. Read at start;
 * changed on loop 0 while all loops stand still.
 */
#ifndef WEIR_BALANCER_TICKETS_H
#define WEIR_BALANCER_TICKETS_H

#include <openssl/ssl.h>

#include "base/why.h"
#include "stat/sheet.h"

struct lb_tickets;

/* One for each file; NULL: why. */
struct lb_tickets *lb_tickets_load(const char *path, struct why *);
int	lb_tickets_check(struct text, struct why *);
void	lb_tickets_use(const struct lb_tickets *, SSL_CTX *);
void	lb_tickets_fini(void);

struct lb_tickets *lb_tickets_at(unsigned i);	/* i from 0; NULL: no more */
const char *lb_tickets_path(const struct lb_tickets *);
/* "0.1 BASE64", a line each. */
void	lb_tickets_show(const struct lb_tickets *, struct sheet *);
/* The next key comes, the oldest goes; -1: its length is another. */
int	lb_tickets_turn(struct lb_tickets *, struct text key);

#endif
