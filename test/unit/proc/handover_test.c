/* SPDX-License-Identifier: ISC */
/* handover_test.c - descriptors in messages and from the service manager. */
#include <sys/socket.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proc/handover.h"
#include "unit.h"

static int
listen_somewhere(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
	    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&in, sizeof in), 0);
	ck_assert_int_eq(listen(fd, 5), 0);
	return fd;
}

START_TEST(descriptors_travel_with_their_bytes)
{
	int pair[2], ends[2], got[HANDOVER_MOST];
	char room[100], c;
	struct why why;
	unsigned n;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(pipe(ends), 0);
	ck_assert_int_eq(handover_send(pair[0], TEXT("two ends"), ends, 2,
	    &why), 0);
	ck_assert_int_eq(handover_receive(pair[1], room, sizeof room, got, &n,
	    &why), 8);
	ck_assert_int_eq(memcmp(room, "two ends", 8), 0);
	ck_assert_uint_eq(n, 2);
	ck_assert_int_eq(fcntl(got[0], F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(write(got[1], "x", 1), 1);
	ck_assert_int_eq(read(ends[0], &c, 1), 1);
	ck_assert_int_eq(c, 'x');
	close(got[0]);
	close(got[1]);
	close(ends[0]);
	close(ends[1]);
	close(pair[0]);
	close(pair[1]);
}
END_TEST

START_TEST(a_full_message_of_descriptors)
{
	int pair[2], many[HANDOVER_MOST], got[HANDOVER_MOST];
	char room[100];
	struct why why;
	unsigned n;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	for (int i = 0; i < HANDOVER_MOST; i++)
		many[i] = pair[0];
	ck_assert_int_eq(handover_send(pair[0], TEXT("x"), many,
	    HANDOVER_MOST, &why), 0);
	ck_assert_int_eq(handover_receive(pair[1], room, sizeof room, got, &n,
	    &why), 1);
	ck_assert_uint_eq(n, HANDOVER_MOST);
	while (n > 0)
		close(got[--n]);
	close(pair[0]);
	close(pair[1]);
}
END_TEST

START_TEST(bytes_alone_end_and_nothing)
{
	int pair[2], got[HANDOVER_MOST];
	char room[100];
	struct why why;
	unsigned n = 7;

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0,
	    pair), 0);
	ck_assert_int_eq(handover_receive(pair[1], room, sizeof room, got, &n,
	    &why), -1);
	ck_assert_int_eq(errno, EAGAIN);
	ck_assert_uint_eq(n, 0);
	ck_assert_int_eq(handover_send(pair[0], TEXT("abc"), NULL, 0, &why),
	    0);
	ck_assert_int_eq(handover_receive(pair[1], room, sizeof room, got, &n,
	    &why), 3);
	ck_assert_uint_eq(n, 0);
	close(pair[0]);
	ck_assert_int_eq(handover_receive(pair[1], room, sizeof room, got, &n,
	    &why), 0);
	ck_assert_int_eq(handover_send(pair[1], TEXT("abc"), NULL, 0, &why),
	    -1);
	ck_assert_ptr_nonnull(strstr(why.line, "cannot pass descriptors on"));
	close(pair[1]);
}
END_TEST

START_TEST(a_listening_socket_is_known)
{
	int fd = listen_somewhere(), pair[2];
	struct address at;
	struct why why;

	ck_assert_int_eq(handover_listening(fd, &at, &why), 0);
	ck_assert_int_eq(at.sa.sa_family, AF_INET);
	ck_assert_uint_ne(address_port(&at), 0);
	close(fd);
	ck_assert_int_eq(handover_listening(fd, &at, &why), -1);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	ck_assert_int_eq(handover_listening(pair[0], &at, &why), -1);
	ck_assert_ptr_nonnull(strstr(why.line, "does not listen"));
	close(pair[0]);
	close(pair[1]);
}
END_TEST

/* In a child: descriptors 3 and 4 are sockets, told to process 'pid'. */
static unsigned
ask_inherited(bool ours, const char *count)
{
	int fd, status, first;
	pid_t child = fork();
	char text[32];
	unsigned n;

	if (child == 0) {
		fd = listen_somewhere();
		for (int to = 3; to < 5; to++)
			if (fd != to)
				dup2(fd, to);
		snprintf(text, sizeof text, "%d",
		    (int)(ours ? getpid() : getppid()));
		setenv("LISTEN_PID", text, 1);
		setenv("LISTEN_FDS", count, 1);
		n = handover_inherited(&first);
		if (n > 0 && (first != 3 ||
		    fcntl(3, F_GETFD) != FD_CLOEXEC ||
		    (fcntl(4, F_GETFL) & O_NONBLOCK) == 0 ||
		    getenv("LISTEN_FDS") != NULL ||
		    handover_inherited(&first) != n))
			_exit(99);
		_exit((int)n);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert(WIFEXITED(status));
	return (unsigned)WEXITSTATUS(status);
}

START_TEST(the_service_manager_passes_sockets)
{
	ck_assert_uint_eq(ask_inherited(true, "2"), 2);
	ck_assert_uint_eq(ask_inherited(false, "2"), 0);
	ck_assert_uint_eq(ask_inherited(true, "x"), 0);
	ck_assert_uint_eq(ask_inherited(true, "-1"), 0);
}
END_TEST

UNIT_MAIN("proc/handover", descriptors_travel_with_their_bytes,
    a_full_message_of_descriptors, bytes_alone_end_and_nothing,
    a_listening_socket_is_known, the_service_manager_passes_sockets)
