/* SPDX-License-Identifier: ISC */
/* lock.c - the pid file with a lock that goes with its open file. */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vrrp/lock.h"

static int held = -1;
static const char *held_path;

int
vr_lock_take(const char *path, struct why *why)
{
	struct flock all = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	bool taken;

	held = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (held < 0)
		return why_errno(why, "cannot open pid file %s", path);
	held_path = path;
	if (fcntl(held, F_OFD_SETLK, &all) == 0)
		return 0;
	taken = errno == EAGAIN || errno == EACCES;
	why_errno(why, "cannot lock pid file %s", path);
	close(held);
	held = -1;
	return taken ? 1 : -1;
}

int
vr_lock_write(void)
{
	char text[16];
	int len = snprintf(text, sizeof text, "%d\n", (int)getpid());

	if (ftruncate(held, 0) < 0)
		return -1;
	return pwrite(held, text, (size_t)len, 0) == len ? 0 : -1;
}

void
vr_lock_release(void)
{
	if (held < 0)
		return;
	unlink(held_path);
	close(held);
	held = -1;
}
