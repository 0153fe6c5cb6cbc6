/* SPDX-License-Identifier: ISC */
/*
 * columns.h - the counters of an instance, one row each: how the statistics
 * file, the JSON file and the metrics call it. Constant; any thread.
 */
#ifndef WEIR_VRRP_COLUMNS_H
#define WEIR_VRRP_COLUMNS_H

#include <stddef.h>
#include <stdint.h>

#include "vrrp/live.h"

enum { VR_COLUMNS = 20 };

struct vr_column {
	const char *key;	/* JSON */
	const char *section;	/* statistics file: its heading; NULL: none */
	const char *label;
	const char *series;	/* metrics; NULL: none */
	const char *help;
	bool counted;		/* false: always 0 here */
	size_t at;		/* in struct vr_live_counts */
};

extern const struct vr_column vr_columns[VR_COLUMNS];

uint64_t vr_column_value(const struct vr_column *,
	    const struct vr_live_counts *);

#endif
