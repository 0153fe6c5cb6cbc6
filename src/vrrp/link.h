/* SPDX-License-Identifier: ISC */
/*
 * link.h - the interfaces of this host and their addresses, as the kernel
 * tells of them: a table kept up to date by a monitor. Interfaces may come
 * late, go, and change their name. A table of its opener's process; records
 * live until the interface goes, or the table does. One thread.
 */
#ifndef WEIR_VRRP_LINK_H
#define WEIR_VRRP_LINK_H

#include <net/if.h>
#include <sys/queue.h>

#include "base/address.h"
#include "vrrp/netlink.h"
#include "vrrp/settings.h"

struct vr_link_address {
	struct vr_link_address *next;
	struct prefix ip;	/* IFA_LOCAL where there is one */
	uint32_t flags;		/* IFA_F_... */
	uint8_t scope;
	uint8_t proto;		/* 18: we or keepalived added it; 0: not told */
	unsigned round;		/* of the last dump that named it */
};

struct vr_link {
	LIST_ENTRY(vr_link) entry;
	unsigned index;
	char name[IFNAMSIZ];
	unsigned flags;		/* IFF_UP, IFF_RUNNING, IFF_NOARP, ... */
	uint16_t type;		/* ARPHRD_ETHER, ... */
	uint8_t mac_len, mac[32];
	uint32_t mtu;
	unsigned lower;		/* a VMAC's, VLAN's interface below; 0 */
	unsigned master;	/* bridge or VRF it belongs to; 0 */
	char kind[16];		/* "macvlan", "vrf", ...; "": hardware */
	uint32_t mode;		/* macvlan: MACVLAN_MODE_... */
	struct vr_link_address *addresses;	/* in the kernel's order */
	unsigned round;		/* of the last dump that named it */
};

enum vr_link_change {
	VR_LINK_CAME, VR_LINK_GONE,	/* GONE: the record dies behind it */
	VR_LINK_UP, VR_LINK_DOWN,	/* up: IFF_UP and IFF_RUNNING */
	VR_LINK_RENAMED,		/* 'name' is the new one */
	VR_LINK_CHANGED			/* mtu, hardware address, master */
};

/* What the owner is told. Each may be NULL. */
struct vr_links_handler {
	void (*link)(void *arg, const struct vr_link *, enum vr_link_change);
	void (*address)(void *arg, const struct vr_link *,
	    const struct vr_link_address *, bool added);
	/*
	 * A route or rule came or went by somebody else than 'nl': the raw
	 * message, for vr_route_is and vr_rule_is. added() may be NULL.
	 */
	void (*deleted)(void *arg, const struct nlmsghdr *);
	void (*added)(void *arg, const struct nlmsghdr *);
	/*
	 * All that was there has been told; 'removed': addresses went, so
	 * what must be there should be looked for (hold.h). Also after a
	 * resync: messages were lost, the differences were told, but for
	 * routes and rules.
	 */
	void (*settled)(void *arg, bool removed, bool resynced);
	void *arg;
};

struct vr_links;

/*
 * Reads the table and begins to listen. nl is the caller's, and is used for
 * dumps as long as the table lives. buffer: of the monitor's socket.
 */
struct vr_links *vr_links_open(struct vr_netlink *nl, const struct
	    vr_buffer_conf *buffer, const struct vr_links_handler *,
	    struct why *);
int	vr_links_fd(const struct vr_links *);
void	vr_links_read(struct vr_links *);	/* fd is readable; never waits */
/*
 * The table as it is now, nobody told: after a change of our own, before the
 * owner looks at everything anyway.
 */
int	vr_links_refresh(struct vr_links *, struct why *);
void	vr_links_close(struct vr_links **);

/* NULL: there is none such now. */
struct vr_link *vr_links_by_name(const struct vr_links *, const char *name);
struct vr_link *vr_links_by_index(const struct vr_links *, unsigned index);
void	vr_links_each(const struct vr_links *, void (*visit)(void *arg,
	    struct vr_link *), void *arg);

bool	vr_link_is_up(const struct vr_link *);	/* NULL: no */
/* Is this address on it? Only ip and family count. */
const struct vr_link_address *vr_link_find(const struct vr_link *,
	    const struct prefix *);
/*
 * The address that adverts leave from: IPv4 the first that is not secondary
 * (nor one of 'but', the instance's own), IPv6 the link-local. NULL: none.
 */
const struct vr_link_address *vr_link_source(const struct vr_link *,
	    uint16_t family, const struct vr_instance_conf *but);
/* The index of a name, by the table or, links being NULL, by the kernel; 0. */
unsigned vr_link_index(const struct vr_links *, const char *name);

#endif
