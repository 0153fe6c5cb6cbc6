/* SPDX-License-Identifier: ISC */
/*
 * scene.h - what an expression is evaluated in, and the values it has on the
 * way. Values are borrowed from the session, from the bytes in hand or from
 * the scene's own room. One loop's.
 */
#ifndef WEIR_BALANCER_SCENE_H
#define WEIR_BALANCER_SCENE_H

#include "balancer/flow.h"

enum { LB_SCENE_ROOM = 16384 };

struct lb_scene {		/* what can be looked at */
	struct lb_session *session;	/* NULL: none (a check) */
	const struct lb_proxy *proxy;	/* whose rule asks */
	struct text request, response;	/* bytes in hand */
	bool final;			/* no more will come: do not wait */
	bool waits;			/* out: a value lacked bytes */
	bool expects_proxy;		/* out: rule expect-proxy */
	size_t used;			/* of room */
	char room[LB_SCENE_ROOM];
};

struct lb_value {
	enum lb_type type;		/* BOOL, INT: number; IPV4, IPV6: ip;
					 * STR, BIN: text */
	int64_t number;
	uint8_t ip[16];
	struct text text;
};

#endif
