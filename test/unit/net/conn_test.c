/* SPDX-License-Identifier: ISC */
/*
 * conn_test.c - the promises of net/conn.h, one by one: a conn of the test's
 * own loop on one side, a bare socket of the test on the other.
 */
#include "unit.h"

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "certkit.h"
#include "engines.h"

#include "base/clock.h"
#include "base/mem.h"
#include "net/conn.h"
#include "net/socket.h"
#include "net/stream.h"

/* ---- the frame */

enum { MOST_TRACE = 4096 };

static struct loop *loop;
static char trace[MOST_TRACE];		/* what the handlers were told */
static const struct close_reason *ended;
static char error_text[128];
static bool inside;			/* a call of ours is on the stack */
static bool yes;			/* what may_read says */

static void
note(const char *word)
{
	ck_assert_msg(!inside, "%s from inside a call", word);
	strncat(trace, word, MOST_TRACE - strlen(trace) - 1);
}

static void
on_ready(struct conn *c)
{
	note("r");
}

static void
on_data(struct conn *c, struct text t)
{
	char word[64];

	snprintf(word, sizeof word, "[%.*s]", (int)(t.len < 50 ? t.len : 50),
	    t.len == 0 ? "" : t.at);
	note(word);
}

static void
on_eof(struct conn *c)
{
	note("e");
}

static void
on_drained(struct conn *c)
{
	note("d");
}

static void
on_closed(struct conn *c, const struct close_reason *reason)
{
	note("c");
	ended = reason;
	snprintf(error_text, sizeof error_text, "%s", conn_error(c));
	conn_close(c, reason);		/* harmless */
}

static bool
may_read(struct conn *c)
{
	note("?");
	return yes;
}

static const struct conn_handler plain = { .ready = on_ready,
	.data = on_data, .drained = on_drained, .closed = on_closed };
static const struct conn_handler halves = { .ready = on_ready,
	.data = on_data, .eof = on_eof, .drained = on_drained,
	.closed = on_closed };
static const struct conn_handler asking = { .may_read = may_read,
	.data = on_data, .drained = on_drained, .closed = on_closed };
static const struct conn_handler asking_halves = { .may_read = may_read,
	.data = on_data, .eof = on_eof, .closed = on_closed };

static void
begin(void)
{
	struct why why;

	loop = loop_new(&why);
	ck_assert_ptr_nonnull(loop);
	trace[0] = '\0';
	ended = NULL;
	yes = false;
}

static void
end(void)
{
	ck_assert_uint_eq(conn_count(loop), 0);
	loop_free(&loop);
}

static void
on_over(void *arg)
{
	loop_stop(loop);
}

static void
run_for(int64_t usec)
{
	struct timer t;

	timer_init(&t, loop, on_over, NULL);
	timer_after(&t, usec);
	loop_run(loop);
}

static void
run(void)
{
	run_for(30 * CLOCK_MS);
}

static void
expect(const char *want)
{
	for (int i = 0; i < 100 && strlen(trace) < strlen(want); i++)
		run();			/* a loaded machine, a sanitizer */
	run();				/* and nothing behind it */
	ck_assert_str_eq(trace, want);
	trace[0] = '\0';
}

static int
listen_on(struct address *a)
{
	struct why why;
	int fd;

	address_ip(TEXT("127.0.0.1"), 0, a);
	fd = socket_listen(a, 16, false, false, &why);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(socket_local(fd, a), 0);
	return fd;
}

/* A conn and the bare socket it talks to. */
static struct conn *
make_conn(const struct conn_handler *h, int *peer)
{
	const int one = 1;
	struct address a;
	int fd = listen_on(&a), own;
	struct conn *c;

	*peer = socket(AF_INET, SOCK_STREAM, 0);
	ck_assert_int_eq(connect(*peer, &a.sa, a.len), 0);
	setsockopt(*peer, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	own = accept4(fd, NULL, NULL, SOCK_NONBLOCK);
	close(fd);
	c = conn_accept(loop, own, h, trace);
	ck_assert_ptr_nonnull(c);
	ck_assert_ptr_eq(conn_owner(c), trace);
	ck_assert_ptr_eq(conn_loop(c), loop);
	ck_assert_int_eq(conn_fd(c), own);
	run();
	ck_assert_str_eq(trace, "");
	return c;
}

static void
put(int fd, const char *word)
{
	ck_assert_int_eq(send(fd, word, strlen(word), MSG_NOSIGNAL),
	    (ssize_t)strlen(word));
}

static void
expect_word(int fd, const char *word)
{
	char got[256] = "";
	ssize_t n = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);

	/* What was sent goes at the latest when the turn ends. */
	for (int i = 0; i < 100 && n < 0 && errno == EAGAIN; i++) {
		run_for(CLOCK_MS);
		n = recv(fd, got, sizeof got - 1, MSG_DONTWAIT);
	}

	ck_assert_msg(n >= 0, "%s", strerror(errno));
	ck_assert_str_eq(got, word);
}

static void
set_reset(int fd)
{
	const struct linger now = { 1, 0 };

	setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

static void
close_here(struct conn *c)
{
	inside = true;
	conn_close(c, &close_eof);
	conn_close(c, &close_eof);
	inside = false;
	expect("");
}

/* ---- reading */

START_TEST(bytes_then_the_end)
{
	int peer;

	begin();
	make_conn(&plain, &peer);
	put(peer, "hello");
	expect("[hello]");
	put(peer, "bye");
	close(peer);
	expect("[bye]c");
	ck_assert_ptr_eq(ended, &close_eof);
	end();
}
END_TEST

START_TEST(half_an_end_is_told_as_such)
{
	struct conn *c;
	int peer;

	begin();
	c = make_conn(&halves, &peer);
	put(peer, "bye");
	shutdown(peer, SHUT_WR);
	expect("[bye]e");
	conn_send(c, TEXT("more"));
	expect_word(peer, "more");
	conn_shut(c);
	expect_word(peer, "");
	set_reset(peer);		/* the end behind both halves */
	close(peer);
	conn_close(c, &close_eof);
	expect("");
	end();
}
END_TEST

START_TEST(a_reset_is_told)
{
	int peer;

	begin();
	make_conn(&halves, &peer);
	set_reset(peer);
	close(peer);
	expect("c");
	ck_assert_ptr_eq(ended, &close_reset);
	ck_assert_str_eq(error_text, "Connection reset by peer");
	end();
}
END_TEST

START_TEST(a_reset_after_half_an_end_is_told)
{
	struct conn *c;
	int peer;

	begin();
	c = make_conn(&halves, &peer);
	shutdown(peer, SHUT_WR);
	expect("e");
	conn_send(c, TEXT("unread"));
	set_reset(peer);
	close(peer);
	expect("c");
	ck_assert_ptr_eq(ended, &close_reset);
	end();
}
END_TEST

START_TEST(held_it_hears_nothing)
{
	struct conn *c;
	int peer;

	begin();
	c = make_conn(&plain, &peer);
	conn_hold(c);
	conn_hold(c);
	put(peer, "one");
	expect("");
	put(peer, "two");
	ck_assert(conn_waiting(c));
	inside = true;
	conn_resume(c);
	inside = false;
	expect("[onetwo]");
	ck_assert(!conn_waiting(c));
	conn_hold(c);
	put(peer, "three");
	close(peer);
	expect("");
	conn_resume(c);
	expect("[three]c");
	end();
}
END_TEST

START_TEST(asked_before_each_read)
{
	struct conn *c;
	int peer;

	begin();
	c = make_conn(&asking, &peer);
	put(peer, "query");
	expect("?");
	conn_wake(c);			/* still no */
	expect("?");
	yes = true;
	conn_wake(c);			/* inside the call */
	ck_assert_str_eq(trace, "?[query]");
	conn_wake(c);			/* nothing waits: nobody is asked */
	expect("?[query]");
	close_here(c);
	close(peer);
	end();
}
END_TEST

/* A yes is always followed by data, if there was nothing by an empty one. */
START_TEST(a_yes_in_vain_is_told)
{
	struct conn *c;
	char byte[8];
	int peer;

	if (on_uring())			/* it has them before it asks */
		return;
	begin();
	c = make_conn(&asking, &peer);
	put(peer, "x");
	expect("?");
	ck_assert_int_eq(recv(conn_fd(c), byte, 8, 0), 1);	/* stolen */
	yes = true;
	conn_wake(c);
	expect("?[]");
	close_here(c);
	close(peer);
	end();
}
END_TEST

START_TEST(refused_and_gone)
{
	struct conn *c;
	int peer;

	begin();
	c = make_conn(&asking, &peer);
	put(peer, "query");
	expect("?");
	ck_assert(!conn_ended(c));
	close(peer);
	expect("?c");
	ck_assert_ptr_eq(ended, &close_eof);
	/* With eof() it may be half an end only: it waits. */
	c = make_conn(&asking_halves, &peer);
	put(peer, "query");
	shutdown(peer, SHUT_WR);
	expect(on_uring() ? "??" : "?");
	ck_assert(conn_ended(c));
	yes = true;
	conn_wake(c);
	expect("?[query]?e");
	close_here(c);
	close(peer);
	end();
}
END_TEST

START_TEST(refused_and_reset)
{
	struct conn *c;
	int peer;

	begin();
	c = make_conn(&asking, &peer);
	put(peer, "query");
	expect("?");
	ck_assert(conn_waiting(c));
	set_reset(peer);
	close(peer);
	expect("c");
	ck_assert_ptr_eq(ended, &close_reset);
	end();
}
END_TEST

START_TEST(the_next_handler_is_asked)
{
	struct conn *c;
	int peer;

	begin();
	c = make_conn(&asking, &peer);
	put(peer, "query");
	expect("?");
	inside = true;
	conn_hand_to(c, &plain, NULL);
	inside = false;
	ck_assert_ptr_null(conn_owner(c));
	expect("[query]");
	close_here(c);
	close(peer);
	end();
}
END_TEST

/* Each wakes the next from its data(): slices must survive the nesting. */
enum { CHAIN = 12 };

static struct conn *chain[CHAIN];
static unsigned deepest, depth;

static void
on_chain_data(struct conn *c, struct text t)
{
	unsigned me = (unsigned)(uintptr_t)conn_owner(c);
	char want[16];

	snprintf(want, sizeof want, "number %u", me);
	if (++depth > deepest)
		deepest = depth;
	if (me + 1 < CHAIN) {
		yes = true;
		conn_wake(chain[me + 1]);
	}
	conn_wake(c);			/* itself: harmless */
	ck_assert(text_is(t, want));
	depth--;
	note(".");
}

static bool
may_read_chain(struct conn *c)
{
	return yes;
}

static const struct conn_handler chained = { .may_read = may_read_chain,
	.data = on_chain_data, .closed = on_closed };

START_TEST(wakes_nest)
{
	int peers[CHAIN];
	char word[16];

	begin();
	for (uintptr_t i = 0; i < CHAIN; i++) {
		chain[i] = make_conn(&chained, &peers[i]);
		conn_hand_to(chain[i], &chained, (void *)i);
		snprintf(word, sizeof word, "number %u", (unsigned)i);
		put(peers[i], word);
	}
	run();
	conn_wake(chain[0]);
	ck_assert_str_eq(trace, "");
	yes = true;
	conn_wake(chain[0]);
	expect("............");
	ck_assert_uint_gt(deepest, 2);
	ck_assert_uint_le(deepest, STREAM_NESTS);
	for (int i = 0; i < CHAIN; i++) {
		conn_close(chain[i], &close_eof);
		close(peers[i]);
	}
	run();
	end();
}
END_TEST

static void
on_data_close(struct conn *c, struct text t)
{
	on_data(c, t);
	conn_close(c, &close_eof);
}

static const struct conn_handler closing = { .data = on_data_close,
	.closed = on_closed };

START_TEST(closed_in_its_own_callback)
{
	char *big = mem_zero(300000);
	int peer;

	begin();
	make_conn(&closing, &peer);
	memset(big, 'x', 300000);
	ck_assert_int_gt(send(peer, big, 300000, MSG_DONTWAIT), 200000);
	run();
	ck_assert_ptr_null(strstr(trace, "]["));	/* told once */
	ck_assert_ptr_null(ended);
	mem_drop(big);
	close(peer);
	end();
}
END_TEST

/* Two busy streams: the one whose turn is first ends the other's. */
static struct conn *rivals[2];

static void
on_data_kill(struct conn *c, struct text t)
{
	struct conn **other = &rivals[rivals[0] == c];

	if (++depth > 6 && *other != NULL) {
		conn_close(*other, &close_eof);
		*other = NULL;
	}
}

static const struct conn_handler killing = { .data = on_data_kill,
	.closed = on_closed };

START_TEST(closed_while_it_waits_for_its_turn)
{
	char *big = mem_zero(1 << 20);
	int peers[2], survivor;

	begin();
	depth = 0;
	for (int i = 0; i < 2; i++) {
		rivals[i] = make_conn(&killing, &peers[i]);
		conn_hold(rivals[i]);
		ck_assert_int_gt(send(peers[i], big, 1 << 20, MSG_DONTWAIT),
		    500000);
	}
	run();
	conn_resume(rivals[0]);
	conn_resume(rivals[1]);
	run();
	survivor = rivals[0] == NULL;
	ck_assert_ptr_null(rivals[!survivor]);
	ck_assert_uint_eq(conn_count(loop), 1);
	conn_close(rivals[survivor], &close_eof);
	expect("");
	mem_drop(big);
	close(peers[0]);
	close(peers[1]);
	end();
}
END_TEST

/* ---- how many calls of the kernel */

static const struct engine *real;
static struct engine counted;
static unsigned sends, receives, pieces;

static ssize_t
count_send(struct conn *c, const struct iovec *piece, int count)
{
	sends++;
	pieces += (unsigned)count;
	return real->send(c, piece, count);
}

static enum engine_got
count_receive(struct conn *c, size_t most, struct text *to)
{
	receives++;
	return real->receive(c, most, to);
}

static void
count_calls(struct conn *c)
{
	real = c->home->engine;
	counted = *real;
	counted.send = count_send;
	counted.receive = count_receive;
	c->home->engine = &counted;
	sends = receives = pieces = 0;
}

START_TEST(one_message_one_call)
{
	struct conn *c;
	int peer;

	begin();
	c = make_conn(&plain, &peer);
	count_calls(c);
	for (int i = 0; i < 100; i++) {
		put(peer, "question");
		expect("[question]");
		conn_send(c, TEXT("answer"));
		expect_word(peer, "answer");
	}
	ck_assert_uint_eq(receives, 100);
	ck_assert_uint_eq(sends, 100);
	ck_assert_ptr_null(c->rare);
	close_here(c);
	close(peer);
	end();
}
END_TEST

START_TEST(corked_pieces_go_together)
{
	const char *slice = "abcdefgh";
	struct conn *c;
	char *batch;
	int peer;

	begin();
	c = make_conn(&plain, &peer);
	count_calls(c);
	conn_cork(c);
	conn_send(c, TEXT("one "));
	conn_cork(c);				/* they nest */
	batch = conn_batch(c, 4);
	memcpy(batch, "two ", 4);
	conn_send(c, (struct text){ batch, 4 });
	conn_uncork(c);
	ck_assert_uint_eq(sends, 0);
	memcpy(memset(conn_batch(c, 65536), 'x', 65536), "never sent", 10);
	{
		char dies[] = "three";

		conn_send_copy(c, text_of(dies));
		memset(dies, 'X', sizeof dies);
	}
	conn_uncork(c);
	ck_assert_uint_eq(sends, 1);
	ck_assert_uint_eq(pieces, 3);
	expect_word(peer, "one two three");
	/* Neighbours in memory are one piece, by send instead of sendmsg. */
	conn_cork(c);
	for (int i = 0; i < 8; i++)
		conn_send(c, (struct text){ slice + i, 1 });
	conn_uncork(c);
	ck_assert_uint_eq(sends, 2);
	ck_assert_uint_eq(pieces, 4);
	expect_word(peer, "abcdefgh");
	conn_cork(c);
	conn_uncork(c);
	ck_assert_uint_eq(sends, 2);
	close_here(c);
	close(peer);
	end();
}
END_TEST

START_TEST(a_cork_holds_more_than_a_vector)
{
	struct conn *c, *other;
	char got[1200];
	int peer, second;

	begin();
	c = make_conn(&plain, &peer);
	other = make_conn(&plain, &second);
	conn_cork(other);			/* two at a time */
	conn_send(other, TEXT("other"));
	conn_cork(c);
	for (int i = 0; i < 300; i++) {
		char *at = conn_batch(c, 8);

		snprintf(at, 8, "%03d", i);
		conn_send(c, (struct text){ at, 3 });
	}
	conn_uncork(c);
	run();
	ck_assert_int_eq(recv(peer, got, sizeof got, 0), 900);
	for (int i = 0; i < 300; i++) {
		char want[4];

		snprintf(want, sizeof want, "%03d", i);
		ck_assert_int_eq(memcmp(got + 3 * i, want, 3), 0);
	}
	conn_close(other, &close_eof);		/* what is corked is sent */
	expect_word(second, "other");
	close_here(c);
	close(peer);
	close(second);
	end();
}
END_TEST

/* ---- what the peer does not take */

enum { LOAD = 20 << 20 };

static char *
send_load(struct conn *c)
{
	char *load = mem_get(LOAD);

	for (size_t i = 0; i < LOAD; i++)
		load[i] = (char)(i * 2654435761u >> 24);
	conn_send(c, (struct text){ load, LOAD });
	ck_assert(conn_full(c));
	return load;
}

/* Reads at the peer, the loop in between; true: all came, and an end. */
static bool
read_load(int peer, const char *load)
{
	static char got[1 << 20];
	size_t at = 0;
	ssize_t n;

	for (int i = 0; i < 10000; i++) {
		n = recv(peer, got, sizeof got, MSG_DONTWAIT);
		if (n == 0)
			return at == LOAD;
		if (n > 0) {
			ck_assert_int_eq(memcmp(load + at, got, (size_t)n),
			    0);
			at += (size_t)n;
		} else if (at == LOAD)
			return true;
		run_for(CLOCK_MS / 2);
	}
	return false;
}

START_TEST(the_rest_is_stashed_and_drained)
{
	struct conn *c;
	char *load;
	int peer;

	begin();
	c = make_conn(&plain, &peer);
	load = send_load(c);
	ck_assert_uint_gt(conn_stashed(c), 0);
	ck_assert_uint_ge(conn_bytes(loop), conn_stashed(c));
	ck_assert(read_load(peer, load));
	expect("d");
	ck_assert(!conn_full(c));
	ck_assert_uint_eq(conn_stashed(c), 0);
	ck_assert_ptr_null(c->rare);	/* an idle conn owns nothing */
	mem_drop(load);
	close_here(c);
	close(peer);
	end();
}
END_TEST

START_TEST(the_end_comes_behind_the_stash)
{
	struct conn *c;
	char *load;
	int peer;

	begin();
	c = make_conn(&plain, &peer);
	load = send_load(c);
	conn_shut(c);
	conn_send(c, TEXT("too late"));
	ck_assert(read_load(peer, load));
	expect("d");
	expect_word(peer, "");
	mem_drop(load);
	close_here(c);
	close(peer);
	end();
}
END_TEST

START_TEST(closed_but_for_its_stash)
{
	struct conn *c;
	char *load;
	int peer;

	begin();
	c = make_conn(&plain, &peer);
	load = send_load(c);
	put(peer, "not read any more");
	conn_close_flushed(c, &close_eof, 10 * CLOCK_SECOND);
	conn_close_flushed(c, &close_eof, 10 * CLOCK_SECOND);
	conn_close(c, &close_eof);
	ck_assert(read_load(peer, load));
	expect("");
	mem_drop(load);
	close(peer);
	end();
}
END_TEST

START_TEST(a_flush_has_its_limit)
{
	struct conn *c;
	char *load;
	int peer;

	begin();
	c = make_conn(&plain, &peer);
	load = send_load(c);
	conn_close_flushed(c, &close_eof, 100 * CLOCK_MS);
	run();
	ck_assert_uint_eq(conn_count(loop), 1);
	run_for(150 * CLOCK_MS);
	ck_assert_uint_eq(conn_count(loop), 0);
	ck_assert_str_eq(trace, "");
	mem_drop(load);
	close(peer);
	end();
}
END_TEST

/* A server says why it goes and is gone when our next question comes. */
START_TEST(last_words_are_heard)
{
	struct conn *c;
	int peer;

	begin();
	c = make_conn(&plain, &peer);
	conn_hold(c);
	conn_send(c, TEXT("question"));
	run();
	put(peer, "I go");
	close(peer);			/* question unread: reset */
	usleep(10000);			/* the reset has arrived */
	inside = true;
	conn_send(c, TEXT("second"));	/* fails, and does not tell */
	conn_send(c, TEXT("third"));
	inside = false;
	ck_assert(!conn_full(c));
	conn_resume(c);
	run();
	ck_assert_ptr_eq(ended, &close_reset);
	ck_assert_int_eq(trace[strlen(trace) - 1], 'c');
	ck_assert_str_eq(trace, "[I go]c");
	end();
}
END_TEST

START_TEST(no_memory_for_a_stash)
{
	struct conn *c;
	char *load;
	int peer;

	begin();
	c = make_conn(&plain, &peer);
	load = mem_zero(LOAD);
	mem_fail_at(1);
	inside = true;
	conn_send(c, (struct text){ load, LOAD });
	inside = false;
	mem_fail_at(0);
	expect("c");
	ck_assert_ptr_eq(ended, &close_memory);
	mem_drop(load);
	close(peer);
	end();
}
END_TEST

START_TEST(a_close_can_reset)
{
	struct conn *c;
	char byte;
	int peer;

	begin();
	c = make_conn(&plain, &peer);
	conn_set_reset(c);
	close_here(c);
	ck_assert_int_eq(recv(peer, &byte, 1, 0), -1);
	ck_assert_int_eq(errno, ECONNRESET);
	close(peer);
	end();
}
END_TEST

/* ---- dialling */

START_TEST(dialling_and_sending_at_once)
{
	struct address a;
	struct conn *c;
	int fd, peer, value = 0;
	socklen_t len = sizeof value;

	begin();
	fd = listen_on(&a);
	inside = true;
	c = conn_dial(loop, &a, NULL, NULL, CLOCK_SECOND, &plain, NULL);
	conn_send(c, TEXT("early"));
	inside = false;
	getsockopt(conn_fd(c), IPPROTO_TCP, TCP_NODELAY, &value, &len);
	ck_assert_int_eq(value, 1);
	expect("rd");
	peer = accept(fd, NULL, NULL);
	expect_word(peer, "early");
	run_for(1200 * CLOCK_MS);		/* the limit is over */
	put(peer, "late");
	expect("[late]");
	close_here(c);
	close(peer);
	close(fd);
	end();
}
END_TEST

START_TEST(nobody_listens)
{
	struct address a;
	struct conn *c;

	begin();
	close(listen_on(&a));
	inside = true;
	c = conn_dial(loop, &a, NULL, NULL, CLOCK_SECOND, &plain, NULL);
	inside = false;
	ck_assert_ptr_nonnull(c);
	expect("c");
	ck_assert_ptr_eq(ended, &close_connect_failed);
	ck_assert_str_eq(error_text, "Connection refused");
	/* A unix path fails inside connect(), and is told later too. */
	ck_assert_int_eq(address_unix(TEXT("/nonexistent/s"), &a, NULL), 0);
	inside = true;
	c = conn_dial(loop, &a, NULL, NULL, CLOCK_SECOND, &plain, NULL);
	inside = false;
	ck_assert_ptr_nonnull(c);
	expect("c");
	ck_assert_ptr_eq(ended, &close_connect_failed);
	ck_assert_str_eq(error_text, "No such file or directory");
	end();
}
END_TEST

START_TEST(nobody_answers)
{
	struct address a;
	int fd, waiting[8];

	begin();
	address_ip(TEXT("127.0.0.1"), 0, &a);
	fd = socket_listen(&a, 0, false, false, NULL);
	socket_local(fd, &a);
	for (int i = 0; i < 8; i++) {		/* its queue is full */
		waiting[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		(void)connect(waiting[i], &a.sa, a.len);
	}
	usleep(10000);			/* the kernel has answered them */
	ck_assert_ptr_nonnull(conn_dial(loop, &a, NULL, NULL, 100 * CLOCK_MS,
	    &plain, NULL));
	expect("");
	run_for(150 * CLOCK_MS);
	ck_assert_str_eq(trace, "c");
	ck_assert_ptr_eq(ended, &close_connect_timeout);
	for (int i = 0; i < 8; i++)
		close(waiting[i]);
	close(fd);
	end();
}
END_TEST

START_TEST(closed_while_dialling)
{
	struct address a;
	struct conn *c;
	int fd;

	begin();
	fd = listen_on(&a);
	c = conn_dial(loop, &a, NULL, NULL, CLOCK_SECOND, &plain, NULL);
	conn_send(c, TEXT("never"));
	conn_close_flushed(c, &close_eof, CLOCK_SECOND);
	expect("");
	close(fd);
	end();
}
END_TEST

/* ---- moving */

static void
on_left(struct conn *c, void *arg)
{
	note("l");
	*(struct conn **)arg = c;
}

START_TEST(a_move_takes_all_along)
{
	struct conn *c, *left = NULL;
	char *load;
	int peer;

	begin();
	c = make_conn(&plain, &peer);
	load = send_load(c);
	conn_hold(c);
	put(peer, "waiting");
	run();
	inside = true;
	conn_leave(c, on_left, &left);
	inside = false;
	expect("l");
	ck_assert_ptr_eq(left, c);
	ck_assert_uint_eq(conn_count(loop), 0);
	put(peer, " for you");
	expect("");
	inside = true;
	conn_join(c, loop);
	conn_resume(c);
	inside = false;
	expect(on_uring() ? "[waiting][ for you]" : "[waiting for you]");
	ck_assert_uint_eq(conn_count(loop), 1);
	ck_assert(read_load(peer, load));
	expect("d");
	ck_assert_ptr_null(c->rare);
	mem_drop(load);
	close_here(c);
	close(peer);
	end();
}
END_TEST

/* ---- memory */

START_TEST(idle_conns_are_small)
{
	enum { MANY = 400 };
	static int peers[MANY];
	size_t before;

	begin();
	ck_assert_uint_le(sizeof(struct conn), 192);
	make_conn(&plain, &peers[0]);
	before = conn_bytes(loop);
	for (int i = 1; i < MANY; i++) {
		int two[2];

		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM |
		    SOCK_NONBLOCK, 0, two), 0);
		peers[i] = two[0];
		ck_assert_ptr_nonnull(conn_accept(loop, two[1], &plain,
		    trace));
	}
	for (int i = 0; i < MANY; i++)
		put(peers[i], "x");
	run();
	ck_assert_uint_eq(strlen(trace), 3 * MANY);
	trace[0] = '\0';
	ck_assert_uint_eq(conn_bytes(loop) - before,
	    (MANY - 1) * sizeof(struct conn));
	ck_assert_uint_eq(conn_count(loop), MANY);
	for (int i = 0; i < MANY; i++)
		close(peers[i]);
	run();
	ck_assert_uint_eq(strlen(trace), MANY);
	ck_assert_uint_eq(conn_bytes(loop), 0);
	end();
}
END_TEST

/* ---- TLS between two conns of the loop */

static struct certkit kit;
static struct conn *near_end, *far_end;
static const char *const cert_names[] = { "localhost", NULL };

static struct tls *
make_tls(bool server, enum tls_verify verify)
{
	char cert[128], key[128];
	struct tls_options o = {
		.server = server,
		.ca_file = kit.ca,
		.cert_file = certkit_path(&kit, "localhost.crt", cert),
		.key_file = certkit_path(&kit, "localhost.key", key),
		.verify = verify,
		.verify_name = true,
		.alpn = "postgresql",
	};
	struct why why = { "", "" };
	struct tls *t = tls_new(&o, &why);

	ck_assert_msg(t != NULL, "%s", why.line);
	return t;
}

static void
begin_tls(void)
{
	begin();
	certkit_init(&kit);
	certkit_make(&kit, "localhost", "joe", "DNS:localhost,DNS:jane");
}

static void
end_tls(void)
{
	end();
	certkit_fini(&kit, cert_names);
}

static char far_trace[MOST_TRACE];

static void
on_far_ready(struct conn *c)
{
	strncat(far_trace, "R", MOST_TRACE - strlen(far_trace) - 1);
}

static void
on_far_data(struct conn *c, struct text t)
{
	snprintf(far_trace + strlen(far_trace), MOST_TRACE -
	    strlen(far_trace), "{%.*s}", (int)(t.len < 50 ? t.len : 50),
	    t.at);
}

static void
on_far_closed(struct conn *c, const struct close_reason *reason)
{
	strncat(far_trace, "C", MOST_TRACE - strlen(far_trace) - 1);
	far_end = NULL;
}

static const struct conn_handler far = { .ready = on_far_ready,
	.data = on_far_data, .closed = on_far_closed };

/* near dials, far accepts; both contexts are let go at once. */
static void
join_tls(const char *name, enum tls_verify verify)
{
	struct tls *ct = make_tls(false, TLS_VERIFY_REQUIRED);
	struct tls *st = make_tls(true, verify);
	struct address a;
	int fd = listen_on(&a), got;

	far_trace[0] = '\0';
	near_end = conn_dial(loop, &a, ct, name, CLOCK_SECOND, &plain, NULL);
	got = accept(fd, NULL, NULL);
	ck_assert_int_eq(fcntl(got, F_SETFL, O_NONBLOCK), 0);
	far_end = conn_accept(loop, got, &far, NULL);
	conn_start_tls(far_end, st, NULL, TEXT_NONE);
	tls_drop(&ct);
	tls_drop(&st);
	close(fd);
}

START_TEST(tls_both_sides)
{
	char text[128];

	begin_tls();
	join_tls("localhost", TLS_VERIFY_REQUIRED);
	conn_send(near_end, TEXT("early"));
	expect("r");
	ck_assert_str_eq(far_trace, "R{early}");
	ck_assert(tls_is_on(near_end) && tls_is_on(far_end));
	ck_assert_str_eq(tls_describe(far_end, text, sizeof text),
	    "TLSv1.3/TLS_AES_256_GCM_SHA384");
	ck_assert(tls_has_alpn(near_end) && tls_has_alpn(far_end));
	ck_assert(tls_peer_has_cert(far_end));
	tls_peer_name(far_end, text, sizeof text);
	ck_assert_str_eq(text, "joe");
	ck_assert(tls_peer_is(far_end, TEXT("joe")));
	ck_assert(tls_peer_is(far_end, TEXT("jane")));
	ck_assert(!tls_peer_is(far_end, TEXT("jan")));
	ck_assert(!tls_peer_is(far_end, TEXT("")));
	conn_send(far_end, TEXT("answer"));
	expect("[answer]");
	conn_close(near_end, &close_eof);
	expect("");
	ck_assert_str_eq(far_trace, "R{early}C");
	end_tls();
}
END_TEST

START_TEST(tls_is_one_send_a_message)
{
	begin_tls();
	join_tls("localhost", TLS_VERIFY_NONE);
	expect("r");
	while (strchr(far_trace, 'R') == NULL)	/* the client is ready first */
		run();
	ck_assert(!tls_peer_has_cert(far_end));
	count_calls(near_end);
	far_trace[0] = '\0';
	for (int i = 0; i < 20; i++) {
		conn_cork(near_end);
		conn_send(near_end, TEXT("one "));
		conn_send(near_end, TEXT("two "));
		conn_send_copy(near_end, TEXT("three"));
		conn_uncork(near_end);
		run();
		ck_assert_str_eq(far_trace, "{one two three}");
		far_trace[0] = '\0';
	}
	ck_assert_uint_eq(sends, 20);
	ck_assert_uint_eq(receives, 20);
	conn_close(near_end, &close_eof);
	expect("");
	end_tls();
}
END_TEST

START_TEST(tls_held_it_hears_nothing)
{
	begin_tls();
	join_tls("localhost", TLS_VERIFY_NONE);
	conn_hold(far_end);		/* from the handshake on */
	conn_send(near_end, TEXT("early"));
	expect("r");
	ck_assert_str_eq(far_trace, "R");
	conn_send(near_end, TEXT(" late"));
	expect("");
	ck_assert_str_eq(far_trace, "R");
	conn_resume(far_end);
	run();
	ck_assert(strcmp(far_trace, "R{early late}") == 0 ||
	    strcmp(far_trace, "R{early}{ late}") == 0);
	conn_hold(far_end);
	conn_send(near_end, TEXT("last"));
	conn_close(near_end, &close_eof);
	expect("");
	conn_resume(far_end);
	run();
	ck_assert_ptr_nonnull(strstr(far_trace, "{last}C"));
	end_tls();
}
END_TEST

START_TEST(tls_with_the_wrong_name)
{
	begin_tls();
	join_tls("elsewhere", TLS_VERIFY_NONE);
	expect("c");
	ck_assert_ptr_eq(ended, &close_tls);
	ck_assert_str_eq(error_text,
	    "certificate verify failed: hostname mismatch");
	ck_assert_str_eq(far_trace, "C");
	end_tls();
}
END_TEST

/* Direct TLS: data() has the first bytes of the handshake already. */
static struct tls *direct;

static void
on_first_data(struct conn *c, struct text t)
{
	ck_assert_int_eq(t.at[0], 0x16);
	conn_hand_to(c, &far, NULL);
	conn_start_tls(c, direct, NULL, t);
}

static const struct conn_handler first = { .data = on_first_data,
	.closed = on_closed };

START_TEST(tls_from_the_first_bytes)
{
	struct tls *ct;
	struct address a;
	int fd, got;

	begin_tls();
	ct = make_tls(false, TLS_VERIFY_REQUIRED);
	direct = make_tls(true, TLS_VERIFY_NONE);
	far_trace[0] = '\0';
	fd = listen_on(&a);
	near_end = conn_dial(loop, &a, ct, "localhost", CLOCK_SECOND, &plain,
	    NULL);
	got = accept(fd, NULL, NULL);
	ck_assert_int_eq(fcntl(got, F_SETFL, O_NONBLOCK), 0);
	far_end = conn_accept(loop, got, &first, NULL);
	expect("r");
	conn_send(near_end, TEXT("hello"));
	run();
	ck_assert_str_eq(far_trace, "R{hello}");
	conn_close(near_end, &close_eof);
	run();
	tls_drop(&ct);
	tls_drop(&direct);
	close(fd);
	end_tls();
}
END_TEST

START_TEST(no_tls_at_the_other_end)
{
	struct tls *st;
	struct conn *c;
	int peer;

	begin_tls();
	st = make_tls(true, TLS_VERIFY_NONE);
	c = make_conn(&plain, &peer);
	conn_start_tls(c, st, NULL, TEXT_NONE);
	put(peer, "GET / HTTP/1.0\r\n\r\n");
	expect("c");
	ck_assert_ptr_eq(ended, &close_tls);
	ck_assert_str_eq(error_text, "http request");
	close(peer);
	c = make_conn(&plain, &peer);
	conn_start_tls(c, st, NULL, TEXT_NONE);
	close(peer);
	expect("c");
	ck_assert_ptr_eq(ended, &close_tls);
	ck_assert_str_eq(error_text, "unexpected eof");
	tls_drop(&st);
	end_tls();
}
END_TEST

START_TEST(a_tls_handshake_has_its_limit)
{
	struct tls *ct;
	struct address a;
	int fd;

	begin_tls();
	ct = make_tls(false, TLS_VERIFY_NONE);
	fd = listen_on(&a);		/* takes it, and says nothing */
	ck_assert_ptr_nonnull(conn_dial(loop, &a, ct, "localhost",
	    100 * CLOCK_MS, &plain, NULL));
	expect("");
	run_for(150 * CLOCK_MS);
	ck_assert_str_eq(trace, "c");
	ck_assert_ptr_eq(ended, &close_connect_timeout);
	tls_drop(&ct);
	close(fd);
	end_tls();
}
END_TEST

ENGINES_MAIN("net/conn", bytes_then_the_end, half_an_end_is_told_as_such,
    a_reset_is_told, a_reset_after_half_an_end_is_told,
    held_it_hears_nothing, asked_before_each_read, a_yes_in_vain_is_told,
    refused_and_gone, refused_and_reset, the_next_handler_is_asked,
    wakes_nest, closed_in_its_own_callback,
    closed_while_it_waits_for_its_turn, one_message_one_call,
    corked_pieces_go_together, a_cork_holds_more_than_a_vector,
    the_rest_is_stashed_and_drained, the_end_comes_behind_the_stash,
    closed_but_for_its_stash, a_flush_has_its_limit, last_words_are_heard,
    no_memory_for_a_stash, a_close_can_reset, dialling_and_sending_at_once,
    nobody_listens, nobody_answers, closed_while_dialling,
    a_move_takes_all_along, idle_conns_are_small, tls_both_sides,
    tls_is_one_send_a_message, tls_held_it_hears_nothing,
    tls_with_the_wrong_name, tls_from_the_first_bytes,
    no_tls_at_the_other_end, a_tls_handshake_has_its_limit)
