/* SPDX-License-Identifier: ISC */
/*
 * page.c - the CSV page. First the shape of all of it is looked at, then
 * rows are read one by one; see page.h. Pure; any thread.
 */
#include "base/mem.h"
#include "base/number.h"
#include "watch/page.h"

static const char *const names[WT_COLUMNS] = {
	[WT_PXNAME] = "pxname", [WT_SVNAME] = "svname",
	[WT_STATUS] = "status", [WT_TYPE] = "type",
	[WT_CHECK_STATUS] = "check_status", [WT_CHECK_CODE] = "check_code",
	[WT_LAST_CHK] = "last_chk", [WT_CHECK_DESC] = "check_desc",
	[WT_LASTCHG] = "lastchg", [WT_DOWNTIME] = "downtime",
	[WT_CHKDOWN] = "chkdown", [WT_CHKFAIL] = "chkfail",
	[WT_ACT] = "act", [WT_BCK] = "bck", [WT_WEIGHT] = "weight",
	[WT_SCUR] = "scur", [WT_STOT] = "stot", [WT_ADDR] = "addr",
	[WT_AGENT_STATUS] = "agent_status", [WT_PID] = "pid",
	[WT_IID] = "iid", [WT_SID] = "sid", [WT_TRACKED] = "tracked",
};

struct cell {
	const char *at, *end;	/* without the quotes */
	bool quoted, last;	/* last: a line end or the body's end follows */
	const char *next;	/* behind the separator */
};

/* The end of a quoted cell, or NULL: no closing quote. */
static const char *
end_of_quotes(const char *at, const char *end)
{
	for (;;) {
		at = memchr(at, '"', (size_t)(end - at));
		if (at == NULL)
			return NULL;
		if (at + 1 == end || at[1] != '"')
			return at;
		at += 2;
	}
}

/* -1: what follows a closing quote is no separator, or it is not closed. */
static int
take_cell(const char *at, const char *end, struct cell *c)
{
	const char *p = at;

	c->quoted = at < end && *at == '"';
	c->at = at;
	if (c->quoted) {
		c->at = at + 1;
		p = end_of_quotes(c->at, end);
		if (p == NULL)
			return -1;
		c->end = p++;
		if (p < end && *p != ',' && *p != '\n' &&
		    !(*p == '\r' && p + 1 < end && p[1] == '\n'))
			return -1;
	} else {
		while (p < end && *p != ',' && *p != '\n')
			p++;
		c->end = p;
		if (p < end && *p == '\n' && p > at && p[-1] == '\r')
			c->end = p - 1;
	}
	if (p < end && *p == '\r')
		p++;
	c->last = p == end || *p == '\n';
	c->next = p == end ? end : p + 1;
	return 0;
}

/* ---- the shape */

static void
name_column(struct wt_page *page, struct text name, unsigned column)
{
	page->what[column] = -1;
	for (int i = 0; i < WT_COLUMNS; i++)
		if (page->at[i] < 0 && text_is(name, names[i])) {
			page->at[i] = (int16_t)column;
			page->what[column] = (int16_t)i;
		}
}

static bool
is_html(struct text body)
{
	struct text t = text_trim((struct text){ body.at,
	    body.len > 256 ? 256 : body.len });

	return t.len > 0 && t.at[0] == '<';
}

/* Returns where the rows start, or NULL. */
static const char *
read_header(struct wt_page *page, struct why *why)
{
	const char *at = page->body.at, *end = at + page->body.len;
	struct cell c = { .last = false };

	if (is_html(page->body)) {
		why_set(why, "answer is HTML, not CSV");
		return NULL;
	}
	if (!text_begins(page->body, "# ")) {
		why_set(why, "answer is not CSV: no line of column names");
		return NULL;
	}
	for (at += 2; !c.last; at = c.next) {
		if (page->columns == WT_PAGE_COLUMNS) {
			why_set(why, "more than %d columns", WT_PAGE_COLUMNS);
			return NULL;
		}
		if (take_cell(at, end, &c) < 0) {
			why_set(why, "the column names are torn");
			return NULL;
		}
		name_column(page, (struct text){ c.at,
		    (size_t)(c.end - c.at) }, page->columns++);
	}
	for (int i = 0; i <= WT_STATUS; i++)
		if (page->at[i] < 0) {
			why_set(why, "there is no column %s", names[i]);
			return NULL;
		}
	if (c.next == end) {
		why_set(why, "there are no rows");
		return NULL;
	}
	if (end[-1] != '\n') {
		why_set(why, "the last row is torn");
		return NULL;
	}
	return c.next;
}

/* Counts the cells of one row; *at moves behind it. */
static int
pass_row(struct wt_page *page, const char **at, struct why *why)
{
	const char *end = page->body.at + page->body.len, *from = *at;
	struct cell c = { .last = false };
	unsigned cells = 0;

	for (; !c.last; *at = c.next, cells++) {
		if (take_cell(*at, end, &c) < 0)
			return why_set(why, "row %u is torn: a quote is open",
			    page->rows + 1);
		if (cells < page->columns && page->what[cells] >= 0 &&
		    page->what[cells] <= WT_STATUS &&
		    (c.end == c.at || c.end - c.at > WT_PAGE_NAME))
			return why_set(why, "row %u has a name or status that "
			    "is empty or too long", page->rows + 1);
	}
	if (cells != page->columns)
		return why_set(why, "row %u has %u columns of %u",
		    page->rows + 1, cells, page->columns);
	if ((size_t)(*at - from) > page->longest)
		page->longest = (size_t)(*at - from);
	return 0;
}

static int
add_start(struct wt_page *page, const char *at, struct why *why)
{
	uint32_t *more;

	if (page->rows == WT_PAGE_ROWS)
		return why_set(why, "more than %d rows", WT_PAGE_ROWS);
	if ((page->rows & (page->rows - 1)) == 0) {
		more = mem_grow(page->starts,
		    (page->rows == 0 ? 1 : 2 * page->rows) * sizeof *more);
		if (more == NULL)
			return why_set(why, "out of memory");
		page->starts = more;
	}
	page->starts[page->rows] = (uint32_t)(at - page->body.at);
	return 0;
}

static bool
is_empty_line(const char *at, const char *end)
{
	return *at == '\n' || (*at == '\r' && at + 1 < end && at[1] == '\n');
}

static int
read_shape(struct wt_page *page, struct why *why)
{
	const char *end = page->body.at + page->body.len, *at;

	if (page->body.len == 0)
		return why_set(why, "the answer is empty");
	if (page->body.len > WT_PAGE_BYTES)
		return why_set(why, "more than %d bytes", WT_PAGE_BYTES);
	if (memchr(page->body.at, '\0', page->body.len) != NULL)
		return why_set(why, "a NUL byte in the answer");
	at = read_header(page, why);
	if (at == NULL)
		return -1;
	while (at < end && !is_empty_line(at, end)) {
		const char *from = at;

		if (add_start(page, from, why) < 0 ||
		    pass_row(page, &at, why) < 0)
			return -1;
		page->rows++;
	}
	/* A socket's answer ends with an empty line; more is not a page. */
	while (at < end && (*at == '\n' || *at == '\r'))
		at++;
	if (at < end)
		return why_set(why, "text behind the last row");
	return page->rows > 0 ? 0 : why_set(why, "there are no rows");
}

int
wt_page_read(struct wt_page *page, struct text body, struct why *why)
{
	*page = (struct wt_page){ .body = body };
	for (int i = 0; i < WT_COLUMNS; i++)
		page->at[i] = -1;
	if (read_shape(page, why) == 0) {
		page->scratch = mem_get(page->longest + 1);
		if (page->scratch != NULL)
			return 0;
		why_set(why, "out of memory");
	}
	wt_page_fini(page);
	return -1;
}

void
wt_page_fini(struct wt_page *page)
{
	mem_drop(page->starts);
	mem_drop(page->scratch);
	page->starts = NULL;
	page->scratch = NULL;
	page->rows = 0;
}

/* ---- a row */

/* Doubled quotes become one, in the scratch. */
static struct text
unquote(const struct cell *c, char **room)
{
	struct text t = { *room, 0 };

	for (const char *p = c->at; p < c->end; p++) {
		*(*room)++ = *p;
		if (*p == '"')
			p++;
	}
	t.len = (size_t)(*room - t.at);
	return t;
}

static enum wt_row_type
type_of(const struct wt_row *row)
{
	struct text t = row->cell[WT_TYPE], name = row->cell[WT_SVNAME];

	if (t.len == 1 && t.at[0] >= '0' && t.at[0] <= '3')
		return (enum wt_row_type)(t.at[0] - '0');
	return text_is(name, "FRONTEND") ? WT_FRONTEND :
	    text_is(name, "BACKEND") ? WT_BACKEND : WT_SERVER;
}

void
wt_page_row(struct wt_page *page, unsigned number, struct wt_row *row)
{
	const char *at = page->body.at + page->starts[number];
	const char *end = page->body.at + page->body.len;
	char *room = page->scratch;
	struct cell c = { .last = false };
	int what;

	memset(row, 0, sizeof *row);
	for (unsigned i = 0; i < page->columns && !c.last; i++, at = c.next) {
		if (take_cell(at, end, &c) < 0)
			break;
		what = page->what[i];
		if (what >= 0)
			row->cell[what] = c.quoted ? unquote(&c, &room) :
			    (struct text){ c.at, (size_t)(c.end - c.at) };
	}
	row->type = type_of(row);
}

bool
wt_page_number(struct text cell, uint64_t *n)
{
	int64_t value;

	if (cell.len == 0 || cell.at[0] < '0' || cell.at[0] > '9' ||
	    number_int(cell, 10, 0, INT64_MAX, &value, NULL) < 0)
		return false;
	*n = (uint64_t)value;
	return true;
}
