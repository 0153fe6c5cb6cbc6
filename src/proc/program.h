/* SPDX-License-Identifier: ISC */
/*
 * program.h - one life for every daemon: options, read, apply, become the
 * user, go to the background, limits, loops, signals, listeners, pid file,
 * ready, run, end. A daemon is a struct program; its main() is
 *
 *	return program_main(&pooler, argc, argv);
 *
 * The steps come in exactly this order, which decides what fails first:
 *
 *	options   rows of the table; take() gets the rest
 *	read      files -> a setup; apply(setup, first = true): also TLS
 *	user      switch to needs.user, or -u; root is refused
 *	log       needs.log is opened, by that user
 *	alone     alone(): does another instance answer? With -R instead
 *		  adopt(): take over from it. Then the pid file is checked,
 *		  but not of an instance that was taken over
 *	daemon    -d: fork, setsid, fork; then sandbox and log writer
 *	limits    descriptors are raised to needs.files; limits() tells
 *	loops     needs.threads loops; on loop 0: start() (DNS), the signals,
 *		  timers() (what is periodic)
 *	listen    listen(), then the pid file is written
 *	up        up() logs "process up", then READY=1
 *	run       until program_end(); end() then frees everything
 *
 * All callbacks run in the first thread, from 'loops' on it is loop 0's.
 */
#ifndef WEIR_PROC_PROGRAM_H
#define WEIR_PROC_PROGRAM_H

#include <stdbool.h>
#include <stdio.h>

#include "base/log.h"
#include "base/why.h"
#include "net/loop.h"
#include "proc/rights.h"
#include "proc/sandbox.h"

enum program_act {
	PROGRAM_TELL,		/* call tell() when the options are read, exit */
	PROGRAM_TAKE,		/* call tell() at once; not 0: it is refused */
	PROGRAM_HELP, PROGRAM_VERSION,	/* print and exit 0 at once */
	PROGRAM_DAEMON, PROGRAM_QUIET, PROGRAM_REBOOT, PROGRAM_VERBOSE,
	PROGRAM_USER
};

struct program_option {
	int letter;		/* 'd'; 0: long form only */
	const char *name;	/* "daemon"; NULL ends the table */
	const char *arg;	/* "USER"; "[FORM]": may be left out; NULL */
	const char *help;	/* NULL: not in the usage */
	enum program_act act;
	/* PROGRAM_TELL: returns the exit code. arg NULL: none was given. */
	int (*tell)(const char *arg, char **rest, unsigned n);
};

struct program_signal {
	int number;		/* 0 ends the table */
	void (*on)(void);	/* on loop 0, as any event */
};

struct program_line {		/* what the command line said */
	const char *called;	/* argv[0] */
	bool daemon, quiet, reboot;
	int verbose;		/* how often -v */
	const char *user;	/* -u, or NULL */
};

/* What the setup in force asks of the process; strings stay the daemon's. */
struct program_needs {
	const char *user;	/* NULL or "": stay who we are; -u wins */
	const char *pidfile;	/* NULL or "": none */
	struct log_target log;	/* to_stderr is the program's own affair */
	long files;		/* descriptors it may come to use */
	unsigned threads;	/* loops; 0 counts as 1 */
	const char *engine;	/* of the loops; NULL counts as "auto" */
	bool sandbox;
	bool runs_programs;	/* PAM modules do: then exec is not forbidden */
	const struct sandbox_path *paths;	/* ended by a NULL path */
};

struct program {
	const char *name;	/* "weir-pooler" */
	const char *stands_for;	/* "PgBouncer", as messages call it */
	const char *what;	/* usage: "a connection pooler for PostgreSQL" */
	const char *arguments;	/* usage, behind "[OPTION]...": "CONFIG_FILE" */
	const struct program_option *options;
	const struct program_signal *signals;
	int usage_code;		/* exit code of a bad command line; 0: 1 */
	bool root_allowed;	/* nothing is served: it may run as root */
	bool ready_later;	/* the daemon itself calls ready_up() */

	/* -1: stderr "ARGV0: WHY", the Try line, exit 1. */
	int	(*take)(char **rest, unsigned n, struct why *);
	void	(*version)(FILE *);

	/*
	 * Files to a setup, without any effect; NULL: refused, the reasons are
	 * logged and why has the last word ("cannot load config file").
	 */
	void	*(*read)(bool first, struct why *);
	/* Owns the setup from here on, also when it says -1. */
	int	(*apply)(void *setup, bool first, struct why *);
	void	(*needs)(struct program_needs *);

	/* Steps of the start; each may be NULL. -1: FATAL why, exit 1. */
	int	(*alone)(struct why *);
	int	(*adopt)(struct why *);	/* 1: took over; 0: nobody there */
	void	(*limits)(const struct rights_limits *);
	int	(*start)(struct loop *, struct why *);
	int	(*timers)(struct loop *, struct why *);
	int	(*listen)(struct loop *, struct why *);
	void	(*up)(void);
	/* Frees what there is, also after a start that failed half-way. */
	void	(*end)(void);
	/* What only could be freed when the loops and their dead are gone. */
	void	(*fini)(void);
};

int	program_main(const struct program *, int argc, char **argv);

const struct program_line *program_said(void);
/* In take(): what the arguments ask for is told, instead of a life. */
void	program_tell(const struct program_option *);
/* In a step of the start that fails: the exit code, instead of 1. */
void	program_refuse(int code);

/*
 * read() and apply() again, outputs of the log opened anew (rotation), and
 * systemd told before and after. -1: nothing changed; logged is what read()
 * logged, why says the rest.
 */
int	program_reload(struct why *);

/*
 * Ends the process in order, from a callback on loop 0: the turn ends, loops
 * are joined, end() runs, the pid file goes, the log is written out. The
 * first call decides the exit code.
 */
void	program_end(int code);

#endif
