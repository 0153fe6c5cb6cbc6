/* SPDX-License-Identifier: ISC */
/*
 * main.c - weir-pooler: its options, its signals, the steps of its start,
 * and the wiring of rooms that do not know each other. Loop 0.
 */
#include <sys/stat.h>

#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <event2/event.h>
#include <openssl/crypto.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "net/resolver.h"
#include "net/tour.h"
#include "pooler/cancel.h"
#include "pooler/check.h"
#include "pooler/commands.h"
#include "pooler/config.h"
#include "pooler/console.h"
#include "pooler/control.h"
#include "pooler/courier.h"
#include "pooler/dealer.h"
#include "pooler/dial.h"
#include "pooler/door.h"
#include "pooler/downstream.h"
#include "pooler/growth.h"
#include "pooler/healthz.h"
#include "pooler/janitor.h"
#include "pooler/explain.h"
#include "pooler/farewell.h"
#include "pooler/keys.h"
#include "pooler/login.h"
#include "pooler/metrics.h"
#include "pooler/pool.h"
#include "pooler/setup.h"
#include "pooler/statistics.h"
#include "pooler/tlsconf.h"
#include "pooler/variables.h"
#include "pooler/view.h"
#include "proc/handover.h"
#include "proc/program.h"
#include "proc/ready.h"

#define LEVEL "1.25.2"		/* of PgBouncer, that ours stands for */

static const char *path;	/* of the ini, as the user gave it */
static struct resolver *resolver;

/* ---- the command line -------------------------------------------------- */

static int
take(char **rest, unsigned n, struct why *why)
{
	if (n != 1)
		return why_set(why, "no configuration file specified");
	path = rest[0];
	return 0;
}

static void
print_version(FILE *to)
{
	fprintf(to, "PgBouncer %s (Weir %s)\n", LEVEL, PACKAGE_VERSION);
	fprintf(to, "libevent %s\nadns: %s\ntls: %s\n", event_get_version(),
	    resolver_version(), OpenSSL_version(OPENSSL_VERSION));
	fprintf(to, "systemd: yes\n");
}

static void
report_to_stderr(void *arg, enum log_level level, const char *line)
{
	bool *bad = arg;

	*bad |= level <= LOG_LEVEL_ERROR;
	fprintf(stderr, "%s\n", line);
}

/* --check FILE...: 0 when all of them load. */
static int
tell_check(const char *arg, char **rest, unsigned n)
{
	bool bad = n == 0;

	for (unsigned i = 0; i < n; i++) {
		struct pl_config_source source = { .path = rest[i] };
		struct pl_setup *setup;
		struct why why;

		setup = pl_config_read(&source, NULL, report_to_stderr, &bad,
		    &why);
		if (setup == NULL) {
			bad = true;
			continue;
		}
		for (unsigned k = 0; k < setup->note_count; k++)
			report_to_stderr(&bad, setup->notes[k].level,
			    setup->notes[k].line);
		pl_config_free(&setup);
	}
	return bad ? 1 : 0;
}

/* --explain FILE...: what they mean, as a file. */
static int
tell_explain(const char *arg, char **rest, unsigned n)
{
	bool bad = n == 0;

	for (unsigned i = 0; i < n; i++) {
		struct pl_config_source source = { .path = rest[i],
		    .origins = true };
		struct why why;
		struct pl_setup *setup = pl_config_read(&source, NULL,
		    report_to_stderr, &bad, &why);

		if (setup != NULL)
			pl_explain_setup(stdout, setup);
		bad |= setup == NULL;
		pl_config_free(&setup);
	}
	return bad ? 1 : 0;
}

static int
tell_settings(const char *arg, char **rest, unsigned n)
{
	enum key_form form = arg == NULL ? KEY_FORM_TABS :
	    strcmp(arg, "md") == 0 ? KEY_FORM_MD :
	    strcmp(arg, "man") == 0 ? KEY_FORM_MAN : KEY_FORM_TABS;

	pl_keys_list(stdout, form);
	return 0;
}

static int
tell_commands(const char *arg, char **rest, unsigned n)
{
	pl_commands_list(stdout);
	return 0;
}

static const struct program_option options[] = {
	{ 'd', "daemon", NULL, "run in background (as a daemon)",
	    PROGRAM_DAEMON, NULL },
	{ 'q', "quiet", NULL, "run quietly", PROGRAM_QUIET, NULL },
	{ 'R', "reboot", NULL, "accepted; a running instance is not taken over",
	    PROGRAM_REBOOT, NULL },
	{ 'u', "user", "USER", "assume identity of USER", PROGRAM_USER,
	    NULL },
	{ 'v', "verbose", NULL, "increase verbosity", PROGRAM_VERBOSE, NULL },
	{ 'V', "version", NULL, "show version, then exit", PROGRAM_VERSION,
	    NULL },
	{ 'h', "help", NULL, "show this help, then exit", PROGRAM_HELP,
	    NULL },
	{ 0, "check", NULL, "read FILE..., say what is wrong, then exit",
	    PROGRAM_TELL, tell_check },
	{ 0, "explain", NULL, "print what FILE... means, with defaults",
	    PROGRAM_TELL, tell_explain },
	{ 0, "list-settings", "[FORM]", "print all settings (md, man)",
	    PROGRAM_TELL, tell_settings },
	{ 0, "list-commands", NULL, "print the console's commands",
	    PROGRAM_TELL, tell_commands },
	{ 0, NULL, NULL, NULL, PROGRAM_TELL, NULL },
};

/* ---- configuration ----------------------------------------------------- */

static void
report_to_log(void *arg, enum log_level level, const char *line)
{
	log_line(level, "", "%s", line);
}

static void *
read_setup(bool first, struct why *why)
{
	struct pl_config_source source = {
		.path = first ? path : pl_settings()->conffile,
		.verbose = program_said()->verbose,
		.now = first ? NULL : pl_settings(),
	};
	struct pl_setup *setup = pl_config_read(&source, pl_setup_now(),
	    report_to_log, NULL, why);

	if (setup == NULL)
		why_set(why, first ? "cannot load config file" :
		    "config file loading failed");
	return setup;
}

/* What other rooms took from the settings when they were made. */
static void
refresh_rest(void)
{
	const struct pl_settings *set = pl_settings();

	if (resolver != NULL)
		resolver_set(resolver, &(struct resolver_options){
		    .resolv_conf = set->resolv_conf,
		    .keep = set->dns_max_ttl,
		    .keep_failure = set->dns_nxdomain_ttl,
		    .zone_check = set->dns_zone_check_period });
}

static int
apply(void *read, bool first, struct why *why)
{
	struct pl_setup *setup = read;

	if (first) {
		pl_variables_init(setup->settings->track_extra_parameters);
		pl_pools_loops = (unsigned)setup->settings->threads;
	}
	if (pl_setup_apply(setup, first, why) < 0)
		return -1;
	pl_view_peers = pl_setup_now()->peers;
	pl_view_peer_count = pl_setup_now()->peer_count;
	refresh_rest();
	return 0;
}

/* What every database and user may come to open, as the original counts. */
static long
expected_files(void)
{
	const struct pl_settings *set = pl_settings();
	long n = set->max_client_conn + 10;
	struct pl_database *db;

	TAILQ_FOREACH(db, &pl_databases, link) {
		long size = pl_database_pool_size(db, NULL) +
		    pl_database_reserve(db, NULL);

		if (!db->admin)
			n += size * (db->forced != NULL ? 1 :
			    (long)pl_user_count());
	}
	return n;
}

/*
 * A reload may name any file to be read, and any to be logged to. What stays
 * closed is to remove and shorten files, and to make anything else.
 */
static const struct sandbox_path *
sandbox_paths(void)
{
	static struct sandbox_path paths[5];
	const struct pl_settings *set = pl_settings();
	const char *metrics = set->metrics_listen;

	paths[0] = (struct sandbox_path){ "/", SANDBOX_ADD };
	paths[1] = (struct sandbox_path){ set->pidfile, SANDBOX_WRITE };
	paths[2] = (struct sandbox_path){ set->unix_socket_dir,
	    SANDBOX_WRITE };
	paths[3] = (struct sandbox_path){ metrics[0] == '/' ? metrics : NULL,
	    SANDBOX_WRITE };
	paths[4] = (struct sandbox_path){ .path = NULL };
	return paths;
}

static void
needs(struct program_needs *to)
{
	const struct pl_settings *set = pl_settings();

	*to = (struct program_needs){
		.user = set->user,
		.pidfile = set->pidfile,
		.log = {
			.file = set->logfile,
			.to_syslog = set->syslog != 0,
			.syslog_ident = set->syslog_ident,
			.syslog_facility = set->syslog_facility,
			.verbose = set->verbose,
		},
		.files = expected_files(),
		.threads = pl_pools_loops,
		.engine = pl_settings_engines[set->engine].word,
		.sandbox = set->sandbox != 0,
		.paths = sandbox_paths(),
	};
}

/* ---- signals ----------------------------------------------------------- */

static bool leaving;

static int
reload(struct why *why)
{
	if (program_reload(why) == 0)
		return 0;
	log_warning("%s", why->line);
	return -1;
}

static void
on_hup(void)
{
	struct why why;

	log_info("got SIGHUP, re-reading config");
	reload(&why);
}

static void
exit_now(int code)
{
	if (pl_pools_loops > 1)
		pl_door_close();
	pl_farewell_begin(code, program_end);
}

/* A graceful end would lose what a takeover or SUSPEND holds. */
static bool
must_die(void)
{
	if (pl_activity != PL_SUSPENDED)
		return false;
	log_fatal("suspend was in progress, going down immediately");
	exit_now(1);
	return true;
}

static void
leave(enum pl_leaving how)
{
	leaving = true;
	ready_stopping();
	pl_door_close_tcp();
	pl_control_leave(how);
}

static void
on_term(void)
{
	if (leaving) {
		log_info("got SIGTERM while shutting down, fast exit");
		exit_now(0);
		return;
	}
	log_info("got SIGTERM, shutting down, waiting for all clients "
	    "disconnect");
	if (!must_die())
		leave(PL_WAIT_CLIENTS);
}

static void
on_int(void)
{
	if (leaving) {
		log_info("got SIGINT while shutting down, fast exit");
		exit_now(0);
		return;
	}
	log_info("got SIGINT, shutting down, waiting for all servers "
	    "connections to be released");
	if (!must_die())
		leave(PL_WAIT_SERVERS);
}

static void
on_quit(void)
{
	log_info("got SIGQUIT, fast exit");
	exit_now(0);
}

static void
on_usr1(void)
{
	struct why why;

	if (pl_activity != PL_RUNNING) {
		log_info("got SIGUSR1, but already paused/suspended");
		return;
	}
	log_info("got SIGUSR1, pausing all activity");
	pl_control_pause(NULL, &why);
}

static void
on_usr2(void)
{
	struct why why;

	if (leaving)
		log_info("got SIGUSR2 while shutting down, ignoring");
	else if (pl_activity == PL_RUNNING)
		log_info("got SIGUSR2, but not paused/suspended");
	else {
		log_info("got SIGUSR2, continuing from %s",
		    pl_activity == PL_PAUSED ? "PAUSE" : "SUSPEND");
		pl_control_resume(NULL, &why);
	}
}

static const struct program_signal signals[] = {
	{ SIGHUP, on_hup }, { SIGTERM, on_term }, { SIGINT, on_int },
	{ SIGQUIT, on_quit }, { SIGUSR1, on_usr1 }, { SIGUSR2, on_usr2 },
	{ 0, NULL },
};

/* ---- the wiring -------------------------------------------------------- */

static void
on_shutdown(enum pl_shutdown how)
{
	if (how == PL_SHUTDOWN_NOW) {
		exit_now(0);
		return;
	}
	leave(how == PL_SHUTDOWN_CLIENTS ? PL_WAIT_CLIENTS : PL_WAIT_SERVERS);
}

static int
on_set(struct text key, struct why *why)
{
	refresh_rest();
	if (text_is(key, "verbose"))
		log_verbose = pl_settings()->verbose;
	return pl_setup_settings_changed(why);
}

static void
wire(void)
{
	pl_pool_init();
	pl_dealer_init();
	pl_control_init();
	pl_console_init();
	pl_growth_dial = pl_dial_start;
	pl_pool_check = pl_check_start;
	pl_pool_granted = pl_login_granted;
	pl_client_leaves_server = pl_downstream_abandon;
	pl_client_login_free = pl_login_free;
	pl_client_gone = pl_cancel_client_left;
	pl_client_midway_server = pl_server_midway;
	pl_server_gone = pl_cancel_left;
	pl_server_dial_free = pl_dial_free;
	pl_login_console = pl_console_start;
	pl_cancel_console = pl_console_cancel;
	pl_control_reload = reload;
	pl_control_shutdown = on_shutdown;
	pl_control_listen = pl_door_listen;
	pl_control_applied = on_set;
	pl_view_listener = pl_door_at;
}

/* ---- the start --------------------------------------------------------- */

static int
alone(struct why *why)
{
	pl_setup_tell();
	return pl_door_alone(why);
}

/* -R: what runs is not taken over, so a running instance ends the start. */
static int
adopt(struct why *why)
{
	const char *dir = pl_settings()->unix_socket_dir;
	int first;

	pl_setup_tell();
	if (handover_inherited(&first) > 0)
		return why_set(why, "cannot reboot under service manager");
	if (dir[0] == '\0')
		return why_set(why, "cannot reboot if unix dir not configured");
	if (dir[0] == '@')
		return why_set(why, "cannot reboot with abstract Unix socket");
	log_warning("-R is deprecated: run several processes with "
	    "so_reuseport and restart one after the other");
	if (pl_door_alone(why) < 0)
		return -1;
	log_info("old process not found, try to continue normally");
	return 0;
}

static void
tell_limits(const struct rights_limits *l)
{
	pl_setup_tell();		/* where alone() was not asked */
	log_info("kernel file descriptor limit: %ld (hard: %ld); "
	    "max_client_conn: %d, max expected fd use: %ld", l->found,
	    l->hard, pl_settings()->max_client_conn, l->wanted);
}

struct lost {			/* a host has this address no more */
	struct endpoint at;
	char host[];
};

static bool
is_lost(const struct pl_server *s, const struct lost *lost)
{
	const struct pl_database_row *row = s->pool->database->row;

	return s->host < row->host_count &&
	    strcmp(row->hosts[s->host], lost->host) == 0 &&
	    s->peer.family == lost->at.family &&
	    memcmp(s->peer.ip, lost->at.ip, sizeof lost->at.ip) == 0;
}

/* Of the servers on each loop. */
static void
mark_lost(struct loop *loop, void *arg)
{
	for (uint32_t i = 0; i < pl_server_slots(); i++) {
		struct pl_server *s = pl_server_at(i);

		if (s != NULL && is_lost(s, arg))
			s->close_needed = true;
	}
}

static void
on_lost_address(const char *name, const struct address *gone, void *arg)
{
	size_t len = strlen(name) + 1;
	struct lost *lost = mem_get(sizeof *lost + len);

	if (lost == NULL)
		return;			/* they live on until they are old */
	lost->at = address_endpoint(gone);
	memcpy(lost->host, name, len);
	tour_run(loop_here(), mark_lost, mem_drop, lost);
}

static void
on_zone_changed(const char *zone, uint32_t old, uint32_t fresh, void *arg)
{
	log_info("zone '%s' serial changed: old=%u new=%u", zone, old, fresh);
}

static int
start(struct loop *loop, struct why *why)
{
	struct resolver_options o = {
		.resolv_conf = pl_settings()->resolv_conf,
		.keep = pl_settings()->dns_max_ttl,
		.keep_failure = pl_settings()->dns_nxdomain_ttl,
		.zone_check = pl_settings()->dns_zone_check_period,
	};

	resolver = resolver_new(loop, &o, why);
	if (resolver == NULL)
		return -1;
	resolver_set_lost(resolver, on_lost_address, NULL);
	resolver_set_zone_changed(resolver, on_zone_changed, NULL);
	pl_dial_init(resolver);
	pl_courier_init(resolver);
	pl_view_resolver = resolver;
	return 0;
}

static int
start_timers(struct loop *loop, struct why *why)
{
	pl_janitor_start(loop);
	pl_statistics_start(loop);
	return 0;
}

static int
listen_all(struct loop *loop, struct why *why)
{
	if (pl_door_open(loop, why) < 0 || pl_metrics_open(loop, why) < 0)
		return -1;
	if (pl_metrics_is_open())
		pl_healthz_start(loop);
	return 0;
}

static void
tell_up(void)
{
	log_info("process up: PgBouncer %s (Weir %s), libevent %s (%s), "
	    "adns: %s, tls: %s, engine: %s", LEVEL, PACKAGE_VERSION,
	    event_get_version(),
	    event_base_get_method(loop_base(loop_here())), resolver_version(),
	    OpenSSL_version(OPENSSL_VERSION), loop_engine(loop_here()));
}

static void
end(void)
{
	if (loop_here() != NULL)
		pl_setup_end();
	pl_door_close();
	pl_metrics_close();
	pl_healthz_stop();
	pl_farewell_stop();
	pl_janitor_stop();
	pl_statistics_stop();
	resolver_free(&resolver);
}

static void
fini(void)
{
	pl_setup_fini();
	pl_tlsconf_fini();
}

static const struct program pooler = {
	.name = "weir-pooler",
	.stands_for = "PgBouncer",
	.what = "a connection pooler for PostgreSQL",
	.arguments = "CONFIG_FILE",
	.options = options,
	.signals = signals,
	.take = take,
	.version = print_version,
	.read = read_setup,
	.apply = apply,
	.needs = needs,
	.alone = alone,
	.adopt = adopt,
	.limits = tell_limits,
	.start = start,
	.timers = start_timers,
	.listen = listen_all,
	.up = tell_up,
	.end = end,
	.fini = fini,
};

int
main(int argc, char **argv)
{
	wire();
	return program_main(&pooler, argc, argv);
}
