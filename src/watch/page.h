/* SPDX-License-Identifier: ISC */
/*
 * page.h - a statistics page: is it whole, and what stands in its rows. The
 * body is borrowed and must live as long as the page. Columns are found by
 * name. Pure; any thread.
 */
#ifndef WEIR_WATCH_PAGE_H
#define WEIR_WATCH_PAGE_H

#include <stdint.h>

#include "base/text.h"
#include "base/why.h"

enum {
	WT_PAGE_BYTES = 8 * 1024 * 1024, WT_PAGE_ROWS = 10000,
	WT_PAGE_COLUMNS = 512, WT_PAGE_NAME = 512
};

enum wt_column {
	WT_PXNAME, WT_SVNAME, WT_STATUS, WT_TYPE, WT_CHECK_STATUS,
	WT_CHECK_CODE, WT_LAST_CHK, WT_CHECK_DESC, WT_LASTCHG, WT_DOWNTIME,
	WT_CHKDOWN, WT_CHKFAIL, WT_ACT, WT_BCK, WT_WEIGHT, WT_SCUR, WT_STOT,
	WT_ADDR, WT_AGENT_STATUS, WT_PID, WT_IID, WT_SID, WT_TRACKED,
	WT_COLUMNS
};

enum wt_row_type { WT_FRONTEND, WT_BACKEND, WT_SERVER, WT_LISTENER };

struct wt_row {			/* texts lie in the body or in the page */
	enum wt_row_type type;
	struct text cell[WT_COLUMNS];
};

struct wt_page {
	struct text body;
	uint32_t *starts;		/* of each row in the body */
	unsigned rows, columns;
	int16_t at[WT_COLUMNS];		/* column number, -1: not there */
	int16_t what[WT_PAGE_COLUMNS];	/* the other way round */
	char *scratch;			/* unquoted cells of the last row */
	size_t longest;
};

/* -1: it is not whole, or not a page; why says so. */
int	wt_page_read(struct wt_page *, struct text body, struct why *);
/* The cells stay valid until the next call. */
void	wt_page_row(struct wt_page *, unsigned row, struct wt_row *);
void	wt_page_fini(struct wt_page *);

/* Digits of a cell; false: empty or none. */
bool	wt_page_number(struct text cell, uint64_t *);

#endif
