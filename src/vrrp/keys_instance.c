/* SPDX-License-Identifier: ISC */
/* keys_instance.c - the rows of vrrp_instance; see keys_instance.h. One thread. */
#include <sys/socket.h>

#include <net/if.h>

#include <stdio.h>
#include <string.h>

#include "base/number.h"
#include "vrrp/keys_address.h"
#include "vrrp/keys_instance.h"
#include "vrrp/keys_route.h"
#include "vrrp/keys_track.h"
#include "vrrp/programs.h"

#define AT(field)	offsetof(struct vr_instance_conf, field)
#define FROM(field)	(1 + offsetof(struct vr_global_conf, field))

enum { SECOND = 1000 * 1000 };

static struct vr_instance_conf *
here(struct vr_parse *p)
{
	return p->instance->conf;
}

/* ---- the router itself */

static void
read_state(struct vr_parse *p)
{
	const char *s = vr_parse_need(p, 1);
	struct vr_instance_conf *i = here(p);

	if (s == NULL)
		return;
	if (strcmp(s, "MASTER") == 0)
		i->master = true;
	else if (strcmp(s, "BACKUP") != 0)
		vr_parse_error(p, "(%s) unknown state '%s', defaulting to "
		    "BACKUP", i->name, s);
	else if (i->master)
		vr_parse_error(p, "(%s) state previously set as MASTER - "
		    "ignoring BACKUP", i->name);
}

static void
read_interface(struct vr_parse *p)
{
	const char *s = vr_parse_need(p, 1);
	struct vr_instance_conf *i = here(p);

	if (s == NULL)
		return;
	if (p->outside->interface(p->outside->arg, s) ==
	    VR_INTERFACE_LOOPBACK) {
		vr_parse_error(p, "(%s) cannot use a loopback interface (%s) "
		    "for vrrp - ignoring", i->name, s);
		return;
	}
	if (!vr_parse_interface(p, s)) {
		vr_parse_error(p, "WARNING - interface %s for vrrp_instance "
		    "%s doesn't exist", s, i->name);
		p->instance->removed = true;
	}
	i->interface = vr_parse_copy(p, s);
}

/* The family is settled by the first address; false: this one differs. */
static bool
agree(struct vr_parse *p, uint16_t family)
{
	struct vr_instance_draft *d = p->instance;

	if (d->family_given && d->conf->family != family)
		return false;
	d->family_given = true;
	d->conf->family = family;
	return true;
}

static void
add_address(struct vr_parse *p)
{
	struct vr_address_conf *a = vr_keys_address_read(p, false);
	struct vr_instance_conf *i = here(p);

	if (a == NULL)
		return;
	if (!agree(p, a->ip.family)) {
		vr_parse_error(p, "(%s): address family must match VRRP "
		    "instance [%s] - ignoring", i->name, p->words[0]);
		return;
	}
	/* Without the padding behind it. */
	if (names_keep(&p->instance->addresses, p->arena, (struct text){
	    (const char *)&a->ip, offsetof(struct prefix, ip) +
	    sizeof a->ip.ip }, a) != a) {
		vr_parse_note(p, "(%s) address %s is there already - ignoring",
		    i->name, p->words[0]);
		return;
	}
	arena_add(p->arena, &i->addresses, a);
}

static void
read_addresses(struct vr_parse *p)
{
	vr_parse_lines(p, add_address);
}

static void
add_excluded(struct vr_parse *p)
{
	struct vr_address_conf *a = vr_keys_address_read(p, false);

	if (a != NULL)
		arena_add(p->arena, &here(p)->excluded, a);
}

static void
read_excluded(struct vr_parse *p)
{
	vr_parse_lines(p, add_excluded);
}

static void
add_route(struct vr_parse *p)
{
	struct vr_route_conf *r = vr_keys_route_read(p, false);

	if (r != NULL)
		arena_add(p->arena, &here(p)->routes, r);
}

static void
read_routes(struct vr_parse *p)
{
	vr_parse_lines(p, add_route);
}

static void
add_rule(struct vr_parse *p)
{
	struct vr_rule_conf *r = vr_keys_route_rule(p, false);

	if (r != NULL)
		arena_add(p->arena, &here(p)->rules, r);
}

static void
read_rules(struct vr_parse *p)
{
	vr_parse_lines(p, add_rule);
}

/* ---- authentication */

static void
read_auth_type(struct vr_parse *p)
{
	const char *s = vr_parse_need(p, 1);

	if (s == NULL)
		return;
	if (strcmp(s, "PASS") == 0)
		here(p)->auth = VR_AUTH_PASS;
	else if (strcmp(s, "AH") == 0)
		p->instance->auth_ah = true;
	else
		vr_parse_error(p, "(%s) unknown authentication type '%s'",
		    here(p)->name, s);
}

static void
read_auth_pass(struct vr_parse *p)
{
	const char *s = vr_parse_need(p, 1);
	struct vr_instance_conf *i = here(p);
	size_t len;

	if (s == NULL)
		return;
	len = strlen(s);
	if (len > VR_AUTH_LENGTH) {
		vr_parse_error(p, "Truncating auth_pass to %d characters",
		    VR_AUTH_LENGTH);
		len = VR_AUTH_LENGTH;
	}
	memset(i->password, 0, sizeof i->password);
	memcpy(i->password, s, len);
	p->instance->password_given = true;
}

const struct vr_key vr_keys_instance_auth[] = {
	{ .name = "auth_type", .kind = VR_KIND_OWN, .read = read_auth_type,
	  .help = "PASS (AH is refused)" },
	{ .name = "auth_pass", .kind = VR_KIND_OWN, .read = read_auth_pass,
	  .help = "at most 8 characters" },
	{ .name = NULL },
};

static void
read_hmac(struct vr_parse *p)
{
	vr_parse_skip(p);
	p->instance->hmac = "auth_hmac is not part of this release";
}

static void
read_ipvlan(struct vr_parse *p)
{
	p->instance->use_ipvlan = true;
}

/* ---- who it talks to */

static void
read_source(struct vr_parse *p)
{
	const char *s = vr_parse_need(p, 1);
	struct vr_instance_conf *i = here(p);
	struct prefix ip;

	if (s == NULL)
		return;
	if (p->key->name[0] == 'u')
		p->instance->unicast_word = true;
	if (!vr_parse_ip(s, &ip)) {
		vr_parse_error(p, "Configuration error: VRRP instance[%s] "
		    "malformed src address[%s]. Skipping...", i->name, s);
		return;
	}
	if (!agree(p, ip.family)) {
		vr_parse_error(p, "Configuration error: VRRP instance[%s] and "
		    "src address[%s] MUST be of the same family !!! "
		    "Skipping...", i->name, s);
		return;
	}
	ip.bits = ip.family == AF_INET6 ? 128 : 32;
	i->source = ip;
}

static void
read_ttl(struct vr_parse *p, struct vr_peer_conf *peer, unsigned *n)
{
	const char *word = p->words[*n];
	bool least = strcmp(word, "min_ttl") == 0;
	int64_t value;

	if (*n + 1 == p->count) {
		vr_parse_error(p, "(%s) %s is missing a value", here(p)->name,
		    word);
		return;
	}
	++*n;
	if (!least && strcmp(word, "max_ttl") != 0)
		vr_parse_error(p, "(%s) unknown unicast_peer option %s",
		    here(p)->name, word);
	else if (vr_parse_number(p, p->words[*n], 0, 255, &value)) {
		here(p)->check_unicast_src = true;
		*(least ? &peer->min_ttl : &peer->max_ttl) = (unsigned)value;
	}
}

static void
add_peer(struct vr_parse *p)
{
	struct vr_instance_conf *i = here(p);
	struct vr_peer_conf *peer = arena_get(p->arena, sizeof *peer);
	const char *s = p->words[0];

	peer->place = p->place;
	peer->max_ttl = 255;
	if (!vr_parse_ip(s, &peer->ip) || strchr(s, '/') != NULL) {
		vr_parse_error(p, "Configuration error: VRRP instance[%s] "
		    "malformed unicast peer address[%s]. Skipping...",
		    i->name, s);
		return;
	}
	if (!agree(p, peer->ip.family)) {
		vr_parse_error(p, "Configuration error: VRRP instance[%s] and "
		    "unicast peer address[%s] MUST be of the same family !!! "
		    "Skipping...", i->name, s);
		return;
	}
	for (unsigned n = 1; n < p->count; n++)
		read_ttl(p, peer, &n);
	if (peer->min_ttl > peer->max_ttl)
		vr_parse_error(p, "(%s) min_ttl %u > max_ttl %u - all packets "
		    "will be discarded", i->name, peer->min_ttl,
		    peer->max_ttl);
	arena_add(p->arena, &i->peers, peer);
}

static void
read_peers(struct vr_parse *p)
{
	p->instance->unicast_word = true;
	vr_parse_lines(p, add_peer);
}

static void
read_check_src(struct vr_parse *p)
{
	p->instance->unicast_word = true;
	here(p)->check_unicast_src = true;
}

static void
read_old_checksum(struct vr_parse *p)
{
	const char *s = vr_parse_word(p, 1);

	p->instance->unicast_word = true;
	if (s == NULL)
		here(p)->old_checksum = VR_OLD_CHECKSUM_ALWAYS;
	else if (strcmp(s, "never") == 0)
		here(p)->old_checksum = VR_OLD_CHECKSUM_NEVER;
	else
		vr_parse_error(p, "(%s) Unknown old_unicast_chksum mode %s - "
		    "ignoring", here(p)->name, s);
}

static void
read_group_address(struct vr_parse *p)
{
	const char *s = vr_parse_need(p, 1);
	struct vr_instance_conf *i = here(p);
	struct prefix ip;

	if (s == NULL)
		return;
	if (!vr_parse_ip(s, &ip))
		vr_parse_error(p, "(%s) malformed mcast dest address %s. "
		    "Skipping...", i->name, s);
	else if (!vr_parse_is_multicast(&ip))
		vr_parse_error(p, "(%s) mcast_dst_ip %s not multicast. "
		    "Skipping...", i->name, s);
	else if (ip.family == AF_INET6 && (ip.ip[1] & 0xf) != 2)
		vr_parse_error(p, "(%s) mcast_dst_ip %s must be link-local "
		    "multicast. Skipping...", i->name, s);
	else if (!agree(p, ip.family))
		vr_parse_error(p, "(%s) mcast_dst_ip %s is of the other "
		    "family. Skipping...", i->name, s);
	else
		i->group_address = ip;
}

static void
read_native_ipv6(struct vr_parse *p)
{
	vr_parse_note(p, "Warning - native_ipv6 has no effect: the family is "
	    "that of the first address");
	if (!agree(p, AF_INET6))
		vr_parse_error(p, "(%s) native_ipv6 specified but the "
		    "instance has IPv4 addresses", here(p)->name);
}

static void
read_version(struct vr_parse *p)
{
	const char *s = vr_parse_need(p, 1);
	int64_t value;

	if (s == NULL)
		return;
	if (!vr_parse_number(p, s, 2, 3, &value)) {
		vr_parse_refuse(p, "({n}): Version must be either 2 or 3", s);
		return;
	}
	here(p)->version = (uint8_t)value;
	p->instance->version_given = true;
}

/* ---- who gives way */

static void
read_preempt(struct vr_parse *p)
{
	here(p)->nopreempt = p->key->name[0] == 'n';
}

static void
read_preempt_delay(struct vr_parse *p)
{
	const char *s = vr_parse_need(p, 1);

	if (s == NULL)
		return;
	if (!vr_parse_seconds(p, s, 0, INT64_C(1000) * SECOND,
	    &here(p)->preempt_delay) && s[strspn(s, "0123456789.-")] ==
	    '\0' && strchr(s, '.') == strrchr(s, '.'))
		vr_parse_refuse(p, "({n}) Preempt_delay not valid! must be "
		    "between 0-1000", s);
}

static void
read_expired(struct vr_parse *p)
{
	const char *s = vr_parse_word(p, 1);
	int64_t value = 0;

	if (s != NULL && !vr_parse_number(p, s, 1, 254, &value)) {
		vr_parse_refuse(p, "({n}) {k} priority '{v}' not valid! must "
		    "be between 1 & 254", s);
		return;
	}
	here(p)->timer_expired_backup = true;
	here(p)->timer_expired_priority = (unsigned)value;
}

static void
read_extra_if(struct vr_parse *p)
{
	const char *s = vr_parse_word(p, 1);
	struct vr_garp_conf *g = &here(p)->garp;
	bool all = s != NULL && strcmp(s, "all") == 0;
	int64_t value;

	if (all)
		s = vr_parse_word(p, 2);
	if (s == NULL) {
		vr_parse_refuse(p, "({n}): garp_extra_if specified without "
		    "time - ignoring", "");
		return;
	}
	if (!vr_parse_number(p, s, 1, 86400, &value)) {
		vr_parse_refuse(p, "({n}): garp_extra_if '{v}' invalid - "
		    "ignoring", s);
		return;
	}
	g->extra_if = value * SECOND;
	g->extra_if_all = all;
}

/* ---- tracking */

static void
track(struct vr_parse *p, enum vr_track_kind kind)
{
	vr_keys_track_lines(p, kind, &here(p)->tracks);
}

static void
read_track_interface(struct vr_parse *p)
{
	track(p, VR_TRACK_INTERFACE);
}

static void
read_track_script(struct vr_parse *p)
{
	track(p, VR_TRACK_SCRIPT);
}

static void
read_track_file(struct vr_parse *p)
{
	track(p, VR_TRACK_FILE);
}

static void
read_track_process(struct vr_parse *p)
{
	track(p, VR_TRACK_PROCESS);
}

static void
read_track_unix(struct vr_parse *p)
{
	track(p, VR_TRACK_UNIX);
}

static void
read_track_http(struct vr_parse *p)
{
	track(p, VR_TRACK_HTTP);
}

/* ---- VMAC */

static bool
read_mac(const char *s, uint8_t to[6])
{
	struct text rest = text_of(s), part;
	unsigned n = 0;
	int64_t value;

	while (n < 6 && text_split(&rest, ':', &part)) {
		if (part.len == 0 || part.len > 2 || number_int(part, 16, 0,
		    255, &value, NULL) < 0)
			return false;
		to[n++] = (uint8_t)value;
	}
	return n == 6 && rest.at == NULL;
}

static bool
is_interface_name(const char *s)
{
	return s[0] != '\0' && strlen(s) < IF_NAMESIZE &&
	    strpbrk(s, "/ \t") == NULL;
}

static void
take_vmac_name(struct vr_parse *p, const char *s)
{
	struct vr_vmac_conf *v = &here(p)->vmac;
	enum vr_outside_interface is = p->outside->interface(p->outside->arg,
	    s);

	if (v->name != NULL)
		vr_parse_error(p, "VMAC interface name already specified");
	else if (!is_interface_name(s))
		vr_parse_error(p, "VMAC interface name '%s' too long or "
		    "invalid characters - ignoring", s);
	else if (!p->no_host && (is == VR_INTERFACE_PLAIN ||
	    is == VR_INTERFACE_LOOPBACK))
		vr_parse_error(p, "(%s) interface %s already exists and is "
		    "not a private macvlan; ignoring vmac if_name",
		    here(p)->name, s);
	else
		v->name = vr_parse_copy(p, s);
}

static void
take_mac(struct vr_parse *p, const char *s, const uint8_t mac[6])
{
	static const uint8_t rfc[4] = { 0, 0, 0x5e, 0 };
	struct vr_vmac_conf *v = &here(p)->vmac;

	if (memcmp(mac, rfc, sizeof rfc) == 0)
		vr_parse_error(p, "VMAC MAC address not allowed to be RFC5798 "
		    "address (%s) - ignoring", s);
	else if (mac[0] & 1)
		vr_parse_error(p, "VMAC MAC address %s is a group address - "
		    "ignoring", s);
	else {
		memcpy(v->mac, mac, 6);
		v->mac_given = true;
	}
}

static void
read_vmac(struct vr_parse *p)
{
	struct vr_vmac_conf *v = &here(p)->vmac;
	uint8_t mac[6];
	int64_t group;

	v->on = true;
	for (unsigned n = 1; n < p->count; n++) {
		const char *s = p->words[n];

		if (read_mac(s, mac))
			take_mac(p, s, mac);
		else if (strcmp(s, "netlink_notify_msg") == 0)
			v->netlink_notify_msg = true;
		else if (strcmp(s, "group") == 0 && n + 1 < p->count) {
			if (vr_parse_number(p, p->words[++n], 0, UINT32_MAX,
			    &group))
				v->group = (uint32_t)group;
		} else
			take_vmac_name(p, s);
	}
}

static void
read_vrf(struct vr_parse *p)
{
	const char *s = vr_parse_need(p, 1);

	if (s == NULL)
		return;
	if (here(p)->interface != NULL)
		vr_parse_error(p, "(%s) Cannot specify VRF interface and "
		    "interface - ignoring", here(p)->name);
	else
		here(p)->vrf = vr_parse_copy(p, s);
}

/* ---- notify */

static const char *const notify_words[VR_NOTIFIES] = {
	[VR_NOTIFY_MASTER] = "notify_master",
	[VR_NOTIFY_BACKUP] = "notify_backup",
	[VR_NOTIFY_FAULT] = "notify_fault",
	[VR_NOTIFY_STOP] = "notify_stop",
	[VR_NOTIFY_DELETED] = "notify_deleted",
	[VR_NOTIFY_MASTER_RX_LOWER_PRI] = "notify_master_rx_lower_pri",
	[VR_NOTIFY_ANY] = "notify",
};

static void
read_script(struct vr_parse *p, struct vr_notify_conf *to)
{
	unsigned which = 0;

	while (strcmp(notify_words[which], p->words[0]) != 0)
		which++;
	if (which == VR_NOTIFY_DELETED) {
		to->deleted = true;
		if (p->count == 1)
			return;
	}
	if (to->scripts[which] != NULL && p->count > 1)
		vr_parse_note(p, "(%s) %s script already specified - "
		    "ignoring %s", p->draft->name, p->words[0], p->words[1]);
	else
		to->scripts[which] = vr_programs_read(p);
}

void
vr_keys_instance_notify(struct vr_parse *p, struct vr_notify_conf *to)
{
	const char *s = vr_parse_word(p, 1);
	bool alert = strcmp(p->words[0], "smtp_alert") == 0, on = true;

	if (!alert && strcmp(p->words[0], "notify_priority_changes") != 0) {
		read_script(p, to);
		return;
	}
	if (s != NULL && !vr_parse_onoff(s, &on))
		vr_parse_refuse(p, p->key->refusal, s);
	else if (alert)
		to->smtp_alert = on;
	else
		to->priority_changes = on;
}

static void
read_notify(struct vr_parse *p)
{
	vr_keys_instance_notify(p, &here(p)->notify);
}

static void
read_advert(struct vr_parse *p)
{
	const char *s = vr_parse_need(p, 1);

	if (s != NULL && !vr_parse_seconds(p, s, 10000, INT64_C(255) * SECOND,
	    &here(p)->advert_int))
		vr_parse_refuse(p, "({n}) Advert interval ({v}) not valid! "
		    "Must be > 0 - ignoring", s);
}

/* ---- the rows */

#define OWN(word, reader, text)						\
	{ .name = word, .kind = VR_KIND_OWN, .read = reader, .help = text }
#define FLAG(word, field, text)						\
	{ .name = word, .kind = VR_KIND_FLAG, .at = AT(field), .help = text }
#define BOOL(word, field, glob, text)					\
	{ .name = word, .kind = VR_KIND_BOOL, .at = AT(field),		\
	  .from = FROM(glob), .refusal = "({n}) invalid {k} {v} specified", \
	  .help = text }
#define NONE(word, why)							\
	{ .name = word, .kind = VR_KIND_NONE, .help = why }
#define SECONDS(word, field, say, text)					\
	{ .name = word, .kind = VR_KIND_SECONDS, .at = AT(field),	\
	  .from = FROM(field), .most = INT64_C(4294) * SECOND,		\
	  .refusal = say, .help = text }
#define REPEAT(word, field, low, zeroed, say, text)			\
	{ .name = word, .kind = VR_KIND_UINT, .at = AT(field),		\
	  .from = FROM(field), .least = low, .most = UINT32_MAX,	\
	  .zero = zeroed, .refusal = say, .help = text }
#define COLON		"({n}): {k} '{v}' invalid - ignoring"
#define ABOVE_ZERO	"({n}): {k} must be greater than 0, setting to 1"

const struct vr_key vr_keys_instance[] = {
	OWN("state", read_state, "MASTER or BACKUP: the first wish"),
	OWN("interface", read_interface, "where adverts go"),
	{ .name = "virtual_router_id", .kind = VR_KIND_U8, .at = AT(vrid),
	  .least = 1, .most = 255, .refusal = "({n}): VRID '{v}' not valid - "
	  "must be between 1 & 255", .help = "which router" },
	{ .name = "priority", .kind = VR_KIND_U8, .at = AT(priority),
	  .least = 1, .most = 255, .usual = "100", .refusal = "({n}) Priority "
	  "not valid! must be between 1 & 255. Using default 100",
	  .help = "the highest is master; 255 owns the addresses" },
	OWN("advert_int", read_advert, "seconds between adverts"),
	OWN("version", read_version, "2 or 3"),
	{ .name = "virtual_ipaddress", .kind = VR_KIND_OWN,
	  .read = read_addresses, .help = "{ ADDRESS OPTIONS... }" },
	{ .name = "virtual_ipaddress_excluded", .kind = VR_KIND_OWN,
	  .read = read_excluded, .help = "the same, not in adverts" },
	FLAG("no_virtual_ipaddress", no_virtual_ipaddress, "none on purpose"),
	OWN("virtual_routes", read_routes, "{ ROUTE... }"),
	OWN("virtual_rules", read_rules, "{ RULE... }"),
	{ .name = "authentication", .kind = VR_KIND_BLOCK,
	  .block = vr_keys_instance_auth, .help = "{ auth_type, auth_pass }" },
	{ .name = "auth_hmac", .kind = VR_KIND_OWN, .read = read_hmac,
	  .refused = true, .help = "refused: the instance stays in FAULT" },
	OWN("unicast_src_ip", read_source, "address adverts come from"),
	OWN("unicast_peer", read_peers, "{ ADDRESS [min_ttl N] [max_ttl N] }"),
	{ .name = "unicast_ttl", .kind = VR_KIND_UINT, .at = AT(unicast_ttl),
	  .least = 0, .most = 255, .usual = "255", .refusal = "({n}): TTL "
	  "'{v}' not valid - must be between 0 & 255", .help = "of adverts" },
	OWN("check_unicast_src", read_check_src, "adverts of strangers are "
	    "dropped"),
	FLAG("unicast_fault_no_peer", unicast_fault_no_peer, "without peers "
	    "it is in FAULT"),
	OWN("mcast_src_ip", read_source, "address adverts come from"),
	OWN("mcast_dst_ip", read_group_address, "group they go to"),
	FLAG("track_src_ip", track_src_ip, "FAULT while the source is "
	    "missing"),
	OWN("old_unicast_checksum", read_old_checksum, "[never]: peers up to "
	    "1.3.6"),
	BOOL("v3_checksum_as_v2", v3_checksum_as_v2, v3_checksum_as_v2,
	    "version 3 over IPv4 without pseudo header"),
	OWN("nopreempt", read_preempt, "a lower master stays"),
	OWN("preempt", read_preempt, "it does not"),
	OWN("preempt_delay", read_preempt_delay, "seconds until it must go"),
	{ .name = "down_timer_adverts", .kind = VR_KIND_UINT,
	  .at = AT(down_timer_adverts), .from = FROM(down_timer_adverts),
	  .least = 1, .most = 100, .refusal = "({n}): Invalid {k} [1:100] "
	  "'{v}'", .help = "adverts missing until the master counts as "
	  "down" },
	SECONDS("garp_master_delay", garp.delay, COLON, "second burst"),
	REPEAT("garp_master_repeat", garp.repeat, 1, ABOVE_ZERO, COLON,
	    "GARPs of a burst"),
	SECONDS("garp_master_refresh", garp.refresh, "({n}): Invalid {k} "
	    "'{v}' - ignoring", "GARPs again while master"),
	REPEAT("garp_master_refresh_repeat", garp.refresh_repeat, 1,
	    ABOVE_ZERO, COLON, "how many then"),
	SECONDS("garp_lower_prio_delay", garp.lower_prio_delay, COLON,
	    "after a lower priority"),
	REPEAT("garp_lower_prio_repeat", garp.lower_prio_repeat, 0, NULL,
	    "({n}): Invalid {k} '{v}'", "after a lower priority"),
	OWN("garp_extra_if", read_extra_if, "[all] SECONDS"),
	{ .name = "vmac_garp_intvl", .kind = VR_KIND_OWN,
	  .read = read_extra_if, .instead = "garp_extra_if" },
	BOOL("lower_prio_no_advert", lower_prio_no_advert,
	    lower_prio_no_advert, "no advert in answer to a lower priority"),
	BOOL("higher_prio_send_advert", higher_prio_send_advert,
	    higher_prio_send_advert, "one more advert before giving way"),
	BOOL("owner_ignore_adverts", owner_ignore_adverts,
	    owner_ignore_adverts, "priority 255 heeds nobody"),
	OWN("timer_expired_backup", read_expired, "[PRIORITY]: who wakes too "
	    "late gives way, as always, and has that priority until it is "
	    "master again"),
	OWN("thread_timer_expired", read_expired, "the same"),
	BOOL("skip_check_adv_addr", skip_check_adv_addr, skip_check_adv_addr,
	    "the address list of a known master is not compared again"),
	BOOL("strict_mode", strict, strict, "only what the RFC knows"),
	{ .name = "accept", .kind = VR_KIND_FLAG, .at = AT(accept),
	  .usual = "on", .help = "the addresses answer" },
	{ .name = "no_accept", .kind = VR_KIND_OFF, .at = AT(accept),
	  .help = "packets to them are dropped" },
	OWN("track_interface", read_track_interface,
	    "{ INTERFACE [weight N [reverse]] }"),
	OWN("track_script", read_track_script,
	    "{ NAME [weight N [reverse]] }"),
	OWN("track_file", read_track_file, "{ NAME [weight N [reverse]] }"),
	OWN("track_process", read_track_process,
	    "{ NAME [weight N [reverse]] }"),
	NONE("track_bfd", "BFD is not part of weir-vrrp; the instance does "
	    "not fault because of it"),
	{ .name = "track_unix", .kind = VR_KIND_OWN, .ours = true,
	  .read = read_track_unix, .help = "{ NAME [weight N [reverse]] }" },
	{ .name = "track_http", .kind = VR_KIND_OWN, .ours = true,
	  .read = read_track_http, .help = "{ NAME [weight N [reverse]] }" },
	FLAG("dont_track_primary", dont_track_primary, "its own link does not "
	    "matter"),
	OWN("use_vmac", read_vmac, "[NAME] [MAC] [netlink_notify_msg] [group "
	    "N]"),
	FLAG("use_vmac_addr", vmac.addresses, "VMACs for addresses "
	    "elsewhere"),
	FLAG("vmac_xmit_base", vmac.xmit_base, "adverts leave by the parent"),
	{ .name = "use_ipvlan", .kind = VR_KIND_OWN, .read = read_ipvlan,
	  .refused = true, .help = "refused: the instance stays in FAULT" },
	OWN("vrf", read_vrf, "NAME: bound to it"),
	{ .name = "native_ipv6", .kind = VR_KIND_OWN, .idle = true,
	  .read = read_native_ipv6, .help = "deprecated" },
	FLAG("promote_secondaries", promote_secondaries, "sysctl of the "
	    "interface"),
	NONE("linkbeat_use_polling", "the kernel tells of the link; the "
	    "original calls it deprecated in an instance"),
	OWN("notify", read_notify, "SCRIPT [USER [GROUP]]: all changes"),
	OWN("notify_master", read_notify, "SCRIPT [USER [GROUP]]"),
	OWN("notify_backup", read_notify, "SCRIPT [USER [GROUP]]"),
	OWN("notify_fault", read_notify, "SCRIPT [USER [GROUP]]"),
	OWN("notify_stop", read_notify, "SCRIPT [USER [GROUP]]"),
	OWN("notify_deleted", read_notify, "[SCRIPT [USER [GROUP]]]"),
	OWN("notify_master_rx_lower_pri", read_notify,
	    "SCRIPT [USER [GROUP]]"),
	{ .name = "notify_priority_changes", .kind = VR_KIND_OWN,
	  .read = read_notify, .refusal = "({n}) Invalid value '{v}' for "
	  "notify_priority_changes specified", .help = "to the fifo" },
	{ .name = "smtp_alert", .kind = VR_KIND_OWN, .read = read_notify,
	  .refusal = "Invalid vrrp_instance smtp_alert parameter {v}",
	  .help = "mail at changes of state" },
	{ .name = "kernel_rx_buf_size", .kind = VR_KIND_BYTES,
	  .at = AT(rx_buffer), .least = 0, .most = UINT32_MAX,
	  .absent = "({n}) invalid kernel_rx_buf_size specified",
	  .refusal = "({n}) invalid kernel_rx_buf_size specified",
	  .help = "bytes" },
	NONE("debug", "there are no debug levels of an instance"),
	NONE("lvs_sync_daemon_interface", "LVS is not part of weir-vrrp"),
	{ .name = NULL },
};

/* ---- the block */

static struct vr_instance_draft *
open_instance(struct vr_parse *p, const char *name)
{
	struct vr_instance_draft *d = arena_get(p->arena, sizeof *d);

	d->conf = arena_get(p->arena, sizeof *d->conf);
	d->conf->name = vr_parse_copy(p, name);
	d->conf->place = p->place;
	d->conf->family = AF_INET;
	d->conf->advert_int = SECOND;
	d->draft = (struct vr_draft){ .object = d->conf,
	    .name = d->conf->name, .rows = vr_keys_instance };
	d->conf->draft = &d->draft;
	vr_parse_usual(p, vr_keys_instance, d->conf);
	arena_add(p->arena, &p->instances, d);
	names_put(&p->instance_names, p->arena, text_of(name), d);
	return d;
}

static void
close_instance(struct vr_parse *p, struct vr_instance_draft *d)
{
	struct vr_instance_conf *i = d->conf;

	if (vr_parse_given(&d->draft, "unicast_ttl") && i->peers.count == 0 &&
	    !p->side) {
		vr_parse_error(p, "(%s): Cannot use unicast_ttl without "
		    "unicast peers - resetting", i->name);
		i->unicast_ttl = 255;
	}
}

void
vr_keys_instance_read(struct vr_parse *p)
{
	const char *name = vr_parse_word(p, 1);
	struct vr_instance_draft *d;

	if (p->count != 2) {
		vr_parse_error(p, "vrrp_instance must have a name");
		vr_parse_skip(p);
		return;
	}
	d = names_find(&p->instance_names, text_of(name));
	if (d != NULL && !p->side) {
		vr_parse_error(p, "vrrp instance %s already defined", name);
		vr_parse_skip(p);
		return;
	}
	if (d == NULL && p->side) {
		vr_parse_error(p, "vrrp instance %s is not in %s: a side file "
		    "makes none", name, p->config->path);
		vr_parse_skip(p);
		return;
	}
	p->instance = d == NULL ? open_instance(p, name) : d;
	d = p->instance;
	vr_parse_block(p, vr_keys_instance, &d->draft);
	if (!p->stopped)
		close_instance(p, d);
}
