/* SPDX-License-Identifier: ISC */
/*
 * acl.h - named tests and the conditions made of them ("if a !b or { src
 * 10.0.0.0/8 }"): as data, and how they are read. What is read belongs to
 * the setup and is immutable. Any thread.
 */
#ifndef WEIR_BALANCER_ACL_H
#define WEIR_BALANCER_ACL_H

#include "balancer/pattern.h"
#include "balancer/sample.h"
#include "balancer/words.h"
#include "base/arena.h"
#include "base/why.h"

struct lb_parse;

struct lb_test {			/* one acl line, or one { } */
	struct lb_place place;
	const struct lb_expr *expr;
	enum lb_match match;
	bool nocase;			/* -i */
	const char *file;		/* the first -f; NULL: none */
	ARENA_LIST(const struct lb_pattern) patterns;	/* one must match */
};

struct lb_acl {				/* all lines of one name: one must hold */
	const char *name;		/* NULL: a { } of its own */
	ARENA_LIST(const struct lb_test) tests;
};

struct lb_term {
	bool negated;
	const struct lb_acl *acl;
};

struct lb_chain {			/* all terms must hold */
	ARENA_LIST(const struct lb_term) terms;
};

struct lb_cond {			/* one chain must hold */
	bool unless;			/* ... or none, for "unless" */
	unsigned from;			/* LB_FROM_* of all its tests */
	ARENA_LIST(const struct lb_chain) chains;
};

/*
 * An "acl" line: words[0] is its name. Added to the acls of the section.
 * -1: told.
 */
int	lb_acl_read(struct lb_parse *, const struct lb_words *);
/*
 * The words from 'at' on, which begin with if or unless; NULL with the
 * reason.
 */
const struct lb_cond *lb_acl_cond(struct lb_parse *, const struct lb_words *,
	    unsigned at, struct why *);

#endif
