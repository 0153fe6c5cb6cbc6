/* SPDX-License-Identifier: ISC */
/*
 * resolution.h - a name that is asked again and again, by the rules of a
 * resolvers section: all its name servers at once, the other family when
 * there is none of the preferred one, so many attempts, then a pause. Who
 * uses a name hears of every end. Loop 0.
 */
#ifndef WEIR_BALANCER_RESOLUTION_H
#define WEIR_BALANCER_RESOLUTION_H

#include "balancer/settings.h"
#include "net/answer.h"
#include "net/loop.h"

enum lb_resolution_status {
	LB_RESOLUTION_NONE, LB_RESOLUTION_VALID, LB_RESOLUTION_NX,
	LB_RESOLUTION_TIMEOUT, LB_RESOLUTION_REFUSED, LB_RESOLUTION_OTHER
};

struct lb_item {			/* one thing that a name stands for */
	struct address address;		/* SRV: sent along; len 0: was not */
	char target[ANSWER_NAME];	/* SRV */
	uint16_t weight, port;		/* SRV */
	int64_t seen;			/* monotonic us, in an answer */
};

struct lb_resolution_counts {		/* of one name server */
	uint64_t sent, send_errors, valid, update, nx, timeout, refused,
	    other, invalid, outdated;
};

struct lb_resolution {
	struct lb_resolvers *section;
	char *name;
	uint16_t kind;			/* SRV; A, AAAA: the preferred family */
	enum lb_resolution_status status;
	int64_t last_valid;		/* monotonic us */
	struct lb_item *items;
	unsigned count;
	unsigned turn;			/* where the next choice begins */
	struct lb_resolution_counts *by;	/* who answered; valid only */
	const char *by_name;		/* "section/server" */
};

typedef void lb_resolution_heard(void *arg, struct lb_resolution *,
	    bool first);

/* Reads resolv.conf where wanted; before the root changes. Dies. */
void	lb_resolution_read(const struct lb_setup *);
void	lb_resolution_init(struct loop *);
void	lb_resolution_fini(void);

/*
 * heard() after each end, in the order of asking; first: for the first of
 * its users. NULL: no memory.
 */
struct lb_resolution *lb_resolution_want(const struct lb_resolvers_conf *,
	    const char *name, uint16_t kind, lb_resolution_heard *, void *arg);
void	lb_resolution_leave(struct lb_resolution *, void *arg);
/* How long the status may last before it counts, by the section's hold. */
bool	lb_resolution_is_over(const struct lb_resolution *);
const struct lb_resolvers_conf *lb_resolution_conf(
	    const struct lb_resolution *);

/* "show resolvers": each name server of each section (server NULL: none). */
void	lb_resolution_each(void (*row)(void *arg, const char *section,
	    const char *server, const struct lb_resolution_counts *),
	    void *arg);

#endif
