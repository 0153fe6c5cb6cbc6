/* SPDX-License-Identifier: ISC */
/*
 * master.c - workers, and the luggage from one life to the next: an
 * environment variable names descriptors that stayed open. First thread.
 */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/clock.h"
#include "base/mem.h"
#include "proc/handover.h"
#include "proc/master.h"
#include "proc/signals.h"
#include "proc/worker.h"

#define LUGGAGE	"WEIR_MASTER"

static struct master here = { .door = -1, .asker = -1 };
static char **first_env;
static unsigned env_count;
static int start_dir = -1;
static struct loop *home;
static const struct master_events *events;

/* ---- luggage ----------------------------------------------------------- */

static void
set_passed(int fd, bool on)
{
	if (fd >= 0)
		fcntl(fd, F_SETFD, on ? 0 : FD_CLOEXEC);
}

static void
pass_all(bool on)
{
	set_passed(here.door, on);
	set_passed(here.asker, on);
	for (struct master_worker *w = here.workers; w != NULL; w = w->next)
		set_passed(w->channel, on);
}

/* "PID SINCE RELOADS FAILED DOOR ASKER FLAGS LIMIT PLACED", workers. */
static char *
pack(void)
{
	char *all = mem_print(LUGGAGE "=%d %lld %u %u %d %d %u %u %u",
	    (int)getpid(), (long long)here.since, here.reloads, here.failed,
	    here.door, here.asker, here.flags, here.limit, here.placed),
	    *more;

	for (struct master_worker *w = here.workers; w != NULL && all != NULL;
	    w = w->next) {
		more = mem_print("%s;%d %d %u %lld %d %d", all, (int)w->pid,
		    w->channel, w->reloads, (long long)w->since, w->ready,
		    w->leaving);
		mem_drop(all);
		all = more;
	}
	return all;
}

static void
unpack_worker(const char *text, struct master_worker ***end)
{
	struct master_worker *w;
	long long since;
	int pid, channel, ready, leaving;
	unsigned reloads;

	if (sscanf(text, ";%d %d %u %lld %d %d", &pid, &channel, &reloads,
	    &since, &ready, &leaving) != 6)
		return;
	w = mem_need(sizeof *w);
	w->pid = pid;
	w->channel = channel;
	w->reloads = reloads;
	w->since = since;
	w->ready = ready != 0;
	w->leaving = leaving != 0;
	**end = w;
	*end = &w->next;
}

static void
unpack(const char *text)
{
	struct master_worker **end = &here.workers;
	long long since;
	int pid;

	/* A program that was replaced by this one may have packed less. */
	if (sscanf(text, "%d %lld %u %u %d %d %u %u %u", &pid, &since,
	    &here.reloads, &here.failed, &here.door, &here.asker, &here.flags,
	    &here.limit, &here.placed) < 8 || pid != (int)getpid()) {
		here = (struct master){ .door = -1, .asker = -1 };
		return;
	}
	here.again = true;
	here.since = since;
	while ((text = strchr(text, ';')) != NULL)
		unpack_worker(text++, &end);
	pass_all(false);
}

void
master_begin(char *const *env)
{
	const char *luggage = getenv(LUGGAGE);

	start_dir = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	while (env[env_count] != NULL)
		env_count++;
	first_env = mem_need((env_count + 2) * sizeof *first_env);
	for (unsigned i = 0, n = 0; env[i] != NULL; i++)
		if (strncmp(env[i], LUGGAGE "=", sizeof LUGGAGE) != 0)
			first_env[n++] = mem_copy(text_of(env[i]));
	here.since = clock_wall() / CLOCK_SECOND;
	if (luggage != NULL)
		unpack(luggage);
	unsetenv(LUGGAGE);
}

struct master *
master_here(void)
{
	return &here;
}

static void
drop_env(void)
{
	for (unsigned i = 0; first_env != NULL && first_env[i] != NULL; i++)
		mem_drop(first_env[i]);
	mem_drop(first_env);
	first_env = NULL;
}

/* Signals wait while nobody is there to hear them. */
static void
block_signals(bool on)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(on ? SIG_BLOCK : SIG_UNBLOCK, &all, NULL);
}

int
master_exec(char *const *argv, struct why *why)
{
	char *luggage = pack(), **env = first_env;
	unsigned n = 0;

	if (luggage == NULL)
		return why_set(why, "out of memory");
	while (env[n] != NULL)
		n++;
	env[n] = luggage;
	block_signals(true);
	pass_all(true);
	if (start_dir < 0 || fchdir(start_dir) == 0)
		execvpe(argv[0], argv, env);
	why_set(why, "%s", strerror(errno));
	pass_all(false);
	block_signals(false);
	env[n] = NULL;
	mem_drop(luggage);
	return -1;
}

/* ---- workers ----------------------------------------------------------- */

static void
close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

static void
drop_worker(struct master_worker *w)
{
	if (home != NULL && w->channel >= 0)
		event_del(&w->event);
	close_fd(&w->channel);
	mem_drop(w);
}

static void
forget_all(void)
{
	struct master_worker *w;

	while ((w = here.workers) != NULL) {
		here.workers = w->next;
		drop_worker(w);
	}
	close_fd(&here.door);
	close_fd(&here.asker);
	close_fd(&start_dir);
	drop_env();
}

pid_t
master_fork(struct why *why)
{
	struct master_worker *w;
	int ends[2];
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    0, ends) < 0)
		return why_errno(why, "cannot make a channel");
	fflush(NULL);
	pid = fork();
	if (pid < 0) {
		close(ends[0]);
		close(ends[1]);
		return why_errno(why, "cannot fork");
	}
	if (pid == 0) {
		forget_all();
		close(ends[0]);
		worker_begin(ends[1]);
		block_signals(false);
		return 0;
	}
	close(ends[1]);
	w = mem_need(sizeof *w);
	w->pid = pid;
	w->channel = ends[0];
	w->since = clock_wall() / CLOCK_SECOND;
	w->next = here.workers;
	here.workers = w;
	return pid;
}

static void
on_channel(evutil_socket_t fd, short what, void *arg)
{
	struct master_worker *w = arg;
	char letter;
	ssize_t got = read(w->channel, &letter, 1);

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got > 0 && letter == 'R' && !w->ready) {
		w->ready = true;
		events->ready(w);
	} else if (got <= 0) {
		event_del(&w->event);	/* SIGCHLD tells the rest */
		close_fd(&w->channel);
	}
}

static int
watch_worker(struct master_worker *w)
{
	return w->channel < 0 ? 0 : event_assign(&w->event, loop_base(home),
	    w->channel, EV_READ | EV_PERSIST, on_channel, w) < 0 ? -1 :
	    event_add(&w->event, NULL);
}

static void
bury(pid_t pid, int status)
{
	struct master_worker **at = &here.workers, *w;

	while (*at != NULL && (*at)->pid != pid)
		at = &(*at)->next;
	w = *at;
	if (w == NULL)
		return;
	*at = w->next;
	events->ended(w, status);
	drop_worker(w);
}

static void
on_child(void)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		bury(pid, status);
}

static void
on_begun(void *arg)
{
	on_child();		/* those whose signal came too early */
}

int
master_watch(struct loop *loop, const struct master_events *on,
    struct why *why)
{
	home = loop;
	events = on;
	if (signals_watch(loop, SIGCHLD, on_child, why) < 0)
		return -1;
	for (struct master_worker *w = here.workers; w != NULL; w = w->next)
		if (watch_worker(w) < 0)
			return why_set(why, "cannot watch a worker");
	loop_post(loop, on_begun, NULL);
	block_signals(false);
	return 0;
}

int
master_connect(const struct master_worker *w, char level, struct why *why)
{
	int ends[2], code;

	if (w->channel < 0)
		return why_set(why, "the worker is gone");
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return why_errno(why, "cannot make a connection");
	code = handover_send(w->channel, (struct text){ &level, 1 },
	    &ends[1], 1, why);
	close(ends[1]);
	if (code == 0)
		return ends[0];
	close(ends[0]);
	return -1;
}

void
master_tell(const struct master_worker *w, struct text t)
{
	struct why why;

	if (w->channel >= 0)
		(void)handover_send(w->channel, t, NULL, 0, &why);
}

void
master_signal(int number)
{
	for (struct master_worker *w = here.workers; w != NULL; w = w->next)
		kill(w->pid, number);
}

void
master_end(void)
{
	forget_all();
	home = NULL;
}
