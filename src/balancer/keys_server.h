/* SPDX-License-Identifier: ISC */
/*
 * keys_server.h - options of server lines, and how server, default-server
 * and server-template lines are read. Constant; any thread.
 */
#ifndef WEIR_BALANCER_KEYS_SERVER_H
#define WEIR_BALANCER_KEYS_SERVER_H

#include "balancer/key.h"

extern const struct lb_key lb_keys_server[];	/* struct lb_server_conf */

/* What a server is when nobody says anything. */
struct lb_server_conf *lb_keys_server_usual(struct lb_parse *);
struct lb_server_conf *lb_keys_server_copy(struct lb_parse *,
	    const struct lb_server_conf *);

/* Lines of a proxy; told when they are wrong. */
void	lb_keys_server_line(struct lb_parse *, const struct lb_words *);
void	lb_keys_server_template(struct lb_parse *, const struct lb_words *);
void	lb_keys_server_default(struct lb_parse *, const struct lb_words *);

/*
 * "server NAME ADDR options" over the runtime socket: it is added to
 * nothing, default-server has no say. NULL: told.
 */
struct lb_server_conf *lb_keys_server_dynamic(struct lb_parse *,
	    const struct lb_words *);

/* "addr[:port] [usesrc x] [interface i]" from at on; words taken, -1: told. */
int	lb_keys_server_source(struct lb_parse *, const struct lb_words *,
	    unsigned at, struct lb_source_conf *);

#endif
