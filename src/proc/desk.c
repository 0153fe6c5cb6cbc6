/* SPDX-License-Identifier: ISC */
/*
 * desk.c - runs in two lines, waiting and running. The helper is given only
 * what it may start at once, so everything that waits can still be taken back
 * here. One thread.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "proc/desk.h"
#include "proc/helper.h"

enum { MOST_KNOWN = 16384 };

struct desk_run {
	TAILQ_ENTRY(desk_run) link;
	uint64_t number, key;
	void (*done)(void *, const struct runner_result *);
	void *arg;
	bool ends;			/* taken back: the helper is to be told */
	size_t len;
	char packet[];
};

void
desk_init(struct desk *d, const struct runner_command *table, unsigned rows,
    unsigned most)
{
	NEED(most > 0 && most <= RUNNER_MOST);
	*d = (struct desk){ .table = table, .rows = rows, .most = most,
	    .pid = -1, .sock = -1 };
	TAILQ_INIT(&d->waiting);
	TAILQ_INIT(&d->running);
}

/* ---- the helper's process ---------------------------------------------- */

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

int
desk_fork(struct desk *d, struct why *why)
{
	int ends[2];

	d->forked = clock_now();
	helper_free(&d->helper);
	d->helper = helper_new(d->table, d->rows, d->most);
	if (d->helper == NULL)
		return why_set(why, "no memory for the helper");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return why_errno(why, "cannot speak to a helper");
	d->pid = fork_quietly();
	if (d->pid == 0)
		helper_live(d->helper, ends[1]);
	close(ends[1]);
	if (d->pid < 0) {
		close(ends[0]);
		return why_errno(why, "cannot fork the helper");
	}
	d->sock = ends[0];
	return 0;
}

void
desk_hang_up(struct desk *d)
{
	if (d->sock >= 0)
		close(d->sock);
	d->sock = -1;
}

void
desk_bury_helper(struct desk *d)
{
	desk_hang_up(d);
	kill(d->pid, SIGKILL);
	waitpid(d->pid, NULL, 0);
	d->pid = -1;
}

/* ---- a new run ---------------------------------------------------------- */

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
desk_add(struct desk *d, const struct runner_job *job, struct why *why)
{
	struct helper_order o = { .command = job->command,
	    .limit = job->limit, .grace = job->grace };
	size_t used = 0;
	struct desk_run *run;

	NEED(job->command < d->rows);
	if (pack(&o, &used, &o.args, job->args) < 0 ||
	    pack(&o, &used, &o.env, job->env) < 0) {
		why_set(why, "too many or too long values for a program");
		return 0;
	}
	used += offsetof(struct helper_order, text);
	run = d->known >= MOST_KNOWN ? NULL : mem_get(sizeof *run + used);
	if (run == NULL) {
		why_set(why, d->known >= MOST_KNOWN ?
		    "too many programs wait" : "no memory for a program");
		return 0;
	}
	o.run = run->number = ++d->last;
	run->key = job->key;
	run->done = job->done;
	run->arg = job->arg;
	run->ends = false;
	run->len = used;
	memcpy(run->packet, &o, used);
	TAILQ_INSERT_TAIL(&d->waiting, run, link);
	d->known++;
	return o.run;
}

/* ---- sending ------------------------------------------------------------ */

static bool
key_is_busy(const struct desk *d, uint64_t key)
{
	const struct desk_run *run;

	if (key == 0)
		return false;
	TAILQ_FOREACH(run, &d->running, link)
		if (run->key == key)
			return true;
	return false;
}

/* The next that may start; those of one key stay in their order. */
static struct desk_run *
find_next(const struct desk *d)
{
	struct desk_run *run;

	if (d->busy >= d->most)
		return NULL;
	TAILQ_FOREACH(run, &d->waiting, link)
		if (!key_is_busy(d, run->key))
			return run;
	return NULL;
}

/* Broken: the end is read in a moment, and nothing is to be tried again. */
static bool
is_sent(const struct desk *d, const void *packet, size_t len, bool *full)
{
	if (send(d->sock, packet, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return true;
	*full = errno == EAGAIN || errno == ENOBUFS;
	return false;
}

static bool
end_taken_back(struct desk *d, bool *full)
{
	struct helper_order o = { .end = true };
	struct desk_run *run;

	TAILQ_FOREACH(run, &d->running, link) {
		if (!run->ends)
			continue;
		o.run = run->number;
		if (!is_sent(d, &o, offsetof(struct helper_order, text),
		    full))
			return false;
		run->ends = false;
	}
	return true;
}

bool
desk_start(struct desk *d)
{
	struct desk_run *run;
	bool full = false;

	if (d->sock < 0 || !end_taken_back(d, &full))
		return !full;
	while ((run = find_next(d)) != NULL) {
		if (!is_sent(d, run->packet, run->len, &full))
			return !full;
		TAILQ_REMOVE(&d->waiting, run, link);
		TAILQ_INSERT_TAIL(&d->running, run, link);
		d->busy++;
	}
	return true;
}

/* ---- hearing ------------------------------------------------------------ */

/* Its last act: done() may end the owner, and the desk with it. */
static void
conclude(struct desk *d, struct desk_run *run,
    const struct runner_result *got)
{
	void (*done)(void *, const struct runner_result *) = run->done;
	void *arg = run->arg;

	TAILQ_REMOVE(&d->running, run, link);
	d->busy--;
	d->known--;
	mem_drop(run);
	if (done != NULL)
		done(arg, got);
}

static struct desk_run *
find_run(struct desk_runs *runs, uint64_t number)
{
	struct desk_run *run;

	TAILQ_FOREACH(run, runs, link)
		if (run->number == number)
			return run;
	return NULL;
}

enum desk_heard
desk_hear(struct desk *d)
{
	struct helper_news n;
	ssize_t len = recv(d->sock, &n, sizeof n, MSG_DONTWAIT);
	struct runner_result got;
	struct desk_run *run;

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return DESK_NOTHING;
	if (len < (ssize_t)offsetof(struct helper_news, output))
		return DESK_LOST;
	got = (struct runner_result){ .end = (enum runner_end)n.end,
	    .code = n.code, .took = n.took, .output = { n.output, n.len },
	    .cut = n.cut };
	run = find_run(&d->running, n.run);
	if (run != NULL)
		conclude(d, run, &got);
	return DESK_HEARD;
}

bool
desk_tell_lost(struct desk *d)
{
	static const struct runner_result lost = { .end = RUNNER_LOST };
	struct desk_run *run = TAILQ_FIRST(&d->running);

	if (run == NULL)
		return false;
	conclude(d, run, &lost);
	return true;
}

/* ---- taking back -------------------------------------------------------- */

void
desk_cancel(struct desk *d, uint64_t number)
{
	struct desk_run *run = find_run(&d->waiting, number);

	if (run != NULL) {
		TAILQ_REMOVE(&d->waiting, run, link);
		d->known--;
		mem_drop(run);
		return;
	}
	run = find_run(&d->running, number);
	if (run == NULL)
		return;
	run->done = NULL;
	run->ends = true;
}

void
desk_silence(struct desk *d)
{
	struct desk_run *run;

	TAILQ_FOREACH(run, &d->running, link)
		run->done = NULL;
	TAILQ_FOREACH(run, &d->waiting, link)
		run->done = NULL;
}

static void
drop_runs(struct desk_runs *runs)
{
	struct desk_run *run;

	while ((run = TAILQ_FIRST(runs)) != NULL) {
		TAILQ_REMOVE(runs, run, link);
		mem_drop(run);
	}
}

void
desk_fini(struct desk *d)
{
	desk_hang_up(d);
	drop_runs(&d->waiting);
	drop_runs(&d->running);
	d->known = d->busy = 0;
	helper_free(&d->helper);
}
