/* SPDX-License-Identifier: ISC */
/* address_test.c - addresses in, out, and matched. */
#include <string.h>

#include "unit.h"

#include "base/address.h"
#include "exact.h"

START_TEST(reads_and_prints)
{
	static const struct {
		const char *ip, *printed;	/* NULL: refused */
	} rows[] = {
		{ "127.0.0.1", "127.0.0.1:5432" },
		{ "0.0.0.0", "0.0.0.0:5432" },
		{ "::1", "[::1]:5432" }, { "::", "[::]:5432" },
		{ "FE80::0001", "[fe80::1]:5432" },
		{ "::ffff:10.0.0.1", "[::ffff:10.0.0.1]:5432" },
		{ "2001:db8:1111:2222:3333:4444:5555:6666",
		    "[2001:db8:1111:2222:3333:4444:5555:6666]:5432" },
		{ "", NULL }, { "localhost", NULL }, { "999.1.1.1", NULL },
		{ "1.2.3", NULL }, { "1.2.3.4.5", NULL }, { "1.2.3.4 ", NULL },
		{ "01.2.3.4", NULL }, { "[::1]", NULL }, { "::1::", NULL },
		{ "1234567890123456789012345678901234567890123456", NULL },
	};
	char buf[ADDRESS_TEXT];

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct text t = exact(text_of(rows[i].ip));
		struct address a;
		int got = address_ip(t, 5432, &a);

		ck_assert_msg(got == (rows[i].printed == NULL ? -1 : 0), "%s",
		    rows[i].ip);
		if (got == 0) {
			ck_assert_str_eq(address_print(&a, buf),
			    rows[i].printed);
			ck_assert_uint_eq(address_port(&a), 5432);
		}
		exact_drop(&t);
	}
}
END_TEST

START_TEST(changes_ports)
{
	struct address a, b;
	char buf[ADDRESS_TEXT];

	ck_assert_int_eq(address_ip(TEXT("::1"), 1, &a), 0);
	ck_assert_int_eq(address_ip(TEXT("::1"), 65535, &b), 0);
	ck_assert(!address_same(&a, &b));
	address_set_port(&a, 65535);
	ck_assert(address_same(&a, &b));
	ck_assert_str_eq(address_print(&a, buf), "[::1]:65535");
	ck_assert_int_eq(address_ip(TEXT("1.2.3.4"), 65535, &b), 0);
	ck_assert(!address_same(&a, &b));
}
END_TEST

START_TEST(knows_unix_paths)
{
	struct address a, b;
	struct why why = { .line = "" };
	char buf[ADDRESS_TEXT], path[200];

	ck_assert_int_eq(address_unix(TEXT("/tmp/.s.PGSQL.5432"), &a, &why),
	    0);
	ck_assert_str_eq(address_print(&a, buf), "unix:/tmp/.s.PGSQL.5432");
	ck_assert_uint_eq(address_port(&a), 0);
	ck_assert_int_eq(address_unix(TEXT("@name"), &b, &why), 0);
	ck_assert_str_eq(address_print(&b, buf), "unix:@name");
	ck_assert_uint_eq(b.len, offsetof(struct sockaddr_un, sun_path) + 5);
	ck_assert(!address_same(&a, &b));

	memset(path, 'x', sizeof path);
	path[0] = '/';
	ck_assert_int_eq(address_unix((struct text){ path, 107 }, &a, &why),
	    0);
	ck_assert_int_eq(address_unix((struct text){ path, 108 }, &a, &why),
	    -1);
	ck_assert_str_ne(why.line, "");
	ck_assert_int_eq(address_unix(TEXT(""), &a, &why), -1);
	/* A NUL would make another path of it. */
	ck_assert_int_eq(address_unix(TEXT("/tmp/a\0b"), &a, &why), -1);
}
END_TEST

/* The kernel fills an abstract name to the last byte, without a NUL. */
START_TEST(prints_a_full_abstract_name)
{
	struct address a = { .len = sizeof(struct sockaddr_un) };
	char buf[ADDRESS_TEXT], expected[ADDRESS_TEXT] = "unix:@";

	a.un.sun_family = AF_UNIX;
	memset(a.un.sun_path + 1, 'x', sizeof a.un.sun_path - 1);
	memset(expected + 6, 'x', sizeof a.un.sun_path - 1);
	ck_assert_str_eq(address_print(&a, buf), expected);
	/* A socket without a name, as clients have. */
	a.len = offsetof(struct sockaddr_un, sun_path);
	ck_assert_str_eq(address_print(&a, buf), "unix:");
}
END_TEST

START_TEST(makes_endpoints)
{
	struct address a = { .len = 0 };
	struct endpoint e = address_endpoint(&a);
	char buf[ADDRESS_TEXT];

	ck_assert_uint_eq(e.family, 0);
	ck_assert_str_eq(endpoint_ip(&e, buf), "?");
	ck_assert_int_eq(address_ip(TEXT("10.1.2.3"), 99, &a), 0);
	e = address_endpoint(&a);
	ck_assert_str_eq(endpoint_ip(&e, buf), "10.1.2.3");
	ck_assert_str_eq(endpoint_print(&e, buf), "10.1.2.3:99");
	ck_assert_int_eq(address_ip(TEXT("fe80::1"), 99, &a), 0);
	e = address_endpoint(&a);
	ck_assert_str_eq(endpoint_ip(&e, buf), "fe80::1");
	ck_assert_str_eq(endpoint_print(&e, buf), "[fe80::1]:99");
	e = (struct endpoint){ .family = AF_UNIX, .port = 6432 };
	ck_assert_str_eq(endpoint_ip(&e, buf), "unix");
	ck_assert_str_eq(endpoint_print(&e, buf), "unix:6432");
}
END_TEST

START_TEST(matches_prefixes)
{
	static const struct {
		const char *prefix, *ip;
		int has;			/* -1: the prefix is none */
	} rows[] = {
		{ "10.0.0.0/8", "10.255.1.1", 1 },
		{ "10.0.0.0/8", "11.0.0.0", 0 },
		{ "10.0.0.0/9", "10.127.255.255", 1 },
		{ "10.0.0.0/9", "10.128.0.0", 0 },
		{ "0.0.0.0/0", "255.255.255.255", 1 },
		{ "0.0.0.0/0", "::1", 0 },
		{ "::/0", "127.0.0.1", 0 },
		{ "127.0.0.1", "127.0.0.1", 1 },
		{ "127.0.0.1", "127.0.0.2", 0 },
		{ "127.0.0.1/31", "127.0.0.0", 1 },
		{ "2001:db8::/33", "2001:db8:7fff::1", 1 },
		{ "2001:db8::/33", "2001:db8:8000::1", 0 },
		{ "::1", "::1", 1 }, { "::1/128", "::2", 0 },
		{ "10.0.0.0/33", "10.0.0.0", -1 },
		{ "::/129", "::", -1 }, { "10.0.0.0/", "10.0.0.0", -1 },
		{ "10.0.0.0/-1", "10.0.0.0", -1 },
		{ "10.0.0.0/+8", "10.0.0.0", -1 },
		{ "10.0.0.0/8/8", "10.0.0.0", -1 },
		{ "10.0.0.0/255.0.0.0", "10.0.0.0", -1 },
		{ "/8", "10.0.0.0", -1 }, { "", "10.0.0.0", -1 },
		{ "name/8", "10.0.0.0", -1 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct text t = exact(text_of(rows[i].prefix));
		struct why why = { .line = "" };
		struct address a;
		struct endpoint e;
		struct prefix p;
		int got = prefix_parse(t, &p, &why);

		ck_assert_int_eq(address_ip(text_of(rows[i].ip), 1, &a), 0);
		e = address_endpoint(&a);
		ck_assert_msg((got == 0) == (rows[i].has >= 0), "%s",
		    rows[i].prefix);
		ck_assert((got == 0) == (why.line[0] == '\0'));
		ck_assert_msg(got < 0 || prefix_has(&p, &e) ==
		    (rows[i].has == 1), "%s has %s", rows[i].prefix,
		    rows[i].ip);
		exact_drop(&t);
	}
}
END_TEST

START_TEST(knows_where_to_listen)
{
	char shown[ADDRESS_TEXT];
	struct address a;
	struct why why;

	ck_assert_int_eq(address_listen(TEXT("127.0.0.1:9199"), &a, &why), 0);
	ck_assert_str_eq(address_print(&a, shown), "127.0.0.1:9199");
	ck_assert_int_eq(address_listen(TEXT("[::1]:80"), &a, &why), 0);
	ck_assert_str_eq(address_print(&a, shown), "[::1]:80");
	ck_assert_int_eq(address_listen(TEXT(":80"), &a, &why), 0);
	ck_assert_str_eq(address_print(&a, shown), "0.0.0.0:80");
	ck_assert_int_eq(address_listen(TEXT("*:80"), &a, &why), 0);
	ck_assert_str_eq(address_print(&a, shown), "0.0.0.0:80");
	ck_assert_int_eq(address_listen(TEXT("@x:1"), &a, &why), 0);
	ck_assert_int_eq(a.sa.sa_family, AF_UNIX);
	ck_assert_int_lt(address_listen(TEXT("9199"), &a, &why), 0);
	ck_assert_int_lt(address_listen(TEXT("host:9199"), &a, &why), 0);
	ck_assert_int_lt(address_listen(TEXT("127.0.0.1:99999"), &a, &why), 0);
}
END_TEST

UNIT_MAIN("base/address", reads_and_prints, changes_ports, knows_unix_paths,
    prints_a_full_abstract_name, makes_endpoints, matches_prefixes,
    knows_where_to_listen)
