/* SPDX-License-Identifier: ISC */
/* dial.c - sockets towards servers. On the caller's loop. */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <unistd.h>

#include "balancer/dial.h"
#include "balancer/proxy.h"
#include "balancer/world.h"
#include "base/clock.h"
#include "net/netns.h"
#include "net/socket.h"

static uint16_t
mapped_port(const struct lb_server *s, uint16_t own, uint16_t asked)
{
	switch (s->port_kind) {
	case LB_PORT_NONE:
		return own != 0 ? own : asked;
	case LB_PORT_PLUS:
		return (uint16_t)(asked + s->port_offset);
	case LB_PORT_MINUS:
		return (uint16_t)(asked - s->port_offset);
	case LB_PORT_FIXED:
	case LB_PORT_RANGE:
		break;
	}
	return own;
}

void
lb_dial_address(struct lb_server *s, uint16_t port, struct address *to)
{
	lb_proxy_lock(s->proxy);
	*to = s->address;
	if (to->len > 0)
		address_set_port(to, mapped_port(s, address_port(to), port));
	lb_proxy_unlock(s->proxy);
}

bool
lb_dial_follows(struct lb_server *s)
{
	bool follows;

	lb_proxy_lock(s->proxy);
	follows = s->port_kind == LB_PORT_PLUS ||
	    s->port_kind == LB_PORT_MINUS || (s->port_kind == LB_PORT_NONE &&
	    address_port(&s->address) == 0);
	lb_proxy_unlock(s->proxy);
	return follows;
}

/* ---- options ----------------------------------------------------------- */

static void
set(int fd, int level, int name, int value)
{
	/* A refused option is never worth a connection. */
	(void)setsockopt(fd, level, name, &value, sizeof value);
}

static void
set_keepalive(int fd, const struct lb_proxy_conf *p)
{
	const struct lb_keepalive_conf *k = &p->server_keepalive;
	struct socket_options o = {
		.keepalive = (p->options & (1u << LB_OPT_SRVTCPKA)) != 0,
		.keepcnt = k->count,
		.keepidle = (int)(k->idle / CLOCK_SECOND),
		.keepintvl = (int)(k->interval / CLOCK_SECOND),
	};

	socket_tune(fd, &o);
}

static void
set_options(int fd, const struct lb_dial *d)
{
	const struct lb_global_conf *g = &lb_world()->setup->global;
	const struct lb_server_conf *s = d->server != NULL ?
	    d->server->conf : NULL;

	set_keepalive(fd, d->proxy);
	if (s != NULL && s->tcp_ut > 0)
		set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
		    (int)(s->tcp_ut / CLOCK_MS));
	if (s != NULL && s->mss > 0)
		set(fd, IPPROTO_TCP, TCP_MAXSEG, s->mss);
	if (s != NULL && s->tfo)
		set(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1);
	if (g->rcvbuf_server > 0)
		set(fd, SOL_SOCKET, SO_RCVBUF, g->rcvbuf_server);
	if (g->sndbuf_server > 0)
		set(fd, SOL_SOCKET, SO_SNDBUF, g->sndbuf_server);
	if (d->mark >= 0)
		set(fd, SOL_SOCKET, SO_MARK, d->mark);
	if (d->tos >= 0) {
		set(fd, IPPROTO_IP, IP_TOS, d->tos);
		set(fd, IPPROTO_IPV6, IPV6_TCLASS, d->tos);
	}
}

/* ---- where it comes from ----------------------------------------------- */

static const struct lb_source_conf *
source_of(const struct lb_dial *d)
{
	const struct lb_source_conf *s = d->server != NULL ?
	    &d->server->conf->source : NULL;

	if (s != NULL && (s->addr.kind != LB_ADDRESS_NONE ||
	    s->interface != NULL || s->usesrc != LB_USESRC_NONE))
		return s;
	return &d->proxy->source;
}

static bool
from_client(const struct lb_dial *d, bool with_port, struct address *to)
{
	char ip[ADDRESS_TEXT];

	return (d->client.family == AF_INET || d->client.family == AF_INET6) &&
	    address_ip(text_of(endpoint_ip(&d->client, ip)),
	    with_port ? d->client.port : 0, to) == 0;
}

static bool
find_source(const struct lb_dial *d, const struct lb_source_conf *s,
    struct address *to)
{
	switch (s->usesrc) {
	case LB_USESRC_CLIENT:
		return from_client(d, true, to);
	case LB_USESRC_CLIENT_IP:
		return from_client(d, false, to);
	case LB_USESRC_ADDRESS:
		*to = s->usesrc_addr.sa;
		return to->len > 0;
	case LB_USESRC_NONE:
		break;
	}
	if (s->addr.kind != LB_ADDRESS_IP)
		return false;
	*to = s->addr.sa;
	return to->len > 0;
}

static int
bind_source(int fd, const struct lb_dial *d)
{
	const struct lb_source_conf *s = source_of(d);
	struct address from;

	if (s->interface != NULL && setsockopt(fd, SOL_SOCKET,
	    SO_BINDTODEVICE, s->interface,
	    (socklen_t)strlen(s->interface) + 1) < 0)
		return -1;
	if (!find_source(d, s, &from))
		return 0;
	if (s->usesrc != LB_USESRC_NONE) {
		set(fd, IPPROTO_IP, IP_TRANSPARENT, 1);
		set(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1);
	}
	/* The port is chosen at connect(), so that it may be one in use. */
	if (address_port(&from) == 0)
		set(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, 1);
	else
		set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	return bind(fd, &from.sa, from.len);
}

/* Unsigned, the server would never answer: better told at once. */
static int
sign(int fd, const struct lb_dial *d)
{
	const char *key = d->server != NULL ? d->server->conf->md5sig : NULL;

	return key == NULL ? 0 : socket_sign(fd, key, d->to.sa.sa_family,
	    &d->to);
}

int
lb_dial_socket(const struct lb_dial *d)
{
	const int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int fd = d->server != NULL && d->server->netns > 0 ?
	    netns_socket(d->server->netns, d->to.sa.sa_family, type, 0) :
	    socket(d->to.sa.sa_family, type, 0);
	int code;

	if (fd < 0 || d->to.sa.sa_family == AF_UNIX)
		return fd;
	set_options(fd, d);
	if (sign(fd, d) == 0 && bind_source(fd, d) == 0)
		return fd;
	code = errno;
	close(fd);
	errno = code;
	return -1;
}
