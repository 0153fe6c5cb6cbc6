/* SPDX-License-Identifier: ISC */
/* options.c - the rows of the command line; see options.h. One thread. */
#include <getopt.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>

#include "base/number.h"
#include "vrrp/options.h"

enum kind {
	FLAG,				/* bool at */
	VALUE,				/* const char * at */
	MAYBE,				/* both: bool at, text at more */
	ACT,				/* act; its text at 'at', when there */
	IGNORED,			/* class W */
	FACILITY, UMASK, REFUSED
};

enum argument { NO, YES, PERHAPS };

struct row {
	int letter;
	const char *name, *arg;
	enum argument takes;
	enum kind kind;
	size_t at, more;
	enum vr_options_act act;
	const char *help;
};

#define AT(field)	offsetof(struct vr_options, field)
#define NOWHERE		0		/* 'act' itself: no text is kept */

static const struct row rows[] = {
	{ 'f', "use-file", "FILE", YES, VALUE, AT(file), 0, 0,
	  "Use the specified configuration file" },
	{ 'P', "vrrp", NULL, NO, IGNORED, 0, 0, 0,
	  "Only run with VRRP subsystem (always so)" },
	{ 'C', "check", NULL, NO, REFUSED, 0, 0, 0,
	  "Refused: there is no LVS support" },
	{ 'B', "no_bfd", NULL, NO, IGNORED, 0, 0, 0,
	  "Don't run BFD subsystem (always so)" },
	{ 0, "all", NULL, NO, IGNORED, 0, 0, 0,
	  "Accepted: there is one subsystem" },
	{ 'l', "log-console", NULL, NO, FLAG, AT(log_console), 0, 0,
	  "Log messages to local console" },
	{ 'D', "log-detail", NULL, NO, FLAG, AT(log_detail), 0, 0,
	  "Detailed log messages" },
	{ 'S', "log-facility", "0-7|local0-7|user|daemon", YES, FACILITY,
	  AT(log_facility), 0, 0, "Set syslog facility" },
	{ 'g', "log-file", "FILE", PERHAPS, MAYBE, AT(log_file_on),
	  AT(log_file), 0, "Also log to FILE (default /tmp/keepalived.log)" },
	{ 0, "flush-log-file", NULL, NO, FLAG, AT(flush_log), 0, 0,
	  "Flush log file on write" },
	{ 'G', "no-syslog", NULL, NO, FLAG, AT(no_syslog), 0, 0,
	  "Don't log via syslog" },
	{ 'X', "release-vips", NULL, NO, FLAG, AT(release_vips), 0, 0,
	  "Drop VIPs on a transition caused by a signal (always so)" },
	{ 'V', "dont-release-vrrp", NULL, NO, FLAG, AT(keep_at_exit), 0, 0,
	  "Don't remove VRRP VIPs and VROUTEs on daemon stop" },
	{ 'I', "dont-release-ipvs", NULL, NO, IGNORED, 0, 0, 0,
	  "Accepted: there is no LVS support" },
	{ 'R', "dont-respawn", NULL, NO, FLAG, AT(no_respawn), 0, 0,
	  "Don't respawn child processes" },
	{ 'n', "dont-fork", NULL, NO, FLAG, AT(no_fork), 0, 0,
	  "Don't fork the daemon process" },
	{ 'd', "dump-conf", NULL, NO, FLAG, AT(dump), 0, 0,
	  "Dump the configuration data" },
	{ 'p', "pid", "FILE", YES, VALUE, AT(pid_file), 0, 0,
	  "Use specified pidfile for parent process" },
	{ 'r', "vrrp_pid", "FILE", YES, VALUE, AT(vrrp_pid_file), 0, 0,
	  "Use specified pidfile for VRRP child process" },
	{ 'c', "checkers_pid", "FILE", YES, IGNORED, 0, 0, 0,
	  "Accepted: there are no checkers" },
	{ 'b', "bfd_pid", "FILE", YES, IGNORED, 0, 0, 0,
	  "Accepted: there is no BFD process" },
	{ 'a', "address-monitoring", NULL, NO, FLAG, AT(monitor_addresses), 0,
	  0, "Report all address additions/deletions notified via netlink" },
	{ 's', "namespace", "NAME", YES, VALUE, AT(namespace), 0, 0,
	  "Run in network namespace NAME (overrides config)" },
	{ 'e', "all-config", NULL, NO, FLAG, AT(all_config), 0, 0,
	  "Error if any configuration file missing" },
	{ 'i', "config-id", "ID", YES, VALUE, AT(id), 0, 0,
	  "Skip any configuration lines beginning '@' that don't match ID" },
	{ 'x', "snmp", NULL, NO, IGNORED, 0, 0, 0,
	  "Accepted: there is no SNMP" },
	{ 'A', "snmp-agent-socket", "FILE", YES, IGNORED, 0, 0, 0,
	  "Accepted: there is no SNMP" },
	{ 'u', "umask", "MASK", YES, UMASK, AT(umask), 0, 0,
	  "umask for file creation (in numeric form)" },
	{ 'm', "core-dump", NULL, NO, FLAG, AT(core_dump), 0, 0,
	  "Produce core dump if terminate abnormally" },
	{ 'M', "core-dump-pattern", "PATTERN", PERHAPS, IGNORED, 0, 0, 0,
	  "Accepted: the system's core pattern is left alone" },
	{ 0, "signum", "SIGFUNC", YES, ACT, AT(signal), 0, VR_ACT_SIGNUM,
	  "Signal number for STOP, RELOAD, DATA, STATS, STATS_CLEAR, JSON, "
	  "TDUMP" },
	{ 't', "config-test", "LOG_FILE", PERHAPS, ACT, AT(test_log), 0,
	  VR_ACT_TEST, "Check the configuration for obvious errors, output to "
	  "stderr by default" },
	{ 0, "perf", "TYPE", PERHAPS, IGNORED, 0, 0, 0, NULL },
	{ 0, "debug", "OPTIONS", PERHAPS, IGNORED, 0, 0, 0, NULL },
	{ 0, "no-mem-check", NULL, NO, IGNORED, 0, 0, 0, NULL },
	{ 'L', "mem-check-log", NULL, NO, IGNORED, 0, 0, 0, NULL },
	{ 0, "ignore-sigint", NULL, NO, FLAG, AT(ignore_sigint), 0, 0,
	  "Ignore SIGINT, for debuggers" },
	{ 'T', "genhash", NULL, NO, REFUSED, 0, 0, 0,
	  "Refused: genhash is another program" },
	{ 0, "explain", "FILE", PERHAPS, ACT, AT(other), 0, VR_ACT_EXPLAIN,
	  "Print the settings in force and what the peers must share (ours)" },
	{ 0, "compare", "FILE", YES, ACT, AT(other), 0, VR_ACT_COMPARE,
	  "Say where this file and that of another node disagree (ours)" },
	{ 0, "list-settings", "FORM", PERHAPS, ACT, AT(form), 0,
	  VR_ACT_LIST_SETTINGS, "Print all keywords (md, man) (ours)" },
	{ 0, "status", "INSTANCE", PERHAPS, ACT, AT(instance), 0,
	  VR_ACT_STATUS, "Ask the running one: exit 0 master, 1 backup, "
	  "2 fault, 3 no answer (ours)" },
	{ 0, "json", NULL, NO, FLAG, AT(json), 0, 0,
	  "With --status: as JSON (ours)" },
	{ 'v', "version", NULL, NO, ACT, NOWHERE, 0, VR_ACT_VERSION,
	  "Display the version number" },
	{ 'h', "help", NULL, NO, ACT, NOWHERE, 0, VR_ACT_HELP,
	  "Display this help message" },
};

enum { ROWS = sizeof rows / sizeof rows[0], FIRST_LONG = 256 };

/* ---- names for getopt */

static void
make_tables(struct option *longs, char *shorts)
{
	for (unsigned i = 0; i < ROWS; i++) {
		longs[i] = (struct option){ rows[i].name, rows[i].takes == NO ?
		    no_argument : rows[i].takes == YES ? required_argument :
		    optional_argument, NULL, FIRST_LONG + (int)i };
		if (rows[i].letter == 0)
			continue;
		*shorts++ = (char)rows[i].letter;
		for (unsigned n = 0; n < (unsigned)rows[i].takes; n++)
			*shorts++ = ':';
	}
	*shorts = '\0';
}

static const struct row *
find(int code)
{
	for (unsigned i = 0; i < ROWS; i++)
		if (code == FIRST_LONG + (int)i ||
		    (code < FIRST_LONG && code == rows[i].letter))
			return &rows[i];
	return NULL;
}

/* ---- values */

static bool
take_facility(const char *s, struct vr_options *o)
{
	static const char *const names[] = { "local0", "local1", "local2",
		"local3", "local4", "local5", "local6", "local7", "user",
		"daemon" };

	if (s[0] >= '0' && s[0] <= '7' && s[1] == '\0') {
		o->log_facility = names[s[0] - '0'];
		return true;
	}
	for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++)
		if (strcmp(names[i], s) == 0) {
			o->log_facility = names[i];
			return true;
		}
	fprintf(stderr, "Invalid log facility '%s': expected 0 to 7, local0 "
	    "to local7, user or daemon\n", s);
	return false;
}

static bool
take_umask(const char *s, struct vr_options *o)
{
	int64_t value;

	if (number_int(text_of(s), 0, 0, 0777, &value, NULL) < 0) {
		fprintf(stderr, "invalid umask value %s: expected a number up "
		    "to 0777\n", s);
		return false;
	}
	o->umask = (int)value;
	return true;
}

static bool
take(const struct row *r, const char *s, struct vr_options *o)
{
	char *base = (char *)o;

	switch (r->kind) {
	case FLAG:
		*(bool *)(base + r->at) = true;
		return true;
	case VALUE:
		*(const char **)(base + r->at) = s;
		return true;
	case MAYBE:
		*(bool *)(base + r->at) = true;
		if (s != NULL)
			*(const char **)(base + r->more) = s;
		return true;
	case ACT:
		if (r->takes != NO)
			*(const char **)(base + r->at) = s;
		if (o->act == VR_ACT_RUN)
			o->act = r->act;
		return true;
	case FACILITY:
		return take_facility(s, o);
	case UMASK:
		return take_umask(s, o);
	case REFUSED:
		fprintf(stderr, "%s: --%s: no LVS support, this daemon runs "
		    "VRRP only\n", o->called, r->name);
		return false;
	default:
		return true;
	}
}

/* The word behind --explain, --status may stand apart. */
static void
take_rest(struct vr_options *o, char **argv)
{
	const char **to = o->act == VR_ACT_EXPLAIN ? &o->other :
	    o->act == VR_ACT_STATUS ? &o->instance : NULL;

	if (to != NULL && *to == NULL && argv[optind] != NULL)
		*to = argv[optind++];
	if (argv[optind] != NULL) {
		fprintf(stderr, "Unexpected argument(s): %s\n", argv[optind]);
		o->act = VR_ACT_REFUSED;
	}
}

void
vr_options_read(int argc, char **argv, struct vr_options *o)
{
	struct option longs[ROWS + 1] = { { NULL, 0, NULL, 0 } };
	char shorts[3 * ROWS + 2] = ":";
	const char *slash = strrchr(argv[0], '/');
	int code;

	*o = (struct vr_options){ .act = VR_ACT_RUN,
	    .file = "/etc/keepalived/keepalived.conf",
	    .log_facility = "daemon", .log_file = "/tmp/keepalived.log",
	    .umask = -1, .called = slash == NULL ? argv[0] : slash + 1 };
	make_tables(longs, shorts + 1);
	optind = 0;
	opterr = 0;
	while ((code = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
		const struct row *r = find(code);

		if (r == NULL)
			fprintf(stderr, code == ':' ? "Option %s needs an "
			    "argument\n" : "Unknown option %s\n",
			    argv[optind - 1]);
		if (r == NULL || !take(r, optarg, o)) {
			o->act = VR_ACT_REFUSED;
			return;
		}
	}
	take_rest(o, argv);
}

/* ---- texts */

void
vr_options_version(FILE *to)
{
	fprintf(to, "Keepalived v2.4.3 (Weir %s)\n\n"
	    "weir-vrrp stands in for keepalived: VRRP versions 2 and 3, "
	    "without LVS, BFD, SNMP, D-Bus.\n", PACKAGE_VERSION);
}

void
vr_options_help(FILE *to, const char *called)
{
	fprintf(to, "Usage: %s [OPTION...]\n", called);
	for (unsigned i = 0; i < ROWS; i++) {
		const struct row *r = &rows[i];
		char word[80];

		if (r->help == NULL)
			continue;
		snprintf(word, sizeof word, "--%s%s%s%s", r->name,
		    r->takes == NO ? "" : r->takes == YES ? "=" : "[=",
		    r->arg == NULL ? "" : r->arg, r->takes == PERHAPS ? "]" :
		    "");
		if (r->letter != 0)
			fprintf(to, "  -%c, %-28s %s\n", r->letter, word,
			    r->help);
		else
			fprintf(to, "      %-28s %s\n", word, r->help);
	}
}

int
vr_options_signal(const char *name)
{
	const struct { const char *name; int number; } signals[] = {
		{ "STOP", SIGTERM }, { "RELOAD", SIGHUP }, { "DATA", SIGUSR1 },
		{ "STATS", SIGUSR2 }, { "STATS_CLEAR", SIGRTMAX - 1 },
		{ "JSON", SIGRTMIN + 2 }, { "TDUMP", SIGRTMAX },
	};

	for (unsigned i = 0; i < sizeof signals / sizeof signals[0]; i++)
		if (strcmp(signals[i].name, name) == 0)
			return signals[i].number;
	return -1;
}
