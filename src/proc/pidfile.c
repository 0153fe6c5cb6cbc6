/* SPDX-License-Identifier: ISC */
/* pidfile.c - our number in a file. The first thread. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "proc/pidfile.h"

static char *written;		/* path of the file that is ours */
static pid_t writer;

/* The number in the file; 0: none can be read. -1: there is no file. */
static pid_t
read_pid(const char *path)
{
	int64_t pid = 0;
	struct text t;
	struct why why;

	if (access(path, F_OK) < 0 && errno == ENOENT)
		return -1;
	if (file_read(path, 64, &t, &why) < 0)
		return 0;
	if (number_int(text_trim(t), 10, 1, INT32_MAX, &pid, NULL) < 0)
		pid = 0;
	mem_drop((char *)(uintptr_t)t.at);
	return (pid_t)pid;
}

/* Our own number in an old file: another life of it, as in a container. */
static bool
is_running(pid_t pid)
{
	return pid != getpid() && (kill(pid, 0) == 0 || errno == EPERM);
}

int
pidfile_check(const char *path, struct why *why)
{
	pid_t pid = read_pid(path);

	if (pid < 0)
		return 0;
	if (pid == 0 || is_running(pid))
		return why_set(why, "pidfile '%s' exists, another instance "
		    "running?", path);
	log_info("stale pidfile, removing");
	if (unlink(path) < 0 && errno != ENOENT)
		return why_errno(why, "could not remove pidfile '%s'", path);
	return 0;
}

int
pidfile_write(const char *path, struct why *why)
{
	char text[32];
	int len, fd;

	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0644);
	if (fd < 0)
		return why_errno(why, "could not open pidfile '%s'", path);
	len = snprintf(text, sizeof text, "%d\n", (int)getpid());
	if (write(fd, text, (size_t)len) != len) {
		why_errno(why, "could not write pidfile '%s'", path);
		close(fd);
		unlink(path);
		return -1;
	}
	close(fd);
	writer = getpid();
	written = mem_copy(text_of(path));
	return 0;
}

void
pidfile_remove(void)
{
	if (written != NULL && writer == getpid())
		unlink(written);
	mem_drop(written);
	written = NULL;
}
