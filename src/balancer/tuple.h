/* SPDX-License-Identifier: ISC */
/*
 * tuple.h - the addresses of a session: who talks to whom on either side,
 * looked up when somebody asks. On the session's loop.
 */
#ifndef WEIR_BALANCER_TUPLE_H
#define WEIR_BALANCER_TUPLE_H

#include "balancer/flow.h"

struct endpoint lb_tuple_dst(struct lb_session *);	/* family 0: unknown */
struct endpoint lb_tuple_server(struct lb_session *);
struct endpoint lb_tuple_server_local(struct lb_session *);
const char *lb_tuple_door(const struct lb_session *);	/* listener's name */

#endif
