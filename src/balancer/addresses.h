/* SPDX-License-Identifier: ISC */
/*
 * addresses.h - addresses as a haproxy.cfg writes them: families in front,
 * unix and abstract sockets, descriptors, ranges of ports. Pure; any thread.
 */
#ifndef WEIR_BALANCER_ADDRESSES_H
#define WEIR_BALANCER_ADDRESSES_H

#include "base/address.h"
#include "base/arena.h"

enum lb_address_kind {
	LB_ADDRESS_NONE,
	LB_ADDRESS_IP,			/* sa; the port is port_low */
	LB_ADDRESS_UNIX,		/* sa, name: the path */
	LB_ADDRESS_ABSTRACT,		/* sa, name: without the zero byte */
	LB_ADDRESS_FD,			/* fd: inherited, listening */
	LB_ADDRESS_SOCKPAIR,		/* fd */
	LB_ADDRESS_NAME			/* name: to be resolved */
};

enum lb_port_kind {
	LB_PORT_NONE,			/* not given */
	LB_PORT_FIXED,			/* port_low = port_high */
	LB_PORT_RANGE,			/* port_low to port_high */
	LB_PORT_PLUS, LB_PORT_MINUS	/* an offset: port_low */
};

struct lb_address {
	enum lb_address_kind kind;
	const char *text;		/* as written */
	struct address sa;
	const char *name;
	int family;			/* forced: AF_INET, AF_INET6, or
					 * AF_UNSPEC */
	int fd;
	enum lb_port_kind port_kind;
	uint16_t port_low, port_high;	/* host order */
	bool mptcp, datagram, padded;	/* abns@ pads its name (abnsz@ not) */
};

/* What may stand in it. */
enum {
	LB_ADDRESS_MAY_RANGE = 1 << 0, LB_ADDRESS_MAY_OFFSET = 1 << 1,
	LB_ADDRESS_NEEDS_PORT = 1 << 2, LB_ADDRESS_NO_PORT = 1 << 3,
	LB_ADDRESS_MAY_FD = 1 << 4, LB_ADDRESS_MAY_DATAGRAM = 1 << 5,
	LB_ADDRESS_MAY_NAME = 1 << 6, LB_ADDRESS_MAY_UNIX = 1 << 7
};

/* One address (no list); -1 with the reason. Texts go to the arena. */
int	lb_addresses_read(struct arena *, struct text, unsigned may,
	    struct lb_address *, struct why *);

#endif
