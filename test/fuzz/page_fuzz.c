/* SPDX-License-Identifier: ISC */
/* page_fuzz.c - a statistics page: any bytes, then every cell of every row. */
#include "fuzz.h"
#include "watch/class.h"
#include "watch/gauge.h"
#include "watch/page.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text body = fuzz_text(data, len);
	struct wt_source_row source = { .maxwait_warn = 1, .clients_warn = 90 };
	struct wt_page page;
	struct wt_row row;
	struct why why;
	uint64_t n;
	char *made;

	if (wt_page_read(&page, body, &why) == 0) {
		NEED(page.rows > 0 && page.rows <= WT_PAGE_ROWS);
		for (unsigned i = 0; i < page.rows; i++) {
			wt_page_row(&page, i, &row);
			for (int c = 0; c < WT_COLUMNS; c++) {
				fuzz_touch(row.cell[c]);
				wt_page_number(row.cell[c], &n);
			}
			NEED(row.cell[WT_SVNAME].len > 0);
			NEED(wt_class_of(row.cell[WT_STATUS]) !=
			    WT_CLASS_NONE);
		}
		wt_page_fini(&page);
	} else
		NEED(why.line[0] != '\0');
	/* Metrics of Weir's own become a page that is whole. */
	for (int i = 0; i < 2; i++) {
		made = i == 0 ? wt_gauge_vrrp(body, &why) :
		    wt_gauge_pooler(body, &source, NULL, &why);
		if (made == NULL)
			continue;
		if (memchr(data, '\0', len) == NULL &&
		    wt_page_read(&page, text_of(made), &why) == 0)
			wt_page_fini(&page);
		mem_drop(made);
	}
	return 0;
}
