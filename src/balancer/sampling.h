/* SPDX-License-Identifier: ISC */
/*
 * sampling.h - the value of an expression for one session: fetched, then
 * converted. Values are borrowed from the session, the bytes in hand or the
 * scene's own room, and good until the scene's next question. On the
 * session's loop.
 */
#ifndef WEIR_BALANCER_SAMPLING_H
#define WEIR_BALANCER_SAMPLING_H

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

/* Sets all but the room. */
void	lb_sampling_begin(struct lb_scene *, struct lb_session *,
	    const struct lb_proxy *);
/* False: there is no value, or not yet (waits). */
bool	lb_sampling_get(struct lb_scene *, const struct lb_expr *,
	    struct lb_value *);
/* As text, number; false: it cannot be one. */
bool	lb_sampling_text(struct lb_scene *, struct lb_value *);
bool	lb_sampling_number(struct lb_value *);
bool	lb_sampling_address(struct lb_value *);
/* For a log line; how many bytes. */
size_t	lb_sampling_print(struct lb_session *, const struct lb_expr *,
	    char *to, size_t room);

/* What this program cannot evaluate (yet): asked at start. */
bool	lb_sampling_knows(const struct lb_fetch *);
bool	lb_sampling_knows_converter(const struct lb_converter *);

#endif
