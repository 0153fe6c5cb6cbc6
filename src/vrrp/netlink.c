/* SPDX-License-Identifier: ISC */
/* netlink.c - requests go out in pieces the kernel takes; errors come back. */
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <sys/socket.h>

#include <libmnl/libmnl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#include "base/die.h"
#include "base/mem.h"
#include "vrrp/netlink.h"

enum {
	PIECE = 32768,			/* bytes sent with one call */
	READ = 65536,
	BUFFER = 1 << 20
};

struct asked {				/* one request that was collected */
	uint32_t seq;
	void (*failed)(const void *what, int error);
	const void *what;
};

struct vr_netlink {
	struct mnl_socket *socket;
	unsigned port;
	size_t piece;			/* most bytes of one send */
	uint32_t seq;
	char *buf;			/* requests, one behind the other */
	size_t len, room;
	struct nlmsghdr *open;		/* begun, not ended */
	struct asked *asked;
	unsigned count, asked_room;
	unsigned failed;		/* of the run under way */
	char *in;
};

static void
set_buffer(struct mnl_socket *s, int bytes, bool force)
{
	int fd = mnl_socket_get_fd(s);

	if (!force || setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes,
	    sizeof bytes) == -1)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &bytes,
		    sizeof bytes);
}

static struct mnl_socket *
open_socket(int protocol, unsigned groups, int buffer, bool force,
    struct why *why)
{
	struct mnl_socket *s = mnl_socket_open2(protocol, SOCK_CLOEXEC |
	    SOCK_NONBLOCK);
	int on = 1;

	if (s == NULL) {
		why_errno(why, "netlink socket");
		return NULL;
	}
	if (mnl_socket_bind(s, groups, MNL_SOCKET_AUTOPID) == -1) {
		why_errno(why, "netlink bind");
		mnl_socket_close(s);
		return NULL;
	}
	set_buffer(s, buffer, force);
	(void)mnl_socket_setsockopt(s, NETLINK_CAP_ACK, &on, sizeof on);
	return s;
}

struct vr_netlink *
vr_netlink_open(int protocol, struct why *why)
{
	struct vr_netlink *nl = mem_zero(sizeof *nl);

	if (nl == NULL || (nl->in = mem_get(READ)) == NULL) {
		mem_drop(nl);
		why_set(why, "netlink: no memory");
		return NULL;
	}
	nl->socket = open_socket(protocol, 0, BUFFER, true, why);
	if (nl->socket == NULL) {
		vr_netlink_close(&nl);
		return NULL;
	}
	nl->port = mnl_socket_get_portid(nl->socket);
	/* A batch of nftables is one message, however long. */
	nl->piece = protocol == NETLINK_NETFILTER ? SIZE_MAX : PIECE;
	return nl;
}

void
vr_netlink_buffer(struct vr_netlink *nl, int64_t bytes, bool force)
{
	if (bytes > 0)
		set_buffer(nl->socket, bytes > INT_MAX / 2 ? INT_MAX / 2 :
		    (int)bytes, force);
}

void
vr_netlink_close(struct vr_netlink **nlp)
{
	struct vr_netlink *nl = *nlp;

	*nlp = NULL;
	if (nl == NULL)
		return;
	if (nl->socket != NULL)
		mnl_socket_close(nl->socket);
	mem_drop(nl->buf);
	mem_drop(nl->asked);
	mem_drop(nl->in);
	mem_drop(nl);
}

/* ---- requests */

static bool
make_room(struct vr_netlink *nl)
{
	if (nl->len + VR_NETLINK_MOST > nl->room) {
		size_t room = 2 * nl->room + 4 * VR_NETLINK_MOST;
		char *more = mem_grow(nl->buf, room);

		if (more == NULL)
			return false;
		nl->buf = more;
		nl->room = room;
	}
	if (nl->count == nl->asked_room) {
		unsigned room = 2 * nl->asked_room + 64;
		struct asked *more = mem_grow(nl->asked, room *
		    sizeof *more);

		if (more == NULL)
			return false;
		nl->asked = more;
		nl->asked_room = room;
	}
	return true;
}

struct nlmsghdr *
vr_netlink_begin(struct vr_netlink *nl, uint16_t type, uint16_t flags,
    const void *head, size_t len)
{
	NEED(nl->open == NULL);
	if (!make_room(nl))
		return NULL;
	nl->open = mnl_nlmsg_put_header(nl->buf + nl->len);
	nl->open->nlmsg_type = type;
	nl->open->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	nl->open->nlmsg_seq = ++nl->seq;
	memcpy(mnl_nlmsg_put_extra_header(nl->open, len), head, len);
	return nl->open;
}

void
vr_netlink_end(struct vr_netlink *nl, void (*failed)(const void *what,
    int error), const void *what)
{
	if (nl->open == NULL) {
		if (failed != NULL)
			failed(what, ENOMEM);
		return;
	}
	NEED(nl->open->nlmsg_len <= VR_NETLINK_MOST);
	nl->asked[nl->count++] = (struct asked){ nl->open->nlmsg_seq, failed,
	    what };
	nl->len += NLMSG_ALIGN(nl->open->nlmsg_len);
	nl->open = NULL;
}

unsigned
vr_netlink_waiting(const struct vr_netlink *nl)
{
	return nl->count;
}

unsigned
vr_netlink_port(const struct vr_netlink *nl)
{
	return nl->port;
}

static void
tell_failed(struct vr_netlink *nl, unsigned at, int error)
{
	nl->failed++;
	if (nl->asked[at].failed != NULL)
		nl->asked[at].failed(nl->asked[at].what, error);
}

/* Sequence numbers run through, so a place is found by its distance. */
static void
note_error(struct vr_netlink *nl, uint32_t seq, int error)
{
	uint32_t at = seq - nl->asked[0].seq;

	if (at < nl->count)
		tell_failed(nl, at, error);
}

/* What the kernel had against the piece just sent; it is all there now. */
static int
read_errors(struct vr_netlink *nl)
{
	ssize_t n;

	for (;;) {
		n = recv(mnl_socket_get_fd(nl->socket), nl->in, READ,
		    MSG_DONTWAIT);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == -1 && errno != EAGAIN ? -1 : 0;
		int left = (int)n;
		const struct nlmsghdr *h = (const void *)nl->in;

		for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left)) {
			const struct nlmsgerr *e = mnl_nlmsg_get_payload(h);

			if (h->nlmsg_type == NLMSG_ERROR &&
			    mnl_nlmsg_get_payload_len(h) >= sizeof *e &&
			    e->error != 0)
				note_error(nl, e->msg.nlmsg_seq, -e->error);
		}
	}
}

/* As many whole requests from 'at' on as fit into a piece. */
static size_t
measure_piece(const struct vr_netlink *nl, size_t at)
{
	size_t end = at;

	while (end < nl->len) {
		const struct nlmsghdr *h = (const void *)(nl->buf + end);
		size_t next = end + NLMSG_ALIGN(h->nlmsg_len);

		if (next - at > nl->piece && end > at)
			break;
		end = next;
	}
	return end - at;
}

/* The socket would not have it: nothing of it is known to be done. */
static void
blame_all(struct vr_netlink *nl, int error)
{
	for (unsigned i = 0; i < nl->count; i++)
		tell_failed(nl, i, error);
	nl->len = nl->count = 0;
}

int
vr_netlink_run(struct vr_netlink *nl, struct why *why)
{
	unsigned failed;

	NEED(nl->open == NULL);
	nl->failed = 0;
	for (size_t at = 0, piece; at < nl->len; at += piece) {
		piece = measure_piece(nl, at);
		if (mnl_socket_sendto(nl->socket, nl->buf + at, piece) == -1 ||
		    read_errors(nl) == -1) {
			why_errno(why, "netlink");
			blame_all(nl, errno);
			return -1;
		}
	}
	failed = nl->failed;
	nl->len = nl->count = 0;
	return (int)failed;
}

/* ---- dumps */

struct dump {
	void (*each)(void *arg, const struct nlmsghdr *);
	void *arg;
};

static int
on_dumped(const struct nlmsghdr *h, void *arg)
{
	const struct dump *d = arg;

	d->each(d->arg, h);
	return MNL_CB_OK;
}

int
vr_netlink_dump(struct vr_netlink *nl, uint16_t type, const void *head,
    size_t len, void (*each)(void *arg, const struct nlmsghdr *), void *arg,
    struct why *why)
{
	char ask[512];
	struct nlmsghdr *h = mnl_nlmsg_put_header(ask);
	struct dump dump = { each, arg };
	ssize_t n;
	int more = MNL_CB_OK;

	NEED(len <= sizeof ask - sizeof *h);
	h->nlmsg_type = type;
	h->nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP;
	h->nlmsg_seq = ++nl->seq;
	memcpy(mnl_nlmsg_put_extra_header(h, len), head, len);
	if (mnl_socket_sendto(nl->socket, h, h->nlmsg_len) == -1)
		return why_errno(why, "netlink dump");
	while (more > MNL_CB_STOP) {
		n = mnl_socket_recvfrom(nl->socket, nl->in, READ);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return why_errno(why, "netlink dump");
		more = mnl_cb_run(nl->in, (size_t)n, h->nlmsg_seq, nl->port,
		    on_dumped, &dump);
		/* It changed while it was read: what came is good enough. */
		if (more == -1 && errno != EINTR)
			return why_errno(why, "netlink dump");
		if (more == -1)
			more = MNL_CB_OK;
	}
	return 0;
}

/* ---- attributes */

static void
spread(const void *from, size_t len, const struct nlattr **to, unsigned most)
{
	const struct nlattr *at = from;
	const char *end = (const char *)from + len;

	memset(to, 0, most * sizeof *to);
	for (; mnl_attr_ok(at, (int)(end - (const char *)at));
	    at = mnl_attr_next(at))
		if (mnl_attr_get_type(at) < most)
			to[mnl_attr_get_type(at)] = at;
}

void
vr_netlink_attrs(const struct nlmsghdr *h, size_t head,
    const struct nlattr **to, unsigned most)
{
	size_t len = mnl_nlmsg_get_payload_len(h), skip = MNL_ALIGN(head);

	spread((const char *)mnl_nlmsg_get_payload(h) + skip,
	    len > skip ? len - skip : 0, to, most);
}

void
vr_netlink_nested(const struct nlattr *nest, const struct nlattr **to,
    unsigned most)
{
	spread(mnl_attr_get_payload(nest), mnl_attr_get_payload_len(nest),
	    to, most);
}

/* ---- the monitor */

struct vr_monitor {
	struct mnl_socket *socket;
	struct vr_monitor_wish wish;
	char *in;
};

static unsigned
groups_of(const struct vr_monitor_wish *w)
{
	return (w->links ? RTMGRP_LINK : 0) |
	    (w->addresses ? RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR : 0) |
	    (w->routes ? RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE : 0) |
	    (w->rules ? RTMGRP_IPV4_RULE |
	    (1U << (RTNLGRP_IPV6_RULE - 1)) : 0);
}

struct vr_monitor *
vr_monitor_open(const struct vr_monitor_wish *wish, struct why *why)
{
	struct vr_monitor *m = mem_zero(sizeof *m);

	if (m == NULL || (m->in = mem_get(READ)) == NULL) {
		mem_drop(m);
		why_set(why, "netlink: no memory");
		return NULL;
	}
	m->wish = *wish;
	m->socket = open_socket(NETLINK_ROUTE, groups_of(wish),
	    wish->buffer > 0 ? wish->buffer : BUFFER,
	    wish->force || wish->buffer == 0, why);
	if (m->socket == NULL)
		vr_monitor_close(&m);
	return m;
}

int
vr_monitor_fd(const struct vr_monitor *m)
{
	return mnl_socket_get_fd(m->socket);
}

static bool
read_some(struct vr_monitor *m, bool *lost)
{
	struct sockaddr_nl from;
	socklen_t from_len = sizeof from;
	ssize_t n = recvfrom(vr_monitor_fd(m), m->in, READ, MSG_DONTWAIT |
	    MSG_TRUNC, (struct sockaddr *)&from, &from_len);
	const struct nlmsghdr *h = (const void *)m->in;
	int left = (int)n;

	if (n == -1) {
		*lost |= errno == ENOBUFS;
		return errno == EINTR || errno == ENOBUFS;
	}
	if (n > READ)
		*lost = true;
	else if (from_len == sizeof from && from.nl_pid == 0)
		for (; mnl_nlmsg_ok(h, left); h = mnl_nlmsg_next(h, &left))
			m->wish.message(m->wish.arg, h);
	return true;
}

void
vr_monitor_read(struct vr_monitor *m)
{
	bool lost = false;

	while (read_some(m, &lost))
		;
	if (lost)
		m->wish.lost(m->wish.arg);
}

void
vr_monitor_close(struct vr_monitor **mp)
{
	struct vr_monitor *m = *mp;

	*mp = NULL;
	if (m == NULL)
		return;
	if (m->socket != NULL)
		mnl_socket_close(m->socket);
	mem_drop(m->in);
	mem_drop(m);
}
