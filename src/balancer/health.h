/* SPDX-License-Identifier: ISC */
/*
 * health.h - servers go up and down, into maintenance and out of it: the
 * state is changed under the proxy's lock, all that must follow is done, and
 * one line tells of it. Loop 0.
 */
#ifndef WEIR_BALANCER_HEALTH_H
#define WEIR_BALANCER_HEALTH_H

#include "balancer/proxy.h"
#include "net/loop.h"

struct lb_cause {		/* a result, as the lines tell it */
	enum lb_result result;
	const char *desc;		/* "Layer4 connection problem" */
	int code;			/* -1: none */
	const char *info;		/* or NULL */
	int64_t duration;		/* ms; -1: not shown */
	bool changed;			/* not what the last one said */
	bool idle;			/* told, but nothing follows from it */
};

enum lb_shut { LB_SHUT_DOWN, LB_SHUT_BACKUPS };

/* shut: ends sessions of a server (of all backups of its proxy). */
void	lb_health_init(struct loop *,
	    void (*shut)(struct lb_server *, enum lb_shut));
void	lb_health_fini(void);

/* A result of a server's check (agent: of its agent's). */
void	lb_health_take(struct lb_server *, bool agent,
	    const struct lb_cause *);
/*
 * Maintenance and drain, by LB_ADMIN_* bits. why: behind the line, ", changed
 * from CLI"; may be "".
 */
void	lb_health_admin(struct lb_server *, unsigned set, unsigned clear,
	    const char *why);
/* "set server health", "agent": as if checks (the agent) had said so. */
void	lb_health_force(struct lb_server *, bool agent, enum lb_server_state,
	    const char *why);
/* Where it is from now; len 0: nowhere. */
void	lb_health_place(struct lb_server *, const struct address *);
void	lb_health_weigh(struct lb_server *, unsigned weight);
void	lb_health_limit(struct lb_server *, unsigned maxconn);
/* Another address; offset: of the kinds PLUS, MINUS. */
void	lb_health_move(struct lb_server *, const struct address *,
	    enum lb_port_kind, uint16_t offset);

#endif
