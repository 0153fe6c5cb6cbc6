/* SPDX-License-Identifier: ISC */
/*
 * cancel.h - PostgreSQL's CancelRequest among the first bytes of a client,
 * and the pooler that gave out its key: poolers with a peer_id keep that in
 * the key. Any thread.
 */
#ifndef WEIR_BALANCER_CANCEL_H
#define WEIR_BALANCER_CANCEL_H

#include "balancer/proxy.h"

enum { LB_CANCEL_WAIT = 50000 };	/* us, for the bytes to come */

enum lb_cancel { LB_CANCEL_MORE, LB_CANCEL_NONE, LB_CANCEL_IS };

/* IS: *peer is set; MORE: it still may become one. Pure. */
enum lb_cancel lb_cancel_read(struct text, unsigned *peer);
/* The server of that number which may have connections; or NULL. */
struct lb_server *lb_cancel_server(struct lb_proxy *, unsigned peer);

#endif
