/* SPDX-License-Identifier: ISC */
/*
 * server.h - one server line as it lives: its state, its weight, its load,
 * who waits for it, what was counted. Made at start, belongs to its proxy.
 * What changes is guarded by the proxy's lock (lb_proxy_lock); what checks
 * know is loop 0's alone.
 */
#ifndef WEIR_BALANCER_SERVER_H
#define WEIR_BALANCER_SERVER_H

#include <stdatomic.h>

#include "balancer/counts.h"
#include "balancer/settings.h"
#include "balancer/verdict.h"
#include "stat/rate.h"

struct lb_check;
struct lb_name;
struct lb_proxy;
struct lb_waiter;
struct tls;

enum lb_server_state {		/* numbers as in "show servers state" */
	LB_SERVER_STOPPED, LB_SERVER_STARTING, LB_SERVER_RUNNING,
	LB_SERVER_STOPPING
};

enum {				/* why it is in maintenance, or drained */
	LB_ADMIN_FMAINT = 1 << 0, LB_ADMIN_IMAINT = 1 << 1,
	LB_ADMIN_CMAINT = 1 << 2, LB_ADMIN_FDRAIN = 1 << 3,
	LB_ADMIN_IDRAIN = 1 << 4, LB_ADMIN_RMAINT = 1 << 5,
	LB_ADMIN_HMAINT = 1 << 6,
	/* CMAINT only tells where FMAINT came from. */
	LB_ADMIN_MAINT = LB_ADMIN_FMAINT | LB_ADMIN_IMAINT | LB_ADMIN_RMAINT,
	LB_ADMIN_DRAIN = LB_ADMIN_FDRAIN | LB_ADMIN_IDRAIN
};

enum { LB_WEIGHT_SCALE = 16, LB_SAMPLES = 1024 };

struct lb_waiters {		/* a line, by priority, then by arrival */
	struct lb_waiter *first, *last;
	unsigned count, most;
};

struct lb_times {		/* sums of averages (rate_mean), and maxima; ms */
	uint64_t queue, connect, total;
	uint32_t queue_most, connect_most, total_most;
};

enum lb_spot_line { LB_SPOT_NONE, LB_SPOT_FRESH, LB_SPOT_CURRENT,
	LB_SPOT_NEXT };

struct lb_spot {		/* in round robin's circle */
	enum lb_spot_line line;		/* not in it; has not begun this round;
					 * is in it; is through */
	unsigned weight;		/* with which it stands there */
	uint64_t order;			/* when it came there */
	uint64_t last;			/* where it was served last */
	uint64_t round;			/* the last it began */
};

struct lb_server {
	struct lb_proxy *proxy;
	const unsigned *crowd, *full;	/* sessions of the backend; fullconn */
	const struct lb_server_conf *conf;
	int netns;			/* its namespace; 0: ours */
	struct arena *arena;		/* of 'conf', when it was added at run
					 * time; NULL: the setup's */
	unsigned number;		/* place in proxy->servers */
	bool leaving;			/* not in the file any more: it goes
					 * with its last session; loop 0 */
	struct lb_server *track;	/* whose state it copies, or NULL */
	struct lb_server *trackers, *next_tracker;

	/* ---- under the proxy's lock */
	struct address address;		/* len 0: not known (yet) */
	enum lb_port_kind port_kind;	/* how the port follows from what the */
	uint16_t port_offset;		/* client asked for: PLUS, MINUS */
	enum lb_server_state state;
	unsigned admin;			/* LB_ADMIN_* */
	unsigned weight, first_weight;	/* the user's; at start */
	unsigned eweight;		/* in force, LB_WEIGHT_SCALE times;
					 * 0: takes nobody new */
	unsigned maxconn;		/* 0: none */
	int64_t slow_until;		/* slowstart's end; 0: not slow */
	unsigned served, served_most;	/* sessions now: scur, smax */
	struct lb_waiters queue;	/* qcur, qmax */
	/* For the algorithm that is used. */
	uint64_t key, turn;
	int64_t score;
	struct lb_spot spot;
	uint64_t sessions, chosen;	/* stot, lbtot */
	struct rate rate;
	struct lb_times times;
	int64_t last_session;		/* monotonic us; 0: never */
	unsigned errors;		/* in a row, of what is observed */
	uint64_t down_count;		/* chkdown */
	int64_t changed;		/* monotonic us: last change of state */
	int64_t down_time;		/* us DOWN before that */

	/* ---- loop 0; [1] is the agent's */
	struct lb_check *checks[2];	/* NULL: none */
	bool checked[2];
	struct lb_verdict verdicts[2];
	uint64_t failed_checks;		/* chkfail */
	uint64_t observed;		/* hanafail */

	struct lb_name *name;		/* how DNS says where; NULL: it does not */
	char *hostname;			/* the name asked for; NULL: none */

	struct tls *tls;		/* NULL: it can only be plain */
	atomic_bool secure;		/* sessions use it */
	struct lb_counts *counts;
};

/* ---- under the proxy's lock ------------------------------------------- */

/* May it be given new sessions by an algorithm? */
bool	lb_server_usable(const struct lb_server *);
/* May a session that is bound to it go there (also drained, weight 0)? */
bool	lb_server_reachable(const struct lb_server *);
/* Connections it may have at this load of its backend; 0: any number. */
unsigned lb_server_limit(const struct lb_server *);
bool	lb_server_full(const struct lb_server *);
/* Percent of slowstart that is reached; 100: not slow. */
unsigned lb_server_throttle(const struct lb_server *, int64_t now);

/* These only change fields; lb_proxy_recount() then makes them count. */
void	lb_server_enter(struct lb_server *, enum lb_server_state,
	    int64_t now);
void	lb_server_weigh(struct lb_server *, int64_t now);	/* eweight */

/* "UP 2/3", as the status column has it; returns buf. */
enum { LB_SERVER_STATUS = 128 };
const char *lb_server_status(const struct lb_server *,
	    char buf[LB_SERVER_STATUS]);

#endif
