/* SPDX-License-Identifier: ISC */
/*
 * tables.h - all stick tables of the process. Made at start; loop 0 looks
 * after them; any loop finds them.
 */
#ifndef WEIR_BALANCER_TABLES_H
#define WEIR_BALANCER_TABLES_H

#include <stdio.h>

#include "balancer/table.h"
#include "net/loop.h"

/* Dies: start only. */
void	lb_tables_init(const struct lb_setup *);
/* From here on what has expired goes; on loop 0. */
void	lb_tables_start(struct loop *);
void	lb_tables_fini(void);

unsigned lb_tables_count(void);
/* NULL behind the last, and of NULL. */
struct lb_table *lb_tables_at(unsigned number);
struct lb_table *lb_tables_find(const struct lb_table_conf *);
struct lb_table *lb_tables_named(struct text name);	/* NULL: none */

/*
 * All that they hold, as text for a successor, and back: what it has no
 * table for, or no such data in, is left out. Import before anything is
 * served; how many entries were taken.
 */
void	lb_tables_export(FILE *);
unsigned lb_tables_import(struct text);

#endif
