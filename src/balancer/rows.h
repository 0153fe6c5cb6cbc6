/* SPDX-License-Identifier: ISC */
/*
 * rows.h - what is shown of frontends, backends, servers and listeners: one
 * plain copy of the numbers each, of one instant; and the way through all of
 * them, which can be left and gone on with. Loop 0.
 */
#ifndef WEIR_BALANCER_ROWS_H
#define WEIR_BALANCER_ROWS_H

#include "balancer/door.h"
#include "stat/field.h"

enum {				/* as "show stat" asks for them */
	LB_ROW_FRONTEND = 1 << 0, LB_ROW_BACKEND = 1 << 1,
	LB_ROW_SERVER = 1 << 2, LB_ROW_LISTENER = 1 << 3,
	LB_ROW_ALL = 15
};

struct lb_row {
	unsigned kind;			/* LB_ROW_* */
	const struct lb_proxy *proxy;
	const struct lb_server *server;	/* of a server's row, or NULL */
	const struct lb_door *door;	/* of a listener's, or NULL */
	const char *name;		/* svname */
	unsigned id;			/* sid */
	bool http;			/* the proxy's mode */
	bool legends;			/* addresses are shown */
	bool checked, agent_checked;	/* by its own, which runs now */
	unsigned qcur, qmax, scur, smax, slim;
	uint64_t stot, lbtot, conn_tot, chkdown, bck, act;
	unsigned weight, uweight, throttle;
	int64_t lastchg, downtime, lastsess;	/* s */
	unsigned rate, rate_max, conn_rate, conn_rate_max, req_rate,
	    req_rate_max;
	unsigned up, passing;		/* of a backend's servers */
	struct lb_times times;
	uint64_t counts[LB_COUNTERS];
	char status[LB_SERVER_STATUS];
};

struct lb_rows {		/* what is asked for, and how far it is shown */
	int64_t proxy;			/* its id; -1: all */
	unsigned kinds;			/* LB_ROW_* */
	int64_t object;			/* number of a server, listener; -1 */
	bool up, no_maint;		/* only those */
	bool legends;
	struct text scope;		/* part of the names shown; none: all */
	const struct lb_proxy *asker;	/* whose "stats scope" holds; NULL */

	unsigned at;			/* proxy */
	unsigned step, number;		/* in it */
};

/* All there is, from the start. */
void	lb_rows_init(struct lb_rows *);
/* False: there is none any more. */
bool	lb_rows_next(struct lb_rows *, struct lb_row *);
/* The same, a whole proxy at a time, without its rows. */
struct lb_proxy *lb_rows_proxy(struct lb_rows *);

/* Of one object; bits of kind say which side. */
void	lb_rows_fill(struct lb_row *, unsigned kind, struct lb_proxy *,
	    struct lb_server *, struct lb_door *);
/* How the writers name it. */
struct record lb_rows_record(const struct lb_row *);

#endif
