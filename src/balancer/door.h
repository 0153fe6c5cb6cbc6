/* SPDX-License-Identifier: ISC */
/*
 * door.h - the listening sockets of frontends: opened from bind lines or
 * taken over, held while a limit is reached, and what comes in by them dealt
 * to the loops. Loop 0.
 */
#ifndef WEIR_BALANCER_DOOR_H
#define WEIR_BALANCER_DOOR_H

#include "balancer/world.h"
#include "net/listener.h"
#include "net/loop.h"

struct tls;

struct lb_door {
	struct lb_door *next;		/* of the same proxy, in order */
	struct lb_proxy *proxy;
	const struct lb_bind_conf *conf;
	unsigned number;		/* 1, 2, ...: sid of its row */
	char name[64];			/* given, or sock-N */
	char label[64];			/* given, or N: in log lines */
	struct address at;
	int fd;				/* -1: closed */
	struct listener *listener;	/* NULL: not (any more) */
	bool held;
	bool inherited;			/* not ours to remove */
	bool undelayed;			/* what it accepts has TCP_NODELAY */
	struct tls *tls;		/* NULL: plain */
	/* Counted for its own row; current falls on any loop. */
	atomic_uint sessions;
	unsigned most;
	uint64_t total, connections;
	struct lb_counts *counts;
};

struct lb_arrival {
	struct lb_arrival *next;
	struct lb_door *door;
	int fd;
	int64_t at;			/* us */
	struct endpoint src;
};

/* Who takes arrivals on their loop; the callee owns the descriptor. */
void	lb_door_init(void (*take)(const struct lb_arrival *));

/*
 * Opens all sockets of all frontends, without listening to them yet; refused
 * ones are told as alerts. How many failed.
 */
unsigned lb_door_open(void);
unsigned lb_door_count(void);
/* A socket that was taken over; false: no bind line wants it. */
bool	lb_door_give(int fd, const struct address *, const char *interface);
/* One of those, which is the caller's now; -1: there is none. */
int	lb_door_spare(const struct lb_bind_conf *, uint16_t port,
	    struct address *);
void	lb_door_close_unused(void);	/* of those taken over */
int	lb_door_start(struct loop *, struct why *);	/* accept from now on */

/* A session ended: whoever was held for it may go on. Any loop. */
void	lb_door_left(struct lb_door *);

void	lb_door_look(void);			/* limits were changed */
void	lb_door_pause(struct lb_proxy *);	/* keeps the socket, deaf */
void	lb_door_resume(struct lb_proxy *);
/* As pause, and the address is free for another process. */
void	lb_door_let_go(struct lb_proxy *);
/* Listens again, as far as it can, and resumes. */
void	lb_door_hold_again(struct lb_proxy *);
/* Whoever waits at its sockets comes in, as far as there is room. */
void	lb_door_drain(struct lb_proxy *);
void	lb_door_stop(struct lb_proxy *);	/* closes its sockets */
void	lb_door_stop_all(void);
void	lb_door_fini(void);

#endif
