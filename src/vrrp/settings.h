/* SPDX-License-Identifier: ISC */
/*
 * settings.h - what a keepalived.conf means, as data: global settings,
 * instances with their addresses, sync groups, scripts and other trackers.
 * Made as a whole by config.c, immutable from then on, freed as a whole: all
 * of it lies in the arena of its struct vr_config. Any thread.
 *
 * Times are int64_t microseconds. What the file does not say has its default
 * filled in, also what an instance takes from global_defs: an instance's own
 * field is always the one in force. Texts end in NUL; NULL is "not given"
 * where the field says so. An address that is not given has family 0.
 */
#ifndef WEIR_VRRP_SETTINGS_H
#define WEIR_VRRP_SETTINGS_H

#include <sys/types.h>

#include <stdbool.h>
#include <stdint.h>

#include "base/address.h"
#include "base/arena.h"

enum { VR_UNSET = -1 };

struct vr_place {
	const char *file;	/* as it was named */
	unsigned line;		/* from 1; 0: made up, stands nowhere */
};

/* ---- programs to be run ----------------------------------------------- */

/*
 * Whether it may run was decided when the file was read (programs.c): path
 * looked up, permissions and the rules of script security looked at.
 */
struct vr_program {
	struct vr_place place;
	const char *text;	/* the command as written, for log and dump */
	unsigned count;
	const char **argv;	/* argv[0]: the resolved path; argv[count] NULL */
	uid_t uid;
	gid_t gid;
	const char *user;	/* name or number, for the dump */
	bool shell;		/* argv is /bin/sh -c TEXT (shell_scripts) */
	bool insecure;		/* others than root may write to it */
	const char *disabled;	/* why it must not run; NULL: it may */
};

/* Which change of state a script is for. */
enum vr_notify {
	VR_NOTIFY_MASTER, VR_NOTIFY_BACKUP, VR_NOTIFY_FAULT, VR_NOTIFY_STOP,
	VR_NOTIFY_DELETED, VR_NOTIFY_MASTER_RX_LOWER_PRI,
	VR_NOTIFY_ANY,		/* notify: with arguments, after the others */
	VR_NOTIFIES
};

struct vr_notify_conf {
	const struct vr_program *scripts[VR_NOTIFIES];	/* NULL: none */
	bool smtp_alert;
	bool priority_changes;	/* notify_priority_changes: to the fifo */
	bool deleted;		/* notify_deleted was given, with a script or
				 * bare: DELETED instead of FAULT at the end */
};

/* A named pipe told of all changes, and who reads it. */
struct vr_fifo_conf {
	const char *path;		/* NULL: none */
	uid_t uid;			/* owner to be set when it is created */
	gid_t gid;
	const struct vr_program *script;	/* gets the path as the last
						 * argument; NULL: none */
};

/* ---- trackers --------------------------------------------------------- */

/*
 * Weights are -253 to 253 (files: -254 to 254). 0: FAULT while it is down
 * (reversed: while it is up).
 */
struct vr_weight {
	int value;
	bool reverse;
};

struct vr_script_conf {			/* vrrp_script */
	struct vr_place place;
	const char *name;
	const struct vr_program *program;
	int64_t interval;		/* 1 s */
	int64_t timeout;		/* as interval; then TERM, 2 s, KILL */
	struct vr_weight weight;
	unsigned rise, fall;		/* 1, 1 */
	bool init_fail;			/* starts as failed, not "in init" */
	bool used;			/* somebody tracks it */
};

struct vr_file_conf {			/* track_file, vrrp_track_file */
	struct vr_place place;
	const char *name, *path;
	struct vr_weight weight;	/* times the number in the file */
	bool init;			/* init_file: make it when missing */
	int init_value;
	bool init_overwrite;
	bool used;
};

enum vr_match { VR_MATCH_NONE, VR_MATCH_EXACT, VR_MATCH_PARTIAL,
	VR_MATCH_INITIAL };

struct vr_process_conf {		/* vrrp_track_process, track_process */
	struct vr_place place;
	const char *name;
	const char *command;		/* file name; a path when full_command
					 * or when it has a slash */
	unsigned count;			/* parameters to be matched */
	const char **parameters;
	enum vr_match match;		/* NONE: parameters do not matter */
	struct vr_weight weight;
	unsigned quorum, quorum_max;	/* 1, UINT_MAX */
	int64_t fork_delay, terminate_delay;	/* 0 */
	bool full_command;
	bool used;
};

/* Ours: a unix socket that answers. */
struct vr_unix_conf {			/* track_unix */
	struct vr_place place;
	const char *name, *path;	/* "@x": abstract */
	const char *send;		/* escapes resolved; NULL: nothing */
	const char *expect;		/* fnmatch() pattern; NULL: a connect
					 * is enough */
	int64_t interval, timeout;	/* 1 s; as interval */
	unsigned rise, fall;		/* 1, 1 */
	struct vr_weight weight;
	bool used;
};

struct vr_codes { uint16_t least, most; };

/* Ours: a GET that is answered with one of the codes. */
struct vr_http_conf {			/* track_http */
	struct vr_place place;
	const char *name, *url;		/* as written */
	const char *host;		/* for the Host header */
	struct address address;		/* literal IP with port, or unix */
	const char *path;		/* "/healthz" */
	unsigned code_count;
	struct vr_codes *codes;		/* 200-200 when not given */
	int64_t interval, timeout;
	unsigned rise, fall;
	struct vr_weight weight;
	bool used;
};

enum vr_track_kind {
	VR_TRACK_INTERFACE, VR_TRACK_SCRIPT, VR_TRACK_FILE, VR_TRACK_PROCESS,
	VR_TRACK_UNIX, VR_TRACK_HTTP, VR_TRACKS
};

/* One line of a track_... block: what is tracked, and what it weighs here. */
struct vr_track_conf {
	struct vr_place place;
	enum vr_track_kind kind;
	const char *name;		/* interface: its name */
	union {				/* by kind; interface: NULL */
		const void *what;
		const struct vr_script_conf *script;
		const struct vr_file_conf *file;
		const struct vr_process_conf *process;
		const struct vr_unix_conf *unixes;
		const struct vr_http_conf *http;
	};
	struct vr_weight weight;	/* its own, or that of what it names */
};

struct vr_track_list {			/* VR_LIST, for both who have one */
	struct vr_track_conf **at;
	unsigned count, room;
};

/* ---- addresses, routes, rules ----------------------------------------- */

struct vr_track_group;

struct vr_address_conf {
	struct vr_place place;
	struct prefix ip;		/* bits 32/128 when not given */
	struct prefix peer;		/* family 0: none */
	struct prefix broadcast;	/* "+" and "-" are worked out */
	const char *dev;		/* NULL: the instance's (its VMAC); static
					 * ones have default_interface here */
	bool use_vmac;			/* on dev, a VMAC of its own: */
	const char *below;		/* dev is the VMAC then, on this */
	uint8_t scope;			/* RT_SCOPE_...; UNIVERSE */
	const char *label;		/* NULL: none */
	bool home, mngtmpaddr, noprefixroute, autojoin;
	bool nodad;			/* IPv6: true unless -nodad */
	bool no_track;			/* nobody cares when it is deleted */
	uint32_t preferred_lft;		/* s; UINT32_MAX: forever. IPv6 /128:
					 * 0 when not given */
	const char *group_name;		/* static: track_group; or NULL */
	const struct vr_track_group *group;
};

struct vr_hop_conf {			/* of a route */
	struct prefix via;		/* family 0: none */
	const char *dev;		/* NULL: none */
	unsigned weight;		/* 1 to 256; 1 */
	bool onlink;
};

enum vr_route_mode { VR_ROUTE_PREPEND, VR_ROUTE_ADD, VR_ROUTE_APPEND };

struct vr_route_conf {
	struct vr_place place;
	const char *text;		/* as written, for the dump */
	uint16_t family;
	uint8_t type;			/* RTN_...; UNICAST */
	struct prefix to;		/* default: bits 0 */
	struct prefix from;		/* IPv6 source routing; family 0 */
	struct prefix src;		/* preferred source; family 0 */
	struct prefix via;		/* one gateway; family 0: none; may be
					 * of the other family */
	const char *dev;		/* NULL: none, or the instance's when
					 * there is no gateway either */
	int scope;			/* RT_SCOPE_... or VR_UNSET */
	uint32_t table;			/* RT_TABLE_MAIN */
	uint32_t metric;		/* 0: the kernel's */
	bool metric_given;
	uint8_t tos;
	uint8_t proto;			/* 18, as keepalived */
	uint32_t mtu, advmss;		/* 0: not given */
	bool mtu_lock, onlink;
	unsigned hop_count;		/* nexthop ..., or "via A or B" */
	struct vr_hop_conf *hops;
	bool no_track;
	enum vr_route_mode mode;
	const char *group_name;
	const struct vr_track_group *group;
};

struct vr_span32 { uint32_t least, most; };	/* both inclusive */

struct vr_rule_conf {
	struct vr_place place;
	const char *text;
	uint16_t family;
	bool invert;			/* not */
	struct prefix from, to;		/* family 0: all */
	const char *iif, *oif;		/* NULL: any */
	bool fwmark_given;
	uint32_t fwmark, fwmask;	/* mask: all bits */
	uint8_t tos;
	bool uid_given;
	struct vr_span32 uid;
	int ip_proto;			/* 0: any */
	bool sport_given, dport_given;
	struct vr_span32 sport, dport;
	uint8_t action;			/* FR_ACT_...: TO_TBL, GOTO, ... */
	uint32_t table, go_to;
	bool priority_given;
	uint32_t priority;		/* 0 and not given: the kernel's */
	int suppress_prefixlength;	/* VR_UNSET */
	bool no_track;
	const char *group_name;
	const struct vr_track_group *group;
};

#define VR_LIST(type)	ARENA_LIST(type)

/* ---- instances -------------------------------------------------------- */

struct vr_peer_conf {
	struct vr_place place;
	struct prefix ip;		/* all bits */
	unsigned min_ttl, max_ttl;	/* 0, 255 */
};

struct vr_vmac_conf {
	bool on;			/* use_vmac */
	const char *name;		/* vrrp.51; NULL only when off */
	bool mac_given;
	uint8_t mac[6];			/* filled in also when not given */
	bool netlink_notify_msg;
	uint32_t group;			/* device group; 0 */
	bool addresses;			/* use_vmac_addr */
	bool xmit_base;			/* vmac_xmit_base */
};

struct vr_garp_conf {			/* GARP of IPv4, NA of IPv6 */
	int64_t delay;			/* second burst; 0: none. 5 s */
	unsigned repeat;		/* packets a burst; 5 */
	int64_t refresh;		/* 0: none */
	unsigned refresh_repeat;	/* 1 */
	int64_t lower_prio_delay;	/* as delay */
	unsigned lower_prio_repeat;	/* as repeat; 0: none */
	int64_t extra_if;		/* garp_extra_if; 0: none */
	bool extra_if_all;
};

enum vr_auth { VR_AUTH_NONE = 0, VR_AUTH_PASS = 1 };	/* as on the wire */
enum { VR_AUTH_LENGTH = 8 };

enum vr_old_checksum { VR_OLD_CHECKSUM_AUTO, VR_OLD_CHECKSUM_ALWAYS,
	VR_OLD_CHECKSUM_NEVER };

struct vr_group_conf;
struct vr_draft;			/* vrrp/parse.h */

struct vr_instance_conf {
	struct vr_place place;
	const char *name;
	uint16_t family;		/* AF_INET, AF_INET6 */
	uint8_t version;		/* 2, 3 */
	uint8_t vrid;			/* 1 to 255 */
	uint8_t priority;		/* 1 to 255; 100 */
	bool master;			/* state MASTER */
	const char *interface;		/* NULL: none (unicast alone) */
	int64_t advert_int;		/* v2 whole seconds, v3 whole 10 ms */
	unsigned down_timer_adverts;	/* 3 */

	VR_LIST(struct vr_address_conf) addresses;	/* in adverts */
	VR_LIST(struct vr_address_conf) excluded;	/* not in them */
	VR_LIST(struct vr_route_conf) routes;
	VR_LIST(struct vr_rule_conf) rules;
	bool no_virtual_ipaddress;

	enum vr_auth auth;
	uint8_t password[VR_AUTH_LENGTH];	/* zero padded; never shown */

	bool unicast;			/* peers are what it talks to */
	VR_LIST(struct vr_peer_conf) peers;
	struct prefix source;		/* unicast_src_ip, mcast_src_ip;
					 * family 0: the interface's */
	struct prefix group_address;	/* multicast: where adverts go */
	unsigned unicast_ttl;		/* 255 */
	bool check_unicast_src;
	bool unicast_fault_no_peer;
	bool track_src_ip;		/* FAULT while source is missing */
	enum vr_old_checksum old_checksum;
	bool v3_checksum_as_v2;

	bool nopreempt;
	int64_t preempt_delay;		/* 0: none */
	struct vr_garp_conf garp;
	bool lower_prio_no_advert, higher_prio_send_advert;
	bool owner_ignore_adverts;
	bool timer_expired_backup;
	unsigned timer_expired_priority;	/* 0: none given */
	bool skip_check_adv_addr;
	bool strict;
	bool accept;			/* false: no_accept */

	struct vr_track_list tracks;	/* all kinds */
	bool dont_track_primary;
	struct vr_vmac_conf vmac;
	const char *vrf;		/* NULL: none */
	bool promote_secondaries;
	int64_t rx_buffer;		/* kernel_rx_buf_size; 0: the kernel's */

	struct vr_notify_conf notify;
	struct vr_group_conf *group;	/* its sync group, or NULL */
	const char *fault;		/* why the configuration keeps it in
					 * FAULT (AH, ...); NULL: it may run */
	const struct vr_draft *draft;	/* which lines said what; explain.c */
};

struct vr_group_conf {			/* vrrp_sync_group */
	struct vr_place place;
	const char *name;
	VR_LIST(struct vr_instance_conf) members;
	struct vr_track_list tracks;
	struct vr_notify_conf notify;
	bool tracking_weight;		/* sync_group_tracking_weight */
};

struct vr_track_group {			/* track_group: who faults when a
					 * static address, route, rule goes */
	struct vr_place place;
	const char *name;
	VR_LIST(struct vr_instance_conf) members;
};

struct vr_garp_group_conf {		/* garp_group */
	struct vr_place place;
	int64_t garp_interval, gna_interval;	/* 0: no gap */
	VR_LIST(const char) interfaces;
};

struct vr_debounce_conf {		/* a line of interface_up_down_delays */
	struct vr_place place;
	const char *interface;
	int64_t down, up;
};

/* ---- global ----------------------------------------------------------- */

struct vr_mail_conf {
	VR_LIST(const char) to;
	const char *from;		/* NULL: made up by the sender */
	const char *server;		/* host or address; NULL: none */
	unsigned port;			/* 25 */
	const char *helo;		/* NULL: the host's name */
	int64_t connect_timeout;	/* 30 s */
	bool no_faults;			/* no_email_faults */
};

struct vr_buffer_conf {			/* of a netlink socket */
	int64_t bytes;			/* 0: the kernel's */
	bool force;
};

enum vr_rx_policy { VR_RX_NONE, VR_RX_MTU, VR_RX_ADVERT, VR_RX_SIZE };

struct vr_global_conf {
	const char *router_id;		/* the node's name */
	const char *namespace;		/* net_namespace; NULL: none */
	const char *instance;		/* instance NAME; NULL */
	bool use_pid_dir;
	int64_t child_wait_time;	/* 5 s */

	unsigned version;		/* 2, 3 */
	struct prefix mcast_group4, mcast_group6;
	const char *default_interface;	/* eth0 */
	struct vr_garp_conf garp;
	int64_t garp_interval, gna_interval;	/* 0: no gap */
	int64_t startup_delay;		/* 0 */
	int64_t delay_after_boot;	/* vrrp_startup_delay counted from the
					 * boot of the host; 0 */
	bool log_unknown_vrids;
	bool dynamic_interfaces, allow_if_changes;
	bool disable_local_igmp;
	bool notify_priority_changes;
	bool strict;			/* vrrp_strict; instances have it too */
	/* What instances begin with; theirs are in force. */
	unsigned down_timer_adverts;
	bool lower_prio_no_advert, higher_prio_send_advert;
	bool owner_ignore_adverts, check_unicast_src, skip_check_adv_addr;
	bool v3_checksum_as_v2;
	bool smtp_alert, smtp_alert_vrrp;

	bool script_security;		/* enable_script_security */
	bool use_symlink_paths;
	struct vr_fifo_conf fifo;	/* notify_fifo */
	struct vr_fifo_conf vrrp_fifo;	/* vrrp_notify_fifo */
	bool fifo_states_on_reload;
	const struct vr_program *startup_script, *shutdown_script; /* or NULL */
	int64_t startup_timeout, shutdown_timeout;	/* 10 s */

	struct vr_mail_conf mail;

	bool nice_given;
	int nice;			/* vrrp_priority */
	int rt_priority;		/* 0: none */
	int64_t rlimit_rttime;		/* microseconds; 10000 */
	bool no_swap;
	uint64_t cpu_affinity[4];	/* bits of CPUs 0 to 255; 0: any */
	int max_auto_priority;		/* 0, -1: not on */
	int64_t min_auto_priority_delay;	/* 1 s */
	const char *process_name, *vrrp_process_name;	/* or NULL */
	bool process_names;

	const char *nftables;		/* table; "keepalived" */
	int nftables_priority;		/* -1 */
	bool nftables_counters, nftables_ifindex;

	enum vr_rx_policy rx_policy;
	int64_t rx_size;		/* VR_RX_SIZE: bytes */
	unsigned rx_multiplier;		/* 3 */
	struct vr_buffer_conf netlink_cmd, netlink_monitor, process_monitor;

	int umask;			/* VR_UNSET */
	const char *vmac_prefix, *vmac_addr_prefix;	/* "vrrp" */
	bool include_check;
	bool reload_check_config;
	const char *reload_check_log;	/* NULL: the ordinary log */
	bool reload_file_on;
	const char *reload_file;	/* there while a reload reads; NULL: the
					 * usual one */

	bool data_use_instance;
	const char *state_dump_file, *stats_dump_file, *json_dump_file;
					/* NULL: /tmp/keepalived.{data,stats,
					 * json}; ending in / : a directory */
	unsigned json_version;		/* 1, 2 */
	const char *iproute_usr_dir, *iproute_etc_dir;	/* or NULL */

	/* Ours (extensions.md 1 and 4), mostly of the side file. */
	const char *status_socket;	/* NULL: none */
	const char *metrics_listen;	/* ADDRESS:PORT or path; NULL: none */
	bool shell_scripts, script_environment;
	bool log_json;			/* log_format json */
	bool sandbox;			/* true */
};

/* ---- the whole -------------------------------------------------------- */

struct vr_config {
	struct arena *arena;		/* holds everything here, itself too */
	const char *path;		/* of the file */
	struct vr_global_conf global;
	VR_LIST(struct vr_instance_conf) instances;	/* in file order */
	VR_LIST(struct vr_group_conf) groups;
	VR_LIST(struct vr_script_conf) scripts;
	VR_LIST(struct vr_file_conf) files;
	VR_LIST(struct vr_process_conf) processes;
	VR_LIST(struct vr_unix_conf) unixes;
	VR_LIST(struct vr_http_conf) https;
	VR_LIST(struct vr_track_group) track_groups;
	VR_LIST(struct vr_garp_group_conf) garp_groups;
	VR_LIST(struct vr_debounce_conf) debounces;
	VR_LIST(const char) linkbeats;	/* linkbeat_interfaces: names */
	VR_LIST(struct vr_address_conf) addresses;	/* static_ipaddress */
	VR_LIST(struct vr_route_conf) routes;
	VR_LIST(struct vr_rule_conf) rules;
	VR_LIST(const char) read;	/* files that were read, side file too */
	VR_LIST(const char) errors;	/* what was wrong, without places; see
					 * compare.h */
	const struct vr_draft *draft;	/* of global_defs; explain.c */
};

#endif
