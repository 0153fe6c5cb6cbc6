/* SPDX-License-Identifier: ISC */
/*
 * background.h - how a process leaves its terminal, and tells others who it
 * is and who is to go. At start; first thread.
 */
#ifndef WEIR_BALANCER_BACKGROUND_H
#define WEIR_BALANCER_BACKGROUND_H

#include "balancer/options.h"
#include "balancer/settings.h"

/*
 * -D, daemon: goes on in a child; the parent waits for
 * lb_background_done() and exits. An exit code; 0: go on.
 */
int	lb_background_go(const struct lb_global_conf *,
	    const struct lb_options *);
/* It serves: the parent may go, standard outputs are closed. */
void	lb_background_done(void);
/* The outputs alone: of a worker, or of a later life. */
void	lb_background_hush(const struct lb_global_conf *,
	    const struct lb_options *);

/* -p, pidfile. An exit code. */
int	lb_background_pid(const struct lb_global_conf *,
	    const struct lb_options *, const char *called);

/*
 * -sf, -st. Rights may be given up between the two: so a helper is kept that
 * has them still.
 */
void	lb_background_prepare(const struct lb_options *);
void	lb_background_signal(const struct lb_options *);
/* Before that: they let go of their addresses, or have them again. */
void	lb_background_pause(const struct lb_options *);
void	lb_background_resume(const struct lb_options *);

#endif
