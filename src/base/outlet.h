/* SPDX-License-Identifier: ISC */
/*
 * outlet.h - where log lines leave the process: a file, standard error (the
 * journal when that is where it leads) and syslog. Blocking: one owner, the
 * log's writer thread, calls it. What could not be written is counted, and told
 * in the same place once writing works again.
 */
#ifndef WEIR_BASE_OUTLET_H
#define WEIR_BASE_OUTLET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/why.h"

struct outlet;

struct outlet_plan {		/* strings are copied */
	bool to_stderr;
	const char *file;	/* NULL or "": none */
	bool to_syslog;
	const char *syslog_ident, *syslog_facility;
	const char *journal;	/* its socket; NULL: the usual one */
};

struct outlet_line {
	const char *at;		/* the whole line, ended by a newline */
	size_t len;
	size_t head;		/* bytes of time, pid and level in front */
	int priority;		/* of syslog: LOG_ERR, ... */
};

/* NULL with why "Cannot open logfile: 'F': ...". */
struct outlet *outlet_new(const struct outlet_plan *, struct why *);
void	outlet_free(struct outlet **);
void	outlet_put(struct outlet *, const struct outlet_line *);
unsigned long outlet_lost(void);	/* lines, since the start; any thread */

#endif
