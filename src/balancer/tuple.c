/* SPDX-License-Identifier: ISC */
/* tuple.c - addresses of a session. On its loop. */
#include "balancer/door.h"
#include "balancer/tuple.h"
#include "net/socket.h"

static struct endpoint
ask(const struct conn *c, int (*name)(int, struct address *))
{
	struct address a;

	if (c == NULL || conn_fd(c) < 0 || name(conn_fd(c), &a) < 0)
		return (struct endpoint){ 0 };
	return address_endpoint(&a);
}

struct endpoint
lb_tuple_dst(struct lb_session *s)
{
	if (s->flags & (LB_FLOW_TOLD_DST | LB_FLOW_LOCAL_DST))
		return s->dst;
	s->dst = ask(s->client, socket_local);
	if (s->dst.family == AF_UNIX)
		s->dst.port = (uint16_t)s->door->number;
	if (s->dst.family != 0)
		s->flags |= LB_FLOW_LOCAL_DST;
	return s->dst;
}

struct endpoint
lb_tuple_server(struct lb_session *s)
{
	struct endpoint e = ask(s->server_conn, socket_peer);

	/* Nobody is told any more who was at the other end. */
	if (e.family == 0 && s->server != NULL)
		e = address_endpoint(&s->server->address);
	return e;
}

struct endpoint
lb_tuple_server_local(struct lb_session *s)
{
	return ask(s->server_conn, socket_local);
}

const char *
lb_tuple_door(const struct lb_session *s)
{
	return s->door->label;
}
