/* SPDX-License-Identifier: ISC */
/*
 * tcp_load.c - load for anything that forwards TCP: servers that echo, send
 * or swallow, and clients that check what comes back. One thread, one epoll
 * loop. Prints one line of JSON.
 *
 *	serve		prints three ports: echo, source, sink; until killed
 *	-p PORT		where the clients connect to
 *	-m MODE		ping: a message and its echo, again and again
 *			rate: connect, one ping, close, again and again
 *			get, put: bulk from the source, to the sink
 *	-c N -s SIZE	clients; bytes of a message
 *	-t S -w S	seconds measured, and before that to warm up
 *	-n N		so many rounds instead, from the first on, and no more
 *	-k		one ping each, print READY, keep the idle connections
 *			until standard input ends
 *	-P PID		count the processor time of this process
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "figures.h"

enum { BULK = 1 << 17, MESSAGE_MOST = 1 << 16, EVENTS = 256 };
#define PATIENCE	(20 * FIGURES_SECOND)

enum mode { PING, RATE, GET, PUT, MODES };
enum role { LISTENER, SERVER, CLIENT };
enum play { ECHO, SOURCE, SINK, PLAYS };

struct end {
	enum role role;
	enum play play;			/* of servers and listeners */
	int fd;
	size_t sent, got;		/* of this message */
	int64_t asked;
	uint64_t number;		/* fills the message */
	bool connecting;
};

static struct {
	enum mode mode;
	int port, clients;
	int64_t number;			/* 0: by time */
	size_t size;
	double secs, warm;
	bool keep;
	pid_t pid;
} opt = { PING, 0, 1, 0, 100, 1, 0.3, false, 0 };

static struct figures sum;
static int queue;			/* epoll's */
static unsigned answered;		/* with -k */
static int64_t begun;			/* rounds, with -n */
static char bulk[BULK];

/* ---- sockets */

static void
watch(struct end *e, uint32_t events, int how)
{
	struct epoll_event ev = { .events = events, .data.ptr = e };

	if (epoll_ctl(queue, how, e->fd, &ev) < 0)
		die("epoll_ctl: %s", strerror(errno));
}

static int
open_socket(void)
{
	const int one = 1;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC,
	    0);

	if (fd < 0)
		die("socket: %s", strerror(errno));
	(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	return fd;
}

static struct sockaddr_in
at_port(int port)
{
	return (struct sockaddr_in){ .sin_family = AF_INET,
	    .sin_port = htons((uint16_t)port),
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
}

/* ---- servers */

static void
end_server(struct end *e)
{
	close(e->fd);
	mem_drop(e);
}

/* Small answers fit the socket; for bulk the peer's reading makes the pace. */
static void
echo(struct end *e)
{
	char message[MESSAGE_MOST];
	ssize_t n;

	while ((n = recv(e->fd, message, sizeof message, 0)) > 0)
		if (send(e->fd, message, (size_t)n, MSG_NOSIGNAL) != n)
			break;
	if (n >= 0 || errno != EAGAIN)
		end_server(e);
}

static void
swallow(struct end *e)
{
	ssize_t n;

	while ((n = recv(e->fd, bulk, sizeof bulk, 0)) > 0)
		continue;
	if (n == 0 || errno != EAGAIN)
		end_server(e);
}

static void
pour(struct end *e)
{
	ssize_t n;

	while ((n = send(e->fd, bulk, sizeof bulk, MSG_NOSIGNAL)) > 0)
		continue;
	if (errno != EAGAIN)
		end_server(e);
}

static void
accept_all(const struct end *listener)
{
	const int one = 1;
	struct end *e;
	int fd;

	while ((fd = accept4(listener->fd, NULL, NULL,
	    SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
		    sizeof one);
		e = mem_zero(sizeof *e);
		NEED(e != NULL);
		*e = (struct end){ .role = SERVER, .play = listener->play,
		    .fd = fd };
		watch(e, e->play == SOURCE ? EPOLLOUT : EPOLLIN,
		    EPOLL_CTL_ADD);
	}
}

static void
on_server(struct end *e)
{
	if (e->play == ECHO)
		echo(e);
	else if (e->play == SINK)
		swallow(e);
	else
		pour(e);
}

static int
serve(void)
{
	static struct end listeners[PLAYS];
	struct epoll_event events[EVENTS];

	for (int i = 0; i < PLAYS; i++) {
		struct sockaddr_in a = at_port(0);
		socklen_t len = sizeof a;

		listeners[i] = (struct end){ .role = LISTENER,
		    .play = (enum play)i, .fd = open_socket() };
		if (bind(listeners[i].fd, (struct sockaddr *)&a, len) < 0 ||
		    listen(listeners[i].fd, 4096) < 0 ||
		    getsockname(listeners[i].fd, (struct sockaddr *)&a,
		    &len) < 0)
			die("listen: %s", strerror(errno));
		watch(&listeners[i], EPOLLIN, EPOLL_CTL_ADD);
		printf("%s%d", i > 0 ? " " : "", ntohs(a.sin_port));
	}
	printf("\n");
	fflush(stdout);
	for (;;) {
		int n = epoll_wait(queue, events, EVENTS, -1);

		for (int i = 0; i < n; i++) {
			struct end *e = events[i].data.ptr;

			if (e->role == LISTENER)
				accept_all(e);
			else
				on_server(e);
		}
	}
}

/* ---- clients */

/* One round more? */
static bool
may_begin(void)
{
	return opt.number == 0 || begun++ < opt.number;
}

static void
begin(struct end *e)
{
	struct sockaddr_in a = at_port(opt.port);

	e->fd = open_socket();
	e->asked = figures_now();
	e->connecting = true;
	if (connect(e->fd, (struct sockaddr *)&a, sizeof a) < 0 &&
	    errno != EINPROGRESS)
		figures_fault(&sum, "connect: ", strerror(errno));
	watch(e, EPOLLOUT, EPOLL_CTL_ADD);
}

static void
fail(struct end *e, const char *what)
{
	figures_fault(&sum, what, strerror(errno));
	close(e->fd);
	e->fd = -1;
}

static void
fill(const struct end *e, char *message)
{
	for (size_t i = 0; i < opt.size; i++)
		message[i] = (char)(e->number + i);
}

static void
ask(struct end *e)
{
	char message[MESSAGE_MOST];

	e->number++;
	e->got = 0;
	if (opt.mode != RATE)
		e->asked = figures_now();
	fill(e, message);
	if (send(e->fd, message, opt.size, MSG_NOSIGNAL) !=
	    (ssize_t)opt.size)
		fail(e, "send: ");
}

static void
end_round(struct end *e)
{
	sum.tx++;
	figures_note(&sum, figures_now() - e->asked);
	if (opt.keep) {
		answered++;
		return;
	}
	if (!may_begin()) {
		close(e->fd);
		e->fd = -1;
	} else if (opt.mode == PING) {
		ask(e);
	} else {
		close(e->fd);
		begin(e);
	}
}

static void
check(struct end *e)
{
	char message[MESSAGE_MOST], wanted[MESSAGE_MOST];
	ssize_t n = recv(e->fd, message, opt.size - e->got, 0);

	if (n <= 0) {
		if (n == 0 || errno != EAGAIN)
			fail(e, "recv: ");
		return;
	}
	fill(e, wanted);
	if (memcmp(message, wanted + e->got, (size_t)n) != 0)
		sum.wrong++;
	e->got += (size_t)n;
	if (e->got == opt.size)
		end_round(e);
}

static void
move_bulk(struct end *e)
{
	ssize_t n = opt.mode == GET ? recv(e->fd, bulk, sizeof bulk, 0) :
	    send(e->fd, bulk, sizeof bulk, MSG_NOSIGNAL);

	if (n > 0) {
		sum.bytes += n;
		sum.tx++;
	} else if (n == 0 || errno != EAGAIN) {
		fail(e, "bulk: ");
	}
}

static void
on_client(struct end *e)
{
	if (e->fd < 0)
		return;
	if (!e->connecting) {
		if (opt.mode == GET || opt.mode == PUT)
			move_bulk(e);
		else
			check(e);
		return;
	}
	e->connecting = false;
	if (opt.mode != PUT)
		watch(e, EPOLLIN, EPOLL_CTL_MOD);
	if (opt.mode == PING || opt.mode == RATE)
		ask(e);
}

static void
turn(int timeout)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(queue, events, EVENTS, timeout);

	for (int i = 0; i < n; i++)
		on_client(events[i].data.ptr);
}

static void
run_until(int64_t end)
{
	int64_t now;

	while ((now = figures_now()) < end &&
	    (opt.number == 0 || sum.tx < opt.number))
		turn((int)((end - now) / 1000000) + 1);
}

static void
measure(void)
{
	if (opt.number == 0) {
		run_until(figures_now() + (int64_t)(opt.warm * 1e9));
		memset(sum.slots, 0, sizeof sum.slots);
		sum.tx = sum.bytes = sum.longest = 0;
	}
	sum.from = figures_now();
	sum.cpu_from = figures_cpu(opt.pid);
	run_until(sum.from + (opt.number > 0 ? PATIENCE :
	    (int64_t)(opt.secs * 1e9)));
	sum.to = figures_now();
	sum.cpu_to = figures_cpu(opt.pid);
	figures_print(&sum);
}

static void
hold(void)
{
	int64_t end = figures_now() + PATIENCE + opt.clients * 1000000LL;
	char byte;

	while (answered < (unsigned)opt.clients && figures_now() < end &&
	    sum.errors == 0)
		turn(100);
	puts(answered == (unsigned)opt.clients ? "READY" : sum.note);
	fflush(stdout);
	while (read(STDIN_FILENO, &byte, 1) > 0)
		continue;
}

/* ---- options */

static enum mode
find_mode(const char *name)
{
	static const char *const names[MODES] = { "ping", "rate", "get",
	    "put" };

	for (int i = 0; i < MODES; i++)
		if (strcmp(name, names[i]) == 0)
			return (enum mode)i;
	die("no mode %s", name);
}

static void
read_options(int argc, char **argv)
{
	int o;

	while ((o = getopt(argc, argv, "p:m:c:n:s:t:w:kP:")) >= 0)
		switch (o) {
		case 'p': opt.port = (int)strtol(optarg, NULL, 10); break;
		case 'm': opt.mode = find_mode(optarg); break;
		case 'c': opt.clients = (int)strtol(optarg, NULL, 10); break;
		case 'n': opt.number = strtoll(optarg, NULL, 10); break;
		case 's': opt.size = strtoul(optarg, NULL, 10); break;
		case 't': opt.secs = strtod(optarg, NULL); break;
		case 'w': opt.warm = strtod(optarg, NULL); break;
		case 'k': opt.keep = true; break;
		case 'P': opt.pid = (pid_t)strtol(optarg, NULL, 10); break;
		default: exit(2);
		}
	if (opt.port == 0 || opt.size == 0 || opt.size > MESSAGE_MOST)
		die("usage: see the head of tcp_load.c");
}

int
main(int argc, char **argv)
{
	struct end *clients;

	signal(SIGPIPE, SIG_IGN);
	queue = epoll_create1(EPOLL_CLOEXEC);
	if (argc > 1 && strcmp(argv[1], "serve") == 0)
		return serve();
	read_options(argc, argv);
	clients = mem_zero((size_t)opt.clients * sizeof *clients);
	NEED(clients != NULL);
	for (int i = 0; i < opt.clients; i++) {
		clients[i] = (struct end){ .role = CLIENT,
		    .number = (uint64_t)i };
		begin(&clients[i]);
		begun++;
		if (i % 64 == 63)
			turn(0);
	}
	if (opt.keep)
		hold();
	else
		measure();
	return 0;
}
