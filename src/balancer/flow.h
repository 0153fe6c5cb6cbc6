/* SPDX-License-Identifier: ISC */
/*
 * flow.h - a session: one client's connection and what it leads to. Both
 * ends live on the loop it was dealt to and only that thread touches it;
 * session.c conducts it, pipe.c carries its bytes. In the slab of its loop.
 */
#ifndef WEIR_BALANCER_FLOW_H
#define WEIR_BALANCER_FLOW_H

#include "balancer/deadline.h"
#include "balancer/queue.h"
#include "net/conn.h"

struct lb_door;
struct lb_fates;
struct lb_visit;

enum lb_stage {
	LB_STAGE_PROXY,		/* waits for a PROXY header */
	LB_STAGE_TLS,		/* the client's handshake */
	LB_STAGE_INSPECT,	/* content rules wait for bytes */
	LB_STAGE_QUEUE,		/* waits for a slot */
	LB_STAGE_CONNECT,	/* dials */
	LB_STAGE_PAUSE,		/* before the next attempt */
	LB_STAGE_PIPE,		/* bytes both ways */
	LB_STAGE_ANSWER,	/* the proxy itself answers */
	LB_STAGE_DEAD,
	LB_STAGES
};

enum {
	LB_FLOW_CLIENT_EOF = 1 << 0,	/* the client sent FIN */
	LB_FLOW_SERVER_EOF = 1 << 1,
	LB_FLOW_REDISPATCHED = 1 << 2,
	LB_FLOW_SLOT = 1 << 3,		/* holds a slot of 'server' */
	LB_FLOW_BACKEND = 1 << 4,	/* is counted in 'backend' */
	LB_FLOW_PINNED = 1 << 5,	/* by use-server, a stick table */
	LB_FLOW_DIRTY = 1 << 6,		/* bytes not told to the counters */
	LB_FLOW_TOLD_SRC = 1 << 7,	/* src is not the socket's */
	LB_FLOW_TOLD_DST = 1 << 8,
	LB_FLOW_LOCAL_DST = 1 << 9,	/* dst was looked up */
	LB_FLOW_LOGGED = 1 << 10,	/* logasap has written its line */
	LB_FLOW_DUE_DEAD = 1 << 11,	/* ended, a grant is under way */
	LB_FLOW_TIMED_OUT = 1 << 12,	/* the last attempt did */
	LB_FLOW_FROM_CLIENT = 1 << 13,	/* data came from it */
	LB_FLOW_FROM_SERVER = 1 << 14,
	LB_FLOW_TLS_COUNTED = 1 << 15,
	LB_FLOW_OWN_RULES = 1 << 16,	/* the backend's rules have run */
	LB_FLOW_STARTED = 1 << 17,	/* bytes of hold have been sent */
	LB_FLOW_SILENT = 1 << 18,	/* no log line */
	LB_FLOW_EXPECTS_PROXY = 1 << 19,	/* a rule wants the header */
	LB_FLOW_DOOMED = 1 << 20,	/* will be ended, as all of its kind */
	LB_FLOW_LISTENS = 1 << 21,	/* for a cancel request, or ... */
	LB_FLOW_LISTENED = 1 << 22,	/* ... has done so */
	LB_FLOW_BULK_IN = 1 << 28,	/* the last read from the client was large */
	LB_FLOW_BULK_OUT = 1 << 29,
	LB_FLOW_INSPECTS = 1 << 30	/* the answer is judged */
};

struct lb_hold {
	uint32_t len, room;
	char at[];
};

struct lb_session {
	struct conn *client, *server_conn;
	struct lb_proxy *front, *backend;	/* backend NULL: none yet */
	struct lb_server *server;		/* NULL: none yet */
	uint32_t flags;
	uint8_t stage;				/* enum lb_stage */
	uint8_t retries, tries_left;
	int8_t log_level;			/* -1: as usual */
	uint64_t bytes_in, bytes_out;
	uint32_t untold_in, untold_out;
	struct lb_session *next_dirty;
	int64_t last_client, last_server;	/* activity; us */
	struct lb_mark mark;

	/* What a message does not touch. */
	uint32_t slot;				/* in its loop's slab */
	uint32_t id;
	struct lb_door *door;
	int64_t accepted, since;		/* us; since: of this stage */
	int32_t hello_ms;			/* PROXY and TLS took */
	int32_t queue_ms, connect_ms;		/* -1: was not reached */
	struct endpoint src, dst;
	struct lb_waiter waiter;
	struct lb_hold *hold;			/* read before there was a
						 * server; sent first; NULL */
	struct lb_fates *fates;			/* tracked counters, variables;
						 * NULL: none */
	struct lb_visit *visit;		/* of a proxy that answers; NULL */
};

/* Why a session ends, one row each. */
struct lb_end {
	const char *name;
	char cause;		/* first letter of the log's state */
	char phase;		/* second; 0: by the stage */
	int count_back;		/* enum lb_counter of backend and server */
	bool reset;		/* the client is sent a reset */
};

#endif
