/* SPDX-License-Identifier: ISC */
/*
 * lists.h - values of conditions and maps as an operator may change them
 * while sessions are compared with them: a new list is made aside, and takes
 * the old one's place while all loops stand still. Loop 0.
 */
#ifndef WEIR_BALANCER_LISTS_H
#define WEIR_BALANCER_LISTS_H

#include "balancer/acl.h"
#include "balancer/mapfile.h"
#include "balancer/settings.h"

struct lb_list;

/*
 * The lists of the setup in force: i from 0; NULL: no more. All that were
 * read from one file have one id, and their versions.
 */
struct lb_list *lb_lists_at(unsigned i);
unsigned lb_lists_id(const struct lb_list *);
const struct lb_list_conf *lb_lists_conf(const struct lb_list *);
enum lb_match lb_lists_match(const struct lb_list *);
bool	lb_lists_nocase(const struct lb_list *);

/*
 * Versions are numbers: the one in force, and the last that was prepared.
 * What is added to another than the one in force is seen by nobody until
 * that one is committed; older ones are forgotten by then.
 */
unsigned lb_lists_current(const struct lb_list *);
unsigned lb_lists_newest(const struct lb_list *);
unsigned lb_lists_prepare(struct lb_list *);	/* one more; its number */
int	lb_lists_commit(struct lb_list *, unsigned version, struct why *);

unsigned lb_lists_count(const struct lb_list *, unsigned version);
/* value: of a map, else NULL. The pointer is its name until it changes. */
const struct lb_pattern *lb_lists_entry(const struct lb_list *,
	    unsigned version, unsigned i, const char **value);

/* value: of a map. -1: why; nothing was changed. */
int	lb_lists_add(struct lb_list *, unsigned version, struct text key,
	    struct text value, struct why *);
/*
 * All entries of that key in all versions, or the one whose name is ref; how
 * many. Maps: they get another value, lists lose them when value is NULL.
 * -1: why.
 */
int	lb_lists_change(struct lb_list *, const char *key, const void *ref,
	    const char *value, struct why *);
int	lb_lists_clear(struct lb_list *, unsigned version, struct why *);

#endif
