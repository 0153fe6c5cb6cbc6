/* SPDX-License-Identifier: ISC */
/*
 * request_test.c - heads of requests, lawful and not; who asks; forms.
 */
#include "net/request.h"
#include "unit.h"

static struct request r;

static int
read_text(const char *t)
{
	return request_read(text_of(t), &r);
}

START_TEST(reads_a_request)
{
	const char *t = "GET /a/b?c=d;e HTTP/1.1\r\nHost: x\r\nA:  b \r\n\r\nz";
	struct text v;

	ck_assert_int_eq(read_text(t), 200);
	ck_assert(text_is(r.method, "GET"));
	ck_assert(text_is(r.local, "/a/b?c=d;e"));
	ck_assert(text_is(r.path, "/a/b"));
	ck_assert(text_is(r.query, "c=d;e"));
	ck_assert_uint_eq(r.minor, 1);
	ck_assert_uint_eq(r.head_len, strlen(t) - 1);
	ck_assert(r.stays);
	ck_assert(request_field(&r, "a", 0, &v) && text_is(v, "b"));
	ck_assert(!request_field(&r, "a", 1, &v));
	ck_assert(!request_field(&r, "b", 0, &v));
}
END_TEST

START_TEST(takes_other_forms)
{
	ck_assert_int_eq(read_text("GET http://h:1/x?y HTTP/1.1\n\n"), 200);
	ck_assert(text_is(r.local, "/x?y"));
	ck_assert_int_eq(read_text("GET http://h HTTP/1.1\n\n"), 200);
	ck_assert(text_is(r.path, "/"));
	ck_assert_int_eq(read_text("\r\nGET / HTTP/1.0\r\n\r\n"), 200);
	ck_assert(!r.stays);
	ck_assert_uint_eq(r.head_len, 20);
	ck_assert_int_eq(read_text("GET / HTTP/1.0\nConnection: foo, "
	    "Keep-Alive\n\n"), 200);
	ck_assert(r.stays);
	ck_assert_int_eq(read_text("POST / HTTP/1.1\r\nconnection: close\r\n"
	    "content-length: 12\r\nExpect: 100-continue\r\n\r\n"), 200);
	ck_assert(!r.stays && r.waits);
	ck_assert_uint_eq(r.body_len, 12);
}
END_TEST

START_TEST(waits_for_the_rest)
{
	ck_assert_int_eq(read_text(""), 0);
	ck_assert_int_eq(read_text("GET / HTTP/1.1\r\n"), 0);
	ck_assert_int_eq(read_text("GET / HTTP/1.1\r\nA: b\r\n\r"), 0);
}
END_TEST

START_TEST(refuses_garbage)
{
	static const struct { const char *t; int status; } rows[] = {
		{ "GET\r\n\r\n", 400 }, { "GET /\r\n\r\n", 400 },
		{ "GET / HTTP/2.0\r\n\r\n", 505 },
		{ "GET / FOO/1.0\r\n\r\n", 400 },
		{ "G(T / HTTP/1.1\r\n\r\n", 400 },
		{ "GET /\x01 HTTP/1.1\r\n\r\n", 400 },
		{ "GET x HTTP/1.1\r\n\r\n", 400 },
		{ "GET /  HTTP/1.1\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nA\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\n A: b\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nA : b\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nA: \x01\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nContent-Length: x\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n", 400 },
		{ "GET / HTTP/1.1\r\nContent-Length: 1\r\n"
		    "Content-Length: 2\r\n\r\n", 400 },
		{ "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
		    411 },
	};
	static char big[17000];

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		ck_assert_msg(read_text(rows[i].t) == rows[i].status, "%s",
		    rows[i].t);
	memset(big, 'x', sizeof big - 1);
	ck_assert_int_eq(read_text(big), 400);
}
END_TEST

START_TEST(knows_who_asks)
{
	struct text user, password;
	char room[16];

	read_text("GET / HTTP/1.1\r\nAuthorization: Basic dTpwOnE=\r\n\r\n");
	ck_assert(request_basic(&r, room, sizeof room, &user, &password));
	ck_assert(text_is(user, "u") && text_is(password, "p:q"));
	ck_assert(!request_basic(&r, room, 2, &user, &password));
	read_text("GET / HTTP/1.1\r\nAuthorization: Basic !!\r\n\r\n");
	ck_assert(!request_basic(&r, room, sizeof room, &user, &password));
	read_text("GET / HTTP/1.1\r\nAuthorization: Bearer dTpw\r\n\r\n");
	ck_assert(!request_basic(&r, room, sizeof room, &user, &password));
	read_text("GET / HTTP/1.1\r\nAuthorization: Basic dXA=\r\n\r\n");
	ck_assert(!request_basic(&r, room, sizeof room, &user, &password));
	read_text("GET / HTTP/1.1\r\n\r\n");
	ck_assert(!request_basic(&r, room, sizeof room, &user, &password));
}
END_TEST

START_TEST(cuts_forms)
{
	char form[] = "s=a+b%2f%zz&&flag&b=%23%33&c=", *rest = form;
	struct text name, value;

	ck_assert(request_pair(&rest, &name, &value));
	ck_assert(text_is(name, "s") && text_is(value, "a b/%zz"));
	ck_assert(request_pair(&rest, &name, &value));
	ck_assert(text_is(name, "flag") && value.len == 0);
	ck_assert(request_pair(&rest, &name, &value));
	ck_assert(text_is(name, "b") && text_is(value, "#3"));
	ck_assert(request_pair(&rest, &name, &value));
	ck_assert(text_is(name, "c") && value.len == 0);
	ck_assert(!request_pair(&rest, &name, &value));
}
END_TEST

UNIT_MAIN("net/request", reads_a_request, takes_other_forms,
    waits_for_the_rest, refuses_garbage, knows_who_asks, cuts_forms)
