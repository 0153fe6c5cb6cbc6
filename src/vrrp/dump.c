/* SPDX-License-Identifier: ISC */
/* dump.c - texts into files, under the names that the configuration gives. */
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "vrrp/columns.h"
#include "vrrp/data.h"
#include "vrrp/dump.h"
#include "vrrp/json.h"
#include "vrrp/say.h"

static const struct {
	const char *ending;
	char *(*make)(const struct vr_view *);
} kinds[] = {
	[VR_DUMP_DATA] = { "data", vr_dump_data },
	[VR_DUMP_STATS] = { "stats", vr_dump_stats },
	[VR_DUMP_JSON] = { "json", vr_dump_json }
};

char *
vr_dump_data(const struct vr_view *v)
{
	struct sheet t = { .len = 0 };

	vr_data_put(&t, v);
	return sheet_take(&t);
}

static void
put_counts(struct sheet *t, const struct vr_live_counts *counts)
{
	const char *section = NULL;

	for (unsigned i = 0; i < VR_COLUMNS; i++) {
		const struct vr_column *c = &vr_columns[i];

		if (c->section != NULL && (section == NULL ||
		    strcmp(section, c->section) != 0))
			sheet_print(t, "  %s:\n", c->section);
		section = c->section;
		sheet_print(t, "%s%s: %" PRIu64 "\n", section != NULL ?
		    "    " : "  ", c->label, vr_column_value(c, counts));
	}
}

char *
vr_dump_stats(const struct vr_view *v)
{
	static const struct vr_live none;
	struct sheet t = { .len = 0 };

	sheet_print(&t, "%s", "");
	for (unsigned i = 0; i < v->config->instances.count; i++) {
		const struct vr_live *l = v->live(v->config->instances.at[i]);

		sheet_print(&t, "VRRP Instance: %s\n",
		    v->config->instances.at[i]->name);
		put_counts(&t, &(l == NULL ? &none : l)->counts);
	}
	return sheet_take(&t);
}

char *
vr_dump_json(const struct vr_view *v)
{
	struct sheet t = { .len = 0 };

	vr_json_file(&t, v, v->config->global.json_version);
	sheet_print(&t, "\n");
	return sheet_take(&t);
}

void
vr_dump_path(const struct vr_global_conf *g, enum vr_dump_kind kind,
    char *to, size_t size)
{
	const char *const names[] = { g->state_dump_file, g->stats_dump_file,
		g->json_dump_file };
	const char *at = names[kind] == NULL ? "/tmp/" : names[kind];
	size_t len = strlen(at);
	bool own = g->data_use_instance;

	if (len > 0 && at[len - 1] != '/') {
		snprintf(to, size, "%s", at);
		return;
	}
	snprintf(to, size, "%skeepalived%s%s%s%s.%s", at, own &&
	    g->instance != NULL ? "_" : "", own && g->instance != NULL ?
	    g->instance : "", own && g->namespace != NULL ? "_" : "",
	    own && g->namespace != NULL ? g->namespace : "",
	    kinds[kind].ending);
}

static int
write_all(int fd, const char *at, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/*
 * Aside, then renamed: no link is followed, nobody reads half of it, and
 * what another made there before is replaced, not written to.
 */
static int
put_file(const char *path, mode_t mode, const char *text)
{
	char aside[1100];
	int fd;

	snprintf(aside, sizeof aside, "%s.%ld", path, (long)getpid());
	(void)unlink(aside);
	fd = open(aside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
	    0600);
	if (fd == -1)
		return -1;
	if (fchmod(fd, mode) == -1 || write_all(fd, text, strlen(text)) ==
	    -1 || rename(aside, path) == -1) {
		int error = errno;

		(void)unlink(aside);
		close(fd);
		errno = error;
		return -1;
	}
	close(fd);
	return 0;
}

void
vr_dump_write(const struct vr_view *v, enum vr_dump_kind kind)
{
	const struct vr_global_conf *g = &v->config->global;
	char path[1024], *text = kinds[kind].make(v);
	int mask = g->umask == VR_UNSET ? 0177 : g->umask;

	vr_dump_path(g, kind, path, sizeof path);
	if (text == NULL)
		vr_say_error("no memory for %s", path);
	else if (put_file(path, (mode_t)(0666 & ~mask), text) == -1)
		vr_say_error("Can't open dump file %s (%d: %s)", path, errno,
		    strerror(errno));
	mem_drop(text);
}

void
vr_dump_log(const struct vr_view *v)
{
	char *text = vr_dump_data(v);
	struct text rest = text_of(text), line;

	while (text != NULL && text_split(&rest, '\n', &line))
		if (line.len > 0)
			vr_say_info("%.*s", TEXT_ARG(line));
	mem_drop(text);
}
