/* SPDX-License-Identifier: ISC */
/*
 * csv.h - rows as comma-separated lines, each with a comma at its end;
 * quoted where a text needs it. Pure; any thread.
 */
#ifndef WEIR_STAT_CSV_H
#define WEIR_STAT_CSV_H

#include "stat/field.h"
#include "stat/sheet.h"

/* "# name,name,...,". */
void	csv_head(struct sheet *, const struct field *, unsigned count);
void	csv_row(struct sheet *, const struct field *, unsigned count,
	    const struct record *);

#endif
