/* SPDX-License-Identifier: ISC */
/* typed.c - the writer of one value a line. */
#include "stat/typed.h"

static void
put_line(struct sheet *s, const struct field *f, unsigned at,
    const struct record *r, struct text value, bool help)
{
	sheet_print(s, "%c.%u.%u.%u.%s.1:%s:%s:", r->letter, r->group,
	    r->object, at, f->column.name, f->tags, field_type(f));
	sheet_slice(s, value);
	if (help)
		sheet_print(s, ":\"%s\"", f->help);
	sheet_char(s, '\n');
}

void
typed_row(struct sheet *s, const struct field *fields, unsigned count,
    const struct record *r, bool help)
{
	unsigned at = 0;
	struct cell c;

	for (unsigned i = 0; i < count; i++) {
		if (fields[i].tags == NULL)
			continue;
		if (field_get(&fields[i], r->where, r->row, &c))
			put_line(s, &fields[i], at, r, c.value, help);
		at++;
	}
	sheet_char(s, '\n');
}
