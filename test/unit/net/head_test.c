/* SPDX-License-Identifier: ISC */
/* head_test.c - heads of requests, whole and broken. */
#include "net/head.h"
#include "unit.h"

START_TEST(reads_a_head)
{
	static const struct { const char *head; int status; } rows[] = {
		{ "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", 200 },
		{ "HEAD /x?y=z HTTP/1.0\r\n\r\n", 200 },
		{ "GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", 200 },
		{ "GET / HTTP/1.1\r\nHost: x\r\n", 0 },
		{ "", 0 },
		{ "POST / HTTP/1.1\r\n\r\n", 405 },
		{ "GET / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", 400 },
		{ "GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
		    400 },
		{ "GET / HTTP/1.1\r\nno colon\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nbad name: x\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nx: a\x01\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\nx: a\r\n\r\n", 400 },
		{ "GET  / HTTP/1.1\r\n\r\n", 400 },
		{ "GET http://x/ HTTP/1.1\r\n\r\n", 400 },
		{ "GET / HTTP/2\r\n\r\n", 400 },
		{ "GET /\r\n\r\n", 400 },
	};
	struct text path;
	bool head_only;

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		ck_assert_int_eq(head_read(text_of(rows[i].head), &path,
		    &head_only), rows[i].status);
	ck_assert_int_eq(head_read(text_of(rows[1].head), &path,
	    &head_only), 200);
	ck_assert(head_only && text_is(path, "/x"));
}
END_TEST

UNIT_MAIN("net/head", reads_a_head)
