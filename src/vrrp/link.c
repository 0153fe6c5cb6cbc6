/* SPDX-License-Identifier: ISC */
/* link.c - the table follows the monitor's messages; a resync dumps anew. */
#include <net/if_arp.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "base/mem.h"
#include "compat.h"
#include "vrrp/link.h"

struct vr_links {
	struct vr_netlink *nl;
	struct vr_monitor *monitor;
	struct vr_links_handler handler;
	LIST_HEAD(, vr_link) all;
	unsigned round;			/* of the dump under way */
	bool quiet;			/* the first dump: nobody is told */
	bool removed, resynced;
};

/* ---- finding */

struct vr_link *
vr_links_by_index(const struct vr_links *links, unsigned index)
{
	struct vr_link *l;

	LIST_FOREACH(l, &links->all, entry)
		if (l->index == index)
			return l;
	return NULL;
}

struct vr_link *
vr_links_by_name(const struct vr_links *links, const char *name)
{
	struct vr_link *l;

	if (name == NULL)
		return NULL;
	LIST_FOREACH(l, &links->all, entry)
		if (strcmp(l->name, name) == 0)
			return l;
	return NULL;
}

void
vr_links_each(const struct vr_links *links, void (*visit)(void *arg,
    struct vr_link *), void *arg)
{
	struct vr_link *l;

	LIST_FOREACH(l, &links->all, entry)
		visit(arg, l);
}

unsigned
vr_link_index(const struct vr_links *links, const char *name)
{
	const struct vr_link *l;

	if (name == NULL)
		return 0;
	if (links == NULL)
		return if_nametoindex(name);
	l = vr_links_by_name(links, name);
	return l == NULL ? 0 : l->index;
}

bool
vr_link_is_up(const struct vr_link *l)
{
	return l != NULL && (l->flags & IFF_UP) != 0 &&
	    (l->flags & IFF_RUNNING) != 0;
}

static bool
is_same_ip(const struct prefix *a, const struct prefix *b)
{
	return a->family == b->family &&
	    memcmp(a->ip, b->ip, a->family == AF_INET ? 4 : 16) == 0;
}

const struct vr_link_address *
vr_link_find(const struct vr_link *l, const struct prefix *ip)
{
	const struct vr_link_address *a;

	for (a = l == NULL ? NULL : l->addresses; a != NULL; a = a->next)
		if (is_same_ip(&a->ip, ip))
			return a;
	return NULL;
}

static bool
is_own(const struct vr_instance_conf *conf, const struct prefix *ip)
{
	for (unsigned i = 0; conf != NULL && i < conf->addresses.count; i++)
		if (is_same_ip(&conf->addresses.at[i]->ip, ip))
			return true;
	for (unsigned i = 0; conf != NULL && i < conf->excluded.count; i++)
		if (is_same_ip(&conf->excluded.at[i]->ip, ip))
			return true;
	return false;
}

const struct vr_link_address *
vr_link_source(const struct vr_link *l, uint16_t family,
    const struct vr_instance_conf *but)
{
	const struct vr_link_address *a;

	for (a = l == NULL ? NULL : l->addresses; a != NULL; a = a->next)
		if (a->ip.family == family && !is_own(but, &a->ip) &&
		    (family == AF_INET ? (a->flags & IFA_F_SECONDARY) == 0 :
		    a->scope == RT_SCOPE_LINK))
			return a;
	return NULL;
}

/* ---- telling */

static void
tell_link(struct vr_links *links, const struct vr_link *l,
    enum vr_link_change change)
{
	if (!links->quiet && links->handler.link != NULL)
		links->handler.link(links->handler.arg, l, change);
}

static void
tell_address(struct vr_links *links, const struct vr_link *l,
    const struct vr_link_address *a, bool added)
{
	links->removed |= !added;
	if (!links->quiet && links->handler.address != NULL)
		links->handler.address(links->handler.arg, l, a, added);
}

/* ---- interfaces */

static void
drop_link(struct vr_links *links, struct vr_link *l)
{
	struct vr_link_address *a;

	LIST_REMOVE(l, entry);
	links->removed |= l->addresses != NULL;
	tell_link(links, l, VR_LINK_GONE);
	while ((a = l->addresses) != NULL) {
		l->addresses = a->next;
		mem_drop(a);
	}
	mem_drop(l);
}

static void
read_kind(struct vr_link *l, const struct nlattr *nest)
{
	const struct nlattr *info[IFLA_INFO_MAX + 1];
	const struct nlattr *data[IFLA_MACVLAN_MAX + 1];

	vr_netlink_nested(nest, info, IFLA_INFO_MAX + 1);
	if (info[IFLA_INFO_KIND] != NULL)
		strlcpy(l->kind, mnl_attr_get_str(info[IFLA_INFO_KIND]),
		    sizeof l->kind);
	if (info[IFLA_INFO_DATA] == NULL || strcmp(l->kind, "macvlan") != 0)
		return;
	vr_netlink_nested(info[IFLA_INFO_DATA], data, IFLA_MACVLAN_MAX + 1);
	if (data[IFLA_MACVLAN_MODE] != NULL)
		l->mode = mnl_attr_get_u32(data[IFLA_MACVLAN_MODE]);
}

static uint32_t
number_of(const struct nlattr *at)
{
	return at == NULL ? 0 : mnl_attr_get_u32(at);
}

static void
read_link(struct vr_link *l, const struct nlmsghdr *h)
{
	const struct ifinfomsg *head = mnl_nlmsg_get_payload(h);
	const struct nlattr *is[IFLA_MAX + 1];

	vr_netlink_attrs(h, sizeof *head, is, IFLA_MAX + 1);
	l->index = (unsigned)head->ifi_index;
	l->flags = head->ifi_flags;
	l->type = head->ifi_type;
	l->mtu = number_of(is[IFLA_MTU]);
	l->lower = number_of(is[IFLA_LINK]);
	l->master = number_of(is[IFLA_MASTER]);
	if (is[IFLA_IFNAME] != NULL)
		strlcpy(l->name, mnl_attr_get_str(is[IFLA_IFNAME]),
		    sizeof l->name);
	if (is[IFLA_ADDRESS] != NULL &&
	    mnl_attr_get_payload_len(is[IFLA_ADDRESS]) <= sizeof l->mac) {
		l->mac_len = (uint8_t)mnl_attr_get_payload_len(
		    is[IFLA_ADDRESS]);
		memcpy(l->mac, mnl_attr_get_payload(is[IFLA_ADDRESS]),
		    l->mac_len);
	}
	if (is[IFLA_LINKINFO] != NULL)
		read_kind(l, is[IFLA_LINKINFO]);
}

static void
tell_changes(struct vr_links *links, const struct vr_link *was,
    const struct vr_link *now)
{
	if (strcmp(was->name, now->name) != 0)
		tell_link(links, now, VR_LINK_RENAMED);
	if (was->mtu != now->mtu || was->master != now->master ||
	    was->mac_len != now->mac_len ||
	    memcmp(was->mac, now->mac, now->mac_len) != 0)
		tell_link(links, now, VR_LINK_CHANGED);
	if (vr_link_is_up(was) != vr_link_is_up(now))
		tell_link(links, now, vr_link_is_up(now) ? VR_LINK_UP :
		    VR_LINK_DOWN);
}

/* In the kernel's order. */
static void
append(struct vr_links *links, struct vr_link *l)
{
	struct vr_link *last;

	LIST_FOREACH(last, &links->all, entry)
		if (LIST_NEXT(last, entry) == NULL)
			break;
	if (last == NULL)
		LIST_INSERT_HEAD(&links->all, l, entry);
	else
		LIST_INSERT_AFTER(last, l, entry);
}

static void
take_link(struct vr_links *links, const struct nlmsghdr *h)
{
	const struct ifinfomsg *head = mnl_nlmsg_get_payload(h);
	struct vr_link *l, was;

	if (mnl_nlmsg_get_payload_len(h) < sizeof *head ||
	    head->ifi_family != AF_UNSPEC)
		return;
	l = vr_links_by_index(links, (unsigned)head->ifi_index);
	if (h->nlmsg_type == RTM_DELLINK) {
		if (l != NULL)
			drop_link(links, l);
		return;
	}
	if (l != NULL) {
		was = *l;
		read_link(l, h);
		l->round = links->round;
		tell_changes(links, &was, l);
	} else if ((l = mem_zero(sizeof *l)) != NULL) {
		read_link(l, h);
		l->round = links->round;
		append(links, l);
		tell_link(links, l, VR_LINK_CAME);
	}
}

/* ---- addresses */

static bool
read_address(struct vr_link_address *a, const struct nlmsghdr *h)
{
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(h);
	size_t size = head->ifa_family == AF_INET ? 4 : 16;
	const struct nlattr *is[IFA_MAX + 1], *ip;

	if (head->ifa_family != AF_INET && head->ifa_family != AF_INET6)
		return false;
	vr_netlink_attrs(h, sizeof *head, is, IFA_MAX + 1);
	ip = is[IFA_LOCAL] != NULL ? is[IFA_LOCAL] : is[IFA_ADDRESS];
	if (ip == NULL || mnl_attr_get_payload_len(ip) < size)
		return false;
	*a = (struct vr_link_address){
		.flags = is[IFA_FLAGS] != NULL ? mnl_attr_get_u32(
		    is[IFA_FLAGS]) : head->ifa_flags,
		.scope = head->ifa_scope,
		.proto = is[IFA_PROTO] == NULL ? 0 : mnl_attr_get_u8(
		    is[IFA_PROTO]),
		.ip = { .family = head->ifa_family,
		    .bits = head->ifa_prefixlen }
	};
	memcpy(a->ip.ip, mnl_attr_get_payload(ip), size);
	return true;
}

static struct vr_link_address **
find_place(struct vr_link *l, const struct vr_link_address *like)
{
	struct vr_link_address **at;

	for (at = &l->addresses; *at != NULL; at = &(*at)->next)
		if (is_same_ip(&(*at)->ip, &like->ip) &&
		    (*at)->ip.bits == like->ip.bits)
			break;
	return at;
}

static void
drop_address(struct vr_links *links, struct vr_link *l,
    struct vr_link_address **at)
{
	struct vr_link_address *gone = *at;

	*at = gone->next;
	tell_address(links, l, gone, false);
	mem_drop(gone);
}

static void
take_address(struct vr_links *links, const struct nlmsghdr *h)
{
	const struct ifaddrmsg *head = mnl_nlmsg_get_payload(h);
	struct vr_link_address is, **at, *next;
	struct vr_link *l;

	if (mnl_nlmsg_get_payload_len(h) < sizeof *head ||
	    (l = vr_links_by_index(links, head->ifa_index)) == NULL ||
	    !read_address(&is, h))
		return;
	at = find_place(l, &is);
	if (h->nlmsg_type == RTM_DELADDR) {
		if (*at != NULL)
			drop_address(links, l, at);
		return;
	}
	is.round = links->round;
	if (*at != NULL) {
		next = (*at)->next;
		**at = is;
		(*at)->next = next;
		return;
	}
	*at = mem_get(sizeof **at);
	if (*at == NULL)
		return;
	**at = is;
	tell_address(links, l, *at, true);
}

/* ---- the whole */

static void
on_dumped(void *arg, const struct nlmsghdr *h)
{
	if (h->nlmsg_type == RTM_NEWLINK)
		take_link(arg, h);
	else if (h->nlmsg_type == RTM_NEWADDR)
		take_address(arg, h);
}

/* What the dump did not name is there no more. */
static void
sweep(struct vr_links *links)
{
	struct vr_link *l, *next;

	for (l = LIST_FIRST(&links->all); l != NULL; l = next) {
		next = LIST_NEXT(l, entry);
		if (l->round != links->round) {
			drop_link(links, l);
			continue;
		}
		for (struct vr_link_address **at = &l->addresses;
		    *at != NULL;)
			if ((*at)->round != links->round)
				drop_address(links, l, at);
			else
				at = &(*at)->next;
	}
}

static int
read_all(struct vr_links *links, struct why *why)
{
	static const struct ifinfomsg link = { .ifi_family = AF_UNSPEC };
	static const struct ifaddrmsg address = { .ifa_family = AF_UNSPEC };

	links->round++;
	if (vr_netlink_dump(links->nl, RTM_GETLINK, &link, sizeof link,
	    on_dumped, links, why) == -1 ||
	    vr_netlink_dump(links->nl, RTM_GETADDR, &address, sizeof address,
	    on_dumped, links, why) == -1)
		return -1;
	sweep(links);
	return 0;
}

static void
tell_way(struct vr_links *links, const struct nlmsghdr *h,
    void (*tell)(void *arg, const struct nlmsghdr *))
{
	if (!links->quiet && tell != NULL &&
	    h->nlmsg_pid != vr_netlink_port(links->nl))
		tell(links->handler.arg, h);
}

static void
on_message(void *arg, const struct nlmsghdr *h)
{
	struct vr_links *links = arg;

	switch (h->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		take_link(links, h);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		take_address(links, h);
		break;
	case RTM_DELROUTE:
	case RTM_DELRULE:
		tell_way(links, h, links->handler.deleted);
		break;
	case RTM_NEWROUTE:
	case RTM_NEWRULE:
		tell_way(links, h, links->handler.added);
		break;
	}
}

static void
on_lost(void *arg)
{
	struct vr_links *links = arg;

	links->resynced = true;
}

void
vr_links_read(struct vr_links *links)
{
	struct why why;

	links->removed = links->resynced = false;
	vr_monitor_read(links->monitor);
	if (links->resynced)
		(void)read_all(links, &why);
	if (links->handler.settled != NULL)
		links->handler.settled(links->handler.arg, links->removed,
		    links->resynced);
}

int
vr_links_refresh(struct vr_links *links, struct why *why)
{
	bool quiet = links->quiet;
	int outcome;

	links->quiet = true;
	vr_monitor_read(links->monitor);	/* what is older */
	outcome = read_all(links, why);
	links->quiet = quiet;
	return outcome;
}

int
vr_links_fd(const struct vr_links *links)
{
	return vr_monitor_fd(links->monitor);
}

struct vr_links *
vr_links_open(struct vr_netlink *nl, const struct vr_buffer_conf *buffer,
    const struct vr_links_handler *handler, struct why *why)
{
	struct vr_links *links = mem_zero(sizeof *links);
	struct vr_monitor_wish wish = {
		.links = true, .addresses = true,
		.routes = handler->deleted != NULL,
		.rules = handler->deleted != NULL,
		.buffer = buffer == NULL ? 0 : (int)buffer->bytes,
		.force = buffer != NULL && buffer->force,
		.message = on_message, .lost = on_lost, .arg = links
	};

	if (links == NULL) {
		why_set(why, "no memory for the interfaces");
		return NULL;
	}
	links->nl = nl;
	links->handler = *handler;
	LIST_INIT(&links->all);
	links->quiet = true;
	links->monitor = vr_monitor_open(&wish, why);
	if (links->monitor == NULL || read_all(links, why) == -1)
		vr_links_close(&links);
	else
		links->quiet = false;
	return links;
}

void
vr_links_close(struct vr_links **linksp)
{
	struct vr_links *links = *linksp;

	*linksp = NULL;
	if (links == NULL)
		return;
	links->quiet = true;
	while (!LIST_EMPTY(&links->all))
		drop_link(links, LIST_FIRST(&links->all));
	vr_monitor_close(&links->monitor);
	mem_drop(links);
}
