/* SPDX-License-Identifier: ISC */
/*
 * outside.h - what the reading of a configuration asks of the host: files,
 * interfaces, accounts, programs. A table of calls, so that tests and fuzz
 * targets read without a host. The real one blocks: for start and reload.
 * One thread.
 */
#ifndef WEIR_VRRP_OUTSIDE_H
#define WEIR_VRRP_OUTSIDE_H

#include <sys/types.h>

#include "base/arena.h"
#include "base/why.h"

enum vr_outside_interface {
	VR_INTERFACE_NONE, VR_INTERFACE_PLAIN, VR_INTERFACE_LOOPBACK,
	VR_INTERFACE_MACVLAN
};

/* What is known of a program, by its real path. */
struct vr_outside_program {
	bool found;
	const char *path;	/* real path, in the arena */
	bool executable;	/* for that user */
	bool plain;		/* a regular file */
	const char *unsafe;	/* the directory or file that others than root
				 * can write to, and its mode; NULL: none */
};

struct vr_outside {
	void *arg;
	const char *id;		/* of @ lines */
	/* As in struct braces_host. */
	int (*fetch)(void *arg, struct arena *, const char *path,
	    struct text *, struct why *);
	unsigned (*match)(void *arg, struct arena *, const char *pattern,
	    const char ***paths);
	const char *(*variable)(void *arg, const char *name);
	unsigned (*random)(void *arg);
	enum vr_outside_interface (*interface)(void *arg, const char *name);
	/* -1: there is none. */
	int (*user)(void *arg, const char *name, uid_t *, gid_t *);
	int (*group)(void *arg, const char *name, gid_t *);
	/* name without a slash: looked for in PATH. */
	void (*program)(void *arg, struct arena *, const char *name, uid_t,
	    gid_t, struct vr_outside_program *);
	const char *(*host_name)(void *arg);
	/* The number of a routing table, protocol or scope ("rt_tables"); -1:
	 * not listed. dir NULL: where iproute2 has its lists. */
	long (*named)(void *arg, const char *dir, const char *list,
	    const char *name);
};

/* The host itself. id NULL: the node's name up to the first dot. */
const struct vr_outside *vr_outside_host(const char *id);
/* As above, but every interface, account and program is there: for a file
 * of another node. */
const struct vr_outside *vr_outside_elsewhere(const char *id);

#endif
