/* SPDX-License-Identifier: ISC */
/*
 * files.h - the configuration as the file system has it: -f arguments become
 * named texts, and a struct lb_source answers from files, libc's resolver,
 * the accounts and the environment. Master or first process; first thread.
 */
#ifndef WEIR_BALANCER_FILES_H
#define WEIR_BALANCER_FILES_H

#include "balancer/source.h"

struct lb_files;

/* All files of the list, directories unfolded; NULL with the reason. */
struct lb_files *lb_files_read(const char *const *paths, unsigned count,
	    struct why *);
void	lb_files_free(struct lb_files **);
/* Texts and functions; good as long as the files. */
void	lb_files_source(struct lb_files *, struct lb_source *);

/* What the texts have named and was read, in order. */
void	lb_files_each(const struct lb_files *, void (*visit)(void *arg,
	    const char *path, struct text), void *arg);

#endif
