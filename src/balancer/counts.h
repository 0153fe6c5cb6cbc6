/* SPDX-License-Identifier: ISC */
/*
 * counts.h - what one loop counts for a frontend, a backend, a server or a
 * listener; one such struct per loop and object, on cache lines of its own.
 * Only its loop adds; anybody may read and sum up.
 */
#ifndef WEIR_BALANCER_COUNTS_H
#define WEIR_BALANCER_COUNTS_H

#include <stdint.h>

enum lb_counter {		/* the names are the CSV's */
	LB_COUNT_BIN, LB_COUNT_BOUT,
	LB_COUNT_REQBIN, LB_COUNT_REQBOUT, LB_COUNT_RESBIN, LB_COUNT_RESBOUT,
	LB_COUNT_DREQ, LB_COUNT_DRESP, LB_COUNT_EREQ, LB_COUNT_ECON,
	LB_COUNT_ERESP, LB_COUNT_WRETR, LB_COUNT_WREDIS, LB_COUNT_CLI_ABRT,
	LB_COUNT_SRV_ABRT, LB_COUNT_DCON, LB_COUNT_DSES, LB_COUNT_CONNECT,
	LB_COUNT_EINT, LB_COUNT_SSL_SESS, LB_COUNT_SSL_REUSED,
	LB_COUNT_SSL_FAILED,
	/* Of proxies that answer HTTP requests themselves. */
	LB_COUNT_REQ, LB_COUNT_INTERCEPTED, LB_COUNT_HRSP_1XX,
	LB_COUNT_HRSP_2XX, LB_COUNT_HRSP_3XX, LB_COUNT_HRSP_4XX,
	LB_COUNT_HRSP_5XX, LB_COUNT_HRSP_OTHER,
	LB_COUNT_UNBORN,	/* not the CSV's: ended in a handshake */
	LB_COUNTERS
};

struct lb_counts {
	uint64_t of[LB_COUNTERS];
} __attribute__((aligned(64)));

/* How many loops there will be; before all else. */
void	lb_counts_init(unsigned loops);
unsigned lb_counts_loops(void);
/* An array of one per loop; dies: start only. */
struct lb_counts *lb_counts_new(void);
void	lb_counts_free(struct lb_counts **);
/* Of the calling loop's own. */
void	lb_counts_add(struct lb_counts *, enum lb_counter, uint64_t);
uint64_t lb_counts_sum(const struct lb_counts *, enum lb_counter);
void	lb_counts_clear(struct lb_counts *);	/* "clear counters all" */

#endif
