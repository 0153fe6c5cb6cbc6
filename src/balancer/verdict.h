/* SPDX-License-Identifier: ISC */
/*
 * verdict.h - what the results of checks make of a server: rise, fall, the
 * health counter, and what each change asks for; when to look again. Pure:
 * no clock and no server, plain numbers in and out.
 */
#ifndef WEIR_BALANCER_VERDICT_H
#define WEIR_BALANCER_VERDICT_H

#include <stdbool.h>
#include <stdint.h>

struct lb_verdict {		/* of one check: 0 <= health < rise + fall */
	int rise, fall;
	int health;
};

enum lb_result { LB_RESULT_UNKNOWN, LB_RESULT_NEUTRAL, LB_RESULT_FAILED,
	LB_RESULT_PASSED, LB_RESULT_CONDITIONAL };

enum lb_ruling {		/* what the server must become */
	LB_RULING_NONE,		/* the counter moved, if at all */
	LB_RULING_UP, LB_RULING_DOWN, LB_RULING_STOPPING
};

/* The counter at start, and after maintenance. */
void	lb_verdict_start(struct lb_verdict *, int rise, int fall);
/*
 * One result. up: the server is not stopped now; stopping: it takes no new
 * sessions because of a conditional success.
 */
enum lb_ruling lb_verdict_take(struct lb_verdict *, enum lb_result, bool up,
	    bool stopping);

bool	lb_verdict_full(const struct lb_verdict *);
bool	lb_verdict_up(const struct lb_verdict *);	/* health >= rise */
/* "2/3" and what of it: h/n as the status shows it. */
void	lb_verdict_share(const struct lb_verdict *, int *h, int *n);

struct lb_pace {		/* all in us */
	int64_t usual, fast, down;
};
/* Until the next check; stopped: the server is down. hurry: fastinter due. */
int64_t	lb_verdict_wait(const struct lb_verdict *, const struct lb_pace *,
	    bool stopped, bool hurry);
/* The same, moved by up to 'percent' either way; chance: 0 to 2^32 - 1. */
int64_t	lb_verdict_jitter(int64_t wait, int percent, uint32_t chance);

#endif
