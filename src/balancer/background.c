/* SPDX-License-Identifier: ISC */
/* background.c - terminal, pid file, signals to the old. First thread. */
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "balancer/background.h"
#include "balancer/logs.h"
#include "base/number.h"

static int waiting = -1;	/* pipe to the parent; -1: there is none */
static int helper = -1;		/* pipe to who signals the old; -1 */
static pid_t helper_pid;

static int
fail(const char *text)
{
	lb_logs_say(LB_LOG_ALERT, text);
	return 1;
}

static bool
is_daemon(const struct lb_global_conf *g, const struct lb_options *o)
{
	return !o->foreground && !o->debug && !o->notify &&
	    (o->daemon || g->daemon);
}

static ssize_t
read_one(int fd)
{
	char one;
	ssize_t got;

	do
		got = read(fd, &one, 1);
	while (got < 0 && errno == EINTR);
	return got;
}

/* The parent waits for a byte: then the child serves. */
static void
wait_for_child(int fd, pid_t child)
{
	int status;

	if (read_one(fd) == 1)
		_exit(0);
	if (waitpid(child, &status, 0) == child && WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	_exit(1);
}

int
lb_background_go(const struct lb_global_conf *g, const struct lb_options *o)
{
	int ends[2];
	pid_t child;

	if (!is_daemon(g, o))
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
	waiting = ends[1];
	return 0;
}

static void
hush(void)
{
	int null = open("/dev/null", O_RDWR);

	for (int fd = 0; fd < 3 && null >= 0; fd++)
		dup2(null, fd);
	if (null > 2)
		close(null);
	lb_logs_mute(true);
}

void
lb_background_hush(const struct lb_global_conf *g, const struct lb_options *o)
{
	if (waiting >= 0)
		close(waiting);		/* the master's affair */
	waiting = -1;
	if (is_daemon(g, o))
		hush();
}

void
lb_background_done(void)
{
	if (waiting < 0)
		return;
	hush();
	if (write(waiting, "", 1) < 0)
		return;
	close(waiting);
	waiting = -1;
}

int
lb_background_pid(const struct lb_global_conf *g, const struct lb_options *o,
    const char *called)
{
	const char *path = o->pidfile != NULL ? o->pidfile : g->pidfile;
	char text[32], line[300];
	int fd, len;

	if (path == NULL || (o->pidfile == NULL && !o->daemon && !g->daemon &&
	    !o->master && !g->master))
		return 0;
	unlink(path);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	len = snprintf(text, sizeof text, "%d\n", (int)getpid());
	if (fd >= 0 && write(fd, text, (size_t)len) == len) {
		close(fd);
		return 0;
	}
	if (fd >= 0)
		close(fd);
	snprintf(line, sizeof line, "[%.100s.main()] Cannot create pidfile "
	    "%.100s", called, path);
	return fail(line);
}

/* ---- the old ----------------------------------------------------------- */

static bool paused;

static void
kill_old(const struct lb_options *o, int number)
{
	int64_t pid;

	for (unsigned i = 0; i < o->old_count; i++)
		if (number_int(text_of(o->old[i]), 10, 1, INT32_MAX, &pid,
		    NULL) == 0)
			kill((pid_t)pid, number);
}

static void
signal_old(const struct lb_options *o)
{
	kill_old(o, o->old_stop ? SIGTERM : SIGUSR1);
}

void
lb_background_pause(const struct lb_options *o)
{
	if (!paused)
		kill_old(o, SIGTTOU);
	paused = true;
}

void
lb_background_resume(const struct lb_options *o)
{
	if (paused)
		kill_old(o, SIGTTIN);
	paused = false;
}

void
lb_background_prepare(const struct lb_options *o)
{
	int ends[2];

	if (o->old_count == 0 || pipe2(ends, O_CLOEXEC) < 0)
		return;
	fflush(NULL);
	helper_pid = fork();
	if (helper_pid == 0) {
		close(ends[1]);
		if (read_one(ends[0]) == 1)
			signal_old(o);
		_exit(0);
	}
	close(ends[0]);
	if (helper_pid > 0)
		helper = ends[1];
	else
		close(ends[1]);
}

void
lb_background_signal(const struct lb_options *o)
{
	if (o->old_count == 0)
		return;
	if (helper < 0 || write(helper, "", 1) != 1) {
		signal_old(o);
		return;
	}
	close(helper);
	helper = -1;
	while (waitpid(helper_pid, NULL, 0) < 0 && errno == EINTR)
		continue;
}
