/* SPDX-License-Identifier: ISC */
/*
 * main.c - weir-watch: its options, its environment, its signals, the steps
 * of its start. Loop 0.
 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <curl/curl.h>
#include <event2/event.h>
#include <jansson.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/secret.h"
#include "proc/program.h"
#include "proc/ready.h"
#include "watch/control.h"
#include "watch/watch.h"

enum { BAD_USAGE = 2, STATE_HELD = 5 };

static struct wt_given given;
static struct resolver *resolver;
static bool exit_status;
static const char *reason;		/* of a silence */

/* ---- the environment */

/* Nobody shall read it in /proc: the value is wiped where it stands. */
static const char *
take_secret(const char *name)
{
	char *value = getenv(name), *copy;

	if (value == NULL || value[0] == '\0')
		return NULL;
	copy = secret_copy(text_of(value));
	secret_wipe(value, strlen(value));
	unsetenv(name);
	return copy;
}

static const char *
take_plain(const char *name)
{
	const char *value = getenv(name);

	return value == NULL || value[0] == '\0' ? NULL : value;
}

static void
take_environment(void)
{
	given.env_slack = take_secret("SLACK_WEBHOOK_URL");
	given.env_password = take_secret("HAPROXY_STATS_PASSWORD");
	given.env_urls = take_secret("HAPROXY_STATS_URL");
	given.env_user = take_plain("HAPROXY_STATS_USER");
	given.file = take_plain("WEIR_WATCH_CONFIG");
	given.interval = take_plain("CHECK_INTERVAL");
	given.state_file = take_plain("STATE_FILE");
	given.log_level = take_plain("WEIR_LOG_LEVEL");
}

/* ---- the command line */

static int
set_file(const char *arg, char **rest, unsigned n)
{
	given.file = arg;
	return 0;
}

/* The password in it is taken out of the process's title. */
static int
add_url(const char *arg, char **rest, unsigned n)
{
	struct text host = wt_config_host(text_of(arg));
	const char *slashes = strstr(arg, "://");
	char *copy = secret_copy(text_of(arg)), *shown;

	if (copy == NULL || given.url_count == WT_PLACES) {
		fprintf(stderr, "more than %d times --url\n", WT_PLACES);
		return -1;
	}
	given.urls[given.url_count++] = copy;
	shown = slashes == NULL ? NULL : (char *)(uintptr_t)slashes + 3;
	for (; shown != NULL && shown + 1 < host.at; shown++)
		*shown = 'x';
	return 0;
}

static int
set_slack_file(const char *arg, char **rest, unsigned n)
{
	given.slack_url_file = arg;
	return 0;
}

static int
set_interval(const char *arg, char **rest, unsigned n)
{
	given.interval = arg;
	return 0;
}

static int
set_state_file(const char *arg, char **rest, unsigned n)
{
	given.state_file = arg;
	return 0;
}

static int
set_pid_file(const char *arg, char **rest, unsigned n)
{
	given.pid_file = arg;
	return 0;
}

static int
set_log_level(const char *arg, char **rest, unsigned n)
{
	given.log_level = arg;
	return 0;
}

static int
set_once(const char *arg, char **rest, unsigned n)
{
	wt_watch.mode = WT_ONCE;
	return 0;
}

static int
set_dry(const char *arg, char **rest, unsigned n)
{
	wt_watch.dry = true;
	return 0;
}

static int
set_list(const char *arg, char **rest, unsigned n)
{
	wt_watch.mode = WT_LIST;
	return 0;
}

static int
set_test(const char *arg, char **rest, unsigned n)
{
	wt_watch.mode = WT_TEST_RECEIVER;
	wt_watch.test_receiver = arg;
	return 0;
}

static int
set_exit_status(const char *arg, char **rest, unsigned n)
{
	exit_status = true;
	return 0;
}

static int
set_reason(const char *arg, char **rest, unsigned n)
{
	reason = arg;
	return 0;
}

static int
refuse(const struct why *why)
{
	fprintf(stderr, "%s%s%s\n", why->place, why->place[0] == '\0' ? "" :
	    ": ", why->line);
	return BAD_USAGE;
}

static int
tell_check(const char *arg, char **rest, unsigned n)
{
	struct why why;
	struct wt_config *c = wt_config_read(&given, &why);

	if (c == NULL)
		return refuse(&why);
	for (unsigned i = 0; i < c->warning_count; i++)
		fprintf(stderr, "warning: %s\n", c->warnings[i]);
	wt_config_free(&c);
	return 0;
}

static int
tell_settings(const char *arg, char **rest, unsigned n)
{
	wt_keys_list(stdout, arg == NULL ? KEY_FORM_TABS :
	    strcmp(arg, "md") == 0 ? KEY_FORM_MD :
	    strcmp(arg, "man") == 0 ? KEY_FORM_MAN : KEY_FORM_TABS);
	return 0;
}

static int
tell_status(const char *arg, char **rest, unsigned n)
{
	struct why why;
	struct wt_config *c = wt_config_read(&given, &why);
	char *path, *body = NULL;
	int code;

	if (c == NULL)
		return refuse(&why);
	path = wt_control_path(c);
	code = path == NULL ? -1 : wt_control_ask(path, "/status", &body,
	    &why);
	if (code == 0)
		printf("%s\n", body);
	else
		fprintf(stderr, "%s\n", why.line);
	mem_drop(path);
	mem_drop(body);
	wt_config_free(&c);
	return code == 0 ? 0 : 1;
}

/* ---- silence PATTERN DURATION, unsilence PATTERN, silences */

static int
do_silence(const char *dir, char **rest, unsigned n, struct why *why)
{
	int64_t usec;

	if (strcmp(rest[0], "silences") == 0)
		return wt_silence_list(dir, stdout, clock_wall(), why);
	if (strcmp(rest[0], "unsilence") == 0)
		return wt_silence_remove(dir, rest[1], why);
	if (number_span(text_of(rest[2]), &usec, why) < 0)
		return -1;
	return wt_silence_add(dir, rest[1], clock_wall() + usec, reason, why);
}

static int
tell_silence(const char *arg, char **rest, unsigned n)
{
	struct why why;
	struct wt_config *c = wt_config_read(&given, &why);
	char *dir = c == NULL ? NULL : mem_print("%s.silences",
	    c->set.state_file);
	int code;

	if (c == NULL)
		return refuse(&why);
	code = dir == NULL ? -1 : do_silence(dir, rest, n, &why);
	if (code < 0)
		fprintf(stderr, "%s\n", why.line);
	mem_drop(dir);
	wt_config_free(&c);
	return code < 0 ? 1 : 0;
}

static const struct {
	const char *name;
	unsigned arguments;
} commands[] = {
	{ "silence", 2 }, { "unsilence", 1 }, { "silences", 0 },
};

static int
take(char **rest, unsigned n, struct why *why)
{
	static const struct program_option silence = {
		0, "silence", NULL, NULL, PROGRAM_TELL, tell_silence };

	if (n == 0)
		return 0;
	for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++)
		if (strcmp(rest[0], commands[i].name) == 0 &&
		    n == commands[i].arguments + 1) {
			program_tell(&silence);
			return 0;
		}
	return why_set(why, "unknown argument %s: expected nothing, silence "
	    "PATTERN DURATION, unsilence PATTERN or silences", rest[0]);
}

static void
print_version(FILE *to)
{
	fprintf(to, "weir-watch (Weir %s)\n", PACKAGE_VERSION);
	fprintf(to, "libevent %s\nadns: %s\n%s\njansson %s\n",
	    event_get_version(), resolver_version(), curl_version(),
	    jansson_version_str());
}

#define TAKE(letter, name, arg, help, call)				\
	{ letter, name, arg, help, PROGRAM_TAKE, call }

static const struct program_option options[] = {
	TAKE('c', "config", "FILE", "read FILE", set_file),
	TAKE(0, "url", "URL", "watch URL; may stand several times", add_url),
	TAKE(0, "slack-url-file", "FILE", "Slack's webhook URL is in FILE",
	    set_slack_file),
	TAKE(0, "interval", "TIME", "between two polls (10s)", set_interval),
	TAKE(0, "state-file", "FILE", "where the state is kept",
	    set_state_file),
	TAKE(0, "once", NULL, "one round, deliver, exit", set_once),
	TAKE(0, "exit-status", NULL, "with --once: 3 something is down, 4 no "
	    "answer", set_exit_status),
	TAKE(0, "dry-run", NULL, "say what would be sent; write nothing",
	    set_dry),
	{ 0, "check-config", NULL, "read the configuration, exit",
	    PROGRAM_TELL, tell_check },
	TAKE(0, "test-receiver", "NAME", "send a test message, exit",
	    set_test),
	{ 0, "status", NULL, "ask the running one", PROGRAM_TELL,
	    tell_status },
	TAKE(0, "list", NULL, "look once, print all targets", set_list),
	{ 0, "list-settings", "[FORM]", "print all settings (md, man)",
	    PROGRAM_TELL, tell_settings },
	TAKE(0, "reason", "TEXT", "of a silence", set_reason),
	{ 'd', "daemon", NULL, "run in background", PROGRAM_DAEMON, NULL },
	TAKE(0, "pid-file", "FILE", "write the process's number there",
	    set_pid_file),
	TAKE(0, "log-level", "LEVEL", "error, warning, info, debug",
	    set_log_level),
	{ 'q', "quiet", NULL, "no log on standard error", PROGRAM_QUIET,
	    NULL },
	{ 'v', "verbose", NULL, "increase verbosity", PROGRAM_VERBOSE, NULL },
	{ 'V', "version", NULL, "show version, then exit", PROGRAM_VERSION,
	    NULL },
	{ 'h', "help", NULL, "show this help, then exit", PROGRAM_HELP,
	    NULL },
	{ 0, NULL, NULL, NULL, PROGRAM_TELL, NULL },
};

/* ---- configuration */

static bool
has_receiver(const struct wt_config *c, const char *name)
{
	for (unsigned i = 0; i < c->receiver_count; i++)
		if (strcmp(c->receivers[i].name, name) == 0)
			return true;
	return false;
}

static void
report(const struct wt_config *c)
{
	for (unsigned i = 0; i < c->warning_count; i++)
		log_warning("%s", c->warnings[i]);
	if (c->receiver_count == 0)
		log_warning("there is no receiver: changes are only logged");
}

static void *
read_setup(bool first, struct why *why)
{
	struct why cause;
	struct wt_config *c = wt_config_read(&given, &cause);

	if (c != NULL && wt_watch.mode == WT_TEST_RECEIVER &&
	    !has_receiver(c, wt_watch.test_receiver)) {
		why_set(&cause, "there is no receiver %s",
		    wt_watch.test_receiver);
		wt_config_free(&c);
	}
	if (c != NULL) {
		report(c);
		return c;
	}
	program_refuse(BAD_USAGE);
	why_set(why, "%s%s%s%s", cause.place, cause.place[0] == '\0' ? "" :
	    ": ", cause.line, first ? "" : "; the old settings stay");
	return NULL;
}

static int
apply(void *setup, bool first, struct why *why)
{
	if (!first)
		return wt_watch_reload(setup, why);
	wt_watch.config = setup;
	wt_watch.verbose = (unsigned)program_said()->verbose;
	return 0;
}

static const struct sandbox_path *
sandbox_paths(void)
{
	static struct sandbox_path paths[8];
	static char *control;
	const struct wt_settings *set = &wt_watch.config->set;
	unsigned n = 0;

	if (control == NULL)
		control = wt_control_path(wt_watch.config);
	paths[n++] = (struct sandbox_path){ "/", SANDBOX_READ };
	paths[n++] = (struct sandbox_path){ set->state_file, SANDBOX_WRITE };
	paths[n++] = (struct sandbox_path){ set->outbox_dir, SANDBOX_WRITE };
	if (control != NULL)
		paths[n++] = (struct sandbox_path){ control, SANDBOX_WRITE };
	if (set->pid_file != NULL)
		paths[n++] = (struct sandbox_path){ set->pid_file,
		    SANDBOX_WRITE };
	if (set->metrics_listen != NULL && set->metrics_listen[0] == '/')
		paths[n++] = (struct sandbox_path){ set->metrics_listen,
		    SANDBOX_WRITE };
	if (set->log_target != NULL && set->log_target[0] == '/')
		paths[n++] = (struct sandbox_path){ set->log_target,
		    SANDBOX_ADD };
	paths[n] = (struct sandbox_path){ .path = NULL };
	return paths;
}

static void
needs(struct program_needs *to)
{
	const struct wt_settings *set = &wt_watch.config->set;
	const char *target = set->log_target;
	int verbose = program_said()->verbose;

	*to = (struct program_needs){
		.pidfile = set->pid_file,
		.log = {
			.file = target != NULL && target[0] == '/' ? target :
			    NULL,
			.to_syslog = target != NULL && strcmp(target,
			    "syslog") == 0,
			.syslog_ident = "weir-watch",
			.syslog_facility = "daemon",
			.verbose = verbose > 0 ? verbose : set->log_level,
		},
		.files = 64 + 4 * (long)wt_watch.config->source_count,
		.threads = 1,
		.sandbox = set->sandbox != 0,
		.paths = sandbox_paths(),
	};
}

static int
be_alone(struct why *why)
{
	bool held;

	if (wt_watch.dry || wt_watch.mode == WT_LIST ||
	    wt_watch.mode == WT_TEST_RECEIVER)
		return 0;
	if (wt_watch_prepare(wt_watch.config, &held, why) == 0)
		return 0;
	if (held)
		program_refuse(STATE_HELD);
	return -1;
}

/* ---- signals */

static void
on_hup(void)
{
	struct why why;

	log_info("got SIGHUP, re-reading the configuration");
	if (program_reload(&why) < 0)
		log_error("%s", why.line);
}

static void
on_usr1(void)
{
	struct program_needs now;
	struct why why;
	char *status;

	needs(&now);
	now.log.to_stderr = !program_said()->quiet &&
	    !program_said()->daemon;
	if (log_open(&now.log, &why) < 0)
		log_error("%s", why.line);
	for (unsigned i = 0; i < wt_watch.sender.count; i++) {
		const struct wt_line *l = &wt_watch.sender.lines[i];

		log_info("status: receiver %s: %u waiting, %lu delivered, "
		    "%lu failed", l->row->name, l->queue == NULL ? 0 :
		    l->queue->count, l->delivered, l->failed);
	}
	for (unsigned i = 0; i < wt_watch.state->source_count; i++) {
		const struct wt_watched *w = &wt_watch.watched[i];

		log_info("status: source %s: %lu good polls, %lu failed",
		    w->source == NULL ? "?" : w->source->row->name,
		    w->good_polls, w->failed_polls);
	}
	status = mem_print("%u targets", wt_watch.state->target_count);
	log_info("status: %s", status == NULL ? "" : status);
	mem_drop(status);
}

static void
on_usr2(void)
{
	log_info("got SIGUSR2, polling now");
	wt_watch_poll_now();
}

static void
on_term(void)
{
	log_info("shutting down");
	ready_stopping();
	wt_watch_stop();
}

static const struct program_signal signals[] = {
	{ SIGHUP, on_hup }, { SIGUSR1, on_usr1 }, { SIGUSR2, on_usr2 },
	{ SIGTERM, on_term }, { SIGINT, on_term }, { 0, NULL },
};

/* ---- the start and the end */

/* 3 and 4 are told only where they are asked for. */
static void
on_ended(int code)
{
	program_end(code >= 3 && !exit_status ? 0 : code);
}

static void
on_taken_over(void)
{
	wt_control_open(loop_here(), wt_watch.config);
}

static int
start(struct loop *loop, struct why *why)
{
	struct resolver_options o = {
		.resolv_conf = wt_watch.config->set.resolv_conf,
		.keep = 15 * CLOCK_SECOND, .keep_failure = CLOCK_SECOND };

	resolver = resolver_new(loop, &o, why);
	if (resolver == NULL)
		return -1;
	wt_watch.ended = on_ended;
	wt_watch.first_round = ready_up;
	wt_watch.taken_over = on_taken_over;
	return wt_watch_open(loop, resolver, why);
}

static int
open_doors(struct loop *loop, struct why *why)
{
	if (wt_watch.mode != WT_RUN || wt_watch.dry)
		return 0;
	if (wt_watch.waiting)
		ready_up();
	else
		wt_control_open(loop, wt_watch.config);
	return 0;
}

static void
tell_up(void)
{
	if (wt_watch.mode == WT_RUN)
		log_info("weir-watch %s is up: %u sources, %u receivers, "
		    "every %lld s", PACKAGE_VERSION,
		    wt_watch.config->source_count,
		    wt_watch.config->receiver_count, (long long)(
		    wt_watch.config->set.interval / CLOCK_SECOND));
}

static void
end(void)
{
	if (loop_here() != NULL) {
		wt_control_close();
		wt_watch_close();
	}
	resolver_free(&resolver);
}

static void
fini(void)
{
	wt_watch_fini();
	secret_drop((void *)(uintptr_t)given.env_slack);
	secret_drop((void *)(uintptr_t)given.env_password);
	secret_drop((void *)(uintptr_t)given.env_urls);
	for (unsigned i = 0; i < given.url_count; i++)
		secret_drop((void *)(uintptr_t)given.urls[i]);
}

static const struct program watch = {
	.name = "weir-watch",
	.stands_for = "weir-watch",
	.what = "a watcher of balancers that tells people",
	.arguments = "[silence PATTERN DURATION | unsilence PATTERN | "
	    "silences]",
	.options = options,
	.signals = signals,
	.usage_code = BAD_USAGE,
	.root_allowed = true,
	.ready_later = true,
	.take = take,
	.version = print_version,
	.read = read_setup,
	.apply = apply,
	.needs = needs,
	.alone = be_alone,
	.start = start,
	.listen = open_doors,
	.up = tell_up,
	.end = end,
	.fini = fini,
};

int
main(int argc, char **argv)
{
	take_environment();
	return program_main(&watch, argc, argv);
}
