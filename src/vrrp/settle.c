/* SPDX-License-Identifier: ISC */
/* settle.c - what is decided when all is read; see settle.h. One thread. */
#include <sys/socket.h>

#include <net/if.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vrrp/explain.h"
#include "vrrp/keys_global.h"
#include "vrrp/keys_instance.h"
#include "vrrp/programs.h"
#include "vrrp/settle.h"

enum { SECOND = 1000 * 1000, TEN_MS = 10 * 1000, LINE = 1024 };
enum { MTU = 1500, IP4_HEAD = 20, IP6_HEAD = 40, ADVERT = 8, AUTH = 8 };

static void say(struct vr_parse *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void note(struct vr_parse *, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
say(struct vr_parse *p, const char *fmt, ...)
{
	char line[LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	vr_report_say(p->report, VR_REPORT_ERROR, NULL, "%s", line);
}

static void
note(struct vr_parse *p, const char *fmt, ...)
{
	char line[LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	vr_report_say(p->report, VR_REPORT_NOTE, NULL, "%s", line);
}

/* ---- global settings */

void
vr_settle_usual(struct vr_parse *p)
{
	struct vr_global_conf *g = &p->config->global;

	vr_parse_usual(p, vr_keys_global, g);
	g->router_id = p->outside->host_name(p->outside->arg);
	vr_parse_ip("224.0.0.18", &g->mcast_group4);
	vr_parse_ip("ff02::12", &g->mcast_group6);
	g->child_wait_time = INT64_C(5) * SECOND;
	g->min_auto_priority_delay = SECOND;
	g->nftables = "keepalived";
	g->umask = VR_UNSET;
	g->mail.port = 25;
	g->garp.lower_prio_delay = VR_UNSET;
	g->garp.lower_prio_repeat = UINT32_MAX;
}

/* min_garp, and the values that stand in for others. */
static void
settle_global(struct vr_parse *p)
{
	struct vr_garp_conf *g = &p->config->global.garp;

	if (g->lower_prio_delay == VR_UNSET)
		g->lower_prio_delay = g->delay;
	if (g->lower_prio_repeat == UINT32_MAX)
		g->lower_prio_repeat = g->repeat;
	if (!vr_parse_given(&p->global, "smtp_alert_vrrp"))
		p->config->global.smtp_alert_vrrp =
		    p->config->global.smtp_alert;
}

/* ---- one instance: what it inherits */

static bool
given(const struct vr_instance_draft *d, const char *row)
{
	return vr_parse_given(&d->draft, row);
}

static void
inherit(struct vr_parse *p, struct vr_instance_draft *d)
{
	struct vr_global_conf *g = &p->config->global;
	struct vr_instance_conf *i = d->conf;

	vr_parse_inherit(&d->draft, g);
	if (!given(d, "garp_lower_prio_delay") && !vr_parse_given(&p->global,
	    "vrrp_garp_lower_prio_delay"))
		i->garp.lower_prio_delay = i->garp.delay;
	if (!given(d, "garp_lower_prio_repeat") && !vr_parse_given(&p->global,
	    "vrrp_garp_lower_prio_repeat"))
		i->garp.lower_prio_repeat = i->garp.repeat;
	if (!given(d, "garp_extra_if") && !given(d, "vmac_garp_intvl")) {
		i->garp.extra_if = g->garp.extra_if;
		i->garp.extra_if_all = g->garp.extra_if_all;
	}
	if (!given(d, "smtp_alert"))
		i->notify.smtp_alert = g->smtp_alert_vrrp;
	if (!given(d, "notify_priority_changes"))
		i->notify.priority_changes = g->notify_priority_changes;
	i->check_unicast_src |= g->check_unicast_src;
	if (!d->version_given)
		i->version = (uint8_t)g->version;
	if (i->family == AF_INET6 && !(d->version_given && i->strict))
		i->version = 3;
}

/* ---- what excludes what; false: the instance is dropped */

static bool
check_identity(struct vr_parse *p, struct vr_instance_draft *d)
{
	struct vr_instance_conf *i = d->conf;

	if (i->vrid == 0) {
		say(p, "(%s) the virtual router id must be set", i->name);
		return false;
	}
	if (i->interface == NULL && i->vrf == NULL &&
	    (i->peers.count == 0 || i->source.family == 0)) {
		say(p, "(%s) Unknown interface!", i->name);
		return false;
	}
	return true;
}

static bool
is_link_local(const struct prefix *ip)
{
	return ip->ip[0] == 0xfe && (ip->ip[1] & 0xc0) == 0x80;
}

/* How many addresses an advert has room for. */
static unsigned
room(const struct vr_instance_conf *i)
{
	unsigned most = i->family == AF_INET6 ? (MTU - IP6_HEAD - ADVERT) /
	    16 : (MTU - IP4_HEAD - ADVERT - AUTH) / 4;

	return most > 255 ? 255 : most;
}

static bool
check_addresses(struct vr_parse *p, struct vr_instance_draft *d)
{
	struct vr_instance_conf *i = d->conf;
	unsigned most = room(i);

	if (i->addresses.count == 0 && !i->no_virtual_ipaddress) {
		bool required = i->strict || i->version == 3;

		say(p, "(%s) No VIP specified; at least one is %s", i->name,
		    required ? "required" : "sensible");
		if (required)
			return false;
	}
	if (i->strict && i->family == AF_INET6 && i->addresses.count > 0 &&
	    !is_link_local(&i->addresses.at[0]->ip)) {
		say(p, "(%s) the first IPv6 VIP address must be link local",
		    i->name);
		return false;
	}
	if (i->addresses.count <= most)
		return true;
	say(p, "(%s) Number of VIPs (%u) exceeds maximum/space available in "
	    "packet (%u) - excess moved to eVIPs", i->name,
	    i->addresses.count, most);
	for (unsigned n = most; n < i->addresses.count; n++)
		arena_add(p->arena, &i->excluded, i->addresses.at[n]);
	i->addresses.count = most;
	return true;
}

static void
check_advert(struct vr_parse *p, struct vr_instance_conf *i)
{
	int64_t a = i->advert_int;
	double seconds = (double)a / SECOND;

	if (i->version == 2 && a % SECOND != 0) {
		say(p, "(%s) VRRPv2 advertisement interval %.6fs must be an "
		    "integer. rounding", i->name, seconds);
		a = (a + SECOND / 2) / SECOND * SECOND;
		i->advert_int = a == 0 ? SECOND : a;
	} else if (i->version == 3 && a > INT64_C(4095) * TEN_MS) {
		say(p, "(%s) VRRPv3 advertisement interval %.2fs is out of "
		    "range. Must be less than 40.96s. Setting to 40.95s",
		    i->name, seconds);
		i->advert_int = INT64_C(4095) * TEN_MS;
	} else if (i->version == 3 && a % TEN_MS != 0) {
		say(p, "(%s) VRRPv3 advertisement interval %.6fs must be in "
		    "units of 10ms - rounding", i->name, seconds);
		a = (a + TEN_MS / 2) / TEN_MS * TEN_MS;
		i->advert_int = a == 0 ? TEN_MS : a;
	}
}

static void
check_auth(struct vr_parse *p, struct vr_instance_draft *d)
{
	struct vr_instance_conf *i = d->conf;
	const char *name = i->name;

	if (d->auth_ah) {
		say(p, "(%s) auth_type AH is not supported: an instance that "
		    "ignores it would be a second master. setting instance to "
		    "fault state", name);
		i->fault = "auth_type AH is not supported";
	} else if (d->hmac != NULL) {
		say(p, "(%s) %s: an instance that ignores it would be a "
		    "second master. setting instance to fault state", name,
		    d->hmac);
		i->fault = d->hmac;
	}
	if (i->auth == VR_AUTH_NONE)
		return;
	if (i->version == 3)
		say(p, "(%s) VRRP version 3 does not support authentication. "
		    "Ignoring.", name);
	else if (i->strict)
		say(p, "(%s) Strict mode does not support authentication. "
		    "Ignoring.", name);
	else if (!d->password_given)
		say(p, "(%s) Authentication specified but no password given. "
		    "Ignoring", name);
	else
		return;
	i->auth = VR_AUTH_NONE;
}

static void
check_unicast(struct vr_parse *p, struct vr_instance_draft *d)
{
	struct vr_instance_conf *i = d->conf;
	struct vr_global_conf *g = &p->config->global;

	i->unicast = i->peers.count > 0;
	if (i->group_address.family == 0)
		i->group_address = i->family == AF_INET6 ? g->mcast_group6 :
		    g->mcast_group4;
	if (i->unicast)
		return;
	if (i->unicast_fault_no_peer) {
		i->unicast = true;
		i->fault = "no unicast peers";
		note(p, "(%s) unicast_fault_no_peer: there are no peers, the "
		    "instance stays in FAULT", i->name);
	} else if (d->unicast_word)
		say(p, "(%s) A unicast keyword has been specified without any "
		    "unicast peers. Defaulting to multicast. This usage is "
		    "deprecated - please update your configuration.",
		    i->name);
}

static void
check_preempt(struct vr_parse *p, struct vr_instance_conf *i)
{
	if (i->preempt_delay > 0 && i->nopreempt) {
		say(p, "(%s) preempt_delay is incompatible with nopreempt "
		    "mode - resetting", i->name);
		i->preempt_delay = 0;
	}
	if (i->nopreempt && i->priority == 255) {
		say(p, "(%s) nopreempt is incompatible with priority 255. "
		    "resetting nopreempt", i->name);
		i->nopreempt = false;
	}
	if (i->nopreempt && i->master) {
		say(p, "(%s) Warning - nopreempt will not work with initial "
		    "state MASTER - clearing", i->name);
		i->nopreempt = false;
	}
	if (i->preempt_delay > 0 && i->master) {
		say(p, "(%s) Warning - preempt delay will not work with "
		    "initial state MASTER - clearing", i->name);
		i->preempt_delay = 0;
	}
	if (i->timer_expired_backup && !i->nopreempt) {
		say(p, "(%s) timer_expired_backup needs nopreempt - clearing",
		    i->name);
		i->timer_expired_backup = false;
		i->timer_expired_priority = 0;
	}
}

static void
drop_tracks(struct vr_parse *p, struct vr_instance_conf *i)
{
	unsigned kept = 0;

	for (unsigned n = 0; n < i->tracks.count; n++) {
		struct vr_track_conf *t = i->tracks.at[n];
		bool link = t->kind == VR_TRACK_INTERFACE;

		if (link && i->interface != NULL && strcmp(t->name,
		    i->interface) == 0)
			say(p, "(%s) Ignoring track_interface %s since own "
			    "interface", i->name, t->name);
		else if (i->priority == 255 && t->weight.value != 0)
			say(p, link ? "(%s) ignoring %s tracked interface due "
			    "to address owner" : "(%s) ignoring weighted "
			    "tracker %s due to address owner", i->name,
			    t->name);
		else
			i->tracks.at[kept++] = t;
	}
	i->tracks.count = kept;
}

/* ---- strict */

static bool
check_strict(struct vr_parse *p, struct vr_instance_draft *d)
{
	struct vr_instance_conf *i = d->conf;

	if (i->peers.count > 0) {
		say(p, "(%s) Unicast peers are not supported in strict mode",
		    i->name);
		return false;
	}
	if (i->family == AF_INET6 && i->version == 2) {
		say(p, "(%s) strict mode does not support IPv6 in version 2",
		    i->name);
		return false;
	}
	if (i->down_timer_adverts != 3) {
		say(p, "(%s) down_timer_adverts is incompatible with strict "
		    "mode - resetting", i->name);
		i->down_timer_adverts = 3;
	}
	if (given(d, "lower_prio_no_advert") && !i->lower_prio_no_advert)
		say(p, "(%s) Strict mode requires no lower priority advert. "
		    "resetting", i->name);
	i->lower_prio_no_advert = true;
	if (i->higher_prio_send_advert)
		say(p, "(%s) strict mode requires higher_prio_send_advert to "
		    "be clear. resetting", i->name);
	i->higher_prio_send_advert = false;
	if (i->vmac.on && i->vmac.xmit_base) {
		say(p, "(%s) xmit_base is incompatible with strict mode - "
		    "resetting", i->name);
		i->vmac.xmit_base = false;
	}
	return true;
}

static void
restrict_accept(struct vr_parse *p, struct vr_instance_draft *d)
{
	struct vr_instance_conf *i = d->conf;

	if (given(d, "accept") && i->accept && i->version == 2 &&
	    i->priority != 255)
		say(p, "(%s) warning - accept mode for VRRP version 2 does "
		    "not comply with RFC3768 - resetting", i->name);
	else if (given(d, "accept") && i->accept)
		return;
	i->accept = i->priority == 255;
	if (!i->accept)
		note(p, "(%s) strict mode: the virtual addresses answer ARP "
		    "but every packet to them is dropped, unless the priority "
		    "is 255 or accept is given with version 3", i->name);
	if (i->master && i->priority != 255)
		i->master = false;
	i->owner_ignore_adverts = true;
	i->garp.refresh = 0;
	i->garp.delay = 0;
	i->garp.repeat = 1;
}

/* ---- names of interfaces */

static void
settle_vmac(struct vr_parse *p, struct vr_instance_conf *i)
{
	struct vr_vmac_conf *v = &i->vmac;
	bool six = i->family == AF_INET6;
	const char *prefix = p->config->global.vmac_prefix;

	if (v->xmit_base && !v->on) {
		say(p, "(%s) vmac_xmit_base is only valid with a vmac",
		    i->name);
		v->xmit_base = false;
	}
	if (!v->mac_given) {
		const uint8_t mac[6] = { 0, 0, 0x5e, 0, six ? 2 : 1, i->vrid };

		memcpy(v->mac, mac, sizeof mac);
	}
	if (!v->on || v->name != NULL)
		return;
	v->name = arena_print(p->arena, "%s%s.%u", prefix, six ? "6" : "",
	    i->vrid);
	if (strlen(v->name) >= IF_NAMESIZE)
		v->name = arena_print(p->arena, "vrrp%s.%u", six ? "6" : "",
		    i->vrid);
}

/* The same device has one VMAC, however many addresses stand on it. */
static void
name_vmac_of(struct vr_parse *p, const struct vr_instance_conf *i,
    struct vr_address_conf *a, struct names *known)
{
	bool wanted = a->use_vmac || (i->vmac.addresses && a->dev != NULL);
	unsigned number = (unsigned)known->count + 1;

	a->use_vmac = wanted && a->dev != NULL && (i->interface == NULL ||
	    !i->vmac.on || strcmp(a->dev, i->interface) != 0);
	if (wanted && !a->use_vmac && i->vmac.on)
		a->dev = NULL;		/* the instance's own VMAC */
	if (!a->use_vmac)
		return;
	a->below = a->dev;
	a->dev = names_find(known, text_of(a->below));
	if (a->dev != NULL)
		return;
	a->dev = arena_print(p->arena, "%s%u.%u",
	    p->config->global.vmac_addr_prefix, number, i->vrid);
	if (strlen(a->dev) >= IF_NAMESIZE)
		a->dev = arena_print(p->arena, "vrrp%u.%u", number, i->vrid);
	names_put(known, p->arena, text_of(a->below),
	    (void *)(uintptr_t)a->dev);
}

static void
settle_address_vmacs(struct vr_parse *p, struct vr_instance_conf *i)
{
	struct names known = { .count = 0 };

	for (unsigned k = 0; k < i->addresses.count; k++)
		name_vmac_of(p, i, i->addresses.at[k], &known);
	for (unsigned k = 0; k < i->excluded.count; k++)
		name_vmac_of(p, i, i->excluded.at[k], &known);
}

static bool
settle_instance(struct vr_parse *p, struct vr_instance_draft *d)
{
	struct vr_instance_conf *i = d->conf;

	inherit(p, d);
	if (!check_identity(p, d))
		return false;
	if (i->strict && !check_strict(p, d))
		return false;
	check_auth(p, d);
	if (d->use_ipvlan) {
		say(p, "(%s) use_ipvlan is not supported. setting instance to "
		    "fault state", i->name);
		i->fault = "use_ipvlan is not supported";
	}
	check_advert(p, i);
	check_preempt(p, i);
	drop_tracks(p, i);
	check_unicast(p, d);
	settle_vmac(p, i);
	settle_address_vmacs(p, i);
	if (i->strict)
		restrict_accept(p, d);
	if (i->priority == 255)
		i->accept = true;
	return check_addresses(p, d);
}

/* ---- pairs of instances */

/* What no two may have in common; NULL peer: multicast. */
static struct text
identify(struct vr_parse *p, const struct vr_instance_conf *i,
    const struct vr_peer_conf *peer)
{
	const char *ip = peer == NULL ? "*" : vr_explain_ip(p->arena,
	    &peer->ip);

	return text_of(arena_print(p->arena, "%u %u %s %s", i->vrid,
	    i->family, ip, i->interface == NULL ? "" : i->interface));
}

static void
tell_clash(struct vr_parse *p, const struct vr_instance_conf *early,
    struct vr_instance_conf *late)
{
	say(p, "%s and %s both use VRID %u with IPv%c on interface %s",
	    early->name, late->name, late->vrid, late->family == AF_INET6 ?
	    '6' : '4', late->interface == NULL ? "(none)" : late->interface);
	late->fault = "its VRID is used twice";
}

/* Its peers, or the group, are its own from now on: else it is faulted. */
static void
check_clash(struct vr_parse *p, struct names *known,
    struct vr_instance_conf *i)
{
	unsigned count = i->unicast ? i->peers.count : 1;

	for (unsigned k = 0; k < count; k++) {
		struct vr_instance_conf *first = names_keep(known, p->arena,
		    identify(p, i, i->unicast ? i->peers.at[k] : NULL), i);

		if (first != i && i->fault == NULL)
			tell_clash(p, first, i);
	}
}

static void
check_clashes(struct vr_parse *p)
{
	struct vr_config *c = p->config;
	struct names known = { .count = 0 };

	for (unsigned i = 0; i < c->instances.count; i++)
		check_clash(p, &known, c->instances.at[i]);
}

/* ---- groups */

static struct vr_instance_conf *
find_instance(struct vr_parse *p, const char *name)
{
	const struct vr_instance_draft *d = names_find(&p->instance_names,
	    text_of(name));

	return d != NULL && d->kept ? d->conf : NULL;
}

static void
join_group(struct vr_parse *p, struct vr_group_draft *d)
{
	struct vr_group_conf *g = d->conf;

	for (unsigned i = 0; i < d->members.count; i++) {
		const char *name = d->members.at[i];
		struct vr_instance_conf *m = find_instance(p, name);

		if (m == NULL)
			say(p, "Virtual router %s specified in sync group %s "
			    "doesn't exist - ignoring", name, g->name);
		else if (m->group != NULL)
			say(p, "Virtual router %s cannot exist in more than "
			    "one sync group; ignoring %s", name, g->name);
		else {
			m->group = g;
			arena_add(p->arena, &g->members, m);
		}
	}
	if (d->members.count == 0)
		say(p, "Sync group %s has no virtual router(s). removing",
		    g->name);
	else if (g->members.count == 0)
		say(p, "Sync group %s, no matching virtual router found in "
		    "group declaration - removing", g->name);
	else {
		if (g->members.count == 1)
			say(p, "Sync group %s has only 1 virtual router(s) - "
			    "this probably isn't what you want", g->name);
		if (!vr_parse_given(&d->draft, "smtp_alert"))
			g->notify.smtp_alert =
			    p->config->global.smtp_alert_vrrp;
		arena_add(p->arena, &p->config->groups, g);
	}
}

static void
join_track_group(struct vr_parse *p, struct vr_group_draft *d)
{
	for (unsigned i = 0; i < d->members.count; i++) {
		struct vr_instance_conf *m = find_instance(p,
		    d->members.at[i]);

		if (m == NULL)
			note(p, "Virtual router %s specified in track group "
			    "%s doesn't exist - ignoring", d->members.at[i],
			    d->tracks->name);
		else
			arena_add(p->arena, &d->tracks->members, m);
	}
}

/* ---- scripts */

static void
settle_script(struct vr_parse *p, const struct vr_program *x,
    const char *what)
{
	if (x != NULL && !vr_programs_settle(p,
	    (struct vr_program *)(uintptr_t)x))
		note(p, "Disabling %s script %s", what, x->text);
}

static void
settle_notify(struct vr_parse *p, const struct vr_notify_conf *n)
{
	for (unsigned i = 0; i < VR_NOTIFIES; i++)
		settle_script(p, n->scripts[i], "notify");
}

/* The original looks whether it can be run only when it runs it. */
static void
tell_disabled(struct vr_parse *p, const struct vr_script_conf *s)
{
	bool there = strstr(s->program->disabled, "executable") != NULL;

	vr_report_say(p->report, there ? VR_REPORT_NOTE : VR_REPORT_ERROR,
	    NULL, "Disabling track script %s %s", s->name, there ?
	    "since not executable" : s->program->insecure ?
	    "due to insecure" : "since not found/accessible");
}

static void
settle_checks(struct vr_parse *p)
{
	struct vr_config *c = p->config;

	for (unsigned i = 0; i < c->scripts.count; i++) {
		struct vr_script_conf *s = c->scripts.at[i];

		if (!vr_programs_settle(p,
		    (struct vr_program *)(uintptr_t)s->program))
			tell_disabled(p, s);
		else if (!s->used)
			note(p, "Warning - script %s is not used", s->name);
	}
}

static void
settle_scripts(struct vr_parse *p)
{
	struct vr_config *c = p->config;
	struct vr_global_conf *g = &c->global;
	/* The original stops at a missing interface, with its status. */
	enum vr_report_level level = p->interface_missing ? VR_REPORT_NOTE :
	    VR_REPORT_SECURITY;
	unsigned before;

	settle_script(p, g->startup_script, "startup");
	settle_script(p, g->shutdown_script, "shutdown");
	before = p->scripts;
	if (before > 0 && !g->script_security)
		vr_report_say(p->report, level, NULL, "SECURITY "
		    "VIOLATION - start/shutdown scripts are being executed "
		    "but script_security not enabled.");
	settle_checks(p);
	for (unsigned i = 0; i < c->instances.count; i++)
		settle_notify(p, &c->instances.at[i]->notify);
	for (unsigned i = 0; i < c->groups.count; i++)
		settle_notify(p, &c->groups.at[i]->notify);
	settle_script(p, g->fifo.script, "notify_fifo");
	settle_script(p, g->vrrp_fifo.script, "vrrp_notify_fifo");
	if (p->scripts > before && !g->script_security)
		vr_report_say(p->report, level, NULL, "SECURITY "
		    "VIOLATION - scripts are being executed but "
		    "script_security not enabled.");
}

/* Trackers asked for above the place where they are defined. */
static void
tell_lates(struct vr_parse *p)
{
	for (unsigned i = 0; i < p->lates.count; i++) {
		const struct vr_late *late = p->lates.at[i];
		const struct vr_known *k = names_find(
		    &p->trackers[late->kind], text_of(late->name));

		if (k != NULL)
			vr_report_say(p->report, VR_REPORT_NOTE, &late->place,
			    "(%s) %s %s is defined later at line %u: move it "
			    "above the instance", late->owner, late->word,
			    late->name, k->place->line);
	}
}

void
vr_settle(struct vr_parse *p)
{
	struct vr_config *c = p->config;

	settle_global(p);
	tell_lates(p);
	if (p->interface_missing) {
		say(p, "Non-existent interface specified in configuration");
		p->no_host = true;
	}
	for (unsigned i = 0; i < p->instances.count; i++) {
		struct vr_instance_draft *d = p->instances.at[i];

		d->kept = !d->removed && settle_instance(p, d);
		if (d->kept)
			arena_add(p->arena, &c->instances, d->conf);
	}
	check_clashes(p);
	for (unsigned i = 0; i < p->groups.count; i++)
		join_group(p, p->groups.at[i]);
	for (unsigned i = 0; i < p->track_groups.count; i++)
		join_track_group(p, p->track_groups.at[i]);
	settle_scripts(p);
}
