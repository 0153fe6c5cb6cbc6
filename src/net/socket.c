/* SPDX-License-Identifier: ISC */
/* socket.c - system calls on sockets, with their reasons. Any thread. */
#include <sys/socket.h>
#include <sys/stat.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "net/socket.h"

static void
set(int fd, int level, int name, int value)
{
	/* A refused option is never worth a connection. */
	(void)setsockopt(fd, level, name, &value, sizeof value);
}

static bool
is_unix(const struct address *a)
{
	return a->sa.sa_family == AF_UNIX;
}

/* A path in the file system that nobody listens on any more. */
static bool
is_stale(const struct address *a)
{
	int fd;
	bool stale;

	if (a->un.sun_path[0] == '\0')
		return false;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return false;
	stale = connect(fd, &a->sa, a->len) < 0 && errno == ECONNREFUSED;
	close(fd);
	return stale;
}

/* The one before may take a moment to let go of the address. */
static int
bind_patiently(int fd, const struct address *a)
{
	const struct timespec pause = { 0, 20 * 1000 * 1000 };
	int64_t end = clock_now() + CLOCK_SECOND;

	for (;;) {
		if (bind(fd, &a->sa, a->len) == 0)
			return 0;
		if (errno != EADDRINUSE)
			return -1;
		if (is_unix(a) && is_stale(a)) {
			if (unlink(a->un.sun_path) < 0 && errno != ENOENT)
				return -1;
			continue;
		}
		if (clock_now() >= end) {
			errno = EADDRINUSE;
			return -1;
		}
		nanosleep(&pause, NULL);
	}
}

int
socket_listen(const struct address *a, int backlog, bool reuseport,
    bool defer_accept, struct why *why)
{
	char name[ADDRESS_TEXT];
	int fd, code;

	fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);
	if (fd < 0)
		return why_errno(why, "cannot make a socket for %s",
		    address_print(a, name));
	if (!is_unix(a)) {
		set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
		if (reuseport)
			set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
		if (defer_accept)
			set(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 1);
	}
	if (a->sa.sa_family == AF_INET6)
		set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1);
	if (bind_patiently(fd, a) == 0 && listen(fd, backlog) == 0)
		return fd;
	code = errno;
	close(fd);
	errno = code;
	return why_errno(why, "bind()");
}

void
socket_tune(int fd, const struct socket_options *o)
{
	const int one = 1;

	if (o->buffer > 0) {
		set(fd, SOL_SOCKET, SO_SNDBUF, o->buffer);
		set(fd, SOL_SOCKET, SO_RCVBUF, o->buffer);
	}
	if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one) < 0)
		return;		/* a unix socket: nothing below is for it */
	if (o->keepalive)
		set(fd, SOL_SOCKET, SO_KEEPALIVE, 1);
	if (o->keepalive && o->keepcnt > 0)
		set(fd, IPPROTO_TCP, TCP_KEEPCNT, o->keepcnt);
	if (o->keepalive && o->keepidle > 0)
		set(fd, IPPROTO_TCP, TCP_KEEPIDLE, o->keepidle);
	if (o->keepalive && o->keepintvl > 0)
		set(fd, IPPROTO_TCP, TCP_KEEPINTVL, o->keepintvl);
	if (o->user_timeout > 0)
		set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, o->user_timeout);
}

static int
ask_name(int fd, struct address *a,
    int (*ask)(int, struct sockaddr *restrict, socklen_t *restrict))
{
	memset(a, 0, sizeof *a);
	a->len = sizeof a->un;
	if (ask(fd, &a->sa, &a->len) == 0)
		return 0;
	a->len = 0;
	return -1;
}

int
socket_peer(int fd, struct address *a)
{
	return ask_name(fd, a, getpeername);
}

int
socket_local(int fd, struct address *a)
{
	return ask_name(fd, a, getsockname);
}

int
socket_unix_peer(int fd, int *pid, int *uid, int *gid)
{
	struct ucred who;
	socklen_t len = sizeof who;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0)
		return -1;
	*pid = (int)who.pid;
	*uid = (int)who.uid;
	*gid = (int)who.gid;
	return 0;
}

int
socket_sign(int fd, const char *key, int family, const struct address *peer)
{
	struct tcp_md5sig sig;
	size_t len = strlen(key);

	memset(&sig, 0, sizeof sig);
	if (len > sizeof sig.tcpm_key) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (peer->len > 0) {
		memcpy(&sig.tcpm_addr, &peer->sa, peer->len);
	} else {
		sig.tcpm_addr.ss_family = (sa_family_t)family;
		sig.tcpm_flags = TCP_MD5SIG_FLAG_PREFIX;
	}
	sig.tcpm_keylen = (uint16_t)len;
	memcpy(sig.tcpm_key, key, len);
	return setsockopt(fd, IPPROTO_TCP, peer->len > 0 ? TCP_MD5SIG :
	    TCP_MD5SIG_EXT, &sig, sizeof sig);
}
