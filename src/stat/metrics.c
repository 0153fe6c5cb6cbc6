/* SPDX-License-Identifier: ISC */
/* metrics.c - the writer of text exposition 0.0.4. Any thread. */
#include "stat/cell.h"
#include "stat/metrics.h"

void
metrics_head(struct sheet *s, const char *prefix, const char *name,
    const char *help)
{
	bool counts = text_ends(text_of(name), "_total");

	sheet_print(s, "# HELP %s%s %s\n# TYPE %s%s %s\n", prefix, name,
	    help, prefix, name, counts ? "counter" : "gauge");
}

void
metrics_label(struct sheet *s, const char *name, struct text value)
{
	if (s->len > 0)
		sheet_char(s, ',');
	sheet_text(s, name);
	sheet_text(s, "=\"");
	for (size_t i = 0; i < value.len; i++) {
		char c = value.at[i];

		if (c == '"' || c == '\\')
			sheet_char(s, '\\');
		if (c == '\n')
			sheet_text(s, "\\n");
		else
			sheet_char(s, c);
	}
	sheet_char(s, '"');
}

static void
put_name(struct sheet *s, const char *prefix, const char *name,
    struct text labels)
{
	sheet_text(s, prefix);
	sheet_text(s, name);
	if (labels.len > 0) {
		sheet_char(s, '{');
		sheet_slice(s, labels);
		sheet_char(s, '}');
	}
	sheet_char(s, ' ');
}

void
metrics_value(struct sheet *s, const char *prefix, const char *name,
    struct text labels, struct text value)
{
	put_name(s, prefix, name, labels);
	sheet_slice(s, value.at == NULL ? TEXT("NaN") : value);
	sheet_char(s, '\n');
}

void
metrics_thousandths(struct sheet *s, const char *prefix, const char *name,
    struct text labels, uint64_t value)
{
	struct cell c;

	cell_print(&c, "%llu.%03llu000", (unsigned long long)value / 1000,
	    (unsigned long long)value % 1000);
	metrics_value(s, prefix, name, labels, c.value);
}
