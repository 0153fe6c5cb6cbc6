/* SPDX-License-Identifier: ISC */
/*
 * say.h - log lines as the original writes them: to syslog under the
 * process's ident, to standard error with the date in front (-l), to a file
 * (-g). No call waits: what an output does not take at once is dropped,
 * counted and told later. No thread, so a process may fork at any time. Used
 * by all our processes; each has its own.
 */
#ifndef WEIR_VRRP_SAY_H
#define WEIR_VRRP_SAY_H

#include <stdbool.h>
#include <syslog.h>

#include "base/why.h"

struct vr_say_plan {		/* strings stay the caller's */
	const char *ident;	/* "Keepalived_vrrp" */
	int facility;		/* LOG_DAEMON, ... */
	bool to_syslog, to_stderr;
	const char *file;	/* NULL: none */
	bool detail;		/* -D */
};

/* -1: the file cannot be opened; the other outputs are in force. */
int	vr_say_open(const struct vr_say_plan *, struct why *);
void	vr_say_close(void);
/* One object a line: time, level, program, object, text, fields. */
void	vr_say_as_json(bool);
/* Those that a forked process must keep open: at most 2; how many. */
unsigned vr_say_descriptors(int to[]);

extern bool vr_say_detailed;

void	vr_say_line(int priority, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));

#define vr_say_info(...)	vr_say_line(LOG_INFO, __VA_ARGS__)
#define vr_say_warn(...)	vr_say_line(LOG_WARNING, __VA_ARGS__)
#define vr_say_error(...)	vr_say_line(LOG_ERR, __VA_ARGS__)
/* The lines marked D in the manual: only with -D. */
#define vr_say_detail(...)						\
	do {								\
		if (vr_say_detailed)					\
			vr_say_line(LOG_INFO, __VA_ARGS__);		\
	} while (0)

#endif
