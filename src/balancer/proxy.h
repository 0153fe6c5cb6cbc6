/* SPDX-License-Identifier: ISC */
/*
 * proxy.h - a frontend, backend or listen section as it lives. The frontend
 * side belongs to loop 0 (it accepts there); the backend side, its servers
 * included, is shared by all loops under the proxy's lock, which is held for
 * a choice or a change and never while anything is called out. With one loop
 * no lock is taken.
 */
#ifndef WEIR_BALANCER_PROXY_H
#define WEIR_BALANCER_PROXY_H

#include <pthread.h>
#include <stdatomic.h>

#include "balancer/algorithm.h"
#include "balancer/server.h"
#include "balancer/spread.h"

struct lb_door;

enum lb_proxy_state { LB_PROXY_OPEN, LB_PROXY_PAUSED, LB_PROXY_STOPPED };

struct lb_circle {		/* of round robin */
	uint64_t round, place, end;	/* its number; from 0; its length */
	uint64_t order;			/* how often somebody took a place */
};

struct lb_proxy {
	const struct lb_proxy_conf *conf;
	unsigned number;		/* place among all */

	/* ---- frontend side: loop 0, but for what is atomic */
	enum lb_proxy_state state;
	struct lb_door *doors;		/* listening sockets */
	unsigned maxconn;		/* "set maxconn frontend" changes it */
	atomic_uint front_sessions;	/* scur; falls on any loop */
	atomic_uint lines;		/* of the log */
	unsigned front_most;		/* smax */
	uint64_t front_total;		/* stot */
	uint64_t front_connections;	/* conn_tot */
	struct rate session_rate, connection_rate, request_rate;
	struct lb_counts *front;

	/* ---- backend side, under the lock */
	pthread_mutex_t lock;
	const struct lb_balance *balance;
	struct lb_server **servers;	/* in the order of the file */
	unsigned server_count;
	/* Those that are chosen from now: active, or backups. */
	struct lb_server **usable;
	unsigned usable_count;
	unsigned total_weight;		/* of them, scaled */
	unsigned active, backups;	/* usable ones of each kind */
	bool on_backup;
	unsigned *map;			/* static ones: places in usable */
	unsigned map_size;
	uint64_t turn;			/* of leastconn */
	struct lb_circle circle;
	uint32_t map_turn;		/* of static-rr */
	unsigned sessions, most;	/* backend scur, smax */
	unsigned fullconn;
	unsigned served;		/* of all its servers */
	uint64_t total, chosen;		/* stot, lbtot */
	struct rate rate;
	struct lb_waiters queue;	/* without a server */
	unsigned queued;		/* in this and the servers' lines */
	struct lb_times times;
	int64_t last_session;
	uint64_t down_count;		/* how often UP became DOWN */
	bool up;
	int64_t changed, down_time;
	struct lb_counts *back;
	struct lb_spread *spread;	/* of both sides */
};

/* Dies: start only. The servers' addresses, states, weights are the setup's. */
struct lb_proxy *lb_proxy_new(const struct lb_proxy_conf *,
	    const struct lb_balance *, unsigned number, int64_t now);
void	lb_proxy_free(struct lb_proxy **);

/*
 * While it runs: a server of its own configuration, in no list yet, and the
 * end of one. Adding and removing only while all loops stand still.
 */
struct lb_server *lb_proxy_make(struct lb_proxy *,
	    const struct lb_server_conf *, int64_t now);
void	lb_proxy_add(struct lb_server *);
void	lb_proxy_remove(struct lb_server *);
void	lb_proxy_unmake(struct lb_server *);
/*
 * Another list of servers, in this order; usable: room for as many. Takes
 * both, and gives the old ones back in the same places, to be dropped.
 */
void	lb_proxy_arrange(struct lb_proxy *, struct lb_server ***servers,
	    struct lb_server ***usable, unsigned count, int64_t now);

void	lb_proxy_enter(struct lb_proxy *, enum lb_proxy_state);
void	lb_proxy_lock(struct lb_proxy *);
void	lb_proxy_unlock(struct lb_proxy *);

/*
 * Under the lock: states, weights or admin of servers were changed. Finds
 * who is usable, lets the algorithm know, keeps the backend's own state.
 */
void	lb_proxy_recount(struct lb_proxy *, int64_t now);

struct lb_server *lb_proxy_server(const struct lb_proxy *, const char *name);

#endif
