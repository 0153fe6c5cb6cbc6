/* SPDX-License-Identifier: ISC */
/*
 * regex.h - Perl's regular expressions: compiled into an arena when a file
 * is read, immutable from then on. Any thread.
 */
#ifndef WEIR_BALANCER_REGEX_H
#define WEIR_BALANCER_REGEX_H

#include "base/arena.h"
#include "base/why.h"

enum { LB_REGEX_GROUPS = 10 };	/* the whole, and \1 to \9 */

struct lb_regex;

/* NULL with the reason. */
const struct lb_regex *lb_regex_new(struct arena *, const char *pattern,
	    bool nocase, struct why *);
bool	lb_regex_matches(const struct lb_regex *, struct text);
/*
 * The first match from an offset on: where the groups lie in t, TEXT_NONE
 * for those without a part in it. False: there is none.
 */
bool	lb_regex_find(const struct lb_regex *, struct text t, size_t from,
	    struct text groups[LB_REGEX_GROUPS]);
/*
 * form with \0 to \9 replaced; how many bytes, at most room (cut there).
 */
size_t	lb_regex_expand(struct text form,
	    const struct text groups[LB_REGEX_GROUPS], char *to, size_t room);

#endif
