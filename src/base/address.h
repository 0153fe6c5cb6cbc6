/* SPDX-License-Identifier: ISC */
/*
 * address.h - where a socket is: IPv4, IPv6 or a unix path ("@x" = abstract).
 * A value; owns nothing. 'endpoint' is the small form kept per connection.
 * Pure; any thread.
 */
#ifndef WEIR_BASE_ADDRESS_H
#define WEIR_BASE_ADDRESS_H

#include <sys/socket.h>
#include <sys/un.h>

#include <netinet/in.h>

#include <stdint.h>

#include "base/text.h"
#include "base/why.h"

struct address {
	socklen_t len;			/* of the sockaddr; 0: none */
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	};
};

struct endpoint {			/* 20 bytes; ip in network order */
	uint16_t family;		/* AF_INET, AF_INET6, AF_UNIX; 0: none */
	uint16_t port;			/* host order; unix: the service's */
	uint8_t ip[16];			/* unix: pid and uid as 2 x int32 */
};

struct prefix {				/* a network: address and bits */
	uint16_t family;
	uint8_t bits;
	uint8_t ip[16];
};

enum { ADDRESS_TEXT = 128 };		/* room for any printed form */

/* A literal IPv4 or IPv6 (no brackets, no name); -1 when it is none. */
int	address_ip(struct text ip, uint16_t port, struct address *);
int	address_unix(struct text path, struct address *, struct why *);
/* To listen on: "127.0.0.1:9199", "[::1]:9199", ":9199" (all), "/path". */
int	address_listen(struct text, struct address *, struct why *);
uint16_t address_port(const struct address *);
void	address_set_port(struct address *, uint16_t port);
bool	address_same(const struct address *, const struct address *);
struct endpoint address_endpoint(const struct address *);

/* "127.0.0.1", "::1", "unix"; returns its argument buf. */
const char *endpoint_ip(const struct endpoint *, char buf[ADDRESS_TEXT]);
/* "127.0.0.1:5432", "[::1]:5432", "unix:6432". */
const char *endpoint_print(const struct endpoint *, char buf[ADDRESS_TEXT]);
const char *address_print(const struct address *, char buf[ADDRESS_TEXT]);

/* "10.0.0.0/8", "::1" (all bits). */
int	prefix_parse(struct text, struct prefix *, struct why *);
bool	prefix_has(const struct prefix *, const struct endpoint *);

#endif
