/* SPDX-License-Identifier: ISC */
/* announce.c - frames, their queues, and when an instance sends them. */
#include <net/ethernet.h>
#include <net/if_arp.h>
#include <netinet/icmp6.h>
#include <netinet/ip6.h>
#include <sys/socket.h>

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/if_packet.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "vrrp/address.h"
#include "vrrp/announce.h"
#include "vrrp/say.h"

enum { AT_ONCE = 64, FRAME = VR_ANNOUNCE_NA };

struct frame {
	const struct vr_live *live;	/* only while it is master; NULL: always */
	struct sockaddr_ll to;
	uint16_t len;
	uint8_t bytes[FRAME];
};

/* Frames that wait for their gap, of one interface or garp_group. */
struct queue {
	struct queue *next;
	const struct vr_announce *all;
	unsigned index;			/* interface; 0: of the group */
	const struct vr_garp_group_conf *group;
	struct waiting *first, **last;
	struct vr_turn_timer timer;
	int64_t free_at;		/* the next may go then */
};

struct waiting {
	struct waiting *next;
	const struct vr_herald *herald;
	int64_t gap;
	struct frame frame;
};

struct vr_announce {
	int fd;
	const struct vr_links *links;
	const struct vr_config *config;
	struct frame *ready;		/* sent at the end of the turn */
	unsigned count, room;
	struct queue *queues;
	int logged_error;		/* the last that was told */
};

/* ---- frames */

size_t
vr_announce_arp(uint8_t to[VR_ANNOUNCE_ARP], const struct vr_link *l,
    const struct prefix *ip)
{
	struct arphdr head = {
		.ar_hrd = htons(l->type == ARPHRD_INFINIBAND ?
		    ARPHRD_INFINIBAND : ARPHRD_ETHER),
		.ar_pro = htons(ETHERTYPE_IP),
		.ar_hln = l->mac_len, .ar_pln = 4,
		.ar_op = htons(ARPOP_REQUEST)
	};
	uint8_t *at = to;

	memcpy(at, &head, sizeof head);
	at += sizeof head;
	memcpy(at, l->mac, l->mac_len);
	at += l->mac_len;
	memcpy(at, ip->ip, 4);
	at += 4;
	memset(at, 0xff, l->mac_len);
	at += l->mac_len;
	memcpy(at, ip->ip, 4);
	return (size_t)(at + 4 - to);
}

static uint32_t
add_up(const uint8_t *at, size_t len, uint32_t sum)
{
	for (size_t i = 0; i + 1 < len; i += 2)
		sum += (uint32_t)(at[i] << 8 | at[i + 1]);
	return sum;
}

/* Of ICMPv6: with the pseudo header; the part's length is even. */
static uint16_t
checksum_of(const struct ip6_hdr *ip, const uint8_t *part, size_t len)
{
	uint32_t sum = add_up((const uint8_t *)&ip->ip6_src, 32, 0);

	sum = add_up(part, len, sum + (uint32_t)len + IPPROTO_ICMPV6);
	while (sum > 0xffff)
		sum = (sum & 0xffff) + (sum >> 16);
	return htons((uint16_t)~sum);
}

size_t
vr_announce_na(uint8_t to[VR_ANNOUNCE_NA], const struct vr_link *l,
    const struct prefix *ip, bool router)
{
	size_t option = l->mac_len == 0 ? 0 :
	    (2U + l->mac_len + 7U) / 8U * 8U;
	size_t len = sizeof(struct nd_neighbor_advert) + option;
	struct ip6_hdr head = {
		.ip6_flow = htonl(6U << 28), .ip6_plen = htons((uint16_t)len),
		.ip6_nxt = IPPROTO_ICMPV6, .ip6_hlim = 255,
		.ip6_dst = { .s6_addr = { 0xff, 2, [15] = 1 } }
	};
	struct nd_neighbor_advert na = {
		.nd_na_type = ND_NEIGHBOR_ADVERT,
		.nd_na_flags_reserved = ND_NA_FLAG_OVERRIDE |
		    (router ? ND_NA_FLAG_ROUTER : 0)
	};
	uint8_t *part = to + sizeof head;

	memset(to, 0, VR_ANNOUNCE_NA);
	memcpy(&head.ip6_src, ip->ip, 16);
	memcpy(&na.nd_na_target, ip->ip, 16);
	memcpy(to, &head, sizeof head);
	memcpy(part, &na, sizeof na);
	if (option > 0) {
		part[sizeof na] = ND_OPT_TARGET_LINKADDR;
		part[sizeof na + 1] = (uint8_t)(option / 8);
		memcpy(part + sizeof na + 2, l->mac, l->mac_len);
	}
	na.nd_na_cksum = checksum_of(&head, part, len);
	memcpy(part, &na, sizeof na);
	return sizeof head + len;
}

/* Does the host forward on it? Then it is a router there. */
static bool
is_router(const struct vr_link *l)
{
	char path[96];
	struct text text;
	struct why why;
	bool yes;

	snprintf(path, sizeof path, "/proc/sys/net/ipv6/conf/%s/forwarding",
	    l->name);
	if (file_read(path, 16, &text, &why) == -1)
		return false;
	yes = text.len > 0 && text.at[0] != '0';
	mem_drop((void *)(uintptr_t)text.at);
	return yes;
}

static bool
make_frame(struct frame *f, const struct vr_link *l, const struct prefix *ip)
{
	static const uint8_t all_nodes[] = { 0x33, 0x33, 0, 0, 0, 1 };
	bool v4 = ip->family == AF_INET;

	if (l == NULL || (l->flags & IFF_NOARP) != 0 || l->mac_len == 0 ||
	    l->mac_len > 20)
		return false;
	f->to = (struct sockaddr_ll){
		.sll_family = AF_PACKET,
		.sll_protocol = htons(v4 ? ETHERTYPE_ARP : ETHERTYPE_IPV6),
		.sll_ifindex = (int)l->index, .sll_halen = l->mac_len < 8 ?
		    l->mac_len : 8
	};
	memset(f->to.sll_addr, 0xff, sizeof f->to.sll_addr);
	if (!v4 && l->mac_len == 6)
		memcpy(f->to.sll_addr, all_nodes, 6);
	f->len = (uint16_t)(v4 ? vr_announce_arp(f->bytes, l, ip) :
	    vr_announce_na(f->bytes, l, ip, is_router(l)));
	return true;
}

/* ---- sending */

static void
tell_error(struct vr_announce *a)
{
	if (errno != a->logged_error)
		vr_say_error("Error sending gratuitous ARP or neighbour "
		    "advert: %s", strerror(errno));
	a->logged_error = errno;
}

/*
 * The child let go of it meanwhile, or the kernel took its time for the
 * address: who says now that it is here draws the clients away from the
 * router that has it, until that one's next burst.
 */
static bool
is_stale(const struct frame *f)
{
	return f->live != NULL && f->live->state != VR_STATE_MASTER;
}

static void
send_piece(struct vr_announce *a, struct frame *from, unsigned count)
{
	struct mmsghdr out[AT_ONCE];
	struct iovec pieces[AT_ONCE];
	unsigned fit = 0, sent = 0;
	int n;

	memset(out, 0, sizeof out);
	for (unsigned i = 0; i < count; i++) {
		if (is_stale(&from[i]))
			continue;
		pieces[fit] = (struct iovec){ from[i].bytes, from[i].len };
		out[fit].msg_hdr.msg_name = &from[i].to;
		out[fit].msg_hdr.msg_namelen = sizeof from[i].to;
		out[fit].msg_hdr.msg_iov = &pieces[fit];
		out[fit++].msg_hdr.msg_iovlen = 1;
	}
	while (sent < fit) {
		n = sendmmsg(a->fd, out + sent, fit - sent, MSG_DONTWAIT);
		if (n <= 0)
			tell_error(a);	/* that one is lost, not the others */
		sent += n > 0 ? (unsigned)n : 1;
	}
}

void
vr_announce_flush(struct vr_announce *a)
{
	for (unsigned at = 0; at < a->count; at += AT_ONCE)
		send_piece(a, a->ready + at, a->count - at < AT_ONCE ?
		    a->count - at : AT_ONCE);
	a->count = 0;
}

/* Nothing goes before the end of the turn: the addresses come first. */
static void
send_frame(struct vr_announce *a, const struct frame *f)
{
	if (a->count == a->room) {
		unsigned room = 2 * a->room + AT_ONCE;
		struct frame *more = mem_grow(a->ready, room * sizeof *more);

		if (more == NULL)
			return;
		a->ready = more;
		a->room = room;
	}
	a->ready[a->count++] = *f;
}

/* ---- gaps */

static const struct vr_garp_group_conf *
find_group(const struct vr_config *config, const char *interface)
{
	for (unsigned i = 0; i < config->garp_groups.count; i++)
		for (unsigned k = 0; k < config->garp_groups.at[i]->
		    interfaces.count; k++)
			if (strcmp(config->garp_groups.at[i]->interfaces.
			    at[k], interface) == 0)
				return config->garp_groups.at[i];
	return NULL;
}

static void
on_gap(void *arg)
{
	struct queue *q = arg;
	struct vr_announce *a = (struct vr_announce *)(uintptr_t)q->all;
	struct waiting *w = q->first;

	if (w == NULL)
		return;
	q->first = w->next;
	if (q->first == NULL)
		q->last = &q->first;
	send_frame(a, &w->frame);
	vr_announce_flush(a);
	q->free_at = vr_turn_now() + w->gap;
	mem_drop(w);
	if (q->first != NULL)
		vr_turn_at(&q->timer, q->free_at);
}

static struct queue *
find_queue(struct vr_announce *a, unsigned index,
    const struct vr_garp_group_conf *group)
{
	struct queue *q;

	for (q = a->queues; q != NULL; q = q->next)
		if (group != NULL ? q->group == group : q->index == index)
			return q;
	q = mem_zero(sizeof *q);
	if (q == NULL)
		return NULL;
	*q = (struct queue){ .next = a->queues, .all = a, .group = group,
	    .index = group != NULL ? 0 : index,
	    .timer = { .fire = on_gap, .arg = q } };
	q->last = &q->first;
	return a->queues = q;
}

static void
send_later(struct vr_announce *a, const struct vr_herald *h,
    const struct frame *f, int64_t gap,
    const struct vr_garp_group_conf *group)
{
	struct queue *q = find_queue(a, (unsigned)f->to.sll_ifindex, group);
	struct waiting *w = q == NULL ? NULL : mem_get(sizeof *w);

	if (w == NULL) {
		send_frame(a, f);
		return;
	}
	*w = (struct waiting){ .herald = h, .gap = gap, .frame = *f };
	*q->last = w;
	q->last = &w->next;
	if (q->first == w)
		vr_turn_at(&q->timer, q->free_at > vr_turn_now() ?
		    q->free_at : vr_turn_now());
}

static void
send_one(struct vr_herald *h, const struct vr_link *l,
    const struct prefix *ip, const struct vr_live *live)
{
	struct vr_announce *a = h->by;
	const struct vr_garp_group_conf *group;
	struct frame f;
	bool v4 = ip->family == AF_INET;
	int64_t gap;

	if (!make_frame(&f, l, ip))
		return;
	f.live = live;
	group = find_group(a->config, l->name);
	if (group != NULL)
		gap = v4 ? group->garp_interval : group->gna_interval;
	else
		gap = v4 ? a->config->global.garp_interval :
		    a->config->global.gna_interval;
	if (gap > 0)
		send_later(a, h, &f, gap, group);
	else
		send_frame(a, &f);
	h->sent++;
}

/* ---- bursts */

static void
tell_address(const struct vr_herald *h, const struct vr_link *l,
    const struct vr_address_conf *c)
{
	char ip[INET6_ADDRSTRLEN] = "";

	inet_ntop(c->ip.family, c->ip.ip, ip, sizeof ip);
	vr_say_detail("(%s) Sending/queueing %s on %s for %s",
	    h->conf->name, c->ip.family == AF_INET ? "gratuitous ARPs" :
	    "Unsolicited Neighbour Adverts", l->name, ip);
}

static void
send_address(struct vr_herald *h, const struct vr_address_conf *c, bool tell)
{
	const struct vr_link *l = vr_links_by_index(h->by->links,
	    vr_address_index(h->by->links, c, h->conf));

	if (l == NULL || (l->flags & IFF_NOARP) != 0)
		return;
	if (tell)
		tell_address(h, l, c);
	send_one(h, l, &c->ip, h->live);
}

/* So many rounds over all addresses: each is told once before the second. */
static void
send_rounds(struct vr_herald *h, unsigned rounds)
{
	const struct vr_instance_conf *c = h->conf;

	for (unsigned r = 0; r < rounds; r++) {
		for (unsigned i = 0; i < c->addresses.count; i++)
			send_address(h, c->addresses.at[i], r == 0);
		for (unsigned i = 0; i < c->excluded.count; i++)
			send_address(h, c->excluded.at[i], r == 0);
	}
}

static void
on_second(void *arg)
{
	struct vr_herald *h = arg;

	send_rounds(h, h->conf->garp.repeat);
	vr_announce_flush(h->by);
}

static void
on_lower(void *arg)
{
	struct vr_herald *h = arg;

	send_rounds(h, h->conf->garp.lower_prio_repeat);
	vr_announce_flush(h->by);
}

static void
on_refresh(void *arg)
{
	struct vr_herald *h = arg;

	send_rounds(h, h->conf->garp.refresh_repeat);
	vr_announce_flush(h->by);
	vr_turn_at(&h->refresh, vr_turn_now() + h->conf->garp.refresh);
}

/* garp_extra_if: one round for VMACs; 'all': for the other interfaces too. */
static void
on_extra(void *arg)
{
	struct vr_herald *h = arg;

	if (h->conf->vmac.on || h->conf->garp.extra_if_all)
		send_rounds(h, 1);
	vr_announce_flush(h->by);
	vr_turn_at(&h->extra, vr_turn_now() + h->conf->garp.extra_if);
}

void
vr_herald_init(struct vr_herald *h, struct vr_announce *by,
    const struct vr_instance_conf *conf, const struct vr_live *live)
{
	*h = (struct vr_herald){ .by = by, .conf = conf, .live = live,
		.second = { .fire = on_second, .arg = h },
		.lower = { .fire = on_lower, .arg = h },
		.refresh = { .fire = on_refresh, .arg = h },
		.extra = { .fire = on_extra, .arg = h } };
}

void
vr_herald_set(struct vr_herald *h, const struct vr_instance_conf *conf)
{
	h->conf = conf;
	if (conf->garp.refresh == 0)
		vr_turn_stop(&h->refresh);
	if (conf->garp.extra_if == 0)
		vr_turn_stop(&h->extra);
}

void
vr_herald_start(struct vr_herald *h)
{
	const struct vr_garp_conf *garp = &h->conf->garp;

	send_rounds(h, garp->repeat);
	if (garp->delay > 0)
		vr_turn_at(&h->second, vr_turn_now() + garp->delay);
	if (garp->refresh > 0)
		vr_turn_at(&h->refresh, vr_turn_now() + garp->refresh);
	if (garp->extra_if > 0)
		vr_turn_at(&h->extra, vr_turn_now() + garp->extra_if);
}

void
vr_herald_lower(struct vr_herald *h)
{
	const struct vr_garp_conf *garp = &h->conf->garp;

	if (garp->lower_prio_repeat == 0)
		return;
	send_rounds(h, garp->lower_prio_repeat);
	if (garp->lower_prio_delay > 0)
		vr_turn_at(&h->lower, vr_turn_now() +
		    garp->lower_prio_delay);
}

void
vr_herald_again(struct vr_herald *h, const struct vr_address_conf *a)
{
	send_address(h, a, true);
}

void
vr_herald_source(struct vr_herald *h, const struct prefix *source)
{
	const struct vr_link *l = vr_links_by_name(h->by->links,
	    h->conf->interface);

	if (l != NULL)
		send_one(h, l, source, NULL);
}

static void
drop_queued(struct vr_herald *h)
{
	for (struct queue *q = h->by->queues; q != NULL; q = q->next) {
		struct waiting **at = &q->first;

		while (*at != NULL)
			if ((*at)->herald == h) {
				struct waiting *gone = *at;

				*at = gone->next;
				mem_drop(gone);
			} else
				at = &(*at)->next;
		q->last = at;
	}
}

void
vr_herald_stop(struct vr_herald *h)
{
	vr_turn_stop(&h->second);
	vr_turn_stop(&h->lower);
	vr_turn_stop(&h->refresh);
	vr_turn_stop(&h->extra);
	drop_queued(h);
}

void
vr_herald_fini(struct vr_herald *h)
{
	drop_queued(h);
	vr_turn_forget(&h->second);
	vr_turn_forget(&h->lower);
	vr_turn_forget(&h->refresh);
	vr_turn_forget(&h->extra);
}

/* ---- the whole */

struct vr_announce *
vr_announce_open(const struct vr_links *links,
    const struct vr_config *config, struct why *why)
{
	struct vr_announce *a = mem_zero(sizeof *a);

	if (a == NULL) {
		why_set(why, "no memory to announce");
		return NULL;
	}
	a->links = links;
	a->config = config;
	/* Protocol 0: nothing is received by it. */
	a->fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0);
	if (a->fd == -1) {
		why_errno(why, "packet socket");
		mem_drop(a);
		return NULL;
	}
	return a;
}

static void
drop_queues(struct vr_announce *a)
{
	struct queue *q;
	struct waiting *w;

	while ((q = a->queues) != NULL) {
		a->queues = q->next;
		vr_turn_forget(&q->timer);
		while ((w = q->first) != NULL) {
			q->first = w->next;
			mem_drop(w);
		}
		mem_drop(q);
	}
}

/* What waits is sent now: its group may be another, or none. */
void
vr_announce_set(struct vr_announce *a, const struct vr_config *config)
{
	for (struct queue *q = a->queues; q != NULL; q = q->next)
		for (const struct waiting *w = q->first; w != NULL;
		    w = w->next)
			send_frame(a, &w->frame);
	vr_announce_flush(a);
	drop_queues(a);
	a->config = config;
}

int
vr_announce_fd(const struct vr_announce *a)
{
	return a->fd;
}

void
vr_announce_close(struct vr_announce **ap)
{
	struct vr_announce *a = *ap;

	*ap = NULL;
	if (a == NULL)
		return;
	vr_announce_flush(a);
	drop_queues(a);
	close(a->fd);
	mem_drop(a->ready);
	mem_drop(a);
}
