/* SPDX-License-Identifier: ISC */
/* vmac.c - makes, adopts, deletes the macvlan of an instance. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>

#include "vrrp/say.h"
#include "vrrp/vmac.h"

const char *
vr_vmac_interface(const struct vr_instance_conf *c)
{
	return c->vmac.on ? c->vmac.name : c->interface;
}

/* ---- what is asked of the kernel */

static void
on_failed(const void *what, int error)
{
	const struct vr_instance_conf *c = what;

	if (error != EEXIST)
		vr_say_error("(%s) VMAC %s: %s", c->name, c->vmac.name,
		    strerror(error));
}

static void
put_new(struct vr_netlink *nl, const struct vr_instance_conf *c,
    unsigned below)
{
	struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
	struct nlmsghdr *h = vr_netlink_begin(nl, RTM_NEWLINK, NLM_F_CREATE |
	    NLM_F_EXCL, &head, sizeof head);
	struct nlattr *info, *data;

	if (h != NULL) {
		mnl_attr_put_strz(h, IFLA_IFNAME, c->vmac.name);
		mnl_attr_put_u32(h, IFLA_LINK, below);
		mnl_attr_put(h, IFLA_ADDRESS, 6, c->vmac.mac);
		if (c->vmac.group != 0)
			mnl_attr_put_u32(h, IFLA_GROUP, c->vmac.group);
		info = mnl_attr_nest_start(h, IFLA_LINKINFO);
		mnl_attr_put_strz(h, IFLA_INFO_KIND, "macvlan");
		data = mnl_attr_nest_start(h, IFLA_INFO_DATA);
		mnl_attr_put_u32(h, IFLA_MACVLAN_MODE, MACVLAN_MODE_PRIVATE);
		mnl_attr_nest_end(h, data);
		mnl_attr_nest_end(h, info);
	}
	vr_netlink_end(nl, on_failed, c);
}

/* No address of its own making on it: the instance says which there are. */
static void
put_no_addresses(struct vr_netlink *nl, const struct vr_instance_conf *c,
    unsigned index)
{
	struct ifinfomsg head = { .ifi_index = (int)index };
	struct nlmsghdr *h = vr_netlink_begin(nl, RTM_NEWLINK, 0, &head,
	    sizeof head);
	struct nlattr *spec, *inet6;

	if (h != NULL) {
		spec = mnl_attr_nest_start(h, IFLA_AF_SPEC);
		inet6 = mnl_attr_nest_start(h, AF_INET6);
		mnl_attr_put_u8(h, IFLA_INET6_ADDR_GEN_MODE,
		    IN6_ADDR_GEN_MODE_NONE);
		mnl_attr_nest_end(h, inet6);
		mnl_attr_nest_end(h, spec);
	}
	vr_netlink_end(nl, NULL, NULL);
}

static void
put_up(struct vr_netlink *nl, const struct vr_instance_conf *c,
    unsigned index)
{
	struct ifinfomsg head = { .ifi_index = (int)index,
		.ifi_flags = IFF_UP, .ifi_change = IFF_UP };

	(void)vr_netlink_begin(nl, RTM_NEWLINK, 0, &head, sizeof head);
	vr_netlink_end(nl, on_failed, c);
}

/* Adverts of IPv6 leave from a link-local: the parent's, unused otherwise. */
static void
put_link_local(struct vr_netlink *nl, const struct vr_instance_conf *c,
    unsigned index, const struct prefix *ip)
{
	struct ifaddrmsg head = { .ifa_family = AF_INET6,
		.ifa_prefixlen = 64, .ifa_scope = RT_SCOPE_LINK,
		.ifa_flags = IFA_F_NODAD, .ifa_index = index };
	struct ifa_cacheinfo life = { .ifa_prefered = 0,
		.ifa_valid = UINT32_MAX };
	struct nlmsghdr *h = vr_netlink_begin(nl, RTM_NEWADDR, NLM_F_CREATE |
	    NLM_F_REPLACE, &head, sizeof head);

	if (h != NULL) {
		mnl_attr_put(h, IFA_LOCAL, 16, ip->ip);
		mnl_attr_put(h, IFA_CACHEINFO, sizeof life, &life);
	}
	vr_netlink_end(nl, on_failed, c);
}

static void
put_deletion(struct vr_netlink *nl, unsigned index)
{
	struct ifinfomsg head = { .ifi_index = (int)index };

	(void)vr_netlink_begin(nl, RTM_DELLINK, 0, &head, sizeof head);
	vr_netlink_end(nl, NULL, NULL);
}

/* ---- settings */

static void
set_own(const struct vr_instance_conf *c)
{
	static const struct { const char *name; int value; } rows[] = {
		{ "arp_ignore", 1 }, { "accept_local", 1 },
		{ "rp_filter", 0 }, { "promote_secondaries", 1 }
	};
	char path[128];

	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(path, sizeof path, "net/ipv4/conf/%s/%s",
		    c->vmac.name, rows[i].name);
		(void)vr_sysctl_write(path, rows[i].value);
	}
	if (c->family != AF_INET) {
		snprintf(path, sizeof path, "net/ipv6/conf/%s/accept_ra",
		    c->vmac.name);
		(void)vr_sysctl_write(path, 0);
		return;
	}
	snprintf(path, sizeof path, "net/ipv6/conf/%s/disable_ipv6",
	    c->vmac.name);
	(void)vr_sysctl_write(path, 1);
}

struct move {
	struct vr_sysctls *sysctls;
	int value;
};

static void
raise_filter(void *arg, struct vr_link *l)
{
	const struct move *m = arg;
	char path[128];
	int found;

	if (strcmp(l->kind, "macvlan") == 0)
		return;
	snprintf(path, sizeof path, "net/ipv4/conf/%s/rp_filter", l->name);
	if (vr_sysctl_read(path, &found) == 0 && found < m->value)
		(void)vr_sysctls_set(m->sysctls, path, m->value);
}

/* The filter of all interfaces would hold for the VMAC too: to each its own. */
static void
move_filter(struct vr_sysctls *s, const struct vr_links *links)
{
	struct move m = { .sysctls = s };

	if (vr_sysctl_read("net/ipv4/conf/all/rp_filter", &m.value) == -1 ||
	    m.value == 0)
		return;
	vr_links_each(links, raise_filter, &m);
	(void)vr_sysctls_set(s, "net/ipv4/conf/default/rp_filter", m.value);
	(void)vr_sysctls_set(s, "net/ipv4/conf/all/rp_filter", 0);
}

/*
 * The parent answers for its own addresses alone, and never asks with the
 * virtual address and its own hardware address (arp_announce).
 */
static void
set_parent(struct vr_sysctls *s, const struct vr_links *links,
    const char *parent)
{
	(void)vr_sysctls_link(s, "ipv4", parent, "arp_ignore", 1);
	(void)vr_sysctls_link(s, "ipv4", parent, "arp_filter", 1);
	(void)vr_sysctls_link(s, "ipv4", parent, "arp_announce", 2);
	move_filter(s, links);
}

/* ---- open, close */

static bool
is_ours(const struct vr_link *l, const struct vr_instance_conf *c)
{
	return strcmp(l->kind, "macvlan") == 0 &&
	    l->mode == MACVLAN_MODE_PRIVATE && l->mac_len == 6 &&
	    memcmp(l->mac, c->vmac.mac, 6) == 0;
}

/* One of that name: adopted, or in the way (a macvlan is replaced). */
static int
make_link(struct vr_netlink *nl, struct vr_links *links,
    const struct vr_instance_conf *c, const struct vr_link *parent,
    struct why *why)
{
	const struct vr_link *l = vr_links_by_name(links, c->vmac.name);
	unsigned below = parent->index;

	if (l != NULL && strcmp(l->kind, "macvlan") != 0)
		return why_set(why, "there is another interface %s",
		    c->vmac.name);
	if (l != NULL && l->lower == below && is_ours(l, c))
		return 0;
	if (l != NULL)
		put_deletion(nl, l->index);
	put_new(nl, c, below);
	if (vr_netlink_run(nl, why) == -1)
		return -1;
	return vr_links_refresh(links, why);
}

int
vr_vmac_open(struct vr_netlink *nl, struct vr_links *links,
    struct vr_sysctls *sysctls, const struct vr_instance_conf *c,
    struct why *why)
{
	const struct vr_link *parent = vr_links_by_name(links, c->interface),
	    *l;
	const struct vr_link_address *source;
	unsigned index;

	if (parent == NULL)
		return why_set(why, "VMAC %s: there is no interface %s",
		    c->vmac.name, c->interface);
	if (make_link(nl, links, c, parent, why) == -1)
		return -1;
	l = vr_links_by_name(links, c->vmac.name);
	if (l == NULL)
		return why_set(why, "VMAC %s cannot be made", c->vmac.name);
	index = l->index;
	vr_say_info("(%s): Success creating VMAC interface %s", c->name,
	    c->vmac.name);
	put_no_addresses(nl, c, index);
	(void)vr_netlink_run(nl, why);
	set_own(c);
	set_parent(sysctls, links, c->interface);
	put_up(nl, c, index);
	source = vr_link_source(vr_links_by_name(links, c->interface),
	    AF_INET6, NULL);
	if (c->family == AF_INET6 && source != NULL)
		put_link_local(nl, c, index, &source->ip);
	if (vr_netlink_run(nl, why) == -1)
		return -1;
	return vr_links_refresh(links, why);
}

void
vr_vmac_close(struct vr_netlink *nl, const struct vr_links *links,
    const struct vr_instance_conf *c)
{
	unsigned index = c->vmac.on ? vr_link_index(links, c->vmac.name) : 0;

	if (index != 0)
		put_deletion(nl, index);
}
