/* SPDX-License-Identifier: ISC */
/*
 * keys_bind.h - options of bind and "stats socket" lines, and how such a
 * line is read. Constant; any thread.
 */
#ifndef WEIR_BALANCER_KEYS_BIND_H
#define WEIR_BALANCER_KEYS_BIND_H

#include "balancer/key.h"

extern const struct lb_key lb_keys_bind[];	/* struct lb_bind_conf */

/* The setting of one that says nothing. */
void	lb_keys_bind_init(struct lb_parse *, struct lb_bind_conf *);
/*
 * The options from at on, of in = LB_IN_BIND or LB_IN_SOCKET; all to *to.
 * -1: told.
 */
int	lb_keys_bind_options(struct lb_parse *, const struct lb_words *,
	    unsigned at, unsigned in, struct lb_bind_conf *to);
/* "mode 600 user u group g uid 1 gid 2 prefix /x": of unix-bind. */
int	lb_keys_bind_unix(struct lb_parse *, const struct lb_words *,
	    unsigned at);
/* Splits a list of addresses; each becomes a copy of *model. -1: told. */
int	lb_keys_bind_addresses(struct lb_parse *, const char *list,
	    const struct lb_bind_conf *model,
	    void (*add)(struct lb_parse *, struct lb_bind_conf *));

#endif
