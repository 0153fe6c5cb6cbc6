/* SPDX-License-Identifier: ISC */
/*
 * options.h - the command line, in the original's manner: options are not
 * bundled, a value is the next argument. Belongs to main. First thread.
 */
#ifndef WEIR_BALANCER_OPTIONS_H
#define WEIR_BALANCER_OPTIONS_H

#include <stdbool.h>
#include <stdio.h>

#include "base/why.h"

struct lb_options {
	const char **files;		/* -f and behind --, in order */
	unsigned file_count;
	bool check;			/* -c */
	const char *condition;		/* -cc, or NULL */
	unsigned version;		/* -v: 1, -vv: 2 */
	const char *short_version;	/* -vq, -vqs, -vqb: the letters */
	const char *list_settings;	/* form, "" for the plain one */
	const char *list_commands;	/* the same */
	bool explain;			/* --explain: its words are files */
	const char *directory;		/* -C */
	bool daemon, foreground, debug;	/* -D; -db; -d */
	bool master, notify;		/* -W; -Ws (both) */
	const char *master_socket;	/* -S */
	const char *pidfile;		/* -p */
	char **old;			/* -sf, -st: numbers of processes */
	unsigned old_count;
	bool old_stop;			/* -st */
	char **kept;			/* all arguments but -sf, -st, -x */
	unsigned kept_count;
	const char *take_from;		/* -x */
	bool quiet, verbose;		/* -q; -V */
	int maxconn, proxy_maxconn;	/* -n; -N; 0: not given */
	int memory;			/* -m: MB; 0 */
	const char *localpeer;		/* -L */
	bool only_ipv4;			/* -4 */
	bool names_may_fail;		/* -dr */
	bool zero_warning, diagnostics;	/* -dW; -dD */
	bool no_verify;			/* -dV */
	bool no_splice, no_reuseport;	/* -dS; -dR */
};

/* -1: the usage is to be shown; the reason may be empty. */
int	lb_options_read(struct lb_options *, int argc, char **argv,
	    struct why *);
void	lb_options_free(struct lb_options *);
void	lb_options_usage(FILE *, const char *called);

#endif
