/* SPDX-License-Identifier: ISC */
/*
 * figures.h - what a load generator counts, and how it says so: one line of
 * JSON that rig.py reads. One thread.
 */
#ifndef WEIR_BENCH_FIGURES_H
#define WEIR_BENCH_FIGURES_H

#include <sys/types.h>

#include <stdint.h>

#define FIGURES_SECOND	((int64_t)1000000000)

/* Times are nanoseconds. */
struct figures {
	int64_t tx, errors, wrong, bytes;
	int64_t from, to;		/* the window */
	int64_t cpu_from, cpu_to;
	int64_t longest;
	int64_t slots[64 * 64];		/* of latencies */
	char note[160];			/* the first fault */
};

int64_t	figures_now(void);		/* monotonic */
void	figures_note(struct figures *, int64_t latency);
/* What the scheduler charged to all threads of a process. */
int64_t	figures_cpu(pid_t);
void	figures_fault(struct figures *, const char *what, const char *more);
void	figures_print(struct figures *);

#endif
