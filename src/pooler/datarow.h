/* SPDX-License-Identifier: ISC */
/*
 * datarow.h - columns and cells as messages to a console's client. Values
 * go as text, or in PostgreSQL's binary form where a client asked for that:
 * bit i of 'binary' is for column i. Pure.
 */
#ifndef WEIR_POOLER_DATAROW_H
#define WEIR_POOLER_DATAROW_H

#include "pg/message.h"
#include "stat/column.h"

/* RowDescription and DataRow; bit n of binary: column n is in binary. */
void	pl_datarow_describe(struct message_writer *, const struct column *,
	    unsigned count, uint32_t binary);
void	pl_datarow_add(struct message_writer *, const struct column *,
	    const struct cell *, unsigned count, uint32_t binary);

/*
 * A bound parameter as text: binary integers of 2, 4 and 8 bytes become
 * digits in room (24 bytes), anything else is its own text. False: a binary
 * form that we do not know.
 */
enum { PL_DATAROW_DIGITS = 24 };
bool	pl_datarow_param(uint32_t type, bool binary, struct text *value,
	    char room[PL_DATAROW_DIGITS]);

#endif
