/* SPDX-License-Identifier: ISC */
/*
 * relay.c - the smallest TCP relay on net/conn: what the streams cost
 * without a product on top. relay [-t THREADS] PORT:IP:PORT
 * Loop 0 accepts; pairs live on the loop they were dealt to.
 */
#include <netinet/in.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/number.h"
#include "net/conn.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/socket.h"
#include "net/thread.h"

struct pair {
	struct conn *end[2];
	int eofs;
};

static struct address target;
static unsigned next_loop;

static struct conn *
other(const struct conn *c)
{
	const struct pair *p = conn_owner(c);

	return p->end[p->end[0] == c];
}

static void
on_data(struct conn *c, struct text t)
{
	struct conn *to = other(c);

	conn_send(to, t);
	if (conn_full(to))
		conn_hold(c);
}

static void
on_drained(struct conn *c)
{
	conn_resume(other(c));
}

static void
end_pair(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		if (p->end[i] != NULL)
			conn_close(p->end[i], &close_eof);
	mem_drop(p);
}

static void
on_eof(struct conn *c)
{
	struct pair *p = conn_owner(c);

	conn_shut(other(c));
	if (++p->eofs == 2)
		end_pair(p);
}

static void
on_closed(struct conn *c, const struct close_reason *reason)
{
	struct pair *p = conn_owner(c);

	if (reason == &close_reset)
		conn_set_reset(other(c));
	p->end[p->end[1] == c] = NULL;
	end_pair(p);
}

static const struct conn_handler handler = {
	.data = on_data,
	.eof = on_eof,
	.drained = on_drained,
	.closed = on_closed,
};

static void
begin_pair(struct loop *l, int fd)
{
	const struct socket_options tune = { 0 };
	struct pair *p = mem_zero(sizeof *p);

	socket_tune(fd, &tune);
	p->end[0] = conn_accept(l, fd, &handler, p);
	p->end[1] = conn_dial(l, &target, NULL, NULL, 0, &handler, p);
	if (p->end[0] == NULL || p->end[1] == NULL)
		end_pair(p);
}

static void
take_dealt(void *arg)
{
	begin_pair(loop_here(), (int)(intptr_t)arg);
}

static void
on_accepted(struct listener *l, int fd, const struct address *peer)
{
	struct loop *to = loop_at(next_loop++ % loop_count());

	if (to == loop_here())
		begin_pair(to, fd);
	else
		loop_post(to, take_dealt, (void *)(intptr_t)fd);
}

static void
on_resting(struct listener *l, int code, int64_t until)
{
	fprintf(stderr, "accept: %s\n", strerror(code));
}

static const struct listener_handler listening = {
	.accepted = on_accepted,
	.resting = on_resting,
};

static int
parse(char *words, uint16_t *port)
{
	struct text rest = text_of(words), own, ip;
	int64_t from, to;

	if (!text_split(&rest, ':', &own) || !text_split(&rest, ':', &ip) ||
	    number_int(own, 10, 1, 65535, &from, NULL) < 0 ||
	    number_int(rest, 10, 1, 65535, &to, NULL) < 0)
		return -1;
	*port = (uint16_t)from;
	return address_ip(ip, (uint16_t)to, &target);
}

int
main(int argc, char **argv)
{
	unsigned threads = 1;
	struct why why = { "", "" };
	struct address own;
	struct loop *l;
	uint16_t port;
	int fd;

	if (argc > 2 && text_is(text_of(argv[1]), "-t")) {
		threads = (unsigned)strtoul(argv[2], NULL, 10);
		argc -= 2;
		argv += 2;
	}
	if (argc != 2 || threads == 0 || parse(argv[1], &port) < 0) {
		fprintf(stderr, "usage: relay [-t N] PORT:IP:PORT\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	address_ip(TEXT("0.0.0.0"), port, &own);
	fd = socket_listen(&own, 4096, false, false, &why);
	if (fd < 0 || thread_start(threads, NULL, &why) < 0) {
		fprintf(stderr, "%s\n", why.line);
		return 1;
	}
	l = loop_at(0);
	if (listener_new(l, fd, &listening, NULL) == NULL)
		return 1;
	loop_run(l);
	return 0;
}
