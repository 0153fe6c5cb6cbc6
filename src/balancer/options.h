/* SPDX-License-Identifier: ISC */
/*
 * options.h - the command line of the original, read into data: each option
 * is a word of its own and its value is the next one. Pure; at start.
 */
#ifndef WEIR_BALANCER_OPTIONS_H
#define WEIR_BALANCER_OPTIONS_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/why.h"

enum { LB_OPTIONS_MOST = 256 };

enum lb_options_act { LB_OPTIONS_RUN, LB_OPTIONS_VERSION,
	LB_OPTIONS_BUILD, LB_OPTIONS_SHORT_VERSION,
	LB_OPTIONS_SHORT_SEQUENCE, LB_OPTIONS_BRANCH, LB_OPTIONS_CONDITION };

struct lb_options {
	const char *called;		/* argv[0] */
	enum lb_options_act act;
	const char *files[LB_OPTIONS_MOST];	/* or directories */
	unsigned file_count;
	const char *condition;		/* -cc */
	const char *directory;		/* -C */
	bool check;			/* -c */
	bool daemon, foreground, debug;	/* -D -db -d */
	bool master, notify;		/* -W -Ws */
	const char *master_socket;	/* -S */
	const char *pidfile;		/* -p */
	pid_t old[LB_OPTIONS_MOST];	/* -sf, -st */
	unsigned old_count;
	bool finish, terminate;		/* which of both */
	const char *take_from;		/* -x */
	bool quiet, verbose;		/* -q -V */
	int maxconn, proxy_maxconn;	/* -n -N; 0: not given */
	int megabytes;			/* -m; 0 */
	const char *localpeer;		/* -L */
	bool ipv4_only;			/* -4 */
	bool names_may_fail;		/* -dr */
	bool warnings_fatal;		/* -dW */
	bool diagnose;			/* -dD */
	bool no_verify;			/* -dV */
	bool no_reuseport, no_splice;	/* -dR -dS */
};

/* -1: the usage is due; why names the word, or is empty. */
int	lb_options_read(struct lb_options *, int argc, char **argv,
	    struct why *);

#endif
