/* SPDX-License-Identifier: ISC */
/*
 * chat.c - one socket, and an epoll of one beside it: the turn's loop asks
 * only for what can be read, and an epoll can be read when its socket can be
 * written.
 */
#include <sys/epoll.h>
#include <sys/socket.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "vrrp/chat.h"
#include "vrrp/turn.h"

enum { MOST_HEARD = 65536 };

struct vr_chat {
	int fd, events;			/* events: the epoll */
	bool dialling, over;
	const struct vr_chat_handler *handler;
	void *arg;
	struct vr_turn_timer limit;
	char *out, *in;
	size_t out_len, in_len, in_room;
	bool inside, dead;		/* closed while it is being served */
};

static void
want(struct vr_chat *c)
{
	struct epoll_event e = { .events = EPOLLIN | (c->dialling ||
	    c->out_len > 0 ? EPOLLOUT : 0) };

	(void)epoll_ctl(c->events, EPOLL_CTL_MOD, c->fd, &e);
}

static void
end(struct vr_chat *c, const char *reason)
{
	if (c->over)
		return;
	c->over = true;
	vr_turn_stop(&c->limit);
	vr_turn_watch(c->events, NULL, NULL);
	c->handler->ended(c->arg, reason);
}

static void
on_limit(void *arg)
{
	end(arg, "timed out");
}

/* 0: all of it, or as much as goes now; -1: it has ended. */
static int
push(struct vr_chat *c)
{
	ssize_t n = send(c->fd, c->out, c->out_len, MSG_DONTWAIT |
	    MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		end(c, strerror(errno));
		return -1;
	}
	if (n > 0) {
		c->out_len -= (size_t)n;
		memmove(c->out, c->out + n, c->out_len);
	}
	return 0;
}

static void
finish_dial(struct vr_chat *c)
{
	int error = 0;
	socklen_t len = sizeof error;

	(void)getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len);
	if (error != 0) {
		end(c, strerror(error));
		return;
	}
	c->dialling = false;
	want(c);
	if (c->handler->ready != NULL)
		c->handler->ready(c->arg);
}

static bool
make_room(struct vr_chat *c)
{
	size_t room = 2 * c->in_room + 1024;
	char *more;

	if (c->in_len < c->in_room)
		return true;
	more = c->in_room >= MOST_HEARD ? NULL : mem_grow(c->in, room);
	if (more == NULL)
		return false;
	c->in = more;
	c->in_room = room;
	return true;
}

static void
pull(struct vr_chat *c)
{
	ssize_t n;

	if (!make_room(c)) {
		end(c, "the answer is too long");
		return;
	}
	n = recv(c->fd, c->in + c->in_len, c->in_room - c->in_len,
	    MSG_DONTWAIT);
	if (n > 0) {
		c->in_len += (size_t)n;
		if (c->handler->heard != NULL)
			c->handler->heard(c->arg, (struct text){ c->in,
			    c->in_len });
	} else if (n == 0)
		end(c, NULL);
	else if (errno != EAGAIN && errno != EINTR)
		end(c, strerror(errno));
}

static void
bury(struct vr_chat *c)
{
	close(c->events);
	close(c->fd);
	mem_drop(c->out);
	mem_drop(c->in);
	mem_drop(c);
}

static void
serve(struct vr_chat *c, unsigned what)
{
	if (c->dialling) {
		if ((what & (EPOLLOUT | EPOLLERR | EPOLLHUP)) != 0)
			finish_dial(c);
	} else if (c->out_len > 0 && (what & EPOLLOUT) != 0 &&
	    push(c) == 0 && c->out_len == 0) {
		want(c);
		if (c->handler->drained != NULL)
			c->handler->drained(c->arg);
	}
	if (!c->dead && !c->over && !c->dialling &&
	    (what & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0)
		pull(c);
}

static void
on_event(void *arg)
{
	struct vr_chat *c = arg;
	struct epoll_event e;

	if (epoll_wait(c->events, &e, 1, 0) != 1)
		return;
	c->inside = true;
	serve(c, e.events);
	c->inside = false;
	if (c->dead)
		bury(c);
}

static struct vr_chat *
make(int fd, bool dialling, int64_t limit,
    const struct vr_chat_handler *handler, void *arg)
{
	struct vr_chat *c = mem_zero(sizeof *c);
	struct epoll_event e = { .events = EPOLLIN | (dialling ? EPOLLOUT :
	    0) };
	int events = epoll_create1(EPOLL_CLOEXEC);

	if (c == NULL || events == -1 || epoll_ctl(events, EPOLL_CTL_ADD, fd,
	    &e) == -1) {
		mem_drop(c);
		if (events != -1)
			close(events);
		close(fd);
		return NULL;
	}
	*c = (struct vr_chat){ .fd = fd, .events = events,
		.dialling = dialling, .handler = handler, .arg = arg,
		.limit = { .fire = on_limit, .arg = c } };
	vr_turn_watch(events, on_event, c);
	vr_turn_at(&c->limit, vr_turn_now() + limit);
	return c;
}

struct vr_chat *
vr_chat_dial(const struct address *to, int64_t limit,
    const struct vr_chat_handler *handler, void *arg, struct why *why)
{
	int fd = socket(to->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC |
	    SOCK_NONBLOCK, 0);
	struct vr_chat *c;

	if (fd == -1) {
		why_errno(why, "socket");
		return NULL;
	}
	if (connect(fd, &to->sa, to->len) == -1 && errno != EINPROGRESS) {
		why_errno(why, "connect");
		close(fd);
		return NULL;
	}
	c = make(fd, true, limit, handler, arg);
	if (c == NULL)
		why_set(why, "no memory for a connection");
	return c;
}

struct vr_chat *
vr_chat_accept(int fd, int64_t limit, const struct vr_chat_handler *handler,
    void *arg)
{
	return make(fd, false, limit, handler, arg);
}

int
vr_chat_send(struct vr_chat *c, struct text t)
{
	char *more;

	if (c->over || t.len == 0)
		return 0;
	more = mem_grow(c->out, c->out_len + t.len);
	if (more == NULL)
		return -1;
	c->out = more;
	memcpy(c->out + c->out_len, t.at, t.len);
	c->out_len += t.len;
	want(c);
	return 0;
}

void
vr_chat_wait(struct vr_chat *c, int64_t limit)
{
	if (!c->over)
		vr_turn_at(&c->limit, vr_turn_now() + limit);
}

void
vr_chat_eat(struct vr_chat *c, size_t n)
{
	c->in_len -= n;
	memmove(c->in, c->in + n, c->in_len);
}

void
vr_chat_close(struct vr_chat **cp)
{
	struct vr_chat *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	if (!c->over)
		vr_turn_watch(c->events, NULL, NULL);
	vr_turn_forget(&c->limit);
	c->dead = true;
	if (!c->inside)
		bury(c);
}
