/* SPDX-License-Identifier: ISC */
/* http_test.c - heads of requests, whole and broken; addresses. */
#include "net/http.h"
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
		ck_assert_int_eq(http_parse(text_of(rows[i].head), &path,
		    &head_only), rows[i].status);
	ck_assert_int_eq(http_parse(text_of(rows[1].head), &path,
	    &head_only), 200);
	ck_assert(head_only && text_is(path, "/x"));
}
END_TEST

START_TEST(reads_an_address)
{
	char shown[ADDRESS_TEXT];
	struct address a;
	struct why why;

	ck_assert_int_eq(http_address(TEXT("127.0.0.1:9199"), &a, &why), 0);
	ck_assert_str_eq(address_print(&a, shown), "127.0.0.1:9199");
	ck_assert_int_eq(http_address(TEXT("[::1]:80"), &a, &why), 0);
	ck_assert_str_eq(address_print(&a, shown), "[::1]:80");
	ck_assert_int_eq(http_address(TEXT(":80"), &a, &why), 0);
	ck_assert_str_eq(address_print(&a, shown), "0.0.0.0:80");
	ck_assert_int_lt(http_address(TEXT("9199"), &a, &why), 0);
	ck_assert_int_lt(http_address(TEXT("host:9199"), &a, &why), 0);
	ck_assert_int_lt(http_address(TEXT("127.0.0.1:99999"), &a, &why), 0);
}
END_TEST

UNIT_MAIN("net/http", reads_a_head, reads_an_address)
