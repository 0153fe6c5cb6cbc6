/* SPDX-License-Identifier: ISC */
/*
 * runner.c - the daemon's side of the helper: who waits, who runs, who is
 * told. The helper is given only what it may start at once, so everything
 * that waits can still be taken back here. On the home loop.
 */
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>
#include <event2/event_struct.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "net/timer.h"
#include "proc/helper.h"
#include "proc/runner.h"

enum { MOST_KNOWN = 16384, MOST_DEPARTED = 16 };

struct run {
	TAILQ_ENTRY(run) link;
	uint64_t number, key;
	void (*done)(void *, const struct runner_result *);
	void *arg;
	bool ends;			/* taken back: the helper is to be told */
	size_t len;
	char packet[];
};
TAILQ_HEAD(runs, run);

struct runner {
	const struct runner_command *table;
	unsigned rows, most;
	struct helper *helper;
	pid_t pid;			/* -1: none */
	int sock;			/* -1: none */
	int64_t forked;
	struct loop *home;		/* NULL: not yet */
	struct event readable, writable;
	struct timer again;		/* a new helper */
	void (*lost)(void *);
	void *arg;
	uint64_t last;			/* number given */
	struct runs waiting, running;
	unsigned known, busy;		/* all; of them running */
	bool closed;
};

/* ---- the helper's process ---------------------------------------------- */

static pid_t departed[MOST_DEPARTED];	/* they end on their own, later */

static void
reap_departed(void)
{
	for (unsigned i = 0; i < MOST_DEPARTED; i++)
		if (departed[i] > 0 &&
		    waitpid(departed[i], NULL, WNOHANG) != 0)
			departed[i] = 0;
}

static void
depart(pid_t pid)
{
	reap_departed();
	for (unsigned i = 0; i < MOST_DEPARTED; i++)
		if (departed[i] == 0) {
			departed[i] = pid;
			return;
		}
}

/* No handler of the daemon's may run in the child before it has its own. */
static pid_t
fork_quietly(void)
{
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	pid = fork();
	if (pid != 0)
		pthread_sigmask(SIG_SETMASK, &before, NULL);
	return pid;
}

static int
fork_helper(struct runner *r, struct why *why)
{
	int ends[2];

	reap_departed();
	r->forked = clock_now();
	helper_free(&r->helper);
	r->helper = helper_new(r->table, r->rows, r->most);
	if (r->helper == NULL)
		return why_set(why, "no memory for the helper");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return why_errno(why, "cannot speak to a helper");
	r->pid = fork_quietly();
	if (r->pid == 0)
		helper_live(r->helper, ends[1]);
	close(ends[1]);
	if (r->pid < 0) {
		close(ends[0]);
		return why_errno(why, "cannot fork the helper");
	}
	r->sock = ends[0];
	return 0;
}

struct runner *
runner_new(const struct runner_command *table, unsigned n, unsigned most,
    struct why *why)
{
	struct runner *r;

	NEED(most > 0 && most <= RUNNER_MOST);
	r = mem_zero(sizeof *r);
	if (r == NULL) {
		why_set(why, "no memory for the helper");
		return NULL;
	}
	TAILQ_INIT(&r->waiting);
	TAILQ_INIT(&r->running);
	r->table = table;
	r->rows = n;
	r->most = most;
	r->pid = r->sock = -1;
	if (fork_helper(r, why) == 0)
		return r;
	helper_free(&r->helper);
	mem_drop(r);
	return NULL;
}

/* ---- sending ----------------------------------------------------------- */

static bool
key_is_busy(const struct runner *r, uint64_t key)
{
	const struct run *run;

	if (key == 0)
		return false;
	TAILQ_FOREACH(run, &r->running, link)
		if (run->key == key)
			return true;
	return false;
}

/* The next that may start; those of one key stay in their order. */
static struct run *
find_next(const struct runner *r)
{
	struct run *run;

	if (r->busy >= r->most)
		return NULL;
	TAILQ_FOREACH(run, &r->waiting, link)
		if (!key_is_busy(r, run->key))
			return run;
	return NULL;
}

/* Full: later. Broken: the end is read in a moment. */
static bool
is_sent(struct runner *r, const void *packet, size_t len)
{
	if (send(r->sock, packet, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return true;
	if (errno == EAGAIN || errno == ENOBUFS)
		event_add(&r->writable, NULL);
	return false;
}

static void
end_taken_back(struct runner *r)
{
	struct helper_order o = { .end = true };
	struct run *run;

	TAILQ_FOREACH(run, &r->running, link) {
		if (!run->ends)
			continue;
		o.run = run->number;
		if (!is_sent(r, &o, offsetof(struct helper_order, text)))
			return;
		run->ends = false;
	}
}

static void
start_waiting(struct runner *r)
{
	struct run *run;

	if (r->home == NULL || r->closed || r->sock < 0)
		return;
	end_taken_back(r);
	while ((run = find_next(r)) != NULL) {
		if (!is_sent(r, run->packet, run->len))
			return;
		TAILQ_REMOVE(&r->waiting, run, link);
		TAILQ_INSERT_TAIL(&r->running, run, link);
		r->busy++;
	}
}

static void
on_writable(evutil_socket_t fd, short what, void *arg)
{
	start_waiting(arg);
}

/* ---- hearing ----------------------------------------------------------- */

static void
forget(struct runner *r, struct run *run, bool runs)
{
	TAILQ_REMOVE(runs ? &r->running : &r->waiting, run, link);
	r->busy -= runs;
	r->known--;
}

static void
conclude(struct runner *r, struct run *run, const struct runner_result *got)
{
	forget(r, run, true);
	if (run->done != NULL)
		run->done(run->arg, got);
	mem_drop(run);
}

static void
take_news(struct runner *r, const struct helper_news *n)
{
	struct runner_result got = {
		.end = (enum runner_end)n->end, .code = n->code,
		.took = n->took, .output = { n->output, n->len },
		.cut = n->cut
	};
	struct run *run;

	TAILQ_FOREACH(run, &r->running, link)
		if (run->number == n->run) {
			conclude(r, run, &got);
			return;
		}
}

static void
drop_helper(struct runner *r)
{
	event_del(&r->readable);
	event_del(&r->writable);
	close(r->sock);
	r->sock = -1;
}

/* Those that ran are told; those that wait wait for the next helper. */
static void
lose_helper(struct runner *r)
{
	static const struct runner_result lost = { .end = RUNNER_LOST };
	int64_t since = clock_now() - r->forked;

	drop_helper(r);
	kill(r->pid, SIGKILL);
	waitpid(r->pid, NULL, 0);
	r->pid = -1;
	timer_after(&r->again, since < CLOCK_SECOND ? CLOCK_SECOND - since :
	    0);
	while (!r->closed && !TAILQ_EMPTY(&r->running))
		conclude(r, TAILQ_FIRST(&r->running), &lost);
	if (!r->closed && r->lost != NULL)
		r->lost(r->arg);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct runner *r = arg;
	struct helper_news news;
	ssize_t got;

	/* A portion: the loop has others to serve. */
	for (unsigned i = 0; i < 64 && !r->closed && r->sock >= 0; i++) {
		got = recv(r->sock, &news, sizeof news, MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (got < (ssize_t)offsetof(struct helper_news, output)) {
			lose_helper(r);
			break;
		}
		take_news(r, &news);
	}
	start_waiting(r);
}

/* ---- from the start to the end ----------------------------------------- */

static int
watch(struct runner *r, struct why *why)
{
	event_assign(&r->writable, loop_base(r->home), r->sock, EV_WRITE,
	    on_writable, r);
	if (event_assign(&r->readable, loop_base(r->home), r->sock,
	    EV_READ | EV_PERSIST, on_readable, r) < 0 ||
	    event_add(&r->readable, NULL) < 0)
		return why_set(why, "cannot hear the helper");
	return 0;
}

static void
on_again(void *arg)
{
	struct runner *r = arg;
	struct why why;

	if (fork_helper(r, &why) < 0 || watch(r, &why) < 0)
		timer_after(&r->again, CLOCK_SECOND);
	else
		start_waiting(r);
}

int
runner_home(struct runner *r, struct loop *home, void (*lost)(void *),
    void *arg, struct why *why)
{
	NEED(r->home == NULL && loop_here() == home);
	r->home = home;
	r->lost = lost;
	r->arg = arg;
	timer_init(&r->again, home, on_again, r);
	if (watch(r, why) < 0)
		return -1;
	start_waiting(r);
	return 0;
}

/* Strings behind each other, each with its NUL. -1: more than there is room. */
static int
pack(struct helper_order *o, size_t *used, uint16_t *n,
    const char *const *list)
{
	for (*n = 0; list != NULL && list[*n] != NULL; ++*n) {
		size_t len = strlen(list[*n]) + 1;

		if (o->args + o->env >= RUNNER_WORDS ||
		    len > sizeof o->text - *used)
			return -1;
		memcpy(o->text + *used, list[*n], len);
		*used += len;
	}
	return 0;
}

uint64_t
runner_run(struct runner *r, const struct runner_job *job, struct why *why)
{
	struct helper_order o = { .command = job->command,
	    .limit = job->limit, .grace = job->grace };
	size_t used = 0;
	struct run *run;

	NEED(job->command < r->rows);
	if (pack(&o, &used, &o.args, job->args) < 0 ||
	    pack(&o, &used, &o.env, job->env) < 0) {
		why_set(why, "too many or too long values for a program");
		return 0;
	}
	used += offsetof(struct helper_order, text);
	run = r->known >= MOST_KNOWN ? NULL : mem_get(sizeof *run + used);
	if (run == NULL) {
		why_set(why, r->known >= MOST_KNOWN ?
		    "too many programs wait" : "no memory for a program");
		return 0;
	}
	o.run = run->number = ++r->last;
	run->key = job->key;
	run->done = job->done;
	run->arg = job->arg;
	run->ends = false;
	run->len = used;
	memcpy(run->packet, &o, used);
	TAILQ_INSERT_TAIL(&r->waiting, run, link);
	r->known++;
	start_waiting(r);
	return o.run;
}

static struct run *
find_run(struct runs *runs, uint64_t number)
{
	struct run *run;

	TAILQ_FOREACH(run, runs, link)
		if (run->number == number)
			return run;
	return NULL;
}

void
runner_cancel(struct runner *r, uint64_t number)
{
	struct run *run = find_run(&r->waiting, number);

	if (run != NULL) {
		forget(r, run, false);
		mem_drop(run);
		return;
	}
	run = find_run(&r->running, number);
	if (run == NULL)
		return;
	run->done = NULL;
	run->ends = true;
	start_waiting(r);
}

unsigned
runner_count(const struct runner *r)
{
	return r->known;
}

pid_t
runner_pid(const struct runner *r)
{
	return r->pid;
}

static void
drop_runs(struct runs *runs)
{
	struct run *run;

	while ((run = TAILQ_FIRST(runs)) != NULL) {
		TAILQ_REMOVE(runs, run, link);
		mem_drop(run);
	}
}

static void
bury(void *dead)
{
	mem_drop(dead);
}

void
runner_free(struct runner **runner)
{
	struct runner *r = *runner;

	*runner = NULL;
	if (r == NULL)
		return;
	r->closed = true;
	if (r->home != NULL)
		timer_stop(&r->again);
	if (r->home != NULL && r->sock >= 0)
		drop_helper(r);
	else if (r->sock >= 0)
		close(r->sock);
	if (r->pid > 0)
		depart(r->pid);
	drop_runs(&r->waiting);
	drop_runs(&r->running);
	helper_free(&r->helper);
	if (r->home != NULL)
		loop_retire(r->home, r, bury);
	else
		bury(r);
}
