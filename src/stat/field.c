/* SPDX-License-Identifier: ISC */
/* field.c - names of types. Pure; any thread. */
#include "stat/field.h"

const char *
field_type(const struct field *f)
{
	switch (f->column.kind) {
	case COLUMN_INT4:
		return "s32";
	case COLUMN_U32:
		return "u32";
	case COLUMN_U64:
		return "u64";
	case COLUMN_INT8:
		return "s64";
	case COLUMN_NUMERIC:
		return "flt";
	case COLUMN_TEXT:
	case COLUMN_BYTES:
		break;
	}
	return "str";
}
