/* SPDX-License-Identifier: ISC */
/*
 * start.c - the reading of the file, the log, the pid files, the network
 * namespace, the background; then the parent's life. First thread.
 */
#include <sys/resource.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "vrrp/compare.h"
#include "vrrp/config.h"
#include "vrrp/lock.h"
#include "vrrp/manager.h"
#include "vrrp/parent.h"
#include "vrrp/say.h"
#include "vrrp/start.h"
#include "vrrp/status.h"

enum { EXIT_CANNOT = 1, NO_ANSWER = 3, EXIT_NO_FILE = 6 };

static const struct vr_options *said;
static const char *pidfile, *child_pidfile;
static int failure;			/* exit code of a file that cannot be used */

/* ---- the configuration */

static void
tell_log(void *arg, enum vr_report_level level, const char *line)
{
	vr_say_info("%s", line);
}

/* A name may be a pattern. */
static bool
is_there(const char *path)
{
	glob_t found;
	bool there = access(path, R_OK) == 0;

	if (there || glob(path, GLOB_BRACE, NULL, &found) != 0)
		return there;
	there = found.gl_pathc > 0;
	globfree(&found);
	return there;
}

/* Where a relative name begins once the process has left for "/". */
static char home[4096];

static void
note_home(void)
{
	if (said->file[0] == '/' || getcwd(home, sizeof home) == NULL)
		home[0] = '\0';
}

static const char *
file_name(void)
{
	static char path[2 * sizeof home];

	if (home[0] == '\0')
		return said->file;
	snprintf(path, sizeof path, "%s/%s", home, said->file);
	return path;
}

static struct vr_config *
read_file(struct vr_report *report)
{
	struct vr_config *config = vr_config_read(file_name(),
	    said->all_config ? VR_CONFIG_ALL_INCLUDES : 0,
	    vr_outside_host(said->id), report);

	if (config == NULL)
		failure = report->missing > 0 ? VR_EXIT_MISSING : EXIT_CANNOT;
	return config;
}

static struct vr_config *
read_first(void)
{
	struct vr_report report = { .tell = tell_log };

	return read_file(&report);
}

/* ---- a reload */

static const char *
reload_file_of(const struct vr_global_conf *g)
{
	bool own = g->use_pid_dir || g->instance != NULL ||
	    g->namespace != NULL;

	return !g->reload_file_on ? NULL : g->reload_file != NULL ?
	    g->reload_file : own ? "/run/keepalived/keepalived.reload" :
	    "/run/keepalived.reload";
}

/* Whoever writes the configuration sees by it when it was read. */
static void
mark_reading(const struct vr_global_conf *g, bool reading)
{
	const char *path = reload_file_of(g);
	int fd;

	if (path == NULL)
		return;
	if (!reading) {
		unlink(path);
		return;
	}
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW |
	    O_CLOEXEC, 0644);
	if (fd < 0)
		vr_say_warn("cannot make %s: errno %d", path, errno);
	else
		close(fd);
}

static void
tell_file(void *arg, enum vr_report_level level, const char *line)
{
	fprintf(arg, "%s\n", line);
}

/* reload_check_config: as -t says, but for the question of security. */
static bool
is_sound(const struct vr_global_conf *g, const struct vr_report *r)
{
	bool sound = r->errors == 0 && r->missing == 0;

	if (g->reload_check_config && !sound)
		vr_say_error("New config failed validation, see %s for "
		    "details", g->reload_check_log != NULL ?
		    g->reload_check_log : "the log");
	return sound || !g->reload_check_config;
}

static struct vr_config *
read_checked(const struct vr_global_conf *g)
{
	struct vr_report report = { .tell = tell_log };
	struct vr_config *config;
	FILE *log = NULL;

	if (g->reload_check_config && g->reload_check_log != NULL) {
		int fd = open(g->reload_check_log, O_WRONLY | O_CREAT |
		    O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

		log = fd < 0 ? NULL : fdopen(fd, "w");
		if (log == NULL)
			vr_say_warn("cannot write %s: errno %d",
			    g->reload_check_log, errno);
	}
	if (log != NULL)
		report = (struct vr_report){ .tell = tell_file, .arg = log };
	mark_reading(g, true);
	config = read_file(&report);
	mark_reading(g, false);
	if (log != NULL)
		fclose(log);
	if (!is_sound(g, &report))
		vr_config_free(&config);
	return config;
}

static void
tell_fixed(void *arg, const char *name)
{
	vr_say_warn("Cannot change %s at a reload - please restart keepalived",
	    name);
}

static void
tell_change(void *arg, enum vr_compare_kind kind,
    const struct vr_instance_conf *before,
    const struct vr_instance_conf *after)
{
	static const char *const words[] = {
		[VR_COMPARE_CHANGED] = "changed", [VR_COMPARE_ADDED] = "added",
		[VR_COMPARE_REMOVED] = "removed",
	};

	if (kind != VR_COMPARE_SAME)
		vr_say_info("(%s) %s by the reload", after == NULL ?
		    before->name : after->name, words[kind]);
}

/*
 * A file is refused when it has an error that the one in force has not; those
 * that were there all along are passed over, as at the start.
 */
static struct vr_config *
read_again(const struct vr_config *now)
{
	struct vr_config *config = read_checked(&now->global);
	const char *error = config == NULL ? NULL :
	    vr_compare_new_error(now, config);

	if (error != NULL)
		vr_config_free(&config);
	if (config == NULL) {
		vr_say_error("New config failed validation: everything stays "
		    "as it is");
		return NULL;
	}
	vr_say_as_json(config->global.log_json);
	vr_compare_fixed(now, config, tell_fixed, NULL);
	vr_compare_instances(now, config, tell_change, NULL);
	return config;
}

/* ---- the log, the pid files */

static int
find_facility(void)
{
	static const struct { const char *name; int facility; } rows[] = {
		{ "local0", LOG_LOCAL0 }, { "local1", LOG_LOCAL1 },
		{ "local2", LOG_LOCAL2 }, { "local3", LOG_LOCAL3 },
		{ "local4", LOG_LOCAL4 }, { "local5", LOG_LOCAL5 },
		{ "local6", LOG_LOCAL6 }, { "local7", LOG_LOCAL7 },
		{ "user", LOG_USER },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		if (strcmp(said->log_facility, rows[i].name) == 0)
			return rows[i].facility;
	return LOG_DAEMON;
}

static void
open_log(void)
{
	const struct vr_say_plan plan = {
		.ident = "Keepalived_vrrp", .facility = find_facility(),
		.to_syslog = !said->no_syslog, .to_stderr = said->log_console,
		.file = !said->log_file_on ? NULL : said->log_file != NULL ?
		    said->log_file : "/tmp/keepalived.log",
		.detail = said->log_detail,
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
	const char *tag = said->namespace != NULL ? said->namespace :
	    c->global.namespace != NULL ? c->global.namespace :
	    c->global.instance;
	bool use_dir = c->global.use_pid_dir;

	if (use_dir || tag != NULL)
		mkdir("/run/keepalived", 0755);
	pidfile = name_pidfile(said->pid_file, "keepalived", tag, use_dir);
	child_pidfile = name_pidfile(said->vrrp_pid_file, "vrrp", tag,
	    use_dir);
}

static int
enter_namespace(const char *name)
{
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

	if (said->no_fork)
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
	if (!said->log_console)
		dup2(null, STDERR_FILENO);
	if (null > STDERR_FILENO)
		close(null);
}

/* ---- the start */

static void
reopen_log(void)
{
	if (said->log_file_on)
		open_log();
}

static void
set_limits(const struct vr_config *c)
{
	int mask = said->umask >= 0 ? said->umask : c->global.umask;

	if (mask != VR_UNSET)
		umask((mode_t)mask);
	if (said->core_dump)
		setrlimit(RLIMIT_CORE, &(struct rlimit){ RLIM_INFINITY,
		    RLIM_INFINITY });
}

static int
run(struct vr_config *config)
{
	const struct vr_parent_plan plan = {
		.host = { .keep = said->keep_at_exit,
		    .tell_addresses = said->monitor_addresses },
		.no_respawn = said->no_respawn,
		.ignore_int = said->ignore_sigint,
		.dump = said->dump,
		.child_pidfile = child_pidfile,
		.read = read_again,
		.reopen = reopen_log,
	};
	struct why why;
	int code;

	code = vr_lock_take(pidfile, &why);
	if (code != 0) {
		vr_say_error("%s", code > 0 ? "daemon is already running" :
		    why.line);
		vr_config_free(&config);
		return code > 0 ? 0 : EXIT_CANNOT;
	}
	go_to_background();
	if (vr_lock_write() < 0)
		vr_say_warn("cannot write pid file %s", pidfile);
	set_limits(config);
	code = vr_parent_run(config, &plan);
	vr_lock_release();
	return code;
}

/* The interfaces it names are those of its namespace: read there. */
static struct vr_config *
read_at_home(void)
{
	struct vr_config *config;
	bool moved;

	if (enter_namespace(said->namespace) < 0)
		return NULL;
	config = read_first();
	moved = config != NULL && said->namespace == NULL &&
	    config->global.namespace != NULL;
	if (!moved)
		return config;
	failure = enter_namespace(config->global.namespace);
	vr_config_free(&config);
	return failure < 0 ? NULL : read_first();
}

int
vr_start(const struct vr_options *o)
{
	struct vr_config *config;

	said = o;
	failure = EXIT_CANNOT;
	open_log();
	vr_manager_init();
	vr_say_info("Starting Keepalived v2.4.3 (Weir %s)", PACKAGE_VERSION);
	if (!is_there(said->file)) {
		vr_say_error("Unable to find configuration file %s",
		    said->file);
		return EXIT_NO_FILE;
	}
	if (!said->no_fork)
		note_home();
	config = read_at_home();
	if (config == NULL)
		return failure > 0 ? failure : EXIT_CANNOT;
	if (config->instances.count == 0)
		vr_say_warn("Warning - keepalived has no configuration to "
		    "run");
	vr_say_as_json(config->global.log_json);
	name_pidfiles(config);
	return run(config);
}

int
vr_start_ask(const struct vr_options *o)
{
	struct vr_report quiet = { .tell = NULL };
	struct vr_config *config = vr_config_read(o->file, 0,
	    vr_outside_host(o->id), &quiet);
	const char *path = config == NULL ? NULL :
	    config->global.status_socket;
	int code;

	if (path == NULL)
		fprintf(stderr, "status_socket is not set in %s\n", o->file);
	code = path == NULL ? NO_ANSWER : vr_status_ask(path, o->instance,
	    o->json);
	vr_config_free(&config);
	return code;
}
