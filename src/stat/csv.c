/* SPDX-License-Identifier: ISC */
/*
 * csv.c - the writer of rows that programs poll: room is asked for once a
 * row and what a row lacks costs one comma.
 */
#include "stat/csv.h"

void
csv_head(struct sheet *s, const struct field *fields, unsigned count)
{
	sheet_text(s, "# ");
	for (unsigned i = 0; i < count; i++) {
		sheet_text(s, fields[i].column.name);
		sheet_char(s, ',');
	}
	sheet_char(s, '\n');
}

static bool
needs_quotes(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (t.at[i] == ',' || t.at[i] == '"' || t.at[i] == '\n' ||
		    t.at[i] == '\r')
			return true;
	return false;
}

static void
put_quoted(struct sheet *s, struct text t)
{
	sheet_char(s, '"');
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] == '"')
			sheet_char(s, '"');
		sheet_char(s, t.at[i]);
	}
	sheet_text(s, "\",");
}

static void
put_plain(struct sheet *s, struct text t)
{
	char *to = sheet_room(s, t.len + 1);

	if (to == NULL)
		return;
	memcpy(to, t.at, t.len);
	to[t.len] = ',';
	s->len += t.len + 1;
}

static void
put_mark(struct sheet *s, const struct field *f)
{
	if (f->tags == NULL)
		sheet_char(s, '-');
	sheet_char(s, ',');
}

void
csv_row(struct sheet *s, const struct field *fields, unsigned count,
    const struct record *r)
{
	struct cell c;

	for (unsigned i = 0; i < count; i++) {
		const struct field *f = &fields[i];

		if (!field_get(f, r->where, r->row, &c))
			put_mark(s, f);
		else if (f->column.kind == COLUMN_TEXT &&
		    needs_quotes(c.value))
			put_quoted(s, c.value);
		else
			put_plain(s, c.value);
	}
	sheet_char(s, '\n');
}
