/* SPDX-License-Identifier: ISC */
/* runtime.c - sockets on which sockets are asked for. Loop 0. */
#include <unistd.h>

#include "balancer/doorway.h"
#include "balancer/logs.h"
#include "balancer/runtime.h"
#include "balancer/takeover.h"
#include "net/listener.h"

enum { MOST = 16 };

static struct loop *home;
static struct listener *listeners[MOST];
static int fds[MOST];
static const struct lb_bind_conf *confs[MOST];
static unsigned count;

static void
on_data(struct conn *c, struct text t)
{
	if (text_begins(t, "_getsocks") && conn_owner(c) != NULL)
		lb_takeover_give(c);
	else
		conn_close(c, &close_eof);
}

static void
on_closed(struct conn *c, const struct close_reason *reason)
{
}

static const struct conn_handler talker = {
	.data = on_data, .closed = on_closed,
};

static void
on_accepted(struct listener *l, int fd, const struct address *from)
{
	const struct lb_bind_conf *b = listener_owner(l);

	conn_accept(home, fd, &talker, b->expose_fd &&
	    b->level == LB_LEVEL_ADMIN ? fds : NULL);
}

static void
on_resting(struct listener *l, int code, int64_t until)
{
}

static const struct listener_handler handler = {
	.accepted = on_accepted, .resting = on_resting,
};

void
lb_runtime_take(int fd, enum lb_level level)
{
	conn_accept(home, fd, &talker, level == LB_LEVEL_ADMIN ? fds :
	    NULL);
}

unsigned
lb_runtime_open(const struct lb_global_conf *g)
{
	struct why why = { "", "" };
	struct address at;
	unsigned failed = 0;

	for (unsigned i = 0; i < g->sockets.count && count < MOST; i++) {
		const struct lb_bind_conf *b = g->sockets.at[i];
		int fd = lb_doorway_bind(b, b->addr.port_low, false, &at,
		    &why);

		if (fd < 0) {
			lb_logs_say(LB_LOG_ALERT, why.line);
			failed++;
			continue;
		}
		confs[count] = b;
		fds[count++] = fd;
	}
	return failed;
}

int
lb_runtime_start(struct loop *loop, struct why *why)
{
	home = loop;
	for (unsigned i = 0; i < count; i++) {
		if (lb_doorway_listen(fds[i], confs[i], 64, why) < 0)
			return -1;
		listeners[i] = listener_new(loop, fds[i], &handler,
		    (void *)(uintptr_t)confs[i]);
		if (listeners[i] == NULL)
			return why_set(why, "out of memory");
	}
	return 0;
}

void
lb_runtime_fini(void)
{
	for (unsigned i = 0; i < count; i++)
		listener_free(&listeners[i]);
	count = 0;
}
