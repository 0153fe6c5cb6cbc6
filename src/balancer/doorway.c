/* SPDX-License-Identifier: ISC */
/* doorway.c - socket, options, bind. At start, first thread. */
#include <sys/socket.h>
#include <sys/stat.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "balancer/doorway.h"
#include "base/clock.h"
#include "base/number.h"
#include "net/netns.h"
#include "net/socket.h"

static int
set(int fd, int level, int name, int value)
{
	return setsockopt(fd, level, name, &value, sizeof value);
}

static int
set_options(int fd, const struct lb_bind_conf *b, int family, bool reuseport)
{
	if (family == AF_UNIX)
		return 0;
	set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
	if (reuseport)
		set(fd, SOL_SOCKET, SO_REUSEPORT, 1);
	if (family == AF_INET6 && (b->v6only || b->v4v6))
		set(fd, IPPROTO_IPV6, IPV6_V6ONLY, b->v6only);
	if (b->transparent) {
		set(fd, IPPROTO_IP, IP_FREEBIND, 1);
		set(fd, IPPROTO_IP, IP_TRANSPARENT, 1);
		set(fd, IPPROTO_IPV6, IPV6_TRANSPARENT, 1);
	}
	if (b->mss > 0)
		set(fd, IPPROTO_TCP, TCP_MAXSEG, b->mss);
	if (b->tcp_ut > 0)
		set(fd, IPPROTO_TCP, TCP_USER_TIMEOUT,
		    (int)(b->tcp_ut / CLOCK_MS));
	if (b->defer_accept)
		set(fd, IPPROTO_TCP, TCP_DEFER_ACCEPT, 60);
	if (b->interface == NULL)
		return 0;
	return setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, b->interface,
	    (socklen_t)strlen(b->interface) + 1);
}

static void (*on_busy)(void);

void
lb_doorway_on_busy(void (*call)(void))
{
	on_busy = call;
}

/* The one before may take a moment to let go of the address. */
static int
bind_patiently(int fd, const struct address *a)
{
	const struct timespec pause = { 0, 20 * 1000 * 1000 };
	int64_t end = clock_now() + CLOCK_SECOND;

	while (bind(fd, &a->sa, a->len) < 0) {
		if (errno != EADDRINUSE || clock_now() >= end)
			return -1;
		if (on_busy != NULL)
			on_busy();
		nanosleep(&pause, NULL);
	}
	return 0;
}

/* ---- unix sockets ------------------------------------------------------ */

static long
find_account(const char *name, bool group)
{
	struct passwd *pw;
	struct group *gr;
	int64_t id = -1;

	if (name == NULL)
		return -1;
	if (name[0] == '#')
		return number_int(text_of(name + 1), 10, 0, INT32_MAX, &id,
		    NULL) < 0 ? -1 : (long)id;
	if (group) {
		gr = getgrnam(name);
		return gr == NULL ? -1 : (long)gr->gr_gid;
	}
	pw = getpwnam(name);
	return pw == NULL ? -1 : (long)pw->pw_uid;
}

static void
set_owner(const char *path, const struct lb_unix_conf *u)
{
	long uid = find_account(u->user, false);
	long gid = find_account(u->group, true);

	if (u->mode != LB_UNSET && chmod(path, (mode_t)u->mode) < 0)
		return;
	if ((uid >= 0 || gid >= 0) &&
	    chown(path, (uid_t)uid, (gid_t)gid) < 0)
		return;
}

/* Bound beside the old one, which is then replaced in one step. */
static int
bind_path(int fd, const struct lb_bind_conf *b, struct why *why)
{
	const char *path = b->addr.sa.un.sun_path;
	struct address aside;
	char name[ADDRESS_TEXT];

	snprintf(name, sizeof name, "%s.%d.tmp", path, (int)getpid());
	if (address_unix(text_of(name), &aside, why) < 0)
		return -1;
	unlink(name);
	if (bind(fd, &aside.sa, aside.len) < 0)
		return why_errno(why, "cannot bind UNIX socket");
	set_owner(name, &b->unixes);
	if (rename(name, path) == 0)
		return 0;
	why_errno(why, "cannot bind UNIX socket");
	unlink(name);
	return -1;
}

/* ---- all --------------------------------------------------------------- */

static int
use_inherited(int fd, struct address *at, struct why *why)
{
	if (socket_local(fd, at) < 0)
		return why_errno(why, "cannot use file descriptor %d", fd);
	fcntl(fd, F_SETFD, FD_CLOEXEC);
	fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	return fd;
}

static int
refuse(int fd, struct why *why)
{
	int code = errno;

	close(fd);
	errno = code;
	return why_set(why, "cannot bind socket (%s)", strerror(code));
}

static int
open_socket(const struct lb_bind_conf *b, int family, struct why *why)
{
	const int type = SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
	int ns, fd;

	if (b->namespace == NULL) {
		fd = socket(family, type, 0);
	} else {
		ns = netns_open(b->namespace, why);
		if (ns < 0)
			return -1;
		fd = netns_socket(ns, family, type, 0);
		close(ns);
	}
	return fd >= 0 ? fd : why_errno(why,
	    "cannot create listening socket");
}

int
lb_doorway_bind(const struct lb_bind_conf *b, uint16_t port, bool reuseport,
    struct address *at, struct why *why)
{
	int fd, family;

	if (b->addr.kind == LB_ADDRESS_FD ||
	    b->addr.kind == LB_ADDRESS_SOCKPAIR)
		return use_inherited(b->addr.fd, at, why);
	*at = b->addr.sa;
	address_set_port(at, port);
	family = at->sa.sa_family;
	fd = open_socket(b, family, why);
	if (fd < 0)
		return -1;
	if (b->addr.kind == LB_ADDRESS_UNIX) {
		if (bind_path(fd, b, why) == 0)
			return fd;
		close(fd);
		return -1;
	}
	if (set_options(fd, b, family, reuseport) < 0 ||
	    (b->md5sig != NULL && socket_sign(fd, b->md5sig, family,
	    &(struct address){ .len = 0 }) < 0) ||
	    bind_patiently(fd, at) < 0)
		return refuse(fd, why);
	return fd;
}

int
lb_doorway_listen(int fd, const struct lb_bind_conf *b, int backlog,
    struct why *why)
{
	if (b->tfo)
		set(fd, IPPROTO_TCP, TCP_FASTOPEN, backlog);
	if (listen(fd, backlog) == 0)
		return 0;
	return why_errno(why, "cannot listen to socket");
}

bool
lb_doorway_undelay(int fd)
{
	int listens = 0, had = 0;
	socklen_t len = sizeof listens;

	(void)getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len);
	len = sizeof had;
	(void)getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &had, &len);
	return set(fd, IPPROTO_TCP, TCP_NODELAY, 1) == 0 &&
	    (had != 0 || listens == 0);
}

bool
lb_doorway_fits(const struct lb_bind_conf *b, uint16_t port,
    const struct address *a, const char *interface)
{
	struct address want = b->addr.sa;

	if (b->addr.kind == LB_ADDRESS_FD || a->len == 0)
		return false;
	if (strcmp(b->interface != NULL ? b->interface : "", interface) != 0)
		return false;
	address_set_port(&want, port);
	if (want.sa.sa_family == AF_INET6 && a->sa.sa_family == AF_INET6)
		return address_port(a) == port && memcmp(&want.in6.sin6_addr,
		    &a->in6.sin6_addr, sizeof want.in6.sin6_addr) == 0;
	return address_same(&want, a);
}

const char *
lb_doorway_print(const struct lb_bind_conf *b, uint16_t port,
    char buf[ADDRESS_TEXT])
{
	struct address a = b->addr.sa;

	if (b->addr.kind == LB_ADDRESS_FD)
		snprintf(buf, ADDRESS_TEXT, "fd@%d", b->addr.fd);
	else if (b->addr.kind == LB_ADDRESS_UNIX ||
	    b->addr.kind == LB_ADDRESS_ABSTRACT)
		snprintf(buf, ADDRESS_TEXT, "%s", b->addr.text);
	else {
		address_set_port(&a, port);
		address_print(&a, buf);
	}
	return buf;
}
