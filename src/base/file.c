/* SPDX-License-Identifier: ISC */
/* file.c - whole files in, whole files out. Any thread. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"

static int
give_up(int fd, char *mem, struct why *why)
{
	why_set(why, "%s", strerror(errno));
	if (fd >= 0)
		close(fd);
	mem_drop(mem);
	return -1;
}

int
file_read(const char *path, size_t most, struct text *to, struct why *why)
{
	size_t room = 4096, len = 0;
	char *mem = NULL, *more;
	ssize_t n = 0;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return give_up(fd, NULL, why);
	for (;;) {
		if (mem == NULL || len + 1 >= room) {
			if (mem != NULL)
				room *= 2;
			more = mem_grow(mem, room);
			if (more == NULL) {
				errno = ENOMEM;
				return give_up(fd, mem, why);
			}
			mem = more;
		}
		n = read(fd, mem + len, room - len - 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return give_up(fd, mem, why);
		if (n == 0)
			break;
		len += (size_t)n;
		if (len > most) {
			errno = EFBIG;
			return give_up(fd, mem, why);
		}
	}
	close(fd);
	mem[len] = '\0';
	*to = (struct text){ mem, len };
	return 0;
}

static int
write_all(int fd, struct text t)
{
	while (t.len > 0) {
		ssize_t n = write(fd, t.at, t.len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		t = text_from(t, (size_t)n);
	}
	return fsync(fd);
}

/* A rename is safe when its directory is on disk; where that can be asked. */
static void
sync_directory(const char *path)
{
	const char *slash = strrchr(path, '/');
	char *dir = slash == NULL ? mem_copy(TEXT(".")) :
	    mem_copy((struct text){ path, (size_t)(slash - path) +
	    (slash == path) });
	int fd = dir == NULL ? -1 :
	    open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	mem_drop(dir);
}

int
file_write_aside(const char *path, unsigned mode, struct text t,
    struct why *why)
{
	char *aside = mem_print("%s.new", path);
	int fd;

	if (aside == NULL) {
		errno = ENOMEM;
		return give_up(-1, NULL, why);
	}
	unlink(aside);
	fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    mode);
	if (fd < 0)
		return give_up(fd, aside, why);
	if (write_all(fd, t) < 0 || rename(aside, path) < 0) {
		int code = errno;

		unlink(aside);
		errno = code;
		return give_up(fd, aside, why);
	}
	close(fd);
	sync_directory(path);
	mem_drop(aside);
	return 0;
}
