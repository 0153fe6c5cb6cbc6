/* SPDX-License-Identifier: ISC */
/*
 * sketch.h - expressions, formats and variables of the user's where there is
 * no session: in a check, or before the first client. What has no value
 * there is empty. Loop 0.
 */
#ifndef WEIR_BALANCER_SKETCH_H
#define WEIR_BALANCER_SKETCH_H

#include "balancer/scene.h"
#include "balancer/server.h"

struct lb_format;
struct lb_variable;

struct lb_sketch {		/* what can be looked at */
	struct lb_server *server;	/* that is checked; NULL: none */
	struct lb_variable **variables;	/* the check's; NULL: none */
	struct text got;		/* bytes that it received */
	int fd;				/* its connection; -1: none */
};

/* A format or (NULL) an expression becomes a variable's value. */
struct lb_sketch_rule {
	const char *name;		/* of the variable, with its scope */
	const char *when;		/* "ifexists,...", or NULL */
	const struct lb_expr *expr;
	const struct lb_format *format;
};

/* How many bytes, NUL behind. */
size_t	lb_sketch_format(const struct lb_sketch *, const struct lb_format *,
	    char *to, size_t room);
/* Good until the next question; false: there is none. */
bool	lb_sketch_value(const struct lb_sketch *, const struct lb_expr *,
	    struct lb_value *);
void	lb_sketch_set(const struct lb_sketch *,
	    const struct lb_sketch_rule *);
void	lb_sketch_unset(const struct lb_sketch *, const char *name);
/* set-var of the global section, in their order. */
void	lb_sketch_preset(const struct lb_global_conf *);

#endif
