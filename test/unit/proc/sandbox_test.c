/* SPDX-License-Identifier: ISC */
/* sandbox_test.c - what is forbidden is, and the daily work is not. */
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proc/rights.h"
#include "proc/sandbox.h"
#include "unit.h"

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
enum { SANITIZED = true };
#else
enum { SANITIZED = false };
#endif

static char own[40], added[40], other[40];

static int
in_child(int (*run)(void), bool runs_programs)
{
	pid_t child = fork();
	struct sandbox_path paths[] = {
		{ own, SANDBOX_WRITE }, { added, SANDBOX_ADD },
		{ "/nonexistent/never/there", SANDBOX_READ },
		{ "", SANDBOX_WRITE }, { "@abstract", SANDBOX_WRITE },
		{ .path = NULL }
	};
	int status;

	if (child == 0) {
		rights_harden();
		sandbox_enter(paths, runs_programs);
		_exit(run());
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	return status;
}

static int
run_program(void)
{
	execl("/bin/true", "true", (char *)NULL);
	return 1;
}

static void *
run_in_thread(void *arg)
{
	run_program();
	return arg;
}

static int
run_program_in_thread(void)
{
	pthread_t t;

	pthread_create(&t, NULL, run_in_thread, NULL);
	pthread_join(t, NULL);
	return 1;
}

static int
read_another(void)
{
	char room[8];
	struct iovec part = { room, sizeof room };

	syscall(SYS_process_vm_readv, getppid(), &part, 1, &part, 1, 0);
	return 1;
}

static bool
may_open(const char *dir, int flags)
{
	char path[80];
	int fd;

	snprintf(path, sizeof path, "%s/file", dir);
	fd = open(path, flags, 0600);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static int
landlock_version(void)
{
	return (int)syscall(444 /* landlock_create_ruleset */, NULL, 0, 1);
}

/* 0: all as it should be; 50: this kernel does not lock files. */
static int
use_files(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (!may_open(own, O_RDWR | O_CREAT) || !may_open(own, O_RDONLY))
		return 1;
	snprintf(un.sun_path, sizeof un.sun_path, "%s/socket", own);
	if (bind(fd, (struct sockaddr *)&un, sizeof un) < 0 ||
	    unlink(un.sun_path) < 0)
		return 2;
	if (access("/etc/passwd", R_OK) < 0 ||
	    open("/dev/null", O_RDWR) < 0)
		return 3;
	if (may_open(other, O_RDONLY))
		return 50;
	if (!may_open(added, O_WRONLY | O_CREAT | O_APPEND))
		return 5;
	snprintf(un.sun_path, sizeof un.sun_path, "%s/file", added);
	if (unlink(un.sun_path) == 0 ||
	    (landlock_version() >= 3 && truncate(un.sun_path, 0) == 0))
		return 6;
	snprintf(un.sun_path, sizeof un.sun_path, "%s/dir", added);
	if (mkdir(un.sun_path, 0700) == 0)
		return 7;
	if (may_open(other, O_WRONLY) || unlink(other) == 0)
		return 4;
	return 0;
}

static int
resolve(void)
{
	struct addrinfo *all;

	return getaddrinfo("localhost", "5432", NULL, &all) == 0 ? 0 : 1;
}

static void
make_dirs(void)
{
	char path[80];

	snprintf(own, sizeof own, "/tmp/weir-own-XXXXXX");
	snprintf(added, sizeof added, "/tmp/weir-added-XXXXXX");
	snprintf(other, sizeof other, "/tmp/weir-other-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(added));
	ck_assert_ptr_nonnull(mkdtemp(own));
	ck_assert_ptr_nonnull(mkdtemp(other));
	snprintf(path, sizeof path, "%s/file", other);
	close(open(path, O_CREAT | O_WRONLY, 0600));
}

static void
remove_dirs(void)
{
	char path[80];

	snprintf(path, sizeof path, "%s/file", other);
	unlink(path);
	snprintf(path, sizeof path, "%s/file", own);
	unlink(path);
	snprintf(path, sizeof path, "%s/file", added);
	unlink(path);
	rmdir(own);
	rmdir(added);
	rmdir(other);
}

START_TEST(forbidden_calls_end_the_process)
{
	int (*const calls[])(void) = { run_program, run_program_in_thread,
	    read_another };

	if (SANITIZED)
		return;		/* the sandbox stays open then */
	make_dirs();
	for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
		int status = in_child(calls[i], false);

		ck_assert_msg(WIFSIGNALED(status) &&
		    WTERMSIG(status) == SIGSYS, "%zu: %x", i, status);
	}
	remove_dirs();
}
END_TEST

START_TEST(programs_run_where_they_must)
{
	make_dirs();
	ck_assert_int_eq(in_child(run_program, true), 0);
	remove_dirs();
}
END_TEST

START_TEST(own_files_alone_are_open)
{
	int status;

	make_dirs();
	status = in_child(use_files, false);
	ck_assert(WIFEXITED(status));
	if (WEXITSTATUS(status) == 50 && (SANITIZED ||
	    landlock_version() < 0))
		status = 0;
	ck_assert_int_eq(status, 0);
	remove_dirs();
}
END_TEST

START_TEST(names_are_still_found)
{
	make_dirs();
	ck_assert_int_eq(in_child(resolve, false), 0);
	remove_dirs();
}
END_TEST

UNIT_MAIN("proc/sandbox", forbidden_calls_end_the_process,
    programs_run_where_they_must, own_files_alone_are_open,
    names_are_still_found)
