/* SPDX-License-Identifier: ISC */
/*
 * launch.h - the programs that a configuration names, run by a helper
 * (proc/helper) that was forked with the table of them and is told numbers
 * and arguments, never a command line. On the turn's loop; the parent's. At a
 * reload: a new one for the new configuration, the old one is freed, which
 * lets end what runs. A helper that dies is replaced. One thread.
 */
#ifndef WEIR_VRRP_LAUNCH_H
#define WEIR_VRRP_LAUNCH_H

#include "base/why.h"
#include "proc/runner_job.h"
#include "vrrp/settings.h"
#include "vrrp/turn.h"

struct vr_launch;

struct vr_launch_job {
	const struct vr_program *program;	/* of the same configuration */
	const char *const *args;	/* behind its own; NULL: none */
	const char *const *env;		/* "NAME=value"; NULL: none */
	int64_t limit;			/* us, then TERM; 0: none */
	int64_t grace;			/* us more, then KILL */
	uint64_t key;			/* not 0: one after the other, in order */
	void (*done)(void *arg, const struct runner_result *);	/* or NULL */
	void *arg;
};

/*
 * Forks the helper: call it while rights are whole. The configuration must
 * live as long as this. A configuration without programs forks nothing.
 */
struct vr_launch *vr_launch_new(const struct vr_config *, struct why *);
/* The run's number; 0: why (also: the program is disabled). */
uint64_t vr_launch_run(struct vr_launch *, const struct vr_launch_job *,
	    struct why *);
void	vr_launch_cancel(struct vr_launch *, uint64_t run);	/* no done() */
unsigned vr_launch_count(const struct vr_launch *);	/* under way, waiting */
pid_t	vr_launch_pid(const struct vr_launch *);	/* -1: none */
int	vr_launch_fd(const struct vr_launch *);	/* to close in other forks */
void	vr_launch_free(struct vr_launch **);

#endif
