/* SPDX-License-Identifier: ISC */
/*
 * variables.h - what rules have set under a name: "proc." lives with the
 * process and is shared by all loops, the rest with the session (or with
 * whoever lends the scene its list). Names are those of the setup, scope in
 * front.
 */
#ifndef WEIR_BALANCER_VARIABLES_H
#define WEIR_BALANCER_VARIABLES_H

#include "balancer/scene.h"

/* In the scene's room; false: it is not set. */
bool	lb_variables_get(struct lb_scene *, const char *name,
	    struct lb_value *);
/* What set-var may be told in its second argument. */
enum lb_set_when {
	LB_SET_EXISTS = 1 << 0, LB_SET_NOT_EXISTS = 1 << 1,
	LB_SET_EMPTY = 1 << 2, LB_SET_NOT_EMPTY = 1 << 3,
	LB_SET_IF_SET = 1 << 4, LB_SET_IF_NOT_SET = 1 << 5,
	LB_SET_GREATER = 1 << 6, LB_SET_LESS = 1 << 7
};
/* "ifexists,ifgt" and so on, NULL: none. */
unsigned lb_variables_when(const char *);
void	lb_variables_set(struct lb_scene *, const char *name,
	    const struct lb_value *, unsigned when);
void	lb_variables_unset(struct lb_scene *, const char *name);
/* All of a scope ("req."), of a list. */
void	lb_variables_forget(struct lb_variable **, const char *scope);
/* The process's own ones, at its end. */
void	lb_variables_fini(void);

/* For "get var", "set var": those of proc.; name with the scope. */
bool	lb_variables_proc(struct lb_scene *, const char *name,
	    struct lb_value *);

#endif
