/* SPDX-License-Identifier: ISC */
/*
 * pattern.h - one value that a condition or a map compares with, and in
 * which ways it can match. What is read belongs to the setup and is
 * immutable. Any thread.
 */
#ifndef WEIR_BALANCER_PATTERN_H
#define WEIR_BALANCER_PATTERN_H

#include "balancer/regex.h"
#include "base/address.h"

struct lb_parse;

enum lb_match {		/* -m */
	LB_MATCH_FOUND, LB_MATCH_BOOL, LB_MATCH_INT, LB_MATCH_IP,
	LB_MATCH_BIN, LB_MATCH_LEN, LB_MATCH_STR, LB_MATCH_SUB,
	LB_MATCH_REG, LB_MATCH_BEG, LB_MATCH_END, LB_MATCH_DIR, LB_MATCH_DOM
};

struct lb_pattern {			/* one value; which field: by match */
	const char *text;		/* as written; STR to DOM, and REG */
	size_t len;			/* of text (BIN: of its bytes) */
	bool has_least, has_most;	/* INT, LEN: bounds, both inclusive */
	int64_t least, most;
	struct prefix prefix;		/* IP */
	const struct lb_regex *regex;	/* REG */
};

/* By its name behind -m; false: there is none. */
bool	lb_pattern_match(const char *name, enum lb_match *);
/* names: host names may stand for addresses. -1 with the reason. */
int	lb_pattern_read(struct lb_parse *, enum lb_match, bool nocase,
	    bool names, const char *text, struct lb_pattern *,
	    struct why *);

#endif
