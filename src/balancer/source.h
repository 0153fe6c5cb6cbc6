/* SPDX-License-Identifier: ISC */
/*
 * source.h - where a configuration comes from: named texts, and functions
 * that answer for what the texts ask for. The reader itself opens no file,
 * no socket and no environment. Belongs to the caller. Any one thread.
 */
#ifndef WEIR_BALANCER_SOURCE_H
#define WEIR_BALANCER_SOURCE_H

#include "base/address.h"
#include "base/text.h"
#include "base/why.h"

struct lb_source_text {
	const char *name;		/* as the user named it */
	struct text text;
	bool side;			/* NAME.weir: only settings of ours */
};

struct lb_source {
	const struct lb_source_text *texts;	/* in order: one setup */
	unsigned count;
	void *arg;			/* of the functions */
	/*
	 * A file that a text names (values of an acl, an error page, a
	 * crt-list): the bytes, good until the reading is over; 1: it is a
	 * directory. -1: why->line is the system's text. NULL: files are not
	 * looked at.
	 */
	int (*fetch)(void *arg, const char *path, struct text *,
	    struct why *);
	/*
	 * A host name to an address (family: AF_INET, AF_INET6, AF_UNSPEC).
	 * -1: there is none. NULL: names stay unresolved, without a word.
	 */
	int (*resolve)(void *arg, const char *name, int family,
	    struct address *);
	/* The environment: NULL when not set. NULL: an empty one. */
	const char *(*getenv)(void *arg, const char *name);
	/* setenv, unsetenv (value NULL) of the global section; or NULL. */
	void (*setenv)(void *arg, const char *name, const char *value);
	/* The number of a user (or group); -1: no such. NULL: not asked. */
	long (*account)(void *arg, const char *name, bool group);
	bool names_may_fail;		/* -dr */
	bool blocks;			/* lines are kept: --explain */
	const char *localpeer;		/* -L, or NULL: the host's name */
};

#endif
