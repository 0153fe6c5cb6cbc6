/* SPDX-License-Identifier: ISC */
/* proxyproto_test.c - PROXY headers, whole, in pieces, wrong; both ways. */
#include <stdio.h>

#include "net/proxyproto.h"
#include "unit.h"

static enum proxyproto_got
get(struct text t, char *to, size_t *used)
{
	struct endpoint src = { 0 }, dst = { 0 };
	char a[ADDRESS_TEXT], b[ADDRESS_TEXT];
	enum proxyproto_got got = proxyproto_read(t, &src, &dst, used);

	to[0] = '\0';
	if (got == PROXYPROTO_TOLD)
		snprintf(to, 256, "%s %s", endpoint_print(&src, a),
		    endpoint_print(&dst, b));
	return got;
}

static const struct {
	const char *line;
	enum proxyproto_got got;
	const char *ends;
} lines[] = {
	{ "PROXY TCP4 10.0.0.1 10.0.0.2 1234 5432\r\n", PROXYPROTO_TOLD,
	    "10.0.0.1:1234 10.0.0.2:5432" },
	{ "PROXY TCP6 ::1 fe80::2 1 65535\r\n", PROXYPROTO_TOLD,
	    "[::1]:1 [fe80::2]:65535" },
	{ "PROXY UNKNOWN\r\n", PROXYPROTO_LOCAL, "" },
	{ "PROXY UNKNOWN ::1 ::1 1 2\r\n", PROXYPROTO_LOCAL, "" },
	{ "PROXY TCP4 10.0.0.1 10.0.0.2 1234 65536\r\n", PROXYPROTO_BAD, "" },
	{ "PROXY TCP4 10.0.0.1 10.0.0.2 01234 1\r\n", PROXYPROTO_BAD, "" },
	{ "PROXY TCP4 ::1 10.0.0.2 1 2\r\n", PROXYPROTO_BAD, "" },
	{ "PROXY TCP4 10.0.0.1 10.0.0.2 1 2 3\r\n", PROXYPROTO_BAD, "" },
	{ "PROXY TCP4 10.0.0.1 10.0.0.2 1\r\n", PROXYPROTO_BAD, "" },
	{ "PROXY TCP4 10.0.0.1 10.0.0.2 1 2\n", PROXYPROTO_BAD, "" },
	{ "PROXY UDP4 10.0.0.1 10.0.0.2 1 2\r\n", PROXYPROTO_BAD, "" },
	{ "GET / HTTP/1.0\r\n", PROXYPROTO_BAD, "" },
	{ "PROXY TCP4 10.0.0", PROXYPROTO_MORE, "" },
	{ "PRO", PROXYPROTO_MORE, "" },
};

START_TEST(reads_lines)
{
	char ends[256];
	size_t used;

	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct text t = text_of(lines[i].line);

		ck_assert_msg(get(t, ends, &used) == lines[i].got, "%s",
		    lines[i].line);
		ck_assert_str_eq(ends, lines[i].ends);
		if (lines[i].got == PROXYPROTO_TOLD)
			ck_assert_uint_eq(used, t.len);
	}
}
END_TEST

START_TEST(bounds_a_line)
{
	char line[200], ends[256];
	size_t used;

	memset(line, 'x', sizeof line);
	memcpy(line, "PROXY ", 6);
	ck_assert_int_eq(get((struct text){ line, 106 }, ends, &used),
	    PROXYPROTO_MORE);
	ck_assert_int_eq(get((struct text){ line, 107 }, ends, &used),
	    PROXYPROTO_BAD);
}
END_TEST

static struct endpoint
end_of(const char *ip, uint16_t port)
{
	struct address a;

	ck_assert_int_eq(address_ip(text_of(ip), port, &a), 0);
	return address_endpoint(&a);
}

START_TEST(reads_what_it_writes)
{
	static const char *const pairs[][2] = {
		{ "192.0.2.1", "192.0.2.2" }, { "2001:db8::1", "::1" } };
	char header[PROXYPROTO_ROOM + 4], ends[256], want[256];
	char a[ADDRESS_TEXT], b[ADDRESS_TEXT];
	size_t len, used;

	for (int version = 1; version <= 2; version++)
		for (int i = 0; i < 2; i++) {
			struct endpoint src = end_of(pairs[i][0], 4711);
			struct endpoint dst = end_of(pairs[i][1], 5432);

			len = proxyproto_print(version, &src, &dst, header);
			memcpy(header + len, "more", 4);
			for (size_t n = 1; n < len; n++)
				ck_assert_int_eq(get((struct text){ header,
				    n }, ends, &used), PROXYPROTO_MORE);
			ck_assert_int_eq(get((struct text){ header, len + 4 },
			    ends, &used), PROXYPROTO_TOLD);
			ck_assert_uint_eq(used, len);
			snprintf(want, sizeof want, "%s %s",
			    endpoint_print(&src, a), endpoint_print(&dst, b));
			ck_assert_str_eq(ends, want);
		}
}
END_TEST

START_TEST(tells_of_nobody)
{
	struct endpoint four = end_of("192.0.2.1", 1);
	struct endpoint six = end_of("::1", 1);
	char header[PROXYPROTO_ROOM], ends[256];
	size_t len, used;

	len = proxyproto_print(1, &four, &six, header);
	ck_assert(text_is((struct text){ header, len }, "PROXY UNKNOWN\r\n"));
	len = proxyproto_print(2, NULL, NULL, header);
	ck_assert_uint_eq(len, 16);
	ck_assert_int_eq(get((struct text){ header, len }, ends, &used),
	    PROXYPROTO_LOCAL);
}
END_TEST

/* 192.0.2.1:4711 to 192.0.2.2:5432 with the sum of RFC 3720 behind it. */
START_TEST(verifies_the_sum)
{
	char header[] = "\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x13"
	    "\xc0\0\2\1\xc0\0\2\2\x12\x67\x15\x38\3\0\4\0\0\0\0";
	char ends[256];
	size_t used, len = sizeof header - 1;

	ck_assert_int_eq(get((struct text){ header, len }, ends, &used),
	    PROXYPROTO_BAD);
	memcpy(header + len - 4, "\xac\x0a\x59\x5d", 4);
	ck_assert_int_eq(get((struct text){ header, len }, ends, &used),
	    PROXYPROTO_TOLD);
	ck_assert_str_eq(ends, "192.0.2.1:4711 192.0.2.2:5432");
	header[16] ^= 1;
	ck_assert_int_eq(get((struct text){ header, len }, ends, &used),
	    PROXYPROTO_BAD);
	header[16] ^= 1;
	header[len - 7] = 4;	/* another type: it is not looked at */
	ck_assert_int_eq(get((struct text){ header, len }, ends, &used),
	    PROXYPROTO_TOLD);
	header[15] = 0x12;	/* one byte less than the piece says */
	ck_assert_int_eq(get((struct text){ header, len }, ends, &used),
	    PROXYPROTO_BAD);
	header[12] = 0x31;	/* version 3 */
	ck_assert_int_eq(get((struct text){ header, len }, ends, &used),
	    PROXYPROTO_BAD);
}
END_TEST

UNIT_MAIN("net/proxyproto", reads_lines, bounds_a_line, reads_what_it_writes,
    tells_of_nobody, verifies_the_sum)
