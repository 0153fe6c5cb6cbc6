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

/* One of an instance's: its own, or that of an address elsewhere. */
struct wish {
	const struct vr_instance_conf *conf;
	const char *name, *below;
};

/* The i-th; false: that is none. The same name may come again. */
static bool
find_wish(const struct vr_instance_conf *c, unsigned i, struct wish *w)
{
	unsigned total = c->addresses.count + c->excluded.count, at;
	const struct vr_address_conf *a;

	*w = (struct wish){ c, c->vmac.name, c->interface };
	if (i == 0)
		return c->vmac.on;
	at = i - 1;
	if (at >= total)
		return false;
	a = at < c->addresses.count ? c->addresses.at[at] :
	    c->excluded.at[at - c->addresses.count];
	*w = (struct wish){ c, a->dev, a->below };
	return a->below != NULL;
}

static unsigned
count_wishes(const struct vr_instance_conf *c)
{
	return 1 + c->addresses.count + c->excluded.count;
}

bool
vr_vmac_wanted(const struct vr_instance_conf *c)
{
	struct wish w;

	for (unsigned i = 0; i < count_wishes(c); i++)
		if (find_wish(c, i, &w))
			return true;
	return false;
}

/* ---- what is asked of the kernel */

static void
on_failed(const void *what, int error)
{
	const struct vr_instance_conf *c = what;

	if (error != EEXIST)
		vr_say_error("(%s) VMAC: %s", c->name, strerror(error));
}

static void
put_new(struct vr_netlink *nl, const struct wish *w, unsigned below)
{
	const struct vr_instance_conf *c = w->conf;
	struct ifinfomsg head = { .ifi_family = AF_UNSPEC };
	struct nlmsghdr *h = vr_netlink_begin(nl, RTM_NEWLINK, NLM_F_CREATE |
	    NLM_F_EXCL, &head, sizeof head);
	struct nlattr *info, *data;

	if (h != NULL) {
		mnl_attr_put_strz(h, IFLA_IFNAME, w->name);
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
put_no_addresses(struct vr_netlink *nl, unsigned index)
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
set_own(const struct wish *w)
{
	static const struct { const char *name; int value; } rows[] = {
		{ "arp_ignore", 1 }, { "accept_local", 1 },
		{ "rp_filter", 0 }, { "promote_secondaries", 1 }
	};
	char path[128];

	for (unsigned i = 0; i < sizeof rows / sizeof *rows; i++) {
		snprintf(path, sizeof path, "net/ipv4/conf/%s/%s",
		    w->name, rows[i].name);
		(void)vr_sysctl_write(path, rows[i].value);
	}
	if (w->conf->family != AF_INET) {
		snprintf(path, sizeof path, "net/ipv6/conf/%s/accept_ra",
		    w->name);
		(void)vr_sysctl_write(path, 0);
		return;
	}
	snprintf(path, sizeof path, "net/ipv6/conf/%s/disable_ipv6",
	    w->name);
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
    const struct wish *w, unsigned below, struct why *why)
{
	const struct vr_link *l = vr_links_by_name(links, w->name);

	if (l != NULL && strcmp(l->kind, "macvlan") != 0)
		return why_set(why, "there is another interface %s",
		    w->name);
	if (l != NULL && l->lower == below && is_ours(l, w->conf))
		return 0;
	if (l != NULL)
		put_deletion(nl, l->index);
	put_new(nl, w, below);
	if (vr_netlink_run(nl, why) == -1 ||
	    vr_links_refresh(links, why) == -1)
		return -1;
	if (vr_links_by_name(links, w->name) == NULL)
		return why_set(why, "VMAC %s cannot be made", w->name);
	vr_say_info("(%s): Success creating VMAC interface %s",
	    w->conf->name, w->name);
	return 0;
}

static int
open_one(struct vr_netlink *nl, struct vr_links *links,
    struct vr_sysctls *sysctls, const struct wish *w, struct why *why)
{
	const struct vr_link *parent = vr_links_by_name(links, w->below);
	const struct vr_link_address *source;
	unsigned index;

	if (parent == NULL)
		return why_set(why, "VMAC %s: there is no interface %s",
		    w->name, w->below);
	if (make_link(nl, links, w, parent->index, why) == -1)
		return -1;
	index = vr_link_index(links, w->name);
	put_no_addresses(nl, index);
	(void)vr_netlink_run(nl, why);
	set_own(w);
	set_parent(sysctls, links, w->below);
	put_up(nl, w->conf, index);
	source = vr_link_source(vr_links_by_name(links, w->below), AF_INET6,
	    NULL);
	if (w->conf->family == AF_INET6 && source != NULL)
		put_link_local(nl, w->conf, index, &source->ip);
	if (vr_netlink_run(nl, why) == -1)
		return -1;
	return vr_links_refresh(links, why);
}

int
vr_vmac_open(struct vr_netlink *nl, struct vr_links *links,
    struct vr_sysctls *sysctls, const struct vr_instance_conf *c,
    struct why *why)
{
	struct wish w;

	for (unsigned i = 0; i < count_wishes(c); i++)
		if (find_wish(c, i, &w) &&
		    open_one(nl, links, sysctls, &w, why) == -1)
			return -1;
	return 0;
}

static bool
is_wished(const struct vr_instance_conf *c, const char *name)
{
	struct wish w;

	for (unsigned i = 0; c != NULL && i < count_wishes(c); i++)
		if (find_wish(c, i, &w) && strcmp(w.name, name) == 0)
			return true;
	return false;
}

void
vr_vmac_close(struct vr_netlink *nl, const struct vr_links *links,
    const struct vr_instance_conf *c, const struct vr_instance_conf *but)
{
	struct wish w;
	unsigned index;

	for (unsigned i = 0; i < count_wishes(c); i++) {
		if (!find_wish(c, i, &w) || is_wished(but, w.name))
			continue;
		index = vr_link_index(links, w.name);
		if (index != 0)
			put_deletion(nl, index);
	}
}
