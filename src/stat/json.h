/* SPDX-License-Identifier: ISC */
/*
 * json.h - rows as arrays of objects, one object a value; and texts as JSON
 * has them. Pure; any thread.
 */
#ifndef WEIR_STAT_JSON_H
#define WEIR_STAT_JSON_H

#include "stat/field.h"
#include "stat/sheet.h"

/* A text in quotes; what is not UTF-8 becomes U+FFFD. */
void	json_text(struct sheet *, struct text);
/* {"origin":"Key","nature":"Name","scope":"Service"} of "KNS.". */
void	json_tags(struct sheet *, const char *tags);
/* {"type":"u32","value":1}. */
void	json_value(struct sheet *, const struct field *, struct text value);
void	json_row(struct sheet *, const struct field *, unsigned count,
	    const struct record *);
/* What such answers look like, in JSON schema. */
extern const char *const json_schema;

#endif
