/* SPDX-License-Identifier: ISC */
/* startup_test.c - first packets, whole, cut and broken; option strings. */
#include <stdio.h>

#include "unit.h"

#include "exact.h"
#include "pg/startup.h"

#define V3 "\0\3\0\0"
#define LAYOUT "invalid startup packet layout: expected terminator as last byte"

static const struct row {
	struct text packet;
	enum startup_kind kind;
	uint16_t minor;
	const char *seen;		/* "name=value;", or the reason */
} rows[] = {
	{ TEXT("\0\0\0\10\4\xd2\x16\x2f"), STARTUP_SSL, 0, "" },
	{ TEXT("\0\0\0\10\4\xd2\x16\x30"), STARTUP_GSS, 0, "" },
	{ TEXT("\0\0\0\20\4\xd2\x16\x2e" "12345678"), STARTUP_CANCEL, 0, "" },
	{ TEXT("\0\0\0\17\4\xd2\x16\x2e" "1234567"), STARTUP_CANCEL_BAD, 0,
	    "" },
	{ TEXT("\0\0\0\21\4\xd2\x16\x2e" "123456789"), STARTUP_CANCEL_BAD, 0,
	    "" },
	{ TEXT("\0\0\0\20" V3 "user\0a\0\0"), STARTUP_PLAIN, 0, "user=a;" },
	{ TEXT("\0\0\0\20\0\3\0\2user\0a\0\0"), STARTUP_PLAIN, 2, "user=a;" },
	{ TEXT("\0\0\0\20\0\3\xff\xffuser\0a\0\0"), STARTUP_PLAIN, 65535,
	    "user=a;" },
	{ TEXT("\0\0\0\32" V3 "user\0a\0database\0\0\0"), STARTUP_PLAIN, 0,
	    "user=a;database=;" },
	{ TEXT("\0\0\0\11" V3 "\0"), STARTUP_PLAIN, 0, "" },
	{ TEXT("\0\0\0\10" V3), STARTUP_BAD, 0, LAYOUT },
	{ TEXT("\0\0\0\17" V3 "user\0a\0"), STARTUP_BAD, 0, LAYOUT },
	{ TEXT("\0\0\0\16" V3 "user\0a"), STARTUP_BAD, 0, LAYOUT },
	{ TEXT("\0\0\0\15" V3 "user\0"), STARTUP_BAD, 0, LAYOUT },
	{ TEXT("\0\0\0\16" V3 "user\0\0"), STARTUP_BAD, 0, LAYOUT },
	{ TEXT("\0\0\0\13" V3 "\0a\0"), STARTUP_BAD, 0, LAYOUT },
	{ TEXT("\0\0\0\21" V3 "user\0a\0\0x"), STARTUP_BAD, 0, LAYOUT },
	{ TEXT("\0\0\0\10\0\2\0\0"), STARTUP_BAD, 0,
	    "old V2 protocol not supported" },
	{ TEXT("\0\0\0\10\0\xbc" "aN"), STARTUP_BAD, 0,
	    "bad packet header: '0000000800bc614e'" },
	{ TEXT("\0\0\0\10\0\0\0\0"), STARTUP_BAD, 0,
	    "bad packet header: '0000000800000000'" },
	{ TEXT("\0\0\0\10\4\xd2\x16\x31"), STARTUP_BAD, 0,
	    "bad packet header: '0000000804d21631'" },
};

static void
print_params(struct startup s, char *to, size_t room)
{
	struct text name, value, rest = s.params;
	size_t len = 0;

	while (startup_next(&rest, &name, &value))
		len += (size_t)snprintf(to + len, room - len, "%.*s=%.*s;",
		    TEXT_ARG(name), TEXT_ARG(value));
}

START_TEST(parses_packets)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct text packet = exact(rows[i].packet);
		struct why why = { .line = "" };
		char seen[512] = "";
		struct startup s = startup_parse(packet, &why);

		if (s.kind == STARTUP_BAD)
			snprintf(seen, sizeof seen, "%s", why.line);
		else
			print_params(s, seen, sizeof seen);
		ck_assert_msg(s.kind == rows[i].kind, "row %zu: kind %d", i,
		    s.kind);
		ck_assert_str_eq(seen, rows[i].seen);
		if (s.kind == STARTUP_PLAIN)
			ck_assert_uint_eq(s.minor, rows[i].minor);
		if (s.kind == STARTUP_CANCEL)
			ck_assert_mem_eq(s.key, "12345678", 8);
		exact_drop(&packet);
	}
}
END_TEST

/* Every truncation of every row: more is wanted, or it is refused. */
START_TEST(refuses_every_truncation)
{
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
		for (size_t n = 0; n < rows[i].packet.len; n++) {
			struct text cut = exact((struct text){
			    rows[i].packet.at, n });
			struct why why = { .line = "" };
			struct startup s = startup_parse(cut, &why);
			uint32_t size = 0;

			ck_assert_int_eq(s.kind, STARTUP_BAD);
			ck_assert_str_ne(why.line, "");
			ck_assert_int_eq(startup_peek(cut, &size, NULL),
			    n < 8 ? MESSAGE_MORE : MESSAGE_OK);
			exact_drop(&cut);
		}
}
END_TEST

/* The same with the length made to fit: the layout decides. */
START_TEST(refuses_every_shortened_packet)
{
	char mem[] = "\0\0\0\32\0\3\0\0user\0a\0database\0b\0";
	const size_t whole = sizeof mem;

	ck_assert_uint_eq(whole, 27);
	for (size_t n = 8; n <= whole; n++) {
		struct startup s;
		struct text t;

		mem[3] = (char)n;
		t = exact((struct text){ mem, n });
		s = startup_parse(t, NULL);
		ck_assert_msg(s.kind == (n == whole ? STARTUP_PLAIN :
		    STARTUP_BAD), "%zu of %zu", n, whole);
		exact_drop(&t);
	}
}
END_TEST

START_TEST(peeks_lengths)
{
	static const struct {
		struct text slice;
		enum message_state state;
		const char *why;
	} cases[] = {
		{ TEXT("\0\0\0\10\0\3\0"), MESSAGE_MORE, "" },
		{ TEXT("\0\0\0\10\0\3\0\0"), MESSAGE_OK, "" },
		{ TEXT("\0\0\x27\x10\0\3\0\0"), MESSAGE_OK, "" },
		{ TEXT("\0\0\x27\x11\0\3\0\0"), MESSAGE_BAD,
		    "bad packet header: '0000271100030000'" },
		{ TEXT("\0\0\0\7\0\3\0\0"), MESSAGE_BAD,
		    "bad packet header: '0000000700030000'" },
		{ TEXT("\0\0\0\0\0\3\0\0"), MESSAGE_BAD,
		    "bad packet header: '0000000000030000'" },
		{ TEXT("\xff\xff\xff\xff\0\3\0\0"), MESSAGE_BAD,
		    "bad packet header: 'ffffffff00030000'" },
		{ TEXT("GET / HTTP/1.0\r\n"), MESSAGE_BAD,
		    "bad packet header: '474554202f204854'" },
	};

	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct why why = { .line = "" };
		uint32_t size;

		ck_assert_msg(startup_peek(cases[i].slice, &size, &why) ==
		    cases[i].state, "case %zu", i);
		ck_assert_str_eq(why.line, cases[i].why);
	}
}
END_TEST

START_TEST(knows_extensions)
{
	ck_assert(startup_is_extension(TEXT("_pq_.x")));
	ck_assert(!startup_is_extension(TEXT("_pq_")));
	ck_assert(!startup_is_extension(TEXT("user")));
}
END_TEST

/* ---- the parameter "options" */

#define ONLY "unsupported options startup parameter: only '-c config=val' " \
	"and '--config=val' are allowed"

static const struct {
	const char *options, *seen;
} strings[] = {
	{ "", "" },
	{ "  \t ", "" },
	{ "-c a=b", "a=b;" },
	{ "  -c  a=b  ", "a=b;" },
	{ "-ca=b", "a=b;" },
	{ "--a=b", "a=b;" },
	{ "--a=b -c c=d --e=f", "a=b;c=d;e=f;" },
	{ "-c a=", "a=;" },
	{ "-c a=b=c", "a=b=c;" },
	{ "-c a=b\\ c\\\\d", "a=b c\\d;" },
	{ "--search_path=x\\,\\ y --b=c", "search_path=x, y;b=c;" },
	{ "--a=b\\", "a=b\\;" },
	{ "-c", "!" }, { "-c ", "!" }, { "-c -c", "!" },
	{ "-c=:", "!" }, { "-c =b", "!" }, { "-c=", "!" }, { "--=b", "!" },
	{ "--", "!" }, { "-", "!" }, { "--a", "!" }, { "-c a", "!" },
	{ "-d 5", "!" }, { "a=b", "!" }, { "-C a=b", "!" },
	{ "--a=b x", "a=b;!" }, { "--a=b -c", "a=b;!" },
	{ "\\-c a=b", "a=b;" },
};

START_TEST(parses_options)
{
	for (size_t i = 0; i < sizeof strings / sizeof strings[0]; i++) {
		struct text given = exact(text_of(strings[i].options));
		struct text room = exact(given), name, value;
		struct startup_options o = startup_options(given,
		    (char *)(uintptr_t)room.at);
		struct why why = { .line = "" };
		char seen[256] = "";
		size_t len = 0;
		int got;

		while ((got = startup_option(&o, &name, &value, &why)) == 1)
			len += (size_t)snprintf(seen + len, sizeof seen - len,
			    "%.*s=%.*s;", TEXT_ARG(name), TEXT_ARG(value));
		if (got < 0) {
			snprintf(seen + len, sizeof seen - len, "!");
			ck_assert_str_eq(why.line, ONLY);
		}
		ck_assert_str_eq(seen, strings[i].seen);
		exact_drop(&given);
		exact_drop(&room);
	}
}
END_TEST

UNIT_MAIN("pg/startup", parses_packets, refuses_every_truncation,
    refuses_every_shortened_packet, peeks_lengths, knows_extensions,
    parses_options)
