/* SPDX-License-Identifier: ISC */
/*
 * world.h - all that one process balances: the setup in force, its proxies,
 * and what is counted for the process as a whole. Made at start by loop 0,
 * which alone changes it; atomics are for every loop.
 */
#ifndef WEIR_BALANCER_WORLD_H
#define WEIR_BALANCER_WORLD_H

#include <stdatomic.h>

#include "balancer/logs.h"
#include "balancer/proxy.h"

enum lb_reload { LB_RELOAD_IN_PLACE, LB_RELOAD_WORKER, LB_RELOAD_FAILED,
	LB_RELOADS };

struct lb_world {
	const struct lb_setup *setup;
	struct lb_proxy **proxies;	/* in the order of the file */
	struct lb_logs **logs;		/* of each proxy; NULL: none */
	struct lb_logs *global_logs;
	unsigned count;
	char hostname[256];
	int64_t started, started_wall;	/* us */

	unsigned maxconn;		/* the process's; "set maxconn global" */
	unsigned hard_maxconn;		/* as it was at start */
	unsigned descriptors;		/* Ulimit-n */
	atomic_uint sessions;		/* now: CurrConns */
	atomic_uint tls_sessions;	/* CurrSslConns */
	atomic_ulong bytes_out;
	uint64_t connections, tls_connections;	/* ever; loop 0 */
	uint64_t maxconn_reached;
	unsigned connection_limit, session_limit, tls_limit;	/* per second */
	struct rate connection_rate, session_rate, tls_rate;	/* loop 0 */
	uint64_t reloads[LB_RELOADS];	/* up to now, of all lives; loop 0 */
	bool stopping;			/* loop 0 */
	bool splices;			/* bulk, unless the user forbids it */
};

/* Dies: start only; after the loops were made. Takes the setup. */
void	lb_world_init(struct lb_setup *, const struct lb_log_who *);
void	lb_world_fini(void);
struct lb_world *lb_world(void);

/* By the configuration's object; NULL: there is none. */
struct lb_proxy *lb_world_proxy(const struct lb_proxy_conf *);
struct lb_server *lb_world_server(const struct lb_server_conf *);
struct lb_proxy *lb_world_backend(const char *name);
/* fullconn of a backend that was given none: a tenth of what comes in. */
unsigned lb_world_fullconn(const struct lb_proxy *);

/* One that was added finds whom it tracks; one that goes is forgotten. */
void	lb_world_track(struct lb_server *);
void	lb_world_untrack(struct lb_server *);

/* To the logs of a proxy, NULL: the global ones; level as in logs.h. */
void	lb_world_log(const struct lb_proxy *, enum lb_log_level,
	    const char *text);
/* The same, and on standard error. */
void	lb_world_say(const struct lb_proxy *, enum lb_log_level,
	    const char *text);

#endif
