/* SPDX-License-Identifier: ISC */
/* overseer.c - the master of a balancer. First thread, loop 0. */
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "balancer/background.h"
#include "balancer/config.h"
#include "balancer/logs.h"
#include "balancer/mastercli.h"
#include "balancer/notices.h"
#include "balancer/outline.h"
#include "balancer/overseer.h"
#include "balancer/place.h"
#include "balancer/serve.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/secret.h"
#include "net/timer.h"
#include "proc/master.h"
#include "proc/ready.h"
#include "proc/signals.h"
#include "proc/worker.h"
#include "stat/sheet.h"

enum { KEEPS = 1 << 0, HARD = 1 << 1 };		/* of master.flags */
enum { SHORT = 2, PATIENCE = 5 };	/* s: a life; for an answer */

static struct {
	const struct lb_options *options;
	const char *called;
	struct master *m;
	struct loop *home;
	struct timer revival;
	pid_t fresh;			/* a worker that is not ready; 0 */
	struct master_worker *kept;	/* by a reload in place; NULL */
	bool stopping, again, again_hard;
	int code;
} over;

/* ---- telling ----------------------------------------------------------- */

static void say(enum lb_log_level, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static void
say(enum lb_log_level level, const char *fmt, ...)
{
	char line[700];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (level >= LB_LOG_WARNING && over.options->quiet)
		return;
	lb_logs_say(level, line);
}

/* Who asked for the reload hears how it went. */
static void
answer(bool good)
{
	char *text;

	if (over.m->asker < 0)
		return;
	text = mem_print("Success=%d\n--\n%s\n", good, lb_notices_text());
	if (text != NULL && write(over.m->asker, text, strlen(text)) < 0)
		say(LB_LOG_WARNING, "Nobody waits for the reload any more.");
	mem_drop(text);
	close(over.m->asker);
	over.m->asker = -1;
}

static void
tell_ready(void)
{
	char text[100];

	snprintf(text, sizeof text, "READY=1\nMAINPID=%d\nSTATUS=Ready.\n",
	    (int)getpid());
	ready_say(text);
}

static void
tell_reloading(void)
{
	char text[150];

	snprintf(text, sizeof text, "RELOADING=1\nSTATUS=Reloading "
	    "Configuration.\nMONOTONIC_USEC=%lld\n", (long long)clock_now());
	ready_say(text);
}

/* ---- reload ------------------------------------------------------------ */

/* The command line of the next life: as it was, and who is old now. */
static char **
make_arguments(void)
{
	const struct lb_options *o = over.options;
	unsigned n = 0, room = o->kept_count + 4;
	char **argv;

	for (struct master_worker *w = over.m->workers; w != NULL; w = w->next)
		room++;
	argv = mem_need(room * sizeof *argv);
	argv[n++] = mem_copy(text_of(over.called));
	if (over.m->workers != NULL)
		argv[n++] = mem_copy(TEXT("-sf"));
	for (struct master_worker *w = over.m->workers; w != NULL; w = w->next)
		argv[n++] = mem_print("%d", (int)w->pid);
	for (unsigned i = 0; i < o->kept_count; i++)
		argv[n++] = mem_copy(text_of(o->kept[i]));
	return argv;
}

static void
begin_next_life(void)
{
	char **argv = make_arguments();
	struct why why = { "", "" };

	master_exec(argv, &why);
	say(LB_LOG_ALERT, "Failed to reexecute the master process [%d]: %s",
	    (int)getpid(), why.line);
	for (unsigned i = 0; argv[i] != NULL; i++)
		mem_drop(argv[i]);
	mem_drop(argv);
}

/* Workers show how often there was which kind. */
static void
tell_counts(void)
{
	char text[80];

	snprintf(text, sizeof text, "reloads %u %u %u", over.m->placed,
	    over.m->reloads - over.m->placed - over.m->failed,
	    over.m->failed);
	for (struct master_worker *w = over.m->workers; w != NULL; w = w->next)
		master_tell(w, text_of(text));
}

static void
fail_reload(void)
{
	over.fresh = 0;
	over.m->failed++;
	tell_counts();
	say(LB_LOG_WARNING, "Loading failure!");
	ready_say("READY=1\nSTATUS=Reload failed!\n");
	lb_notices_close();
	answer(false);
}

static void
reload(void)
{
	say(LB_LOG_NOTICE, "Reloading HAProxy");
	tell_reloading();
	over.m->reloads++;
	for (struct master_worker *w = over.m->workers; w != NULL; w = w->next)
		w->reloads++;
	begin_next_life();
	fail_reload();
}

/* One at a time: what comes meanwhile is done after it. */
void
lb_overseer_reload(bool hard, int asker)
{
	if (asker >= 0 && over.m->asker >= 0)
		close(asker);
	else if (asker >= 0)
		over.m->asker = asker;
	if (over.stopping)
		return;
	if (over.fresh != 0) {
		over.again = true;
		over.again_hard |= hard;
		return;
	}
	over.m->flags = (over.m->flags & ~(unsigned)HARD) | (hard ? HARD : 0);
	reload();
}

static void
reload_once_more(void)
{
	bool hard = over.again_hard;

	if (!over.again)
		return;
	over.again = over.again_hard = false;
	lb_overseer_reload(hard, -1);
}

static void
on_reload(void)
{
	lb_overseer_reload(false, -1);
}

/* ---- workers come and go ----------------------------------------------- */

static void
retire(struct master_worker *w)
{
	bool hard = (over.m->flags & HARD) != 0 ||
	    (over.m->limit > 0 && w->reloads > over.m->limit);

	w->leaving = true;
	kill(w->pid, hard ? SIGTERM : SIGUSR1);
}

/* This one serves what was read. */
static void
succeed(const struct master_worker *serving)
{
	say(LB_LOG_NOTICE, "Loading success.");
	if (!over.m->again)
		lb_background_signal(over.options);
	for (struct master_worker *w = over.m->workers; w != NULL; w = w->next)
		if (w != serving)
			retire(w);
	tell_counts();
	tell_ready();
	lb_notices_close();
	answer(true);
	lb_background_done();
	reload_once_more();
}

static void
on_ready(struct master_worker *fresh)
{
	if (fresh->pid != over.fresh)
		return;
	over.fresh = 0;
	succeed(fresh);
}

static void
on_kept(void *arg)
{
	struct master_worker *w = over.kept;

	over.kept = NULL;
	if (w != NULL)
		succeed(w);
}

static void
on_revival(void *arg)
{
	if (!over.stopping && over.fresh == 0)
		on_reload();
}

/* A worker that should not have ended did so. */
static void
mind_failure(int code, int64_t since)
{
	if (over.m->flags & KEEPS) {
		/* One that never lived is not tried again at once. */
		timer_after(&over.revival, clock_wall() / CLOCK_SECOND -
		    since < SHORT ? CLOCK_SECOND : 1);
		return;
	}
	if (over.code == 0)
		over.code = code;
	if (over.stopping)
		return;
	over.stopping = true;
	say(LB_LOG_ALERT, "exit-on-failure: killing every processes with "
	    "SIGTERM");
	master_signal(SIGTERM);
}

static void
leave_when_alone(void)
{
	if (over.m->workers != NULL || (!over.stopping &&
	    timer_running(&over.revival)))
		return;
	say(LB_LOG_WARNING, "All workers exited. Exiting... (%d)", over.code);
	loop_stop(over.home);
}

static void
on_load_failed(int code)
{
	if (over.m->again && over.m->workers != NULL) {
		fail_reload();
		reload_once_more();
		return;
	}
	fail_reload();
	mind_failure(code == 0 ? 1 : code, INT64_MAX / 2);
}

static void
on_ended(struct master_worker *w, int status)
{
	int code = WIFEXITED(status) ? WEXITSTATUS(status) :
	    128 + WTERMSIG(status);
	const char *how = code < 128 ? "Exit" : strsignal(code - 128);
	bool fresh = w->pid == over.fresh;

	if (w == over.kept)
		over.kept = NULL;
	say(w->leaving || code == 0 ? LB_LOG_WARNING : LB_LOG_ALERT,
	    "%s worker (%d) exited with code %d (%s)", fresh ?
	    "Failed to load" : w->leaving ? "Former" : "Current",
	    (int)w->pid, code, how);
	if (fresh && !over.stopping)
		on_load_failed(code);
	else if (!w->leaving && code != 0 && code != 128 + SIGINT &&
	    code != 128 + SIGTERM)
		mind_failure(code, w->since);
	leave_when_alone();
}

static const struct master_events events = {
	.ready = on_ready, .ended = on_ended,
};

/* ---- the master's own signals ------------------------------------------ */

static void
stop(int number)
{
	if (!over.stopping) {
		say(LB_LOG_WARNING, "Exiting Master process...");
		ready_stopping();
	}
	over.stopping = true;
	master_signal(number);
	leave_when_alone();
}

static void
on_term(void)
{
	stop(SIGTERM);
}

static void
on_int(void)
{
	stop(SIGINT);
}

static void
on_soft(void)
{
	stop(SIGUSR1);
}

static void
on_pause(void)
{
	master_signal(SIGTTOU);
}

static void
on_resume(void)
{
	master_signal(SIGTTIN);
}

static void
on_quit(void)
{
	master_signal(SIGQUIT);
}

static const struct {
	int number;
	void (*on)(void);
} rows[] = {
	{ SIGTERM, on_term }, { SIGINT, on_int }, { SIGUSR1, on_soft },
	{ SIGUSR2, on_reload }, { SIGHUP, on_reload }, { SIGQUIT, on_quit },
	{ SIGTTOU, on_pause }, { SIGTTIN, on_resume },
};

static const struct lb_mastercli_host cli = {
	.reload = lb_overseer_reload, .told = lb_notices_text,
};

static int
watch(struct why *why)
{
	unsetenv("WEIR_ENGINE");	/* a master carries nothing */
	loop_set_engine("event");
	over.home = loop_new(why);
	if (over.home == NULL)
		return -1;
	timer_init(&over.revival, over.home, on_revival, NULL);
	signals_ignore_pipe();
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (signals_watch(over.home, rows[i].number, rows[i].on,
		    why) < 0)
			return -1;
	if (over.m->door >= 0 && lb_mastercli_start(over.home, over.m->door,
	    &cli, why) < 0)
		return -1;
	return master_watch(over.home, &events, why);
}

/* ---- the life ---------------------------------------------------------- */

/* What only the first life does. */
static int
settle(const struct lb_setup *setup)
{
	int code = lb_background_go(&setup->global, over.options);

	if (code == 0)
		code = lb_background_pid(&setup->global, over.options,
		    over.called);
	if (code == 0)
		lb_background_prepare(over.options);
	return code;
}

static void
pack(const struct lb_setup *setup)
{
	over.m->flags &= ~(unsigned)KEEPS;
	if (setup->global.master_keeps)
		over.m->flags |= KEEPS;
	over.m->limit = (unsigned)setup->global.max_reloads;
}

/* A connection to the newest that serves: it has the sockets. */
static int
dial_before(void)
{
	struct why why;

	for (struct master_worker *w = over.m->workers; w != NULL; w = w->next)
		if (w->ready && w->channel >= 0)
			return master_connect(w, '0' + LB_LEVEL_ADMIN, &why);
	return -1;
}

/* ---- reload in place --------------------------------------------------- */

static int
send_all(int fd, struct text all, struct why *why)
{
	ssize_t sent;

	for (; all.len > 0; all = text_from(all, (size_t)sent)) {
		sent = send(fd, all.at, all.len, MSG_NOSIGNAL);
		if (sent < 0 && errno == EINTR)
			sent = 0;
		if (sent < 0)
			return why_errno(why, "cannot ask the worker");
	}
	return shutdown(fd, SHUT_WR);
}

/* Its answer, whole; -1: none came. */
static int
receive_all(int fd, char *to, size_t room, struct why *why)
{
	size_t len = 0;
	ssize_t got;

	do {
		got = recv(fd, to + len, room - 1 - len, 0);
		if (got > 0)
			len += (size_t)got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	to[len] = '\0';
	return len > 0 ? 0 : why_set(why, "the worker does not answer");
}

/* Blocks, while the worker serves. */
static int
ask(const struct master_worker *w, struct text all, char *said,
    struct why *why)
{
	const struct timeval limit = { PATIENCE, 0 };
	int fd = master_connect(w, LB_PLACE_LETTER, why);
	int code;

	if (fd < 0)
		return -1;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
	(void)setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
	code = send_all(fd, all, why);
	if (code == 0)
		code = receive_all(fd, said, LB_PLACE_ANSWER, why);
	close(fd);
	return code;
}

/* The bytes of one line of what it needs; the caller's. */
static int
fetch_needed(const struct lb_setup *setup, struct text what,
    struct sheet *to, struct why *why)
{
	bool list = text_begins(what, LB_PLACE_LIST);
	char *name = mem_copy(text_from(what, strlen(LB_PLACE_CERT)));
	struct text cert = TEXT_NONE;
	int64_t n = 0;
	int code = 0;

	if (name == NULL)
		code = why_set(why, "out of memory");
	else if (!list)
		code = lb_outline_cert(name, &cert, why);
	else if (number_int(text_of(name), 10, 0, INT32_MAX, &n, NULL) < 0 ||
	    n >= setup->lists.count ||
	    !lb_outline_list(setup->lists.at[n], to))
		code = why_set(why, "the worker asks for what there is not");
	*to = list ? *to : (struct sheet){ (char *)(uintptr_t)cert.at,
	    cert.len, cert.len, false };
	mem_drop(name);
	return code;
}

static int
put_needed(const struct lb_setup *setup, struct sheet *to, struct text what,
    struct why *why)
{
	struct sheet bytes = { .len = 0 };
	int code = fetch_needed(setup, what, &bytes, why);

	if (code == 0) {
		sheet_print(to, "%.*s %zu\n", TEXT_ARG(what), bytes.len);
		sheet_slice(to, sheet_all(&bytes));
	}
	if (bytes.at != NULL)
		secret_wipe(bytes.at, bytes.len);
	sheet_fini(&bytes);
	return code;
}

/* Once more, with what it needs. */
static int
ask_with_more(const struct master_worker *w, const struct lb_setup *setup,
    const char *outline, char *said, struct why *why)
{
	struct text needs = text_from(text_of(said), strlen(LB_PLACE_NEED));
	struct sheet all = { .len = 0 };
	struct text what;
	int code = 0;

	sheet_text(&all, outline);
	sheet_text(&all, LB_PLACE_MORE);
	while (code == 0 && text_split(&needs, '\n', &what))
		if (what.len > 0)
			code = put_needed(setup, &all, what, why);
	if (code == 0 && all.spoiled)
		code = why_set(why, "out of memory");
	if (code == 0)
		code = ask(w, sheet_all(&all), said, why);
	if (all.at != NULL)
		secret_wipe(all.at, all.room);
	sheet_fini(&all);
	return code;
}

/* false: why not. */
static bool
agree(const struct master_worker *w, const struct lb_setup *setup,
    const char *outline, char *said, struct why *why)
{
	int code = ask(w, text_of(outline), said, why);

	if (code == 0 && text_begins(text_of(said), LB_PLACE_NEED))
		code = ask_with_more(w, setup, outline, said, why);
	if (code == 0 && !text_begins(text_of(said), LB_PLACE_DONE))
		code = why_set(why, "%s", said);
	if (code == 0)
		say(LB_LOG_NOTICE, "Reloaded in place, worker (%d) goes on: "
		    "%s", (int)w->pid, said + strlen(LB_PLACE_DONE));
	return code == 0;
}

static bool
reload_in_place(const struct lb_setup *setup, const char *outline)
{
	struct master_worker *w = over.m->workers;
	struct why why = { "", "" };
	char *said;
	bool done;

	if (!over.m->again || outline == NULL ||
	    !setup->global.reload_in_place || (over.m->flags & HARD))
		return false;
	while (w != NULL && (!w->ready || w->leaving))
		w = w->next;
	if (w == NULL)
		return false;
	said = mem_need(LB_PLACE_ANSWER);
	done = agree(w, setup, outline, said, &why);
	mem_drop(said);
	if (!done) {
		say(LB_LOG_NOTICE, "Not reloaded in place: %s", why.line);
		return false;
	}
	over.kept = w;
	over.m->placed++;
	w->reloads--;		/* it is of this configuration */
	return true;
}

/* 0: it is the worker. */
static pid_t
begin_worker(void)
{
	struct why why = { "", "" };
	pid_t pid = master_fork(&why);

	if (pid < 0)
		say(LB_LOG_ALERT, "%s", why.line);
	if (pid > 0) {
		over.fresh = pid;
		say(LB_LOG_NOTICE, "Initializing new worker (%d)", (int)pid);
	}
	return pid;
}

static int
oversee(void)
{
	struct why why = { "", "" };

	if (watch(&why) < 0) {
		say(LB_LOG_ALERT, "%s", why.line);
		master_signal(SIGTERM);
		return 1;
	}
	if (over.kept != NULL)
		loop_post(over.home, on_kept, NULL);
	else if (over.fresh == 0) {
		fail_reload();
		if (over.m->workers == NULL)
			mind_failure(1, INT64_MAX / 2);
	}
	loop_run(over.home);
	signals_end();
	timer_stop(&over.revival);
	if (over.m->door >= 0)
		lb_mastercli_fini();
	over.m->door = -1;	/* it was the listener's */
	master_end();
	ready_fini();
	loop_free(&over.home);
	return over.code;
}

int
lb_overseer_serve(struct lb_setup *setup, char *outline,
    const struct lb_options *options, const char *called)
{
	struct lb_before before = { -1, -1, outline };
	bool placed = false;
	int code = 0;

	over.options = options;
	over.called = called;
	over.m = master_here();
	if (setup != NULL)
		lb_logs_as_json(setup->global.log_json);
	ready_init();
	if (options->master_socket != NULL &&
	    lb_mastercli_open(options->master_socket, &over.m->door) < 0 &&
	    !over.m->again)
		code = 1;
	if (code == 0 && !over.m->again)
		code = setup == NULL ? 1 : settle(setup);
	if (code == 0 && setup != NULL) {
		pack(setup);
		placed = reload_in_place(setup, outline);
	}
	if (code == 0 && setup != NULL && !placed) {
		before.sockets = dial_before();
		before.legacy = dial_before();
		if (begin_worker() == 0) {
			ready_fini();
			return lb_serve(setup, options, called, before);
		}
	}
	lb_config_free(&setup);
	mem_drop(outline);
	if (before.sockets >= 0)
		close(before.sockets);
	if (before.legacy >= 0)
		close(before.legacy);
	return code != 0 ? code : oversee();
}
