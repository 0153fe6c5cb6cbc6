/* SPDX-License-Identifier: ISC */
/* route.c - RTM_NEWROUTE and RTM_DELROUTE of configured routes. */
#include <errno.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/rtnetlink.h>

#include "vrrp/address.h"
#include "vrrp/route.h"
#include "vrrp/say.h"

static size_t
size_of(uint16_t family)
{
	return family == AF_INET ? 4 : 16;
}

/* Whose interface: its own, or the instance's when nothing else says one. */
static const char *
name_dev(const struct vr_route_conf *r, const struct vr_instance_conf *of)
{
	if (r->dev != NULL || of == NULL || r->via.family != 0 ||
	    r->hop_count > 0 || r->type != RTN_UNICAST)
		return r->dev;
	return of->vmac.on ? of->vmac.name : of->interface;
}

static uint8_t
scope_of(const struct vr_route_conf *r)
{
	if (r->scope != VR_UNSET)
		return (uint8_t)r->scope;
	if (r->family == AF_INET6)
		return RT_SCOPE_UNIVERSE;
	if (r->type == RTN_LOCAL || r->type == RTN_NAT)
		return RT_SCOPE_HOST;
	if (r->via.family == 0 && r->hop_count == 0 &&
	    (r->type == RTN_UNICAST || r->type == RTN_BROADCAST ||
	    r->type == RTN_MULTICAST))
		return RT_SCOPE_LINK;
	return RT_SCOPE_UNIVERSE;
}

/* A gateway of the route's family, or of the other one. */
static void
put_gateway(struct nlmsghdr *h, const struct prefix *via, uint16_t family)
{
	struct { uint16_t family; uint8_t ip[16]; } other = { via->family,
	    { 0 } };

	if (via->family == family) {
		mnl_attr_put(h, RTA_GATEWAY, size_of(family), via->ip);
		return;
	}
	memcpy(other.ip, via->ip, size_of(via->family));
	mnl_attr_put(h, RTA_VIA, 2 + size_of(via->family), &other);
}

static void
put_hops(struct nlmsghdr *h, const struct vr_links *links,
    const struct vr_route_conf *r)
{
	struct nlattr *nest = mnl_attr_nest_start(h, RTA_MULTIPATH);

	for (unsigned i = 0; i < r->hop_count; i++) {
		const struct vr_hop_conf *hop = &r->hops[i];
		struct rtnexthop *n = mnl_nlmsg_get_payload_tail(h);
		char *from = (char *)n;

		*n = (struct rtnexthop){
			.rtnh_flags = hop->onlink ? RTNH_F_ONLINK : 0,
			.rtnh_hops = (unsigned char)(hop->weight > 0 ?
			    hop->weight - 1 : 0),
			.rtnh_ifindex = (int)vr_link_index(links, hop->dev)
		};
		h->nlmsg_len += NLMSG_ALIGN(sizeof *n);
		if (hop->via.family != 0)
			put_gateway(h, &hop->via, r->family);
		n->rtnh_len = (unsigned short)((char *)
		    mnl_nlmsg_get_payload_tail(h) - from);
	}
	mnl_attr_nest_end(h, nest);
}

static void
put_metrics(struct nlmsghdr *h, const struct vr_route_conf *r)
{
	struct nlattr *nest;

	if (r->mtu == 0 && r->advmss == 0)
		return;
	nest = mnl_attr_nest_start(h, RTA_METRICS);
	if (r->mtu_lock)
		mnl_attr_put_u32(h, RTAX_LOCK, 1 << RTAX_MTU);
	if (r->mtu != 0)
		mnl_attr_put_u32(h, RTAX_MTU, r->mtu);
	if (r->advmss != 0)
		mnl_attr_put_u32(h, RTAX_ADVMSS, r->advmss);
	mnl_attr_nest_end(h, nest);
}

/* Where it goes: the part that asking for it and for its end share. */
static void
put_way(struct nlmsghdr *h, const struct vr_links *links,
    const struct vr_route_conf *r, const struct vr_instance_conf *of)
{
	const char *dev = name_dev(r, of);
	size_t size = size_of(r->family);

	if (r->to.bits > 0)
		mnl_attr_put(h, RTA_DST, size, r->to.ip);
	if (r->from.family != 0)
		mnl_attr_put(h, RTA_SRC, size, r->from.ip);
	if (r->src.family != 0)
		mnl_attr_put(h, RTA_PREFSRC, size, r->src.ip);
	if (r->hop_count > 0)
		put_hops(h, links, r);
	else if (r->via.family != 0)
		put_gateway(h, &r->via, r->family);
	if (dev != NULL)
		mnl_attr_put_u32(h, RTA_OIF, vr_link_index(links, dev));
	if (r->metric_given)
		mnl_attr_put_u32(h, RTA_PRIORITY, r->metric);
	mnl_attr_put_u32(h, RTA_TABLE, r->table);
}

static struct nlmsghdr *
begin(struct vr_netlink *nl, const struct vr_route_conf *r, uint16_t type,
    uint16_t flags)
{
	struct rtmsg head = {
		.rtm_family = (uint8_t)r->family,
		.rtm_dst_len = r->to.bits,
		.rtm_src_len = r->from.family != 0 ? r->from.bits : 0,
		.rtm_tos = r->tos,
		.rtm_table = (uint8_t)(r->table < 256 ? r->table :
		    RT_TABLE_UNSPEC),
		.rtm_protocol = r->proto,
		.rtm_scope = type == RTM_NEWROUTE ? scope_of(r) :
		    RT_SCOPE_NOWHERE,
		.rtm_type = r->type,
		.rtm_flags = r->onlink ? RTNH_F_ONLINK : 0
	};

	return vr_netlink_begin(nl, type, flags, &head, sizeof head);
}

static void
on_add_failed(const void *what, int error)
{
	const struct vr_route_conf *r = what;

	if (error != EEXIST)
		vr_say_error("cannot add route %s: %s", r->text,
		    strerror(error));
}

static void
on_drop_failed(const void *what, int error)
{
	const struct vr_route_conf *r = what;

	if (error != ESRCH && error != ENODEV && error != ENOENT)
		vr_say_error("cannot remove route %s: %s", r->text,
		    strerror(error));
}

void
vr_route_add(struct vr_netlink *nl, const struct vr_links *links,
    const struct vr_route_conf *r, const struct vr_instance_conf *of)
{
	static const uint16_t flags[] = {
		[VR_ROUTE_PREPEND] = NLM_F_CREATE,
		[VR_ROUTE_ADD] = NLM_F_CREATE | NLM_F_EXCL,
		[VR_ROUTE_APPEND] = NLM_F_CREATE | NLM_F_APPEND
	};
	struct nlmsghdr *h = begin(nl, r, RTM_NEWROUTE, flags[r->mode]);

	if (h != NULL) {
		put_way(h, links, r, of);
		put_metrics(h, r);
	}
	vr_netlink_end(nl, on_add_failed, r);
}

void
vr_route_drop(struct vr_netlink *nl, const struct vr_links *links,
    const struct vr_route_conf *r, const struct vr_instance_conf *of)
{
	struct nlmsghdr *h = begin(nl, r, RTM_DELROUTE, 0);

	if (h != NULL)
		put_way(h, links, r, of);
	vr_netlink_end(nl, on_drop_failed, r);
}

/* ---- known again */

struct seen {
	uint32_t table, metric;
	uint8_t to[16];
};

static void
read_seen(struct seen *s, const struct nlmsghdr *h)
{
	const struct rtmsg *head = mnl_nlmsg_get_payload(h);
	const struct nlattr *is[RTA_MAX + 1];

	vr_netlink_attrs(h, sizeof *head, is, RTA_MAX + 1);
	*s = (struct seen){ .table = head->rtm_table };
	if (is[RTA_TABLE] != NULL)
		s->table = mnl_attr_get_u32(is[RTA_TABLE]);
	if (is[RTA_PRIORITY] != NULL)
		s->metric = mnl_attr_get_u32(is[RTA_PRIORITY]);
	if (is[RTA_DST] != NULL &&
	    mnl_attr_get_payload_len(is[RTA_DST]) <= sizeof s->to)
		memcpy(s->to, mnl_attr_get_payload(is[RTA_DST]),
		    mnl_attr_get_payload_len(is[RTA_DST]));
}

bool
vr_route_is(const struct vr_route_conf *r, const struct nlmsghdr *h,
    bool anyones)
{
	const struct rtmsg *head = mnl_nlmsg_get_payload(h);
	struct seen seen;

	if ((h->nlmsg_type != RTM_DELROUTE &&
	    h->nlmsg_type != RTM_NEWROUTE) ||
	    mnl_nlmsg_get_payload_len(h) < sizeof *head ||
	    head->rtm_family != r->family || head->rtm_dst_len != r->to.bits ||
	    head->rtm_tos != r->tos || head->rtm_type != r->type ||
	    (!anyones && head->rtm_protocol != r->proto))
		return false;
	read_seen(&seen, h);
	return seen.table == r->table &&
	    (!r->metric_given || seen.metric == r->metric) &&
	    (r->to.bits == 0 || memcmp(seen.to, r->to.ip,
	    size_of(r->family)) == 0);
}
