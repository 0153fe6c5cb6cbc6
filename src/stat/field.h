/* SPDX-License-Identifier: ISC */
/*
 * field.h - a column that not every kind of row has, with what it means: the
 * tables of the writers (csv, typed, json). Constant; any thread.
 */
#ifndef WEIR_STAT_FIELD_H
#define WEIR_STAT_FIELD_H

#include "stat/column.h"

struct field {
	struct column column;
	unsigned where;		/* kinds of rows that have it, as bits */
	/*
	 * Four letters. Origin: Metric, Status, Key, Config, Product; nature:
	 * Age, a(verage), Counter, Duration, Gauge, Limit, Max, m(in), Name,
	 * Output, Rate, Time; scope: Process, Service, s(ystem), Cluster;
	 * Volatile, Persistent across a reload. NULL: a mark between columns
	 * that has no value and no place of its own.
	 */
	const char *tags;
	const char *help;
};

struct record {			/* a row, as typed and JSON name it */
	unsigned where;		/* its kind */
	char letter;		/* S */
	const char *word;	/* Server */
	unsigned group, object;	/* proxy, server */
	const void *row;
};

/* False: this row has no such value. */
static inline bool
field_get(const struct field *f, unsigned where, const void *row,
    struct cell *c)
{
	if ((f->where & where) == 0)
		return false;
	f->column.put(c, row);
	return c->value.at != NULL;
}

/* u32, u64, s32, str. */
const char *field_type(const struct field *);

#endif
