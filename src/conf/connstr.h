/* SPDX-License-Identifier: ISC */
/*
 * connstr.h - connection strings: "key=value key = 'it''s a value'". Pure;
 * any thread.
 */
#ifndef WEIR_CONF_CONNSTR_H
#define WEIR_CONF_CONNSTR_H

#include "base/text.h"

/*
 * The next pair of *rest: 1 and *rest moves on, 0 when none is left, -1 when
 * it is malformed. scratch has room for rest->len bytes; the value may lie
 * in it, until the next call.
 */
int	connstr_pair(struct text *rest, struct text *key, struct text *value,
	    char *scratch);

#endif
