/* SPDX-License-Identifier: ISC */
/*
 * netlink.h - talking to the kernel: requests collected and sent together,
 * dumps, and a monitor of what others change. A handle is a value of its
 * opener; nothing is global, so parent, child and guard each have their own.
 * Nothing here waits: the kernel has done a request, and queued its answer,
 * when the send returns. One thread.
 *
 *	vr_netlink_begin(nl, RTM_NEWADDR, NLM_F_CREATE, &head, sizeof head);
 *	mnl_attr_put_u32(nlh, ...);	(on what begin returned)
 *	vr_netlink_end(nl, failed, what);	(failed(what, errno), or NULL)
 *	... any number of them ...
 *	vr_netlink_run(nl, &why);
 */
#ifndef WEIR_VRRP_NETLINK_H
#define WEIR_VRRP_NETLINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/why.h"

struct nlattr;
struct nlmsghdr;
struct vr_netlink;

enum { VR_NETLINK_MOST = 4096 };	/* bytes of one request */

/* protocol: NETLINK_ROUTE, NETLINK_NETFILTER. NULL: why. */
struct vr_netlink *vr_netlink_open(int protocol, struct why *);
void	vr_netlink_close(struct vr_netlink **);
/* Room for answers; 0: as it is. force: beyond the system's limit. */
void	vr_netlink_buffer(struct vr_netlink *, int64_t bytes, bool force);

/*
 * Room for one request, its header filled in, 'head' copied behind it; valid
 * until vr_netlink_end. NULL: no memory (end then calls failed at once).
 */
struct nlmsghdr *vr_netlink_begin(struct vr_netlink *, uint16_t type,
	    uint16_t flags, const void *head, size_t len);
void	vr_netlink_end(struct vr_netlink *, void (*failed)(const void *what,
	    int error), const void *what);
/*
 * Sends all that was collected; failed() is called for what the kernel
 * refused. Returns how many that were; -1 with why: the socket itself failed.
 */
int	vr_netlink_run(struct vr_netlink *, struct why *);
unsigned vr_netlink_waiting(const struct vr_netlink *);	/* collected */
unsigned vr_netlink_port(const struct vr_netlink *);	/* who we are there */

/* Everything of a kind (RTM_GETLINK ...); each() gets message by message. */
int	vr_netlink_dump(struct vr_netlink *, uint16_t type, const void *head,
	    size_t len, void (*each)(void *arg, const struct nlmsghdr *),
	    void *arg, struct why *);

/*
 * The attributes of a message behind a head of so many bytes, or inside
 * another attribute, each at its type; NULL where there is none (types of
 * 'most' and above are passed over). Pure.
 */
void	vr_netlink_attrs(const struct nlmsghdr *, size_t head,
	    const struct nlattr **to, unsigned most);
void	vr_netlink_nested(const struct nlattr *, const struct nlattr **to,
	    unsigned most);

/* ---- the monitor: a descriptor for the loop, messages by callback */
struct vr_monitor;

struct vr_monitor_wish {
	bool links, addresses, routes, rules;
	int buffer;		/* bytes of receive buffer; 0: 1 MiB */
	bool force;		/* over the system's limit, when allowed */
	void (*message)(void *arg, const struct nlmsghdr *);
	void (*lost)(void *arg);	/* messages were lost: dump again */
	void *arg;
};

struct vr_monitor *vr_monitor_open(const struct vr_monitor_wish *,
	    struct why *);
int	vr_monitor_fd(const struct vr_monitor *);	/* non-blocking */
void	vr_monitor_read(struct vr_monitor *);	/* when readable: all there is */
void	vr_monitor_close(struct vr_monitor **);

#endif
