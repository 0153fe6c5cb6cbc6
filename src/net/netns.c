/* SPDX-License-Identifier: ISC */
/*
 * netns.c - a socket belongs to the namespace in which its thread was when it
 * was made: in, make it, and back. Any thread.
 */
#include <sys/socket.h>

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <unistd.h>

#include "net/netns.h"

int
netns_open(const char *name, struct why *why)
{
	char path[300];
	int fd;

	snprintf(path, sizeof path, "/var/run/netns/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd >= 0 ? fd :
	    why_errno(why, "Cannot open namespace '%s'", name);
}

int
netns_socket(int ns, int family, int type, int protocol)
{
	int own = open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	int fd = -1, code;

	if (own < 0)
		return -1;
	if (setns(ns, CLONE_NEWNET) == 0) {
		fd = socket(family, type, protocol);
		code = errno;
		/* Without a way back nothing else could be served. */
		if (setns(own, CLONE_NEWNET) < 0) {
			close(fd);
			fd = -1;
			code = errno;
		}
		errno = code;
	}
	code = errno;
	close(own);
	errno = code;
	return fd;
}
