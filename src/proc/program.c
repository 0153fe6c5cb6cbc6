/* SPDX-License-Identifier: ISC */
/*
 * program.c - the life of a daemon, step by step. There is one per process.
 * The first thread; from the step 'loops' on that is loop 0's.
 */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "net/thread.h"
#include "proc/handover.h"
#include "proc/pidfile.h"
#include "proc/program.h"
#include "proc/ready.h"
#include "proc/signals.h"
#include "proc/watchdog.h"

enum { LONG_ONLY = 256 };	/* option n without a letter: LONG_ONLY + n */

static struct {
	const struct program *p;
	struct program_line line;
	const struct program_option *tell;	/* asked for, instead of a life */
	const char *tell_arg;
	struct program_needs needs;
	struct loop *home;
	bool background, refused, ending;
	int code, refusal;
} life;

const struct program_line *
program_said(void)
{
	return &life.line;
}

void
program_tell(const struct program_option *row)
{
	life.tell = row;
}

void
program_refuse(int code)
{
	life.refusal = code;
}

/* ---- the command line */

static void
print_usage(void)
{
	const struct program *p = life.p;
	char left[64];
	size_t len;

	printf("%s is %s.\n\nUsage:\n  %s [OPTION]... %s\n\nOptions:\n",
	    life.line.called, p->what, life.line.called, p->arguments);
	for (const struct program_option *o = p->options; o->name != NULL;
	    o++) {
		if (o->help == NULL)
			continue;
		len = (size_t)(o->letter == 0 ?
		    snprintf(left, sizeof left, "    ") :
		    snprintf(left, sizeof left, "-%c, ", o->letter));
		if (o->arg == NULL)
			snprintf(left + len, sizeof left - len, "--%s",
			    o->name);
		else if (o->arg[0] == '[')
			snprintf(left + len, sizeof left - len, "--%s[=%s",
			    o->name, o->arg + 1);
		else
			snprintf(left + len, sizeof left - len, "--%s=%s",
			    o->name, o->arg);
		printf("  %-20s %s\n", left, o->help);
	}
}

/* What getopt_long() wants to know, made from our rows. */
static struct option *
form_options(const struct program_option *rows, char *letters)
{
	struct option *all;
	unsigned n = 0;

	while (rows[n].name != NULL)
		n++;
	all = mem_need((n + 1) * sizeof *all);
	for (unsigned i = 0; i < n; i++) {
		const struct program_option *o = &rows[i];

		all[i].name = o->name;
		all[i].has_arg = o->arg == NULL ? no_argument :
		    o->arg[0] == '[' ? optional_argument : required_argument;
		all[i].val = LONG_ONLY + (int)i;
		if (o->letter == 0)
			continue;
		*letters++ = (char)o->letter;
		for (int colon = 0; colon < all[i].has_arg; colon++)
			*letters++ = ':';
	}
	*letters = '\0';
	return all;
}

static const struct program_option *
find_option(const struct program_option *rows, int found)
{
	if (found >= LONG_ONLY)
		return &rows[found - LONG_ONLY];
	while (rows->name != NULL && rows->letter != found)
		rows++;
	return rows->name == NULL ? NULL : rows;
}

static int
take_option(const struct program_option *o, const char *arg)
{
	switch (o->act) {
	case PROGRAM_TELL:
		life.tell = o;
		life.tell_arg = arg;
		break;
	case PROGRAM_TAKE:
		return o->tell(arg, NULL, 0);
	case PROGRAM_HELP:
		print_usage();
		exit(0);
	case PROGRAM_VERSION:
		life.p->version(stdout);
		exit(0);
	case PROGRAM_DAEMON:
		life.line.daemon = true;
		break;
	case PROGRAM_QUIET:
		life.line.quiet = true;
		break;
	case PROGRAM_REBOOT:
		life.line.reboot = true;
		break;
	case PROGRAM_VERBOSE:
		life.line.verbose++;
		break;
	case PROGRAM_USER:
		life.line.user = arg;
		break;
	}
	return 0;
}

static int
say_try(void)
{
	fprintf(stderr, "Try \"%s --help\" for more information.\n",
	    life.line.called);
	return -1;
}

static int
read_options(int argc, char **argv)
{
	char letters[3 * 64] = "";
	static struct option *all;	/* some options exit */
	const struct program_option *o;
	int found;

	all = form_options(life.p->options, letters);
	while ((found = getopt_long(argc, argv, letters, all, NULL)) != -1) {
		o = find_option(life.p->options, found);
		if (o == NULL || take_option(o, optarg) != 0)
			break;
	}
	mem_drop(all);
	return found == -1 ? 0 : say_try();
}

static int
take_rest(char **rest, unsigned n)
{
	struct why why;

	if (life.tell != NULL || life.p->take(rest, n, &why) == 0)
		return 0;
	fprintf(stderr, "%s: %s\n", life.line.called, why.line);
	return say_try();
}

/* ---- the steps of the start */

/* Outputs as asked for; standard error as the command line has it. */
static int
open_log(struct why *why)
{
	life.needs.log.to_stderr = !life.line.quiet && !life.background;
	return log_open(&life.needs.log, why);
}

static int
load(struct why *why)
{
	void *setup = life.p->read(true, why);

	if (setup == NULL || life.p->apply(setup, true, why) < 0)
		return -1;
	life.p->needs(&life.needs);
	return 0;
}

static int
become_user(struct why *why)
{
	const char *user = life.line.user != NULL ? life.line.user :
	    life.needs.user;

	if (user != NULL && user[0] != '\0' && rights_become(user, why) < 0)
		return -1;
	if (rights_root() && !life.p->root_allowed)
		return why_set(why, "%s should not run as root",
		    life.p->stands_for);
	return 0;
}

static int
begin_log(struct why *why)
{
	if (open_log(why) == 0)
		return 0;
	log_refused(why);
	life.refused = true;
	return -1;
}

static bool
has_pidfile(void)
{
	return life.needs.pidfile != NULL && life.needs.pidfile[0] != '\0';
}

static int
be_alone(struct why *why)
{
	int (*ask)(struct why *) = life.line.reboot &&
	    life.p->adopt != NULL ? life.p->adopt : life.p->alone;
	int answer = ask == NULL ? 0 : ask(why);

	if (answer == 0 && has_pidfile())
		answer = pidfile_check(life.needs.pidfile, why);
	return answer < 0 ? -1 : 0;
}

static int
leave_parent(struct why *why)
{
	pid_t child = fork();

	if (child < 0)
		return why_errno(why, "cannot fork");
	if (child > 0)
		_exit(0);
	return 0;
}

static int
go_background(struct why *why)
{
	int null;

	if (!life.line.daemon)
		return 0;
	if (!has_pidfile())
		return why_set(why, "daemon needs pidfile configured");
	fflush(NULL);
	if (leave_parent(why) < 0)
		return -1;
	setsid();
	if (leave_parent(why) < 0)
		return -1;
	null = open("/dev/null", O_RDWR);
	if (null < 0)
		return why_errno(why, "cannot open /dev/null");
	for (int fd = 0; fd < 3; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	life.background = true;
	return open_log(why);
}

/* From here on there may be other threads. */
static int
settle(struct why *why)
{
	if (life.needs.sandbox) {
		rights_harden();
		sandbox_enter(life.needs.paths, life.needs.runs_programs);
	}
	log_start();
	return 0;
}

static int
raise_limits(struct why *why)
{
	struct rights_limits l;

	rights_files(life.needs.files, &l);
	if (life.p->limits != NULL)
		life.p->limits(&l);
	return 0;
}

static void
watch_loop(struct loop *loop)
{
	struct why why;

	if (watchdog_start(loop, WATCHDOG_USUAL, &why) < 0)
		log_warning("%s", why.line);
}

static int
make_loops(struct why *why)
{
	const struct program *p = life.p;

	signals_ignore_pipe();
	if (life.needs.engine != NULL)
		loop_set_engine(life.needs.engine);
	if (thread_start(life.needs.threads > 0 ? life.needs.threads : 1,
	    watch_loop, why) < 0)
		return -1;
	life.home = loop_here();
	if (p->start != NULL && p->start(life.home, why) < 0)
		return -1;
	for (const struct program_signal *s = p->signals; s->number != 0; s++)
		if (signals_watch(life.home, s->number, s->on, why) < 0)
			return -1;
	return p->timers == NULL ? 0 : p->timers(life.home, why);
}

static int
open_doors(struct why *why)
{
	if (life.p->listen != NULL && life.p->listen(life.home, why) < 0)
		return -1;
	return has_pidfile() ? pidfile_write(life.needs.pidfile, why) : 0;
}

static int
say_up(struct why *why)
{
	if (life.p->up != NULL)
		life.p->up();
	if (!life.p->ready_later)
		ready_up();
	ready_beat(life.home);
	return 0;
}

static int (*const steps[])(struct why *) = {
	load, become_user, begin_log, be_alone, go_background, settle,
	raise_limits, make_loops, open_doors, say_up
};

static int
start(struct why *why)
{
	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++)
		if (steps[i](why) < 0)
			return -1;
	return 0;
}

/* ---- the run and the end */

int
program_reload(struct why *why)
{
	void *setup;
	struct why log_why;
	struct rights_limits l;
	int code = -1;

	ready_reloading();
	setup = life.p->read(false, why);
	if (setup != NULL)
		code = life.p->apply(setup, false, why);
	life.p->needs(&life.needs);	/* strings move without a reload too */
	rights_files(life.needs.files, &l);
	if (open_log(&log_why) < 0)
		log_error("%s", log_why.line);
	ready_up();
	return code;
}

void
program_end(int code)
{
	if (life.ending)
		return;
	life.ending = true;
	life.code = code;
	if (life.home != NULL)
		loop_stop(life.home);
}

/* Takes back what was built, however far the start came. */
static int
finish(void)
{
	signals_end();
	ready_fini();
	if (life.home != NULL)
		thread_stop();
	if (life.p->end != NULL)
		life.p->end();
	watchdog_stop();
	if (life.home != NULL)
		loop_free(&life.home);
	if (life.p->fini != NULL)
		life.p->fini();
	pidfile_remove();
	log_stop();
	return life.code;
}

static int
usage_code(void)
{
	return life.p->usage_code != 0 ? life.p->usage_code : 1;
}

int
program_main(const struct program *p, int argc, char **argv)
{
	struct why why = { .line = "" };
	char **rest;
	int first;

	life.p = p;
	life.line.called = argc > 0 ? argv[0] : p->name;
	handover_inherited(&first);	/* they are for this process number */
	ready_init();
	if (read_options(argc, argv) < 0)
		return usage_code();
	rest = argv + optind;
	if (take_rest(rest, (unsigned)(argc - optind)) < 0)
		return usage_code();
	life.needs.log.verbose = life.line.verbose;
	open_log(&why);
	if (life.tell != NULL)
		return life.tell->tell(life.tell_arg, rest,
		    (unsigned)(argc - optind));
	if (start(&why) < 0) {
		if (!life.refused)
			log_fatal("%s", why.line);
		life.code = life.refusal != 0 ? life.refusal : 1;
	} else if (!life.ending)
		loop_run(life.home);
	return finish();
}
