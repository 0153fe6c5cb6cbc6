/* SPDX-License-Identifier: ISC */
/*
 * instance.c - from the configuration to what election and packets want; the
 * sending of adverts. In every process of ours, one thread each.
 */
#include "base/die.h"
#include "base/mem.h"
#include "vrrp/instance.h"

static struct vr_ip
ip_of(const struct prefix *p)
{
	struct vr_ip ip = { .len = p->family == AF_INET ? 4 :
	    p->family == AF_INET6 ? 16 : 0 };

	memcpy(ip.at, p->ip, ip.len);
	return ip;
}

static void
set_rules(struct vr_election_rules *r, const struct vr_instance_conf *c)
{
	*r = (struct vr_election_rules){
		.version = c->version,
		.base = c->priority,
		.start_master = c->master,
		.nopreempt = c->nopreempt,
		.late_priority = (uint8_t)c->timer_expired_priority,
		.lower_no_advert = c->lower_prio_no_advert,
		.higher_advert = c->higher_prio_send_advert,
		.down_adverts = c->down_timer_adverts,
		.interval = c->advert_int,
		.preempt_delay = c->preempt_delay,
	};
}

static int
set_lists(struct vr_packet_form *f, const struct vr_instance_conf *c)
{
	uint8_t (*address)[16] = mem_zero((c->addresses.count + 1) *
	    sizeof *address);
	struct vr_packet_peer *peer = mem_zero((c->peers.count + 1) *
	    sizeof *peer);

	f->address = (const uint8_t (*)[16])address;
	f->peers = peer;
	if (address == NULL || peer == NULL)
		return -1;
	for (unsigned i = 0; i < c->addresses.count &&
	    f->count < VR_PACKET_ADDRESSES; i++)
		memcpy(address[f->count++], c->addresses.at[i]->ip.ip, 16);
	for (unsigned i = 0; i < c->peers.count; i++)
		peer[f->peer_count++] = (struct vr_packet_peer){
		    ip_of(&c->peers.at[i]->ip),
		    (uint8_t)c->peers.at[i]->min_ttl,
		    (uint8_t)c->peers.at[i]->max_ttl };
	return 0;
}

static int
set_form(struct vr_packet_form *f, const struct vr_instance_conf *c)
{
	*f = (struct vr_packet_form){
		.version = c->version, .vrid = c->vrid,
		.family = c->family == AF_INET ? 4 : 6,
		.unicast = c->unicast,
		.pass = c->version == 2 && c->auth == VR_AUTH_PASS,
		.interval = c->advert_int,
		.group = ip_of(&c->group_address),
		.ttl = c->unicast ? (uint8_t)c->unicast_ttl : 255,
		.checksum_v2 = c->v3_checksum_as_v2,
		.checksum_group = c->old_checksum == VR_OLD_CHECKSUM_ALWAYS,
		.group_sum_too = c->old_checksum != VR_OLD_CHECKSUM_NEVER,
		.skip_list = c->skip_check_adv_addr,
		.owner_ignore = c->owner_ignore_adverts,
		.check_source = c->check_unicast_src,
	};
	memcpy(f->password, c->password, VR_PACKET_PASS);
	return set_lists(f, c);
}

static int
init_instance(struct vr_instance *i, const struct vr_instance_conf *c,
    struct vr_live_board *board, unsigned slot)
{
	i->conf = c;
	i->slot = slot;
	i->live = &board->slot[slot];
	set_rules(&i->rules, c);
	return set_form(&i->form, c);
}

static struct vr_instance *
find_instance(const struct vr_cast *cast, const struct vr_instance_conf *c)
{
	for (unsigned i = 0; i < cast->count; i++)
		if (cast->at[i].conf == c)
			return &cast->at[i];
	return NULL;
}

static int
init_group(struct vr_cast *cast, struct vr_group *g,
    const struct vr_group_conf *c, unsigned number)
{
	g->conf = c;
	g->number = number;
	g->members = mem_zero((c->members.count + 1) * sizeof *g->members);
	if (g->members == NULL)
		return -1;
	for (unsigned k = 0; k < c->members.count; k++) {
		struct vr_instance *i = find_instance(cast,
		    c->members.at[k]);

		if (i == NULL)
			continue;
		i->group = g;
		g->members[g->count++] = i->live;
	}
	return 0;
}

static int
fill_cast(struct vr_cast *cast, const unsigned *slots)
{
	const struct vr_config *c = cast->config;

	cast->at = mem_zero((c->instances.count + 1) * sizeof *cast->at);
	cast->groups = mem_zero((c->groups.count + 1) * sizeof *cast->groups);
	if (cast->at == NULL || cast->groups == NULL)
		return -1;
	for (unsigned i = 0; i < c->instances.count; i++, cast->count++)
		if (init_instance(&cast->at[i], c->instances.at[i],
		    cast->board, slots[i]) < 0)
			return -1;
	for (unsigned i = 0; i < c->groups.count && i < VR_LIVE_GROUPS;
	    i++, cast->group_count++)
		if (init_group(cast, &cast->groups[i], c->groups.at[i], i) < 0)
			return -1;
	return 0;
}

struct vr_cast *
vr_instance_cast(const struct vr_config *config, struct vr_live_board *board,
    const unsigned *slots)
{
	struct vr_cast *cast = mem_zero(sizeof *cast);

	if (cast == NULL)
		return NULL;
	cast->config = config;
	cast->board = board;
	if (fill_cast(cast, slots) < 0)
		vr_instance_dismiss(&cast);
	return cast;
}

void
vr_instance_dismiss(struct vr_cast **at)
{
	struct vr_cast *cast = *at;

	*at = NULL;
	if (cast == NULL)
		return;
	for (unsigned i = 0; cast->at != NULL &&
	    i < cast->config->instances.count; i++) {
		mem_drop((void *)(uintptr_t)cast->at[i].form.address);
		mem_drop((void *)(uintptr_t)cast->at[i].form.peers);
	}
	for (unsigned i = 0; cast->groups != NULL &&
	    i < cast->config->groups.count; i++)
		mem_drop(cast->groups[i].members);
	mem_drop(cast->at);
	mem_drop(cast->groups);
	mem_drop(cast);
}

/* Unicast comes by whatever way the routes lead, but for link-locals. */
static bool
is_bound(const struct vr_instance *i)
{
	return !i->form.unicast || i->conf->vrf != NULL ||
	    (i->form.family == 6 && i->live->source.at[0] == 0xfe &&
	    (i->live->source.at[1] & 0xc0) == 0x80);
}

void
vr_instance_wire_key(const struct vr_instance *i, unsigned index,
    struct vr_wire_key *key)
{
	*key = (struct vr_wire_key){
		.family = i->form.family,
		.unicast = i->form.unicast,
		.index = is_bound(i) ? index : 0,
		.group = i->form.group,
		.hops = i->form.family == 6 ? i->form.ttl : 0,
	};
}

/* ---- adverts */

static void
send_to(struct vr_instance *i, uint8_t priority, const struct vr_ip *to)
{
	static uint8_t room[VR_PACKET_ROOM];
	struct vr_packet_ends ends = { .from = i->live->source, .to = *to };
	size_t len;

	if (++i->live->ip_id == 0)
		i->live->ip_id = 1;
	ends.id = i->live->ip_id;
	len = vr_packet_build(&i->form, priority, &ends, room);
	vr_wire_send(i->wire, &ends, room, len);
}

void
vr_instance_send(struct vr_instance *i, uint8_t priority)
{
	if (i->wire == NULL || i->live->source.len == 0)
		return;
	if (!i->form.unicast)
		send_to(i, priority, &i->form.group);
	for (unsigned k = 0; i->form.unicast && k < i->form.peer_count; k++)
		send_to(i, priority, &i->form.peers[k].ip);
	i->live->counts.advert_sent++;
	if (priority == 0)
		i->live->counts.zero_sent++;
}

void
vr_instance_resign(struct vr_cast *cast)
{
	for (unsigned i = 0; i < cast->count; i++)
		if (cast->at[i].live->state == VR_STATE_MASTER)
			vr_instance_send(&cast->at[i], 0);
	vr_wire_flush(NULL);
}
