/* SPDX-License-Identifier: ISC */
/*
 * notices.h - what was told while the process started, kept for "show
 * startup-logs". First thread, until it is closed.
 */
#ifndef WEIR_BALANCER_NOTICES_H
#define WEIR_BALANCER_NOTICES_H

void	lb_notices_add(const char *line);	/* without its '\n' */
void	lb_notices_close(void);			/* the start is over */
const char *lb_notices_text(void);		/* lines; "": none */

#endif
