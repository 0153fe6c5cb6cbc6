/* SPDX-License-Identifier: ISC */
/*
 * sampling.h - the value of an expression for one session: fetched, then
 * converted. Values are borrowed from the session, the bytes in hand or the
 * scene's own room, and good until the scene's next question. On the
 * session's loop.
 */
#ifndef WEIR_BALANCER_SAMPLING_H
#define WEIR_BALANCER_SAMPLING_H

#include "balancer/scene.h"

void	lb_sampling_init(void);		/* once, at start */
/*
 * The calling loop's own scene, for the session and what it holds; there is
 * one of a loop, so ask anew for each use.
 */
struct lb_scene *lb_sampling_scene(struct lb_session *,
	    const struct lb_proxy *);
/* False: there is no value, or not yet (waits). */
bool	lb_sampling_get(struct lb_scene *, const struct lb_expr *,
	    struct lb_value *);
/* For a log line; how many bytes. */
size_t	lb_sampling_print(struct lb_session *, const struct lb_expr *,
	    char *to, size_t room);

/* The part of an expression that is not carried out yet; NULL: none. */
const char *lb_sampling_missing(const struct lb_expr *);

#endif
