/* SPDX-License-Identifier: ISC */
/*
 * fetch_http.h - what a request to a proxy that answers itself says: its
 * lines, its fields, who asks. One row each. On loop 0.
 */
#ifndef WEIR_BALANCER_FETCH_HTTP_H
#define WEIR_BALANCER_FETCH_HTTP_H

#include "balancer/scene.h"
#include "net/request.h"

extern const struct lb_scene_row lb_fetch_http_rows[];

/* Is this the password of a user of that list; NULL: it is not. */
const struct lb_user_conf *lb_fetch_http_user(const struct lb_userlist_conf *,
	    struct text user, struct text password);

#endif
