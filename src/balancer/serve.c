/* SPDX-License-Identifier: ISC */
/*
 * serve.c - from a setup to the loops, and back. The first thread, which is
 * loop 0's from the moment there is one.
 */
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "balancer/absent.h"
#include "balancer/certs.h"
#include "balancer/check_external.h"
#include "balancer/checks.h"
#include "balancer/commands.h"
#include "balancer/console.h"
#include "balancer/door.h"
#include "balancer/finish.h"
#include "balancer/notices.h"
#include "balancer/sampling.h"
#include "balancer/serve.h"
#include "balancer/session.h"
#include "balancer/status.h"
#include "balancer/stopping.h"
#include "balancer/tables.h"
#include "balancer/variables.h"
#include "balancer/world.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "net/thread.h"
#include "net/tour.h"
#include "proc/ready.h"
#include "proc/rights.h"
#include "proc/signals.h"

enum { FIXED_FILES = 100, MOST_THREADS = 64, MOST_AUTOMATIC = 500000 };

static struct {
	const struct lb_options *options;
	const char *called;
	struct lb_setup *setup;
	struct loop *home;
	int ready;			/* pipe to the waiting parent; -1 */
} run = { .ready = -1 };

static int
fail(const char *text)
{
	lb_logs_say(LB_LOG_ALERT, text);
	return 1;
}

/* ---- limits ------------------------------------------------------------ */

static unsigned
count_checks(const struct lb_setup *setup)
{
	unsigned n = 0;

	for (unsigned i = 0; i < setup->proxies.count; i++) {
		const struct lb_proxy_conf *p = setup->proxies.at[i];

		for (unsigned k = 0; k < p->servers.count; k++)
			n += (unsigned)p->servers.at[k]->check +
			    (unsigned)p->servers.at[k]->agent_check;
	}
	return n;
}

static long
file_limit(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) < 0)
		return 1024;
	return r.rlim_max == RLIM_INFINITY || r.rlim_max > MOST_AUTOMATIC ?
	    MOST_AUTOMATIC : (long)r.rlim_max;
}

/* How many clients: as the user says, or as descriptors allow. */
/* A tenth of what comes in, where the file alone did not tell it. */
static unsigned
find_fullconn(const struct lb_proxy *p)
{
	const struct lb_world *w = lb_world();
	uint64_t sum = 0;

	for (unsigned i = 0; i < w->count; i++)
		if (lb_finish_reaches(w->proxies[i]->conf, p->conf))
			sum += w->proxies[i]->maxconn;
	return (unsigned)((sum + 9) / 10);
}

static void
set_limits(void)
{
	const struct lb_global_conf *g = &run.setup->global;
	struct lb_world *w = lb_world();
	long others = FIXED_FILES + (long)run.setup->listeners +
	    (long)count_checks(run.setup);
	long most = file_limit();
	struct rights_limits l;

	if (g->fd_hard_limit > 0 && most > g->fd_hard_limit)
		most = g->fd_hard_limit;
	w->maxconn = (unsigned)(run.options->maxconn > 0 ?
	    run.options->maxconn : g->maxconn);
	if (w->maxconn == 0)
		w->maxconn = most > others + 2 ?
		    (unsigned)((most - others) / 2) : 1;
	w->hard_maxconn = w->maxconn;
	rights_files(g->ulimit_n > 0 ? g->ulimit_n :
	    2 * (long)w->maxconn + others, &l);
	w->descriptors = (unsigned)l.soft;
	for (unsigned i = 0; i < w->count; i++)
		if (w->proxies[i]->maxconn == 0)
			w->proxies[i]->maxconn = run.options->proxy_maxconn > 0
			    ? (unsigned)run.options->proxy_maxconn : w->maxconn;
	for (unsigned i = 0; i < w->count; i++)
		if (w->proxies[i]->fullconn == 0)
			w->proxies[i]->fullconn = find_fullconn(w->proxies[i]);
}

static unsigned
find_threads(void)
{
	int n = run.setup->global.nbthread;
	cpu_set_t cpus;

	if (n <= 0)
		n = sched_getaffinity(0, sizeof cpus, &cpus) == 0 ?
		    CPU_COUNT(&cpus) : 1;
	return n > MOST_THREADS ? MOST_THREADS : (unsigned)n;
}

/* ---- rights ------------------------------------------------------------ */

static int
enter_root(const char *path)
{
	char line[300];

	if (path == NULL || path[0] == '\0')
		return 0;
	if (chroot(path) == 0 && chdir("/") == 0)
		return 0;
	snprintf(line, sizeof line, "[%.100s.main()] Cannot chroot(%.100s).",
	    run.called, path);
	return fail(line);
}

static int
become_user(void)
{
	const struct lb_global_conf *g = &run.setup->global;
	long uid = g->uid, gid = g->gid;
	struct passwd *pw = g->user != NULL ? getpwnam(g->user) : NULL;
	struct group *gr = g->group != NULL ? getgrnam(g->group) : NULL;

	if (g->user != NULL && pw != NULL)
		uid = (long)pw->pw_uid;
	if (g->group != NULL && gr != NULL)
		gid = (long)gr->gr_gid;
	/* Names are looked up before the root changes. */
	if (enter_root(g->chroot) != 0)
		return 1;
	if (gid > 0 && ((geteuid() == 0 && setgroups(0, NULL) < 0) ||
	    setgid((gid_t)gid) < 0))
		return fail("Cannot set gid.");
	if (uid > 0 && setuid((uid_t)uid) < 0)
		return fail("Cannot set uid.");
	if (!g->insecure_setuid)
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return 0;
}

static int
write_pid(void)
{
	const char *path = run.options->pidfile != NULL ? run.options->pidfile :
	    run.setup->global.pidfile;
	char text[32], line[300];
	int fd, len;

	if (path == NULL || (!run.options->daemon && !run.setup->global.daemon
	    && run.options->pidfile == NULL))
		return 0;
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	len = snprintf(text, sizeof text, "%d\n", (int)getpid());
	if (fd >= 0 && write(fd, text, (size_t)len) == len) {
		close(fd);
		return 0;
	}
	snprintf(line, sizeof line, "[%.100s.main()] Cannot create pidfile "
	    "%.100s", run.called, path);
	return fail(line);
}

/* ---- going to the background ------------------------------------------- */

static bool
is_daemon(void)
{
	return !run.options->foreground && !run.options->debug &&
	    (run.options->daemon || run.setup->global.daemon);
}

/* The parent waits for a byte: then the child serves. */
static void
wait_for_child(int fd, pid_t child)
{
	char one;
	ssize_t got;
	int status;

	do
		got = read(fd, &one, 1);
	while (got < 0 && errno == EINTR);
	if (got == 1)
		_exit(0);
	if (waitpid(child, &status, 0) == child && WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	_exit(1);
}

static int
go_background(void)
{
	int ends[2];
	pid_t child;

	if (!is_daemon())
		return 0;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail("Cannot fork.");
	fflush(NULL);
	child = fork();
	if (child < 0)
		return fail("Cannot fork.");
	if (child > 0) {
		close(ends[1]);
		wait_for_child(ends[0], child);
	}
	close(ends[0]);
	setsid();
	run.ready = ends[1];
	return 0;
}

static void
tell_parent(void)
{
	int null;

	if (run.ready < 0)
		return;
	null = open("/dev/null", O_RDWR);
	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	lb_logs_mute(true);
	if (write(run.ready, "", 1) < 0)
		return;
	close(run.ready);
	run.ready = -1;
}

static void
signal_old(void)
{
	int number = run.options->old_stop ? SIGTERM : SIGUSR1;
	int64_t pid;

	for (unsigned i = 0; i < run.options->old_count; i++)
		if (number_int(text_of(run.options->old[i]), 10, 1, INT32_MAX,
		    &pid, NULL) == 0)
			kill((pid_t)pid, number);
}

/* ---- what is told between the rooms ------------------------------------ */

static bool
is_of_server(const struct lb_session *s, void *arg)
{
	return s->server == arg && (s->flags & LB_FLOW_SLOT);
}

static bool
is_on_backup_of(const struct lb_session *s, void *arg)
{
	return s->backend == arg && s->server != NULL &&
	    s->server->conf->backup;
}

static void
shut_sessions(struct lb_server *s, enum lb_shut which)
{
	if (which == LB_SHUT_DOWN)
		lb_session_end_all(is_of_server, s, &lb_end_down, NULL);
	else
		lb_session_end_all(is_on_backup_of, s->proxy, &lb_end_up,
		    NULL);
}

static void
on_good(void *arg)
{
	lb_check_observe(arg, true);
}

static void
on_bad(void *arg)
{
	lb_check_observe(arg, false);
}

static void
on_attempt(struct lb_server *s, bool good)
{
	if (good && __atomic_load_n(&s->errors, __ATOMIC_RELAXED) == 0)
		return;
	loop_post(run.home, good ? on_good : on_bad, s);
}

/* ---- running ----------------------------------------------------------- */

/* TLS towards servers, for sessions and checks. */
static int
load_certs(void)
{
	struct lb_world *w = lb_world();
	struct why why = { "", "" };
	char line[700];

	for (unsigned i = 0; i < w->count; i++)
		for (unsigned n = 0; n < w->proxies[i]->server_count; n++) {
			struct lb_server *s = w->proxies[i]->servers[n];

			if (!s->conf->tls.on && !s->conf->check_ssl)
				continue;
			s->tls = lb_certs_server(s->conf, &w->setup->global,
			    &why);
			if (s->tls != NULL)
				continue;
			snprintf(line, sizeof line, "config : [%s:%u] : "
			    "'server %s/%s' : %s", s->conf->place.file,
			    s->conf->place.line, s->conf->proxy->name,
			    s->conf->name, why.line);
			return fail(line);
		}
	return 0;
}

static int
open_doors(void)
{
	char line[200];
	unsigned failed = lb_console_open(&run.setup->global) +
	    lb_door_open();

	if (failed > 0) {
		snprintf(line, sizeof line, "[%.100s.main()] Some protocols "
		    "failed to start their listeners! Exiting.",
		    run.called);
		return fail(line);
	}
	if (lb_door_count() > 0 || run.setup->global.sockets.count > 0)
		return 0;
	snprintf(line, sizeof line, "[%.100s.main()] No enabled listener "
	    "found (check for 'bind' directives) ! Exiting.",
	    run.called);
	return fail(line);
}

/* Programs are run by a process of their own, which never sees a client. */
static int
fork_helper(void)
{
	struct why why = { "", "" };

	return lb_check_external_fork(&why) < 0 ? fail(why.line) : 0;
}

static int
make_loops(void)
{
	struct why why = { "", "" };

	if (thread_start(find_threads(), lb_session_init, &why) < 0)
		return fail(why.line);
	run.home = loop_here();
	lb_check_init(run.home);
	lb_health_init(run.home, shut_sessions);
	lb_session_on_attempt(on_attempt);
	lb_status_init(run.home);
	lb_door_init(lb_session_take);
	if (lb_check_external_home(run.home, &why) < 0 ||
	    lb_checks_make(&why) < 0 || lb_stopping_watch(run.home, &why) < 0)
		return fail(why.line);
	return 0;
}

static int
start_serving(void)
{
	struct why why = { "", "" };

	if (lb_door_start(run.home, &why) < 0 ||
	    lb_console_start(run.home, lb_commands_run, &why) < 0)
		return fail(why.line);
	lb_check_start_all();
	lb_tables_start(run.home);
	lb_notices_close();
	signal_old();
	tell_parent();
	ready_up();
	return 0;
}

static void
end_loop(struct loop *l, void *arg)
{
	lb_session_fini(l);
}

static void
on_all_ended(void *arg)
{
	loop_stop(run.home);
}

/* Every loop ends its own sessions before any of them goes. */
static void
end_sessions(void)
{
	tour_run(run.home, end_loop, on_all_ended, NULL);
	loop_run(run.home);
}

static int
live(void)
{
	struct lb_log_who who = { .pid = (int)getpid() };
	static char host[256];
	int code;

	who.tag = run.setup->global.log_tag;
	if (run.setup->global.log_hostname) {
		gethostname(host, sizeof host - 1);
		who.hostname = run.setup->global.hostname != NULL ?
		    run.setup->global.hostname : host;
	}
	signals_ignore_pipe();
	lb_counts_init(find_threads());
	lb_tables_init(run.setup);
	lb_world_init(run.setup, &who);
	set_limits();
	code = load_certs();
	if (code == 0)
		code = open_doors();
	if (code == 0)
		code = write_pid();
	if (code == 0)
		code = become_user();
	if (code == 0)
		code = fork_helper();
	if (code == 0)
		code = make_loops();
	if (code == 0)
		code = start_serving();
	if (code != 0)
		return code;
	loop_run(run.home);
	code = lb_stopping_code();
	signals_end();
	lb_door_stop_all();
	lb_console_fini();
	lb_check_fini();
	lb_check_external_fini();
	lb_health_fini();
	lb_status_fini();
	end_sessions();
	thread_stop();
	loop_free(&run.home);
	lb_door_fini();
	lb_tables_fini();
	lb_variables_fini();
	lb_world_fini();
	return code;
}

int
lb_serve(struct lb_setup *setup, const struct lb_options *options,
    const char *called)
{
	int code;

	run.setup = setup;
	run.options = options;
	run.called = called;
	lb_logs_mute(options->quiet);
	ready_init();
	if (lb_absent_tell(setup, options) != 0)
		return 1;
	code = go_background();
	if (code == 0)
		code = live();
	if (code <= 128)
		return code;
	/* As the original: the signal itself ends the process. */
	signal(code - 128, SIG_DFL);
	raise(code - 128);
	return code;
}
