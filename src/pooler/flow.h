/* SPDX-License-Identifier: ISC */
/*
 * flow.h - a slice of messages on its way to the other end: runs of it are
 * passed on as they are, pieces are left out or put in between, and all goes
 * in one send. Lives on the stack of one data callback, on its
 * connection's loop.
 */
#ifndef WEIR_POOLER_FLOW_H
#define WEIR_POOLER_FLOW_H

#include "net/conn.h"

struct pl_flow {
	struct conn *to;		/* NULL: nobody; runs are dropped */
	struct text slice;
	size_t start;			/* of the run not sent yet */
	size_t pos;			/* of the message looked at */
	bool corked;
};

static inline struct text
pl_flow_rest(const struct pl_flow *f)
{
	return text_from(f->slice, f->pos);
}

/* Queues the run before pos; what stands at pos begins the next one. */
static inline void
pl_flow_cut(struct pl_flow *f)
{
	if (f->to != NULL && !f->corked) {
		conn_cork(f->to);
		f->corked = true;
	}
	if (f->to != NULL && f->pos > f->start)
		conn_send(f->to, (struct text){ f->slice.at + f->start,
		    f->pos - f->start });
	f->start = f->pos;
}

/* Leaves out n bytes at pos. */
static inline void
pl_flow_skip(struct pl_flow *f, size_t n)
{
	pl_flow_cut(f);
	f->pos += n;
	f->start = f->pos;
}

/* Puts a piece in at pos; it lives until the flow is done. */
static inline void
pl_flow_put(struct pl_flow *f, struct text piece)
{
	pl_flow_cut(f);
	if (f->to != NULL)
		conn_send(f->to, piece);
}

/* Sends what is left, up to pos; one send when nothing was cut. */
static inline void
pl_flow_done(struct pl_flow *f)
{
	if (f->to != NULL && f->pos > f->start)
		conn_send(f->to, (struct text){ f->slice.at + f->start,
		    f->pos - f->start });
	f->start = f->pos;
	if (f->corked)
		conn_uncork(f->to);
	f->corked = false;
}

#endif
