/* SPDX-License-Identifier: ISC */
/*
 * launch.c - the parent's side of the helper, on the turn's loop: who waits,
 * who runs, who is told. What waits for another of its key, or for a helper,
 * stays here and can be taken back.
 */
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "proc/helper.h"
#include "vrrp/launch.h"
#include "vrrp/say.h"

enum { AT_ONCE = 256, MOST_KNOWN = 16384 };

struct run {
	TAILQ_ENTRY(run) link;
	uint64_t number, key;
	void (*done)(void *arg, const struct runner_result *);
	void *arg;
	bool ends;			/* taken back: the helper is to be told */
	size_t len;
	char packet[];
};
TAILQ_HEAD(runs, run);

struct vr_launch {
	const struct vr_program **programs;	/* row by row */
	struct runner_command *table;
	unsigned rows, room;
	struct helper *helper;
	pid_t pid;			/* -1: none */
	int sock;			/* -1: none */
	int64_t forked;
	struct vr_turn_timer again;	/* a new helper; a full socket */
	uint64_t last;
	struct runs waiting, running;
	unsigned known;
	bool retired;			/* freed by its owner: runs end, then it */
};

/* ---- the table: every program that the configuration names */

static void
add_program(struct vr_launch *l, const struct vr_program *p)
{
	if (p == NULL || p->disabled != NULL || p->count == 0)
		return;
	if (l->rows == l->room) {
		l->room = 2 * l->room + 16;
		l->programs = mem_grow(l->programs, l->room *
		    sizeof *l->programs);
		l->table = mem_grow(l->table, l->room * sizeof *l->table);
		NEED(l->programs != NULL && l->table != NULL);
	}
	l->programs[l->rows] = p;
	l->table[l->rows++] = (struct runner_command){
		.argv = p->argv, .inherits = true, .collects = true,
		.changes_user = geteuid() == 0, .uid = p->uid, .gid = p->gid
	};
}

static void
add_notify(struct vr_launch *l, const struct vr_notify_conf *n)
{
	for (unsigned i = 0; i < VR_NOTIFIES; i++)
		add_program(l, n->scripts[i]);
}

static void
add_all(struct vr_launch *l, const struct vr_config *c)
{
	add_program(l, c->global.startup_script);
	add_program(l, c->global.shutdown_script);
	add_program(l, c->global.fifo.script);
	add_program(l, c->global.vrrp_fifo.script);
	for (unsigned i = 0; i < c->scripts.count; i++)
		add_program(l, c->scripts.at[i]->program);
	for (unsigned i = 0; i < c->instances.count; i++)
		add_notify(l, &c->instances.at[i]->notify);
	for (unsigned i = 0; i < c->groups.count; i++)
		add_notify(l, &c->groups.at[i]->notify);
}

/* ---- the helper */

static void	on_readable(void *arg);

/* No handler of ours may run in the child before it has its own. */
static pid_t
fork_quietly(void)
{
	sigset_t all, before;
	pid_t pid;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, &before);
	pid = fork();
	if (pid != 0)
		sigprocmask(SIG_SETMASK, &before, NULL);
	return pid;
}

static int
fork_helper(struct vr_launch *l, struct why *why)
{
	int ends[2];

	l->forked = clock_now();
	helper_free(&l->helper);
	l->helper = helper_new(l->table, l->rows, AT_ONCE);
	if (l->helper == NULL)
		return why_set(why, "no memory for the helper");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return why_errno(why, "cannot speak to a helper");
	l->pid = fork_quietly();
	if (l->pid == 0)
		helper_live(l->helper, ends[1]);
	close(ends[1]);
	if (l->pid < 0) {
		close(ends[0]);
		return why_errno(why, "cannot fork the helper");
	}
	l->sock = ends[0];
	vr_turn_watch(l->sock, on_readable, l);
	return 0;
}

/* ---- sending */

static bool
key_is_busy(const struct vr_launch *l, uint64_t key)
{
	const struct run *run;

	if (key == 0)
		return false;
	TAILQ_FOREACH(run, &l->running, link)
		if (run->key == key)
			return true;
	return false;
}

static struct run *
find_next(const struct vr_launch *l)
{
	struct run *run;

	TAILQ_FOREACH(run, &l->waiting, link)
		if (!key_is_busy(l, run->key))
			return run;
	return NULL;
}

/* Full: again in a moment. Broken: the end is read in a moment. */
static bool
is_sent(struct vr_launch *l, const void *packet, size_t len)
{
	if (send(l->sock, packet, len, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return true;
	if (errno == EAGAIN || errno == ENOBUFS)
		vr_turn_at(&l->again, vr_turn_now() + 10 * CLOCK_MS);
	return false;
}

static void
end_taken_back(struct vr_launch *l)
{
	struct helper_order o = { .end = true };
	struct run *run;

	TAILQ_FOREACH(run, &l->running, link) {
		if (!run->ends)
			continue;
		o.run = run->number;
		if (!is_sent(l, &o, offsetof(struct helper_order, text)))
			return;
		run->ends = false;
	}
}

static void
start_waiting(struct vr_launch *l)
{
	struct run *run;

	if (l->sock < 0)
		return;
	end_taken_back(l);
	while ((run = find_next(l)) != NULL) {
		if (!is_sent(l, run->packet, run->len))
			return;
		TAILQ_REMOVE(&l->waiting, run, link);
		TAILQ_INSERT_TAIL(&l->running, run, link);
	}
}

/* ---- hearing */

static void
conclude(struct vr_launch *l, struct run *run,
    const struct runner_result *got)
{
	TAILQ_REMOVE(&l->running, run, link);
	l->known--;
	if (run->done != NULL)
		run->done(run->arg, got);
	mem_drop(run);
}

static void
take_news(struct vr_launch *l, const struct helper_news *n)
{
	struct runner_result got = {
		.end = (enum runner_end)n->end, .code = n->code,
		.took = n->took, .output = { n->output, n->len },
		.cut = n->cut
	};
	struct run *run;

	TAILQ_FOREACH(run, &l->running, link)
		if (run->number == n->run) {
			conclude(l, run, &got);
			return;
		}
}

static void
drop_helper(struct vr_launch *l)
{
	vr_turn_watch(l->sock, NULL, NULL);
	close(l->sock);
	l->sock = -1;
}

/* What ran is told as lost; what waits waits for the next helper. */
static void
lose_helper(struct vr_launch *l)
{
	static const struct runner_result lost = { .end = RUNNER_LOST };
	struct runs gone;
	struct run *run;

	vr_say_warn("The helper that runs programs has died, starting "
	    "another");
	drop_helper(l);
	kill(l->pid, SIGKILL);
	waitpid(l->pid, NULL, 0);
	l->pid = -1;
	vr_turn_at(&l->again, l->forked + CLOCK_SECOND);
	TAILQ_INIT(&gone);
	TAILQ_CONCAT(&gone, &l->running, link);
	while ((run = TAILQ_FIRST(&gone)) != NULL) {
		TAILQ_REMOVE(&gone, run, link);
		TAILQ_INSERT_TAIL(&l->running, run, link);
		conclude(l, run, &lost);
	}
}

/* Retired and idle: the helper is let go, and reaped when it has gone. */
static void
end_if_idle(struct vr_launch *l)
{
	if (!l->retired || l->known > 0)
		return;
	if (l->sock >= 0)
		drop_helper(l);
	vr_turn_at(&l->again, vr_turn_now());
}

static void
drop_runs(struct vr_launch *l, struct runs *runs)
{
	struct run *run;

	while ((run = TAILQ_FIRST(runs)) != NULL) {
		TAILQ_REMOVE(runs, run, link);
		l->known--;
		mem_drop(run);
	}
}

static void
bury(struct vr_launch *l)
{
	vr_turn_forget(&l->again);
	drop_runs(l, &l->waiting);
	drop_runs(l, &l->running);
	helper_free(&l->helper);
	mem_drop(l->programs);
	mem_drop(l->table);
	mem_drop(l);
}

static void
on_readable(void *arg)
{
	struct vr_launch *l = arg;
	struct helper_news news;
	ssize_t got;

	for (unsigned i = 0; i < 64; i++) {
		got = recv(l->sock, &news, sizeof news, MSG_DONTWAIT);
		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (got < (ssize_t)offsetof(struct helper_news, output)) {
			lose_helper(l);
			end_if_idle(l);
			return;
		}
		take_news(l, &news);
	}
	start_waiting(l);
	end_if_idle(l);
}

static void
on_again(void *arg)
{
	struct vr_launch *l = arg;
	struct why why;

	if (l->retired && l->sock < 0) {
		drop_runs(l, &l->waiting);
		if (l->pid > 0 && waitpid(l->pid, NULL, WNOHANG) == 0)
			vr_turn_at(&l->again, vr_turn_now() + CLOCK_SECOND);
		else
			bury(l);
		return;
	}
	if (l->sock < 0 && fork_helper(l, &why) < 0) {
		vr_say_error("%s", why.line);
		vr_turn_at(&l->again, vr_turn_now() + CLOCK_SECOND);
		return;
	}
	start_waiting(l);
}

/* ---- from the start to the end */

struct vr_launch *
vr_launch_new(const struct vr_config *config, struct why *why)
{
	struct vr_launch *l = mem_zero(sizeof *l);

	if (l == NULL) {
		why_set(why, "no memory for the helper");
		return NULL;
	}
	TAILQ_INIT(&l->waiting);
	TAILQ_INIT(&l->running);
	l->pid = l->sock = -1;
	l->again = (struct vr_turn_timer){ .fire = on_again, .arg = l };
	add_all(l, config);
	if (l->rows == 0 || fork_helper(l, why) == 0)
		return l;
	bury(l);
	return NULL;
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

static unsigned
find_row(const struct vr_launch *l, const struct vr_program *p)
{
	unsigned i;

	for (i = 0; i < l->rows && l->programs[i] != p; i++)
		;
	return i;
}

uint64_t
vr_launch_run(struct vr_launch *l, const struct vr_launch_job *job,
    struct why *why)
{
	struct helper_order o = { .limit = job->limit, .grace = job->grace };
	size_t used = 0;
	struct run *run;

	o.command = find_row(l, job->program);
	if (o.command == l->rows) {
		why_set(why, "%s", job->program->disabled != NULL ?
		    job->program->disabled : "it may not be run");
		return 0;
	}
	if (pack(&o, &used, &o.args, job->args) < 0 ||
	    pack(&o, &used, &o.env, job->env) < 0) {
		why_set(why, "too many or too long values for a program");
		return 0;
	}
	used += offsetof(struct helper_order, text);
	run = l->known >= MOST_KNOWN ? NULL : mem_get(sizeof *run + used);
	if (run == NULL) {
		why_set(why, "too many programs wait");
		return 0;
	}
	o.run = run->number = ++l->last;
	run->key = job->key;
	run->done = job->done;
	run->arg = job->arg;
	run->ends = false;
	run->len = used;
	memcpy(run->packet, &o, used);
	TAILQ_INSERT_TAIL(&l->waiting, run, link);
	l->known++;
	start_waiting(l);
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
vr_launch_cancel(struct vr_launch *l, uint64_t number)
{
	struct run *run = find_run(&l->waiting, number);

	if (run != NULL) {
		TAILQ_REMOVE(&l->waiting, run, link);
		l->known--;
		mem_drop(run);
		return;
	}
	run = find_run(&l->running, number);
	if (run == NULL)
		return;
	run->done = NULL;
	run->ends = true;
	start_waiting(l);
}

unsigned
vr_launch_count(const struct vr_launch *l)
{
	return l->known;
}

pid_t
vr_launch_pid(const struct vr_launch *l)
{
	return l->pid;
}

int
vr_launch_fd(const struct vr_launch *l)
{
	return l->sock;
}

/* What runs and waits goes on without its owner, then the helper ends. */
void
vr_launch_free(struct vr_launch **lp)
{
	struct vr_launch *l = *lp;
	struct run *run;

	*lp = NULL;
	if (l == NULL)
		return;
	l->retired = true;
	TAILQ_FOREACH(run, &l->running, link)
		run->done = NULL;
	TAILQ_FOREACH(run, &l->waiting, link)
		run->done = NULL;
	if (l->pid < 0)
		bury(l);
	else
		end_if_idle(l);
}
