/* SPDX-License-Identifier: ISC */
/*
 * commands_sockets.c - what only a successor asks for: our listening sockets,
 * and what we know. Who may have the one may have the other. Loop 0.
 */
#include <sys/mman.h>

#include <unistd.h>

#include "balancer/commands_rows.h"
#include "balancer/legacy.h"
#include "balancer/tables.h"
#include "balancer/takeover.h"
#include "base/mem.h"
#include "net/thread.h"

static bool
may_have(struct talk *t)
{
	if (lb_talk_door(t)->expose_fd)
		return true;
	lb_talk_refuse(t, "Permission denied");
	return false;
}

static void
run_getsocks(struct talk *t, const struct command_line *l)
{
	struct conn *c = may_have(t) ? lb_talk_release(t) : NULL;

	if (c != NULL)
		lb_takeover_give(c);
}

/* ---- what we know ------------------------------------------------------ */

struct legacy {
	struct talk *talk;
	FILE *file;			/* in memory */
};

static bool
send_more(struct talk *t, void *state)
{
	struct legacy *g = state;
	char slice[8192];
	size_t n = fread(slice, 1, sizeof slice, g->file);

	lb_talk_put(t, (struct text){ slice, n });
	return n == sizeof slice;
}

static void
drop_legacy(void *state)
{
	struct legacy *g = state;

	fclose(g->file);
	mem_drop(g);
}

/* Tables have locks of their own and may be long: a side thread writes. */
static void
write_tables(void *arg)
{
	struct legacy *g = arg;

	lb_tables_export(g->file);
	rewind(g->file);
}

static void
on_written(void *arg)
{
	struct legacy *g = arg;
	struct talk *t = g->talk;

	if (lb_talk_conn(t) == NULL)
		drop_legacy(g);
	else
		lb_talk_more(t, send_more, g, drop_legacy);
	lb_talk_resume(t);
}

static FILE *
open_memory(void)
{
	int fd = memfd_create("weir-legacy", MFD_CLOEXEC);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "w+");

	if (f == NULL && fd >= 0)
		close(fd);
	return f;
}

static void
run_getstate(struct talk *t, const struct command_line *l)
{
	struct legacy *g = may_have(t) ? mem_zero(sizeof *g) : NULL;

	if (g == NULL)
		return;
	g->talk = t;
	g->file = open_memory();
	if (g->file == NULL) {
		mem_drop(g);
		return;
	}
	lb_legacy_write(g->file);
	lb_talk_wait(t);
	if (thread_side(lb_talk_home(t), write_tables, on_written, g) == 0)
		return;
	write_tables(g);
	on_written(g);
}

const struct command lb_commands_sockets[] = {
	{ "_getsocks", NULL, NULL, LB_LEVEL_ADMIN, run_getsocks },
	{ "_getstate", NULL, NULL, LB_LEVEL_ADMIN, run_getstate },
	{ NULL, NULL, NULL, 0, NULL }
};
