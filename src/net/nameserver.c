/* SPDX-License-Identifier: ISC */
/* nameserver.c - a channel of c-ares that knows one server only. */
#include <arpa/inet.h>
#include <netdb.h>

#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "net/channel.h"
#include "net/nameserver.h"

/* The library reads no longer answers by UDP; they come by TCP then. */
enum { CLASS_IN = 1, MOST_PAYLOAD = 4096 };

struct nameserver {
	struct loop *loop;
	struct channel *channel;
	bool closed;
};

struct question {
	struct nameserver *server;
	nameserver_told *told;
	void *arg;
	uint64_t token;
};

static int
set_server(ares_channel ares, const struct address *a)
{
	struct ares_addr_port_node node = { .next = NULL };

	node.udp_port = node.tcp_port = address_port(a);
	node.family = a->sa.sa_family;
	if (node.family == AF_INET)
		memcpy(&node.addr.addr4, &a->in.sin_addr,
		    sizeof node.addr.addr4);
	else
		memcpy(&node.addr.addr6, &a->in6.sin6_addr,
		    sizeof node.addr.addr6);
	return ares_set_servers_ports(ares, &node);
}

struct nameserver *
nameserver_open(struct loop *l, const struct nameserver_options *want,
    struct why *why)
{
	struct nameserver *s = mem_zero(sizeof *s);
	/* A bad code is an answer too; who asks decides what it means. */
	struct ares_options o = { .flags = ARES_FLAG_NOSEARCH |
	    ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP | ARES_FLAG_EDNS |
	    ARES_FLAG_STAYOPEN | (want->tcp ? ARES_FLAG_USEVC : 0),
	    .timeout = (int)(want->limit / CLOCK_MS), .tries = 1,
	    .ednspsz = (int)(want->payload < MOST_PAYLOAD ? want->payload :
	    MOST_PAYLOAD) };

	if (s == NULL) {
		why_set(why, "no memory for DNS");
		return NULL;
	}
	s->loop = l;
	s->channel = channel_open(l, &o, ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS |
	    ARES_OPT_TRIES | ARES_OPT_EDNSPSZ, why);
	if (s->channel != NULL &&
	    set_server(channel_ares(s->channel), &want->address) ==
	    ARES_SUCCESS)
		return s;
	if (s->channel != NULL) {
		why_set(why, "cannot ask this name server");
		channel_close(s->channel);
	}
	mem_drop(s);
	return NULL;
}

static void
on_answer(void *arg, int status, int timeouts, unsigned char *answer, int len)
{
	struct question *q = arg;

	if (!q->server->closed)
		q->told(q->arg, q->token, answer != NULL && len > 0 ?
		    NAMESERVER_ANSWERED : status == ARES_ETIMEOUT ?
		    NAMESERVER_SILENT : NAMESERVER_UNREACHABLE, answer,
		    answer != NULL && len > 0 ? (size_t)len : 0);
	mem_drop(q);
}

void
nameserver_ask(struct nameserver *s, const char *name, uint16_t kind,
    nameserver_told *told, void *arg, uint64_t token)
{
	struct question *q = mem_zero(sizeof *q);

	if (q == NULL) {
		told(arg, token, NAMESERVER_UNREACHABLE, NULL, 0);
		return;
	}
	q->server = s;
	q->told = told;
	q->arg = arg;
	q->token = token;
	ares_query(channel_ares(s->channel), name, CLASS_IN, kind, on_answer,
	    q);
	channel_touch(s->channel);
}

/* Buried behind its channel, whose last questions still look at it. */
void
nameserver_close(struct nameserver **server)
{
	struct nameserver *s = *server;

	*server = NULL;
	if (s == NULL)
		return;
	s->closed = true;
	channel_close(s->channel);
	loop_retire(s->loop, s, mem_drop);
}
