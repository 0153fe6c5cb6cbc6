/* SPDX-License-Identifier: ISC */
/*
 * log.h - log lines: a level, an object prefix made by the caller, a text.
 * Lines go into a bounded ring that one writer thread empties to standard
 * error, a file and syslog: no call here ever blocks on the output. When
 * the ring is full the oldest lines are dropped, counted, and the count is
 * told once there is room again. Before log_start() (start-up, config errors) and
 * after log_stop() lines are written directly. Any thread.
 *
 * A line of the pooler:
 *   2026-11-21 20:06:47.742 UTC [31882] LOG C-0x55...: db/user@... text
 */
#ifndef WEIR_BASE_LOG_H
#define WEIR_BASE_LOG_H

#include <stdatomic.h>
#include <stdbool.h>

#include "base/why.h"

enum log_level {
	LOG_LEVEL_FATAL, LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_LOG,
	LOG_LEVEL_DEBUG, LOG_LEVEL_NOISE
};

struct log_target {		/* all strings are copied */
	bool to_stderr;
	const char *file;	/* appended to; NULL or "": none */
	bool to_syslog;		/* LOG and worse only */
	const char *syslog_ident, *syslog_facility;
	int verbose;		/* 0: LOG, 1: DEBUG, 2: NOISE */
};

/*
 * Opens what the target names; -1 with why "Cannot open logfile: 'F': ..."
 * leaves the old outputs in force. Also re-opens the file (rotation).
 */
int	log_open(const struct log_target *, struct why *);
/* At start, no log to say it in: one line on standard error, a FATAL. */
void	log_refused(const struct why *);
void	log_start(void);	/* lines go by the writer from now on; after daemonising */
void	log_stop(void);		/* writes what is left, within 2 s; at the end */

extern atomic_int log_verbose;		/* read by log_wants; log_open sets it */

static inline bool
log_wants(enum log_level level)
{
	return (int)level <= LOG_LEVEL_LOG + log_verbose;
}

/* prefix: "" or e.g. "C-0x5566: db/user@127.0.0.1:33 ". */
void	log_line(enum log_level, const char *prefix, const char *fmt, ...)
	    __attribute__((format(printf, 3, 4)));

#define log_fatal(...)	log_line(LOG_LEVEL_FATAL, "", __VA_ARGS__)
#define log_error(...)	log_line(LOG_LEVEL_ERROR, "", __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, "", __VA_ARGS__)
#define log_info(...)	log_line(LOG_LEVEL_LOG, "", __VA_ARGS__)
#define log_debug(...)							\
	do {								\
		if (log_wants(LOG_LEVEL_DEBUG))				\
			log_line(LOG_LEVEL_DEBUG, "", __VA_ARGS__);	\
	} while (0)

/* Lines lost since the start: the ring was full (the oldest go), or no room
 * was left where they are written. */
unsigned long log_lost(void);

#endif
