/* SPDX-License-Identifier: ISC */
/* address.c - RTM_NEWADDR and RTM_DELADDR of configured addresses. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>

#include "vrrp/address.h"
#include "vrrp/say.h"

enum { PROTO_OURS = 18 };	/* as keepalived marks its addresses */

const char *
vr_address_dev(const struct vr_address_conf *a,
    const struct vr_instance_conf *of)
{
	if (a->dev != NULL || of == NULL)
		return a->dev;
	return of->vmac.on ? of->vmac.name : of->interface;
}

unsigned
vr_address_index(const struct vr_links *links,
    const struct vr_address_conf *a, const struct vr_instance_conf *of)
{
	return vr_link_index(links, vr_address_dev(a, of));
}

static size_t
size_of(const struct prefix *p)
{
	return p->family == AF_INET ? 4 : 16;
}

static uint32_t
flags_of(const struct vr_address_conf *a)
{
	return (a->home ? IFA_F_HOMEADDRESS : 0) |
	    (a->mngtmpaddr ? IFA_F_MANAGETEMPADDR : 0) |
	    (a->noprefixroute ? IFA_F_NOPREFIXROUTE : 0) |
	    (a->autojoin ? IFA_F_MCAUTOJOIN : 0) |
	    (a->nodad && a->ip.family == AF_INET6 ? IFA_F_NODAD : 0);
}

static void
put_request(struct vr_netlink *nl, const struct vr_address_conf *a,
    unsigned index, bool add)
{
	struct ifaddrmsg head = {
		.ifa_family = (uint8_t)a->ip.family,
		.ifa_prefixlen = a->peer.family != 0 ? a->peer.bits :
		    a->ip.bits,
		.ifa_scope = a->scope, .ifa_index = index
	};
	struct ifa_cacheinfo life = { .ifa_prefered = a->preferred_lft,
	    .ifa_valid = UINT32_MAX };
	struct nlmsghdr *h = vr_netlink_begin(nl, add ? RTM_NEWADDR :
	    RTM_DELADDR, add ? NLM_F_CREATE | NLM_F_REPLACE : 0, &head,
	    sizeof head);
	const struct prefix *far = a->peer.family != 0 ? &a->peer : &a->ip;

	if (h == NULL)
		return;
	mnl_attr_put(h, IFA_LOCAL, size_of(&a->ip), a->ip.ip);
	mnl_attr_put(h, IFA_ADDRESS, size_of(far), far->ip);
	if (!add)
		return;
	if (a->broadcast.family == AF_INET)
		mnl_attr_put(h, IFA_BROADCAST, 4, a->broadcast.ip);
	if (a->label != NULL)
		mnl_attr_put_strz(h, IFA_LABEL, a->label);
	if (flags_of(a) != 0)
		mnl_attr_put_u32(h, IFA_FLAGS, flags_of(a));
	if (a->preferred_lft != UINT32_MAX)
		mnl_attr_put(h, IFA_CACHEINFO, sizeof life, &life);
	mnl_attr_put_u8(h, IFA_PROTO, PROTO_OURS);
}

static const char *
print_ip(const struct prefix *p, char to[INET6_ADDRSTRLEN])
{
	if (inet_ntop(p->family, p->ip, to, INET6_ADDRSTRLEN) == NULL)
		to[0] = '\0';
	return to;
}

static void
on_add_failed(const void *what, int error)
{
	const struct vr_address_conf *a = what;
	char ip[INET6_ADDRSTRLEN];

	if (error != EEXIST)
		vr_say_error("cannot add address %s/%d: %s",
		    print_ip(&a->ip, ip), a->ip.bits, strerror(error));
}

static void
on_drop_failed(const void *what, int error)
{
	const struct vr_address_conf *a = what;
	char ip[INET6_ADDRSTRLEN];

	if (error != EADDRNOTAVAIL && error != ENODEV && error != ENXIO)
		vr_say_error("cannot remove address %s/%d: %s",
		    print_ip(&a->ip, ip), a->ip.bits, strerror(error));
}

void
vr_address_add(struct vr_netlink *nl, const struct vr_address_conf *a,
    unsigned index)
{
	put_request(nl, a, index, true);
	vr_netlink_end(nl, on_add_failed, a);
}

void
vr_address_drop(struct vr_netlink *nl, const struct vr_address_conf *a,
    unsigned index)
{
	put_request(nl, a, index, false);
	vr_netlink_end(nl, on_drop_failed, a);
}

static const char *
name_scope(uint8_t scope, char to[8])
{
	switch (scope) {
	case RT_SCOPE_UNIVERSE:
		return "global";
	case RT_SCOPE_SITE:
		return "site";
	case RT_SCOPE_LINK:
		return "link";
	case RT_SCOPE_HOST:
		return "host";
	case RT_SCOPE_NOWHERE:
		return "nowhere";
	}
	snprintf(to, 8, "%u", scope);
	return to;
}

const char *
vr_address_print(const struct vr_address_conf *a,
    const struct vr_instance_conf *of, char to[VR_ADDRESS_TEXT])
{
	char ip[INET6_ADDRSTRLEN], peer[INET6_ADDRSTRLEN + 16] = "",
	    far[INET6_ADDRSTRLEN], brd[INET6_ADDRSTRLEN + 8] = "",
	    mask[8] = "", number[8];
	const char *dev = vr_address_dev(a, of);

	if (a->peer.family != 0)
		snprintf(peer, sizeof peer, " peer %s/%d",
		    print_ip(&a->peer, far), a->peer.bits);
	else if (a->ip.bits != (a->ip.family == AF_INET ? 32 : 128))
		snprintf(mask, sizeof mask, "/%d", a->ip.bits);
	if (a->broadcast.family != 0)
		snprintf(brd, sizeof brd, " brd %s",
		    print_ip(&a->broadcast, far));
	snprintf(to, VR_ADDRESS_TEXT, "%s%s%s dev %s scope %s%s%s%s%s%s%s%s",
	    print_ip(&a->ip, ip), mask, brd, dev == NULL ? "(none)" : dev,
	    name_scope(a->scope, number), a->label == NULL ? "" : " label ",
	    a->label == NULL ? "" : a->label, peer, a->home ? " home" : "",
	    a->noprefixroute ? " noprefixroute" : "",
	    a->autojoin ? " autojoin" : "", a->no_track ? " no_track" : "");
	return to;
}
