/* SPDX-License-Identifier: ISC */
/*
 * stop_at.c - preloaded into a process under test: it counts the calls that
 * change files or reach the network, and ends the process by SIGKILL before
 * call number $STOP_AT (or behind it, $STOP_AFTER). $STOP_COUNT names a file
 * that gets the number of calls at the end. $STOP_FULL: every write to a
 * file below that directory fails, as on a full disk. One thread and more.
 */
#define _GNU_SOURCE
#include <sys/socket.h>
#include <sys/stat.h>

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static atomic_int calls;

static int
number(const char *name)
{
	const char *s = getenv(name);

	return s == NULL ? -1 : (int)strtol(s, NULL, 10);
}

static int
begin(void)
{
	int n = atomic_fetch_add(&calls, 1) + 1;

	if (n == number("STOP_AT"))
		kill(getpid(), SIGKILL);
	return n;
}

static void
end(int n)
{
	if (n == number("STOP_AFTER"))
		kill(getpid(), SIGKILL);
}

/* Files on disk and sockets; not the log, not pipes, not event counters. */
static int
matters(int fd)
{
	struct stat st;

	return fd > 2 && fstat(fd, &st) == 0 &&
	    (S_ISREG(st.st_mode) || S_ISSOCK(st.st_mode));
}

static int
is_full(int fd)
{
	const char *dir = getenv("STOP_FULL");
	char link[64], path[4096];
	ssize_t n;

	if (dir == NULL || fd < 3)
		return 0;
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof path - 1);
	if (n < 0)
		return 0;
	path[n] = '\0';
	return strncmp(path, dir, strlen(dir)) == 0;
}

#define REAL(type, name, ...)						\
	static type (*real)(__VA_ARGS__);				\
	if (real == NULL)						\
		real = (type (*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

ssize_t
write(int fd, const void *at, size_t len)
{
	REAL(ssize_t, "write", int, const void *, size_t);
	ssize_t code;
	int n;

	if (is_full(fd) && access(getenv("STOP_FULL_NOW"), F_OK) == 0) {
		if (len > 1)
			real(fd, at, len / 2);	/* torn */
		errno = ENOSPC;
		return -1;
	}
	if (!matters(fd))
		return real(fd, at, len);
	n = begin();
	code = real(fd, at, len);
	end(n);
	return code;
}

int
fsync(int fd)
{
	REAL(int, "fsync", int);
	int n = begin(), code = real(fd);

	end(n);
	return code;
}

int
rename(const char *from, const char *to)
{
	REAL(int, "rename", const char *, const char *);
	int n = begin(), code = real(from, to);

	end(n);
	return code;
}

int
unlink(const char *path)
{
	REAL(int, "unlink", const char *);
	int n = begin(), code = real(path);

	end(n);
	return code;
}

int
ftruncate(int fd, off_t len)
{
	REAL(int, "ftruncate", int, off_t);
	int n = begin(), code = real(fd, len);

	end(n);
	return code;
}

ssize_t
send(int fd, const void *at, size_t len, int flags)
{
	REAL(ssize_t, "send", int, const void *, size_t, int);
	int n = begin();
	ssize_t code = real(fd, at, len, flags);

	end(n);
	return code;
}

ssize_t
recv(int fd, void *at, size_t len, int flags)
{
	REAL(ssize_t, "recv", int, void *, size_t, int);
	int n = begin();
	ssize_t code = real(fd, at, len, flags);

	end(n);
	return code;
}

__attribute__((destructor)) static void
tell(void)
{
	const char *path = getenv("STOP_COUNT");
	FILE *to = path == NULL ? NULL : fopen(path, "w");

	if (to == NULL)
		return;
	fprintf(to, "%d\n", atomic_load(&calls));
	fclose(to);
}
