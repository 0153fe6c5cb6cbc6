/* SPDX-License-Identifier: ISC */
/*
 * variables.h - tracked parameters (client_encoding, DateStyle, TimeZone,
 * standard_conforming_strings, application_name and track_extra_parameters)
 * kept in step between clients and servers.
 *
 * A set of values is immutable and interned: equal sets are one object, so
 * "is the server in step with this client" is one comparison of pointers.
 * Sets are counted. Any thread; the intern table has the only lock.
 */
#ifndef WEIR_POOLER_VARIABLES_H
#define WEIR_POOLER_VARIABLES_H

#include "base/text.h"

struct pl_values;		/* one interned set; an unset value is TEXT_NONE */

/* Once, before any set is made: the five names and the extra list. */
void	pl_variables_init(const char *extra);
unsigned pl_variables_count(void);
const char *pl_variables_name(unsigned which);
int	pl_variables_find(struct text name);	/* case ignored; -1: not tracked */

struct pl_values *pl_variables_none(void);	/* the set of no values, held */
struct pl_values *pl_variables_hold(struct pl_values *);
void	pl_variables_drop(struct pl_values **);
struct text pl_variables_get(const struct pl_values *, unsigned which);
/* *set becomes the set with one value changed; -1: no memory, unchanged. */
int	pl_variables_put(struct pl_values **set, unsigned which, struct text value);

/*
 * Do the two differ in a value that both know (case ignored)? Then writes
 * "SET a='x';SET b='y';" that brings a server with 'from' to 'to' into buf and
 * returns the length; 0: nothing to do; more than room: buf was too small.
 */
size_t	pl_variables_difference(const struct pl_values *from, const struct pl_values *to,
	    char *buf, size_t room);
/* to, with from's spelling for every value that from knows; *to is replaced. */
int	pl_variables_adopt(struct pl_values **to, const struct pl_values *from);
/* *set, with the usual value for every one that it does not know. */
int	pl_variables_complete(struct pl_values **set, const struct pl_values *usual);
unsigned pl_variables_sets(void);		/* interned sets alive, for SHOW MEM */
void	pl_variables_fini(void);		/* no set but that of no values is held */

#endif
