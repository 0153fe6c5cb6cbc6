/* SPDX-License-Identifier: ISC */
/*
 * column.c - walks a table of columns. Pure; any thread.
 */
#include "stat/column.h"

void
column_fill(const struct column *columns, unsigned count, const void *row,
    struct cell *cells)
{
	for (unsigned i = 0; i < count; i++)
		columns[i].put(&cells[i], row);
}

int
column_find(const struct column *columns, unsigned count, const char *name)
{
	for (unsigned i = 0; i < count; i++)
		if (strcmp(columns[i].name, name) == 0)
			return (int)i;
	return -1;
}
