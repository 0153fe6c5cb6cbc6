/* SPDX-License-Identifier: ISC */
/* rule.c - RTM_NEWRULE and RTM_DELRULE of configured rules. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "vrrp/rule.h"
#include "vrrp/say.h"

enum { PROTO_OURS = 18 };	/* as keepalived marks its rules */

static void
put_ip(struct nlmsghdr *h, uint16_t type, const struct prefix *p)
{
	if (p->family != 0 && p->bits > 0)
		mnl_attr_put(h, type, p->family == AF_INET ? 4 : 16, p->ip);
}

static void
put_ports(struct nlmsghdr *h, uint16_t type, const struct vr_span32 *ports)
{
	struct fib_rule_port_range range = { (uint16_t)ports->least,
	    (uint16_t)ports->most };

	mnl_attr_put(h, type, sizeof range, &range);
}

static void
put_matches(struct nlmsghdr *h, const struct vr_rule_conf *r)
{
	struct fib_rule_uid_range uids = { r->uid.least, r->uid.most };

	put_ip(h, FRA_SRC, &r->from);
	put_ip(h, FRA_DST, &r->to);
	if (r->iif != NULL)
		mnl_attr_put_strz(h, FRA_IIFNAME, r->iif);
	if (r->oif != NULL)
		mnl_attr_put_strz(h, FRA_OIFNAME, r->oif);
	if (r->fwmark_given) {
		mnl_attr_put_u32(h, FRA_FWMARK, r->fwmark);
		mnl_attr_put_u32(h, FRA_FWMASK, r->fwmask);
	}
	if (r->uid_given)
		mnl_attr_put(h, FRA_UID_RANGE, sizeof uids, &uids);
	if (r->ip_proto != 0)
		mnl_attr_put_u8(h, FRA_IP_PROTO, (uint8_t)r->ip_proto);
	if (r->sport_given)
		put_ports(h, FRA_SPORT_RANGE, &r->sport);
	if (r->dport_given)
		put_ports(h, FRA_DPORT_RANGE, &r->dport);
}

/* The file's, or the one that was chosen when it was read. */
static bool
has_priority(const struct vr_rule_conf *r)
{
	return r->priority_given || r->priority != 0;
}

static void
put_request(struct vr_netlink *nl, const struct vr_rule_conf *r, bool add)
{
	struct fib_rule_hdr head = {
		.family = (uint8_t)r->family,
		.dst_len = r->to.family != 0 ? r->to.bits : 0,
		.src_len = r->from.family != 0 ? r->from.bits : 0,
		.tos = r->tos,
		.table = (uint8_t)(r->table < 256 ? r->table :
		    RT_TABLE_UNSPEC),
		.action = r->action,
		.flags = r->invert ? FIB_RULE_INVERT : 0
	};
	struct nlmsghdr *h = vr_netlink_begin(nl, add ? RTM_NEWRULE :
	    RTM_DELRULE, add ? NLM_F_CREATE | NLM_F_EXCL : 0, &head,
	    sizeof head);

	if (h == NULL)
		return;
	put_matches(h, r);
	if (r->action == FR_ACT_TO_TBL)
		mnl_attr_put_u32(h, FRA_TABLE, r->table);
	if (r->action == FR_ACT_GOTO)
		mnl_attr_put_u32(h, FRA_GOTO, r->go_to);
	if (has_priority(r))
		mnl_attr_put_u32(h, FRA_PRIORITY, r->priority);
	if (r->suppress_prefixlength != VR_UNSET)
		mnl_attr_put_u32(h, FRA_SUPPRESS_PREFIXLEN,
		    (uint32_t)r->suppress_prefixlength);
	mnl_attr_put_u8(h, FRA_PROTOCOL, PROTO_OURS);
}

static void
on_add_failed(const void *what, int error)
{
	const struct vr_rule_conf *r = what;

	if (error != EEXIST)
		vr_say_error("cannot add rule %s: %s", r->text,
		    strerror(error));
}

static void
on_drop_failed(const void *what, int error)
{
	const struct vr_rule_conf *r = what;

	if (error != ENOENT)
		vr_say_error("cannot remove rule %s: %s", r->text,
		    strerror(error));
}

void
vr_rule_add(struct vr_netlink *nl, const struct vr_rule_conf *r)
{
	put_request(nl, r, true);
	vr_netlink_end(nl, on_add_failed, r);
}

void
vr_rule_drop(struct vr_netlink *nl, const struct vr_rule_conf *r)
{
	put_request(nl, r, false);
	vr_netlink_end(nl, on_drop_failed, r);
}

/* ---- known again */

struct seen {
	uint32_t table, priority, mark;
	uint8_t from[16], to[16];
	bool ours;
};

static uint32_t
number_of(const struct nlattr *at)
{
	return at == NULL ? 0 : mnl_attr_get_u32(at);
}

static void
read_ip(uint8_t to[16], const struct nlattr *at)
{
	if (at != NULL && mnl_attr_get_payload_len(at) <= 16)
		memcpy(to, mnl_attr_get_payload(at),
		    mnl_attr_get_payload_len(at));
}

static void
read_seen(struct seen *s, const struct nlmsghdr *h)
{
	const struct fib_rule_hdr *head = mnl_nlmsg_get_payload(h);
	const struct nlattr *is[FRA_MAX + 1];

	vr_netlink_attrs(h, sizeof *head, is, FRA_MAX + 1);
	*s = (struct seen){
		.table = is[FRA_TABLE] == NULL ? head->table :
		    mnl_attr_get_u32(is[FRA_TABLE]),
		.priority = number_of(is[FRA_PRIORITY]),
		.mark = number_of(is[FRA_FWMARK]),
		.ours = is[FRA_PROTOCOL] != NULL &&
		    mnl_attr_get_u8(is[FRA_PROTOCOL]) == PROTO_OURS
	};
	read_ip(s->from, is[FRA_SRC]);
	read_ip(s->to, is[FRA_DST]);
}

static bool
is_net(const struct prefix *p, const uint8_t ip[16], uint8_t bits)
{
	if (p->family == 0)
		return bits == 0;
	return p->bits == bits && (bits == 0 || memcmp(p->ip, ip,
	    p->family == AF_INET ? 4 : 16) == 0);
}

bool
vr_rule_is(const struct vr_rule_conf *r, const struct nlmsghdr *h,
    bool anyones)
{
	const struct fib_rule_hdr *head = mnl_nlmsg_get_payload(h);
	struct seen seen;

	if ((h->nlmsg_type != RTM_DELRULE && h->nlmsg_type != RTM_NEWRULE) ||
	    mnl_nlmsg_get_payload_len(h) < sizeof *head ||
	    head->family != r->family || head->action != r->action ||
	    head->tos != r->tos)
		return false;
	read_seen(&seen, h);
	return (anyones || seen.ours) && is_net(&r->from, seen.from, head->src_len) &&
	    is_net(&r->to, seen.to, head->dst_len) &&
	    (!has_priority(r) || seen.priority == r->priority) &&
	    seen.mark == (r->fwmark_given ? r->fwmark : 0) &&
	    (r->action != FR_ACT_TO_TBL || seen.table == r->table);
}
