/* SPDX-License-Identifier: ISC */
/*
 * sandbox.h - what the process gives up for good once it runs: system calls
 * it never makes (seccomp kills on them) and files that are not its own
 * (Landlock). Entered before other threads exist; they inherit it. What the
 * kernel lacks is logged once and is not an error.
 */
#ifndef WEIR_PROC_SANDBOX_H
#define WEIR_PROC_SANDBOX_H

#include <stdbool.h>

enum sandbox_use {
	SANDBOX_READ,
	SANDBOX_ADD,		/* also make files and write to them */
	SANDBOX_WRITE		/* also remove, shorten; make sockets */
};

struct sandbox_path {
	const char *path;	/* a file or directory that need not exist */
	enum sandbox_use use;	/* of what is below its directory */
};

/* Reading stays allowed below the directories of the system (/etc, ...) too. */
void	sandbox_enter(const struct sandbox_path *, bool runs_programs);

#endif
