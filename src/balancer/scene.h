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

struct lb_rule;
struct lb_variable;
struct request;

struct lb_scene {		/* what can be looked at */
	struct lb_session *session;	/* NULL: none (a check) */
	struct lb_server *server;	/* that is checked; NULL */
	int fd;				/* the check's connection; -1 */
	const struct lb_proxy *proxy;	/* whose rule asks */
	struct lb_variable **variables;	/* without a session: whose */
	struct text request, response;	/* bytes in hand */
	const struct request *http;	/* NULL: none was read */
	const struct lb_rule *rule;	/* out: which one decided */
	unsigned nth;			/* of several values: which */
	bool more;			/* out: there may be another */
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

/* What a fetch does, or (v: in and out) a converter; false: no value. */
typedef bool lb_scene_fn(struct lb_scene *, const struct lb_arg *,
    struct lb_value *v);

struct lb_scene_row {		/* lists of them end with a NULL name */
	const char *name;
	lb_scene_fn *get;
};

static inline bool
lb_scene_number(struct lb_value *v, int64_t n)
{
	v->type = LB_TYPE_INT;
	v->number = n;
	return true;
}

static inline bool
lb_scene_truth(struct lb_value *v, bool truth)
{
	v->type = LB_TYPE_BOOL;
	v->number = truth;
	return true;
}

/* False: the value lacks bytes that may come yet. */
static inline bool
lb_scene_wait(struct lb_scene *c)
{
	c->waits = !c->final;
	return false;
}

/* Room for n bytes; NULL: it is used up. */
static inline char *
lb_scene_room(struct lb_scene *c, size_t n)
{
	char *at = c->room + c->used;

	if (n > sizeof c->room - c->used)
		return NULL;
	c->used += n;
	return at;
}

#endif
