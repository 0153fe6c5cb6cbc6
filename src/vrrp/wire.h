/* SPDX-License-Identifier: ISC */
/*
 * wire.h - raw sockets that adverts come and go by: one per interface and
 * family for multicast, one per family (and device, where that is asked for)
 * for unicast. Opened by the parent, who has the right to; the child inherits
 * them and whatever waits in them, also when a child follows another. What is
 * sent is collected and leaves in as few calls as can be. One thread.
 */
#ifndef WEIR_VRRP_WIRE_H
#define WEIR_VRRP_WIRE_H

#include <net/if.h>

#include "base/why.h"
#include "vrrp/packet.h"

struct vr_wire_key {
	uint8_t family;			/* 4, 6 */
	bool unicast;
	unsigned index;			/* of the interface; 0: any */
	struct vr_ip group;		/* multicast */
	uint8_t hops;			/* IPv6: ours leave with */
};

struct vr_wire {
	struct vr_wire_key key;
	char name[IF_NAMESIZE];		/* of the interface; "": any */
	int fd;
	bool wanted;			/* by somebody, since the last sweep */
	int64_t buffer;			/* bytes, of all who want it; 0: enough */
	unsigned number;		/* 0, 1, ... */
	struct vr_wire *next;
};

/*
 * The one of this key, opened when there is none. NULL: why. buffer: room for
 * what waits while nobody reads, added to that of others; the sweep sets it.
 */
struct vr_wire *vr_wire_get(const struct vr_wire_key *, int64_t buffer,
	    struct why *);
struct vr_wire *vr_wire_first(void);
unsigned vr_wire_count(void);
/* Reload: closes those that nobody got since vr_wire_unwant(). */
void	vr_wire_unwant(void);
void	vr_wire_sweep(void);
void	vr_wire_close_all(void);

/* Collects one; bytes are copied. */
void	vr_wire_send(struct vr_wire *, const struct vr_packet_ends *,
	    const uint8_t *, size_t len);
/* Sends all. failed(): errno of one, by its wire; may be NULL. */
void	vr_wire_flush(void (*failed)(const struct vr_wire *, int error));
void	vr_wire_discard(void);		/* what was collected is too old */

enum { VR_WIRE_BATCH = 8 };
/* Up to VR_WIRE_BATCH packets, valid until the next call; how many. */
unsigned vr_wire_receive(struct vr_wire *,
	    struct vr_packet_seen seen[VR_WIRE_BATCH]);

#endif
