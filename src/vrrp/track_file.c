/* SPDX-License-Identifier: ISC */
/*
 * track_file.c - the number in a file, heard of by inotify on its directory,
 * which need not exist yet. On the turn's loop.
 */
#include <sys/inotify.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/number.h"
#include "vrrp/say.h"
#include "vrrp/track_kinds.h"

enum { HEARD = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE |
    IN_DELETE_SELF | IN_MOVE_SELF };

struct file {
	struct vr_track base;
	int fd;				/* inotify; -1: none */
	const char *name;		/* behind the last slash */
	struct vr_turn_timer again;	/* there is no directory yet */
};

/* Missing or empty counts as 0; -1: there is something else in it. */
static int
read_value(const char *path, int64_t *value)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	char text[64];
	ssize_t n;
	struct text t;

	*value = 0;
	if (fd == -1)
		return 0;
	n = read(fd, text, sizeof text);
	close(fd);
	t = text_trim((struct text){ text, n > 0 ? (size_t)n : 0 });
	if (t.len == 0)
		return 0;
	return number_int(t, 10, -2147483647, 2147483647, value, NULL);
}

static void
look(struct file *f)
{
	struct vr_track *t = &f->base;
	const struct vr_file_conf *conf = t->conf;
	int64_t value;

	if (read_value(conf->path, &value) == -1) {
		vr_say_info("Invalid number in track file %s, %s: taken as 0",
		    t->name, conf->path);
		value = 0;
	}
	snprintf(t->last, sizeof t->last, "%lld", (long long)value);
	if (value == t->value && t->state != VR_TRACK_INIT)
		return;
	t->value = value;
	t->changed = clock_wall();
	if (t->state == VR_TRACK_UP)
		vr_track_tell(t);
	else
		vr_track_enter(t, VR_TRACK_UP);
}

static void
watch_directory(struct file *f)
{
	const struct vr_file_conf *conf = f->base.conf;
	char *dir = f->name == conf->path ? mem_copy(TEXT(".")) :
	    mem_copy((struct text){ conf->path, f->name - conf->path > 1 ?
	    (size_t)(f->name - conf->path - 1) : 1 });

	if (f->fd == -1 || dir == NULL || inotify_add_watch(f->fd, dir,
	    HEARD) == -1)
		vr_turn_at(&f->again, vr_turn_now() + CLOCK_SECOND);
	mem_drop(dir);
}

static void
on_again(void *arg)
{
	watch_directory(arg);
	look(arg);
}

static void
on_readable(void *arg)
{
	struct file *f = arg;
	_Alignas(struct inotify_event) char in[4096];
	bool mine = false, gone = false;
	ssize_t n;

	while ((n = read(f->fd, in, sizeof in)) > 0)
		for (char *at = in; at < in + n;) {
			const struct inotify_event *e = (const void *)at;

			mine |= e->len > 0 && strcmp(e->name, f->name) == 0;
			mine |= (e->mask & IN_Q_OVERFLOW) != 0;
			gone |= (e->mask & (IN_IGNORED | IN_MOVE_SELF)) != 0;
			at += sizeof *e + e->len;
		}
	if (gone)
		watch_directory(f);
	if (mine || gone)
		look(f);
}

/* init_file: it is there from the start, with its value. */
static void
make_file(const struct vr_file_conf *conf)
{
	int fd;
	char text[32];
	int len = snprintf(text, sizeof text, "%d\n", conf->init_value);

	fd = open(conf->path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW |
	    (conf->init_overwrite ? O_TRUNC : O_EXCL), 0644);
	if (fd == -1) {
		if (errno != EEXIST || conf->init_overwrite)
			vr_say_error("cannot make track file %s: %s",
			    conf->path, strerror(errno));
		return;
	}
	if (write(fd, text, (size_t)len) != len)
		vr_say_error("cannot write track file %s: %s", conf->path,
		    strerror(errno));
	close(fd);
}

static int
open_file(struct vr_track *t, struct why *why)
{
	struct file *f = (struct file *)t;
	const struct vr_file_conf *conf = t->conf;
	const char *slash = strrchr(conf->path, '/');

	f->name = slash == NULL ? conf->path : slash + 1;
	f->again = (struct vr_turn_timer){ .fire = on_again, .arg = f };
	if (conf->init && !t->means->reload)
		make_file(conf);
	f->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (f->fd != -1)
		vr_turn_watch(f->fd, on_readable, f);
	else
		vr_say_warn("track file %s is looked at once a second: %s",
		    t->name, strerror(errno));
	watch_directory(f);
	look(f);
	return 0;
}

static void
close_file(struct vr_track *t)
{
	struct file *f = (struct file *)t;

	vr_turn_forget(&f->again);
	if (f->fd == -1)
		return;
	vr_turn_watch(f->fd, NULL, NULL);
	close(f->fd);
}

const struct vr_track_ops vr_track_file = {
	.kind = "file", .size = sizeof(struct file), .scaled = true,
	.open = open_file, .close = close_file
};
