/* SPDX-License-Identifier: ISC */
/*
 * typed.h - one line a value: "S.3.1.17.status.1:SGPV:str:UP". Pure; any
 * thread.
 */
#ifndef WEIR_STAT_TYPED_H
#define WEIR_STAT_TYPED_H

#include "stat/field.h"
#include "stat/sheet.h"

/* help: what it means stands behind it, in quotes. */
void	typed_row(struct sheet *, const struct field *, unsigned count,
	    const struct record *, bool help);

#endif
