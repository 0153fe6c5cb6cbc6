/* SPDX-License-Identifier: ISC */
/*
 * splice.c - one pipe per direction that is bulk, from a small stock of the
 * loop. Both ends know it; the last to go closes it. On the loop of both.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "net/splice.h"
#include "net/stream.h"

enum {
	PIPE_SIZE = 1048576,	/* less costs more: it is filled more often */
	PIPE_MANY = 262144,	/* of those after the first: others wait */
	PIPE_USUAL = 65536,
	FIRST_PIPES = 16,
	MOST_PIPES = 64,	/* of a loop; beyond it bulk is copied */
	MOST_SPARE = 16,
	LEAST = 16384		/* less, and the pipe empty: bulk no more */
};

struct splice {
	struct conn *from, *to;
	struct splice *next;		/* among the spare ones */
	size_t held;			/* bytes in the pipe */
	int in, out;
};

struct pipes {
	struct splice *spare;
	unsigned made, spares;
};

/* Of all loops together, for whoever asks. */
static _Atomic uint64_t made_now, spare_now, bytes_ever;

static void
count(_Atomic uint64_t *what, int64_t by)
{
	atomic_fetch_add_explicit(what, (uint64_t)by, memory_order_relaxed);
}

struct splice_counts
splice_count(void)
{
	struct splice_counts c;
	uint64_t made;

	c.bytes = atomic_load_explicit(&bytes_ever, memory_order_relaxed);
	c.spare = atomic_load_explicit(&spare_now, memory_order_relaxed);
	made = atomic_load_explicit(&made_now, memory_order_relaxed);
	c.used = made > c.spare ? made - c.spare : 0;
	return c;
}

static struct pipes *
pipes_of(struct home *h)
{
	if (h->pipes == NULL)
		h->pipes = mem_zero(sizeof *h->pipes);
	return h->pipes;
}

/* What little is left of the user's quota is taken; else the usual size. */
static void
enlarge(int fd, int size)
{
	while (size > PIPE_USUAL && fcntl(fd, F_SETPIPE_SZ, size) < 0)
		size /= 2;
}

static struct splice *
make(struct pipes *p)
{
	struct splice *s;
	int ends[2];

	if (p->made >= MOST_PIPES || (s = mem_zero(sizeof *s)) == NULL)
		return NULL;
	if (pipe2(ends, O_NONBLOCK | O_CLOEXEC) < 0) {
		mem_drop(s);
		return NULL;
	}
	enlarge(ends[1], p->made < FIRST_PIPES ? PIPE_SIZE : PIPE_MANY);
	s->out = ends[0];
	s->in = ends[1];
	p->made++;
	count(&made_now, 1);
	return s;
}

static void
destroy(struct pipes *p, struct splice *s)
{
	close(s->in);
	close(s->out);
	p->made--;
	count(&made_now, -1);
	mem_drop(s);
}

/* One that still holds something must not be used again. */
static void
put_back(struct pipes *p, struct splice *s)
{
	if (s->held > 0 || p->spares >= MOST_SPARE) {
		destroy(p, s);
		return;
	}
	s->next = p->spare;
	p->spare = s;
	p->spares++;
	count(&spare_now, 1);
}

static struct splice *
take(struct pipes *p)
{
	struct splice *s = p->spare;

	if (s == NULL)
		return make(p);
	p->spare = s->next;
	p->spares--;
	count(&spare_now, -1);
	return s;
}

int
splice_begin(struct conn *from, struct conn *to)
{
	struct pipes *p = pipes_of(from->home);
	struct splice *s;

	NEED(from->home == to->home);
	if (p == NULL || from->rare == NULL || to->rare == NULL ||
	    from->rare->outlet != NULL || to->rare->inlet != NULL ||
	    (s = take(p)) == NULL)
		return -1;
	s->from = from;
	s->to = to;
	from->rare->outlet = to->rare->inlet = s;
	return 0;
}

static void
forget_if_over(struct home *h, struct splice *s)
{
	if (s->from == NULL && s->to == NULL)
		put_back(h->pipes, s);
}

static void
leave_to(struct splice *s)
{
	struct conn *to = s->to;

	if (to == NULL)
		return;
	to->rare->inlet = NULL;
	s->to = NULL;
}

static void
leave_from(struct splice *s)
{
	struct conn *from = s->from;

	if (from == NULL)
		return;
	from->rare->outlet = NULL;
	from->flags &= ~(uint32_t)CONN_SPLICED;
	s->from = NULL;
}

struct conn *
splice_target(const struct conn *from)
{
	return from->rare->outlet->to;
}

enum engine_got
splice_in(struct conn *from, size_t *moved, bool *over)
{
	struct splice *s = from->rare->outlet;
	ssize_t n;

	*moved = 0;
	*over = false;
	do
		n = splice(from->fd, NULL, s->in, NULL, PIPE_SIZE,
		    SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
	while (n < 0 && errno == EINTR);
	if (n < 0 && errno != EAGAIN)
		return ENGINE_ERROR;
	if (n == 0)
		return ENGINE_EOF;
	if (n < 0) {
		from->home->engine->dry(from);
		return ENGINE_NOTHING;
	}
	s->held += (size_t)n;
	*moved = (size_t)n;
	*over = n < LEAST;
	return ENGINE_DATA;
}

int
splice_out(struct conn *to)
{
	struct splice *s = to->rare->inlet;
	ssize_t n;

	while (s->held > 0) {
		n = splice(s->out, NULL, to->fd, NULL, s->held,
		    SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			if (errno == EAGAIN)
				to->home->engine->await_room(to);
			return -1;
		}
		s->held -= (size_t)n;
		count(&bytes_ever, n);
	}
	if (s->from == NULL) {
		leave_to(s);
		forget_if_over(to->home, s);
	}
	return 0;
}

void
splice_end(struct conn *from)
{
	struct splice *s = from->rare->outlet;

	leave_from(s);
	if (s->held == 0)
		leave_to(s);
	forget_if_over(from->home, s);
}

void
splice_leave(struct conn *c)
{
	struct splice *in = c->rare->inlet;

	if (c->rare->outlet != NULL)
		splice_end(c);
	if (in == NULL)
		return;
	leave_to(in);
	forget_if_over(c->home, in);
}

void
splice_close_all(struct pipes **pipes)
{
	struct pipes *p = *pipes;
	struct splice *s;

	if (p == NULL)
		return;
	while ((s = p->spare) != NULL) {
		p->spare = s->next;
		count(&spare_now, -1);
		destroy(p, s);
	}
	mem_drop(p);
	*pipes = NULL;
}
