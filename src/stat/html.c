/* SPDX-License-Identifier: ISC */
/* html.c - escaping and numbers. Any thread. */
#include "stat/cell.h"
#include "stat/html.h"

static const char *
entity_of(char c)
{
	switch (c) {
	case '&':
		return "&amp;";
	case '<':
		return "&lt;";
	case '>':
		return "&gt;";
	case '"':
		return "&quot;";
	case '\'':
		return "&#39;";
	default:
		return NULL;
	}
}

void
html_text(struct sheet *s, struct text t)
{
	for (size_t i = 0; i < t.len; i++) {
		const char *entity = entity_of(t.at[i]);

		if (entity != NULL)
			sheet_text(s, entity);
		else
			sheet_char(s, t.at[i]);
	}
}

void
html_count(struct sheet *s, uint64_t n)
{
	struct text digits;
	struct cell c;
	size_t group;

	cell_count(&c, n);
	digits = c.value;
	while (digits.len > 3) {
		group = (digits.len - 1) % 3 + 1;
		sheet_print(s, "<span class=\"g\">%.*s</span>", (int)group,
		    digits.at);
		digits = text_from(digits, group);
	}
	sheet_slice(s, digits);
}

void
html_age(struct sheet *s, uint64_t seconds)
{
	static const struct { unsigned long long size; char name; } units[] = {
		{ 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' },
	};
	unsigned i = 0;

	while (i < 3 && seconds < units[i].size)
		i++;
	sheet_print(s, "%llu%c", (unsigned long long)seconds / units[i].size,
	    units[i].name);
	if (i < 3 && seconds % units[i].size >= units[i + 1].size)
		sheet_print(s, "%llu%c", (unsigned long long)seconds %
		    units[i].size / units[i + 1].size, units[i + 1].name);
}
