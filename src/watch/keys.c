/* SPDX-License-Identifier: ISC */
/* keys.c - the table of settings; see keys.h. Constant; any thread. */
#include <stddef.h>

#include "base/log.h"
#include "watch/keys.h"

#define HOUR_US	(3600 * 1000000LL)
#define END	{ .name = NULL }
#define ROW(type, KIND, field, normal, ...)				\
	{ .name = #field, .kind = KEY_ ## KIND,				\
	  .at = offsetof(struct type, field), .usual = normal,		\
	  .when = KEY_ANY_TIME, __VA_ARGS__ }
#define START(KIND, field, normal, ...)					\
	{ .name = #field, .kind = KEY_ ## KIND,				\
	  .at = offsetof(struct wt_settings, field), .usual = normal,	\
	  .when = KEY_AT_START, __VA_ARGS__ }
#define W(KIND, field, normal, ...)					\
	ROW(wt_settings, KIND, field, normal, __VA_ARGS__)
#define S(KIND, field, normal, ...)					\
	ROW(wt_source_row, KIND, field, normal, __VA_ARGS__)
#define R(KIND, field, normal, ...)					\
	ROW(wt_receiver_row, KIND, field, normal, __VA_ARGS__)
#define Q(KIND, field, normal, ...)					\
	ROW(wt_silence_row, KIND, field, normal, __VA_ARGS__)

static const struct key_word yes_no[] = {
	{ "no", 0, NULL }, { "yes", 1, NULL }, { "off", 0, NULL },
	{ "on", 1, NULL }, { "0", 0, NULL }, { "1", 1, NULL },
	{ NULL, 0, NULL }
};
static const struct key_word levels[] = {
	{ "error", -2, NULL }, { "warning", -1, NULL }, { "info", 0, NULL },
	{ "debug", 1, NULL }, { NULL, 0, NULL }
};
static const struct key_word kinds[] = {
	{ "balancer", WT_BALANCER, NULL }, { "pooler", WT_POOLER, NULL },
	{ "vrrp", WT_VRRP, NULL }, { NULL, 0, NULL }
};
static const struct key_word quorums[] = {
	{ "any", WT_ANY, NULL }, { "majority", WT_MAJORITY, NULL },
	{ "all", WT_ALL, NULL }, { NULL, 0, NULL }
};
static const struct key_word types[] = {
	{ "slack", WT_SLACK, NULL }, { "mattermost", WT_MATTERMOST, NULL },
	{ "discord", WT_DISCORD, NULL }, { "webhook", WT_WEBHOOK, NULL },
	{ "pagerduty", WT_PAGERDUTY, NULL },
	{ "alertmanager", WT_ALERTMANAGER, NULL }, { "log", WT_LOG, NULL },
	{ NULL, 0, NULL }
};
static const struct key_word styles[] = {
	{ "attachment", WT_ATTACHMENT, NULL }, { "blocks", WT_BLOCKS, NULL },
	{ "plain", WT_PLAIN, NULL }, { NULL, 0, NULL }
};
static const struct key_word severities[] = {
	{ "good", WT_GOOD, NULL }, { "info", WT_INFO, NULL },
	{ "warning", WT_WARNING, NULL }, { "critical", WT_CRITICAL, NULL },
	{ "page", WT_PAGE, NULL }, { NULL, 0, NULL }
};

const struct key wt_keys_watcher[] = {
	W(SPAN, interval, "10s", .least = 1000000, .most = HOUR_US,
	    .help = "time between two polls of a source"),
	W(SPAN, timeout, "5s", .least = 100000, .most = HOUR_US,
	    .help = "of a whole poll; never more than the interval"),
	W(SPAN, connect_timeout, "3s", .least = 100000, .most = HOUR_US,
	    .help = "of the connection that a poll needs"),
	W(INT, confirm, "1", .least = 1, .most = 100,
	    .help = "polls that must agree before a change is believed"),
	W(INT, source_fail_after, "3", .least = 1, .most = 1000,
	    .help = "failed polls in a row that make a source_down"),
	W(INT, remove_after, "2", .least = 1, .most = 100,
	    .help = "whole pages without a target that make a removed"),
	W(SPAN, group_wait, "2s", .least = 0, .most = HOUR_US,
	    .help = "a message waits this long for more to tell"),
	W(SPAN, group_interval, "30s", .least = 0, .most = 24 * HOUR_US,
	    .help = "events of severity info and warning wait until this "
	    "long after the last message of their group"),
	W(SPAN, repeat, "4h", .least = 0, .most = 8760 * HOUR_US,
	    .help = "a standing problem is told again after this time; 0: "
	    "never"),
	W(INT, flap_changes, "5", .least = 2, .most = 16,
	    .help = "changes within flap_window that make a target flapping"),
	W(SPAN, flap_window, "10m", .least = 1000000, .most = 24 * HOUR_US,
	    .help = "also how long a flapping target must be steady"),
	W(WORD, initial_alert, "yes", .words = yes_no,
	    .help = "tell what is down at the first start"),
	W(WORD, warn_transitional, "no", .words = yes_no,
	    .help = "tell of UP 1/3, as severity info"),
	START(TEXT, state_file, NULL,
	    .help = "unset: $STATE_DIRECTORY/watch.state, else "
	    "/var/lib/weir/watch.state"),
	START(TEXT, outbox_dir, NULL,
	    .help = "what is not delivered yet; unset: state_file.outbox"),
	START(WORD, standby, "no", .words = yes_no,
	    .help = "wait for the state file while another watcher has it"),
	W(TEXT, active, NULL,
	    .help = "vip:ADDRESS: tell only while this machine has it"),
	START(TEXT, metrics_listen, NULL,
	    .help = "address:port or path for /metrics, /healthz, /status"),
	START(TEXT, control_socket, NULL,
	    .help = "where --status asks; unset: in $RUNTIME_DIRECTORY or "
	    "$XDG_RUNTIME_DIR, else state_file.sock"),
	W(WORD, log_level, "info", .words = levels,
	    .help = "what is logged"),
	W(TEXT, log_target, "stderr",
	    .help = "stderr, syslog or the path of a file"),
	W(TEXT, heartbeat_url, NULL,
	    .help = "asked by GET after every good round"),
	W(SPAN, stop_wait, "3s", .least = 0, .most = HOUR_US,
	    .help = "for the last deliveries at the end"),
	W(SPAN, max_age, "24h", .least = 60 * 1000000LL,
	    .most = 8760 * HOUR_US,
	    .help = "what could not be delivered for so long is dropped"),
	W(TEXT, title_prefix, NULL,
	    .help = "in front of the title of messages"),
	W(TEXT, runbook_url, NULL, .help = "shown with problems"),
	W(TEXT, dashboard_url, NULL, .help = "shown with all events"),
	START(TEXT, pid_file, NULL, .help = "unset: none"),
	START(TEXT, resolv_conf, NULL, .help = "unset: the system's"),
	START(WORD, sandbox, "yes", .words = yes_no,
	    .help = "seccomp and Landlock; no: for debugging"),
	END
};

const struct key wt_keys_source[] = {
	S(WORD, kind, "balancer", .words = kinds,
	    .help = "what answers: a CSV page, or metrics of Weir's"),
	S(TEXT, url, NULL, .help = "http, https, unix:PATH or "
	    "http+unix:PATH:URI"),
	S(TEXT, user, NULL, .help = "for Basic authentication"),
	S(SECRET, password, NULL, .help = "its password"),
	S(TEXT, password_file, NULL, .help = "file with the password"),
	S(TEXT, password_env, NULL, .help = "environment variable with it"),
	S(TEXT, group, NULL, .help = "sources that show the same servers"),
	S(WORD, quorum, "any", .words = quorums,
	    .help = "how many sources of the group make a server DOWN"),
	S(TEXT, include, "*/*", .help = "patterns of PROXY/SERVER"),
	S(TEXT, exclude, NULL, .help = "patterns of PROXY/SERVER"),
	S(WORD, backends, "no", .words = yes_no,
	    .help = "watch BACKEND rows too"),
	S(WORD, frontends, "no", .words = yes_no,
	    .help = "watch FRONTEND rows too"),
	S(TEXT, ca_file, NULL, .help = "unset: the system's"),
	S(TEXT, cert_file, NULL, .help = "certificate to show"),
	S(TEXT, key_file, NULL, .help = "its key"),
	S(WORD, tls_verify, "yes", .words = yes_no,
	    .help = "no: anybody may answer"),
	S(SPAN, timeout, "0", .least = 0, .most = HOUR_US,
	    .help = "instead of the watcher's; 0: that one"),
	S(TEXT, active, NULL,
	    .help = "vip:ADDRESS: tell of it only while this machine has it"),
	S(SPAN, maxwait_warn, "5s", .least = 0, .most = 24 * HOUR_US,
	    .help = "pooler: a client waits longer; 0: never told"),
	S(INT, clients_warn, "90", .least = 0, .most = 100,
	    .help = "pooler: per cent of max_client_conn; 0: never told"),
	END
};

const struct key wt_keys_receiver[] = {
	R(WORD, type, "slack", .words = types, .help = "who receives"),
	R(SECRET, url, NULL, .help = "where to post"),
	R(TEXT, url_file, NULL, .help = "file with the URL"),
	R(TEXT, secret_file, NULL, .help = "webhook: key of the signature"),
	R(TEXT, routing_key_file, NULL, .help = "pagerduty: its key"),
	R(TEXT, token_file, NULL, .help = "slack: token of the Web API"),
	R(TEXT, channel, NULL, .help = "slack, mattermost: where to"),
	R(TEXT, username, NULL, .help = "mattermost: name shown"),
	R(TEXT, icon_emoji, NULL, .help = "mattermost: picture shown"),
	R(WORD, style, "attachment", .words = styles,
	    .help = "form of Slack messages"),
	R(TEXT, title_down, "PgBouncer Alert", .help = "title of problems"),
	R(TEXT, title_up, "PgBouncer Recovery", .help = "title of recoveries"),
	R(TEXT, hint, NULL, .help = "shown with DOWN; {server}, {proxy}, "
	    "{address} and %s (the server) are filled in"),
	R(TEXT, footer, "PgBouncer Monitor", .help = "in front of the time"),
	R(TEXT, mention_page, NULL, .help = "such as <!here>, with severity "
	    "page"),
	R(TEXT, mention_down, NULL, .help = "the same with critical"),
	R(TEXT, events, NULL, .help = "kinds of events; unset: the usual"),
	R(WORD, min_severity, "good", .words = severities,
	    .help = "what is less is not sent"),
	R(SPAN, timeout, "15s", .least = 100000, .most = HOUR_US,
	    .help = "of a whole request"),
	R(TEXT, ca_file, NULL, .help = "unset: the system's"),
	R(TEXT, proxy, NULL, .help = "unset: the environment's; none"),
	END
};

const struct key wt_keys_silence[] = {
	Q(TEXT, match, NULL, .help = "patterns of SERVER or PROXY/SERVER"),
	Q(TEXT, from, NULL, .help = "2026-01-31 02:00 UTC"),
	Q(TEXT, to, NULL, .help = "2026-01-31 04:00 UTC"),
	Q(TEXT, weekly, NULL, .help = "Sun 02:00-04:00 UTC"),
	END
};

void
wt_keys_list(FILE *to, enum key_form form)
{
	if (form == KEY_FORM_MD)
		fputs("| setting | where | type | default | reload | help |\n"
		    "|---|---|---|---|---|---|\n", to);
	key_list(to, form, wt_keys_watcher, "watcher");
	key_list(to, form, wt_keys_source, "source NAME");
	key_list(to, form, wt_keys_receiver, "receiver NAME");
	key_list(to, form, wt_keys_silence, "silence NAME");
}
