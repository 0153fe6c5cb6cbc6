/* SPDX-License-Identifier: ISC */
/*
 * announce.h - telling the neighbours where an address is: gratuitous ARP for
 * IPv4, unsolicited neighbour advertisements for IPv6. Frames are built whole
 * for a packet socket and sent together; gaps that are asked for make a queue
 * per interface. A herald is an instance's part: its bursts, second bursts
 * and refreshes. The child may have let go since a frame was made: what its
 * instance is now is looked at just before it is sent. On the turn's loop
 * (vrrp/turn.h); one thread.
 */
#ifndef WEIR_VRRP_ANNOUNCE_H
#define WEIR_VRRP_ANNOUNCE_H

#include "vrrp/link.h"
#include "vrrp/live.h"
#include "vrrp/turn.h"

struct vr_announce;		/* the socket, the queues; one a process */

/* Needs CAP_NET_RAW. Both may be replaced at a reload. */
struct vr_announce *vr_announce_open(const struct vr_links *,
	    const struct vr_config *, struct why *);
void	vr_announce_set(struct vr_announce *, const struct vr_config *);
/*
 * Sends what was collected without a gap. At the end of a turn, behind
 * vr_netlink_run(): the addresses must be there first.
 */
void	vr_announce_flush(struct vr_announce *);
void	vr_announce_close(struct vr_announce **);
int	vr_announce_fd(const struct vr_announce *);	/* of its socket */

struct vr_herald {		/* embedded; owned by the instance's owner */
	struct vr_announce *by;
	const struct vr_instance_conf *conf;
	const struct vr_live *live;	/* the child's word */
	struct vr_turn_timer second, lower, refresh, extra;
	unsigned long sent;
};

void	vr_herald_init(struct vr_herald *, struct vr_announce *,
	    const struct vr_instance_conf *, const struct vr_live *);
void	vr_herald_set(struct vr_herald *, const struct vr_instance_conf *);
/* It became master: burst, second burst, refreshes from then on. */
void	vr_herald_start(struct vr_herald *);
/* A lower master was heard: the burst for that, and again after its delay. */
void	vr_herald_lower(struct vr_herald *);
/* One round for one address: it was put back, or came with a reload. */
void	vr_herald_again(struct vr_herald *, const struct vr_address_conf *);
/* One for the unicast source, when a FAULT ended. */
void	vr_herald_source(struct vr_herald *, const struct prefix *source);
/* It is no longer master: nothing more is sent, queued ones are dropped. */
void	vr_herald_stop(struct vr_herald *);
void	vr_herald_fini(struct vr_herald *);	/* before its memory goes */

/* The frames behind the link header, for tests; return their length. Pure. */
enum { VR_ANNOUNCE_ARP = 64, VR_ANNOUNCE_NA = 96 };
size_t	vr_announce_arp(uint8_t to[VR_ANNOUNCE_ARP], const struct vr_link *,
	    const struct prefix *);
size_t	vr_announce_na(uint8_t to[VR_ANNOUNCE_NA], const struct vr_link *,
	    const struct prefix *, bool router);

#endif
