/* SPDX-License-Identifier: ISC */
/*
 * stream_test.c - what a relay on net/conn must hold, plain and over TLS:
 * no byte lost or changed, ends and resets passed on, memory bounded.
 *
 *	plain:	client -> relay -> server
 *	TLS:	client -> relay ==TLS==> (slicer) ==TLS==> relay -> server
 *
 * Clients and servers are blocking sockets on threads of their own; the
 * loops run beside them. WEIR_LONG=1 runs the long forms.
 */
#include "unit.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#include "certkit.h"
#include "engines.h"

#include "base/clock.h"
#include "base/mem.h"
#include "net/conn.h"
#include "net/listener.h"
#include "net/loop.h"
#include "net/socket.h"
#include "net/thread.h"
#include "net/timer.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SLOW = 10 };
#else
enum { SLOW = 1 };
#endif

static bool
is_long(void)
{
	return getenv("WEIR_LONG") != NULL;
}

/* ---- the relay under test */

struct relay {
	struct tls *from, *to;		/* NULL: plain on that side */
	struct address target;
	struct listener *listener;
	uint16_t port;
	bool moving;			/* pairs wander from loop to loop */
};

struct pair {
	struct relay *relay;
	struct conn *end[2];
	int eofs, away, ready;
	struct loop *next;
	struct timer wander;
};

static struct relay relays[2];
static unsigned next_loop;
static atomic_uint pairs_alive, moves;
static atomic_ulong peak_stash, poured;
static bool splicing;			/* large slices make a pair bulk */

static struct conn *
other(const struct conn *c)
{
	const struct pair *p = conn_owner(c);

	return p->end[p->end[0] == c];
}

static void
on_data(struct conn *c, struct text t)
{
	struct conn *to = other(c);

	conn_send(to, t);
	if (splicing && t.len >= 16384)
		(void)conn_splice(c, to);
	if (conn_full(to)) {
		conn_hold(c);
		if (conn_stashed(to) > atomic_load(&peak_stash))
			atomic_store(&peak_stash, conn_stashed(to));
	}
}

static void
on_poured(struct conn *c, size_t len)
{
	atomic_fetch_add(&poured, len);
	if (conn_full(other(c)))
		conn_hold(c);
}

static void
on_drained(struct conn *c)
{
	conn_resume(other(c));
}

static void
end_pair(struct pair *p)
{
	for (int i = 0; i < 2; i++)
		if (p->end[i] != NULL)
			conn_close_flushed(p->end[i], &close_eof,
			    20 * CLOCK_SECOND);
	timer_stop(&p->wander);
	atomic_fetch_sub(&pairs_alive, 1);
	mem_drop(p);
}

static void
on_eof(struct conn *c)
{
	struct pair *p = conn_owner(c);

	conn_shut(other(c));
	if (++p->eofs == 2)
		end_pair(p);
}

static void
on_closed(struct conn *c, const struct close_reason *reason)
{
	struct pair *p = conn_owner(c);

	ck_assert_msg(reason == &close_reset || reason == &close_eof,
	    "%s: %s", reason->text, conn_error(c));
	if (reason == &close_reset)
		conn_set_reset(other(c));
	p->end[p->end[1] == c] = NULL;
	if (reason == &close_reset && p->end[0] != NULL)
		conn_close(p->end[0], reason);
	if (reason == &close_reset && p->end[1] != NULL)
		conn_close(p->end[1], reason);
	if (reason == &close_reset)
		p->end[0] = p->end[1] = NULL;
	end_pair(p);
}

static const struct conn_handler handler = {
	.data = on_data,
	.poured = on_poured,
	.eof = on_eof,
	.drained = on_drained,
	.closed = on_closed,
};

static void start_wander(struct pair *);

static void
on_landing(void *arg)
{
	struct pair *p = arg;

	atomic_fetch_add(&moves, 1);
	conn_join(p->end[0], loop_here());
	conn_join(p->end[1], loop_here());
	start_wander(p);
}

static void
on_left(struct conn *c, void *arg)
{
	struct pair *p = arg;

	if (++p->away == 2)
		loop_post(p->next, on_landing, p);
}

static void
on_wander(void *arg)
{
	struct pair *p = arg;
	struct loop *here = loop_here();

	p->away = 0;
	p->next = loop_at((loop_number(here) + 1) % loop_count());
	conn_leave(p->end[0], on_left, p);
	conn_leave(p->end[1], on_left, p);
}

static void
start_wander(struct pair *p)
{
	timer_init(&p->wander, loop_here(), on_wander, p);
	timer_after(&p->wander, 3 * CLOCK_MS);
}

static void
on_ready(struct conn *c)
{
	struct pair *p = conn_owner(c);

	conn_hand_to(c, &handler, p);
	if (++p->ready == (p->relay->from != NULL ? 2 : 1) && p->relay->moving)
		start_wander(p);
}

static const struct conn_handler beginning = {
	.ready = on_ready,
	.data = on_data,
	.poured = on_poured,
	.drained = on_drained,
	.eof = on_eof,
	.closed = on_closed,
};

struct deal {
	struct relay *relay;
	int fd;
};

static void
begin_pair(void *arg)
{
	const struct socket_options tune = { 0 };
	struct deal *d = arg;
	struct relay *r = d->relay;
	struct pair *p = mem_zero(sizeof *p);
	struct loop *l = loop_here();

	atomic_fetch_add(&pairs_alive, 1);
	p->relay = r;
	socket_tune(d->fd, &tune);
	p->end[0] = conn_accept(l, d->fd, &beginning, p);
	p->end[1] = conn_dial(l, &r->target, r->to, "localhost",
	    20 * CLOCK_SECOND, &beginning, p);
	ck_assert(p->end[0] != NULL && p->end[1] != NULL);
	if (r->from != NULL)
		conn_start_tls(p->end[0], r->from, NULL, TEXT_NONE);
	mem_drop(d);
}

static void
on_accepted(struct listener *l, int fd, const struct address *peer)
{
	struct loop *to = loop_at(next_loop++ % loop_count());
	struct deal *d = mem_get(sizeof *d);

	*d = (struct deal){ listener_owner(l), fd };
	if (to == loop_here())
		begin_pair(d);
	else
		loop_post(to, begin_pair, d);
}

static void
on_resting(struct listener *l, int code, int64_t until)
{
	ck_abort_msg("accept: %s", strerror(code));
}

static const struct listener_handler listening = {
	.accepted = on_accepted,
	.resting = on_resting,
};

/* ---- the loops, on threads of their own */

static struct {
	unsigned loops;
	int relays;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool up;
} stage = { .lock = PTHREAD_MUTEX_INITIALIZER,
	.changed = PTHREAD_COND_INITIALIZER };

static int
listen_any(uint16_t *port)
{
	struct why why;
	struct address a;
	int fd;

	address_ip(TEXT("127.0.0.1"), 0, &a);
	fd = socket_listen(&a, 128, false, false, &why);
	ck_assert_msg(fd >= 0, "%s", why.line);
	ck_assert_int_eq(socket_local(fd, &a), 0);
	*port = address_port(&a);
	return fd;
}

static void *
run_stage(void *arg)
{
	struct why why;
	struct loop *l;

	ck_assert_msg(thread_start(stage.loops, NULL, &why) == 0, "%s",
	    why.line);
	l = loop_at(0);
	pthread_mutex_lock(&stage.lock);
	for (int i = stage.relays - 1; i >= 0; i--) {
		int fd = listen_any(&relays[i].port);

		relays[i].listener = listener_new(l, fd, &listening,
		    &relays[i]);
		if (i > 0 && relays[i - 1].target.len == 0)
			address_ip(TEXT("127.0.0.1"), relays[i].port,
			    &relays[i - 1].target);
	}
	stage.up = true;
	pthread_cond_signal(&stage.changed);
	pthread_mutex_unlock(&stage.lock);
	loop_run(l);
	for (int i = 0; i < stage.relays; i++)
		listener_free(&relays[i].listener);
	thread_stop();
	loop_free(&l);
	return NULL;
}

static void
stop_stage(void *arg)
{
	loop_stop(loop_here());
}

enum mode { PLAIN, SPLICED, TLS, MODES };

static struct certkit kit;

static struct tls *
make_tls(bool server)
{
	char cert[128], key[128];
	struct tls_options o = {
		.server = server,
		.ca_file = kit.ca,
		.cert_file = certkit_path(&kit, "localhost.crt", cert),
		.key_file = certkit_path(&kit, "localhost.key", key),
		.verify = TLS_VERIFY_REQUIRED,
		.verify_name = true,
	};
	struct why why = { "", "" };
	struct tls *t = tls_new(&o, &why);

	ck_assert_msg(t != NULL, "%s", why.line);
	return t;
}

static uint16_t
start_relay(enum mode mode, unsigned loops, bool moving, uint16_t server)
{
	memset(relays, 0, sizeof relays);
	splicing = mode == SPLICED;
	atomic_store(&poured, 0);
	stage.loops = loops;
	stage.relays = mode == TLS ? 2 : 1;
	address_ip(TEXT("127.0.0.1"), server,
	    &relays[stage.relays - 1].target);
	relays[0].moving = relays[1].moving = moving;
	if (mode == TLS) {
		certkit_init(&kit);
		certkit_make(&kit, "localhost", "localhost", "DNS:localhost");
		relays[0].to = make_tls(false);
		relays[1].from = make_tls(true);
	}
	stage.up = false;
	ck_assert_int_eq(pthread_create(&stage.thread, NULL, run_stage, NULL),
	    0);
	pthread_mutex_lock(&stage.lock);
	while (!stage.up)
		pthread_cond_wait(&stage.changed, &stage.lock);
	pthread_mutex_unlock(&stage.lock);
	return relays[0].port;
}

static void
stop_relay(void)
{
	static const char *const names[] = { "localhost", NULL };

	for (int i = 0; i < 5000 && atomic_load(&pairs_alive) > 0; i++)
		usleep(1000);
	ck_assert_uint_eq(atomic_load(&pairs_alive), 0);
	loop_post(loop_at(0), stop_stage, NULL);
	pthread_join(stage.thread, NULL);
	if (relays[0].to != NULL) {
		tls_drop(&relays[0].to);
		tls_drop(&relays[1].from);
		certkit_fini(&kit, names);
	}
}

/* ---- blocking ends */

static int
dial(uint16_t port)
{
	const int one = 1;
	const struct timeval patience = { 60, 0 };
	struct address a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	address_ip(TEXT("127.0.0.1"), port, &a);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
	ck_assert_int_eq(connect(fd, &a.sa, a.len), 0);
	return fd;
}

static int
take(int listening_fd)
{
	const struct timeval patience = { 60, 0 };
	struct pollfd p = { listening_fd, POLLIN, 0 };
	const int one = 1;
	int fd;

	ck_assert_int_eq(poll(&p, 1, 60000), 1);
	fd = accept(listening_fd, NULL, NULL);
	ck_assert_int_ge(fd, 0);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
	return fd;
}

static void
put(int fd, const void *from, size_t len)
{
	const char *at = from;

	while (len > 0) {
		ssize_t n = send(fd, at, len, MSG_NOSIGNAL);

		ck_assert_msg(n > 0, "send: %s", strerror(errno));
		at += n;
		len -= (size_t)n;
	}
}

static size_t
get(int fd, void *to, size_t len)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = recv(fd, (char *)to + done, len - done, 0);

		ck_assert_msg(n >= 0, "recv: %s", strerror(errno));
		if (n == 0)
			break;
		done += (size_t)n;
	}
	return done;
}

static void
set_reset(int fd)
{
	const struct linger now = { 1, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

/* A stream that tells where it went wrong. */
static uint64_t
next_word(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

static void
fill(char *to, size_t len, uint64_t *seed)
{
	ck_assert_uint_eq(len % 8, 0);
	for (size_t i = 0; i < len; i += 8) {
		uint64_t w = next_word(seed);

		memcpy(to + i, &w, 8);
	}
}

struct flow {
	int fd;
	uint64_t seed;
	size_t len;
	bool shut;
};

enum { PIECE = 64 * 1024 };

static void *
send_flow(void *arg)
{
	struct flow *f = arg;
	char *piece = malloc(PIECE);

	for (size_t left = f->len; left > 0; ) {
		size_t n = left < PIECE ? left : PIECE;

		fill(piece, n, &f->seed);
		put(f->fd, piece, n);
		left -= n;
	}
	if (f->shut)
		shutdown(f->fd, SHUT_WR);
	free(piece);
	return NULL;
}

static void *
check_flow(void *arg)
{
	struct flow *f = arg;
	char *piece = malloc(PIECE), *want = malloc(PIECE);

	for (size_t left = f->len; left > 0; ) {
		size_t n = left < PIECE ? left : PIECE;

		ck_assert_uint_eq(get(f->fd, piece, n), n);
		fill(want, n, &f->seed);
		ck_assert_msg(memcmp(piece, want, n) == 0,
		    "changed, %zu bytes before the end", left);
		left -= n;
	}
	if (f->shut)
		ck_assert_uint_eq(get(f->fd, piece, 1), 0);
	free(piece);
	free(want);
	return NULL;
}

static void *
echo(void *arg)
{
	int fd = *(int *)arg;
	char *piece = malloc(PIECE);
	ssize_t n;

	while ((n = recv(fd, piece, PIECE, 0)) > 0)
		put(fd, piece, (size_t)n);
	shutdown(fd, SHUT_WR);
	close(fd);
	free(piece);
	return NULL;
}

/* ---- the checks */

enum { CLIENTS = 8, WINDOW = 64 };

struct talk {
	int fd;
	unsigned messages;
	uint64_t seed;
};

/* Messages of 1 to 200 bytes, a window of them under way. */
static void *
talk(void *arg)
{
	struct talk *t = arg;
	char out[WINDOW * 200], in[WINDOW * 200];

	for (unsigned done = 0; done < t->messages; done += WINDOW) {
		size_t len = 0;

		for (int i = 0; i < WINDOW; i++) {
			size_t n = 1 + next_word(&t->seed) % 200;

			memset(out + len, (int)(next_word(&t->seed) & 0xff), n);
			/* Some go alone, some in one packet. */
			if (next_word(&t->seed) % 4 == 0)
				put(t->fd, out + len, n);
			else {
				put(t->fd, out + len, n / 2);
				put(t->fd, out + len + n / 2, n - n / 2);
			}
			len += n;
		}
		ck_assert_uint_eq(get(t->fd, in, len), len);
		ck_assert_int_eq(memcmp(in, out, len), 0);
	}
	shutdown(t->fd, SHUT_WR);
	ck_assert_uint_eq(get(t->fd, in, 1), 0);
	close(t->fd);
	return NULL;
}

static void
run_talks(enum mode mode, unsigned loops, bool moving, unsigned messages)
{
	uint16_t server_port, port;
	int fd = listen_any(&server_port), served[CLIENTS];
	struct talk talks[CLIENTS];
	pthread_t t[CLIENTS], e[CLIENTS];

	port = start_relay(mode, loops, moving, server_port);
	for (int i = 0; i < CLIENTS; i++) {
		talks[i] = (struct talk){ dial(port), messages / CLIENTS,
		    (uint64_t)i + 77 };
		served[i] = take(fd);
		pthread_create(&e[i], NULL, echo, &served[i]);
		pthread_create(&t[i], NULL, talk, &talks[i]);
	}
	for (int i = 0; i < CLIENTS; i++) {
		pthread_join(t[i], NULL);
		pthread_join(e[i], NULL);
	}
	close(fd);
	stop_relay();
}

START_TEST(a_million_messages_arrive)
{
	run_talks(PLAIN, 1, false, 1000000 / (is_long() ? 1 : 5 * SLOW));
}
END_TEST

START_TEST(messages_arrive_over_tls)
{
	run_talks(TLS, 1, false, 1000000 / (is_long() ? 1 : 10 * SLOW));
}
END_TEST

START_TEST(four_loops_share_the_work)
{
	for (enum mode m = PLAIN; m < MODES; m++)
		run_talks(m, 4, false, 100000 / SLOW);
}
END_TEST

START_TEST(a_pair_moves_under_traffic)
{
	for (enum mode m = PLAIN; m < MODES; m++) {
		if (m == SPLICED)
			continue;	/* stays where it is */
		if (m == SPLICED)
			continue;	/* stays where it is */
		atomic_store(&moves, 0);
		run_talks(m, 4, true, 200000 / SLOW);
		ck_assert_uint_gt(atomic_load(&moves), 50);
	}
}
END_TEST

static void
run_bulk(enum mode mode, size_t len)
{
	uint16_t server_port, port;
	int fd = listen_any(&server_port), client, server;
	struct flow up, down, up_seen, down_seen;
	pthread_t t[3];

	port = start_relay(mode, 1, false, server_port);
	client = dial(port);
	server = take(fd);
	up = (struct flow){ client, 11, len, true };
	up_seen = (struct flow){ server, 11, len, true };
	down = (struct flow){ server, 12, len / 8 * 4, true };
	down_seen = (struct flow){ client, 12, len / 8 * 4, true };
	pthread_create(&t[0], NULL, send_flow, &up);
	pthread_create(&t[1], NULL, send_flow, &down);
	pthread_create(&t[2], NULL, check_flow, &up_seen);
	check_flow(&down_seen);
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	close(client);
	close(server);
	close(fd);
	stop_relay();
}

START_TEST(bulk_arrives_unchanged)
{
	size_t len = is_long() ? 1000 << 20 : (size_t)(200 / SLOW) << 20;

	run_bulk(PLAIN, len);
	ck_assert_uint_eq(atomic_load(&poured), 0);
	run_bulk(SPLICED, len);
	ck_assert_uint_gt(atomic_load(&poured), len / 2);
	run_bulk(TLS, len / 2);
}
END_TEST

/* The end of one direction, with data after it in the other. */
static void
half_close(uint16_t port, int listening_fd, bool client_first, size_t len)
{
	int a = dial(port), b = take(listening_fd), swap;
	struct flow down, seen;
	pthread_t t;
	char word[6];

	if (!client_first) {
		swap = a;
		a = b;
		b = swap;
	}
	put(a, "hello", 5);
	shutdown(a, SHUT_WR);
	ck_assert_uint_eq(get(b, word, 6), 5);
	ck_assert_int_eq(memcmp(word, "hello", 5), 0);
	down = (struct flow){ b, 99, len, true };
	seen = (struct flow){ a, 99, len, true };
	pthread_create(&t, NULL, send_flow, &down);
	check_flow(&seen);
	pthread_join(t, NULL);
	close(a);
	close(b);
}

START_TEST(half_closes_both_ways)
{
	for (enum mode m = PLAIN; m < MODES; m++) {
		uint16_t server_port, port;
		int fd = listen_any(&server_port);

		port = start_relay(m, 1, false, server_port);
		for (int i = 0; i < 50 / (m == TLS ? SLOW : 1); i++)
			for (int first = 0; first < 2; first++)
				half_close(port, fd, first == 1,
				    i % 10 == 0 ? 3 << 20 : 8000);
		close(fd);
		stop_relay();
	}
}
END_TEST

static void
await_reset(int fd)
{
	char byte;
	ssize_t n = recv(fd, &byte, 1, 0);

	ck_assert_msg(n < 0 && errno == ECONNRESET, "no reset: %zd, %s", n,
	    strerror(errno));
}

START_TEST(resets_pass_both_ways)
{
	for (enum mode m = PLAIN; m < MODES; m++) {
		uint16_t server_port, port;
		int fd = listen_any(&server_port);
		char word[4];

		port = start_relay(m, 1, false, server_port);
		for (int i = 0; i < 40; i++) {
			int a = dial(port), b = take(fd), swap;

			if (i % 2 == 1) {
				swap = a;
				a = b;
				b = swap;
			}
			put(a, "ping", 4);
			ck_assert_uint_eq(get(b, word, 4), 4);
			put(b, "pong", 4);
			ck_assert_uint_eq(get(a, word, 4), 4);
			set_reset(a);
			close(a);
			await_reset(b);
			close(b);
		}
		close(fd);
		stop_relay();
	}
}
END_TEST

static atomic_size_t seen_bytes;

static void
read_bytes(void *arg)
{
	atomic_store(&seen_bytes, conn_bytes(loop_here()));
}

static size_t
bytes_now(void)
{
	atomic_store(&seen_bytes, (size_t)-1);
	loop_post(loop_at(0), read_bytes, NULL);
	while (atomic_load(&seen_bytes) == (size_t)-1)
		usleep(1000);		/* until it is known */
	return atomic_load(&seen_bytes);
}

/* Sends until nothing has moved for a while. */
static size_t
send_until_stuck(int fd, uint64_t *seed)
{
	char *piece = malloc(PIECE);
	size_t total = 0, at = 0;
	struct pollfd p = { fd, POLLOUT, 0 };

	fill(piece, PIECE, seed);
	while (poll(&p, 1, 500) == 1) {
		ssize_t n = send(fd, piece + at, PIECE - at,
		    MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0) {
			ck_assert_int_eq(errno, EAGAIN);
			continue;
		}
		total += (size_t)n;
		at += (size_t)n;
		if (at == PIECE) {
			fill(piece, PIECE, seed);
			at = 0;
		}
		ck_assert_msg(total < 200 << 20, "nobody stops the sender");
	}
	free(piece);
	return total;
}

START_TEST(a_receiver_that_never_reads)
{
	for (enum mode m = PLAIN; m < MODES; m++) {
		uint16_t server_port, port;
		int fd = listen_any(&server_port), client, server;
		size_t before, sent, rest;
		struct flow seen;
		uint64_t seed = 5;

		port = start_relay(m, 1, false, server_port);
		client = dial(port);
		server = take(fd);
		put(client, "x", 1);
		ck_assert_uint_eq(get(server, &(char){ 0 }, 1), 1);
		before = bytes_now();
		atomic_store(&peak_stash, 0);
		sent = send_until_stuck(client, &seed);
		if (m != SPLICED)	/* the pipe holds it */
			ck_assert_uint_gt(atomic_load(&peak_stash), 0);
		/* One read, and the heads and tails of records with TLS. */
		ck_assert_uint_le(atomic_load(&peak_stash), 130 * 1024);
		/* A stash in each relay: one or two chunks. */
		ck_assert_uint_le(bytes_now() - before,
		    (size_t)(stage.relays * 2 * 130 * 1024));
		shutdown(client, SHUT_WR);
		rest = sent % 8;
		seen = (struct flow){ server, 5, sent - rest, false };
		check_flow(&seen);
		ck_assert_uint_eq(get(server, &(uint64_t){ 0 }, 8), rest);
		/* All drained: the idle pair owns no buffer. */
		if (m != TLS)
			ck_assert_uint_eq(bytes_now(), before);
		close(client);
		close(server);
		close(fd);
		stop_relay();
	}
}
END_TEST

START_TEST(one_byte_at_a_time)
{
	for (enum mode m = PLAIN; m < MODES; m++) {
		uint16_t server_port, port;
		int fd = listen_any(&server_port), client, server;
		enum { LEN = 20000 };
		static char out[LEN], in[LEN];
		uint64_t seed = 3;
		pthread_t e;

		port = start_relay(m, 1, false, server_port);
		client = dial(port);
		server = take(fd);
		pthread_create(&e, NULL, echo, &server);
		fill(out, LEN, &seed);
		for (int i = 0; i < LEN; i++)
			put(client, out + i, 1);
		ck_assert_uint_eq(get(client, in, LEN), LEN);
		ck_assert_int_eq(memcmp(in, out, LEN), 0);
		close(client);
		pthread_join(e, NULL);
		close(fd);
		stop_relay();
	}
}
END_TEST

/* Between the two TLS relays: passes bytes on in slices of 1 to 700. */
struct slicer {
	int listening_fd;
	uint16_t to;
	int connections;
};

static bool
slice_some(int from, int to, uint64_t *seed)
{
	char piece[700];
	ssize_t n = recv(from, piece, 1 + next_word(seed) % 700, 0);

	if (n > 0)
		put(to, piece, (size_t)n);
	else
		shutdown(to, SHUT_WR);
	return n > 0;
}

static void *
slice(void *arg)
{
	struct slicer *s = arg;
	uint64_t seed = 1234;

	for (int i = 0; i < s->connections; i++) {
		int a = take(s->listening_fd), b = dial(s->to);
		struct pollfd p[2] = { { a, POLLIN, 0 }, { b, POLLIN, 0 } };
		int open = 2;

		while (open > 0) {
			ck_assert_int_ge(poll(p, 2, 60000), 1);
			if (p[0].revents != 0 && !slice_some(a, b, &seed)) {
				p[0].fd = -1;
				open--;
			}
			if (p[1].revents != 0 && !slice_some(b, a, &seed)) {
				p[1].fd = -1;
				open--;
			}
		}
		close(a);
		close(b);
	}
	return NULL;
}

START_TEST(tls_in_small_slices)
{
	uint16_t server_port, port, slicer_port;
	int fd = listen_any(&server_port);
	struct slicer s = { listen_any(&slicer_port), 0, 60 / SLOW };
	pthread_t t, e;

	port = start_relay(TLS, 1, false, server_port);
	address_ip(TEXT("127.0.0.1"), slicer_port, &relays[0].target);
	s.to = relays[1].port;
	pthread_create(&t, NULL, slice, &s);
	for (int i = 0; i < s.connections; i++) {
		int client = dial(port), server;
		struct flow up = { client, (uint64_t)i + 1, 40000, true };
		struct flow seen = { client, (uint64_t)i + 1, 40000, true };
		pthread_t u;

		pthread_create(&u, NULL, send_flow, &up);
		server = take(fd);
		pthread_create(&e, NULL, echo, &server);
		check_flow(&seen);
		pthread_join(u, NULL);
		pthread_join(e, NULL);
		close(client);
	}
	pthread_join(t, NULL);
	close(s.listening_fd);
	close(fd);
	stop_relay();
}
END_TEST

START_TEST(connections_come_and_go)
{
	uint16_t server_port, port;
	int fd = listen_any(&server_port);
	size_t before;
	char word[4];

	port = start_relay(PLAIN, 4, false, server_port);
	before = bytes_now();
	for (int i = 0; i < 500; i++) {
		int a = dial(port), b = take(fd);

		put(a, "ping", 4);
		ck_assert_uint_eq(get(b, word, 4), 4);
		close(i % 2 == 0 ? a : b);
		ck_assert_uint_eq(get(i % 2 == 0 ? b : a, word, 1), 0);
		close(i % 2 == 0 ? b : a);
	}
	while (atomic_load(&pairs_alive) > 0)
		usleep(1000);		/* until all have gone */
	ck_assert_uint_eq(bytes_now(), before);
	close(fd);
	stop_relay();
}
END_TEST

ENGINES_MAIN("net/stream", a_million_messages_arrive, messages_arrive_over_tls,
    four_loops_share_the_work, a_pair_moves_under_traffic,
    bulk_arrives_unchanged, half_closes_both_ways, resets_pass_both_ways,
    a_receiver_that_never_reads, one_byte_at_a_time, tls_in_small_slices,
    connections_come_and_go)
