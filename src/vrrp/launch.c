/* SPDX-License-Identifier: ISC */
/*
 * launch.c - a desk (proc/desk) on the turn's loop, and the table of programs
 * that the configuration names. Retired, it lets end what runs and waits.
 */
#include <sys/wait.h>

#include <unistd.h>

#include "base/clock.h"
#include "base/die.h"
#include "base/mem.h"
#include "proc/desk.h"
#include "vrrp/launch.h"
#include "vrrp/say.h"

enum { AT_ONCE = 256, PORTION = 64 };

struct vr_launch {
	const struct vr_program **programs;	/* row by row */
	struct runner_command *table;
	unsigned rows, room;
	struct desk desk;
	struct vr_turn_timer again;	/* a new helper; a full socket */
	bool retired;			/* freed by its owner: runs end, then it */
};

/* ---- the table: every program that the configuration names */

static void
add_program(struct vr_launch *l, const struct vr_program *p)
{
	if (p == NULL || p->disabled != NULL || p->count == 0)
		return;
	if (l->rows == l->room) {
		l->room = 2 * l->room + 16;
		l->programs = mem_grow(l->programs, l->room *
		    sizeof *l->programs);
		l->table = mem_grow(l->table, l->room * sizeof *l->table);
		NEED(l->programs != NULL && l->table != NULL);
	}
	l->programs[l->rows] = p;
	l->table[l->rows++] = (struct runner_command){
		.argv = p->argv, .inherits = true, .collects = true,
		.changes_user = geteuid() == 0, .uid = p->uid, .gid = p->gid
	};
}

static void
add_notify(struct vr_launch *l, const struct vr_notify_conf *n)
{
	for (unsigned i = 0; i < VR_NOTIFIES; i++)
		add_program(l, n->scripts[i]);
}

static void
add_all(struct vr_launch *l, const struct vr_config *c)
{
	add_program(l, c->global.startup_script);
	add_program(l, c->global.shutdown_script);
	add_program(l, c->global.fifo.script);
	add_program(l, c->global.vrrp_fifo.script);
	for (unsigned i = 0; i < c->scripts.count; i++)
		add_program(l, c->scripts.at[i]->program);
	for (unsigned i = 0; i < c->instances.count; i++)
		add_notify(l, &c->instances.at[i]->notify);
	for (unsigned i = 0; i < c->groups.count; i++)
		add_notify(l, &c->groups.at[i]->notify);
}

/* ---- the helper */

static void	on_readable(void *arg);

static int
fork_helper(struct vr_launch *l, struct why *why)
{
	if (desk_fork(&l->desk, why) < 0)
		return -1;
	vr_turn_watch(l->desk.sock, on_readable, l);
	return 0;
}

static void
start_waiting(struct vr_launch *l)
{
	if (!desk_start(&l->desk))
		vr_turn_at(&l->again, vr_turn_now() + 10 * CLOCK_MS);
}

/* What ran is told as lost; what waits waits for the next helper. */
static void
lose_helper(struct vr_launch *l)
{
	vr_say_warn("The helper that runs programs has died, starting "
	    "another");
	vr_turn_watch(l->desk.sock, NULL, NULL);
	desk_bury_helper(&l->desk);
	vr_turn_at(&l->again, l->desk.forked + CLOCK_SECOND);
	while (desk_tell_lost(&l->desk))
		;
}

/* Retired and idle: the helper is let go, and reaped when it has gone. */
static void
end_if_idle(struct vr_launch *l)
{
	if (!l->retired || l->desk.known > 0)
		return;
	if (l->desk.sock >= 0) {
		vr_turn_watch(l->desk.sock, NULL, NULL);
		desk_hang_up(&l->desk);
	}
	vr_turn_at(&l->again, vr_turn_now());
}

static void
bury(struct vr_launch *l)
{
	vr_turn_forget(&l->again);
	desk_fini(&l->desk);
	mem_drop(l->programs);
	mem_drop(l->table);
	mem_drop(l);
}

static void
on_readable(void *arg)
{
	struct vr_launch *l = arg;
	enum desk_heard heard = DESK_HEARD;

	for (unsigned i = 0; i < PORTION && heard == DESK_HEARD; i++)
		heard = desk_hear(&l->desk);
	if (heard == DESK_LOST)
		lose_helper(l);
	else
		start_waiting(l);
	end_if_idle(l);
}

static void
on_again(void *arg)
{
	struct vr_launch *l = arg;
	struct why why;

	if (l->retired && l->desk.sock < 0) {
		if (l->desk.pid > 0 && waitpid(l->desk.pid, NULL, WNOHANG) ==
		    0)
			vr_turn_at(&l->again, vr_turn_now() + CLOCK_SECOND);
		else
			bury(l);
		return;
	}
	if (l->desk.sock < 0 && fork_helper(l, &why) < 0) {
		vr_say_error("%s", why.line);
		vr_turn_at(&l->again, vr_turn_now() + CLOCK_SECOND);
		return;
	}
	start_waiting(l);
}

/* ---- from the start to the end */

struct vr_launch *
vr_launch_new(const struct vr_config *config, struct why *why)
{
	struct vr_launch *l = mem_zero(sizeof *l);

	if (l == NULL) {
		why_set(why, "no memory for the helper");
		return NULL;
	}
	l->again = (struct vr_turn_timer){ .fire = on_again, .arg = l };
	add_all(l, config);
	desk_init(&l->desk, l->table, l->rows, AT_ONCE);
	if (l->rows == 0 || fork_helper(l, why) == 0)
		return l;
	bury(l);
	return NULL;
}

static unsigned
find_row(const struct vr_launch *l, const struct vr_program *p)
{
	unsigned i;

	for (i = 0; i < l->rows && l->programs[i] != p; i++)
		;
	return i;
}

uint64_t
vr_launch_run(struct vr_launch *l, const struct vr_launch_job *job,
    struct why *why)
{
	const struct runner_job order = {
		.command = find_row(l, job->program),
		.args = job->args, .env = job->env,
		.limit = job->limit, .grace = job->grace, .key = job->key,
		.done = job->done, .arg = job->arg
	};
	uint64_t run;

	if (order.command == l->rows) {
		why_set(why, "%s", job->program->disabled != NULL ?
		    job->program->disabled : "it may not be run");
		return 0;
	}
	run = desk_add(&l->desk, &order, why);
	if (run != 0)
		start_waiting(l);
	return run;
}

void
vr_launch_cancel(struct vr_launch *l, uint64_t run)
{
	desk_cancel(&l->desk, run);
	start_waiting(l);
}

unsigned
vr_launch_count(const struct vr_launch *l)
{
	return l->desk.known;
}

pid_t
vr_launch_pid(const struct vr_launch *l)
{
	return l->desk.pid;
}

int
vr_launch_fd(const struct vr_launch *l)
{
	return l->desk.sock;
}

/* What runs and waits goes on without its owner, then the helper ends. */
void
vr_launch_free(struct vr_launch **lp)
{
	struct vr_launch *l = *lp;

	*lp = NULL;
	if (l == NULL)
		return;
	l->retired = true;
	desk_silence(&l->desk);
	if (l->desk.pid < 0)
		bury(l);
	else
		end_if_idle(l);
}
