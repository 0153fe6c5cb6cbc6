/* SPDX-License-Identifier: ISC */
/* dialogue.c - a unix socket asked once; see dialogue.h. Loop 0. */
#include <stdio.h>

#include "base/mem.h"
#include "net/conn.h"
#include "net/timer.h"
#include "watch/dialogue.h"

struct wt_dialogue {
	struct loop *loop;
	struct conn *conn;
	struct timer limit;
	void (*done)(void *, const struct wt_answer *);
	void *arg;
	char *line, *body;
	size_t len, room, most;
	char reason[160];
	bool dead;
};

static void
bury(void *arg)
{
	struct wt_dialogue *d = arg;

	mem_drop(d->line);
	mem_drop(d->body);
	mem_drop(d);
}

static void
stop(struct wt_dialogue *d)
{
	if (d->dead)
		return;
	d->dead = true;
	timer_stop(&d->limit);
	if (d->conn != NULL)
		conn_close(d->conn, &close_eof);
	d->conn = NULL;
	loop_retire(d->loop, d, bury);
}

void
wt_dialogue_cancel(struct wt_dialogue **d)
{
	if (*d != NULL)
		stop(*d);
	*d = NULL;
}

static void
answer(struct wt_dialogue *d, enum wt_failure failure, const char *reason)
{
	struct wt_answer a = { .failure = failure, .reason = reason,
	    .status = 200, .body = { d->body == NULL ? "" : d->body, d->len },
	    .retry_after = -1, .node = "" };

	stop(d);
	d->done(d->arg, &a);
}

static void
on_ready(struct conn *c)
{
	struct wt_dialogue *d = conn_owner(c);

	conn_send(c, text_of(d->line));
}

static void
on_data(struct conn *c, struct text t)
{
	struct wt_dialogue *d = conn_owner(c);
	char *more;

	if (t.len > d->most - d->len) {
		answer(d, WT_TOO_LARGE, "the answer is too large");
		return;
	}
	if (d->len + t.len > d->room) {
		size_t room = 2 * (d->len + t.len) + 4096;

		more = mem_grow(d->body, room);
		if (more == NULL) {
			answer(d, WT_TORN, "out of memory");
			return;
		}
		d->body = more;
		d->room = room;
	}
	memcpy(d->body + d->len, t.at, t.len);
	d->len += t.len;
}

static void
on_closed(struct conn *c, const struct close_reason *why)
{
	struct wt_dialogue *d = conn_owner(c);

	d->conn = NULL;
	if (why == &close_eof)
		answer(d, WT_ANSWERED, NULL);
	else {
		snprintf(d->reason, sizeof d->reason, "%s: %.100s",
		    why->text, conn_error(c));
		answer(d, d->len > 0 ? WT_TORN : WT_UNREACHED, d->reason);
	}
}

static const struct conn_handler handler = {
	.ready = on_ready, .data = on_data, .closed = on_closed,
};

static void
on_limit(void *arg)
{
	answer(arg, WT_TIMED_OUT, "no whole answer in time");
}

struct wt_dialogue *
wt_dialogue_start(struct loop *loop, const char *path, const char *line,
    int64_t limit, size_t most, void (*done)(void *,
    const struct wt_answer *), void *arg, struct why *why)
{
	struct address to;
	struct wt_dialogue *d;

	if (address_unix(text_of(path), &to, why) < 0)
		return NULL;
	d = mem_zero(sizeof *d);
	if (d == NULL || (d->line = mem_copy(text_of(line))) == NULL) {
		mem_drop(d);
		why_set(why, "out of memory");
		return NULL;
	}
	d->loop = loop;
	d->most = most;
	d->done = done;
	d->arg = arg;
	timer_init(&d->limit, loop, on_limit, d);
	timer_after(&d->limit, limit);
	d->conn = conn_dial(loop, &to, NULL, NULL, limit, &handler, d);
	if (d->conn == NULL) {
		why_errno(why, "cannot connect to %s", path);
		stop(d);
		return NULL;
	}
	return d;
}
