/* SPDX-License-Identifier: ISC */
/*
 * serve.c - from a setup to the loops, and back. The first thread, which is
 * loop 0's from the moment there is one.
 */
#include <sys/prctl.h>
#include <sys/resource.h>

#include <grp.h>
#include <pwd.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "balancer/absent.h"
#include "balancer/background.h"
#include "balancer/certs.h"
#include "balancer/check_external.h"
#include "balancer/checks.h"
#include "balancer/commands.h"
#include "balancer/console.h"
#include "balancer/door.h"
#include "balancer/doorway.h"
#include "balancer/notices.h"
#include "balancer/lookup.h"
#include "balancer/names.h"
#include "balancer/resolution.h"
#include "balancer/legacy.h"
#include "balancer/passfile.h"
#include "balancer/place.h"
#include "balancer/sampling.h"
#include "balancer/serve.h"
#include "balancer/session.h"
#include "balancer/sketch.h"
#include "balancer/status.h"
#include "balancer/state_file.h"
#include "balancer/stopping.h"
#include "balancer/takeover.h"
#include "balancer/tables.h"
#include "balancer/variables.h"
#include "balancer/wellbeing.h"
#include "balancer/world.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "net/netns.h"
#include "net/thread.h"
#include "net/tour.h"
#include "proc/master.h"
#include "proc/ready.h"
#include "proc/rights.h"
#include "proc/signals.h"
#include "proc/worker.h"

enum { FIXED_FILES = 100, MOST_THREADS = 64, MOST_AUTOMATIC = 500000 };

static struct {
	const struct lb_options *options;
	const char *called;
	struct lb_setup *setup;
	struct loop *home;
	struct lb_before before;
} run;

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

/* It serves what it can; the operator hears that it is less. */
static void
tell_files(long want, long most)
{
	char line[200];

	if (most >= want)
		return;
	snprintf(line, sizeof line, "[%.100s.main()] Cannot raise FD limit "
	    "to %ld, limit is %ld.", run.called, want, most);
	lb_logs_say(LB_LOG_WARNING, line);
}

/* How many clients: as the user says, or as descriptors allow. */
static void
set_limits(void)
{
	const struct lb_global_conf *g = &run.setup->global;
	struct lb_world *w = lb_world();
	long others = FIXED_FILES + (long)run.setup->listeners +
	    (long)count_checks(run.setup);
	long most = file_limit();
	struct rights_limits l;
	long want;

	if (g->fd_hard_limit > 0 && most > g->fd_hard_limit)
		most = g->fd_hard_limit;
	w->maxconn = (unsigned)(run.options->maxconn > 0 ?
	    run.options->maxconn : g->maxconn);
	if (w->maxconn == 0)
		w->maxconn = most > others + 2 ?
		    (unsigned)((most - others) / 2) : 1;
	w->hard_maxconn = w->maxconn;
	want = g->ulimit_n > 0 ? g->ulimit_n : 2 * (long)w->maxconn + others;
	rights_files(want, &l);
	tell_files(want, l.soft);
	w->descriptors = (unsigned)l.soft;
	for (unsigned i = 0; i < w->count; i++)
		if (w->proxies[i]->maxconn == 0)
			w->proxies[i]->maxconn = run.options->proxy_maxconn > 0
			    ? (unsigned)run.options->proxy_maxconn : w->maxconn;
	for (unsigned i = 0; i < w->count; i++)
		if (w->proxies[i]->fullconn == 0)
			w->proxies[i]->fullconn =
			    lb_world_fullconn(w->proxies[i]);
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

/* TLS and namespaces of servers, for sessions and checks. */
static int
open_server(struct lb_server *s, struct why *why)
{
	if (s->conf->namespace != NULL) {
		s->netns = netns_open(s->conf->namespace, why);
		if (s->netns < 0)
			return -1;
	}
	if (!s->conf->tls.on && !s->conf->check_ssl && !s->conf->step_ssl)
		return 0;
	s->tls = lb_certs_server(s->conf, &lb_world()->setup->global, why);
	return s->tls == NULL ? -1 : 0;
}

static int
load_certs(void)
{
	struct lb_world *w = lb_world();
	struct why why = { "", "" };
	char line[700];

	for (unsigned i = 0; i < w->count; i++)
		for (unsigned n = 0; n < w->proxies[i]->server_count; n++) {
			struct lb_server *s = w->proxies[i]->servers[n];

			if (open_server(s, &why) == 0)
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
load_passwords(void)
{
	const struct lb_world *w = lb_world();
	struct why why = { "", "" };
	char line[800];

	for (unsigned i = 0; i < w->count; i++) {
		const struct lb_proxy_conf *p = w->proxies[i]->conf;
		const char *path = p->check.password_file;

		if (path == NULL || p->disabled ||
		    lb_passfile_load(path, &why) == 0)
			continue;
		snprintf(line, sizeof line, "config : %s '%s' : "
		    "pgsql-password-file: %s", p->kind, p->name, why.line);
		return fail(line);
	}
	return 0;
}

/* ---- listening sockets ------------------------------------------------- */

static int
dial_before(const char *path)
{
	char line[700];
	struct why why = { "", "" };

	run.before.sockets = lb_takeover_dial(path, &why);
	run.before.legacy = lb_takeover_dial(path, &why);
	if (run.before.sockets >= 0)
		return 0;
	snprintf(line, sizeof line, "Failed to connect to the old process "
	    "socket '%.200s' (%.200s)", path, why.line);
	lb_logs_say(LB_LOG_WARNING, line);
	return -1;
}

/* Those of the process before: of a master's worker, or as -x says. */
static int
take_sockets(void)
{
	const char *path = run.options->take_from;
	bool known = run.before.sockets >= 0;
	char line[700];
	struct why why = { "", "" };

	if (!known && (worker_here() || path == NULL ||
	    strcmp(path, "/dev/null") == 0))
		return 0;
	if (!known && dial_before(path) < 0)
		return fail("Failed to get the sockets from the old "
		    "process!");
	if (lb_takeover_fetch(run.before.sockets, &why) == 0)
		return 0;
	snprintf(line, sizeof line, "Failed to get the sockets from the old "
	    "process! (%.200s)", why.line);
	return fail(line);
}

/* Without it all begins anew, as it does behind another program. */
static void
take_legacy(void)
{
	struct why why = { "", "" };

	if (run.before.legacy < 0 ||
	    lb_legacy_fetch(run.before.legacy, &why) == 0)
		return;
	log_debug("nothing taken over but sockets: %s", why.line);
}

static void
on_busy(void)
{
	lb_background_pause(run.options);
}

static int
open_doors(void)
{
	char line[200];
	unsigned failed;

	if (!worker_here())
		lb_doorway_on_busy(on_busy);
	failed = lb_console_open(&run.setup->global) + lb_door_open();
	lb_door_close_unused();
	if (failed > 0) {
		lb_background_resume(run.options);
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

/* ---- the master -------------------------------------------------------- */

static void
on_taken(int fd, char level)
{
	if (level == LB_PLACE_LETTER)
		lb_place_take(fd);
	else
		lb_console_take(fd, (enum lb_level)(level - '0'));
}

/* Nobody could reload or stop us in order: what there is ends in peace. */
static void
on_orphaned(void)
{
	lb_world_say(NULL, LB_LOG_ALERT, "The master process is gone; "
	    "stopping.");
	lb_stopping_soft();
}

/* "reloads IN_PLACE WORKER FAILED": up to now. */
static void
on_told(struct text t)
{
	struct text word;
	int64_t n;

	if (!text_word(&t, " ", &word) || !text_is(word, "reloads"))
		return;
	for (unsigned i = 0; i < LB_RELOADS; i++)
		if (text_word(&t, " ", &word) && number_int(word, 10, 0,
		    INT64_MAX, &n, NULL) == 0)
			lb_world()->reloads[i] = (uint64_t)n;
}

static void
take_counts(void)
{
	const struct master *m = master_here();
	uint64_t *to = lb_world()->reloads;

	to[LB_RELOAD_IN_PLACE] = m->placed;
	to[LB_RELOAD_FAILED] = m->failed;
	to[LB_RELOAD_WORKER] = m->reloads - m->placed - m->failed;
}

static const struct worker_events master = {
	.taken = on_taken,
	.told = on_told,
	.orphaned = on_orphaned,
};

static int
make_loops(void)
{
	static const char *const engines[] = { [LB_ENGINE_AUTO] = "auto",
	    [LB_ENGINE_EVENT] = "event", [LB_ENGINE_URING] = "uring" };
	struct why why = { "", "" };

	loop_set_engine(engines[run.setup->global.engine]);
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
	lb_place_init(run.home, run.before.outline, (unsigned)
	    run.options->proxy_maxconn);
	run.before.outline = NULL;
	if (worker_here() && worker_watch(run.home, &master, &why) < 0)
		return fail(why.line);
	return 0;
}

static int
start_serving(void)
{
	struct why why = { "", "" };

	lb_sketch_preset(&run.setup->global);
	/* Who finds a door open finds the runtime socket too. */
	if (lb_console_start(run.home, lb_commands_run, &why) < 0 ||
	    lb_wellbeing_start(run.home, &why) < 0 ||
	    lb_door_start(run.home, &why) < 0)
		return fail(why.line);
	lb_state_file_apply();
	take_legacy();
	lb_check_start_all();
	lb_tables_start(run.home);
	lb_names_init(run.home);
	lb_notices_close();
	if (worker_here()) {
		lb_background_hush(&run.setup->global, run.options);
		worker_ready();
		return 0;
	}
	lb_background_signal(run.options);
	lb_background_done();
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
	if (!worker_here())
		lb_background_prepare(run.options);
	lb_counts_init(find_threads());
	lb_tables_init(run.setup);
	lb_world_init(run.setup, &who);
	take_counts();
	set_limits();
	lb_resolution_read(run.setup);
	code = load_certs();
	if (code == 0)
		code = load_passwords();
	if (code == 0)
		code = take_sockets();
	if (code == 0)
		code = open_doors();
	if (code == 0 && !worker_here())
		code = lb_background_pid(&run.setup->global, run.options,
		    run.called);
	if (code == 0)
		lb_state_file_read();
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
	worker_end();
	lb_place_fini();
	lb_door_stop_all();
	lb_console_fini();
	lb_names_fini();
	lb_check_fini();
	lb_passfile_fini();
	lb_check_external_fini();
	lb_health_fini();
	lb_status_fini();
	lb_wellbeing_fini();
	end_sessions();
	thread_stop();
	loop_free(&run.home);
	lb_lookup_fini();
	lb_door_fini();
	lb_tables_fini();
	lb_variables_fini();
	lb_world_fini();
	lb_certs_fini();
	return code;
}

int
lb_serve(struct lb_setup *setup, const struct lb_options *options,
    const char *called, struct lb_before before)
{
	int code;

	run.setup = setup;
	run.options = options;
	run.called = called;
	run.before = before;
	lb_logs_mute(options->quiet);
	lb_logs_as_json(setup->global.log_json);
	if (!worker_here())
		ready_init();
	if (lb_absent_tell(setup) != 0)
		return 1;
	code = worker_here() ? 0 :
	    lb_background_go(&setup->global, options);
	if (code == 0)
		code = live();
	if (code <= 128)
		return code;
	/* As the original: the signal itself ends the process. */
	signal(code - 128, SIG_DFL);
	raise(code - 128);
	return code;
}
