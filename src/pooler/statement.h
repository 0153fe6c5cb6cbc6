/* SPDX-License-Identifier: ISC */
/*
 * statement.h - a prepared statement's text with its parameter types, held
 * once in the process however many clients and servers know it; counted;
 * named PGBOUNCER_<n> on servers, n running and never used again. Any thread.
 */
#ifndef WEIR_POOLER_STATEMENT_H
#define WEIR_POOLER_STATEMENT_H

#include <stdint.h>

#include "base/text.h"

struct pl_statement;

enum { PL_STATEMENT_NAME = 32 };	/* room for any name with its NUL */

/* body: all of a Parse message behind its name (query NUL types...). Held; NULL: no memory. */
struct pl_statement *pl_statement_get(struct text body);
struct pl_statement *pl_statement_hold(struct pl_statement *);
void	pl_statement_drop(struct pl_statement **);
uint64_t pl_statement_number(const struct pl_statement *);
struct text pl_statement_name(const struct pl_statement *);	/* without NUL, but one follows */
struct text pl_statement_body(const struct pl_statement *);
unsigned pl_statement_count(void);

#endif
