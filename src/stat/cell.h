/* SPDX-License-Identifier: ISC */
/*
 * cell.h - one value on its way out, as text: of a console's answer, a CSV
 * file, a metrics page. Short values are printed into the cell itself, long
 * ones borrowed from the row. Owned by whoever writes the row out.
 * Any thread.
 */
#ifndef WEIR_STAT_CELL_H
#define WEIR_STAT_CELL_H

#include <stdint.h>

#include "base/text.h"

enum { CELL_ROOM = 136 };

struct cell {
	struct text value;		/* at == NULL: no value */
	char room[CELL_ROOM];
};

void	cell_none(struct cell *);
void	cell_int(struct cell *, int64_t);
void	cell_count(struct cell *, uint64_t);
/* Borrowed: stays with the row. NULL is no value, "" is an empty one. */
void	cell_text(struct cell *, const char *);
void	cell_slice(struct cell *, struct text);
/* Printed into the cell; cut at CELL_ROOM - 1 bytes. */
void	cell_print(struct cell *, const char *fmt, ...)
	    __attribute__((format(printf, 2, 3)));
/* Wall time as "2026-11-21 20:06:47 UTC", in the local zone. */
void	cell_time(struct cell *, int64_t wall);

#endif
