/* SPDX-License-Identifier: ISC */
/*
 * conn.c - the stream: edges in, slices up; sends down, the rest stashed.
 * One conn belongs to its home loop's thread. Callbacks come from on_edge,
 * run_later, timers and conn_wake, never from inside a call that sends or
 * closes: these leave a flag and queue the conn for the end of the turn.
 */
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <pthread.h>
#include <unistd.h>

#include "base/die.h"
#include "base/mem.h"
#include "net/conn.h"
#include "net/splice.h"
#include "net/stream.h"

enum { ROUNDS = 4 };		/* reads in a row before others have a turn */

/* Nothing is read, and nothing told, of a conn that has one of these. */
#define SILENT	(CONN_DEAD | CONN_LEAVING | CONN_FLUSHING)
/* Off the way of a transaction: kept out of the functions it runs through. */
#define COLD	__attribute__((cold, noinline))

static pthread_mutex_t orphans_lock = PTHREAD_MUTEX_INITIALIZER;
static struct home *orphans;	/* ended before the last conn born there */

static void on_edge(struct conn *, short what);
static void run_later(struct loop_job *);
static void drain(struct conn *);
static void on_refused(struct conn *, const struct iovec *, int, ssize_t);
static void carry(struct conn *, struct text, int code);

/* ---- the streams of one loop */

static bool
make_scratch(struct home *h, unsigned nest)
{
	if (h->scratch[nest] == NULL)
		h->scratch[nest] = mem_get(2 * STREAM_SCRATCH);
	return h->scratch[nest] != NULL;
}

/* A conn that was born here may live elsewhere: it keeps its place. */
static void
abandon(struct home *h)
{
	pthread_mutex_lock(&orphans_lock);
	h->next_orphan = orphans;
	orphans = h;
	pthread_mutex_unlock(&orphans_lock);
}

static void
end_home(void *arg)
{
	struct home *h = arg;

	for (unsigned i = 0; i < STREAM_NESTS; i++)
		mem_drop(h->scratch[i]);
	cork_close_all(&h->corks);
	splice_close_all(&h->pipes);
	mem_drop(h->cipher.at);
	if (h->doubts != NULL)
		timer_stop(&h->doubt);
	mem_drop(h->doubts);
	h->doubts = NULL;
	if (slab_used(h->slab) > 0) {
		abandon(h);
		return;
	}
	slab_free(&h->slab);
	mem_drop(h);
}

static struct home *
home_of(struct loop *l)
{
	struct home *h = loop_part(l);

	NEED(loop_here() == l);
	if (h != NULL)
		return h;
	h = mem_zero(sizeof *h);
	if (h == NULL || !make_scratch(h, 0)) {
		mem_drop(h);
		return NULL;
	}
	h->loop = l;
	h->engine = loop_driver(l);
	h->stock = loop_stock(l);
	h->part = loop_driver_part(l);
	h->edge = on_edge;
	h->refused = on_refused;
	h->carry = carry;
	h->corks = cork_open_all();
	h->slab = slab_new(sizeof(struct conn));
	h->job.run = run_later;
	loop_set_part(l, h, end_home);
	return h;
}

static bool
at_home(const struct conn *c)
{
	return loop_here() == c->home->loop;
}

static void
queue_later(struct conn *c)
{
	struct home *h = c->home;

	if (c->flags & CONN_QUEUED)
		return;
	c->flags |= CONN_QUEUED;
	c->next_later = NULL;
	if (h->later == NULL)
		h->later = c;
	else
		h->later_last->next_later = c;
	h->later_last = c;
	loop_soon(h->loop, &h->job);
}

/* One that dies must not be found there by the next turn. */
static void
drop_later(struct conn *c)
{
	struct home *h = c->home;
	struct conn *before = NULL;

	for (struct conn *at = h->later; at != NULL; at = at->next_later) {
		if (at != c) {
			before = at;
			continue;
		}
		if (before == NULL)
			h->later = c->next_later;
		else
			before->next_later = c->next_later;
		if (h->later_last == c)
			h->later_last = before;
		return;
	}
}

/* ---- life and death */

static struct rare *
need_rare(struct conn *c)
{
	if (c->rare == NULL) {
		c->rare = mem_zero(sizeof *c->rare);
		if (c->rare != NULL)
			c->home->rares++;
	}
	return c->rare;
}

/* What was rare is over: an idle conn owns nothing. */
static void
trim_rare(struct conn *c)
{
	struct rare *r = c->rare;

	if (r == NULL || r->tls != NULL || r->stash.len > 0 ||
	    r->outlet != NULL || r->inlet != NULL ||
	    r->packed != NULL || r->carried != NULL || r->carried_code != 0 ||
	    r->code != 0 || r->reason != NULL ||
	    timer_running(&r->limit))
		return;
	mem_drop(r);
	c->rare = NULL;
	c->home->rares--;
}

static struct conn *
take_conn(struct home *h, int fd, const struct conn_handler *handler,
    void *owner)
{
	uint32_t slot;
	struct conn *c = slab_take(h->slab, &slot);

	if (c == NULL)
		return NULL;
	c->home = h;
	c->handler = handler;
	c->owner = owner;
	c->fd = fd;
	c->slot = slot;
	c->generation = ++h->generation;
	c->birth = (uint8_t)loop_number(h->loop);
	h->count++;
	return c;
}

static void
give_slot(void *arg)
{
	struct conn *c = arg;
	struct home *h = loop_part(loop_here());

	slab_give(h->slab, c->slot);
}

static void
bury(void *arg)
{
	struct conn *c = arg;
	struct home *h = c->home;
	struct rare *r = c->rare;
	struct loop *birth = loop_at(c->birth);

	if (r != NULL) {
		buffer_fini(&r->stash, h->stock);
		buffer_fini(&r->early, h->stock);
		tlsio_free(&r->tls);
		tls_drop(&r->context);
		mem_drop(r->packed);
		mem_drop(r->carried);
		mem_drop(r);
		h->rares--;
	}
	if (birth == h->loop)
		slab_give(h->slab, c->slot);
	else if (birth != NULL)
		loop_offer(birth, give_slot, c);
}

/* Out of the engine and silent; the descriptor stays for a last look. */
static void
detach(struct conn *c)
{
	c->flags |= CONN_DEAD;
	c->home->engine->unwatch(c);
	if (c->flags & CONN_QUEUED)
		drop_later(c);
	if (c->rare != NULL) {
		timer_stop(&c->rare->limit);
		splice_leave(c);
	}
	if (c->cork != 0)
		cork_give(c->home->corks, c->cork);
	c->cork = 0;
}

static void
let_go(struct conn *c)
{
	const struct linger now = { 1, 0 };

	if (c->flags & CONN_RESET)
		(void)setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &now,
		    sizeof now);
	c->home->engine->drop(c);
	c->fd = -1;
	c->home->count--;
	loop_retire(c->home->loop, c, bury);
}

static void
tell_closed(struct conn *c, const struct close_reason *reason)
{
	bool silent = (c->flags & SILENT) != 0;

	if (c->flags & CONN_DEAD)
		return;
	detach(c);
	if (!silent)
		c->handler->closed(c, reason);
	let_go(c);
}

static void
note_error(struct conn *c, int code)
{
	if (need_rare(c) != NULL)
		c->rare->code = code;
}

/* To be told at the end of the turn. */
static void
fail_later(struct conn *c, const struct close_reason *reason, int code)
{
	note_error(c, code);
	if (c->rare != NULL)
		c->rare->reason = reason;
	c->flags |= c->rare != NULL ? CONN_FAILED : CONN_NO_MEMORY;
	queue_later(c);
}

/*
 * The peer takes no more. What it sent before may still wait: that is read
 * first, then closed() follows (a server says why it goes, then goes).
 */
static void
break_off(struct conn *c, int code)
{
	note_error(c, code);
	c->flags |= CONN_BROKEN;
	c->flags &= ~(uint32_t)CONN_STASHED;
	if (c->rare != NULL)
		buffer_fini(&c->rare->stash, c->home->stock);
	queue_later(c);
}

/* ---- sending */

static COLD int
stash_rest(struct conn *c, const struct iovec *piece, int count, size_t skip)
{
	if (need_rare(c) == NULL)
		return -1;
	for (int i = 0; i < count; i++) {
		struct text t = { piece[i].iov_base, piece[i].iov_len };

		if (skip >= t.len) {
			skip -= t.len;
			continue;
		}
		if (buffer_add(&c->rare->stash, c->home->stock,
		    text_from(t, skip)) < 0)
			return -1;
		skip = 0;
	}
	c->flags |= CONN_STASHED;
	return 0;
}

/* Not all was taken: sent of it, or -1 and errno tells. */
static COLD void
fall_short(struct conn *c, const struct iovec *piece, int count, ssize_t sent)
{
	if (sent < 0 && errno != EAGAIN) {
		break_off(c, errno);
		return;
	}
	if (stash_rest(c, piece, count, sent < 0 ? 0 : (size_t)sent) < 0) {
		c->flags |= CONN_NO_MEMORY | CONN_BROKEN;
		queue_later(c);
	}
}

/* The engine had taken it all. Nothing of this conn went after it. */
static void
on_refused(struct conn *c, const struct iovec *piece, int count, ssize_t went)
{
	if (c->flags & (CONN_BROKEN | CONN_DEAD))
		return;
	if (went < 0)
		errno = (int)-went;
	fall_short(c, piece, count, went < 0 ? -1 : went);
}

static inline void
send_raw(struct conn *c, const struct iovec *piece, int count, size_t len)
{
	ssize_t sent = 0;

	if (!(c->flags & (CONN_STASHED | CONN_CONNECTING)))
		sent = c->home->engine->send(c, piece, count);
	if (__builtin_expect(sent != (ssize_t)len, 0))
		fall_short(c, piece, count, sent);
}

/* What TLS has made goes in one send. */
static void
send_cipher(struct conn *c)
{
	struct tlsio_out *out = &c->home->cipher;
	struct iovec piece = { out->at, out->len };

	if (out->len == 0)
		return;
	if (!(c->flags & CONN_BROKEN))
		send_raw(c, &piece, 1, out->len);
	out->len = 0;
	if (out->room > 4 * STREAM_SCRATCH) {
		mem_drop(out->at);
		*out = (struct tlsio_out){ NULL, 0, 0 };
	}
}

static int
keep_early(struct conn *c, const struct iovec *piece, int count)
{
	for (int i = 0; i < count; i++)
		if (buffer_add(&c->rare->early, c->home->stock,
		    (struct text){ piece[i].iov_base, piece[i].iov_len }) < 0)
			return -1;
	return 0;
}

static __attribute__((noinline)) void
send_secure(struct conn *c, const struct iovec *piece, int count)
{
	struct rare *r = c->rare;

	if (c->flags & CONN_HANDSHAKE) {
		if (keep_early(c, piece, count) < 0) {
			c->flags |= CONN_NO_MEMORY | CONN_BROKEN;
			queue_later(c);
		}
		return;
	}
	if (tlsio_write(r->tls, piece, count, &c->home->cipher) < 0) {
		c->flags |= CONN_BROKEN;
		fail_later(c, &close_tls, 0);
	}
	send_cipher(c);
}

static inline void
send_pieces(struct conn *c, const struct iovec *piece, int count, size_t len)
{
	if (c->flags & (CONN_BROKEN | CONN_SHUT | SILENT))
		return;
	if (c->flags & CONN_SECURE)
		send_secure(c, piece, count);
	else
		send_raw(c, piece, count, len);
}

static void
send_corked(struct conn *c)
{
	struct cork *k = cork_at(c->home->corks, c->cork);

	if (k->count > 0)
		send_pieces(c, k->piece, k->count, k->len);
	k->count = 0;
	k->len = 0;
}

static void
collect(struct conn *c, struct text t)
{
	while (!cork_add(cork_at(c->home->corks, c->cork), t))
		send_corked(c);
}

void
conn_send(struct conn *c, struct text t)
{
	struct iovec *piece = &c->home->piece;

	NEED(at_home(c));
	if (t.len == 0)
		return;
	if (c->cork != 0) {
		collect(c, t);
		return;
	}
	*piece = (struct iovec){ (void *)(uintptr_t)t.at, t.len };
	send_pieces(c, piece, 1, t.len);
}

void
conn_send_copy(struct conn *c, struct text t)
{
	while (c->cork != 0 && t.len > 0) {
		size_t n = t.len < CORK_BATCH ? t.len : CORK_BATCH;
		char *copy = conn_batch(c, n);

		memcpy(copy, t.at, n);
		conn_send(c, (struct text){ copy, n });
		t = text_from(t, n);
	}
	conn_send(c, t);
}

void
conn_cork(struct conn *c)
{
	NEED(at_home(c));
	if (c->flags & CONN_DEAD)
		return;
	if (c->cork == 0)
		c->cork = cork_take(c->home->corks);
	else
		cork_at(c->home->corks, c->cork)->depth++;
}

void
conn_uncork(struct conn *c)
{
	struct cork *k;

	if (c->cork == 0)
		return;
	NEED(at_home(c));
	k = cork_at(c->home->corks, c->cork);
	if (--k->depth > 0)
		return;
	send_corked(c);
	cork_give(c->home->corks, c->cork);
	c->cork = 0;
}

char *
conn_batch(struct conn *c, size_t len)
{
	return cork_batch(c->home->corks, len);
}

bool
conn_full(const struct conn *c)
{
	return (c->flags & CONN_STASHED) != 0;
}

size_t
conn_stashed(const struct conn *c)
{
	return c->flags & CONN_STASHED ? c->rare->stash.len : 0;
}

/* ---- ends of what we send */

static void
shut_now(struct conn *c)
{
	if (!(c->flags & (CONN_BROKEN | CONN_CONNECTING)))
		c->home->engine->shut(c);
}

static void
say_goodbye(struct conn *c)
{
	if (!(c->flags & CONN_SECURE) ||
	    (c->flags & (CONN_HANDSHAKE | CONN_BROKEN | CONN_SHUT |
	    CONN_RESET)))
		return;
	tlsio_shut(c->rare->tls, &c->home->cipher);
	send_cipher(c);
}

void
conn_shut(struct conn *c)
{
	NEED(at_home(c));
	if (c->flags & (CONN_SHUT | SILENT))
		return;
	if (c->cork != 0)
		send_corked(c);
	say_goodbye(c);
	c->home->engine->settle(c);
	c->flags |= CONN_SHUT;
	if (!(c->flags & (CONN_STASHED | CONN_HANDSHAKE)))
		shut_now(c);
}

void
conn_close(struct conn *c, const struct close_reason *reason)
{
	if (c->flags & SILENT)
		return;
	NEED(at_home(c));
	if (c->cork != 0)
		send_corked(c);
	say_goodbye(c);
	detach(c);
	let_go(c);
}

static void
end_flush(struct conn *c)
{
	if (c->flags & CONN_DEAD)
		return;
	/* Unread bytes would turn this into a reset that outruns our last. */
	c->home->engine->discard(c);
	detach(c);
	let_go(c);
}

static void
on_limit(void *arg)
{
	struct conn *c = arg;

	if (c->flags & CONN_FLUSHING)
		end_flush(c);
	else
		tell_closed(c, &close_connect_timeout);
}

void
conn_close_flushed(struct conn *c, const struct close_reason *reason,
    int64_t limit)
{
	if (c->flags & SILENT)
		return;
	NEED(at_home(c));
	if (c->cork != 0)
		send_corked(c);
	say_goodbye(c);
	c->home->engine->settle(c);
	if (!(c->flags & CONN_STASHED) ||
	    (c->flags & (CONN_CONNECTING | CONN_HANDSHAKE))) {
		c->home->engine->discard(c);
		conn_close(c, reason);
		return;
	}
	if (c->cork != 0)
		cork_give(c->home->corks, c->cork);
	c->cork = 0;
	c->flags |= CONN_FLUSHING;
	timer_stop(&c->rare->limit);
	timer_init(&c->rare->limit, c->home->loop, on_limit, c);
	timer_after(&c->rare->limit, limit);
}

void
conn_set_reset(struct conn *c)
{
	c->flags |= CONN_RESET;
}

/* ---- TLS coming up */

static void
tell_ready(struct conn *c)
{
	if (c->handler->ready != NULL)
		c->handler->ready(c);
}

static void
send_early(struct conn *c)
{
	struct buffer *early = &c->rare->early;
	struct iovec piece[CORK_PIECES];
	int count;

	while (!buffer_empty(early) && !(c->flags & CONN_BROKEN)) {
		count = buffer_pieces(early, piece, 1);
		send_secure(c, piece, count);
		buffer_eat(early, c->home->stock, piece[0].iov_len);
	}
	buffer_fini(early, c->home->stock);
	if (c->flags & CONN_SHUT) {
		c->flags &= ~(uint32_t)CONN_SHUT;
		conn_shut(c);
	}
}

/* One step of the handshake, in whatever call; true: it is up. */
static bool
step_handshake(struct conn *c, struct text cipher, enum tlsio_end *end)
{
	struct tlsio *t = c->rare->tls;
	bool more = false;

	tlsio_feed(t, cipher);
	*end = tlsio_handshake(t, &c->home->cipher);
	send_cipher(c);		/* be it an alert */
	if (tlsio_keep(t, &more) < 0)
		*end = TLSIO_FAILED;
	if (*end != TLSIO_OK)
		return false;
	if (more)
		c->flags |= CONN_INSIDE;
	c->flags &= ~(uint32_t)CONN_HANDSHAKE;
	timer_stop(&c->rare->limit);
	send_early(c);
	return true;
}

/* What was read before a move. */
static COLD enum engine_got
receive_carried(struct conn *c, size_t most, struct text *to)
{
	struct rare *r = c->rare;
	struct text t = { r->carried + r->carried_told,
	    r->carried_len - r->carried_told };

	if (t.len > 0) {
		t.len = t.len < most ? t.len : most;
		r->carried_told += t.len;
		*to = t;
		return ENGINE_DATA;
	}
	mem_drop(r->carried);
	r->carried = NULL;
	errno = r->carried_code;
	r->carried_code = 0;
	c->flags &= ~(uint32_t)CONN_CARRIED;
	return errno != 0 ? ENGINE_ERROR :
	    c->home->engine->receive(c, most, to);
}

/* ---- bulk */

bool
conn_splice(struct conn *from, struct conn *to)
{
	const uint32_t unfit = SILENT | CONN_SECURE | CONN_BROKEN |
	    CONN_STASHED | CONN_CONNECTING | CONN_CARRIED | CONN_SPLICED;

	NEED(at_home(from) && at_home(to));
	if ((from->flags & unfit) != 0 ||
	    (to->flags & (unfit & ~(uint32_t)CONN_SPLICED)) != 0 ||
	    (to->flags & CONN_SHUT) || to->cork != 0 ||
	    need_rare(from) == NULL || need_rare(to) == NULL ||
	    splice_begin(from, to) < 0) {
		if (from->rare != NULL)
			trim_rare(from);
		if (to->rare != NULL)
			trim_rare(to);
		return false;
	}
	from->flags |= CONN_SPLICED;
	return true;
}

static void
unsplice(struct conn *from)
{
	struct conn *to = splice_target(from);

	splice_end(from);
	trim_rare(from);
	if (to != NULL)
		trim_rare(to);
}

/* The pipe was empty, so nothing that was sent before waits behind it. */
static void
pour_out(struct conn *to)
{
	if (splice_out(to) == 0)
		return;
	if (errno == EAGAIN)
		to->flags |= CONN_STASHED;
	else
		break_off(to, errno);
}

/* What cannot be poured is read and told as usual. */
static bool
can_pour(struct conn *from)
{
	const uint32_t unfit = SILENT | CONN_BROKEN | CONN_STASHED | CONN_SHUT;
	struct conn *to = splice_target(from);

	if (to == NULL) {
		unsplice(from);
		return false;
	}
	to->home->engine->settle(to);
	return (to->flags & unfit) == 0 && from->home->engine->direct(from);
}

static COLD enum engine_got
pour(struct conn *c, size_t most, struct text *to)
{
	enum engine_got got;
	size_t moved;
	bool over;

	if (!can_pour(c))
		return c->home->engine->receive(c, most, to);
	got = splice_in(c, &moved, &over);
	if (got == ENGINE_DATA)
		pour_out(splice_target(c));
	if (over || got == ENGINE_EOF || got == ENGINE_ERROR) {
		int code = errno;

		unsplice(c);
		errno = code;
	}
	if (got != ENGINE_DATA)
		return got;
	c->handler->poured(c, moved);
	return ENGINE_POURED;
}

static inline enum engine_got
receive(struct conn *c, size_t most, struct text *to)
{
	if (__builtin_expect(c->flags & (CONN_CARRIED | CONN_SPLICED), 0))
		return c->flags & CONN_CARRIED ?
		    receive_carried(c, most, to) :
		    pour(c, most, to);
	return c->home->engine->receive(c, most, to);
}

static COLD void
read_handshake(struct conn *c)
{
	enum engine_got got;
	enum tlsio_end end;
	struct text cipher = TEXT_NONE;

	got = receive(c, STREAM_CIPHER, &cipher);
	if (got == ENGINE_NOTHING)
		return;
	if (got == ENGINE_ERROR) {
		note_error(c, errno);
		tell_closed(c, &close_reset);
	} else if (got == ENGINE_EOF) {
		tlsio_cut(c->rare->tls);
		tell_closed(c, &close_tls);
	} else if (step_handshake(c, cipher, &end))
		tell_ready(c);
	else if (end != TLSIO_MORE)
		tell_closed(c, &close_tls);
}

static void
begin_handshake(struct conn *c, struct text first)
{
	enum tlsio_end end;

	if (step_handshake(c, first, &end)) {
		c->flags |= CONN_READY_DUE;
		queue_later(c);
	} else if (end != TLSIO_MORE)
		fail_later(c, &close_tls, 0);
}

void
conn_start_tls(struct conn *c, struct tls *tls, const char *name,
    struct text first)
{
	NEED(at_home(c));
	NEED(!(c->flags & CONN_SECURE));
	if (c->flags & (SILENT | CONN_BROKEN))
		return;
	if (c->cork != 0)
		send_corked(c);
	if (need_rare(c) == NULL ||
	    (c->rare->tls = tls_begin(tls, name)) == NULL) {
		c->flags |= CONN_NO_MEMORY;
		queue_later(c);
		return;
	}
	c->rare->context = tls_hold(tls);
	c->flags |= CONN_SECURE | CONN_HANDSHAKE;
	if (!(c->flags & CONN_CONNECTING))
		begin_handshake(c, first);
}

/* ---- reading */

static COLD void
tell_eof(struct conn *c)
{
	c->flags |= CONN_EOF_TOLD;
	c->flags &= ~(uint32_t)(CONN_READABLE | CONN_INSIDE);
	if (c->flags & CONN_BROKEN)
		tell_closed(c, &close_reset);
	else if (c->handler->eof != NULL)
		c->handler->eof(c);
	else
		tell_closed(c, &close_eof);
}

/* ENGINE_ERROR with errno 0: TLS itself. */
static enum engine_got
decrypt(struct conn *c, struct text cipher, struct text *to)
{
	char *plain = c->home->scratch[c->home->nest] + STREAM_SCRATCH;
	enum tlsio_end end;
	size_t len;
	bool more;

	tlsio_feed(c->rare->tls, cipher);
	end = tlsio_read(c->rare->tls, plain, STREAM_SCRATCH, &len,
	    &c->home->cipher);
	if (tlsio_keep(c->rare->tls, &more) < 0)
		end = TLSIO_FAILED;
	send_cipher(c);
	*to = (struct text){ plain, len };
	if (len > 0) {
		/* An end behind data is told by the next call. */
		if (more || end == TLSIO_CLOSED || end == TLSIO_FAILED)
			c->flags |= CONN_INSIDE;
		return ENGINE_DATA;
	}
	errno = 0;
	return end == TLSIO_CLOSED ? ENGINE_EOF :
	    end == TLSIO_FAILED ? ENGINE_ERROR : ENGINE_NOTHING;
}

/* What stands inside goes first, then what comes. */
static __attribute__((noinline)) enum engine_got
receive_secure(struct conn *c, struct text *to)
{
	struct text cipher = TEXT_NONE;
	enum engine_got got;

	if (c->flags & CONN_INSIDE) {
		c->flags &= ~(uint32_t)CONN_INSIDE;
		got = decrypt(c, TEXT_NONE, to);
		if (got != ENGINE_NOTHING || !(c->flags & CONN_READABLE))
			return got;
	}
	got = receive(c, STREAM_CIPHER, &cipher);
	return got == ENGINE_DATA ? decrypt(c, cipher, to) : got;
}

static COLD void
fail_read(struct conn *c)
{
	if (errno == 0) {
		tell_closed(c, &close_tls);
		return;
	}
	note_error(c, errno);
	tell_closed(c, &close_reset);
}

static inline bool
wants_bytes(const struct conn *c)
{
	const uint32_t not_now = SILENT | CONN_CONNECTING | CONN_EOF_TOLD;

	if ((c->flags & (CONN_READABLE | CONN_INSIDE)) == 0)
		return false;
	if ((c->flags & (not_now | CONN_HELD)) == 0)
		return true;
	return (c->flags & not_now) == 0 && (c->flags & CONN_HANDSHAKE) != 0;
}

/* Refused. In line, and gone: that ends it, unless it can be half-closed. */
static COLD void
look_for_end(struct conn *c)
{
	if ((c->flags & CONN_ENDED) && !(c->flags & SILENT) &&
	    c->handler->eof == NULL)
		tell_closed(c, c->flags & CONN_BROKEN ? &close_reset :
		    &close_eof);
}

/* One read, and one slice told. False: the handler will not have it now. */
static inline bool
read_once(struct conn *c)
{
	bool (*may_read)(struct conn *) = c->handler->may_read;
	struct text *t = &c->home->got;
	enum engine_got got;

	if (may_read != NULL && !may_read(c)) {
		look_for_end(c);
		return false;
	}
	if (may_read != NULL && !wants_bytes(c))
		return true;
	got = c->flags & CONN_SECURE ? receive_secure(c, t) :
	    receive(c, STREAM_SCRATCH, t);
	if (got == ENGINE_DATA)
		c->handler->data(c, *t);
	else if (got == ENGINE_NOTHING && may_read != NULL)
		c->handler->data(c, TEXT_NONE);
	else if (got == ENGINE_EOF)
		tell_eof(c);
	else if (got == ENGINE_ERROR)
		fail_read(c);
	return true;
}

static void
pump(struct conn *c)
{
	c->flags |= CONN_PUMPING;
	for (int round = 0; wants_bytes(c); round++) {
		if (round == ROUNDS) {
			queue_later(c);
			break;
		}
		if (c->flags & CONN_HANDSHAKE)
			read_handshake(c);
		else if (!read_once(c))
			break;
	}
	c->flags &= ~(uint32_t)CONN_PUMPING;
	if (c->flags & CONN_WOKEN) {
		c->flags &= ~(uint32_t)CONN_WOKEN;
		if (wants_bytes(c))
			queue_later(c);
	}
}

void
conn_wake(struct conn *c)
{
	struct home *h = c->home;

	NEED(at_home(c));
	if (!wants_bytes(c))
		return;
	if (c->flags & CONN_PUMPING) {
		c->flags |= CONN_WOKEN;
		return;
	}
	if (h->nest + 1 >= STREAM_NESTS || !make_scratch(h, h->nest + 1)) {
		queue_later(c);
		return;
	}
	h->nest++;
	pump(c);
	h->nest--;
}

bool
conn_waiting(const struct conn *c)
{
	return (c->flags & (CONN_READABLE | CONN_INSIDE)) != 0;
}

bool
conn_silent(struct conn *c)
{
	ssize_t n;
	char one;

	if ((c->flags & (CONN_INSIDE | CONN_CARRIED)) != 0 ||
	    c->home->engine->holds(c))
		return false;
	n = recv(c->fd, &one, 1, MSG_PEEK | MSG_DONTWAIT);
	return n == 0 || (n < 0 && errno != EAGAIN);
}

bool
conn_unread(struct conn *c)
{
	int count = 0;

	if ((c->flags & (CONN_INSIDE | CONN_CARRIED)) != 0 ||
	    c->home->engine->holds(c))
		return true;
	return ioctl(c->fd, FIONREAD, &count) == 0 && count > 0;
}

bool
conn_ended(const struct conn *c)
{
	return (c->flags & (CONN_ENDED | CONN_BROKEN | CONN_DEAD)) != 0;
}

void
conn_hold(struct conn *c)
{
	c->flags |= CONN_HELD;
}

void
conn_resume(struct conn *c)
{
	NEED(at_home(c));
	c->flags &= ~(uint32_t)CONN_HELD;
	if (wants_bytes(c) || (c->flags & CONN_BROKEN))
		queue_later(c);
}

/* ---- what the engine tells */

static int
socket_error(const struct conn *c)
{
	int code = 0;
	socklen_t len = sizeof code;

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &code, &len) < 0)
		return errno;
	return code;
}

bool
conn_lost(struct conn *c)
{
	return (c->flags & CONN_DEAD) == 0 &&
	    (c->home->engine->error(c) != 0 || socket_error(c) != 0);
}

static void
drain(struct conn *c)
{
	struct iovec piece[CORK_PIECES];
	struct buffer *stash = &c->rare->stash;
	ssize_t sent;

	if (c->rare->inlet != NULL && splice_out(c) < 0) {
		if (errno != EAGAIN)
			break_off(c, errno);
		return;
	}
	while (!buffer_empty(stash)) {
		sent = c->home->engine->send(c, piece,
		    buffer_pieces(stash, piece, CORK_PIECES));
		if (sent < 0 && errno == EAGAIN)
			return;
		if (sent < 0) {
			break_off(c, errno);
			return;
		}
		buffer_eat(stash, c->home->stock, (size_t)sent);
	}
	c->flags &= ~(uint32_t)CONN_STASHED;
	if (c->flags & CONN_FLUSHING) {
		end_flush(c);
		return;
	}
	trim_rare(c);
	if (c->flags & CONN_SHUT)
		shut_now(c);
	if (c->handler->drained != NULL)
		c->handler->drained(c);
}

/* Room to send, and nothing to read, says that it went well. */
static void
on_connected(struct conn *c, short what)
{
	int code = what & (EV_READ | EV_CLOSED) ? socket_error(c) : 0;

	if (code != 0) {
		note_error(c, code);
		tell_closed(c, &close_connect_failed);
		return;
	}
	c->flags &= ~(uint32_t)CONN_CONNECTING;
	if (c->flags & CONN_SECURE) {
		begin_handshake(c, TEXT_NONE);
		return;
	}
	if (c->rare != NULL)
		timer_stop(&c->rare->limit);
	if (!(c->flags & CONN_STASHED)) {
		trim_rare(c);
		if (c->flags & CONN_SHUT)
			shut_now(c);
	}
	tell_ready(c);
}

/*
 * Is it an error that nobody will read, for the bytes in front of it are not
 * wanted now, or all were read? A FIN was seen and this is no FIN: it is. Told
 * of bytes a second time while the first are refused: ask.
 */
static bool
is_lost(struct conn *c, short what, bool again)
{
	int code;

	if (!(what & EV_READ) || (what & EV_CLOSED))
		return false;
	if (!(c->flags & CONN_ENDED) && !again)
		return false;
	code = c->home->engine->error(c);
	if (code != 0)
		note_error(c, code);
	return code != 0;
}

static __attribute__((noinline)) void
on_rare_edge(struct conn *c, short what)
{
	bool again = (c->flags & CONN_READABLE) != 0 &&
	    !(c->flags & (CONN_HELD | CONN_QUEUED));

	if (c->flags & (CONN_LEAVING | CONN_DEAD)) {
		if (c->flags & CONN_LEAVING)
			queue_later(c);
		return;
	}
	if (c->flags & (CONN_FAILED | CONN_NO_MEMORY))
		return;
	if (c->flags & CONN_CONNECTING) {
		on_connected(c, what);
		if (c->flags & CONN_DEAD)
			return;
	}
	if (is_lost(c, what, again)) {
		tell_closed(c, &close_reset);
		return;
	}
	if (what & EV_CLOSED)
		c->flags |= CONN_ENDED;
	if (what & (EV_READ | EV_CLOSED))
		c->flags |= CONN_READABLE;
	if (c->flags & CONN_STASHED)
		drain(c);
	if (wants_bytes(c))
		pump(c);
	if ((c->flags & CONN_BROKEN) && !(c->flags & CONN_DEAD))
		queue_later(c);
}

/* The usual: bytes, and nothing else, for a conn of which nothing is known. */
static void
on_edge(struct conn *c, short what)
{
	const uint32_t calm = CONN_SECURE | CONN_FRESH;

	if ((c->flags & ~calm) != 0 || (what & EV_CLOSED)) {
		on_rare_edge(c, what);
	} else if (what & EV_READ) {
		c->flags |= CONN_READABLE;
		pump(c);
	}
}

/* ---- the end of the turn */

/*
 * Chunks belong to the stock of a loop: between two, one plain block. Without
 * memory for it the conn is told of its end where it arrives.
 */
static void
pack(struct conn *c)
{
	struct rare *r = c->rare;

	if (r == NULL)
		return;
	r->packed_stash = r->stash.len;
	r->packed_early = r->early.len;
	if (r->packed_stash + r->packed_early == 0)
		return;
	r->packed = mem_get(r->packed_stash + r->packed_early);
	if (r->packed == NULL) {
		c->flags |= CONN_NO_MEMORY | CONN_BROKEN;
		c->flags &= ~(uint32_t)CONN_STASHED;
	} else {
		buffer_copy(&r->stash, r->packed);
		buffer_copy(&r->early, r->packed + r->packed_stash);
	}
	buffer_fini(&r->stash, c->home->stock);
	buffer_fini(&r->early, c->home->stock);
}

/* The engine's last word: what it had received, and an error behind that. */
static void
carry(struct conn *c, struct text received, int code)
{
	struct rare *r = need_rare(c);
	char *old = r == NULL ? NULL : r->carried;
	struct text left = old == NULL ? TEXT_NONE : (struct text){
	    old + r->carried_told, r->carried_len - r->carried_told };
	char *at = r == NULL ? NULL : mem_get(left.len + received.len + 1);

	if (at == NULL) {
		c->flags |= CONN_NO_MEMORY | CONN_BROKEN;
		return;
	}
	if (left.len > 0)
		memcpy(at, left.at, left.len);
	if (received.len > 0)
		memcpy(at + left.len, received.at, received.len);
	mem_drop(old);
	r->carried = at;
	r->carried_len = left.len + received.len;
	r->carried_told = 0;
	r->carried_code = code;
	c->flags |= CONN_CARRIED;
}

static void
go_away(struct conn *c)
{
	if (!c->home->engine->quiet(c))
		return;			/* its last edge will tell */
	c->home->engine->part(c);
	pack(c);
	trim_rare(c);
	if (c->rare != NULL) {
		/* It knew this loop, which may be gone before the conn. */
		memset(&c->rare->limit, 0, sizeof c->rare->limit);
		c->home->rares--;
	}
	c->home->count--;
	c->left(c, c->left_arg);
}

static const struct close_reason *
find_end(const struct conn *c)
{
	if (c->flags & CONN_FAILED)
		return c->rare->reason;
	return c->flags & CONN_NO_MEMORY ? &close_memory : NULL;
}

static void
settle(struct conn *c)
{
	const struct close_reason *end = find_end(c);

	if (c->flags & CONN_DEAD)
		return;
	if (c->flags & CONN_LEAVING) {
		go_away(c);
		return;
	}
	if (c->flags & CONN_FLUSHING) {
		if (c->flags & CONN_BROKEN)
			end_flush(c);
		return;
	}
	if (end != NULL) {
		tell_closed(c, end);
		return;
	}
	if (c->flags & CONN_READY_DUE) {
		c->flags &= ~(uint32_t)CONN_READY_DUE;
		tell_ready(c);
	}
	if (c->flags & CONN_BROKEN)
		c->flags |= CONN_READABLE;
	if (wants_bytes(c))
		pump(c);
	/* Broken, and all it had said was read, or nobody wants it. */
	if ((c->flags & CONN_BROKEN) &&
	    !(c->flags & (CONN_QUEUED | CONN_HELD | SILENT)) &&
	    !c->home->engine->ending(c))
		tell_closed(c, &close_reset);
}

static void
run_later(struct loop_job *job)
{
	struct home *h = (struct home *)(void *)((char *)job -
	    offsetof(struct home, job));
	struct conn *c = h->later, *next;

	/* Those queued meanwhile have their turn after the next events. */
	h->later = h->later_last = NULL;
	for (; c != NULL; c = next) {
		next = c->next_later;
		c->flags &= ~(uint32_t)CONN_QUEUED;
		settle(c);
	}
}

/* ---- making, handing on, moving */

struct conn *
conn_accept(struct loop *l, int fd, const struct conn_handler *handler,
    void *owner)
{
	struct home *h = home_of(l);
	struct conn *c = h == NULL ? NULL : take_conn(h, fd, handler, owner);

	if (c != NULL && h->engine->watch(c) < 0) {
		slab_give(h->slab, c->slot);
		h->count--;
		c = NULL;
	}
	if (c == NULL)
		close(fd);
	return c;
}

static int
open_socket(const struct address *to)
{
	const int one = 1;
	int fd = socket(to->sa.sa_family, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0);

	if (fd >= 0 && to->sa.sa_family != AF_UNIX)
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one,
		    sizeof one);
	return fd;
}

/* connect() comes before watch(): an unconnected socket tells of a hang-up. */
static void
start_connect(struct conn *c, const struct address *to)
{
	if (connect(c->fd, &to->sa, to->len) < 0 && errno != EINPROGRESS)
		fail_later(c, &close_connect_failed, errno);
}

struct conn *
conn_dial_by(struct loop *l, int fd, const struct address *to,
    const struct conn_handler *handler, void *owner)
{
	struct home *h = home_of(l);
	struct conn *c = h == NULL ? NULL : take_conn(h, fd, handler, owner);

	if (c == NULL) {
		close(fd);
		errno = ENOMEM;
		return NULL;
	}
	c->flags |= CONN_CONNECTING;
	start_connect(c, to);
	if (h->engine->watch(c) < 0)
		fail_later(c, &close_connect_failed, errno);
	return c;
}

struct conn *
conn_dial(struct loop *l, const struct address *to, struct tls *tls,
    const char *tls_name, int64_t limit, const struct conn_handler *handler,
    void *owner)
{
	int fd = open_socket(to);
	struct conn *c = fd < 0 ? NULL :
	    conn_dial_by(l, fd, to, handler, owner);

	if (c == NULL)
		return NULL;
	if (tls != NULL)
		conn_start_tls(c, tls, tls_name, TEXT_NONE);
	if (limit > 0 && need_rare(c) != NULL) {
		timer_init(&c->rare->limit, l, on_limit, c);
		timer_after(&c->rare->limit, limit);
	}
	return c;
}

void
conn_hand_to(struct conn *c, const struct conn_handler *handler, void *owner)
{
	c->handler = handler;
	c->owner = owner;
	/* What the one before refused may be welcome now. */
	if (!(c->flags & CONN_PUMPING) && wants_bytes(c))
		queue_later(c);
}

void *
conn_owner(const struct conn *c)
{
	return c->owner;
}

struct loop *
conn_loop(const struct conn *c)
{
	return c->home->loop;
}

int
conn_fd(const struct conn *c)
{
	return c->fd;
}

const char *
conn_error(const struct conn *c)
{
	const struct rare *r = c->rare;

	if (r == NULL)
		return "";
	if (r->code != 0)
		return strerror(r->code);
	return r->tls == NULL ? "" : tlsio_error(r->tls);
}

static int
unpack(struct conn *c)
{
	struct rare *r = c->rare;
	struct text stash = { r->packed, r->packed_stash };
	struct text early = { r->packed + r->packed_stash, r->packed_early };
	struct stock *stock = c->home->stock;
	int outcome = 0;

	if (r->packed == NULL)
		return 0;
	if (buffer_add(&r->stash, stock, stash) < 0 ||
	    buffer_add(&r->early, stock, early) < 0)
		outcome = -1;
	mem_drop(r->packed);
	r->packed = NULL;
	return outcome;
}

void
conn_leave(struct conn *c, void (*left)(struct conn *, void *), void *arg)
{
	NEED(at_home(c));
	NEED(!(c->flags & (SILENT | CONN_CONNECTING | CONN_HANDSHAKE)));
	NEED(c->cork == 0);
	NEED(c->rare == NULL ||
	    (c->rare->outlet == NULL && c->rare->inlet == NULL));
	c->flags |= CONN_LEAVING;
	c->home->engine->unwatch(c);
	c->left = left;
	c->left_arg = arg;
	queue_later(c);
}

void
conn_join(struct conn *c, struct loop *l)
{
	struct home *h = home_of(l);

	NEED(c->flags & CONN_LEAVING);
	if (h == NULL)
		die("out of memory to move a connection");
	c->home = h;
	c->flags &= ~(uint32_t)CONN_LEAVING;
	h->count++;
	if (c->rare != NULL) {
		h->rares++;
		if (unpack(c) < 0) {
			c->flags |= CONN_NO_MEMORY | CONN_BROKEN;
			queue_later(c);
		}
		trim_rare(c);
	}
	/* Being watched anew brings an edge for what happened meanwhile. */
	if (h->engine->watch(c) < 0)
		fail_later(c, &close_reset, errno);
	if (c->flags & CONN_CARRIED)
		c->flags |= CONN_READABLE;
	if (c->flags & (CONN_INSIDE | CONN_READABLE | CONN_BROKEN |
	    CONN_FAILED | CONN_NO_MEMORY))
		queue_later(c);
}

size_t
conn_bytes(const struct loop *l)
{
	const struct home *h = loop_part(l);

	if (h == NULL)
		return 0;
	return slab_used(h->slab) * sizeof(struct conn) +
	    h->rares * sizeof(struct rare) + stock_lent(h->stock);
}

uint32_t
conn_count(const struct loop *l)
{
	const struct home *h = loop_part(l);

	return h == NULL ? 0 : h->count;
}
