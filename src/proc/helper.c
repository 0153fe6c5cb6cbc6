/* SPDX-License-Identifier: ISC */
/*
 * helper.c - starts programs, waits for them, ends them when their time is
 * over. A process of its own: nothing here runs in the daemon but
 * helper_new() and helper_free().
 */
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "proc/helper.h"

enum {
	WORDS = 512,		/* of one program's arguments or environment */
	USUAL_FILES = 1024,	/* what programs expect a limit to be */
	FAREWELL = 1000000	/* us between TERM and KILL at the end */
};

struct slot {
	struct helper_news news;	/* .run 0: the slot is free */
	pid_t pid;			/* 0: has ended, not told yet */
	int error;			/* errno of a start that failed */
	int output;			/* our end of the pipe; -1 */
	int64_t began, due, grace;	/* due INT64_MAX: never */
	bool termed, late;
};

struct helper {
	const struct runner_command *table;
	unsigned rows, most;
	int sock, null;
	bool drains;			/* there is no /dev/null to write to */
	struct helper_order order;	/* the one just received */
	struct pollfd polls[RUNNER_MOST + 1];
	struct slot *slots;		/* shared with the children: their errno */
};

static volatile sig_atomic_t children_changed;

struct helper *
helper_new(const struct runner_command *table, unsigned n, unsigned most)
{
	struct helper *h = mem_zero(sizeof *h);

	if (h == NULL)
		return NULL;
	h->table = table;
	h->rows = n;
	h->most = most;
	h->slots = mmap(NULL, most * sizeof *h->slots, PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (h->slots == MAP_FAILED) {
		mem_drop(h);
		return NULL;
	}
	return h;
}

void
helper_free(struct helper **helper)
{
	if (*helper == NULL)
		return;
	munmap((*helper)->slots, (*helper)->most * sizeof *(*helper)->slots);
	mem_drop(*helper);
	*helper = NULL;
}

/* ---- in the program's own process -------------------------------------- */

static void
reset_signals(void)
{
	struct sigaction usual = { .sa_handler = SIG_DFL };
	sigset_t none;

	for (int n = 1; n < NSIG; n++)
		sigaction(n, &usual, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

static int
change_user(const struct runner_command *c)
{
	if (!c->changes_user)
		return 0;
	if (geteuid() == 0 && setgroups(1, &c->gid) < 0)
		return -1;
	if (setgid(c->gid) < 0 || setuid(c->uid) < 0)
		return -1;
	return 0;
}

static bool
is_named(const char *variable, const char *as)
{
	size_t len = strcspn(as, "=");

	return strncmp(variable, as, len) == 0 && variable[len] == '=';
}

static bool
is_among(char *const *list, unsigned n, const char *variable)
{
	for (unsigned i = 0; i < n; i++)
		if (is_named(variable, list[i]))
			return true;
	return false;
}

/* The run's values, the row's path, then what is inherited beside them. */
static void
make_environment(const struct runner_command *c, char **list, unsigned n,
    char *path, size_t size)
{
	if (c->path != NULL && strlen(c->path) + sizeof "PATH=" <= size) {
		memcpy(path, "PATH=", 5);
		memcpy(path + 5, c->path, strlen(c->path) + 1);
		list[n++] = path;
	}
	for (char **e = environ; e != NULL && *e != NULL && n < WORDS - 1; e++)
		if (c->inherits ? !is_among(list, n, *e) :
		    c->path == NULL && is_named(*e, "PATH"))
			list[n++] = *e;
	list[n] = NULL;
}

static void
set_descriptors(const struct helper *h, int output)
{
	dup2(h->null, 0);
	dup2(output >= 0 ? output : h->null, 1);
	dup2(output >= 0 ? output : h->null, 2);
	close_range(3, ~0U, 0);
}

static void
set_limits(void)
{
	struct rlimit r;

	if (getrlimit(RLIMIT_NOFILE, &r) == 0 && r.rlim_cur > USUAL_FILES) {
		r.rlim_cur = USUAL_FILES;
		setrlimit(RLIMIT_NOFILE, &r);
	}
}

/* The strings of an order as lists; the row's own words come first. */
static void
start_program(struct helper *h, struct slot *s, int output, pid_t parent)
{
	static char *argv[WORDS], *env[WORDS];
	static char path[4096];
	const struct runner_command *c = &h->table[h->order.command];
	char *at = h->order.text;
	unsigned n = 0;

	for (; c->argv[n] != NULL && n < WORDS - RUNNER_WORDS - 1; n++)
		memcpy(&argv[n], &c->argv[n], sizeof argv[n]);
	for (unsigned i = 0; i < h->order.args; i++, at += strlen(at) + 1)
		argv[n++] = at;
	argv[n] = NULL;
	for (n = 0; n < h->order.env; n++, at += strlen(at) + 1)
		env[n] = at;
	make_environment(c, env, n, path, sizeof path);
	setpgid(0, 0);
	set_descriptors(h, output);
	set_limits();
	if (change_user(c) == 0) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);	/* after the user */
		if (getppid() != parent)
			_exit(127);
		reset_signals();
		environ = env;
		execvp(argv[0], argv);
	}
	s->error = errno;
	_exit(127);
}

/* ---- starting and ending ----------------------------------------------- */

static void
close_output(struct slot *s)
{
	if (s->output >= 0)
		close(s->output);
	s->output = -1;
}

static void
end_slot(struct slot *s, enum runner_end end, int code)
{
	s->pid = 0;
	s->news.end = (int32_t)end;
	s->news.code = code;
	s->news.took = clock_now() - s->began;
	close_output(s);
}

static struct slot *
find_slot(struct helper *h, uint64_t run)
{
	for (unsigned i = 0; i < h->most; i++)
		if (h->slots[i].news.run == run)
			return &h->slots[i];
	return NULL;
}

static void
begin(struct helper *h)
{
	const struct helper_order *o = &h->order;
	struct slot *s = find_slot(h, 0);
	int ends[2] = { -1, -1 };
	pid_t pid, parent = getpid();
	int error;

	if (s == NULL || o->command >= h->rows)
		return;			/* the daemon counts better */
	memset(s, 0, sizeof *s);
	s->news.run = o->run;
	s->began = clock_now();
	s->due = o->limit > 0 ? s->began + o->limit : INT64_MAX;
	s->grace = o->grace;
	s->output = -1;
	if ((h->table[o->command].collects || h->drains) &&
	    pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0)
		fcntl(ends[1], F_SETFL, 0);
	pid = fork();			/* the slot is the child's too */
	if (pid == 0)
		start_program(h, s, ends[1], parent);
	error = errno;
	s->output = ends[0];
	if (ends[1] >= 0)
		close(ends[1]);
	if (pid < 0) {
		end_slot(s, RUNNER_FAILED, error);
		return;
	}
	s->pid = pid;
	setpgid(pid, pid);
}

static void
read_output(struct slot *s)
{
	struct helper_news *n = &s->news;
	char rest[4096];
	ssize_t got = -1;

	if (s->output < 0)
		return;
	/* A flood is read in portions: others have their turn. */
	for (unsigned i = 0; i < 16; i++) {
		size_t room = sizeof n->output - n->len;

		got = room > 0 ? read(s->output, n->output + n->len, room) :
		    read(s->output, rest, sizeof rest);
		if (got <= 0)
			break;
		if (room > 0)
			n->len += (uint32_t)got;
		else
			n->cut = true;
	}
	if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR))
		close_output(s);
}

static void
term(struct slot *s, int64_t now)
{
	s->termed = true;
	s->due = now + (s->grace > 0 ? s->grace : FAREWELL);
	kill(-s->pid, SIGTERM);
}

static void
look_at_time(struct slot *s, int64_t now)
{
	if (s->pid == 0 || now < s->due)
		return;
	if (!s->termed) {
		s->late = true;
		term(s, now);
	} else {
		s->due = INT64_MAX;
		kill(-s->pid, SIGKILL);
	}
}

static void
conclude(struct slot *s, int status)
{
	read_output(s);
	if (s->late)
		end_slot(s, RUNNER_TIMED_OUT, 0);
	else if (s->error != 0)
		end_slot(s, RUNNER_FAILED, s->error);
	else if (WIFSIGNALED(status))
		end_slot(s, RUNNER_KILLED, WTERMSIG(status));
	else
		end_slot(s, RUNNER_EXITED, WEXITSTATUS(status));
}

/* Of one that was told to go, what it left behind goes too. */
static void
reap(struct helper *h)
{
	siginfo_t info = { .si_pid = 0 };
	int status;

	children_changed = 0;
	while (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    info.si_pid > 0) {
		for (unsigned i = 0; i < h->most; i++) {
			struct slot *s = &h->slots[i];

			if (s->pid != info.si_pid)
				continue;
			if (s->termed)
				kill(-s->pid, SIGKILL);
			if (waitpid(s->pid, &status, 0) == s->pid)
				conclude(s, status);
			info.si_pid = 0;
			break;
		}
		if (info.si_pid > 0)	/* an orphan of ours: none is known */
			waitpid(info.si_pid, &status, 0);
		info.si_pid = 0;
	}
}

/* ---- talking to the daemon --------------------------------------------- */

static void
tell(struct helper *h)
{
	for (unsigned i = 0; i < h->most; i++) {
		struct slot *s = &h->slots[i];
		size_t len = offsetof(struct helper_news, output) +
		    s->news.len;

		if (s->news.run == 0 || s->pid != 0)
			continue;
		if (send(h->sock, &s->news, len, MSG_DONTWAIT | MSG_NOSIGNAL)
		    < 0 && (errno == EAGAIN || errno == ENOBUFS))
			return;
		s->news.run = 0;
	}
}

static void
obey(struct helper *h)
{
	struct slot *s;

	if (!h->order.end) {
		begin(h);
		return;
	}
	s = find_slot(h, h->order.run);
	if (s != NULL && s->pid != 0 && !s->termed)
		term(s, clock_now());
}

static unsigned
count(const struct helper *h, bool ended)
{
	unsigned n = 0;

	for (unsigned i = 0; i < h->most; i++)
		n += h->slots[i].news.run != 0 &&
		    (h->slots[i].pid == 0) == ended;
	return n;
}

/* false: the daemon is gone. */
static bool
listen_to_daemon(struct helper *h)
{
	for (;;) {
		ssize_t got = recv(h->sock, &h->order, sizeof h->order,
		    MSG_DONTWAIT);

		if (got < 0)
			return errno == EAGAIN || errno == EINTR;
		if ((size_t)got < offsetof(struct helper_order, text))
			return false;
		obey(h);
	}
}

static void
end_all(struct helper *h)
{
	int64_t now = clock_now();

	close(h->sock);
	h->sock = -1;
	for (unsigned i = 0; i < h->most; i++) {
		struct slot *s = &h->slots[i];

		if (s->news.run == 0 || s->pid == 0)
			continue;
		s->grace = FAREWELL;
		if (!s->termed)
			term(s, now);
	}
}

/* ---- its life ---------------------------------------------------------- */

static void
on_child(int number)
{
	children_changed = 1;
}

static void
set_signals(void)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };
	struct sigaction child = { .sa_handler = on_child };

	/* A stop is told by the daemon, not by whoever signals the group. */
	reset_signals();
	for (int n = 1; n < NSIG; n++)
		if (n != SIGCHLD && n != SIGSEGV && n != SIGBUS &&
		    n != SIGFPE && n != SIGILL && n != SIGABRT)
			sigaction(n, &ignore, NULL);
	sigaction(SIGCHLD, &child, NULL);
}

/* How long may be slept; -1: for ever. */
static int64_t
find_sleep(const struct helper *h, int64_t now)
{
	int64_t due = INT64_MAX;

	for (unsigned i = 0; i < h->most; i++)
		if (h->slots[i].news.run != 0 && h->slots[i].pid != 0 &&
		    h->slots[i].due < due)
			due = h->slots[i].due;
	return due == INT64_MAX ? -1 : due > now ? due - now : 0;
}

static void
sleep_until_news(struct helper *h, const sigset_t *awake)
{
	int64_t us = find_sleep(h, clock_now());
	struct timespec ts = { us / CLOCK_SECOND, us % CLOCK_SECOND * 1000 };
	nfds_t n = 1;

	h->polls[0] = (struct pollfd){ h->sock, POLLIN, 0 };
	if (count(h, true) > 0)
		h->polls[0].events |= POLLOUT;
	for (unsigned i = 0; i < h->most; i++)
		if (h->slots[i].news.run != 0 && h->slots[i].output >= 0)
			h->polls[n++] = (struct pollfd){
			    h->slots[i].output, POLLIN, 0 };
	if (children_changed)
		return;
	if (ppoll(h->polls, n, us < 0 ? NULL : &ts, awake) <= 0)
		h->polls[0].revents = 0;
}

static void
turn(struct helper *h)
{
	int64_t now;

	if (h->sock >= 0 && (h->polls[0].revents & (POLLIN | POLLHUP)) &&
	    !listen_to_daemon(h))
		end_all(h);
	for (unsigned i = 0; i < h->most; i++)
		if (h->slots[i].news.run != 0)
			read_output(&h->slots[i]);
	reap(h);
	now = clock_now();
	for (unsigned i = 0; i < h->most; i++)
		if (h->slots[i].news.run != 0)
			look_at_time(&h->slots[i], now);
	if (h->sock >= 0)
		tell(h);
}

/* In a root without devices: nothing can be read, what is written is read. */
static int
open_null(struct helper *h)
{
	int ends[2] = { -1, -1 };
	int fd = open("/dev/null", O_RDWR);

	h->drains = fd < 0;
	if (fd >= 0 || pipe(ends) < 0)
		return fd;
	close(ends[1]);
	return ends[0];
}

/* Our socket is 3, what is below it leads nowhere, the rest is closed. */
static void
own_descriptors(struct helper *h, int sock)
{
	if (sock != 3)
		dup2(sock, 3);
	close_range(4, ~0U, 0);
	h->sock = 3;
	h->null = open_null(h);
	for (int fd = 0; fd < 3; fd++)
		dup2(h->null, fd);
}

_Noreturn void
helper_live(struct helper *h, int sock)
{
	sigset_t child, awake;

	prctl(PR_SET_NAME, "runner");
	own_descriptors(h, sock);
	memset(h->slots, 0, h->most * sizeof h->slots[0]);
	sigemptyset(&child);
	sigaddset(&child, SIGCHLD);
	set_signals();
	sigprocmask(SIG_BLOCK, &child, &awake);
	sigdelset(&awake, SIGCHLD);
	while (h->sock >= 0 || count(h, false) > 0) {
		sleep_until_news(h, &awake);
		turn(h);
	}
	_exit(0);
}
