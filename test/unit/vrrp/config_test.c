/* SPDX-License-Identifier: ISC */
/*
 * config_test.c - what a file means: defaults, inheritance, exclusions,
 * scripts, side files, and what differs between two. One thread.
 */
#include <stdio.h>
#include <time.h>

#include "base/mem.h"
#include "unit.h"
#include "vrrp/compare.h"
#include "vrrp/config.h"
#include "vrrp/explain.h"
#include "vrrp/keys.h"

static char said[16384];
static struct vr_report report;

/* ---- a host of its own */

static int
fetch(void *arg, struct arena *arena, const char *path, struct text *to,
    struct why *why)
{
	why_set(why, "no such file");
	return 1;
}

static unsigned
match(void *arg, struct arena *arena, const char *pattern,
    const char ***paths)
{
	return 0;
}

static const char *
variable(void *arg, const char *name)
{
	return NULL;
}

static unsigned
draw(void *arg)
{
	return 0;
}

static enum vr_outside_interface
find_interface(void *arg, const char *name)
{
	return strncmp(name, "eth", 3) == 0 ? VR_INTERFACE_PLAIN :
	    strcmp(name, "lo") == 0 ? VR_INTERFACE_LOOPBACK :
	    VR_INTERFACE_NONE;
}

static int
find_user(void *arg, const char *name, uid_t *uid, gid_t *gid)
{
	*uid = *gid = strcmp(name, "root") == 0 ? 0 : 7;
	return strcmp(name, "root") == 0 || strcmp(name, "other") == 0 ||
	    strcmp(name, "7") == 0 ? 0 : -1;
}

static int
find_group(void *arg, const char *name, gid_t *gid)
{
	*gid = strcmp(name, "7") == 0 ? 7 : 9;
	return strcmp(name, "staff") == 0 || *gid == 7 ? 0 : -1;
}

static void
find_program(void *arg, struct arena *arena, const char *name, uid_t uid,
    gid_t gid, struct vr_outside_program *to)
{
	*to = (struct vr_outside_program){
		.found = strstr(name, "none") == NULL, .plain = true,
		.executable = strstr(name, "plain") == NULL,
		.path = arena_print(arena, "/real/%s", name),
		.unsafe = strstr(name, "open") != NULL ?
		    "/tmp, owner 0, mode 0777" : NULL };
}

static const char *
host_name(void *arg)
{
	return "node.example";
}

static long
named(void *arg, const char *dir, const char *list, const char *name)
{
	if (dir != NULL)
		return strcmp(dir, "/e") == 0 && strcmp(name, "own") == 0 ?
		    88 : -1;
	return strcmp(name, "special") == 0 ? 77 : -1;
}

static const struct vr_outside outside = {
	.id = "node", .fetch = fetch, .match = match, .variable = variable,
	.random = draw, .interface = find_interface, .user = find_user,
	.group = find_group, .program = find_program,
	.host_name = host_name, .named = named,
};

static void
tell(void *arg, enum vr_report_level level, const char *line)
{
	size_t used = strlen(said);

	snprintf(said + used, sizeof said - used, "%s\n", line);
}

static struct vr_config *
read_with(const char *text, const char *side)
{
	said[0] = '\0';
	report = (struct vr_report){ .tell = tell };
	return vr_config_parse("f", text_of(text), side, 0, &outside,
	    &report);
}

static struct vr_config *
read_text(const char *text)
{
	return read_with(text, NULL);
}

#define ROUTER(name, id, more)						\
	"vrrp_instance " name " {\n interface eth0\n virtual_router_id " id \
	"\n" more "\n virtual_ipaddress {\n 10.0.0." id "\n }\n}\n"

/* The one instance of a text, and the status of -t. */
static const struct vr_instance_conf *
one(const char *text, int status, struct vr_config **c)
{
	*c = read_text(text);
	ck_assert_ptr_nonnull(*c);
	ck_assert_msg(vr_report_status(&report) == status, "%d: %s",
	    vr_report_status(&report), said);
	ck_assert_int_eq((*c)->instances.count, 1);
	return (*c)->instances.at[0];
}

/* ---- tests */

START_TEST(fills_defaults)
{
	struct vr_config *c;
	const struct vr_instance_conf *i = one(ROUTER("A", "51", ""), 0, &c);

	ck_assert_str_eq(said, "");
	ck_assert_str_eq(i->name, "A");
	ck_assert_int_eq(i->version, 2);
	ck_assert_int_eq(i->family, AF_INET);
	ck_assert_int_eq(i->priority, 100);
	ck_assert_int_eq(i->advert_int, 1000000);
	ck_assert_int_eq(i->garp.delay, 5000000);
	ck_assert_int_eq(i->garp.repeat, 5);
	ck_assert_int_eq(i->garp.lower_prio_delay, 5000000);
	ck_assert_int_eq(i->garp.lower_prio_repeat, 5);
	ck_assert_int_eq(i->garp.refresh_repeat, 1);
	ck_assert_int_eq(i->down_timer_adverts, 3);
	ck_assert(i->accept && !i->master && !i->unicast && !i->strict);
	ck_assert_int_eq(i->unicast_ttl, 255);
	ck_assert_int_eq(i->group_address.ip[3], 18);
	ck_assert_int_eq(i->addresses.at[0]->ip.bits, 32);
	ck_assert_uint_eq(i->addresses.at[0]->preferred_lft, UINT32_MAX);
	ck_assert_str_eq(c->global.router_id, "node.example");
	ck_assert_str_eq(c->global.default_interface, "eth0");
	ck_assert(c->global.sandbox);
	vr_config_free(&c);
	ck_assert_ptr_null(c);
}
END_TEST

START_TEST(inherits)
{
	struct vr_config *c;
	const struct vr_instance_conf *i = one("global_defs {\n"
	    "vrrp_garp_master_delay 7\nvrrp_garp_master_repeat 2\n"
	    "vrrp_version 3\nvrrp_down_timer_adverts 4\nsmtp_alert\n"
	    "vrrp_higher_prio_send_advert\n}\n"
	    ROUTER("A", "51", "garp_master_repeat 3\nsmtp_alert off"), 0, &c);

	ck_assert_int_eq(i->garp.delay, 7000000);
	ck_assert_int_eq(i->garp.repeat, 3);
	ck_assert_int_eq(i->garp.lower_prio_delay, 7000000);
	ck_assert_int_eq(i->garp.lower_prio_repeat, 3);
	ck_assert_int_eq(i->version, 3);
	ck_assert_int_eq(i->down_timer_adverts, 4);
	ck_assert(i->higher_prio_send_advert && !i->notify.smtp_alert);
	vr_config_free(&c);
}
END_TEST

START_TEST(reads_addresses)
{
	struct vr_config *c;
	const struct vr_instance_conf *i;

	c = read_text("vrrp_instance A {\ninterface eth0\nvirtual_router_id 3"
	    "\nvirtual_ipaddress {\n10.1.2.3/16 brd + dev eth1 label eth1:x "
	    "scope link no_track\n}\nvirtual_ipaddress_excluded {\nfd00::1\n"
	    "fd00::2/64 -nodad\n}\n}\n");
	i = c->instances.at[0];
	ck_assert_str_eq(said, "");
	ck_assert_int_eq(i->addresses.at[0]->broadcast.ip[2], 255);
	ck_assert_int_eq(i->addresses.at[0]->broadcast.ip[1], 1);
	ck_assert_str_eq(i->addresses.at[0]->dev, "eth1");
	ck_assert_str_eq(i->addresses.at[0]->label, "eth1:x");
	ck_assert_int_eq(i->addresses.at[0]->scope, 253);
	ck_assert(i->addresses.at[0]->no_track);
	ck_assert(i->excluded.at[0]->nodad && !i->excluded.at[1]->nodad);
	ck_assert_uint_eq(i->excluded.at[0]->preferred_lft, 0);
	ck_assert_uint_eq(i->excluded.at[1]->preferred_lft, UINT32_MAX);
	vr_config_free(&c);
}
END_TEST

START_TEST(reads_routes_and_rules)
{
	struct vr_config *c;
	const struct vr_instance_conf *i = one("vrrp_instance A {\ninterface "
	    "eth0\nvirtual_router_id 3\nvirtual_ipaddress {\n10.0.0.3\n}\n"
	    "virtual_routes {\n10.1.0.0/16 via 10.0.0.9 dev eth0 table special "
	    "metric 5 mtu lock 1400\ndefault nexthop via 10.0.0.1 dev eth0 "
	    "weight 3 nexthop via 10.0.0.2 onlink no_track\n}\nvirtual_rules "
	    "{\nnot from 10.0.0.0/8 fwmark 0x5/7 uidrange 3-4 table main "
	    "priority 9\niif eth0 goto 90 preference 8\n}\n}\n", 0, &c);
	const struct vr_route_conf *r = i->routes.at[0];
	const struct vr_rule_conf *u = i->rules.at[0];

	ck_assert_int_eq(r->to.bits, 16);
	ck_assert_int_eq(r->via.ip[3], 9);
	ck_assert_uint_eq(r->table, 77);
	ck_assert(r->metric_given && r->metric == 5 && r->mtu == 1400 &&
	    r->mtu_lock && !r->no_track && r->proto == 18);
	r = i->routes.at[1];
	ck_assert_int_eq(r->to.bits, 0);
	ck_assert_int_eq(r->hop_count, 2);
	ck_assert_int_eq(r->hops[0].weight, 3);
	ck_assert(r->hops[1].onlink && r->no_track);
	ck_assert(u->invert && u->fwmark_given && u->fwmark == 5 &&
	    u->fwmask == 7 && u->uid.most == 4 && u->priority == 9);
	ck_assert_uint_eq(u->table, 254);
	ck_assert_uint_eq(i->rules.at[1]->go_to, 90);
	vr_config_free(&c);
}
END_TEST

START_TEST(settles_what_excludes)
{
	static const struct {
		const char *more;
		const char *line;
	} rows[] = {
		{ "state MASTER\nnopreempt", "nopreempt will not work" },
		{ "nopreempt\npreempt_delay 3", "preempt_delay is "
		    "incompatible" },
		{ "advert_int 1.5", "must be an integer" },
		{ "version 3\nadvert_int 50", "Setting to 40.95s" },
		{ "version 3\nauthentication {\nauth_type PASS\nauth_pass x\n"
		    "}", "does not support authentication" },
		{ "authentication {\nauth_type AH\n}", "AH is not supported" },
		{ "use_ipvlan", "use_ipvlan is not supported" },
		{ "unicast_src_ip 10.0.0.1", "Defaulting to multicast" },
		{ "vmac_xmit_base", "only valid with a vmac" },
		{ "priority 255\ntrack_interface {\neth1 weight 5\n}",
		    "due to address owner" },
		{ "track_interface {\neth0\n}", "since own interface" },
		{ "strict_mode on\ndown_timer_adverts 4", "incompatible with "
		    "strict" },
		{ "timer_expired_backup", "needs nopreempt" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		char text[512];
		struct vr_config *c;

		snprintf(text, sizeof text, ROUTER("A", "51", "%s"),
		    rows[i].more);
		one(text, 5, &c);
		ck_assert_msg(strstr(said, rows[i].line) != NULL, "%s: %s",
		    rows[i].more, said);
		vr_config_free(&c);
	}
}
END_TEST

/* ---- classes: all that is known has its effect, but for these */

static const char idle[] = " linkbeat_use_polling net_namespace_ipvs "
    "namespace_with_ipsets virtual_server virtual_server_group SSL "
    "bfd_instance track_bfd global_tracking native_ipv6 debug "
    "lvs_sync_daemon_interface vrrp_iptables vrrp_ipsets reload_time_file "
    "reload_repeat config_save_dir tmp_config_directory snmp_socket "
    "enable_traps enable_dbus dbus_service_name dbus_no_interface_name "
    "smtp_alert_checker no_checker_emails rs_init_notifies ";
static const char *const families[] = { "lvs_", "nftables_ipvs", "checker_",
	"bfd_", "enable_snmp_", "snmp_" };

static const char *
class_of(const char *name)
{
	char word[64];

	if (strcmp(name, "use_ipvlan") == 0 || strcmp(name, "auth_hmac") == 0)
		return "E";
	snprintf(word, sizeof word, " %s ", name);
	if (strstr(idle, word) != NULL)
		return "W";
	for (size_t i = 0; i < sizeof families / sizeof families[0]; i++)
		if (strncmp(name, families[i], strlen(families[i])) == 0)
			return "W";
	return "F";
}

START_TEST(classes_are_those_of_the_manual)
{
	for (const struct vr_keys_block *b = vr_keys_blocks; b->name != NULL;
	    b++)
		for (const struct vr_key *k = b->rows; k->name != NULL; k++)
			ck_assert_msg(strcmp(vr_keys_class(k),
			    class_of(k->name)) == 0, "%s of %s: %s", k->name,
			    b->name, vr_keys_class(k));
}
END_TEST

/* A value that each of them takes; nothing that works is called idle. */
START_TEST(what_works_is_not_called_idle)
{
	static const char *const values[] = { "", " 5", " on", " a", " 1" };
	static const struct { const char *name, *head, *tail; } where[] = {
		{ "global_defs", "global_defs {\n", "\n}\n" },
		{ "vrrp_instance", "vrrp_instance A {\ninterface eth0\n"
		    "virtual_router_id 5\nnopreempt\n", "\n}\n" },
		{ "vrrp_sync_group", "vrrp_sync_group G {\ngroup {\nA\n}\n",
		    "\n}\n" ROUTER("A", "51", "") },
	};
	char text[512];

	for (const struct vr_keys_block *b = vr_keys_blocks; b->name != NULL;
	    b++)
		for (size_t w = 0; w < 3; w++)
			for (const struct vr_key *k = b->rows; k->name !=
			    NULL && strcmp(b->name, where[w].name) == 0; k++)
				for (size_t v = 0; v < 5; v++) {
					struct vr_config *c;

					if (class_of(k->name)[0] != 'F')
						continue;
					snprintf(text, sizeof text,
					    "%s%s%s%s", where[w].head,
					    k->name, values[v],
					    where[w].tail);
					c = read_text(text);
					ck_assert_msg(strstr(said,
					    "has no effect") == NULL,
					    "%s%s: %s", k->name, values[v],
					    said);
					vr_config_free(&c);
				}
}
END_TEST

START_TEST(a_seed_makes_it_the_same_again)
{
	char before[32] = "";

	for (unsigned i = 0; i < 3; i++) {
		struct vr_config *c = read_text("global_defs {\nrandom_seed 7"
		    "\n}\ntrack_file f {\nfile /${_RANDOM}\n}\n");

		ck_assert(i == 0 || strcmp(before, c->files.at[0]->path) ==
		    0);
		ck_assert_str_ne(c->files.at[0]->path, "/0");
		snprintf(before, sizeof before, "%s", c->files.at[0]->path);
		vr_config_free(&c);
	}
}
END_TEST

START_TEST(looks_for_names_where_it_is_told)
{
	struct vr_config *c = read_text("global_defs {\niproute_etc_dir /e\n"
	    "}\nstatic_routes {\n10.0.0.0/8 dev eth0 table own\n"
	    "10.0.0.0/8 dev eth0 table special\n}\n");

	ck_assert_str_eq(said, "");
	ck_assert_uint_eq(c->routes.at[0]->table, 88);
	ck_assert_uint_eq(c->routes.at[1]->table, 77);
	vr_config_free(&c);
}
END_TEST

START_TEST(keeps_refused_ones_in_fault)
{
	struct vr_config *c;

	ck_assert_ptr_nonnull(one(ROUTER("A", "51", "use_ipvlan"), 5,
	    &c)->fault);
	vr_config_free(&c);
	ck_assert_ptr_nonnull(one(ROUTER("A", "51", "authentication {\n"
	    "auth_type AH\nauth_pass x\n}"), 5, &c)->fault);
	vr_config_free(&c);
	c = read_text(ROUTER("A", "51", "") ROUTER("B", "51", ""));
	ck_assert_ptr_null(c->instances.at[0]->fault);
	ck_assert_ptr_nonnull(c->instances.at[1]->fault);
	vr_config_free(&c);
	/* Unicast with other peers is another router. */
	c = read_text(ROUTER("A", "51", "unicast_peer {\n10.0.0.2\n}")
	    ROUTER("B", "51", "unicast_peer {\n10.0.0.3\n}"));
	ck_assert_ptr_null(c->instances.at[1]->fault);
	vr_config_free(&c);
}
END_TEST

#define SCRIPT(command)	"vrrp_script s {\nscript \"" command "\"\n}\n"	\
	ROUTER("A", "51", "track_script {\ns weight -9 reverse\n}")
#define SECURE	"global_defs {\nscript_user root\nenable_script_security\n}\n"

START_TEST(judges_scripts)
{
	struct vr_config *c;
	const struct vr_script_conf *s;
	const struct vr_instance_conf *i = one(SECURE SCRIPT("/x a 'b c'"), 0,
	    &c);

	s = c->scripts.at[0];
	ck_assert_int_eq(s->program->count, 3);
	ck_assert_str_eq(s->program->argv[0], "/real//x");
	ck_assert_str_eq(s->program->argv[2], "b c");
	ck_assert_ptr_null(s->program->argv[3]);
	ck_assert_int_eq(s->interval, 1000000);
	ck_assert_int_eq(s->timeout, 1000000);
	ck_assert(s->used && i->tracks.at[0]->script == s);
	ck_assert_int_eq(i->tracks.at[0]->weight.value, -9);
	ck_assert(i->tracks.at[0]->weight.reverse);
	vr_config_free(&c);
	one(SCRIPT("/x"), 6, &c);
	ck_assert_ptr_nonnull(strstr(said, "SECURITY VIOLATION"));
	vr_config_free(&c);
	one(SECURE SCRIPT("/none"), 5, &c);
	ck_assert_ptr_nonnull(c->scripts.at[0]->program->disabled);
	vr_config_free(&c);
	one(SECURE SCRIPT("/open"), 5, &c);
	ck_assert_ptr_nonnull(strstr(said, "/tmp, owner 0, mode 0777"));
	ck_assert(c->scripts.at[0]->program->insecure);
	vr_config_free(&c);
	one(SCRIPT("/open"), 6, &c);
	ck_assert_ptr_null(c->scripts.at[0]->program->disabled);
	vr_config_free(&c);
	one(SECURE SCRIPT("/x | y"), 0, &c);
	ck_assert_ptr_nonnull(strstr(said, "without a shell"));
	vr_config_free(&c);
}
END_TEST

START_TEST(joins_groups)
{
	struct vr_config *c = read_text("vrrp_sync_group G {\ngroup {\nA\nB\n}"
	    "\nnotify \"/x y\" other staff\n}\ntrack_group T {\ngroup {\nB\n}"
	    "\n}\nstatic_ipaddress {\n10.9.0.1/24 track_group T\n}\n"
	    ROUTER("A", "51", "") ROUTER("B", "52", ""));

	ck_assert_int_eq(c->groups.count, 1);
	ck_assert_int_eq(c->groups.at[0]->members.count, 2);
	ck_assert_ptr_eq(c->instances.at[1]->group, c->groups.at[0]);
	ck_assert_uint_eq(c->groups.at[0]->notify.scripts[VR_NOTIFY_ANY]->uid,
	    7);
	ck_assert_uint_eq(c->groups.at[0]->notify.scripts[VR_NOTIFY_ANY]->gid,
	    9);
	ck_assert_ptr_eq(c->addresses.at[0]->group, c->track_groups.at[0]);
	ck_assert_ptr_eq(c->track_groups.at[0]->members.at[0],
	    c->instances.at[1]);
	ck_assert_str_eq(c->addresses.at[0]->dev, "eth0");
	vr_config_free(&c);
}
END_TEST

START_TEST(reads_side_files)
{
	struct vr_config *c = read_with(ROUTER("A", "51", ""),
	    "global_defs {\nstatus_socket /run/s\nrouter_id x\n}\n"
	    "track_http h {\nurl http://127.0.0.1:8080/up\nexpect 200-204,301\n"
	    "}\ntrack_unix u {\npath /run/u\nsend \"a\\n\"\n}\n"
	    "vrrp_instance A {\ntrack_http {\nh weight -5\n}\ntrack_unix {\nu\n"
	    "}\npriority 5\n}\nvrrp_instance B {\n}\n");
	const struct vr_http_conf *h = c->https.at[0];

	ck_assert_str_eq(c->global.status_socket, "/run/s");
	ck_assert_str_eq(c->global.router_id, "node.example");
	ck_assert_int_eq(c->instances.count, 1);
	ck_assert_int_eq(c->instances.at[0]->priority, 100);
	ck_assert_int_eq(c->instances.at[0]->tracks.count, 2);
	ck_assert_int_eq(h->code_count, 2);
	ck_assert_int_eq(h->codes[1].least, 301);
	ck_assert_int_eq(address_port(&h->address), 8080);
	ck_assert_str_eq(h->path, "/up");
	ck_assert_str_eq(c->unixes.at[0]->send, "a\n");
	ck_assert_ptr_nonnull(strstr(said, "(f.weir: Line 3) router_id is a "
	    "keyword of keepalived"));
	ck_assert_ptr_nonnull(strstr(said, "a side file makes none"));
	ck_assert_int_eq(vr_report_status(&report), 5);
	vr_config_free(&c);
}
END_TEST

START_TEST(ends_at_a_missing_value)
{
	struct vr_config *c = read_text("global_defs {\nvrrp_version\nfoo\n}");

	ck_assert_ptr_null(c);
	ck_assert_int_eq(vr_report_status(&report), 2);
	ck_assert_str_eq(said, "(f: Line 2) *** Configuration line starting "
	    "`vrrp_version` is missing a parameter after keyword "
	    "`vrrp_version` at word position 2\n");
}
END_TEST

START_TEST(skips_what_is_not_ours)
{
	struct vr_config *c;

	one("virtual_server 10.0.0.1 80 {\nreal_server 10.0.0.2 80 {\nTCP_CHECK"
	    " {\n}\n}\n}\nbfd_instance b {\nneighbor_ip 10.0.0.2\n}\n"
	    ROUTER("A", "51", "track_bfd {\nb\n}"), 0, &c);
	ck_assert_ptr_nonnull(strstr(said, "(f: Line 1) LVS section ignored"));
	ck_assert_ptr_nonnull(strstr(said, "(f: Line 7) BFD section ignored"));
	ck_assert_ptr_nonnull(strstr(said, "track_bfd has no effect"));
	vr_config_free(&c);
}
END_TEST

/* ---- two of them */

static char changes[512];

static void
note_change(void *arg, enum vr_compare_kind kind,
    const struct vr_instance_conf *before,
    const struct vr_instance_conf *after)
{
	size_t used = strlen(changes);

	snprintf(changes + used, sizeof changes - used, "%c%s ",
	    "=~+-"[kind], after == NULL ? before->name : after->name);
}

static const char *
change(const char *from, const char *to)
{
	struct vr_config *a = read_text(from), *b = read_text(to);

	changes[0] = '\0';
	vr_compare_instances(a, b, note_change, NULL);
	vr_config_free(&a);
	vr_config_free(&b);
	return changes;
}

START_TEST(compares_for_a_reload)
{
	const char *old = ROUTER("A", "51", "") ROUTER("B", "52", "");

	ck_assert_str_eq(change(old, old), "=A =B ");
	ck_assert_str_eq(change(old, ROUTER("B", "52", "priority 5")
	    ROUTER("C", "53", "")), "~B +C -A ");
	/* The router counts, not the name. */
	ck_assert_str_eq(change(old, ROUTER("X", "51", "") ROUTER("B", "52",
	    "")), "~X =B ");
	ck_assert_str_eq(change(ROUTER("A", "51", "authentication {\nauth_type "
	    "PASS\nauth_pass a\n}"), ROUTER("A", "51", "authentication {\n"
	    "auth_type PASS\nauth_pass b\n}")), "~A ");
	ck_assert_str_eq(change(SECURE SCRIPT("/x"), SECURE SCRIPT("/y")),
	    "~A ");
	ck_assert_str_eq(change(SECURE SCRIPT("/x"), "\n\n" SECURE
	    SCRIPT("/x")), "=A ");
}
END_TEST

START_TEST(sees_new_errors)
{
	struct vr_config *a = read_text("foo\n" ROUTER("A", "51", "")),
	    *b = read_text("\nfoo\nbar\n" ROUTER("A", "51", ""));

	ck_assert_ptr_null(vr_compare_new_error(a, a));
	ck_assert_ptr_null(vr_compare_new_error(b, a));
	ck_assert_str_eq(vr_compare_new_error(a, b), "Unknown keyword 'bar'");
	vr_config_free(&a);
	vr_config_free(&b);
}
END_TEST

static unsigned
disagree(const char *here, const char *there, char *to, size_t room)
{
	FILE *f = fmemopen(to, room, "w");
	struct vr_config *a = read_text(here), *b = read_text(there);
	unsigned n;

	ck_assert_ptr_nonnull(f);
	n = vr_compare_nodes(f, a, b);
	fclose(f);
	vr_config_free(&a);
	vr_config_free(&b);
	return n;
}

START_TEST(compares_nodes)
{
	char out[2048] = "";

	ck_assert_uint_eq(disagree(ROUTER("A", "51", "priority 101"),
	    ROUTER("B", "51", ""), out, sizeof out), 0);
	ck_assert_str_eq(out, "");
	ck_assert_uint_eq(disagree(ROUTER("A", "51", ""), ROUTER("A", "51",
	    ""), out, sizeof out), 0);
	ck_assert_ptr_nonnull(strstr(out, "equal priorities"));
	ck_assert_uint_eq(disagree(ROUTER("A", "51", "advert_int 2\nversion "
	    "2"), ROUTER("A", "51", "version 3"), out, sizeof out), 2);
	ck_assert_ptr_nonnull(strstr(out, "advert_int: 2 s here, 1 s there - "
	    "the pair cannot work"));
	ck_assert_uint_eq(disagree(ROUTER("A", "51", ""), ROUTER("A", "52",
	    ""), out, sizeof out), 2);
	ck_assert_uint_eq(disagree(ROUTER("A", "51", "unicast_src_ip 10.0.0.1"
	    "\nunicast_peer {\n10.0.0.2\n}"), ROUTER("A", "51",
	    "unicast_src_ip 10.0.0.2\nunicast_peer {\n10.0.0.3\n}"), out,
	    sizeof out), 1);
}
END_TEST

START_TEST(explains)
{
	char out[16384] = "";
	FILE *f = fmemopen(out, sizeof out, "w");
	struct vr_config *c = read_text(ROUTER("A", "51", "priority 7\n"
	    "authentication {\nauth_type PASS\nauth_pass secret\n}"));

	vr_explain_config(f, c);
	vr_explain_peers(f, c);
	fclose(f);
	ck_assert_ptr_nonnull(strstr(out, "vrrp_instance A {   # f:1"));
	ck_assert_ptr_nonnull(strstr(out, "priority 7"));
	ck_assert_ptr_nonnull(strstr(out, "# f:4"));
	ck_assert_ptr_nonnull(strstr(out, "garp_master_delay 5"));
	ck_assert_ptr_nonnull(strstr(out, "# global_defs"));
	ck_assert_ptr_nonnull(strstr(out, "must say"));
	ck_assert_ptr_null(strstr(out, "secret"));
	vr_config_free(&c);
}
END_TEST

/* What is printed is a file that means the same: comments, which say where
 * a line came from, are left out of the comparison. */
static const char *
explain_text(const char *text, const char *side)
{
	static char out[2][65536];
	static unsigned turn;
	char *to = out[turn++ % 2], *from, *at = to;
	FILE *f = fmemopen(to, sizeof out[0], "w");
	struct vr_config *c = read_with(text, side);

	ck_assert_msg(c != NULL, "%s", said);
	vr_explain_config(f, c);
	fclose(f);
	vr_config_free(&c);
	for (from = to; *from != '\0'; from++) {
		if (*from == '#') {
			while (at > to && at[-1] == ' ')
				at--;
			from += strcspn(from, "\n");
		}
		*at++ = *from;
	}
	*at = '\0';
	return to;
}

START_TEST(explains_everything)
{
	static const char text[] = "net_namespace n\nchild_wait_time 7\n"
	    "global_defs {\nrouter_id R\nvrrp_garp_interval 0.5\n"
	    "dynamic_interfaces allow_if_changes\nvrrp_rt_priority 5\n"
	    "vrrp_cpu_affinity 0 3\nmax_auto_priority 9\numask 027\n"
	    "vrrp_rx_bufs_policy 5000\nnotify_fifo /f other\n"
	    "notify_fifo_script \"/s a\" other\nstartup_script /up other\n"
	    "vrrp_netlink_cmd_rcv_bufs 9000\nreload_file /r\n"
	    "vrrp_netlink_cmd_rcv_bufs_force\nreload_check_config /l\n"
	    "nftables own\n}\ngarp_group {\ngarp_interval 2\n"
	    "interface eth1\n}\ninterface_up_down_delays {\neth0 1 2.5\n}\n"
	    "linkbeat_interfaces {\neth0\n}\nvrrp_script s {\n"
	    "script \"/chk x\"\ninit_fail\nweight -2 reverse\nuser other\n"
	    "}\ntrack_file f {\nfile /x\nweight 3\ninit_file 4 overwrite\n"
	    "}\nvrrp_track_process p {\nprocess prog 'a b' c\n"
	    "param_match initial\nquorum 2\nquorum_max 5\ndelay 3\n}\n"
	    "track_unix u {\npath /u\nsend \"a\\n\\x22b\"\nexpect \"c*\"\n}\n"
	    "track_http h {\nurl http://127.0.0.1:8/\nexpect 200,300-305\n"
	    "}\ntrack_group T {\ngroup {\nA\n}\n}\nstatic_ipaddress {\n"
	    "10.9.0.1/24 dev eth1 scope link label eth1:x track_group T\n}\n"
	    "static_routes {\n10.8.0.0/16 via 10.9.0.2 dev eth1 metric 5\n}\n"
	    "static_rules {\nfrom 10.7.0.0/16 table 5 priority 9\n}\n"
	    "vrrp_sync_group G {\ngroup {\nA\nB\n}\ntrack_file {\nf\n}\n}\n"
	    ROUTER("A", "51", "nopreempt\ntimer_expired_backup 5\n"
	    "track_script {\ns\n}\ntrack_process {\np weight 4\n}\n"
	    "use_vmac v1\nvirtual_routes {\ndefault via 10.0.0.9 dev eth0\n"
	    "}\nnotify_master \"/m x\" other")
	    ROUTER("B", "52", "unicast_src_ip 10.0.0.1\nunicast_peer {\n"
	    "10.0.0.2\n}\ntrack_unix {\nu\n}\ntrack_http {\nh\n}");
	const char *once = explain_text(text, NULL);
	const char *again = explain_text(once, NULL);

	size_t same = 0;

	while (once[same] != '\0' && once[same] == again[same])
		same++;
	ck_assert_msg(once[same] == again[same], "%.60s - %.60s, %s",
	    once + same, again + same, said);
	for (unsigned i = 0; i < 9; i++) {
		static const char *const has[] = { "init_file 4 overwrite",
			"process prog 'a b' 'c'", "send \"a\\x0a\\x22b\"",
			"expect 200-200 300-305", "track_group T {",
			"10.9.0.1/24 dev eth1 scope 253 label eth1:x "
			"track_group T", "eth0 1 2.5", "10.8.0.0/16 via",
			"from 10.7.0.0/16 table 5 priority 9" };

		ck_assert_msg(strstr(once, has[i]) != NULL, "%s", has[i]);
	}
}
END_TEST

/* ---- very many of everything: no search goes through all of it */

enum { MANY = 50 * 1000, SECONDS_MOST = 8 };

static void
look_away(void *arg, enum vr_compare_kind kind,
    const struct vr_instance_conf *before,
    const struct vr_instance_conf *after)
{
}

/* Pieces with a number for each %u, behind a head and before a tail. */
static void
read_many(const char *head, const char *piece, const char *tail)
{
	static const struct vr_outside *host = &outside;
	size_t room = strlen(head) + strlen(tail) + MANY *
	    (strlen(piece) + 24) + 1;
	char *text = mem_need(room), *at = text;
	clock_t began = clock();
	struct vr_config *c;

	at += snprintf(at, room, "%s", head);
	for (unsigned i = 0; i < MANY; i++)
		for (const char *p = piece; *p != '\0'; p++)
			if (*p == '#')
				at += snprintf(at, 24, "%u", i);
			else
				*at++ = *p;
	snprintf(at, strlen(tail) + 1, "%s", tail);
	report = (struct vr_report){ .tell = NULL };
	c = vr_config_parse("f", text_of(text), NULL, 0, host, &report);
	if (c != NULL) {
		(void)vr_compare_new_error(c, c);
		vr_compare_instances(c, c, look_away, NULL);
	}
	ck_assert_msg((clock() - began) / CLOCKS_PER_SEC < SECONDS_MOST,
	    "%s: %.1f s", piece, (double)(clock() - began) /
	    CLOCKS_PER_SEC);
	vr_config_free(&c);
	mem_drop(text);
}

START_TEST(takes_many)
{
	static const char same[] = "vrrp_instance a {\ninterface eth0\n"
	    "virtual_router_id 1\nvirtual_ipaddress {\n";

	read_many("", "vrrp_script s#{ script /x }\n", ROUTER("A", "51", ""));
	read_many("track_file f {\nfile /x\n}\nvrrp_instance a {\n"
	    "track_file {\n", "f# f f weight 1{\n", "}\n}\n");
	read_many("", "track_file f#{ file /x }", "vrrp_instance a {\n"
	    "track_file {\nf1\n}\n}");
	read_many("vrrp_instance a {\ntrack_interface {\n", "eth#{", "}\n}");
	read_many("", "vrrp_instance i#{ interface eth0\n}", "");
	read_many("", "vrrp_instance i#{ interface eth#\n"
	    "virtual_router_id 7}", "");
	read_many("", "vrrp_sync_group g#{ group { i# a}}",
	    ROUTER("a", "51", ""));
	read_many("vrrp_sync_group g {\ngroup {\n", "i# i# a ", "\n}\n}\n"
	    ROUTER("a", "51", ""));
	read_many("", "track_group g#{ group { i# a}}",
	    ROUTER("a", "51", ""));
	read_many("garp_group {\ngarp_interval 1\ninterfaces {\n", "eth# ",
	    "\n}\n}\ngarp_group {\ngarp_interval 1\ninterface eth1\n}");
	read_many(same, "10.0.0.1 dev eth# use_vmac{\n", "}\n}\n");
	read_many(same, "fe80::# dev eth# use_vmac{", "}\n}\n");
	read_many("vrrp_instance a {\nvirtual_routes {\ndefault dev eth0",
	    " nexthop via 10.0.0.1 dev eth#", "\n}\n}\n");
	read_many("vrrp_instance a {\nunicast_peer {\n", "10.0.0.1 x#{",
	    "}\n}\n");
	read_many("", "unknown#{", "}");
	read_many("global_defs {\nnotification_email {\n", "a# ", "\n}\n}");
}
END_TEST

START_TEST(rows_are_sound)
{
	for (const struct vr_keys_block *b = vr_keys_blocks; b->name != NULL;
	    b++)
		for (const struct vr_key *k = b->rows; k->name != NULL; k++) {
			ck_assert_msg(k->kind != VR_KIND_OWN || k->read !=
			    NULL, "%s", k->name);
			ck_assert_msg(k->instead != NULL || k->help != NULL,
			    "%s", k->name);
			for (const struct vr_key *o = b->rows; o != k; o++)
				ck_assert_str_ne(o->name, k->name);
		}
}
END_TEST

UNIT_MAIN("vrrp/config", takes_many, explains_everything, fills_defaults, inherits, reads_addresses,
    reads_routes_and_rules, settles_what_excludes,
    classes_are_those_of_the_manual, what_works_is_not_called_idle,
    a_seed_makes_it_the_same_again, looks_for_names_where_it_is_told,
    keeps_refused_ones_in_fault, judges_scripts, joins_groups,
    reads_side_files, ends_at_a_missing_value, skips_what_is_not_ours,
    compares_for_a_reload, sees_new_errors, compares_nodes, explains,
    rows_are_sound)
