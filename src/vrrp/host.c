/* SPDX-License-Identifier: ISC */
/*
 * host.c - carries the child's events out on this host, and tells the child
 * what the host means for it. Requests to the kernel are collected over a
 * turn and sent together, announcements behind them. The parent's.
 */
#include <net/if.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "vrrp/accept.h"
#include "vrrp/address.h"
#include "vrrp/announce.h"
#include "vrrp/compare.h"
#include "vrrp/config.h"
#include "vrrp/hold.h"
#include "vrrp/host.h"
#include "vrrp/launch.h"
#include "vrrp/notify.h"
#include "vrrp/say.h"
#include "vrrp/statics.h"
#include "vrrp/sysctl.h"
#include "vrrp/tracks.h"
#include "vrrp/vmac.h"

enum { LOOKED_FOR = 64 };		/* addresses put back at a time */

struct part {				/* one instance on this host */
	const struct vr_instance_conf *conf;
	struct vr_live *live;
	struct vr_herald herald;
	struct vr_hold_losses losses;
	bool vmac;			/* made by us */
	bool robbed;			/* an address was taken too often */
};

static struct {
	struct vr_config *config;
	struct vr_live_board *board;
	struct vr_cast *cast;
	struct vr_host_wishes wishes;
	struct vr_host_asks asks;
	struct part *part[VR_LIVE_SLOTS];
	struct vr_netlink *nl;
	struct vr_links *links;
	struct vr_announce *announce;
	struct vr_accept *accept;
	struct vr_sysctls *sysctls;
	struct vr_statics *statics;
	struct vr_launch *launch;
	struct vr_tracks *tracks;
	struct vr_notify_post *post;
	bool ready;
	bool alone;			/* no child leads */
	struct vr_cast *speaker;	/* whose sockets are open */
} host;

static struct part *
part_of(const struct vr_instance *i)
{
	return host.part[i->slot];
}

/* ---- what the host means for an instance */

static const char *
interface_of(const struct vr_instance_conf *c)
{
	return c->vmac.on && !c->vmac.xmit_base ? vr_vmac_interface(c) :
	    c->interface;
}

static bool
link_faulty(const struct vr_instance_conf *c)
{
	if (c->interface == NULL)
		return false;
	if (vr_links_by_name(host.links, c->interface) == NULL ||
	    vr_links_by_name(host.links, interface_of(c)) == NULL)
		return true;
	return !c->dont_track_primary && host.tracks != NULL &&
	    !vr_tracks_link_up(host.tracks, c->interface);
}

static void
find_anywhere(void *arg, struct vr_link *link)
{
	const struct prefix **wanted = arg;

	if (*wanted != NULL && vr_link_find(link, *wanted) != NULL)
		*wanted = NULL;
}

static bool
is_on_host(const struct prefix *ip)
{
	const struct prefix *wanted = ip;

	vr_links_each(host.links, find_anywhere, &wanted);
	return wanted == NULL;
}

static struct vr_ip
ip_from(const struct prefix *p)
{
	struct vr_ip ip = { .len = p->family == AF_INET ? 4 : 16 };

	memcpy(ip.at, p->ip, ip.len);
	return ip;
}

/* IPv6 over a VMAC leaves from its own link-local, else from the parent's. */
static bool
find_source(const struct vr_instance_conf *c, struct vr_ip *source)
{
	const char *name = c->family == AF_INET6 ? interface_of(c) :
	    c->interface;
	const struct vr_link_address *a;
	const struct vr_link *link;

	if (c->source.family != 0) {
		*source = ip_from(&c->source);
		return !c->track_src_ip || is_on_host(&c->source);
	}
	link = name == NULL ? NULL : vr_links_by_name(host.links, name);
	a = link == NULL ? NULL : vr_link_source(link, c->family, c);
	if (a == NULL)
		return false;
	*source = ip_from(&a->ip);
	return true;
}

static void
say_faults(const struct vr_instance_conf *c, uint32_t old, uint32_t now,
    const char *by)
{
	uint32_t came = now & ~old;

	if (came & VR_FAULT_LINK)
		vr_say_info("(%s) entering FAULT state (interface %s down)",
		    c->name, c->interface);
	if (came & VR_FAULT_SOURCE)
		vr_say_info("(%s) entering FAULT state (no IPv%d address for "
		    "interface %s)", c->name, c->family == AF_INET ? 4 : 6,
		    c->interface == NULL ? "?" : c->interface);
	if (came & VR_FAULT_TRACK)
		vr_say_info("(%s) entering FAULT state (tracker %s)",
		    c->name, by == NULL ? "?" : by);
	if (came & VR_FAULT_CONFIG)
		vr_say_info("(%s) entering FAULT state (%s)", c->name,
		    c->fault);
}

/* Peers of a unicast instance must know where it is before it is master. */
static void
greet(struct part *p, const struct vr_ip *source)
{
	struct prefix ip = { .family = AF_INET, .bits = 32 };

	memcpy(ip.ip, source->at, 4);
	vr_herald_source(&p->herald, &ip);
}

/* True: the child must look at it. */
static bool
judge(struct part *p)
{
	const struct vr_instance_conf *c = p->conf;
	struct vr_track_verdict v = { 0 };
	struct vr_ip source = p->live->source;
	uint32_t faults = 0;
	const char *missing;
	bool changed;

	if (c->fault != NULL)
		faults |= VR_FAULT_CONFIG;
	if (link_faulty(c))
		faults |= VR_FAULT_LINK;
	else if (!find_source(c, &source))
		faults |= VR_FAULT_SOURCE;
	if (host.tracks != NULL)
		vr_tracks_judge(host.tracks, c, &v);
	missing = host.statics == NULL ? NULL : vr_statics_missing(
	    host.statics, host.links, c);
	if (missing != NULL)
		v = (struct vr_track_verdict){ .weight = v.weight,
		    .down = true, .by = missing };
	if (v.down)
		faults |= VR_FAULT_TRACK;
	else if (v.waiting)
		faults |= VR_FAULT_WAIT;
	if (p->robbed)
		faults |= VR_FAULT_DELETED;
	if (p->live->faults != 0 && faults == 0 && c->unicast &&
	    c->family == AF_INET)
		greet(p, &source);
	changed = faults != p->live->faults || v.weight != p->live->weight;
	say_faults(c, p->live->faults, faults, v.by);
	p->live->faults = faults;
	p->live->weight = (int32_t)v.weight;
	p->live->source = source;
	return changed;
}

static void
judge_all(void)
{
	bool changed = false;

	for (unsigned i = 0; i < host.cast->count; i++)
		changed |= judge(part_of(&host.cast->at[i]));
	if (changed && host.ready)
		host.asks.look();
}

/* ---- while no child leads */

void
vr_host_alone(bool alone)
{
	host.alone = alone;
}

/* Who was silent for longer than the peers wait must stay so. */
static void
speak_for(struct vr_instance *i, int64_t now)
{
	if (i->live->last_sent == 0 || now - i->live->last_sent >
	    vr_election_patience(&i->rules) || (vr_election_enter(&i->rules,
	    i->live, VR_ON_ADVERT_TIMER, i->group != NULL, now) &
	    VR_DO_ADVERT) == 0)
		return;
	vr_instance_send(i, i->live->priority);
	i->live->last_sent = now;
}

/* early: also what is due before long; the next chance may come late. */
static int64_t
speak(bool early)
{
	int64_t now = clock_now(), next = 0;

	for (unsigned k = 0; host.alone && k < host.speaker->count; k++) {
		struct vr_instance *i = &host.speaker->at[k];
		const struct vr_live *l = i->live;

		if (l->state != VR_STATE_MASTER || l->advert_at == 0)
			continue;
		if (l->advert_at <= now + (early ? i->rules.interval / 2 : 0))
			speak_for(i, now);
		if (l->advert_at > now && (next == 0 || l->advert_at < next))
			next = l->advert_at;
	}
	vr_wire_flush(NULL);
	return next;
}

int64_t
vr_host_speak(void)
{
	return speak(false);
}

/* ---- sockets */

/* What may wait for it in the kernel; 0: the kernel knows. */
static int64_t
find_buffer(const struct vr_instance *i)
{
	const struct vr_global_conf *g = &host.config->global;
	static uint8_t room[VR_PACKET_ROOM];
	const struct vr_packet_ends ends = { .id = 1 };
	const struct vr_link *link;

	if (i->conf->rx_buffer > 0)
		return i->conf->rx_buffer;
	switch (g->rx_policy) {
	case VR_RX_NONE:
		return 0;
	case VR_RX_SIZE:
		return g->rx_size;
	case VR_RX_ADVERT:
		return (int64_t)vr_packet_build(&i->form, 0, &ends, room) *
		    g->rx_multiplier;
	case VR_RX_MTU:
		break;
	}
	link = i->conf->interface == NULL ? NULL :
	    vr_links_by_name(host.links, i->conf->interface);
	return link == NULL ? 0 : (int64_t)link->mtu * g->rx_multiplier;
}

/* -1: there is no interface for it now. */
static int
wire_up(struct vr_instance *i)
{
	const struct vr_instance_conf *c = i->conf;
	const char *name = interface_of(c);
	unsigned index = name == NULL ? 0 : vr_link_index(host.links, name);
	struct vr_wire_key key;
	struct why why;

	i->wire = NULL;
	i->live->ifindex = index;
	if (c->fault != NULL || (name != NULL && index == 0))
		return -1;
	vr_instance_wire_key(i, index, &key);
	i->wire = vr_wire_get(&key, find_buffer(i), &why);
	if (i->wire == NULL)
		vr_say_error("(%s) %s", c->name, why.line);
	return i->wire == NULL ? -1 : 0;
}

bool
vr_host_rewire(void)
{
	bool changed = false;

	vr_wire_unwant();
	for (unsigned k = 0; k < host.cast->count; k++) {
		struct vr_instance *i = &host.cast->at[k];
		const struct vr_wire *was = i->wire;

		wire_up(i);
		changed |= i->wire != was;
	}
	vr_wire_sweep();
	host.speaker = host.cast;
	return changed;
}

static bool
needs_rewire(void)
{
	for (unsigned k = 0; k < host.cast->count; k++) {
		const struct vr_instance *i = &host.cast->at[k];
		const char *name = interface_of(i->conf);

		if (name != NULL && i->live->ifindex !=
		    vr_link_index(host.links, name))
			return true;
	}
	return false;
}

/* ---- links change */

static void
on_link(void *arg, const struct vr_link *link, enum vr_link_change change)
{
	if (change == VR_LINK_UP || change == VR_LINK_DOWN)
		vr_say_info("Netlink reports %s %s", link->name,
		    change == VR_LINK_UP ? "up" : "down");
	if (host.tracks != NULL)
		vr_tracks_links(host.tracks);
}

static void
on_address(void *arg, const struct vr_link *link,
    const struct vr_link_address *a, bool added)
{
	char text[ADDRESS_TEXT];
	struct endpoint e = { .family = a->ip.family };

	if (!host.wishes.tell_addresses)
		return;
	memcpy(e.ip, a->ip.ip, sizeof e.ip);
	vr_say_info("Netlink reflector reports IP %s %s %s %s",
	    endpoint_ip(&e, text), added ? "added" : "removed",
	    added ? "to" : "from", link->name);
}

static void
rob(struct part *p)
{
	vr_say_info("(%s) addresses are taken away again and again: giving "
	    "up", p->conf->name);
	p->robbed = true;
	if (judge(p))
		host.asks.look();
}

static void
put_back(struct part *p)
{
	const struct vr_address_conf *missing[LOOKED_FOR];
	unsigned n = 0;

	switch (vr_hold_look(host.nl, host.links, p->conf, &p->losses,
	    vr_turn_now(), missing, LOOKED_FOR, &n)) {
	case VR_HOLD_WHOLE:
		return;
	case VR_HOLD_GIVEN_UP:
		rob(p);
		return;
	case VR_HOLD_RESTORED:
		break;
	}
	for (unsigned i = 0; i < n; i++)
		vr_herald_again(&p->herald, missing[i]);
}

static void
make_vmac(struct part *p)
{
	struct why why;

	if (!vr_vmac_wanted(p->conf) || p->conf->fault != NULL)
		return;
	p->vmac = vr_vmac_open(host.nl, host.links, host.sysctls, p->conf,
	    &why) == 0;
	if (!p->vmac)
		vr_say_error("(%s) %s", p->conf->name, why.line);
	else if (host.accept != NULL && p->conf->vmac.on)
		vr_accept_vmac(host.accept, host.links, p->conf, true);
}

/* Its interface came late, or somebody deleted it. True: it was made. */
static bool
make_vmac_again(struct part *p)
{
	const struct vr_instance_conf *c = p->conf;

	if (!c->vmac.on || c->fault != NULL || vr_links_by_name(host.links,
	    c->interface) == NULL || vr_links_by_name(host.links,
	    c->vmac.name) != NULL)
		return false;
	make_vmac(p);
	return p->vmac;
}

static void
on_settled(void *arg, bool removed, bool resynced)
{
	for (unsigned k = 0; k < host.cast->count; k++) {
		struct part *p = part_of(&host.cast->at[k]);
		bool made = host.ready && make_vmac_again(p);

		if ((made || removed || resynced) && p->live->holds)
			put_back(p);
	}
	judge_all();
	if (host.ready && needs_rewire())
		host.asks.rewire();
}

static void
on_deleted(void *arg, const struct nlmsghdr *message)
{
	for (unsigned k = 0; k < host.cast->count; k++) {
		struct part *p = part_of(&host.cast->at[k]);

		if (p->live->holds && vr_hold_heard(host.nl, host.links,
		    p->conf, &p->losses, vr_turn_now(), message) ==
		    VR_HOLD_GIVEN_UP)
			rob(p);
	}
	if (host.statics != NULL && vr_statics_hear(host.statics, message))
		judge_all();
}

static void
on_added(void *arg, const struct nlmsghdr *message)
{
	if (host.statics != NULL && vr_statics_hear(host.statics, message))
		judge_all();
}

static void
on_links_readable(void *arg)
{
	vr_links_read(host.links);
}

static void
on_track(void *arg, struct vr_track *track)
{
	if (host.ready)
		judge_all();
}

static void
tell_environment(void *arg, const struct vr_instance_conf *c,
    const char **state, unsigned *priority)
{
	*state = "INIT";
	*priority = c->priority;
	for (unsigned k = 0; k < host.cast->count; k++)
		if (host.cast->at[k].conf == c) {
			const struct vr_live *l = host.cast->at[k].live;

			*state = vr_election_state_name(l->state);
			*priority = l->priority;
		}
}

/* ---- what an instance means for the host */

static void
take(struct part *p)
{
	if (!p->live->holds) {
		vr_say_detail("(%s) setting VIPs.", p->conf->name);
		vr_hold_take(host.nl, host.links, p->conf);
		if (host.accept != NULL)
			vr_accept_block(host.accept, p->conf);
		p->live->holds = true;
	}
	vr_herald_start(&p->herald);
}

static void
leave(struct part *p)
{
	vr_herald_stop(&p->herald);
	if (!p->live->holds)
		return;
	vr_say_detail("(%s) removing VIPs.", p->conf->name);
	vr_hold_leave(host.nl, host.links, p->conf);
	if (host.accept != NULL)
		vr_accept_free(host.accept, p->conf);
	p->live->holds = false;
}

static const enum vr_notify words[] = {
	[VR_STATE_INIT] = VR_NOTIFY_STOP,
	[VR_STATE_BACKUP] = VR_NOTIFY_BACKUP,
	[VR_STATE_MASTER] = VR_NOTIFY_MASTER,
	[VR_STATE_FAULT] = VR_NOTIFY_FAULT,
};

static void
enter_state(struct part *p, enum vr_state state, unsigned priority)
{
	/* Already gone on: it must not say now that the address is here. */
	if (state == VR_STATE_MASTER) {
		if (p->live->state == VR_STATE_MASTER)
			take(p);
	} else if (state != VR_STATE_INIT || !host.wishes.keep)
		leave(p);
	vr_notify_instance(host.post, p->conf, words[state], priority);
	if (p->robbed && state == VR_STATE_FAULT) {
		p->robbed = false;
		if (judge(p))
			host.asks.look();
	}
}

static void
act(const struct vr_live_event *e)
{
	struct part *p = e->slot < VR_LIVE_SLOTS ? host.part[e->slot] : NULL;

	if (e->state > VR_STATE_FAULT)
		return;
	if (e->act == VR_ACT_GROUP) {
		if (e->slot < host.cast->group_count)
			vr_notify_group(host.post,
			    host.cast->groups[e->slot].conf, words[e->state]);
		return;
	}
	if (p == NULL)
		return;
	if (e->act == VR_ACT_STATE)
		enter_state(p, e->state, e->priority);
	if (e->act == VR_ACT_BURST && p->live->holds) {
		vr_herald_lower(&p->herald);
		if (e->state == VR_STATE_MASTER)
			vr_notify_instance(host.post, p->conf,
			    VR_NOTIFY_MASTER_RX_LOWER_PRI, e->priority);
	}
	if (e->act == VR_ACT_PRIORITY && e->state != VR_STATE_FAULT)
		vr_notify_priority(host.post, p->conf,
		    e->state == VR_STATE_MASTER, e->priority);
}

/* Events were lost, or a child died before it told: what must be so, is. */
static void
reconcile(void)
{
	for (unsigned k = 0; k < host.cast->count; k++) {
		struct part *p = part_of(&host.cast->at[k]);
		bool master = p->live->state == VR_STATE_MASTER;

		if (master && !p->live->holds)
			take(p);
		else if (!master && p->live->holds && (!host.wishes.keep ||
		    p->live->state != VR_STATE_INIT))
			leave(p);
	}
}

void
vr_host_act(void)
{
	struct vr_live_board *b = host.board;
	uint32_t head = atomic_load(&b->head), tail = atomic_load(&b->tail);

	if (head - tail > VR_LIVE_EVENTS)
		tail = head - VR_LIVE_EVENTS;
	for (; tail != head; tail++) {
		struct vr_live_event e = b->event[tail % VR_LIVE_EVENTS];

		act(&e);
	}
	atomic_store(&b->tail, tail);
	reconcile();
}

void
vr_host_flush(void)
{
	struct why why;

	if (vr_netlink_waiting(host.nl) > 0 &&
	    vr_netlink_run(host.nl, &why) < 0)
		vr_say_error("%s", why.line);
	if (host.accept != NULL && vr_accept_run(host.accept, &why) < 0)
		vr_say_error("%s", why.line);
	vr_announce_flush(host.announce);
}

void
vr_host_wake(void)
{
	int64_t now = vr_turn_now();

	for (unsigned k = 0; k < host.cast->count; k++) {
		struct vr_instance *i = &host.cast->at[k];

		if (i->live->holds && i->live->last_sent != 0 &&
		    now - i->live->last_sent > vr_election_patience(&i->rules))
			vr_herald_stop(&part_of(i)->herald);
	}
}

void
vr_host_resign(bool keep)
{
	vr_instance_resign(host.cast);
	for (unsigned k = 0; k < host.cast->count; k++) {
		struct vr_instance *i = &host.cast->at[k];

		vr_election_enter(&i->rules, i->live, VR_ON_STOP, false,
		    vr_turn_now());
		if (!keep)
			leave(part_of(i));
	}
	vr_host_flush();
}

/* ---- parts */

/* Its old slot, else a free one. */
static int
choose_slot(const struct vr_instance_conf *c, const bool *taken)
{
	for (unsigned s = 0; s < VR_LIVE_SLOTS; s++)
		if (host.part[s] != NULL && !taken[s] &&
		    vr_compare_same_router(host.part[s]->conf, c))
			return (int)s;
	for (unsigned s = 0; s < VR_LIVE_SLOTS; s++)
		if (host.part[s] == NULL && !taken[s])
			return (int)s;
	return -1;
}

static int
choose_slots(const struct vr_config *config, unsigned *slots)
{
	bool taken[VR_LIVE_SLOTS] = { false };

	for (unsigned i = 0; i < config->instances.count; i++) {
		int slot = choose_slot(config->instances.at[i], taken);

		if (slot < 0)
			return -1;
		slots[i] = (unsigned)slot;
		taken[slot] = true;
	}
	return 0;
}

static struct vr_cast *
make_cast(const struct vr_config *config, struct why *why)
{
	unsigned *slots = mem_zero((config->instances.count + 1) *
	    sizeof *slots);
	struct vr_cast *cast = NULL;

	if (slots == NULL)
		why_set(why, "out of memory");
	else if (choose_slots(config, slots) < 0)
		why_set(why, "more than %d instances", VR_LIVE_SLOTS);
	else {
		cast = vr_instance_cast(config, host.board, slots);
		if (cast == NULL)
			why_set(why, "out of memory");
	}
	mem_drop(slots);
	return cast;
}

static void
add_part(const struct vr_instance *i)
{
	struct part *p = mem_need(sizeof *p);

	p->conf = i->conf;
	p->live = i->live;
	memset(p->live, 0, sizeof *p->live);
	p->live->used = true;
	vr_herald_init(&p->herald, host.announce, i->conf, i->live);
	host.part[i->slot] = p;
	make_vmac(p);
}

static void
drop_part(unsigned slot)
{
	struct part *p = host.part[slot];

	vr_herald_fini(&p->herald);
	if (p->vmac) {
		if (host.accept != NULL)
			vr_accept_vmac(host.accept, host.links, p->conf,
			    false);
		vr_vmac_close(host.nl, host.links, p->conf, NULL);
	}
	memset(p->live, 0, sizeof *p->live);
	mem_drop(p);
	host.part[slot] = NULL;
}

/* ---- start */

static void
open_filter(const struct vr_config *config)
{
	struct why why;

	if (host.accept != NULL || !vr_accept_needed(config))
		return;
	host.accept = vr_accept_open(&config->global, &why);
	if (host.accept == NULL)
		vr_say_error("%s", why.line);
}

static void
set_buffer(const struct vr_buffer_conf *c)
{
	vr_netlink_buffer(host.nl, c->bytes, c->force);
}

static int
open_tools(struct why *why)
{
	const struct vr_links_handler handler = { .link = on_link,
	    .address = on_address, .deleted = on_deleted, .added = on_added,
	    .settled = on_settled };

	host.nl = vr_netlink_open(0, why);	/* NETLINK_ROUTE */
	host.sysctls = vr_sysctls_new();
	if (host.nl == NULL || host.sysctls == NULL)
		return -1;
	set_buffer(&host.config->global.netlink_cmd);
	host.links = vr_links_open(host.nl,
	    &host.config->global.netlink_monitor, &handler, why);
	if (host.links == NULL)
		return -1;
	vr_turn_watch(vr_links_fd(host.links), on_links_readable, NULL);
	host.announce = vr_announce_open(host.links, host.config, why);
	if (host.announce == NULL)
		return -1;
	open_filter(host.config);
	if (host.accept == NULL)
		vr_accept_end(&host.config->global);	/* of a crash */
	return 0;
}

/* The programs, the trackers and the letters of a configuration. */
static int
open_company(struct vr_config *config, struct vr_launch **launch,
    struct vr_tracks **tracks, struct why *why)
{
	struct vr_track_means means = { .config = config,
	    .links = host.links, .changed = on_track,
	    .environment = tell_environment };

	*tracks = NULL;
	*launch = vr_launch_new(config, why);
	if (*launch == NULL)
		return -1;
	means.launch = *launch;
	*tracks = vr_tracks_new(&means, host.tracks, why);
	if (*tracks == NULL)
		vr_launch_free(launch);
	return *tracks == NULL ? -1 : 0;
}

static void
clean_up(void)
{
	struct why why;

	for (unsigned k = 0; k < host.cast->count; k++)
		vr_hold_clean(host.nl, host.links, host.cast->at[k].conf);
	vr_hold_statics(host.nl, host.links, host.config);
	vr_sysctls_apply(host.sysctls, host.config);
	if (vr_netlink_run(host.nl, &why) < 0)
		vr_say_error("%s", why.line);
	if (vr_links_refresh(host.links, &why) < 0)
		vr_say_error("%s", why.line);
	host.statics = vr_statics_new(host.config);
}

int
vr_host_open(struct vr_config *config, struct vr_live_board *board,
    const struct vr_host_wishes *wishes, const struct vr_host_asks *asks,
    struct why *why)
{
	host.config = config;
	host.board = board;
	host.wishes = *wishes;
	host.asks = *asks;
	host.cast = make_cast(config, why);
	if (host.cast == NULL || open_tools(why) < 0)
		return -1;
	for (unsigned k = 0; k < host.cast->count; k++)
		add_part(&host.cast->at[k]);
	clean_up();
	if (open_company(config, &host.launch, &host.tracks, why) < 0)
		return -1;
	host.post = vr_notify_open(config, host.launch, NULL);
	judge_all();
	vr_host_rewire();
	host.ready = true;
	return 0;
}

struct vr_cast *
vr_host_cast(void)
{
	return host.cast;
}

int
vr_host_slow_close(void)
{
	return vr_announce_fd(host.announce);
}

/* ---- reload */

/* It is not in the new file: good-bye, and nothing of it stays. */
static void
give_up_part(struct vr_instance *i)
{
	struct part *p = part_of(i);
	bool deleted = p->conf->notify.deleted;

	if (i->live->state == VR_STATE_MASTER) {
		vr_instance_send(i, 0);
		vr_wire_flush(NULL);
	}
	leave(p);
	vr_notify_instance(host.post, p->conf, deleted ? VR_NOTIFY_DELETED :
	    VR_NOTIFY_FAULT, i->live->priority);
	drop_part(i->slot);
}

static void
keep_part(const struct vr_instance *i)
{
	struct part *p = part_of(i);
	const struct vr_instance_conf *old = p->conf;

	p->conf = i->conf;
	vr_herald_set(&p->herald, i->conf);
	make_vmac(p);
	if (p->live->holds)
		vr_hold_change(host.nl, host.links, old, i->conf);
	if (p->live->holds && host.accept != NULL) {
		vr_accept_free(host.accept, old);
		vr_accept_block(host.accept, i->conf);
	}
	vr_vmac_close(host.nl, host.links, old, i->conf);
}

/* The kernel takes its time for an interface: what is due leaves before. */
static void
pause_change(void)
{
	struct why why;

	speak(true);
	if (vr_netlink_waiting(host.nl) > 0 &&
	    vr_netlink_run(host.nl, &why) < 0)
		vr_say_error("%s", why.line);
}

static void
exchange_parts(struct vr_cast *now)
{
	for (unsigned k = 0; k < host.cast->count; k++) {
		bool kept = false;

		for (unsigned n = 0; n < now->count && !kept; n++)
			kept = now->at[n].slot == host.cast->at[k].slot;
		if (!kept)
			give_up_part(&host.cast->at[k]);
		pause_change();
	}
	for (unsigned n = 0; n < now->count; n++) {
		if (part_of(&now->at[n]) != NULL)
			keep_part(&now->at[n]);
		else
			add_part(&now->at[n]);
		pause_change();
	}
}

int
vr_host_change(struct vr_config *config, struct why *why)
{
	struct vr_config *old = host.config;
	struct vr_cast *old_cast = host.cast, *cast = make_cast(config, why);
	struct vr_tracks *tracks;
	struct vr_launch *launch;

	if (cast == NULL)
		return -1;
	if (open_company(config, &launch, &tracks, why) < 0) {
		vr_instance_dismiss(&cast);
		return -1;
	}
	host.ready = false;
	speak(true);
	vr_announce_set(host.announce, config);
	set_buffer(&config->global.netlink_cmd);
	open_filter(config);
	exchange_parts(cast);
	vr_hold_change_statics(host.nl, host.links, old, config);
	vr_sysctls_apply(host.sysctls, config);
	host.post = vr_notify_open(config, launch, &host.post);
	vr_tracks_free(&host.tracks);
	vr_launch_free(&host.launch);
	vr_statics_free(&host.statics);
	host.statics = vr_statics_new(config);
	host.config = config;
	host.cast = cast;
	host.tracks = tracks;
	host.launch = launch;
	memset(host.board->group_state, 0, sizeof host.board->group_state);
	speak(true);
	vr_host_flush();
	speak(true);
	(void)vr_links_refresh(host.links, why);
	judge_all();
	vr_host_rewire();
	speak(true);
	host.ready = true;
	for (unsigned k = 0; config->global.fifo_states_on_reload &&
	    k < cast->count; k++)
		vr_notify_again(host.post, cast->at[k].conf,
		    words[cast->at[k].live->state],
		    cast->at[k].live->priority);
	vr_instance_dismiss(&old_cast);
	vr_config_free(&old);
	return 0;
}

/* ---- the end */

void
vr_host_close(void)
{
	host.ready = false;
	for (unsigned k = 0; k < host.cast->count; k++)
		drop_part(host.cast->at[k].slot);
	vr_hold_end_statics(host.nl, host.links, host.config);
	vr_statics_free(&host.statics);
	vr_host_flush();
	vr_notify_close(&host.post);
	vr_tracks_free(&host.tracks);
	vr_launch_free(&host.launch);
	if (host.accept != NULL) {
		vr_accept_end(&host.config->global);
		vr_accept_close(&host.accept);
	}
	vr_sysctls_restore(host.sysctls);
	vr_announce_close(&host.announce);
	vr_turn_watch(vr_links_fd(host.links), NULL, NULL);
	vr_links_close(&host.links);
	vr_netlink_close(&host.nl);
	vr_sysctls_free(&host.sysctls);
	vr_wire_close_all();
	vr_instance_dismiss(&host.cast);
	vr_config_free(&host.config);
}

void
vr_host_bury(struct vr_cast *cast, bool keep)
{
	struct why why;
	struct vr_netlink *nl;

	vr_instance_resign(cast);
	nl = vr_netlink_open(0, &why);
	if (nl == NULL) {
		vr_say_error("%s", why.line);
		return;
	}
	for (unsigned k = 0; k < cast->count; k++)
		if (cast->at[k].live->holds && !keep)
			vr_hold_leave(nl, NULL, cast->at[k].conf);
	if (vr_netlink_run(nl, &why) < 0)
		vr_say_error("%s", why.line);
	for (unsigned k = 0; k < cast->count; k++)
		vr_vmac_close(nl, NULL, cast->at[k].conf, NULL);
	vr_netlink_run(nl, &why);
	if (vr_accept_needed(cast->config))
		vr_accept_end(&cast->config->global);
	vr_sysctls_restore(host.sysctls);
}

/* ---- what others see */

static const struct vr_live *
live_of(const struct vr_instance_conf *c)
{
	for (unsigned k = 0; k < host.cast->count; k++)
		if (host.cast->at[k].conf == c)
			return host.cast->at[k].live;
	return NULL;
}

static const struct vr_hold_losses *
losses_of(const struct vr_instance_conf *c)
{
	for (unsigned k = 0; k < host.cast->count; k++)
		if (host.cast->at[k].conf == c)
			return &part_of(&host.cast->at[k])->losses;
	return NULL;
}

static void
sockets_of(const struct vr_instance_conf *c, int *in, int *out)
{
	*in = *out = -1;
	for (unsigned k = 0; k < host.cast->count; k++)
		if (host.cast->at[k].conf == c &&
		    host.cast->at[k].wire != NULL)
			*in = *out = host.cast->at[k].wire->fd;
}

void
vr_host_view(struct vr_view *v)
{
	*v = (struct vr_view){ .config = host.config, .tracks = host.tracks,
	    .links = host.links, .live = live_of, .sockets = sockets_of,
	    .losses = losses_of, .engine = "", .late = host.board->late,
	    .late_sum = (double)host.board->late_sum / CLOCK_SECOND };
}

void
vr_host_zero_counts(void)
{
	for (unsigned k = 0; k < host.cast->count; k++)
		memset(&host.cast->at[k].live->counts, 0,
		    sizeof host.cast->at[k].live->counts);
}

unsigned
vr_host_busy(void)
{
	return vr_notify_busy(host.post);
}

void
vr_host_once(const struct vr_program *program, int64_t limit,
    void (*done)(void *), void *arg)
{
	vr_notify_once(host.post, program, limit, done, arg);
}
