/* SPDX-License-Identifier: ISC */
/*
 * info.h - the numbers of the process as a whole, one row each, in the order
 * that readers of "show info" know. Taken on loop 0.
 */
#ifndef WEIR_BALANCER_INFO_H
#define WEIR_BALANCER_INFO_H

#include <stdbool.h>
#include <stdint.h>

struct lb_info {		/* zero: so it is, or nobody counts it */
	const char *name, *version, *released, *node, *description, *product,
	    *tainted;
	char uptime[32];
	uint64_t zero, one, most_memory, most_mb;
	uint64_t threads, pid, uptime_sec, memory_mb, memory, files, sockets,
	    maxconn, hard_maxconn, connections, connections_ever,
	    tls_limit, tls, tls_ever, connection_rate, connection_limit,
	    connection_most, session_rate, session_limit, session_most,
	    tls_rate, tls_rate_limit, tls_rate_most, tls_reuse, tasks, idle,
	    stopping, jobs, listeners, dropped_logs, bytes_out, out_rate,
	    started, maxconn_reached, pipes_used, pipes_free, bytes_spliced;
};

enum lb_info_kind { LB_INFO_U32, LB_INFO_U64, LB_INFO_STR,
	LB_INFO_NONE };		/* has its place, and no value here */

struct lb_info_row {
	const char *name, *tags;	/* tags as in stat/field.h */
	enum lb_info_kind kind;
	unsigned at;			/* in struct lb_info */
	const char *help;
};

extern const struct lb_info_row lb_info_rows[];		/* name NULL ends it */

/* memory: bytes of buffers and sessions, of all loops. */
void	lb_info_take(struct lb_info *, uint64_t memory);
/* NULL: it has none. Of a number: in buf. */
const char *lb_info_value(const struct lb_info *, const struct lb_info_row *,
	    char buf[24]);

#endif
