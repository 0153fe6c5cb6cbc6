/* SPDX-License-Identifier: ISC */
/* page_test.c - whole pages, torn ones, hostile ones. */
#include <stdio.h>

#include "base/mem.h"
#include "unit.h"
#include "watch/page.h"

static const char page[] =
    "# pxname,svname,scur,status,type,check_desc,\n"
    "px,FRONTEND,1,OPEN,0,,\n"
    "px,a,2,UP,2,\"one, \"\"two\"\"\nthree\",\n"
    "px,b,3,DOWN 1/2,2,plain,\r\n"
    "px,BACKEND,5,UP,1,,\n";

static const char *
refusal(struct text body)
{
	static struct why why;
	struct wt_page p;

	if (wt_page_read(&p, body, &why) == 0) {
		wt_page_fini(&p);
		return "";
	}
	return why.line;
}

START_TEST(reads_by_name)
{
	struct wt_page p;
	struct wt_row row;
	struct why why;
	uint64_t n;

	ck_assert_int_eq(wt_page_read(&p, text_of(page), &why), 0);
	ck_assert_uint_eq(p.rows, 4);
	wt_page_row(&p, 1, &row);
	ck_assert(text_is(row.cell[WT_SVNAME], "a"));
	ck_assert(text_is(row.cell[WT_CHECK_DESC], "one, \"two\"\nthree"));
	ck_assert_int_eq(row.type, WT_SERVER);
	ck_assert(wt_page_number(row.cell[WT_SCUR], &n) && n == 2);
	ck_assert(!wt_page_number(row.cell[WT_CHKDOWN], &n));
	wt_page_row(&p, 2, &row);
	ck_assert(text_is(row.cell[WT_STATUS], "DOWN 1/2"));
	ck_assert(text_is(row.cell[WT_CHECK_DESC], "plain"));
	wt_page_row(&p, 3, &row);
	ck_assert_int_eq(row.type, WT_BACKEND);
	wt_page_fini(&p);
}
END_TEST

START_TEST(columns_may_move)
{
	static const char moved[] = "# status,new one,svname,pxname\r\n"
	    "UP,,a,px\r\nOPEN,x,FRONTEND,px\r\n\r\n";
	struct wt_page p;
	struct wt_row row;
	struct why why;

	ck_assert_int_eq(wt_page_read(&p, text_of(moved), &why), 0);
	ck_assert_uint_eq(p.rows, 2);
	wt_page_row(&p, 0, &row);
	ck_assert(text_is(row.cell[WT_PXNAME], "px"));
	ck_assert(text_is(row.cell[WT_STATUS], "UP"));
	wt_page_row(&p, 1, &row);
	ck_assert_int_eq(row.type, WT_FRONTEND);
	wt_page_fini(&p);
}
END_TEST

/* Only a cut between two rows leaves what looks whole: framing tells it. */
START_TEST(is_torn_at_every_byte)
{
	unsigned whole = 0;

	for (size_t len = 0; len < sizeof page - 1; len++) {
		char *copy = mem_copy((struct text){ page, len });

		if (refusal((struct text){ copy, len })[0] == '\0') {
			ck_assert_int_eq(page[len - 1], '\n');
			whole++;
		}
		mem_drop(copy);
	}
	ck_assert_uint_eq(whole, 3);
}
END_TEST

START_TEST(says_what_is_wrong)
{
	static const struct { const char *body, *why; } rows[] = {
		{ "", "the answer is empty" },
		{ "\n <html>x", "answer is HTML, not CSV" },
		{ "hello\n", "answer is not CSV: no line of column names" },
		{ "# pxname,svname,\npx,a,\n", "there is no column status" },
		{ "# pxname,svname,status,\n", "there are no rows" },
		{ "# pxname,svname,status,\n\n", "there are no rows" },
		{ "# pxname,svname,status,x,\npx,a,UP,\n",
		    "row 1 has 4 columns of 5" },
		{ "# pxname,svname,status,\npx,a,UP,\npx,\"b,UP,\n",
		    "row 2 is torn: a quote is open" },
		{ "# pxname,svname,status,\npx,a,UP,\n\npx,b,UP,\n",
		    "text behind the last row" },
		{ "# pxname,svname,status,\npx,,UP,\n",
		    "row 1 has a name or status that is empty or too long" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ck_assert_str_eq(refusal(text_of(rows[i].body)),
		    rows[i].why);
	ck_assert_str_eq(refusal(TEXT("# pxname,svname,status\npx,a\0,UP\n")),
	    "a NUL byte in the answer");
}
END_TEST

START_TEST(keeps_its_limits)
{
	size_t room = 12 * 1024 * 1024, len;
	char *body = mem_get(room);

	memset(body, 'x', room);
	ck_assert_str_eq(refusal((struct text){ body, room }),
	    "more than 8388608 bytes");
	memcpy(body, "# ", 2);
	for (len = 2; len < 2 + 2 * 600; len += 2)
		memcpy(body + len, "a,", 2);
	body[len++] = '\n';
	ck_assert_str_eq(refusal((struct text){ body, len }),
	    "more than 512 columns");
	len = (size_t)snprintf(body, room, "# pxname,svname,status,\n");
	for (int i = 0; i <= WT_PAGE_ROWS; i++) {
		memcpy(body + len, "p,s,UP,\n", 8);
		len += 8;
	}
	ck_assert_str_eq(refusal((struct text){ body, len }),
	    "more than 10000 rows");
	ck_assert_str_eq(refusal((struct text){ body, len - 8 }), "");
	/* One line of 8 MB. */
	len = (size_t)snprintf(body, room, "# pxname,svname,status,\np,s,");
	memset(body + len, 'U', 8000000);
	len += 8000000;
	body[len++] = '\n';
	ck_assert_str_ne(refusal((struct text){ body, len }), "");
	mem_drop(body);
}
END_TEST

UNIT_MAIN("watch/page", reads_by_name, columns_may_move,
    is_torn_at_every_byte, says_what_is_wrong, keeps_its_limits)
