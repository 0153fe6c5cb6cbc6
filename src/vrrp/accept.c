/* SPDX-License-Identifier: ISC */
/*
 * accept.c - our tables of nftables. The kernel takes a run as one change:
 * all of it, or nothing.
 */
#include <arpa/inet.h>
#include <netinet/icmp6.h>
#include <string.h>

#include <libmnl/libmnl.h>
#include <libnftnl/chain.h>
#include <libnftnl/expr.h>
#include <libnftnl/rule.h>
#include <libnftnl/set.h>
#include <libnftnl/table.h>
#include <libnftnl/udata.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>

#include "base/mem.h"
#include "vrrp/accept.h"
#include "vrrp/say.h"

/* As the nft tool calls the types, for its listings. */
enum { TYPE_IP = 7, TYPE_IP6 = 8, TYPE_LINK = 20 };
enum { SET_VIPS = 1, SET_MAP = 2, SET_LINKS = 3 };
enum { MLD2_REPORT = 143, KIND = 16 };

struct family {
	uint8_t nf;			/* NFPROTO_IPV4, NFPROTO_IPV6 */
	bool made, vips, links;		/* what is there of it */
};

struct vr_accept {
	struct vr_netlink *nl;
	char *table;			/* copied: it outlives reloads */
	int priority;
	bool counters, begun;
	struct family families[2];
};

/* ---- what goes into a batch */

static void
put_mark(struct vr_netlink *nl, uint16_t type)
{
	struct nfgenmsg head = { .nfgen_family = AF_UNSPEC,
		.version = NFNETLINK_V0,
		.res_id = htons(NFNL_SUBSYS_NFTABLES) };

	(void)vr_netlink_begin(nl, type, 0, &head, sizeof head);
	vr_netlink_end(nl, NULL, NULL);
}

static void
on_failed(const void *what, int error)
{
	vr_say_error("nftables: cannot %s: %s", (const char *)what,
	    strerror(error));
}

static struct nlmsghdr *
begin(struct vr_netlink *nl, uint16_t type, uint16_t flags, uint8_t nf)
{
	struct nfgenmsg head = { .nfgen_family = nf,
		.version = NFNETLINK_V0 };

	return vr_netlink_begin(nl, (uint16_t)(NFNL_SUBSYS_NFTABLES << 8 |
	    type), flags, &head, sizeof head);
}

static struct nlmsghdr *
begin_here(struct vr_accept *a, uint16_t type, uint16_t flags, uint8_t nf)
{
	if (!a->begun)
		put_mark(a->nl, NFNL_MSG_BATCH_BEGIN);
	a->begun = true;
	return begin(a->nl, type, flags, nf);
}

/* Made if need be, then deleted: no error when it was not there. */
static void
put_table_end(struct vr_netlink *nl, const char *table, uint8_t nf)
{
	struct nlmsghdr *h = begin(nl, NFT_MSG_NEWTABLE, NLM_F_CREATE, nf);

	if (h != NULL)
		mnl_attr_put_strz(h, NFTA_TABLE_NAME, table);
	vr_netlink_end(nl, NULL, NULL);
	h = begin(nl, NFT_MSG_DELTABLE, 0, nf);
	if (h != NULL)
		mnl_attr_put_strz(h, NFTA_TABLE_NAME, table);
	vr_netlink_end(nl, NULL, NULL);
}

static void
put_table(struct vr_accept *a, uint8_t nf)
{
	struct nlmsghdr *h = begin_here(a, NFT_MSG_NEWTABLE, NLM_F_CREATE,
	    nf);

	if (h != NULL)
		mnl_attr_put_strz(h, NFTA_TABLE_NAME, a->table);
	vr_netlink_end(a->nl, on_failed, "make our table");
}

static void
put_chain(struct vr_accept *a, uint8_t nf, const char *name, uint32_t hook)
{
	struct nftnl_chain *c = nftnl_chain_alloc();
	struct nlmsghdr *h = begin_here(a, NFT_MSG_NEWCHAIN, NLM_F_CREATE,
	    nf);

	if (h != NULL && c != NULL) {
		nftnl_chain_set_str(c, NFTNL_CHAIN_TABLE, a->table);
		nftnl_chain_set_str(c, NFTNL_CHAIN_NAME, name);
		nftnl_chain_set_str(c, NFTNL_CHAIN_TYPE, "filter");
		nftnl_chain_set_u32(c, NFTNL_CHAIN_HOOKNUM, hook);
		nftnl_chain_set_s32(c, NFTNL_CHAIN_PRIO, a->priority);
		nftnl_chain_set_u32(c, NFTNL_CHAIN_POLICY, NF_ACCEPT);
		nftnl_chain_nlmsg_build_payload(h, c);
	}
	vr_netlink_end(a->nl, on_failed, "make a chain");
	nftnl_chain_free(c);
}

struct set_row {
	const char *name;
	uint32_t id, key_type, key_len;
	bool map;
};

static struct set_row
row_of(uint32_t id, uint8_t nf)
{
	bool v4 = nf == NFPROTO_IPV4;

	if (id == SET_VIPS)
		return (struct set_row){ "vips", id, v4 ? TYPE_IP : TYPE_IP6,
		    v4 ? 4 : 16, false };
	if (id == SET_MAP)
		return (struct set_row){ "vmac_map", id, TYPE_LINK, 4, true };
	return (struct set_row){ "vmac_set", id, TYPE_LINK, 4, false };
}

/* For listings alone: numbers of interfaces are in the host's order. */
static void
tell_order(struct nftnl_set *s)
{
	enum { HOST_ORDER = 1 };
	struct nftnl_udata_buf *u = nftnl_udata_buf_alloc(64);

	if (u == NULL)
		return;
	nftnl_udata_put_u32(u, NFTNL_UDATA_SET_KEYBYTEORDER, HOST_ORDER);
	nftnl_udata_put_u32(u, NFTNL_UDATA_SET_DATABYTEORDER, HOST_ORDER);
	nftnl_set_set_data(s, NFTNL_SET_USERDATA, nftnl_udata_buf_data(u),
	    nftnl_udata_buf_len(u));
	nftnl_udata_buf_free(u);
}

static void
put_set(struct vr_accept *a, uint8_t nf, uint32_t id)
{
	struct set_row row = row_of(id, nf);
	struct nftnl_set *s = nftnl_set_alloc();
	struct nlmsghdr *h = begin_here(a, NFT_MSG_NEWSET, NLM_F_CREATE, nf);

	if (h != NULL && s != NULL) {
		nftnl_set_set_str(s, NFTNL_SET_TABLE, a->table);
		nftnl_set_set_str(s, NFTNL_SET_NAME, row.name);
		nftnl_set_set_u32(s, NFTNL_SET_FAMILY, nf);
		nftnl_set_set_u32(s, NFTNL_SET_ID, id);
		nftnl_set_set_u32(s, NFTNL_SET_KEY_TYPE, row.key_type);
		nftnl_set_set_u32(s, NFTNL_SET_KEY_LEN, row.key_len);
		if (id != SET_VIPS)
			tell_order(s);
		if (row.map) {
			nftnl_set_set_u32(s, NFTNL_SET_FLAGS, NFT_SET_MAP);
			nftnl_set_set_u32(s, NFTNL_SET_DATA_TYPE, TYPE_LINK);
			nftnl_set_set_u32(s, NFTNL_SET_DATA_LEN, 4);
		}
		nftnl_set_nlmsg_build_payload(h, s);
	}
	vr_netlink_end(a->nl, on_failed, "make a set");
	nftnl_set_free(s);
}

static void
put_element(struct vr_accept *a, uint8_t nf, uint32_t id, const void *key,
    const uint32_t *data, bool add)
{
	struct set_row row = row_of(id, nf);
	struct nftnl_set *s = nftnl_set_alloc();
	struct nftnl_set_elem *e = nftnl_set_elem_alloc();
	struct nlmsghdr *h = begin_here(a, add ? NFT_MSG_NEWSETELEM :
	    NFT_MSG_DELSETELEM, add ? NLM_F_CREATE : 0, nf);

	if (h != NULL && s != NULL && e != NULL) {
		nftnl_set_set_str(s, NFTNL_SET_TABLE, a->table);
		nftnl_set_set_str(s, NFTNL_SET_NAME, row.name);
		if (add)
			nftnl_set_set_u32(s, NFTNL_SET_ID, id);
		nftnl_set_elem_set(e, NFTNL_SET_ELEM_KEY, key, row.key_len);
		if (data != NULL)
			nftnl_set_elem_set(e, NFTNL_SET_ELEM_DATA, data, 4);
		nftnl_set_elem_add(s, e);
		nftnl_set_elems_nlmsg_build_payload(h, s);
		e = NULL;		/* the set's now */
	}
	vr_netlink_end(a->nl, on_failed, add ? "block an address" :
	    "free an address");
	if (e != NULL)
		nftnl_set_elem_free(e);
	nftnl_set_free(s);
}

/* ---- rules */

static struct nftnl_expr *
add(struct nftnl_rule *r, const char *name)
{
	struct nftnl_expr *e = nftnl_expr_alloc(name);

	if (e != NULL)
		nftnl_rule_add_expr(r, e);
	return e;
}

static void
add_payload(struct nftnl_rule *r, uint32_t base, uint32_t at, uint32_t len,
    uint32_t reg)
{
	struct nftnl_expr *e = add(r, "payload");

	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_BASE, base);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_DREG, reg);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_OFFSET, at);
	nftnl_expr_set_u32(e, NFTNL_EXPR_PAYLOAD_LEN, len);
}

static void
add_meta(struct nftnl_rule *r, uint32_t key, uint32_t reg)
{
	struct nftnl_expr *e = add(r, "meta");

	nftnl_expr_set_u32(e, NFTNL_EXPR_META_KEY, key);
	nftnl_expr_set_u32(e, NFTNL_EXPR_META_DREG, reg);
}

static void
add_compare(struct nftnl_rule *r, uint32_t how, const void *to, uint32_t len)
{
	struct nftnl_expr *e = add(r, "cmp");

	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_SREG, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_CMP_OP, how);
	nftnl_expr_set(e, NFTNL_EXPR_CMP_DATA, to, len);
}

static void
add_byte(struct nftnl_rule *r, uint32_t how, uint8_t to)
{
	add_compare(r, how, &to, 1);
}

static void
add_lookup(struct nftnl_rule *r, uint32_t id, uint8_t nf, uint32_t from,
    uint32_t to)
{
	struct set_row row = row_of(id, nf);
	struct nftnl_expr *e = add(r, "lookup");

	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SREG, from);
	if (to != 0)
		nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_DREG, to);
	nftnl_expr_set_str(e, NFTNL_EXPR_LOOKUP_SET, row.name);
	nftnl_expr_set_u32(e, NFTNL_EXPR_LOOKUP_SET_ID, id);
}

static void
add_verdict(const struct vr_accept *a, struct nftnl_rule *r, uint32_t what)
{
	struct nftnl_expr *e;

	if (a->counters)
		(void)add(r, "counter");
	e = add(r, "immediate");
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_DREG, NFT_REG_VERDICT);
	nftnl_expr_set_u32(e, NFTNL_EXPR_IMM_VERDICT, what);
}

static void
put_rule(struct vr_accept *a, uint8_t nf, const char *chain,
    void (*fill)(const struct vr_accept *, struct nftnl_rule *, uint8_t nf))
{
	struct nftnl_rule *r = nftnl_rule_alloc();
	struct nlmsghdr *h = begin_here(a, NFT_MSG_NEWRULE, NLM_F_CREATE |
	    NLM_F_APPEND, nf);

	if (h != NULL && r != NULL) {
		nftnl_rule_set_str(r, NFTNL_RULE_TABLE, a->table);
		nftnl_rule_set_str(r, NFTNL_RULE_CHAIN, chain);
		nftnl_rule_set_u32(r, NFTNL_RULE_FAMILY, nf);
		fill(a, r, nf);
		nftnl_rule_nlmsg_build_payload(h, r);
	}
	vr_netlink_end(a->nl, on_failed, "make a rule");
	nftnl_rule_free(r);
}

/* ip daddr @vips drop */
static void
fill_in(const struct vr_accept *a, struct nftnl_rule *r, uint8_t nf)
{
	bool v4 = nf == NFPROTO_IPV4;

	add_payload(r, NFT_PAYLOAD_NETWORK_HEADER, v4 ? 16 : 24, v4 ? 4 : 16,
	    NFT_REG_1);
	add_lookup(r, SET_VIPS, nf, NFT_REG_1, 0);
	add_verdict(a, r, NF_DROP);
}

/* ip saddr @vips drop */
static void
fill_out(const struct vr_accept *a, struct nftnl_rule *r, uint8_t nf)
{
	bool v4 = nf == NFPROTO_IPV4;

	add_payload(r, NFT_PAYLOAD_NETWORK_HEADER, v4 ? 12 : 8, v4 ? 4 : 16,
	    NFT_REG_1);
	add_lookup(r, SET_VIPS, nf, NFT_REG_1, 0);
	add_verdict(a, r, NF_DROP);
}

static void
add_icmp6(struct nftnl_rule *r)
{
	add_meta(r, NFT_META_L4PROTO, NFT_REG_1);
	add_byte(r, NFT_CMP_EQ, IPPROTO_ICMPV6);
	add_payload(r, NFT_PAYLOAD_TRANSPORT_HEADER, 0, 1, NFT_REG_1);
}

/* Neighbour discovery goes on: icmpv6 type nd-... accept */
static void
fill_discovery(const struct vr_accept *a, struct nftnl_rule *r, uint8_t nf)
{
	add_icmp6(r);
	add_byte(r, NFT_CMP_GTE, ND_ROUTER_SOLICIT);
	add_byte(r, NFT_CMP_LTE, ND_REDIRECT);
	add_verdict(a, r, NF_ACCEPT);
}

static void
add_macvlan(struct nftnl_rule *r)
{
	static const char kind[KIND] = "macvlan";

	add_meta(r, NFT_META_OIFKIND, NFT_REG_1);
	add_compare(r, NFT_CMP_EQ, kind, sizeof kind);
}

/* dup to ip daddr device oif map @vmac_map drop */
static void
add_detour(const struct vr_accept *a, struct nftnl_rule *r, uint8_t nf)
{
	bool v4 = nf == NFPROTO_IPV4;
	struct nftnl_expr *e;

	add_meta(r, NFT_META_OIF, NFT_REG_2);
	add_lookup(r, SET_MAP, nf, NFT_REG_2, NFT_REG_2);
	add_payload(r, NFT_PAYLOAD_NETWORK_HEADER, v4 ? 16 : 24, v4 ? 4 : 16,
	    NFT_REG_1);
	e = add(r, "dup");
	nftnl_expr_set_u32(e, NFTNL_EXPR_DUP_SREG_ADDR, NFT_REG_1);
	nftnl_expr_set_u32(e, NFTNL_EXPR_DUP_SREG_DEV, NFT_REG_2);
	add_verdict(a, r, NF_DROP);
}

static void
fill_igmp(const struct vr_accept *a, struct nftnl_rule *r, uint8_t nf)
{
	add_payload(r, NFT_PAYLOAD_NETWORK_HEADER, 9, 1, NFT_REG_1);
	add_byte(r, NFT_CMP_EQ, IPPROTO_IGMP);
	add_macvlan(r);
	add_detour(a, r, nf);
}

static void
fill_mld(const struct vr_accept *a, struct nftnl_rule *r, uint8_t nf)
{
	add_icmp6(r);
	add_byte(r, NFT_CMP_EQ, MLD2_REPORT);
	add_macvlan(r);
	add_detour(a, r, nf);
}

static void
fill_solicit(const struct vr_accept *a, struct nftnl_rule *r, uint8_t nf)
{
	add_icmp6(r);
	add_byte(r, NFT_CMP_EQ, ND_ROUTER_SOLICIT);
	add_macvlan(r);
	add_meta(r, NFT_META_OIF, NFT_REG_2);
	add_lookup(r, SET_LINKS, nf, NFT_REG_2, 0);
	add_verdict(a, r, NF_DROP);
}

/* ---- tables as they are needed */

static struct family *
family_of(struct vr_accept *a, uint16_t family)
{
	return &a->families[family == AF_INET6];
}

static void
make_chain(struct vr_accept *a, struct family *f)
{
	if (f->made)
		return;
	f->made = true;
	put_table(a, f->nf);
	put_chain(a, f->nf, "out", NF_INET_LOCAL_OUT);
}

static void
make_vips(struct vr_accept *a, struct family *f)
{
	if (f->vips)
		return;
	make_chain(a, f);
	f->vips = true;
	put_chain(a, f->nf, "in", NF_INET_LOCAL_IN);
	put_set(a, f->nf, SET_VIPS);
	if (f->nf == NFPROTO_IPV6) {
		put_rule(a, f->nf, "in", fill_discovery);
		put_rule(a, f->nf, "out", fill_discovery);
	}
	put_rule(a, f->nf, "in", fill_in);
	put_rule(a, f->nf, "out", fill_out);
}

static void
make_links(struct vr_accept *a, struct family *f)
{
	if (f->links)
		return;
	make_chain(a, f);
	f->links = true;
	put_set(a, f->nf, SET_MAP);
	if (f->nf == NFPROTO_IPV4) {
		put_rule(a, f->nf, "out", fill_igmp);
		return;
	}
	put_set(a, f->nf, SET_LINKS);
	put_rule(a, f->nf, "out", fill_mld);
	put_rule(a, f->nf, "out", fill_solicit);
}

/* ---- what others ask for */

static bool
is_blocked(const struct vr_instance_conf *c)
{
	return !c->accept && c->priority != 255;
}

bool
vr_accept_needed(const struct vr_config *config)
{
	for (unsigned i = 0; i < config->instances.count; i++)
		if (is_blocked(config->instances.at[i]) ||
		    config->instances.at[i]->vmac.on)
			return true;
	return false;
}

static void
put_all(struct vr_accept *a, struct vr_address_conf *const *at, unsigned n,
    bool on)
{
	for (unsigned i = 0; i < n; i++) {
		struct family *f = family_of(a, at[i]->ip.family);

		if (on)
			make_vips(a, f);
		if (f->vips)
			put_element(a, f->nf, SET_VIPS, at[i]->ip.ip, NULL,
			    on);
	}
}

void
vr_accept_block(struct vr_accept *a, const struct vr_instance_conf *c)
{
	if (!is_blocked(c))
		return;
	put_all(a, c->addresses.at, c->addresses.count, true);
	put_all(a, c->excluded.at, c->excluded.count, true);
}

void
vr_accept_free(struct vr_accept *a, const struct vr_instance_conf *c)
{
	if (!is_blocked(c))
		return;
	put_all(a, c->addresses.at, c->addresses.count, false);
	put_all(a, c->excluded.at, c->excluded.count, false);
}

void
vr_accept_vmac(struct vr_accept *a, const struct vr_links *links,
    const struct vr_instance_conf *c, bool on)
{
	struct family *f = family_of(a, c->family);
	uint32_t vmac = vr_link_index(links, c->vmac.name);
	uint32_t below = vr_link_index(links, c->interface);

	if (vmac == 0 || below == 0 || (!on && !f->links))
		return;
	make_links(a, f);
	put_element(a, f->nf, SET_MAP, &vmac, on ? &below : NULL, on);
	if (f->nf == NFPROTO_IPV6)
		put_element(a, f->nf, SET_LINKS, &vmac, NULL, on);
}

int
vr_accept_run(struct vr_accept *a, struct why *why)
{
	if (!a->begun)
		return 0;
	a->begun = false;
	put_mark(a->nl, NFNL_MSG_BATCH_END);
	return vr_netlink_run(a->nl, why) == -1 ? -1 : 0;
}

/* ---- from the start to the end */

static int
drop_tables(struct vr_netlink *nl, const char *table, struct why *why)
{
	int failed;

	put_mark(nl, NFNL_MSG_BATCH_BEGIN);
	put_table_end(nl, table, NFPROTO_IPV4);
	put_table_end(nl, table, NFPROTO_IPV6);
	put_mark(nl, NFNL_MSG_BATCH_END);
	failed = vr_netlink_run(nl, why);
	if (failed > 0)
		return why_set(why, "nftables: this kernel has none, "
		    "no_accept and VMACs are without their filter");
	return failed;
}

struct vr_accept *
vr_accept_open(const struct vr_global_conf *g, struct why *why)
{
	struct vr_accept *a = mem_zero(sizeof *a);

	if (a == NULL) {
		why_set(why, "no memory for nftables");
		return NULL;
	}
	a->table = mem_copy(text_of(g->nftables == NULL ? "keepalived" :
	    g->nftables));
	a->priority = g->nftables_priority;
	a->counters = g->nftables_counters;
	a->families[0].nf = NFPROTO_IPV4;
	a->families[1].nf = NFPROTO_IPV6;
	a->nl = a->table == NULL ? NULL : vr_netlink_open(NETLINK_NETFILTER,
	    why);
	if (a->nl == NULL || drop_tables(a->nl, a->table, why) == -1)
		vr_accept_close(&a);
	return a;
}

void
vr_accept_end(const struct vr_global_conf *g)
{
	struct why why;
	struct vr_netlink *nl = vr_netlink_open(NETLINK_NETFILTER, &why);

	if (nl != NULL)
		(void)drop_tables(nl, g->nftables == NULL ? "keepalived" :
		    g->nftables, &why);
	vr_netlink_close(&nl);
}

void
vr_accept_close(struct vr_accept **ap)
{
	struct vr_accept *a = *ap;

	*ap = NULL;
	if (a == NULL)
		return;
	vr_netlink_close(&a->nl);
	mem_drop(a->table);
	mem_drop(a);
}
