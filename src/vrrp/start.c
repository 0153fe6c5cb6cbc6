/* SPDX-License-Identifier: ISC */
/*
 * main.c - weir-vrrp: its command line, the reading of its file, the log,
 * the pid file, the background; then the parent's life. First thread.
 */
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/number.h"
#include "vrrp/config.h"
#include "vrrp/lock.h"
#include "vrrp/manager.h"
#include "vrrp/parent.h"
#include "vrrp/say.h"
#include "vrrp/status.h"

#define VERSION_LINE "Keepalived v2.4.3 (Weir " PACKAGE_VERSION ")"

enum { EXIT_USAGE = 1, EXIT_NO_FILE = 6 };

static struct {
	const char *called;		/* the program's name */
	const char *file, *id, *pidfile, *child_pidfile, *log_file;
	const char *namespace, *test_log, *status;
	bool test, foreground, dump, to_stderr, no_syslog, detail;
	bool all_config, json, core, ignore_int, no_respawn, release;
	bool keep, tell_addresses, to_file, ask;
	int facility, umask;
} said = {
	.file = "/etc/keepalived/keepalived.conf", .facility = LOG_DAEMON,
	.umask = -1,
};

/* ---- the command line */

static void
print_version(void)
{
	fprintf(stderr, "%s\n\nISC licence; stands for keepalived, VRRP "
	    "alone\n", VERSION_LINE);
	exit(0);
}

static void print_help(void);

static _Noreturn void __attribute__((format(printf, 1, 2)))
refuse(const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", said.called);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(EXIT_USAGE);
}

static void
set_facility(const char *arg)
{
	static const struct { const char *name; int facility; } rows[] = {
		{ "local0", LOG_LOCAL0 }, { "local1", LOG_LOCAL1 },
		{ "local2", LOG_LOCAL2 }, { "local3", LOG_LOCAL3 },
		{ "local4", LOG_LOCAL4 }, { "local5", LOG_LOCAL5 },
		{ "local6", LOG_LOCAL6 }, { "local7", LOG_LOCAL7 },
		{ "user", LOG_USER }, { "daemon", LOG_DAEMON },
	};
	bool digit = arg[0] >= '0' && arg[0] <= '7' && arg[1] == '\0';

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(arg, rows[i].name) == 0 || (digit &&
		    i == (size_t)(arg[0] - '0'))) {
			said.facility = rows[i].facility;
			return;
		}
	refuse("Invalid log facility '%s'", arg);
}

static void
set_umask(const char *arg)
{
	int64_t mask;

	if (number_int(text_of(arg), 0, 0, 0777, &mask, NULL) < 0)
		refuse("Invalid umask '%s'", arg);
	said.umask = (int)mask;
}

static void
tell_signal(const char *arg)
{
	static const struct { const char *name; enum vr_parent_signal what; }
	    rows[] = {
		{ "STOP", VR_PARENT_STOP }, { "RELOAD", VR_PARENT_RELOAD },
		{ "DATA", VR_PARENT_DATA }, { "STATS", VR_PARENT_STATS },
		{ "STATS_CLEAR", VR_PARENT_STATS_CLEAR },
		{ "JSON", VR_PARENT_JSON }, { "TDUMP", VR_PARENT_TDUMP },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(arg, rows[i].name) == 0) {
			printf("%d\n", vr_parent_signal(rows[i].what));
			exit(0);
		}
	fprintf(stderr, "Unknown sigfunc %s\n", arg);
	exit(EXIT_USAGE);
}

static void
no_lvs(void)
{
	refuse("no LVS support");
}

static void
no_genhash(void)
{
	refuse("no genhash here");
}

enum { NO, NEEDS, MAY };		/* an argument */

static const struct row {
	int letter;
	const char *name;
	int arg;
	bool *flag;			/* is set */
	const char **to;		/* gets the argument */
	void (*with)(const char *arg);
	void (*call)(void);
	const char *help;		/* NULL: accepted, does nothing */
} rows[] = {
	{ 'f', "use-file", NEEDS, .to = &said.file,
	    .help = "use FILE as the configuration" },
	{ 'P', "vrrp", NO, .help = "only VRRP (always so)" },
	{ 'C', "check", NO, .call = no_lvs, .help = NULL },
	{ 'B', "no_bfd", NO, .help = NULL },
	{ 0, "all", NO, .help = NULL },
	{ 'l', "log-console", NO, .flag = &said.to_stderr,
	    .help = "log to standard error too" },
	{ 'D', "log-detail", NO, .flag = &said.detail,
	    .help = "detailed log" },
	{ 'S', "log-facility", NEEDS, .with = set_facility,
	    .help = "0-7, local0-local7, user, daemon" },
	{ 'g', "log-file", MAY, .flag = &said.to_file, .to = &said.log_file,
	    .help = "log to FILE too (/tmp/keepalived.log)" },
	{ 0, "flush-log-file", NO, .help = NULL },
	{ 'G', "no-syslog", NO, .flag = &said.no_syslog,
	    .help = "do not log to syslog" },
	{ 'X', "release-vips", NO, .flag = &said.release,
	    .help = "drop addresses on a transition by a signal" },
	{ 'V', "dont-release-vrrp", NO, .flag = &said.keep,
	    .help = "keep addresses, routes and rules at exit" },
	{ 'I', "dont-release-ipvs", NO, .help = NULL },
	{ 'R', "dont-respawn", NO, .flag = &said.no_respawn,
	    .help = "do not replace a child that died" },
	{ 'n', "dont-fork", NO, .flag = &said.foreground,
	    .help = "stay in the foreground" },
	{ 'd', "dump-conf", NO, .flag = &said.dump,
	    .help = "log the configuration as it was read" },
	{ 'p', "pid", NEEDS, .to = &said.pidfile, .help = "pid file" },
	{ 'r', "vrrp_pid", NEEDS, .to = &said.child_pidfile,
	    .help = "pid file of the process that decides" },
	{ 'c', "checkers_pid", NEEDS, .help = NULL },
	{ 'b', "bfd_pid", NEEDS, .help = NULL },
	{ 'a', "address-monitoring", NO, .flag = &said.tell_addresses,
	    .help = "log addresses that come and go" },
	{ 's', "namespace", NEEDS, .to = &said.namespace,
	    .help = "run in this network namespace" },
	{ 'e', "all-config", NO, .flag = &said.all_config,
	    .help = "a missing include is an error" },
	{ 'i', "config-id", NEEDS, .to = &said.id,
	    .help = "id of @ conditions" },
	{ 'x', "snmp", NO, .help = NULL },
	{ 'A', "snmp-agent-socket", NEEDS, .help = NULL },
	{ 'u', "umask", NEEDS, .with = set_umask, .help = "umask" },
	{ 'm', "core-dump", NO, .flag = &said.core,
	    .help = "allow core dumps" },
	{ 'M', "core-dump-pattern", MAY, .help = NULL },
	{ 0, "signum", NEEDS, .with = tell_signal,
	    .help = "print a signal's number: STOP, RELOAD, DATA, STATS, "
	    "STATS_CLEAR, JSON, TDUMP" },
	{ 't', "config-test", MAY, .flag = &said.test, .to = &said.test_log,
	    .help = "check the configuration, exit" },
	{ 0, "perf", MAY, .help = NULL },
	{ 0, "debug", MAY, .help = NULL },
	{ 0, "no-mem-check", NO, .help = NULL },
	{ 'L', "mem-check-log", NO, .help = NULL },
	{ 0, "ignore-sigint", NO, .flag = &said.ignore_int,
	    .help = "SIGINT does not stop it" },
	{ 'T', "genhash", NO, .call = no_genhash },
	{ 0, "status", NO, .flag = &said.ask,
	    .help = "ask the running one: [INSTANCE]; exit 0 master, 1 "
	    "backup, 2 fault, 3 no answer" },
	{ 0, "json", NO, .flag = &said.json, .help = "with --status" },
	{ 'v', "version", NO, .call = print_version,
	    .help = "show the version" },
	{ 'h', "help", NO, .call = print_help, .help = "show this help" },
};

enum { ROWS = sizeof rows / sizeof rows[0], LONG = 256 };

static void
print_help(void)
{
	fprintf(stderr, "%s\nUsage: %s [OPTION...]\n", VERSION_LINE,
	    said.called);
	for (size_t i = 0; i < ROWS; i++) {
		char letter[8] = "    ";

		if (rows[i].help == NULL)
			continue;
		if (rows[i].letter != 0)
			snprintf(letter, sizeof letter, "-%c, ",
			    rows[i].letter);
		fprintf(stderr, "  %s--%s%s  %s\n", letter, rows[i].name,
		    rows[i].arg == NEEDS ? "=VALUE" : rows[i].arg == MAY ?
		    "[=VALUE]" : "", rows[i].help);
	}
	exit(0);
}

static void
take_option(const struct row *r, const char *arg)
{
	if (r->flag != NULL)
		*r->flag = true;
	if (r->to != NULL && arg != NULL)
		*r->to = arg;
	if (r->with != NULL)
		r->with(arg);
	if (r->call != NULL)
		r->call();
}

static void
read_options(int argc, char **argv)
{
	struct option longs[ROWS + 1];
	char letters[3 * ROWS + 1];
	size_t at = 0;
	int c, which;

	memset(longs, 0, sizeof longs);
	for (size_t i = 0; i < ROWS; i++) {
		longs[i] = (struct option){ rows[i].name, rows[i].arg, NULL,
		    LONG + (int)i };
		if (rows[i].letter == 0)
			continue;
		letters[at++] = (char)rows[i].letter;
		for (int n = 0; n < rows[i].arg; n++)
			letters[at++] = ':';
	}
	letters[at] = '\0';
	while ((c = getopt_long(argc, argv, letters, longs, &which)) != -1) {
		if (c == '?')
			exit(EXIT_USAGE);
		for (size_t i = 0; i < ROWS; i++)
			if (c == LONG + (int)i || (c < LONG &&
			    c == rows[i].letter))
				take_option(&rows[i], optarg);
	}
	if (optind < argc && said.ask)
		said.status = argv[optind++];
	if (optind < argc)
		refuse("Unexpected argument(s): %s", argv[optind]);
}

/* ---- the configuration */

static void
tell_log(void *arg, enum vr_report_level level, const char *line)
{
	vr_say_info("%s", line);
}

static void
tell_stream(void *arg, enum vr_report_level level, const char *line)
{
	fprintf(arg, "%s\n", line);
}

static int
test_config(void)
{
	struct vr_report report = { .arg = stderr, .tell = tell_stream };
	struct vr_config *config;
	struct why why = { .line = "" };
	int status;

	if (said.test_log != NULL) {
		report.arg = fopen(said.test_log, "we");
		if (report.arg == NULL)
			refuse("cannot open %s", said.test_log);
	}
	config = vr_config_read(said.file, vr_outside_host(said.id), &report,
	    &why);
	status = vr_report_status(&report);
	if (config == NULL && status == 0) {
		tell_stream(report.arg, VR_REPORT_ERROR, why.line);
		status = VR_EXIT_ERROR;
	}
	vr_config_free(&config);
	if (report.arg != stderr)
		fclose(report.arg);
	return status;
}

static unsigned errors_known;		/* in the file that is in force */

/* One that is worse than what runs is refused as a whole. */
static struct vr_config *
read_again(const struct vr_config *now)
{
	struct vr_report report = { .tell = tell_log };
	struct why why = { .line = "" };
	struct vr_config *config = vr_config_read(said.file,
	    vr_outside_host(said.id), &report, &why);

	if (config != NULL && report.errors + report.missing > errors_known) {
		why_set(&why, "the new configuration has errors that the old "
		    "one had not");
		vr_config_free(&config);
	}
	if (config == NULL)
		vr_say_error("%s: everything stays as it is", why.line);
	else
		errors_known = report.errors + report.missing;
	return config;
}

/* ---- the log, the pid files */

static void
open_log(void)
{
	const struct vr_say_plan plan = {
		.ident = "Keepalived_vrrp", .facility = said.facility,
		.to_syslog = !said.no_syslog, .to_stderr = said.to_stderr,
		.file = !said.to_file ? NULL : said.log_file != NULL ?
		    said.log_file : "/tmp/keepalived.log",
		.detail = said.detail,
	};
	struct why why;

	if (vr_say_open(&plan, &why) < 0)
		vr_say_error("%s", why.line);
}

static const char *
name_pidfile(const char *given, const char *plain, const char *instance,
    bool use_dir)
{
	char *path;

	if (given != NULL)
		return given;
	if (instance == NULL && !use_dir)
		path = mem_print("/run/%s.pid", strcmp(plain, "keepalived") ==
		    0 ? "keepalived" : "vrrp");
	else
		path = mem_print("/run/keepalived/%s%s%s.pid", plain,
		    instance == NULL ? "" : "_", instance == NULL ? "" :
		    instance);
	return path;
}

static void
name_pidfiles(const struct vr_config *c)
{
	const char *tag = said.namespace != NULL ? said.namespace :
	    c->global.namespace != NULL ? c->global.namespace :
	    c->global.instance;
	bool use_dir = c->global.use_pid_dir;

	if (use_dir || tag != NULL)
		mkdir("/run/keepalived", 0755);
	said.pidfile = name_pidfile(said.pidfile, "keepalived", tag, use_dir);
	said.child_pidfile = name_pidfile(said.child_pidfile, "vrrp", tag,
	    use_dir);
}

static int
enter_namespace(const struct vr_config *c)
{
	const char *name = said.namespace != NULL ? said.namespace :
	    c->global.namespace;
	char *path;
	int fd;

	if (name == NULL)
		return 0;
	path = mem_print("/run/netns/%s", name);
	fd = path == NULL ? -1 : open(path, O_RDONLY | O_CLOEXEC);
	mem_drop(path);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0) {
		vr_say_error("cannot enter network namespace %s: errno %d",
		    name, errno);
		return -1;
	}
	close(fd);
	return 0;
}

static void
go_to_background(void)
{
	int null;

	if (said.foreground)
		return;
	if (fork() != 0)
		_exit(0);
	setsid();
	if (fork() != 0)
		_exit(0);
	if (chdir("/") < 0)
		vr_say_warn("chdir: errno %d", errno);
	null = open("/dev/null", O_RDWR);
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	if (!said.to_stderr)
		dup2(null, STDERR_FILENO);
	if (null > STDERR_FILENO)
		close(null);
}

/* ---- the start */

static void
reopen_log(void)
{
	if (said.to_file)
		open_log();
}

static void
set_limits(const struct vr_config *c)
{
	int mask = said.umask >= 0 ? said.umask : c->global.umask;

	if (mask != VR_UNSET)
		umask((mode_t)mask);
	if (said.core)
		setrlimit(RLIMIT_CORE, &(struct rlimit){ RLIM_INFINITY,
		    RLIM_INFINITY });
}

static int
run(struct vr_config *config)
{
	const struct vr_parent_plan plan = {
		.host = { .keep = said.keep,
		    .tell_addresses = said.tell_addresses },
		.no_respawn = said.no_respawn,
		.ignore_int = said.ignore_int,
		.child_pidfile = said.child_pidfile,
		.read = read_again,
		.reopen = reopen_log,
	};
	struct why why;
	int code;

	if (enter_namespace(config) < 0)
		return EXIT_USAGE;
	code = vr_lock_take(said.pidfile, &why);
	if (code != 0) {
		vr_say_error("%s", code > 0 ? "daemon is already running" :
		    why.line);
		return code > 0 ? 0 : EXIT_USAGE;
	}
	go_to_background();
	if (vr_lock_write() < 0)
		vr_say_warn("cannot write pid file %s", said.pidfile);
	set_limits(config);
	code = vr_parent_run(config, &plan);
	vr_lock_release();
	return code;
}

static int
start(void)
{
	struct vr_report report = { .tell = tell_log };
	struct why why = { .line = "" };
	struct vr_config *config;

	open_log();
	vr_manager_init();
	vr_say_info("Starting %s", VERSION_LINE);
	if (access(said.file, R_OK) < 0) {
		vr_say_error("Unable to find configuration file %s",
		    said.file);
		return EXIT_NO_FILE;
	}
	config = vr_config_read(said.file, vr_outside_host(said.id), &report,
	    &why);
	if (config == NULL) {
		vr_say_error("%s", why.line);
		return report.missing > 0 ? VR_EXIT_MISSING : EXIT_USAGE;
	}
	errors_known = report.errors + report.missing;
	if (config->instances.count == 0)
		vr_say_warn("Warning - keepalived has no configuration to "
		    "run");
	name_pidfiles(config);
	return run(config);
}

static int
ask_status(void)
{
	struct vr_report quiet = { .tell = NULL };
	struct why why;
	struct vr_config *config = vr_config_read(said.file,
	    vr_outside_host(said.id), &quiet, &why);
	const char *path = config == NULL ? NULL :
	    config->global.status_socket;
	int code;

	if (path == NULL)
		fprintf(stderr, "status_socket is not set in %s\n",
		    said.file);
	code = path == NULL ? 3 : vr_status_ask(path, said.status, said.json);
	vr_config_free(&config);
	return code;
}

int
main(int argc, char **argv)
{
	const char *slash = strrchr(argv[0], '/');

	said.called = slash == NULL ? argv[0] : slash + 1;
	read_options(argc, argv);
	if (said.ask)
		return ask_status();
	return said.test ? test_config() : start();
}
