/* SPDX-License-Identifier: ISC */
/*
 * column.h - rows of columns: the name of a number, what kind it is, and how
 * it is read from an object. Console, CSV and metrics walk the same rows.
 * Constant tables; any thread.
 */
#ifndef WEIR_STAT_COLUMN_H
#define WEIR_STAT_COLUMN_H

#include "stat/cell.h"

enum column_kind {
	COLUMN_INT4, COLUMN_INT8, COLUMN_NUMERIC, COLUMN_TEXT, COLUMN_BYTES,
	COLUMN_U32, COLUMN_U64
};

struct column {
	const char *name;
	enum column_kind kind;
	void (*put)(struct cell *, const void *row);
};

/* cells[i] becomes what columns[i] reads from row. */
void	column_fill(const struct column *, unsigned count, const void *row,
	    struct cell *cells);
int	column_find(const struct column *, unsigned count, const char *name);

#endif
