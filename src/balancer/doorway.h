/* SPDX-License-Identifier: ISC */
/*
 * doorway.h - one listening socket as a bind line wants it. Blocking system
 * calls; at start, before rights are given up, by the first thread.
 */
#ifndef WEIR_BALANCER_DOORWAY_H
#define WEIR_BALANCER_DOORWAY_H

#include "balancer/settings.h"

/* Called while an address is in use: whoever has it may be asked to let go. */
void	lb_doorway_on_busy(void (*)(void));
/* Bound, not listening yet; at: where. -1: why has the system's text. */
int	lb_doorway_bind(const struct lb_bind_conf *, uint16_t port,
	    bool reuseport, struct address *at, struct why *);
/*
 * Connections take TCP_NODELAY after their listener, but for those that waited
 * there before; before it listens. False: each must be told.
 */
bool	lb_doorway_undelay(int fd);
int	lb_doorway_listen(int fd, const struct lb_bind_conf *, int backlog,
	    struct why *);
/* May a socket that was taken over serve the line's port? */
bool	lb_doorway_fits(const struct lb_bind_conf *, uint16_t port,
	    const struct address *, const char *interface);
/* Where a bind line's port leads, as messages have it. */
const char *lb_doorway_print(const struct lb_bind_conf *, uint16_t port,
	    char buf[ADDRESS_TEXT]);

#endif
