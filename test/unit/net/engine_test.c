/* SPDX-License-Identifier: ISC */
/*
 * engine_test.c - what strains an engine: more bytes than it has buffers for,
 * streams held and let go in the middle of data, messages of all sizes, many
 * sends in one turn, a process that is killed, a kernel that refuses.
 */
#include "unit.h"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

#include "engines.h"

#include "base/clock.h"
#include "base/mem.h"
#include "net/conn.h"
#include "net/listener.h"
#include "net/socket.h"
#include "net/timer.h"

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { SLOW = 8 };
#else
enum { SLOW = 1 };
#endif

static struct loop *loop;

static void
begin(void)
{
	struct why why;

	loop = loop_new(&why);
	ck_assert_msg(loop != NULL, "%s", why.line);
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

static uint64_t
next_word(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* The n-th byte of a stream. */
static char
byte_at(size_t n)
{
	return (char)(n * 2654435761u >> 21 ^ n >> 3);
}

static void
fill(char *to, size_t at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = byte_at(at + i);
}

static bool
is_right(const char *from, size_t at, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (from[i] != byte_at(at + i))
			return false;
	return true;
}

/* ---- streams that check what they hear */

struct stream {
	struct conn *conn;
	int peer;
	size_t heard;
	bool yes, wrong, closed;
};

static void
on_data(struct conn *c, struct text t)
{
	struct stream *s = conn_owner(c);

	s->wrong |= !is_right(t.at, s->heard, t.len);
	s->heard += t.len;
}

static bool
may_read(struct conn *c)
{
	const struct stream *s = conn_owner(c);

	return s->yes;
}

static void
on_closed(struct conn *c, const struct close_reason *reason)
{
	struct stream *s = conn_owner(c);

	s->closed = true;
}

static const struct conn_handler asking = { .may_read = may_read,
	.data = on_data, .closed = on_closed };
static const struct conn_handler hearing = { .data = on_data,
	.closed = on_closed };

static void
open_stream(struct stream *s, const struct conn_handler *h)
{
	int pair[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK |
	    SOCK_CLOEXEC, 0, pair), 0);
	*s = (struct stream){ .peer = pair[1] };
	s->conn = conn_accept(loop, pair[0], h, s);
	ck_assert_ptr_nonnull(s->conn);
}

static void
close_stream(struct stream *s)
{
	if (!s->closed)
		conn_close(s->conn, &close_eof);
	close(s->peer);
}

/* As much as goes at once. */
static size_t
push(const struct stream *s, size_t at, size_t len)
{
	static char piece[65536];
	size_t done = 0;

	while (done < len) {
		size_t n = len - done < sizeof piece ? len - done :
		    sizeof piece;
		ssize_t went;

		fill(piece, at + done, n);
		went = send(s->peer, piece, n, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (went < 0)
			break;
		done += (size_t)went;
	}
	return done;
}

enum { CROWD = 400, SHARE = 20000 };

/* All at once, thrice what the ring has room for; refused, then welcome. */
START_TEST(more_bytes_than_buffers)
{
	struct rlimit files;
	struct stream *crowd = mem_need(CROWD * sizeof *crowd);
	size_t sent[CROWD], total = 0, heard = 0;

	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	begin();
	for (int i = 0; i < CROWD; i++) {
		open_stream(&crowd[i], &asking);
		crowd[i].yes = i % 2 == 0;
		sent[i] = push(&crowd[i], 0, SHARE);
		total += sent[i];
	}
	ck_assert_uint_gt(total, CROWD * SHARE / 2);
	for (int round = 0; round < 200 && heard < total; round++) {
		run_for(5 * CLOCK_MS);
		heard = 0;
		for (int i = 0; i < CROWD; i++) {
			if (round == 3) {
				crowd[i].yes = true;
				conn_wake(crowd[i].conn);
			}
			heard += crowd[i].heard;
		}
	}
	for (int i = 0; i < CROWD; i++) {
		ck_assert_uint_eq(crowd[i].heard, sent[i]);
		ck_assert(!crowd[i].wrong);
		close_stream(&crowd[i]);
	}
	run_for(5 * CLOCK_MS);
	mem_drop(crowd);
	end();
}
END_TEST

/* The rest is the kernel's to keep, and the sender's. */
START_TEST(a_refused_stream_stops_its_sender)
{
	struct stream s, gone;
	size_t sent = 0, more = 1;

	begin();
	open_stream(&s, &asking);
	for (int i = 0; i < 100 && more > 0; i++) {
		more = push(&s, sent, 1 << 20);
		sent += more;
		run_for(2 * CLOCK_MS);
	}
	ck_assert_uint_eq(more, 0);
	ck_assert_uint_lt(sent, 2 << 20);
	ck_assert(conn_waiting(s.conn) && !conn_ended(s.conn));
	s.yes = true;
	conn_wake(s.conn);
	for (int i = 0; i < 100 && s.heard < sent; i++)
		run_for(2 * CLOCK_MS);
	ck_assert_uint_eq(s.heard, sent);
	ck_assert(!s.wrong);
	close_stream(&s);
	/* Though its bytes wait unread, its end is heard of. */
	open_stream(&gone, &asking);
	ck_assert_uint_gt(push(&gone, 0, 100000), 20000);
	run_for(20 * CLOCK_MS);
	ck_assert(!gone.closed);
	close(gone.peer);
	for (int i = 0; i < 100 && !gone.closed; i++)
		run_for(5 * CLOCK_MS);
	ck_assert(gone.closed);
	run_for(5 * CLOCK_MS);
	end();
}
END_TEST

/* Held, let go, taken away and put back, always in the middle of data. */
static int away;

static void
on_left(struct conn *c, void *arg)
{
	away = 1;
}

START_TEST(interrupted_at_any_time)
{
	struct stream s;
	uint64_t seed = 42;
	size_t sent = 0;

	begin();
	open_stream(&s, &hearing);
	for (int i = 0; i < 3000 / SLOW; i++) {
		sent += push(&s, sent, 1 + next_word(&seed) % 30000);
		switch (next_word(&seed) % 6) {
		case 0:
			conn_hold(s.conn);
			break;
		case 1:
		case 2:
			conn_resume(s.conn);
			break;
		case 3:
			away = 0;
			conn_leave(s.conn, on_left, NULL);
			for (int k = 0; k < 100 && !away; k++) {
				sent += push(&s, sent, 5000);
				run_for(CLOCK_MS / 10);
			}
			ck_assert_int_eq(away, 1);
			conn_join(s.conn, loop);
			break;
		default:
			run_for(CLOCK_MS / 10);
		}
	}
	conn_resume(s.conn);
	for (int i = 0; i < 200 && s.heard < sent; i++)
		run_for(CLOCK_MS);
	ck_assert_uint_eq(s.heard, sent);
	ck_assert(!s.wrong);
	close_stream(&s);
	run_for(5 * CLOCK_MS);
	end();
}
END_TEST

/* ---- an echo of messages of all sizes: small, then bulk, and back */

static void
on_echo(struct conn *c, struct text t)
{
	conn_send(c, t);
	if (conn_full(c))
		conn_hold(c);
}

static void
on_echoed(struct conn *c)
{
	conn_resume(c);
}

static const struct conn_handler echoing = { .data = on_echo,
	.drained = on_echoed, .closed = on_closed };

static void *
send_sizes(void *arg)
{
	const struct stream *s = arg;
	uint64_t seed = 7;
	size_t at = 0;

	for (int i = 0; i < 2000 / SLOW; i++) {
		size_t len = 1 + next_word(&seed) %
		    (next_word(&seed) % 8 == 0 ? 400000 : 300);
		struct pollfd p = { s->peer, POLLOUT, 0 };

		for (size_t done = 0; done < len; ) {
			done += push(s, at + done, len - done);
			if (done < len)
				poll(&p, 1, 1000);
		}
		at += len;
		if (next_word(&seed) % 16 == 0)
			usleep(500);	/* others come in between */
	}
	shutdown(s->peer, SHUT_WR);
	return NULL;
}

static size_t echoed;
static bool echo_wrong;

static void *
check_sizes(void *arg)
{
	const struct stream *s = arg;
	struct pollfd p = { s->peer, POLLIN, 0 };
	static char piece[100000];
	ssize_t n;

	for (;;) {
		poll(&p, 1, 1000);
		n = recv(s->peer, piece, sizeof piece, MSG_DONTWAIT);
		if (n == 0)
			break;
		if (n < 0)
			continue;
		echo_wrong |= !is_right(piece, echoed, (size_t)n);
		echoed += (size_t)n;
	}
	return NULL;
}

static void
on_echo_end(struct conn *c)
{
	struct stream *s = conn_owner(c);

	s->closed = true;
	conn_close_flushed(c, &close_eof, 20 * CLOCK_SECOND);
}

START_TEST(messages_of_all_sizes)
{
	struct conn_handler h = echoing;
	struct stream s;
	pthread_t out, in;

	begin();
	h.eof = on_echo_end;
	open_stream(&s, &h);
	echoed = 0;
	echo_wrong = false;
	pthread_create(&out, NULL, send_sizes, &s);
	pthread_create(&in, NULL, check_sizes, &s);
	for (int i = 0; i < 3000 && conn_count(loop) > 0; i++)
		run_for(10 * CLOCK_MS);
	pthread_join(out, NULL);
	pthread_join(in, NULL);
	ck_assert(!echo_wrong);
	ck_assert_uint_gt(echoed, 10000000 / SLOW);
	close(s.peer);
	end();
}
END_TEST

/* More than one batch, to a socket that fills: in order, and bounded. */
START_TEST(many_sends_in_one_turn)
{
	enum { PIECE = 3000, TIMES = 3000 };
	static char piece[PIECE], got[65536];
	struct stream s;
	size_t at = 0;

	begin();
	open_stream(&s, &hearing);
	for (int i = 0; i < TIMES; i++) {
		fill(piece, (size_t)i * PIECE, PIECE);
		conn_send(s.conn, (struct text){ piece, PIECE });
	}
	memset(piece, 0, PIECE);		/* it may die at once */
	ck_assert(conn_full(s.conn));
	for (int i = 0; i < 20000 && at < (size_t)PIECE * TIMES; i++) {
		ssize_t n = recv(s.peer, got, sizeof got, MSG_DONTWAIT);

		if (n <= 0) {
			run_for(CLOCK_MS / 10);
			continue;
		}
		ck_assert(is_right(got, at, (size_t)n));
		at += (size_t)n;
	}
	ck_assert_uint_eq(at, (size_t)PIECE * TIMES);
	run_for(CLOCK_MS);
	ck_assert(!conn_full(s.conn));
	close_stream(&s);
	run_for(5 * CLOCK_MS);
	end();
}
END_TEST

/* ---- a process that is killed, and its successor */

static struct stream guests[8];
static int guest_count;

static void
on_guest(struct listener *l, int fd, const struct address *peer)
{
	struct stream *s = &guests[guest_count++ % 8];

	s->conn = conn_accept(loop, fd, &hearing, s);
	conn_send(s->conn, TEXT("hello"));
}

static void
on_resting(struct listener *l, int code, int64_t until)
{
	ck_abort_msg("accept: %s", strerror(code));
}

static const struct listener_handler welcoming = { .accepted = on_guest,
	.resting = on_resting };

static pid_t
start_server(struct address *a)
{
	struct why why = { "", "" };
	int ready[2], fd;
	char word = 'x';
	pid_t pid;

	ck_assert_int_eq(pipe(ready), 0);
	pid = fork();
	if (pid == 0) {
		fd = socket_listen(a, 16, false, false, &why);
		if (fd < 0)
			_exit(1);
		loop = loop_new(&why);
		if (loop == NULL || listener_new(loop, fd, &welcoming,
		    NULL) == NULL)
			_exit(2);
		(void)!write(ready[1], &word, 1);
		loop_run(loop);
		_exit(0);
	}
	close(ready[1]);
	ck_assert_msg(read(ready[0], &word, 1) == 1, "it does not start");
	close(ready[0]);
	return pid;
}

static int
visit(const struct address *a)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char word[5];

	ck_assert_int_eq(connect(fd, &a->sa, a->len), 0);
	ck_assert_int_eq(recv(fd, word, 5, MSG_WAITALL), 5);
	return fd;
}

START_TEST(killed_and_started_again)
{
	struct address a;
	int fd, guest[8], status;

	address_ip(TEXT("127.0.0.1"), 0, &a);
	fd = socket_listen(&a, 1, false, false, NULL);
	ck_assert_int_eq(socket_local(fd, &a), 0);
	close(fd);
	for (int i = 0; i < 10; i++) {
		pid_t pid = start_server(&a);

		for (int k = 0; k < 8; k++)
			guest[k] = visit(&a);
		kill(pid, SIGKILL);
		ck_assert_int_eq(waitpid(pid, &status, 0), pid);
		for (int k = 0; k < 8; k++)
			close(guest[k]);
	}
}
END_TEST

/* ---- a kernel, or a container, that refuses */

static void
forbid_io_uring(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
		    offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 425, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
	};
	struct sock_fprog filter = { sizeof code / sizeof code[0], code };

	ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter,
	    0, 0), 0);
}

/* Each test is a process of its own. */
START_TEST(refused_by_the_system)
{
	struct stream s;
	struct why why;

	forbid_io_uring();
	if (on_uring()) {
		ck_assert_ptr_null(loop_new(&why));
		ck_assert_str_eq(why.line, "engine \"uring\" is not "
		    "available: io_uring cannot be set up: "
		    "Operation not permitted");
	}
	setenv("WEIR_ENGINE", "auto", 1);
	begin();
	ck_assert_str_eq(loop_engine(loop), "event");
	open_stream(&s, &hearing);
	ck_assert_uint_eq(push(&s, 0, 1000), 1000);
	run_for(5 * CLOCK_MS);
	ck_assert_uint_eq(s.heard, 1000);
	close_stream(&s);
	end();
}
END_TEST

START_TEST(chosen_by_name)
{
	const char *forced = getenv("WEIR_ENGINE");
	struct why why;

	loop_set_engine("steam");		/* the environment wins */
	begin();
	ck_assert_str_eq(loop_engine(loop), forced);
	end();
	loop_set_engine(forced);
	unsetenv("WEIR_ENGINE");
	begin();
	ck_assert_str_eq(loop_engine(loop), on_uring() ? "uring" : forced);
	end();
	loop_set_engine("steam");
	ck_assert_ptr_null(loop_new(&why));
}
END_TEST

/* Neither rights nor much locked memory are asked for: 64 KB do. */
START_TEST(without_privileges)
{
	const struct rlimit little = { 65536, 65536 };
	struct stream s;

	setrlimit(RLIMIT_MEMLOCK, &little);
	if (geteuid() == 0) {
		ck_assert_int_eq(setgid(65534), 0);
		ck_assert_int_eq(setuid(65534), 0);
	}
	begin();
	open_stream(&s, &hearing);
	ck_assert_uint_eq(push(&s, 0, 1000), 1000);
	run_for(5 * CLOCK_MS);
	ck_assert_uint_eq(s.heard, 1000);
	close_stream(&s);
	run_for(5 * CLOCK_MS);
	end();
}
END_TEST

ENGINES_MAIN("net/engine", more_bytes_than_buffers,
    a_refused_stream_stops_its_sender, interrupted_at_any_time,
    messages_of_all_sizes, many_sends_in_one_turn, killed_and_started_again,
    refused_by_the_system, chosen_by_name, without_privileges)
