/* SPDX-License-Identifier: ISC */
/*
 * pidfile.h - the file with our number in it: decimal and a newline, mode
 * 0644, made with O_EXCL when the listeners are open, removed at the end by
 * the process that wrote it. Blocking; the first thread.
 */
#ifndef WEIR_PROC_PIDFILE_H
#define WEIR_PROC_PIDFILE_H

#include "base/why.h"

/*
 * Is the place free? A file of a process that is gone is removed (one LOG
 * line). -1: "pidfile 'F' exists, another instance running?".
 */
int	pidfile_check(const char *path, struct why *);
/* -1: "could not open pidfile 'F': ...". */
int	pidfile_write(const char *path, struct why *);
void	pidfile_remove(void);		/* harmless when none was written */

#endif
