/* SPDX-License-Identifier: ISC */
/*
 * takeover.c - the exchange, as it was measured: a count of sockets (4
 * bytes), then messages of up to 252 descriptors with three fields for each:
 * length and name of a namespace, the same of an interface, and 4 bytes of
 * no use. Each message is answered with how many came so far. Numbers are in
 * the machine's order. Loop 0, first thread.
 */
#include <sys/socket.h>
#include <sys/time.h>

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "balancer/console.h"
#include "balancer/door.h"
#include "balancer/takeover.h"
#include "base/clock.h"
#include "base/mem.h"
#include "net/socket.h"
#include "net/timer.h"
#include "proc/handover.h"

enum {
	MOST = 252,			/* descriptors of one message */
	NAME = 255,
	ENTRY = 1 + NAME + 1 + NAME + 4,
	UNUSED = 4,
	ANSWER = 4			/* bytes */
};

static const int64_t patience = CLOCK_SECOND;	/* for an answer */

/* ---- from the one before ----------------------------------------------- */

int
lb_takeover_dial(const char *path, struct why *why)
{
	struct address a;
	int fd;

	if (address_unix(text_of(path), &a, why) < 0)
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, &a.sa, a.len) == 0)
		return fd;
	why_errno(why, "cannot connect");
	if (fd >= 0)
		close(fd);
	return -1;
}

/* A path as it was before the socket was moved to its place. */
static void
clean_path(struct address *a)
{
	char *path = a->un.sun_path, *end, *dot;
	struct address clean;

	if (a->sa.sa_family != AF_UNIX || path[0] == '\0' ||
	    !text_ends(text_of(path), ".tmp"))
		return;
	end = path + strlen(path) - strlen(".tmp");
	for (dot = end; dot > path && dot[-1] >= '0' && dot[-1] <= '9'; )
		dot--;
	if (dot == end || dot == path || dot[-1] != '.')
		return;
	if (address_unix((struct text){ path, (size_t)(dot - 1 - path) },
	    &clean, NULL) == 0)
		*a = clean;
}

static void
offer(int fd, const char *namespace, const char *interface)
{
	struct address a;

	if (socket_local(fd, &a) == 0) {
		clean_path(&a);
		if (namespace[0] == '\0' &&
		    lb_door_give(fd, &a, interface))
			return;
	}
	close(fd);
}

/* Cuts "LENGTH NAME" off the front; false: it is not whole. */
static bool
cut_name(struct text *rest, char name[NAME + 1])
{
	size_t len = rest->len > 0 ? (unsigned char)rest->at[0] : 0;

	if (rest->len < 1 + len)
		return false;
	memcpy(name, rest->at + 1, len);
	name[len] = '\0';
	*rest = text_from(*rest, 1 + len);
	return true;
}

static int
take_entries(struct text rest, const int *fds, unsigned n, struct why *why)
{
	char namespace[NAME + 1], interface[NAME + 1];

	for (unsigned i = 0; i < n; i++) {
		if (!cut_name(&rest, namespace) ||
		    !cut_name(&rest, interface) || rest.len < UNUSED) {
			while (i < n)
				close(fds[i++]);
			return why_set(why, "a message of sockets ends "
			    "too early");
		}
		rest = text_from(rest, UNUSED);
		offer(fds[i], namespace, interface);
	}
	return 0;
}

static int
fetch_message(int sock, int32_t count, int32_t *so_far, struct why *why)
{
	static char room[MOST * ENTRY];
	static int fds[HANDOVER_MOST];
	unsigned n;
	ssize_t got = handover_receive(sock, room, sizeof room, fds, &n, why);

	if (got < 0)
		return -1;
	if (n == 0)
		return why_set(why, "it ended before all sockets came");
	if (take_entries((struct text){ room, (size_t)got }, fds, n, why) < 0)
		return -1;
	*so_far += (int32_t)n;
	if (send(sock, so_far, sizeof *so_far, MSG_NOSIGNAL) !=
	    sizeof *so_far && *so_far < count)
		return why_errno(why, "cannot answer");
	return 0;	/* after the last one nobody may listen any more */
}

static int
fetch_all(int sock, struct why *why)
{
	const struct timeval limit = { 10, 0 };
	struct text ask = TEXT("_getsocks\n");
	int32_t count, so_far = 0;

	(void)setsockopt(sock, SOL_SOCKET, SO_RCVTIMEO, &limit,
	    sizeof limit);
	if (send(sock, ask.at, ask.len, MSG_NOSIGNAL) != (ssize_t)ask.len)
		return why_errno(why, "cannot ask");
	if (recv(sock, &count, sizeof count, MSG_WAITALL) != sizeof count)
		return why_set(why, "no count of sockets came");
	while (so_far < count)
		if (fetch_message(sock, count, &so_far, why) < 0)
			return -1;
	return 0;
}

int
lb_takeover_fetch(int fd, struct why *why)
{
	int code = fetch_all(fd, why);

	close(fd);
	return code;
}

/* ---- to the one after -------------------------------------------------- */

static bool given;

bool
lb_takeover_given(void)
{
	return given;
}

struct giving {
	struct conn *conn;
	struct timer limit;
	int32_t count, sent;
	size_t answered;		/* bytes of an answer */
};

static void
end_giving(struct giving *g)
{
	timer_stop(&g->limit);
	conn_close(g->conn, &close_eof);
	mem_drop(g);
}

static void
on_limit(void *arg)
{
	end_giving(arg);
}

/* The frontends' and the runtime's; the descriptor, -1: there is no more. */
static int
find_socket(int number, const struct lb_bind_conf **conf)
{
	for (unsigned i = 0; i < lb_world()->count; i++) {
		const struct lb_door *d = lb_world()->proxies[i]->doors;

		for (; d != NULL; d = d->next)
			if (d->fd >= 0 && number-- == 0) {
				*conf = d->conf;
				return d->fd;
			}
	}
	return lb_console_fd((unsigned)number, conf);
}

static int32_t
count_sockets(void)
{
	const struct lb_bind_conf *conf;
	int32_t n = 0;

	while (find_socket(n, &conf) >= 0)
		n++;
	return n;
}

static size_t
put_entry(char *to, const struct lb_bind_conf *conf)
{
	const char *interface = conf->interface == NULL ? "" :
	    conf->interface;
	size_t len = strnlen(interface, NAME);

	to[0] = 0;			/* of no namespace */
	to[1] = (char)len;
	memcpy(to + 2, interface, len);
	memset(to + 2 + len, 0, UNUSED);
	return 2 + len + UNUSED;
}

static int
send_some(struct giving *g)
{
	static char room[MOST * ENTRY];
	int fds[MOST];
	struct text t = { room, 0 };
	const struct lb_bind_conf *conf;
	struct why why;
	unsigned n = 0;

	while (n < MOST && g->sent < g->count) {
		fds[n] = find_socket(g->sent, &conf);
		if (fds[n++] < 0)	/* one was closed meanwhile */
			return -1;
		t.len += put_entry(room + t.len, conf);
		g->sent++;
	}
	return handover_send(conn_fd(g->conn), t, fds, n, &why);
}

/* That one came is what counts: the original counts without the last. */
static void
take_answer(struct giving *g)
{
	g->answered = 0;
	timer_after(&g->limit, patience);
	given |= g->sent == g->count;
	if (g->sent == g->count || send_some(g) < 0)
		end_giving(g);
}

static void
on_answer(struct conn *c, struct text t)
{
	struct giving *g = conn_owner(c);

	g->answered += t.len;
	if (g->answered >= ANSWER)
		take_answer(g);
}

static void
on_closed(struct conn *c, const struct close_reason *reason)
{
	struct giving *g = conn_owner(c);

	timer_stop(&g->limit);
	mem_drop(g);
}

static const struct conn_handler giver = {
	.data = on_answer,
	.closed = on_closed,
};

void
lb_takeover_give(struct conn *c)
{
	struct giving *g = mem_zero(sizeof *g);

	if (g == NULL) {
		conn_close(c, &close_memory);
		return;
	}
	g->conn = c;
	g->count = count_sockets();
	timer_init(&g->limit, conn_loop(c), on_limit, g);
	timer_after(&g->limit, patience);
	conn_hand_to(c, &giver, g);
	conn_resume(c);
	if (send(conn_fd(c), &g->count, sizeof g->count, MSG_NOSIGNAL) !=
	    sizeof g->count || (g->count > 0 && send_some(g) < 0))
		end_giving(g);
}
