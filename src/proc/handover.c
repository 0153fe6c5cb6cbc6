/* SPDX-License-Identifier: ISC */
/* handover.c - descriptors from elsewhere. Any thread, but see handover.h. */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/die.h"
#include "base/number.h"
#include "net/socket.h"
#include "proc/handover.h"

enum { FIRST = 3 };		/* where the service manager begins */

/* An environment variable that must be a number; 0 when it is not. */
static int64_t
read_number(const char *name, int64_t most)
{
	const char *value = getenv(name);
	int64_t n = 0;

	if (value == NULL ||
	    number_int(text_of(value), 10, 1, most, &n, NULL) < 0)
		return 0;
	return n;
}

static void
prepare_fd(int fd)
{
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

unsigned
handover_inherited(int *first)
{
	static bool asked;
	static unsigned n;

	*first = FIRST;
	if (asked)
		return n;
	asked = true;
	if (read_number("LISTEN_PID", INT32_MAX) == getpid())
		n = (unsigned)read_number("LISTEN_FDS", 1024);
	unsetenv("LISTEN_PID");
	unsetenv("LISTEN_FDS");
	unsetenv("LISTEN_FDNAMES");
	for (unsigned i = 0; i < n; i++)
		prepare_fd(FIRST + (int)i);
	return n;
}

int
handover_listening(int fd, struct address *at, struct why *why)
{
	socklen_t len = sizeof(int);
	int type = 0, listens = 0;

	if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0)
		return why_errno(why, "fd %d is no socket", fd);
	len = sizeof listens;
	if (type != SOCK_STREAM ||
	    getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) < 0 ||
	    !listens)
		return why_set(why, "fd %d does not listen", fd);
	if (socket_local(fd, at) < 0)
		return why_errno(why, "fd %d has no address", fd);
	return 0;
}

union control {			/* aligned as the kernel wants it */
	struct cmsghdr head;
	char room[CMSG_SPACE(HANDOVER_MOST * sizeof(int))];
};

/* Descriptors travel with the first byte; what is left goes without them. */
int
handover_send(int sock, struct text t, const int *fds, unsigned n,
    struct why *why)
{
	struct iovec part = { (void *)(uintptr_t)t.at, t.len };
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1 };
	union control c = { .room = { 0 } };
	ssize_t sent;

	NEED(n <= HANDOVER_MOST && t.len > 0);
	if (n > 0) {
		m.msg_control = c.room;
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c.head.cmsg_level = SOL_SOCKET;
		c.head.cmsg_type = SCM_RIGHTS;
		c.head.cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(&c.head), fds, n * sizeof(int));
	}
	do
		sent = sendmsg(sock, &m, MSG_NOSIGNAL);
	while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return why_errno(why, "cannot pass descriptors on");
	if ((size_t)sent < t.len)
		return why_set(why, "cannot pass descriptors on: no room");
	return 0;
}

static void
take_fds(struct cmsghdr *h, int fds[HANDOVER_MOST], unsigned *n)
{
	size_t count = (h->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	int fd;

	for (size_t i = 0; i < count; i++) {
		memcpy(&fd, CMSG_DATA(h) + i * sizeof fd, sizeof fd);
		if (*n < HANDOVER_MOST)
			fds[(*n)++] = fd;
		else
			close(fd);
	}
}

ssize_t
handover_receive(int sock, char *room, size_t size, int fds[HANDOVER_MOST],
    unsigned *n, struct why *why)
{
	struct iovec part = { room, size };
	union control c;
	struct msghdr m = { .msg_iov = &part, .msg_iovlen = 1,
	    .msg_control = c.room, .msg_controllen = sizeof c.room };
	struct cmsghdr *h;
	ssize_t got;

	*n = 0;
	do
		got = recvmsg(sock, &m, MSG_CMSG_CLOEXEC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return why_errno(why, "cannot take descriptors");
	for (h = CMSG_FIRSTHDR(&m); h != NULL; h = CMSG_NXTHDR(&m, h))
		if (h->cmsg_level == SOL_SOCKET && h->cmsg_type == SCM_RIGHTS)
			take_fds(h, fds, n);
	if (m.msg_flags & MSG_CTRUNC) {
		while (*n > 0)
			close(fds[--*n]);
		return why_set(why, "cannot take descriptors: some were lost");
	}
	return got;
}
