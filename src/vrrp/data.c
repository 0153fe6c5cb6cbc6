/* SPDX-License-Identifier: ISC */
/* data.c - sections of keepalived.data, one function each. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <linux/fib_rules.h>
#include <linux/rtnetlink.h>

#include "base/clock.h"
#include "vrrp/address.h"
#include "vrrp/data.h"

#define put	sheet_print

static const char *
yes_no(bool yes)
{
	return yes ? "yes" : "no";
}

static const char *
true_false(bool yes)
{
	return yes ? "true" : "false";
}

static const char *
enabled(bool yes)
{
	return yes ? "enabled" : "disabled";
}

static const char *
print_ip(const struct prefix *p, char to[INET6_ADDRSTRLEN])
{
	if (p->family == 0 || inet_ntop(p->family, p->ip, to,
	    INET6_ADDRSTRLEN) == NULL)
		snprintf(to, INET6_ADDRSTRLEN, "(none)");
	return to;
}

static const char *
print_live_ip(const struct vr_ip *ip, char to[INET6_ADDRSTRLEN])
{
	if (ip->len == 0 || inet_ntop(ip->len == 4 ? AF_INET : AF_INET6,
	    ip->at, to, INET6_ADDRSTRLEN) == NULL)
		snprintf(to, INET6_ADDRSTRLEN, "(none)");
	return to;
}

static double
seconds(int64_t us)
{
	return (double)us / 1e6;
}

/* "1795325178.533754 (Sun Nov 22 05:26:18.533754 2026)" */
static void
put_time(struct sheet *t, const char *name, int64_t wall)
{
	time_t whole = (time_t)(wall / CLOCK_SECOND);
	int us = (int)(wall % CLOCK_SECOND);
	char day[32], year[8];
	struct tm tm;

	localtime_r(&whole, &tm);
	strftime(day, sizeof day, "%a %b %d %H:%M:%S", &tm);
	strftime(year, sizeof year, "%Y", &tm);
	put(t, "   %s = %lld.%06d (%s.%06d %s)\n", name, (long long)whole,
	    us, day, us, year);
}

/* A time of the monotonic clock as one of the wall's; 0 stays 0. */
static int64_t
to_wall(int64_t at)
{
	return at == 0 ? 0 : clock_wall() + at - clock_now();
}

/* ---- global */

static void
put_garp(struct sheet *t, const char *indent,
    const struct vr_garp_conf *g, const char *timer)
{
	put(t, "%sGratuitous ARP delay = %g\n", indent, seconds(g->delay));
	put(t, "%sGratuitous ARP repeat = %u\n", indent, g->repeat);
	put(t, "%sGratuitous ARP refresh%s = %g\n", indent, timer,
	    seconds(g->refresh));
	put(t, "%sGratuitous ARP refresh repeat = %u\n", indent,
	    g->refresh_repeat);
	put(t, "%sGratuitous ARP lower priority delay = %g\n", indent,
	    seconds(g->lower_prio_delay));
	put(t, "%sGratuitous ARP lower priority repeat = %u\n", indent,
	    g->lower_prio_repeat);
}

static void
put_global(struct sheet *t, const struct vr_global_conf *g)
{
	char ip[INET6_ADDRSTRLEN];

	put(t, "------< Global definitions >------\n");
	put(t, " Network namespace = %s\n", g->namespace != NULL ?
	    g->namespace : "(default)");
	if (g->instance != NULL)
		put(t, " Instance name = %s\n", g->instance);
	put(t, " Router ID = %s\n", g->router_id);
	if (g->mail.server != NULL)
		put(t, " Smtp server = %s\n Smtp server port = %u\n",
		    g->mail.server, g->mail.port);
	for (unsigned i = 0; i < g->mail.to.count; i++)
		put(t, " Email notification = %s\n", g->mail.to.at[i]);
	put(t, " Dynamic interfaces = %s\n", true_false(
	    g->dynamic_interfaces));
	put(t, " Default interface = %s\n", g->default_interface);
	put(t, " Disable local IGMP = %s\n", yes_no(g->disable_local_igmp));
	put(t, " FIFO write vrrp states on reload = %s\n", true_false(
	    g->fifo_states_on_reload));
	put(t, " VRRP notify priority changes = %s\n", true_false(
	    g->notify_priority_changes));
	put(t, " VRRP IPv4 mcast group = %s\n", print_ip(&g->mcast_group4,
	    ip));
	put(t, " VRRP IPv6 mcast group = %s\n", print_ip(&g->mcast_group6,
	    ip));
	put_garp(t, " ", &g->garp, " timer");
	put(t, " Gratuitous ARP interval = %f\n", seconds(
	    g->garp_interval));
	put(t, " Gratuitous NA interval = %f\n", seconds(g->gna_interval));
	put(t, " VRRP default protocol version = %u\n", g->version);
	put(t, " VRRP strict mode = %s\n", true_false(g->strict));
	put(t, " Max auto priority = %d\n", g->max_auto_priority);
	put(t, " Min auto priority delay = %lld usecs\n",
	    (long long)g->min_auto_priority_delay);
	put(t, " VRRP process priority = %d\n", g->nice);
	put(t, " VRRP don't swap = %s\n", true_false(g->no_swap));
	put(t, " VRRP realtime priority = %d\n", g->rt_priority);
	put(t, " VRRP realtime limit = %lld\n", (long long)g->rlimit_rttime);
	put(t, " Script security %s\n", enabled(g->script_security));
	put(t, " rx_bufs_multiples = %u\n", g->rx_multiplier);
	if (g->umask != VR_UNSET)
		put(t, " umask = 0%o\n", (unsigned)g->umask);
}

/* ---- routes, rules, addresses */

static const char *const route_types[] = {
	[RTN_UNSPEC] = "", [RTN_UNICAST] = "", [RTN_LOCAL] = "local ",
	[RTN_BROADCAST] = "broadcast ", [RTN_ANYCAST] = "anycast ",
	[RTN_MULTICAST] = "multicast ", [RTN_BLACKHOLE] = "blackhole ",
	[RTN_UNREACHABLE] = "unreachable ", [RTN_PROHIBIT] = "prohibit ",
	[RTN_THROW] = "throw "
};

static void
put_net(struct sheet *t, const struct prefix *p)
{
	char ip[INET6_ADDRSTRLEN];

	if (p->bits == (p->family == AF_INET ? 32 : 128))
		put(t, "%s", print_ip(p, ip));
	else
		put(t, "%s/%d", print_ip(p, ip), p->bits);
}

static void
put_via(struct sheet *t, const struct prefix *via)
{
	char ip[INET6_ADDRSTRLEN];

	if (via->family != 0)
		put(t, " via inet%s %s", via->family == AF_INET6 ? "6" : "",
		    print_ip(via, ip));
}

void
vr_data_route(struct sheet *t, const struct vr_route_conf *r)
{
	char ip[INET6_ADDRSTRLEN];
	bool unicast = r->type == RTN_UNICAST;

	put(t, "%s%s", r->mode == VR_ROUTE_APPEND ? "append " :
	    r->mode == VR_ROUTE_ADD || !unicast ? "add " : "prepend ",
	    r->type < sizeof route_types / sizeof *route_types ?
	    route_types[r->type] : "");
	if (r->to.bits == 0)
		put(t, "default");
	else
		put_net(t, &r->to);
	if (r->from.family != 0) {
		put(t, " from ");
		put_net(t, &r->from);
	}
	put_via(t, &r->via);
	if (r->dev != NULL)
		put(t, " dev %s", r->dev);
	if (r->table != RT_TABLE_MAIN)
		put(t, " table %u", r->table);
	if (r->src.family != 0)
		put(t, " src %s", print_ip(&r->src, ip));
	put(t, " proto %u", r->proto);
	if (r->scope != VR_UNSET)
		put(t, " scope %d", r->scope);
	if (r->tos != 0)
		put(t, " tos %#x", r->tos);
	if (r->metric_given)
		put(t, " metric %u", r->metric);
	if (r->mtu != 0)
		put(t, " mtu %s%u", r->mtu_lock ? "lock " : "", r->mtu);
	if (r->advmss != 0)
		put(t, " advmss %u", r->advmss);
	if (r->onlink)
		put(t, " onlink");
	for (unsigned i = 0; i < r->hop_count; i++) {
		put(t, " nexthop");
		put_via(t, &r->hops[i].via);
		if (r->hops[i].dev != NULL)
			put(t, " dev %s", r->hops[i].dev);
		put(t, " weight %u", r->hops[i].weight);
	}
	if (r->no_track)
		put(t, " no_track");
}

static const char *const rule_actions[] = {
	[FR_ACT_UNSPEC] = "", [FR_ACT_TO_TBL] = "lookup",
	[FR_ACT_GOTO] = "goto", [FR_ACT_NOP] = "nop",
	[FR_ACT_BLACKHOLE] = "blackhole",
	[FR_ACT_UNREACHABLE] = "unreachable", [FR_ACT_PROHIBIT] = "prohibit"
};

static void
put_span(struct sheet *t, const char *word, bool given,
    const struct vr_span32 *s)
{
	if (given && s->least == s->most)
		put(t, " %s %u", word, s->least);
	else if (given)
		put(t, " %s %u-%u", word, s->least, s->most);
}

void
vr_data_rule(struct sheet *t, const struct vr_rule_conf *r)
{
	put(t, "%sfrom ", r->invert ? "not " : "");
	if (r->from.family != 0)
		put_net(t, &r->from);
	else
		put(t, "all");
	if (r->to.family != 0) {
		put(t, " to ");
		put_net(t, &r->to);
	}
	if (r->priority_given || r->priority != 0)
		put(t, " priority %u", r->priority);
	put(t, " tos 0x%x", r->tos);
	if (r->fwmark_given)
		put(t, " fwmark %#x/%#x", r->fwmark, r->fwmask);
	if (r->iif != NULL)
		put(t, " iif %s", r->iif);
	if (r->oif != NULL)
		put(t, " oif %s", r->oif);
	put_span(t, "uidrange", r->uid_given, &r->uid);
	if (r->ip_proto != 0)
		put(t, " ipproto %d", r->ip_proto);
	put_span(t, "sport", r->sport_given, &r->sport);
	put_span(t, "dport", r->dport_given, &r->dport);
	put(t, " protocol 18 %s", r->action < sizeof rule_actions /
	    sizeof *rule_actions && rule_actions[r->action] != NULL ?
	    rule_actions[r->action] : "");
	if (r->action == FR_ACT_TO_TBL)
		put(t, " %u", r->table);
	if (r->action == FR_ACT_GOTO)
		put(t, " %u", r->go_to);
	if (r->no_track)
		put(t, " no_track");
}

static void
put_statics(struct sheet *t, const struct vr_config *c)
{
	char text[VR_ADDRESS_TEXT];

	if (c->addresses.count > 0)
		put(t, "------< Static Addresses >------\n");
	for (unsigned i = 0; i < c->addresses.count; i++)
		put(t, "     %s\n", vr_address_print(c->addresses.at[i], NULL,
		    text));
	if (c->routes.count > 0)
		put(t, "------< Static Routes >------\n");
	for (unsigned i = 0; i < c->routes.count; i++) {
		put(t, "     ");
		vr_data_route(t, c->routes.at[i]);
		put(t, "\n");
	}
	if (c->rules.count > 0)
		put(t, "------< Static Rules >------\n");
	for (unsigned i = 0; i < c->rules.count; i++) {
		put(t, "     ");
		vr_data_rule(t, c->rules.at[i]);
		put(t, "\n");
	}
}

/* ---- instances */

static const char *const states[] = { "INIT", "BACKUP", "MASTER", "FAULT" };

static const struct vr_live *
live_of(const struct vr_view *v, const struct vr_instance_conf *c)
{
	static const struct vr_live none;
	const struct vr_live *l = v->live(c);

	return l == NULL ? &none : l;
}

static void
put_state(struct sheet *t, const struct vr_instance_conf *c,
    const struct vr_live *l)
{
	char ip[INET6_ADDRSTRLEN];
	int64_t next = l->state == VR_STATE_MASTER ? l->advert_at :
	    l->down_at;

	put(t, "   State = %s\n", states[l->state]);
	if (l->state != VR_STATE_MASTER && l->master.len > 0)
		put(t, "   Master router = %s\n   Master priority = %u\n",
		    print_live_ip(&l->master, ip), l->master_priority);
	put(t, "   Flags:%s\n", c->unicast ? "" : " none");
	if (c->unicast)
		put(t, "     Using unicast\n");
	put(t, "   Wantstate = %s\n", states[l->wanted]);
	put(t, "   Number of config faults = %d\n",
	    (l->faults & VR_FAULT_CONFIG) != 0);
	put(t, "   Number of tracker faults = %d\n", __builtin_popcount(
	    l->faults & (VR_FAULT_LINK | VR_FAULT_SOURCE | VR_FAULT_TRACK |
	    VR_FAULT_DELETED)));
	put(t, "   Number of track scripts init = %d\n",
	    (l->faults & VR_FAULT_WAIT) != 0);
	put_time(t, "Last transition", l->last_change);
	put_time(t, "Read timeout", to_wall(next));
}

static void
put_way(struct sheet *t, const struct vr_instance_conf *c,
    const struct vr_live *l)
{
	char ip[INET6_ADDRSTRLEN];

	put(t, "   Interface = %s\n", c->vmac.on ? c->vmac.name :
	    c->interface == NULL ? "(none)" : c->interface);
	if (c->vmac.on)
		put(t, "   VMAC on interface = %s\n   Address = "
		    "%02x:%02x:%02x:%02x:%02x:%02x\n", c->interface,
		    c->vmac.mac[0], c->vmac.mac[1], c->vmac.mac[2],
		    c->vmac.mac[3], c->vmac.mac[4], c->vmac.mac[5]);
	put(t, "   Using src_ip = %s%s\n", print_live_ip(&l->source, ip),
	    c->source.family != 0 ? " (from configuration)" : "");
	if (!c->unicast)
		put(t, "   Multicast address %s\n", print_ip(
		    &c->group_address, ip));
}

static void
put_numbers(struct sheet *t, const struct vr_instance_conf *c,
    const struct vr_live *l)
{
	put(t, "   Down timer adverts = %u\n", c->down_timer_adverts);
	put(t, "   Send advert after receive lower priority advert = %s\n",
	    true_false(!c->lower_prio_no_advert));
	put(t, "   Send advert after receive higher priority advert = %s\n",
	    true_false(c->higher_prio_send_advert));
	put(t, "   Virtual Router ID = %u\n   Priority = %u\n", c->vrid,
	    c->priority);
	put(t, "   Effective priority = %u\n   Total priority = %d\n",
	    l->priority, (int)c->priority + l->weight);
	if (c->version == 2)
		put(t, "   Advert interval = %lld sec\n",
		    (long long)(c->advert_int / CLOCK_SECOND));
	else
		put(t, "   Advert interval = %lld milli-sec\n",
		    (long long)(c->advert_int / CLOCK_MS));
	if (c->version == 3 && l->state != VR_STATE_MASTER)
		put(t, "   Master advert interval = %lld milli-sec\n",
		    (long long)(l->master_interval / CLOCK_MS));
	if (l->last_sent != 0)
		put_time(t, "Last advert sent", to_wall(l->last_sent));
	put(t, "   Accept = %s\n   Preempt = %s\n", enabled(c->accept),
	    enabled(!c->nopreempt));
	if (c->preempt_delay > 0)
		put(t, "   Preempt delay = %g secs\n", seconds(
		    c->preempt_delay));
	put(t, "   Promote_secondaries = %s\n", enabled(
	    c->promote_secondaries));
	if (c->version == 2 && c->auth == VR_AUTH_PASS)
		put(t, "   Authentication type = SIMPLE_PASSWORD\n"
		    "   Password = ********\n");
	else if (c->version == 2)
		put(t, "   Authentication type = none\n");
}

static void
put_list(struct sheet *t, struct vr_address_conf *const *at,
    unsigned n, const struct vr_instance_conf *c, const struct vr_live *l)
{
	char text[VR_ADDRESS_TEXT];

	for (unsigned i = 0; i < n; i++)
		put(t, "     %s%s\n", vr_address_print(at[i], c, text),
		    l->holds ? " set" : "");
}

static void
put_addresses(struct sheet *t, const struct vr_instance_conf *c,
    const struct vr_live *l)
{
	char ip[INET6_ADDRSTRLEN];

	put(t, "   Virtual IP (%u):\n", c->addresses.count);
	put_list(t, c->addresses.at, c->addresses.count, c, l);
	if (c->excluded.count > 0)
		put(t, "   Virtual IP Excluded :\n");
	put_list(t, c->excluded.at, c->excluded.count, c, l);
	if (!c->unicast)
		return;
	put(t, "   Unicast TTL = %u\n   Check unicast src : %s\n"
	    "   Unicast Peer :\n", c->unicast_ttl, yes_no(
	    c->check_unicast_src));
	for (unsigned i = 0; i < c->peers.count; i++)
		put(t, "     %s min_ttl %u max_ttl %u\n", print_ip(
		    &c->peers.at[i]->ip, ip), c->peers.at[i]->min_ttl,
		    c->peers.at[i]->max_ttl);
}

static void
put_ways(struct sheet *t, const struct vr_instance_conf *c)
{
	if (c->routes.count > 0)
		put(t, "   Virtual Routes :\n");
	for (unsigned i = 0; i < c->routes.count; i++) {
		put(t, "     ");
		vr_data_route(t, c->routes.at[i]);
		put(t, "\n");
	}
	if (c->rules.count > 0)
		put(t, "   Virtual Rules :\n");
	for (unsigned i = 0; i < c->rules.count; i++) {
		put(t, "     ");
		vr_data_rule(t, c->rules.at[i]);
		put(t, "\n");
	}
}

static const char *const headings[VR_TRACKS] = {
	[VR_TRACK_INTERFACE] = "Tracked interfaces",
	[VR_TRACK_SCRIPT] = "Tracked scripts",
	[VR_TRACK_FILE] = "Tracked files",
	[VR_TRACK_PROCESS] = "Tracked processes",
	[VR_TRACK_UNIX] = "Tracked sockets",
	[VR_TRACK_HTTP] = "Tracked URLs"
};

static void
put_tracks(struct sheet *t, struct vr_track_conf *const *at,
    unsigned n)
{
	for (int k = 0; k < VR_TRACKS; k++) {
		bool first = true;

		for (unsigned i = 0; i < n; i++) {
			if ((int)at[i]->kind != k)
				continue;
			if (first)
				put(t, "   %s :\n", headings[k]);
			first = false;
			put(t, "     %s%s weight %d%s\n", at[i]->name,
			    k == VR_TRACK_FILE || k == VR_TRACK_PROCESS ?
			    "," : "",
			    at[i]->weight.value, at[i]->weight.reverse ?
			    " reverse" : "");
		}
	}
}

static const char *const scripts[VR_NOTIFIES] = {
	[VR_NOTIFY_MASTER] = "Master", [VR_NOTIFY_BACKUP] = "Backup",
	[VR_NOTIFY_FAULT] = "Fault", [VR_NOTIFY_STOP] = "Stop",
	[VR_NOTIFY_DELETED] = "Deleted",
	[VR_NOTIFY_MASTER_RX_LOWER_PRI] = "Master rx lower pri",
	[VR_NOTIFY_ANY] = "Generic"
};

static void
put_notify(struct sheet *t, const struct vr_notify_conf *n)
{
	put(t, "   Using smtp notification = %s\n", yes_no(n->smtp_alert));
	put(t, "   Notify deleted = %s\n", n->deleted ? "Deleted" :
	    "Fault");
	for (int k = 0; k < VR_NOTIFIES; k++) {
		const struct vr_program *p = n->scripts[k];

		if (p != NULL)
			put(t, "   %s state transition script = '%s', "
			    "uid:gid %u:%u\n", scripts[k], p->text,
			    (unsigned)p->uid, (unsigned)p->gid);
	}
	put(t, "   Notify priority changes = %s\n", true_false(
	    n->priority_changes));
}

static void
put_instance(struct sheet *t, const struct vr_view *v,
    const struct vr_instance_conf *c)
{
	const struct vr_live *l = live_of(v, c);
	int64_t interval = c->version == 3 && l->master_interval > 0 ?
	    l->master_interval : c->advert_int;
	int in = -1, out = -1;

	put(t, " VRRP Instance = %s\n   VRRP Version = %u\n", c->name,
	    c->version);
	if (c->group != NULL)
		put(t, "   Sync group = %s\n", c->group->name);
	put_state(t, c, l);
	put(t, "   Master down timer = %lld usecs\n",
	    (long long)(c->down_timer_adverts * interval +
	    (256 - l->priority) * interval / 256));
	put_way(t, c, l);
	put_garp(t, "   ", &c->garp, "");
	put_numbers(t, c, l);
	put_addresses(t, c, l);
	if (v->sockets != NULL)
		v->sockets(c, &in, &out);
	put(t, "   fd_in %d, fd_out %d\n", in, out);
	put_ways(t, c);
	put_tracks(t, c->tracks.at, c->tracks.count);
	put_notify(t, &c->notify);
}

/* ---- sockets */

static void
put_socket(struct sheet *t, const struct vr_view *v, unsigned first,
    int in, int out)
{
	const struct vr_config *config = v->config;
	const struct vr_instance_conf *c = config->instances.at[first];
	char ip[INET6_ADDRSTRLEN];

	put(t, " fd_in %d fd_out = %d\n   Interface = %s\n   Family = %s\n"
	    "   Protocol = VRRP\n   Type = %s\n", in, out,
	    c->interface == NULL ? "(none)" : c->interface,
	    c->family == AF_INET ? "IPv4" : "IPv6", c->unicast ?
	    "Unicast" : "Multicast");
	if (c->source.family != 0)
		put(t, "   Address = %s\n", print_ip(&c->source, ip));
	put(t, "   VRRP instances\n");
	for (unsigned i = first; i < config->instances.count; i++) {
		int other = -1, none;

		v->sockets(config->instances.at[i], &other, &none);
		if (other == in)
			put(t, "     %s vrid %u\n",
			    config->instances.at[i]->name,
			    config->instances.at[i]->vrid);
	}
}

static void
put_pool(struct sheet *t, const struct vr_view *v)
{
	const struct vr_config *config = v->config;

	put(t, "------< VRRP Sockpool >------\n");
	for (unsigned i = 0; v->sockets != NULL &&
	    i < config->instances.count; i++) {
		int in = -1, out = -1, other, none;
		bool known = false;

		v->sockets(config->instances.at[i], &in, &out);
		for (unsigned k = 0; k < i && !known; k++) {
			other = -1;
			v->sockets(config->instances.at[k], &other, &none);
			known = other == in;
		}
		if (in >= 0 && !known)
			put_socket(t, v, i, in, out);
	}
}

/* ---- groups, trackers */

static void
put_groups(struct sheet *t, const struct vr_view *v)
{
	const struct vr_config *c = v->config;

	if (c->groups.count > 0)
		put(t, "------< VRRP Sync groups >------\n");
	for (unsigned i = 0; i < c->groups.count; i++) {
		const struct vr_group_conf *g = c->groups.at[i];
		unsigned fault = 0, init = 0;
		enum vr_state state = VR_STATE_INIT;

		for (unsigned k = 0; k < g->members.count; k++) {
			state = live_of(v, g->members.at[k])->state;
			fault += state == VR_STATE_FAULT;
			init += state == VR_STATE_INIT;
		}
		put(t, " VRRP Sync Group = %s, %s\n   Num member fault %u, "
		    "num member init %u\n   VRRP member instances :\n",
		    g->name, states[fault > 0 ? VR_STATE_FAULT : state],
		    fault, init);
		for (unsigned k = 0; k < g->members.count; k++)
			put(t, "     %s\n", g->members.at[k]->name);
		if (g->tracking_weight)
			put(t, "   sync group tracking weight set\n");
		put_tracks(t, g->tracks.at, g->tracks.count);
		put_notify(t, &g->notify);
	}
}

static void
put_users(struct sheet *t, const struct vr_config *c, const void *what)
{
	put(t, "   Tracking instances :\n");
	for (unsigned i = 0; i < c->instances.count; i++)
		for (unsigned k = 0; k < c->instances.at[i]->tracks.count;
		    k++) {
			const struct vr_track_conf *line =
			    c->instances.at[i]->tracks.at[k];

			if (line->what == what)
				put(t, "     %s, weight %d%s\n",
				    c->instances.at[i]->name,
				    line->weight.value,
				    line->weight.reverse ? " reverse" : "");
		}
}

static const char *
status_of(const struct vr_track *track, const char *disabled)
{
	if (disabled != NULL)
		return "DISABLED";
	return track == NULL || track->state == VR_TRACK_INIT ? "INIT" :
	    track->state == VR_TRACK_UP ? "GOOD" : "BAD";
}

static const struct vr_track *
track_of(const struct vr_view *v, enum vr_track_kind kind, const char *name)
{
	return v->tracks == NULL ? NULL : vr_tracks_find(v->tracks, kind,
	    name);
}

static void
put_script(struct sheet *t, const struct vr_view *v,
    const struct vr_script_conf *s)
{
	const struct vr_program *p = s->program;
	const struct vr_track *track = track_of(v, VR_TRACK_SCRIPT, s->name);

	put(t, " VRRP Script = %s\n   Command = ", s->name);
	for (unsigned i = 0; p != NULL && i < p->count; i++)
		put(t, "%s'%s'", i > 0 ? " " : "", p->argv[i]);
	put(t, "\n   Interval = %g sec\n   Timeout = %g sec\n"
	    "   Weight = %d%s\n   Rise = %u\n   Fall = %u\n",
	    seconds(s->interval), s->timeout == s->interval ? 0 :
	    seconds(s->timeout), s->weight.value, s->weight.reverse ?
	    " reverse" : "", s->rise, s->fall);
	put(t, "   Result = %u\n   Insecure = %s\n", track == NULL ? 0 :
	    track->result, yes_no(p != NULL && p->insecure));
	if (p != NULL && p->disabled != NULL)
		put(t, "   Disabled = %s\n", p->disabled);
	put(t, "   Status = %s\n", status_of(track, p == NULL ? NULL :
	    p->disabled));
	if (p != NULL)
		put(t, "   Script uid:gid = %u:%u\n", (unsigned)p->uid,
		    (unsigned)p->gid);
	if (track != NULL && track->last[0] != '\0')
		put(t, "   Last result = %s\n", track->last);
	put_users(t, v->config, s);
	put(t, "   State = %s\n", track != NULL && track->busy ? "running" :
	    "idle");
}

static void
put_files(struct sheet *t, const struct vr_view *v)
{
	const struct vr_config *c = v->config;

	if (c->files.count > 0)
		put(t, "------< VRRP Track files >------\n");
	for (unsigned i = 0; i < c->files.count; i++) {
		const struct vr_file_conf *f = c->files.at[i];
		const struct vr_track *track = track_of(v, VR_TRACK_FILE,
		    f->name);

		put(t, " Track file = %s\n   File = %s\n   Status = %" PRId64
		    "\n   Weight = %d%s\n", f->name, f->path,
		    track == NULL ? 0 : track->value, f->weight.value,
		    f->weight.reverse ? " reverse" : "");
		put_users(t, c, f);
	}
}

static void
put_processes(struct sheet *t, const struct vr_view *v)
{
	const struct vr_config *c = v->config;

	if (c->processes.count > 0)
		put(t, "------< VRRP Track processes >------\n");
	for (unsigned i = 0; i < c->processes.count; i++) {
		const struct vr_process_conf *p = c->processes.at[i];
		const struct vr_track *track = track_of(v, VR_TRACK_PROCESS,
		    p->name);

		put(t, " Process = %s\n   Full command = %s\n"
		    "   Quorum = %u\n   Weight = %d%s\n   Current processes "
		    "= %s\n   Status = %s\n", p->command, true_false(
		    p->full_command), p->quorum, p->weight.value,
		    p->weight.reverse ? " reverse" : "", track == NULL ?
		    "" : track->last, status_of(track, NULL));
		put_users(t, c, p);
	}
}

/* ours */
static void
put_probes(struct sheet *t, const struct vr_view *v)
{
	const struct vr_config *c = v->config;
	const struct vr_track *track;

	if (c->unixes.count + c->https.count > 0)
		put(t, "------< VRRP Track sockets and URLs >------\n");
	for (unsigned i = 0; i < c->unixes.count; i++) {
		track = track_of(v, VR_TRACK_UNIX, c->unixes.at[i]->name);
		put(t, " Track socket = %s\n   Path = %s\n   Status = %s\n"
		    "   Last result = %s\n", c->unixes.at[i]->name,
		    c->unixes.at[i]->path, status_of(track, NULL),
		    track == NULL ? "" : track->last);
		put_users(t, c, c->unixes.at[i]);
	}
	for (unsigned i = 0; i < c->https.count; i++) {
		track = track_of(v, VR_TRACK_HTTP, c->https.at[i]->name);
		put(t, " Track URL = %s\n   URL = %s\n   Status = %s\n"
		    "   Last result = %s\n", c->https.at[i]->name,
		    c->https.at[i]->url, status_of(track, NULL),
		    track == NULL ? "" : track->last);
		put_users(t, c, c->https.at[i]);
	}
}

/* ---- interfaces */

static void
put_link(void *arg, struct vr_link *l)
{
	struct sheet *t = arg;
	const struct vr_link_address *v4 = vr_link_source(l, AF_INET, NULL),
	    *v6 = vr_link_source(l, AF_INET6, NULL);
	char ip[INET6_ADDRSTRLEN];

	put(t, " Name = %s\n   index = %u\n", l->name, l->index);
	put(t, "   IPv4 address = %s\n", v4 == NULL ? "(none)" :
	    print_ip(&v4->ip, ip));
	put(t, "   IPv6 address = %s\n", v6 == NULL ? "(none)" :
	    print_ip(&v6->ip, ip));
	if (l->mac_len == 6)
		put(t, "   MAC = %02x:%02x:%02x:%02x:%02x:%02x\n", l->mac[0],
		    l->mac[1], l->mac[2], l->mac[3], l->mac[4], l->mac[5]);
	put(t, "   State = %s%s%s%s%s\n", (l->flags & IFF_UP) != 0 ? "UP" :
	    "DOWN", (l->flags & IFF_RUNNING) != 0 ? ", RUNNING" : "",
	    (l->flags & IFF_BROADCAST) == 0 ? ", no broadcast" : "",
	    (l->flags & IFF_LOOPBACK) != 0 ? ", loopback" : "",
	    (l->flags & IFF_MULTICAST) == 0 ? ", no multicast" : "");
	if (l->kind[0] != '\0')
		put(t, "   Kind = %s\n", l->kind);
	put(t, "   MTU = %u\n   HW Type = %s\n   NIC netlink status update\n",
	    l->mtu, l->type == ARPHRD_LOOPBACK ? "LOOPBACK" : l->type ==
	    ARPHRD_ETHER ? "ETHERNET" : "UNKNOWN");
}

void
vr_data_put(struct sheet *t, const struct vr_view *v)
{
	const struct vr_config *c = v->config;

	put_global(t, &c->global);
	put_statics(t, c);
	if (c->instances.count > 0)
		put(t, "------< VRRP Topology >------\n");
	for (unsigned i = 0; i < c->instances.count; i++)
		put_instance(t, v, c->instances.at[i]);
	put_pool(t, v);
	put_groups(t, v);
	if (c->scripts.count > 0)
		put(t, "------< VRRP Scripts >------\n");
	for (unsigned i = 0; i < c->scripts.count; i++)
		put_script(t, v, c->scripts.at[i]);
	put_files(t, v);
	put_processes(t, v);
	put_probes(t, v);
	for (unsigned i = 0; i < c->garp_groups.count; i++)
		put(t, "%s Gratuitous ARP interval = %f\n"
		    " Gratuitous NA interval = %f\n", i == 0 ?
		    "------< Gratuitous ARP delays >------\n" : "",
		    seconds(c->garp_groups.at[i]->garp_interval),
		    seconds(c->garp_groups.at[i]->gna_interval));
	put(t, "------< Interfaces >------\n");
	if (v->links != NULL)
		vr_links_each(v->links, put_link, t);
}
