/* SPDX-License-Identifier: ISC */
/* keys_global.c - the rows of global_defs; see keys_global.h. Any thread. */
#include <sys/socket.h>

#include <limits.h>
#include <string.h>

#include "base/number.h"
#include "vrrp/keys_global.h"
#include "vrrp/programs.h"

#define AT(name)	offsetof(struct vr_global_conf, name)

enum { SECOND = 1000 * 1000 };
static const char no_snmp[] = "SNMP is not part of weir-vrrp";
static const char no_dbus[] = "D-Bus is not part of weir-vrrp";
static const char no_lvs[] = "LVS is not part of weir-vrrp";
static const char no_bfd[] = "BFD is not part of weir-vrrp";

static struct vr_global_conf *
here(struct vr_parse *p)
{
	return &p->config->global;
}

/* ---- readers of what is no plain value */

static void
read_group(struct vr_parse *p, sa_family_t family, struct prefix *to)
{
	const char *s = vr_parse_need(p, 1);
	struct prefix ip;

	if (s == NULL)
		return;
	if (!vr_parse_ip(s, &ip) || ip.family != family)
		vr_parse_refuse(p, "Can't parse {k} [{v}]. Skipping", s);
	else if (!vr_parse_is_multicast(&ip))
		vr_parse_refuse(p, "{k} [{v}] is not multicast. Skipping", s);
	else {
		if (family == AF_INET6 && (ip.ip[1] & 0xf) != 2)
			vr_parse_refuse(p, "{k} [{v}] should be link-local "
			    "multicast.", s);
		*to = ip;
	}
}

static void
read_group4(struct vr_parse *p)
{
	read_group(p, AF_INET, &here(p)->mcast_group4);
}

static void
read_group6(struct vr_parse *p)
{
	read_group(p, AF_INET6, &here(p)->mcast_group6);
}

static void
read_min_garp(struct vr_parse *p)
{
	const char *s = vr_parse_word(p, 1);
	bool on = true;
	struct vr_garp_conf *g = &here(p)->garp;

	if (s != NULL && !vr_parse_onoff(s, &on)) {
		vr_parse_refuse(p, "Invalid value for {k} specified", s);
		return;
	}
	if (!on)
		return;
	g->delay = g->lower_prio_delay = g->refresh = 0;
	g->repeat = g->refresh_repeat = g->lower_prio_repeat = 1;
}

/* [all] SECONDS; also of an instance, whose refusals differ. */
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
		vr_parse_refuse(p, "{k} specified without time - ignoring",
		    "");
		return;
	}
	if (!vr_parse_number(p, s, 1, 86400, &value)) {
		vr_parse_refuse(p, "{k} '{v}' invalid - ignoring", s);
		return;
	}
	g->extra_if = value * SECOND;
	g->extra_if_all = all;
}

/* 0 of a widely copied sample file means: no gap. */
static void
read_gap(struct vr_parse *p, int64_t *to)
{
	const char *s = vr_parse_need(p, 1);

	if (s == NULL)
		return;
	if (strcmp(s, "0") == 0) {
		*to = 0;
		vr_parse_note(p, "Warning - %s 0 means no gap, as if it were "
		    "not there", p->key->name);
	} else if (!vr_parse_seconds(p, s, 1, UINT32_MAX, to))
		vr_parse_refuse(p, "{k} '{v}' is invalid", s);
}

static void
read_garp_gap(struct vr_parse *p)
{
	read_gap(p, &here(p)->garp_interval);
}

static void
read_gna_gap(struct vr_parse *p)
{
	read_gap(p, &here(p)->gna_interval);
}

static void
read_dynamic(struct vr_parse *p)
{
	const char *s = vr_parse_word(p, 1);

	here(p)->dynamic_interfaces = true;
	if (s == NULL)
		return;
	if (strcmp(s, "allow_if_changes") == 0)
		here(p)->allow_if_changes = true;
	else
		vr_parse_error(p, "Unknown dynamic_interfaces option '%s'", s);
}

static void
read_script_user(struct vr_parse *p)
{
	struct vr_program x;

	if (vr_parse_word(p, 1) == NULL)
		vr_parse_error(p, "No script username specified");
	else if (!vr_programs_user(p, 1, &x))
		vr_parse_error(p, "Error setting global script uid/gid");
	else {
		p->uid = x.uid;
		p->gid = x.gid;
		p->user = x.user;
		p->user_known = true;
		p->user_failed = false;
	}
}

static void
read_fifo(struct vr_parse *p, struct vr_fifo_conf *to)
{
	struct vr_program x = { .uid = 0 };

	if (vr_parse_word(p, 1) == NULL) {
		vr_parse_error(p, "No %s name specified", p->key->name);
		return;
	}
	if (to->path != NULL) {
		vr_parse_error(p, "%s already specified - ignoring %s",
		    p->key->name, p->words[1]);
		return;
	}
	if (p->count > 2 && !vr_programs_user(p, 2, &x)) {
		vr_parse_note(p, "%s %s: no such user or group - ignoring it",
		    p->key->name, p->words[1]);
		return;
	}
	to->path = vr_parse_copy(p, p->words[1]);
	to->uid = x.uid;
	to->gid = x.gid;
}

static void
read_notify_fifo(struct vr_parse *p)
{
	read_fifo(p, &here(p)->fifo);
}

static void
read_vrrp_fifo(struct vr_parse *p)
{
	read_fifo(p, &here(p)->vrrp_fifo);
}

static void
read_program(struct vr_parse *p, const struct vr_program **to)
{
	const char *s = vr_parse_need(p, 1);

	if (s == NULL)
		return;
	if (*to != NULL)
		vr_parse_error(p, "%s already specified - ignoring %s",
		    p->key->name, s);
	else
		*to = vr_programs_read(p);
}

static void
read_fifo_script(struct vr_parse *p)
{
	read_program(p, &here(p)->fifo.script);
}

static void
read_vrrp_fifo_script(struct vr_parse *p)
{
	read_program(p, &here(p)->vrrp_fifo.script);
}

static void
read_startup(struct vr_parse *p)
{
	read_program(p, &here(p)->startup_script);
}

static void
read_shutdown(struct vr_parse *p)
{
	read_program(p, &here(p)->shutdown_script);
}

static void
add_email(struct vr_parse *p)
{
	for (unsigned i = 0; i < p->count; i++)
		arena_add(p->arena, &here(p)->mail.to, vr_parse_copy(p,
		    p->words[i]));
}

static void
read_emails(struct vr_parse *p)
{
	if (vr_parse_lines(p, add_email) == 0)
		vr_parse_error(p, "Warning - empty notification_email block");
}

static bool
looks_like_host(const char *s)
{
	struct prefix ip;

	return vr_parse_ip(s, &ip) || strchr(s, '.') != NULL;
}

static void
read_smtp_server(struct vr_parse *p)
{
	const char *host = vr_parse_need(p, 1), *port = vr_parse_word(p, 2);
	struct vr_mail_conf *m = &here(p)->mail;
	int64_t number = 25;

	if (host == NULL)
		return;
	if ((port != NULL && !vr_parse_number(p, port, 1, 65535, &number)) ||
	    !looks_like_host(host)) {
		vr_parse_error(p, "Invalid smtp server %s %s", host,
		    port == NULL ? "25" : port);
		return;
	}
	m->server = vr_parse_copy(p, host);
	m->port = (unsigned)number;
}

static void
read_nice(struct vr_parse *p)
{
	const char *s = vr_parse_need(p, 1);
	int64_t value;

	if (s == NULL)
		return;
	if (!vr_parse_number(p, s, -20, 19, &value)) {
		vr_parse_error(p, "Invalid vrrp process priority specified");
		return;
	}
	here(p)->nice_given = true;
	here(p)->nice = (int)value;
}

static void
read_real_time(struct vr_parse *p)
{
	const char *s = vr_parse_need(p, 1);
	int64_t value;

	if (s == NULL)
		return;
	if (!vr_parse_number(p, s, INT32_MIN, INT32_MAX, &value)) {
		vr_parse_error(p, "vrrp process real-time priority '%s' "
		    "invalid", s);
		return;
	}
	if (value < 1 || value > 99)
		vr_parse_error(p, "vrrp process real-time priority %lld %s - "
		    "setting to %s", (long long)value, value < 1 ?
		    "less than minimum 1" : "greater than maximum 99",
		    value < 1 ? "minimum" : "maximum");
	here(p)->rt_priority = value < 1 ? 1 : value > 99 ? 99 : (int)value;
}

static void
read_affinity(struct vr_parse *p)
{
	uint64_t cpus[4] = { 0 };
	int64_t cpu;

	if (p->count < 2) {
		vr_parse_error(p, "No vrrp cpu_id set specified");
		return;
	}
	for (unsigned i = 1; i < p->count; i++) {
		if (!vr_parse_number(p, p->words[i], 0, 255, &cpu)) {
			vr_parse_error(p, "Invalid cpu_id:%s specified for "
			    "vrrp process", p->words[i]);
			return;
		}
		cpus[cpu / 64] |= UINT64_C(1) << cpu % 64;
	}
	memcpy(here(p)->cpu_affinity, cpus, sizeof cpus);
}

static void
read_auto_priority(struct vr_parse *p)
{
	const char *s = vr_parse_word(p, 1);
	int64_t value = 99;

	if (s != NULL && !vr_parse_number(p, s, -1, 99, &value)) {
		vr_parse_error(p, "max_auto_priority '%s' must be in [0, 99] "
		    "(or -1 to disable) - ignoring", s);
		return;
	}
	here(p)->max_auto_priority = (int)value;
}

static void
read_auto_delay(struct vr_parse *p)
{
	const char *s = vr_parse_need(p, 1);

	if (s != NULL && !vr_parse_number(p, s, 1, 10 * SECOND,
	    &here(p)->min_auto_priority_delay))
		vr_parse_refuse(p, "{k} '{v}' must be in [1, 10000000] - "
		    "ignoring", s);
}

static void
read_nftables(struct vr_parse *p)
{
	const char *s = vr_parse_word(p, 1);

	here(p)->nftables = s == NULL ? "keepalived" : vr_parse_copy(p, s);
}

static void
read_iptables(struct vr_parse *p)
{
	vr_parse_note(p, "iptables not supported, using nftables instead. "
	    "Please replace 'vrrp_iptables and 'vrrp_ipsets' with 'nftables' "
	    "config option");
	here(p)->nftables = "keepalived";
}

static void
read_rx_policy(struct vr_parse *p)
{
	const char *s = vr_parse_word(p, 1);
	struct vr_global_conf *g = here(p);

	if (s == NULL)
		vr_parse_error(p, "vrrp_rx_bufs_policy missing");
	else if (strcmp(s, "MTU") == 0)
		g->rx_policy = VR_RX_MTU;
	else if (strcmp(s, "ADVERT") == 0)
		g->rx_policy = VR_RX_ADVERT;
	else if (vr_parse_number(p, s, 0, UINT32_MAX, &g->rx_size))
		g->rx_policy = VR_RX_SIZE;
	else
		vr_parse_refuse(p, "Invalid {k} {v}", s);
}

/* "0177", "IRUSR|IWUSR". */
static void
read_umask(struct vr_parse *p)
{
	static const struct { const char *name; int bit; } bits[] = {
		{ "IRUSR", 0400 }, { "IWUSR", 0200 }, { "IXUSR", 0100 },
		{ "IRGRP", 040 }, { "IWGRP", 020 }, { "IXGRP", 010 },
		{ "IROTH", 04 }, { "IWOTH", 02 }, { "IXOTH", 01 },
		{ "IRWXU", 0700 }, { "IRWXG", 070 }, { "IRWXO", 07 },
	};
	const char *s = vr_parse_need(p, 1);
	struct text rest = text_of(s), word;
	int64_t mask = 0;

	if (s == NULL)
		return;
	if (s[0] >= '0' && s[0] <= '9') {
		if (number_int(rest, 0, 0, 0777, &mask, NULL) < 0)
			vr_parse_error(p, "invalid umask value %s", s);
		else
			here(p)->umask = (int)mask;
		return;
	}
	while (text_word(&rest, "| \t", &word)) {
		size_t i = 0, n = sizeof bits / sizeof bits[0];

		while (i < n && !text_is(word, bits[i].name))
			i++;
		if (i == n) {
			vr_parse_error(p, "Unknown umask bit %.*s",
			    TEXT_ARG(word));
			return;
		}
		mask |= bits[i].bit;
	}
	here(p)->umask = (int)mask;
}

static void
read_seed(struct vr_parse *p)
{
	const char *s = vr_parse_need(p, 1);
	int64_t value;

	if (s == NULL)
		return;
	if (!vr_parse_number(p, s, 0, UINT32_MAX, &value)) {
		vr_parse_refuse(p, "{k} {v} invalid", s);
		return;
	}
	p->seeded = true;
	p->seed = (unsigned)value;
}

static void
read_include_check(struct vr_parse *p)
{
	static const struct { const char *name; unsigned bit; } kinds[] = {
		{ "readable", BRACES_READABLE }, { "match", BRACES_MATCH },
		{ "wildcard_match", BRACES_WILDCARD },
		{ "brace_match", BRACES_BRACE }, { "all", BRACES_ALL },
	};
	unsigned bits = p->count == 1 ? BRACES_ALL : 0;

	for (unsigned n = 1; n < p->count; n++) {
		size_t i = 0, all = sizeof kinds / sizeof kinds[0];

		while (i < all && strcmp(kinds[i].name, p->words[n]) != 0)
			i++;
		if (i == all)
			vr_parse_error(p, "Unknown include_check type '%s' - "
			    "ignoring", p->words[n]);
		else
			bits |= kinds[i].bit;
	}
	here(p)->include_check = true;
	braces_check_includes(p->in, bits);
}

static void
read_reload_check(struct vr_parse *p)
{
	const char *s = vr_parse_word(p, 1);

	here(p)->reload_check_config = true;
	here(p)->reload_check_log = s == NULL ? NULL : vr_parse_copy(p, s);
}

static void
read_reload_file(struct vr_parse *p)
{
	const char *s = vr_parse_word(p, 1);

	here(p)->reload_file_on = true;
	here(p)->reload_file = s == NULL ? NULL : vr_parse_copy(p, s);
}

static void
read_buffer(struct vr_parse *p, struct vr_buffer_conf *to, bool force)
{
	const char *s = vr_parse_word(p, 1);

	if (!force) {
		if (s == NULL || !vr_parse_number(p, s, 0, UINT32_MAX,
		    &to->bytes))
			vr_parse_refuse(p, "{k} size ({v}) invalid",
			    s == NULL ? "" : s);
		return;
	}
	to->force = true;
	if (s != NULL && !vr_parse_onoff(s, &to->force))
		vr_parse_refuse(p, "Invalid value '{v}' for global {k} "
		    "specified", s);
}

static void
read_cmd_buffer(struct vr_parse *p)
{
	read_buffer(p, &here(p)->netlink_cmd, false);
}

static void
read_cmd_force(struct vr_parse *p)
{
	read_buffer(p, &here(p)->netlink_cmd, true);
}

static void
read_monitor_buffer(struct vr_parse *p)
{
	read_buffer(p, &here(p)->netlink_monitor, false);
}

static void
read_monitor_force(struct vr_parse *p)
{
	read_buffer(p, &here(p)->netlink_monitor, true);
}

static void
read_process_buffer(struct vr_parse *p)
{
	read_buffer(p, &here(p)->process_monitor, false);
}

static void
read_process_force(struct vr_parse *p)
{
	read_buffer(p, &here(p)->process_monitor, true);
}

static void
read_log_format(struct vr_parse *p)
{
	const char *s = vr_parse_need(p, 1);

	if (s == NULL)
		return;
	if (strcmp(s, "json") == 0 || strcmp(s, "original") == 0)
		here(p)->log_json = s[0] == 'j';
	else
		vr_parse_error(p, "log_format '%s' is invalid: original or "
		    "json", s);
}

/* ---- the rows */

#define OWN(word, reader, text)						\
	{ .name = word, .kind = VR_KIND_OWN, .read = reader, .help = text }
#define FLAG(word, field, text)						\
	{ .name = word, .kind = VR_KIND_FLAG, .at = AT(field), .help = text }
#define BOOL(word, field, say, text)					\
	{ .name = word, .kind = VR_KIND_BOOL, .at = AT(field),		\
	  .refusal = say, .help = text }
#define NONE(word, why)							\
	{ .name = word, .kind = VR_KIND_NONE, .help = why }
#define TEXT_ROW(word, field, text)					\
	{ .name = word, .kind = VR_KIND_TEXT, .at = AT(field), .help = text }
#define INVALID_FOR	"Invalid value '{v}' for global {k} specified"
#define QUOTED		"{k} '{v}' invalid - ignoring"

const struct vr_key vr_keys_global[] = {
	{ .name = "router_id", .kind = VR_KIND_TEXT, .at = AT(router_id),
	  .absent = "routerid name missing - ignoring",
	  .help = "name of the node, in mails and dumps" },
	{ .name = "vrrp_version", .kind = VR_KIND_UINT, .at = AT(version),
	  .least = 2, .most = 3, .usual = "2",
	  .refusal = "VRRP Error: Version must be either 2 or 3",
	  .help = "of instances that do not say theirs" },
	OWN("vrrp_mcast_group4", read_group4, "group of IPv4 adverts"),
	OWN("vrrp_mcast_group6", read_group6, "group of IPv6 adverts"),
	{ .name = "default_interface", .kind = VR_KIND_TEXT,
	  .at = AT(default_interface), .usual = "eth0",
	  .absent = "default_interface requires interface name",
	  .help = "of static addresses without dev" },
	{ .name = "vrrp_garp_master_delay", .kind = VR_KIND_SECONDS,
	  .at = AT(garp.delay), .most = INT64_C(4294) * SECOND, .usual = "5",
	  .refusal = QUOTED, .help = "until the second burst of GARPs; "
	  "0: none" },
	{ .name = "vrrp_garp_master_repeat", .kind = VR_KIND_UINT,
	  .at = AT(garp.repeat), .least = 1, .most = UINT32_MAX, .usual = "5",
	  .zero = "{k} must be greater than 0, setting to 1",
	  .refusal = QUOTED, .help = "GARPs of a burst" },
	{ .name = "vrrp_garp_lower_prio_delay", .kind = VR_KIND_SECONDS,
	  .at = AT(garp.lower_prio_delay), .most = INT64_C(4294) * SECOND,
	  .refusal = QUOTED, .help = "the same after an advert of a lower "
	  "priority" },
	{ .name = "vrrp_garp_lower_prio_repeat", .kind = VR_KIND_UINT,
	  .at = AT(garp.lower_prio_repeat), .most = UINT32_MAX,
	  .refusal = "Invalid {k} '{v}'", .help = "the same; 0: none" },
	{ .name = "vrrp_garp_master_refresh", .kind = VR_KIND_SECONDS,
	  .at = AT(garp.refresh), .most = INT64_C(4294) * SECOND, .usual = "0",
	  .refusal = "Invalid {k} '{v}' - ignoring",
	  .help = "GARPs again while master; 0: not" },
	{ .name = "vrrp_garp_master_refresh_repeat", .kind = VR_KIND_UINT,
	  .at = AT(garp.refresh_repeat), .least = 1, .most = UINT32_MAX,
	  .usual = "1", .zero = "{k} must be greater than 0, setting to 1",
	  .refusal = QUOTED, .help = "how many then" },
	OWN("vrrp_garp_interval", read_garp_gap, "between two GARPs on an "
	    "interface"),
	OWN("vrrp_gna_interval", read_gna_gap, "between two neighbour "
	    "adverts on an interface"),
	OWN("vrrp_min_garp", read_min_garp, "one GARP, no second burst"),
	OWN("vrrp_garp_extra_if", read_extra_if, "[all] SECONDS: GARPs on "
	    "other interfaces of the VMAC"),
	{ .name = "vrrp_vmac_garp_intvl", .kind = VR_KIND_OWN,
	  .read = read_extra_if, .instead = "vrrp_garp_extra_if" },
	{ .name = "vrrp_down_timer_adverts", .kind = VR_KIND_UINT,
	  .at = AT(down_timer_adverts), .least = 1, .most = 100,
	  .usual = "3", .refusal = "Invalid {k} [1:100] '{v}'",
	  .help = "adverts missing until the master counts as down" },
	BOOL("vrrp_lower_prio_no_advert", lower_prio_no_advert,
	    "Invalid value for {k} specified", "no advert in answer to a "
	    "lower priority"),
	BOOL("vrrp_higher_prio_send_advert", higher_prio_send_advert,
	    "Invalid value for {k} specified", "one more advert before "
	    "giving way"),
	FLAG("vrrp_check_unicast_src", check_unicast_src, "adverts of "
	    "strangers are dropped"),
	{ .name = "vrrp_skip_check_adv_addr", .kind = VR_KIND_FLAG,
	  .at = AT(skip_check_adv_addr), .help = "the address list of a "
	  "known master is not compared again" },
	FLAG("vrrp_strict", strict, "only what the RFC knows"),
	BOOL("vrrp_owner_ignore_adverts", owner_ignore_adverts, INVALID_FOR,
	    "priority 255 heeds nobody"),
	BOOL("v3_checksum_as_v2", v3_checksum_as_v2, INVALID_FOR, "version 3 "
	    "over IPv4 without pseudo header"),
	BOOL("vrrp_notify_priority_changes", notify_priority_changes,
	    INVALID_FOR, "changes of priority go to the fifo"),
	{ .name = "vrrp_startup_delay", .kind = VR_KIND_TIME,
	  .at = AT(startup_delay), .least = 1000, .most = UINT32_MAX,
	  .refusal = "{k} '{v}' is invalid", .help = "instances are silent "
	  "so long after the start" },
	{ .name = "vrrp_delay_after_boot", .kind = VR_KIND_TIME,
	  .at = AT(delay_after_boot), .least = 1000, .most = UINT32_MAX,
	  .refusal = "{k} '{v}' is invalid", .help = "the same, from the boot "
	  "of the host" },
	FLAG("log_unknown_vrids", log_unknown_vrids, "a line for adverts of "
	    "unknown routers"),
	OWN("dynamic_interfaces", read_dynamic, "[allow_if_changes] "
	    "interfaces may appear later"),
	OWN("script_user", read_script_user, "USER [GROUP] of scripts that "
	    "name none"),
	FLAG("enable_script_security", script_security, "scripts that others "
	    "than root can change are not run as root"),
	BOOL("use_symlink_paths", use_symlink_paths, INVALID_FOR, "accepted; "
	    "paths are resolved and each component is checked"),
	OWN("notify_fifo", read_notify_fifo, "PATH [USER [GROUP]]: a pipe "
	    "told of changes"),
	OWN("notify_fifo_script", read_fifo_script, "who reads it"),
	OWN("vrrp_notify_fifo", read_vrrp_fifo, "the same, for VRRP alone"),
	OWN("vrrp_notify_fifo_script", read_vrrp_fifo_script, "who reads it"),
	FLAG("fifo_write_vrrp_states_on_reload", fifo_states_on_reload,
	    "states are told again at a reload"),
	OWN("startup_script", read_startup, "once, before everything"),
	{ .name = "startup_script_timeout", .kind = VR_KIND_SECONDS,
	  .at = AT(startup_timeout), .least = SECOND, .most = INT64_C(1000) *
	  SECOND, .usual = "10", .refusal = "{k} '{v}' must be in [1, 1000] - "
	  "ignoring", .help = "its longest life" },
	OWN("shutdown_script", read_shutdown, "once, after everything"),
	{ .name = "shutdown_script_timeout", .kind = VR_KIND_SECONDS,
	  .at = AT(shutdown_timeout), .least = SECOND, .most = INT64_C(1000) *
	  SECOND, .usual = "10", .refusal = "{k} '{v}' must be in [1, 1000] - "
	  "ignoring", .help = "its longest life" },
	OWN("notification_email", read_emails, "{ ADDRESS... }: who gets "
	    "mail"),
	{ .name = "notification_email_from", .kind = VR_KIND_TEXT,
	  .at = AT(mail.from), .absent = "emailfrom missing - ignoring",
	  .help = "sender of mails" },
	OWN("smtp_server", read_smtp_server, "HOST [PORT] that takes mail"),
	TEXT_ROW("smtp_helo_name", mail.helo, "name in HELO"),
	{ .name = "smtp_connect_timeout", .kind = VR_KIND_SECONDS,
	  .at = AT(mail.connect_timeout), .least = SECOND, .most =
	  INT64_C(4294) * SECOND, .usual = "30", .zero = "smtp_conect_timeout "
	  "must be greater than 0, setting to 1", .refusal = "{k} '{v}' must "
	  "be in [0, 4294] - ignoring", .help = "of its connection" },
	BOOL("smtp_alert", smtp_alert, INVALID_FOR, "mail at changes of "
	    "state"),
	BOOL("smtp_alert_vrrp", smtp_alert_vrrp, INVALID_FOR, "the same"),
	FLAG("no_email_faults", mail.no_faults, "no mail for FAULT"),
	OWN("vrrp_priority", read_nice, "nice value, -20 to 19"),
	OWN("vrrp_rt_priority", read_real_time, "real-time priority, 1 to "
	    "99"),
	{ .name = "vrrp_rlimit_rttime", .kind = VR_KIND_BYTES,
	  .at = AT(rlimit_rttime), .least = 1, .most = UINT32_MAX,
	  .usual = "10000", .refusal = "Invalid vrrp real-time limit - {v}",
	  .help = "microseconds without a system call" },
	{ .name = "vrrp_rlimit_rtime", .kind = VR_KIND_BYTES,
	  .at = AT(rlimit_rttime), .least = 1, .most = UINT32_MAX,
	  .refusal = "Invalid vrrp real-time limit - {v}",
	  .help = "the same, an old spelling" },
	FLAG("vrrp_no_swap", no_swap, "memory is locked"),
	OWN("vrrp_cpu_affinity", read_affinity, "CPUs it runs on"),
	OWN("max_auto_priority", read_auto_priority, "[-1 to 99]: real-time "
	    "priority goes up by one, as far as this, when a timer is late; "
	    "0, -1: it does not"),
	OWN("min_auto_priority_delay", read_auto_delay, "microseconds that "
	    "are late"),
	FLAG("process_names", process_names, "processes have names of their "
	    "own"),
	TEXT_ROW("process_name", process_name, "name of the parent"),
	TEXT_ROW("vrrp_process_name", vrrp_process_name, "name of the child"),
	OWN("nftables", read_nftables, "[TABLE] for no_accept and VMAC"),
	{ .name = "nftables_priority", .kind = VR_KIND_INT,
	  .at = AT(nftables_priority), .least = INT32_MIN, .most = INT32_MAX,
	  .usual = "-1", .refusal = "invalid nftables chain priority '{v}'",
	  .help = "of its chains" },
	FLAG("nftables_counters", nftables_counters, "rules count"),
	FLAG("nftables_ifindex", nftables_ifindex, "rules by number of the "
	    "interface, as always"),
	{ .name = "vrrp_iptables", .kind = VR_KIND_OWN, .idle = true,
	  .read = read_iptables, .help = "nftables is used instead" },
	{ .name = "vrrp_ipsets", .kind = VR_KIND_OWN, .idle = true,
	  .read = read_iptables, .help = "nftables is used instead" },
	FLAG("disable_local_igmp", disable_local_igmp, "no IGMP for "
	    "link-local groups"),
	OWN("vrrp_rx_bufs_policy", read_rx_policy, "MTU, ADVERT or bytes of "
	    "receive buffer for each instance on a socket"),
	{ .name = "vrrp_rx_bufs_multiplier", .kind = VR_KIND_UINT,
	  .at = AT(rx_multiplier), .least = 1, .most = UINT32_MAX,
	  .usual = "3", .refusal = "Invalid {k} {v}",
	  .help = "MTUs or adverts for each" },
	OWN("vrrp_netlink_cmd_rcv_bufs", read_cmd_buffer, "bytes"),
	OWN("vrrp_netlink_cmd_rcv_bufs_force", read_cmd_force, "beyond the "
	    "system's limit"),
	OWN("vrrp_netlink_monitor_rcv_bufs", read_monitor_buffer, "bytes"),
	OWN("vrrp_netlink_monitor_rcv_bufs_force", read_monitor_force,
	    "beyond the system's limit"),
	OWN("process_monitor_rcv_bufs", read_process_buffer, "accepted; "
	    "processes are found without a socket"),
	OWN("process_monitor_rcv_bufs_force", read_process_force,
	    "the same"),
	OWN("umask", read_umask, "of files that are made"),
	{ .name = "vmac_prefix", .kind = VR_KIND_TEXT, .at = AT(vmac_prefix),
	  .usual = "vrrp", .help = "of names of VMAC interfaces" },
	{ .name = "vmac_addr_prefix", .kind = VR_KIND_TEXT,
	  .at = AT(vmac_addr_prefix), .usual = "vrrp",
	  .help = "of those for addresses elsewhere" },
	OWN("random_seed", read_seed, "for ${_RANDOM}"),
	OWN("include_check", read_include_check, "[readable match "
	    "wildcard_match brace_match]: missing files are errors"),
	OWN("reload_check_config", read_reload_check, "[LOG]: a new file is "
	    "tested first"),
	OWN("reload_file", read_reload_file, "[FILE]: is there, and empty, "
	    "while a reload reads the configuration"),
	NONE("reload_time_file", "reloads are not timed by a file"),
	NONE("reload_repeat", "reloads are not timed by a file"),
	NONE("config_save_dir", "the configuration is not saved elsewhere"),
	NONE("tmp_config_directory", "no temporary copy is made"),
	BOOL("data_use_instance", data_use_instance, "Invalid value '{v}' for "
	    "global date_use_instance specified", "dump files have the "
	    "instance in their names"),
	TEXT_ROW("state_dump_file", state_dump_file, "what SIGUSR1 writes"),
	TEXT_ROW("state_dump_file_location", state_dump_file, "the same"),
	TEXT_ROW("stats_dump_file", stats_dump_file, "what SIGUSR2 writes"),
	TEXT_ROW("stats_dump_file_location", stats_dump_file, "the same"),
	TEXT_ROW("json_dump_file", json_dump_file, "what the JSON signal "
	    "writes"),
	TEXT_ROW("json_dump_file_location", json_dump_file, "the same"),
	{ .name = "json_version", .kind = VR_KIND_UINT, .at =
	  AT(json_version), .least = 1, .most = 2, .usual = "1", .refusal =
	  "{k} '{v}' is invalid", .help = "shape of that file" },
	TEXT_ROW("iproute_usr_dir", iproute_usr_dir, "names of tables"),
	TEXT_ROW("iproute_etc_dir", iproute_etc_dir, "names of tables"),
	NONE("lvs_sync_daemon", no_lvs), NONE("lvs_timeouts", no_lvs),
	NONE("lvs_flush", no_lvs), NONE("lvs_flush_onstop", no_lvs),
	NONE("lvs_flush_on_stop", no_lvs),
	NONE("lvs_netlink_cmd_rcv_bufs", no_lvs),
	NONE("lvs_netlink_cmd_rcv_bufs_force", no_lvs),
	NONE("lvs_netlink_monitor_rcv_bufs", no_lvs),
	NONE("lvs_netlink_monitor_rcv_bufs_force", no_lvs),
	NONE("lvs_notify_fifo", no_lvs), NONE("lvs_notify_fifo_script",
	    no_lvs),
	NONE("lvs_process_name", no_lvs),
	NONE("checker_process_name", no_lvs), NONE("checker_priority", no_lvs),
	NONE("checker_rt_priority", no_lvs), NONE("checker_no_swap", no_lvs),
	NONE("checker_rlimit_rttime", no_lvs),
	NONE("checker_rlimit_rtime", no_lvs),
	NONE("checker_cpu_affinity", no_lvs),
	NONE("checker_log_all_failures", no_lvs),
	NONE("smtp_alert_checker", no_lvs), NONE("no_checker_emails", no_lvs),
	NONE("rs_init_notifies", no_lvs), NONE("nftables_ipvs", no_lvs),
	NONE("nftables_ipvs_priority", no_lvs),
	NONE("nftables_ipvs_start_fwmark", no_lvs),
	NONE("bfd_priority", no_bfd), NONE("bfd_rt_priority", no_bfd),
	NONE("bfd_no_swap", no_bfd), NONE("bfd_rlimit_rttime", no_bfd),
	NONE("bfd_rlimit_rtime", no_bfd), NONE("bfd_cpu_affinity", no_bfd),
	NONE("bfd_process_name", no_bfd),
	NONE("snmp_socket", no_snmp), NONE("enable_traps", no_snmp),
	NONE("enable_snmp_vrrp", no_snmp),
	NONE("enable_snmp_keepalived", no_snmp),
	NONE("enable_snmp_checker", no_snmp), NONE("enable_snmp_rfc", no_snmp),
	NONE("enable_snmp_rfcv2", no_snmp), NONE("enable_snmp_rfcv3", no_snmp),
	NONE("snmp_vs_stats_update_interval", no_snmp),
	NONE("snmp_rs_stats_update_interval", no_snmp),
	NONE("enable_dbus", no_dbus), NONE("dbus_service_name", no_dbus),
	NONE("dbus_no_interface_name", no_dbus),
	{ .name = "status_socket", .kind = VR_KIND_TEXT,
	  .at = AT(status_socket), .ours = true,
	  .help = "unix path that answers with the state" },
	{ .name = "metrics_listen", .kind = VR_KIND_TEXT,
	  .at = AT(metrics_listen), .ours = true,
	  .help = "ADDRESS:PORT or path of /metrics and /healthz" },
	{ .name = "shell_scripts", .kind = VR_KIND_BOOL,
	  .at = AT(shell_scripts), .ours = true,
	  .help = "scripts with shell characters go to /bin/sh -c" },
	{ .name = "script_environment", .kind = VR_KIND_BOOL,
	  .at = AT(script_environment), .ours = true,
	  .help = "name, state, priority for track scripts" },
	{ .name = "log_format", .kind = VR_KIND_OWN, .read = read_log_format,
	  .ours = true, .help = "original or json" },
	{ .name = "sandbox", .kind = VR_KIND_BOOL, .at = AT(sandbox),
	  .ours = true, .usual = "on", .help = "seccomp and Landlock" },
	{ .name = NULL },
};
