/* SPDX-License-Identifier: ISC */
/*
 * parent.h - the main process: has the rights, starts child and guard and
 * replaces them when they die, hears the signals, reads the configuration
 * anew. The address stays while a child follows another: the new one goes on
 * from the live records. One thread.
 */
#ifndef WEIR_VRRP_PARENT_H
#define WEIR_VRRP_PARENT_H

#include "vrrp/host.h"

struct vr_parent_plan {
	struct vr_host_wishes host;
	bool no_respawn;		/* -R */
	bool ignore_int;		/* --ignore-sigint */
	bool dump;			/* -d */
	const char *child_pidfile;	/* NULL: none */
	/* Reads the file again; NULL: refused, and said. */
	struct vr_config *(*read)(const struct vr_config *now);
	/* The log, opened anew where it is a file. */
	void (*reopen)(void);
};

/* Runs until told to stop; returns the exit code. Owns the configuration. */
int	vr_parent_run(struct vr_config *, const struct vr_parent_plan *);

#endif
