/* SPDX-License-Identifier: ISC */
/*
 * settings.h - what the configuration says, as data: filled by the rows of
 * keys.c, made whole by config.c. Read only once it is in force; owned by
 * the configuration it stands in. Loop 0.
 */
#ifndef WEIR_WATCH_SETTINGS_H
#define WEIR_WATCH_SETTINGS_H

#include <stdbool.h>
#include <stdint.h>

enum wt_source_kind { WT_BALANCER, WT_POOLER, WT_VRRP };
enum wt_quorum { WT_ANY, WT_MAJORITY, WT_ALL };
enum wt_style { WT_ATTACHMENT, WT_BLOCKS, WT_PLAIN };
enum wt_severity {		/* in order of weight */
	WT_GOOD, WT_INFO, WT_WARNING, WT_CRITICAL, WT_PAGE
};

struct wt_settings {		/* [watcher] */
	int64_t interval, timeout, connect_timeout;
	int64_t group_wait, group_interval, repeat, flap_window;
	int64_t stop_wait, max_age;
	int confirm, source_fail_after, remove_after, flap_changes;
	int initial_alert, warn_transitional, standby, sandbox;
	int log_level, quiet_start;
	const char *state_file, *outbox_dir, *metrics_listen;
	const char *control_socket, *log_target, *heartbeat_url, *active;
	const char *title_prefix, *runbook_url, *dashboard_url;
	const char *pid_file, *resolv_conf;
};

struct wt_patterns {
	char **at;
	unsigned count;
};

struct wt_source_row {		/* [source NAME] */
	char *name;
	int kind, quorum, backends, frontends, tls_verify, clients_warn;
	int64_t timeout, maxwait_warn;
	const char *url, *user, *password, *password_file, *password_env;
	const char *group, *include, *exclude;
	const char *ca_file, *cert_file, *key_file, *active;
	struct wt_patterns in, out;	/* of include and exclude */
};

struct wt_receiver_row {	/* [receiver NAME] */
	char *name;
	int type;			/* enum wt_receiver_type of keys.h */
	int style, min_severity;
	int64_t timeout;
	const char *url, *url_file, *secret_file, *routing_key_file;
	const char *token_file, *channel, *username, *icon_emoji;
	const char *title_down, *title_up, *hint, *footer;
	const char *mention_page, *mention_down, *events;
	const char *ca_file, *proxy;
	const char *secret, *routing_key, *token;	/* read from the files */
	uint64_t mask;			/* 1 << enum wt_kind */
};

struct wt_silence_row {		/* [silence NAME] */
	char *name;
	const char *match, *from, *to, *weekly;
	int64_t begin, end;		/* wall; of from and to */
	int weekday, first, last;	/* of weekly: 0 Sunday; s of the day */
};

#endif
