/* SPDX-License-Identifier: ISC */
/* addresses_test.c - all forms of an address, and those that are none. */
#include "balancer/addresses.h"
#include "unit.h"

enum { ALL = LB_ADDRESS_MAY_RANGE | LB_ADDRESS_MAY_OFFSET |
    LB_ADDRESS_MAY_FD | LB_ADDRESS_MAY_DATAGRAM | LB_ADDRESS_MAY_NAME |
    LB_ADDRESS_MAY_UNIX };

static struct arena *arena;
static struct lb_address got;
static struct why why;

static int
parse(const char *text, unsigned may)
{
	if (arena == NULL)
		arena = arena_new();
	return lb_addresses_read(arena, text_of(text), may, &got, &why);
}

START_TEST(reads_all_forms)
{
	static const struct {
		const char *text;
		enum lb_address_kind kind;
		enum lb_port_kind port;
		uint16_t low, high;
		const char *shown;		/* of the address, or name */
	} rows[] = {
		{ ":80", LB_ADDRESS_IP, LB_PORT_FIXED, 80, 80, "0.0.0.0:80" },
		{ "*:80", LB_ADDRESS_IP, LB_PORT_FIXED, 80, 80, "0.0.0.0:80" },
		{ "10.0.0.1:80", LB_ADDRESS_IP, LB_PORT_FIXED, 80, 80,
		    "10.0.0.1:80" },
		{ "10.0.0.1", LB_ADDRESS_IP, LB_PORT_NONE, 0, 0,
		    "10.0.0.1:0" },
		{ ":::80", LB_ADDRESS_IP, LB_PORT_FIXED, 80, 80, "[::]:80" },
		{ "::1:80", LB_ADDRESS_IP, LB_PORT_FIXED, 80, 80, "[::1]:80" },
		{ "[::1]:80", LB_ADDRESS_IP, LB_PORT_FIXED, 80, 80,
		    "[::1]:80" },
		{ "ipv6@:80", LB_ADDRESS_IP, LB_PORT_FIXED, 80, 80,
		    "[::]:80" },
		{ "tcp4@10.0.0.1:80", LB_ADDRESS_IP, LB_PORT_FIXED, 80, 80,
		    "10.0.0.1:80" },
		{ "10.0.0.1:80-90", LB_ADDRESS_IP, LB_PORT_RANGE, 80, 90,
		    "10.0.0.1:80" },
		{ "10.0.0.1:+5", LB_ADDRESS_IP, LB_PORT_PLUS, 5, 0, NULL },
		{ "10.0.0.1:-5", LB_ADDRESS_IP, LB_PORT_MINUS, 5, 0, NULL },
		{ "name.x:80", LB_ADDRESS_NAME, LB_PORT_FIXED, 80, 80,
		    "name.x" },
		{ "/run/x", LB_ADDRESS_UNIX, LB_PORT_NONE, 0, 0,
		    "unix:/run/x" },
		{ "unix@/run/x", LB_ADDRESS_UNIX, LB_PORT_NONE, 0, 0,
		    "unix:/run/x" },
		{ "abnsz@foo", LB_ADDRESS_ABSTRACT, LB_PORT_NONE, 0, 0,
		    "unix:@foo" },
		{ "fd@7", LB_ADDRESS_FD, LB_PORT_NONE, 0, 0, NULL },
		{ "sockpair@7", LB_ADDRESS_SOCKPAIR, LB_PORT_NONE, 0, 0,
		    NULL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char buf[ADDRESS_TEXT];

		ck_assert_msg(parse(rows[i].text, ALL) == 0, "%s: %s",
		    rows[i].text, why.line);
		ck_assert_int_eq(got.kind, rows[i].kind);
		ck_assert_int_eq(got.port_kind, rows[i].port);
		ck_assert_int_eq(got.port_low, rows[i].low);
		ck_assert_int_eq(got.port_high, rows[i].high);
		ck_assert_str_eq(got.text, rows[i].text);
		if (got.kind == LB_ADDRESS_NAME)
			ck_assert_str_eq(got.name, rows[i].shown);
		else if (rows[i].shown != NULL)
			ck_assert_str_eq(address_print(&got.sa, buf),
			    rows[i].shown);
	}
	arena_free(&arena);
}
END_TEST

START_TEST(pads_abstract_names)
{
	ck_assert_int_eq(parse("abns@foo", ALL), 0);
	ck_assert_uint_eq(got.sa.len, sizeof(struct sockaddr_un));
	ck_assert_int_eq(parse("abnsz@foo", ALL), 0);
	ck_assert_uint_eq(got.sa.len,
	    offsetof(struct sockaddr_un, sun_path) + 4);
	arena_free(&arena);
}
END_TEST

START_TEST(refuses_the_rest)
{
	static const struct {
		const char *text;
		unsigned may;
	} rows[] = {
		{ "10.0.0.1:x", ALL }, { "10.0.0.1:70000", ALL },
		{ "10.0.0.1:90-80", ALL }, { "10.0.0.1:0-9", ALL },
		{ "10.0.0.1:80-90", ALL & ~LB_ADDRESS_MAY_RANGE },
		{ "10.0.0.1:+1", ALL & ~LB_ADDRESS_MAY_OFFSET },
		{ "10.0.0.1", ALL | LB_ADDRESS_NEEDS_PORT },
		{ "10.0.0.1:0", ALL | LB_ADDRESS_NEEDS_PORT },
		{ "10.0.0.1:80", LB_ADDRESS_NO_PORT },
		{ "ipv4@::1:80", ALL }, { "ipv6@10.0.0.1:80", ALL },
		{ "quic4@:443", ALL }, { "rhttp@x", ALL },
		{ "fd@x", ALL }, { "fd@+3", ALL }, { "fd@", ALL },
		{ "fd@3", 0 }, { "/run/x", 0 }, { "name:80", 0 },
		{ "udp@:53", ALL & ~LB_ADDRESS_MAY_DATAGRAM },
		{ "abns@", ALL }, { "unix@", ALL }, { "a b:80", ALL },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		why.line[0] = '\0';
		ck_assert_msg(parse(rows[i].text, rows[i].may) < 0, "%s",
		    rows[i].text);
		ck_assert_msg(why.line[0] != '\0', "%s", rows[i].text);
	}
	arena_free(&arena);
}
END_TEST

UNIT_MAIN("balancer/addresses", reads_all_forms, pads_abstract_names,
    refuses_the_rest)
