/* SPDX-License-Identifier: ISC */
/*
 * track_process.c - processes by name: /proc is read once a second, and the
 * end of one that was found is heard at once by its descriptor. Needs no
 * process connector. On the turn's loop.
 */
#include <sys/syscall.h>

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "vrrp/track_kinds.h"

enum { WATCHED = 16, COMM = 15, LINE = 4096 };

struct process {
	struct vr_track base;
	struct vr_turn_timer scan, delay;
	unsigned found;
	struct {
		pid_t pid;
		int fd;
	} watched[WATCHED];
};

/* ---- is it one? */

static size_t
read_proc(const char *pid, const char *what, char *to, size_t size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof path, "/proc/%.20s/%s", pid, what);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return 0;
	n = read(fd, to, size - 1);
	close(fd);
	if (n <= 0)
		return 0;
	to[n] = '\0';
	return (size_t)n;
}

/* "123 (name) S ...": alive, and of this name. */
static bool
has_name(const char *pid, const char *name)
{
	char stat[512], *open, *end;

	if (read_proc(pid, "stat", stat, sizeof stat) == 0 ||
	    (open = strchr(stat, '(')) == NULL ||
	    (end = strrchr(stat, ')')) == NULL || end[1] != ' ' ||
	    end[2] == 'Z' || end[2] == 'X')
		return false;
	*end = '\0';
	return name == NULL || strncmp(open + 1, name, COMM) == 0;
}

static bool
match_parameters(const struct vr_process_conf *c, const char *line,
    size_t len)
{
	const char *end = line + len, *at = line + strlen(line) + 1;
	unsigned i;

	for (i = 0; i < c->count && at < end; i++) {
		bool last = i + 1 == c->count;

		if (c->match == VR_MATCH_PARTIAL && last ? strncmp(at,
		    c->parameters[i], strlen(c->parameters[i])) != 0 :
		    strcmp(at, c->parameters[i]) != 0)
			return false;
		at += strlen(at) + 1;
	}
	return i == c->count && (c->match != VR_MATCH_EXACT || at >= end);
}

static bool
is_one(const struct vr_process_conf *c, const char *pid)
{
	bool by_path = c->full_command || strchr(c->command, '/') != NULL;
	char line[LINE];
	size_t len;

	if (!has_name(pid, by_path ? NULL : c->command))
		return false;
	if (!by_path && c->match == VR_MATCH_NONE)
		return true;
	len = read_proc(pid, "cmdline", line, sizeof line);
	return len > 0 && (!by_path || strcmp(line, c->command) == 0) &&
	    (c->match == VR_MATCH_NONE || match_parameters(c, line, len));
}

/* ---- how many are there? */

static void	on_ended(void *arg);

static void
drop_watched(struct process *p)
{
	for (unsigned i = 0; i < WATCHED; i++) {
		if (p->watched[i].fd > 0) {
			vr_turn_watch(p->watched[i].fd, NULL, NULL);
			close(p->watched[i].fd);
		}
		p->watched[i].fd = 0;
		p->watched[i].pid = 0;
	}
}

/* A descriptor per process, kept from scan to scan. */
static void
watch_one(struct process *p, pid_t pid)
{
	unsigned free = WATCHED;

	for (unsigned i = 0; i < WATCHED; i++) {
		if (p->watched[i].pid == pid)
			return;
		if (p->watched[i].pid == 0 && free == WATCHED)
			free = i;
	}
	if (free == WATCHED)
		return;
	p->watched[free].fd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (p->watched[free].fd <= 0)
		return;
	p->watched[free].pid = pid;
	vr_turn_watch(p->watched[free].fd, on_ended, p);
}

static unsigned
count(struct process *p)
{
	const struct vr_process_conf *c = p->base.conf;
	DIR *proc = opendir("/proc");
	const struct dirent *e;
	unsigned n = 0;

	if (proc == NULL)
		return 0;
	while ((e = readdir(proc)) != NULL)
		if (isdigit((unsigned char)e->d_name[0]) &&
		    is_one(c, e->d_name)) {
			n++;
			watch_one(p, (pid_t)strtol(e->d_name, NULL, 10));
		}
	closedir(proc);
	return n;
}

static bool
is_enough(const struct process *p)
{
	const struct vr_process_conf *c = p->base.conf;

	return p->found >= c->quorum && p->found <= c->quorum_max;
}

static void
settle(void *arg)
{
	struct process *p = arg;

	vr_track_enter(&p->base, is_enough(p) ? VR_TRACK_UP :
	    VR_TRACK_DOWN);
}

/* The delay of the direction it goes; none for the first look. */
static void
look(struct process *p)
{
	const struct vr_process_conf *c = p->base.conf;
	bool up = p->base.state == VR_TRACK_UP;
	int64_t delay;

	p->found = count(p);
	snprintf(p->base.last, sizeof p->base.last, "%u found", p->found);
	if (p->base.state != VR_TRACK_INIT && is_enough(p) == up) {
		vr_turn_stop(&p->delay);
		return;
	}
	delay = p->base.state == VR_TRACK_INIT ? 0 : up ?
	    c->terminate_delay : c->fork_delay;
	if (delay == 0)
		settle(p);
	else if (p->delay.at == 0)
		vr_turn_at(&p->delay, vr_turn_now() + delay);
}

static void
on_scan(void *arg)
{
	struct process *p = arg;

	look(p);
	vr_turn_at(&p->scan, vr_turn_now() + CLOCK_SECOND);
}

static void
on_ended(void *arg)
{
	struct process *p = arg;

	drop_watched(p);
	look(p);
}

static int
open_process(struct vr_track *t, struct why *why)
{
	struct process *p = (struct process *)t;

	p->scan = (struct vr_turn_timer){ .fire = on_scan, .arg = p };
	p->delay = (struct vr_turn_timer){ .fire = settle, .arg = p };
	on_scan(p);
	return 0;
}

static void
close_process(struct vr_track *t)
{
	struct process *p = (struct process *)t;

	vr_turn_forget(&p->scan);
	vr_turn_forget(&p->delay);
	drop_watched(p);
}

const struct vr_track_ops vr_track_process = {
	.kind = "process", .size = sizeof(struct process),
	.open = open_process, .close = close_process
};
