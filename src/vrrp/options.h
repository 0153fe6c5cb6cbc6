/* SPDX-License-Identifier: ISC */
/*
 * options.h - the command line, one row an option: keepalived's, and ours.
 * What it said is plain data; texts are argv's. One thread.
 */
#ifndef WEIR_VRRP_OPTIONS_H
#define WEIR_VRRP_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

/* What is to be done; all but RUN print something and exit. */
enum vr_options_act {
	VR_ACT_RUN, VR_ACT_TEST, VR_ACT_VERSION, VR_ACT_HELP, VR_ACT_SIGNUM,
	VR_ACT_LIST_SETTINGS, VR_ACT_EXPLAIN, VR_ACT_COMPARE, VR_ACT_STATUS,
	VR_ACT_REFUSED		/* said on standard error already; exit 1 */
};

struct vr_options {
	enum vr_options_act act;
	const char *file;		/* -f; /etc/keepalived/keepalived.conf */
	bool log_console, log_detail;	/* -l, -D */
	const char *log_facility;	/* -S, as syslog names it; "daemon" */
	bool log_file_on;		/* -g */
	const char *log_file;		/* /tmp/keepalived.log when none */
	bool flush_log, no_syslog;
	bool release_vips;		/* -X: as always */
	bool keep_at_exit;		/* -V: addresses, routes, rules stay */
	bool no_respawn, no_fork;	/* -R, -n */
	bool dump;			/* -d */
	const char *pid_file, *vrrp_pid_file;	/* -p, -r; or NULL */
	bool monitor_addresses;		/* -a */
	const char *namespace;		/* -s; or NULL */
	bool all_config;		/* -e */
	const char *id;			/* -i; NULL: the node's name */
	int umask;			/* -u; -1 */
	bool core_dump;			/* -m */
	bool ignore_sigint;
	const char *signal;		/* --signum */
	const char *test_log;		/* -t=FILE; or NULL: standard error */
	const char *form;		/* --list-settings=md|man; or NULL */
	const char *other;		/* --compare */
	bool json;			/* --status --json */
	const char *instance;		/* --status INSTANCE; or NULL */
	const char *called;		/* argv[0] without its folders */
};

/* Reads all; words without effect are told on standard error. */
void	vr_options_read(int argc, char **argv, struct vr_options *);
void	vr_options_version(FILE *);
void	vr_options_help(FILE *, const char *called);
/* The number of STOP, RELOAD, DATA, STATS, STATS_CLEAR, JSON, TDUMP; -1. */
int	vr_options_signal(const char *name);

#endif
