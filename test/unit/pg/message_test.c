/* SPDX-License-Identifier: ISC */
/* message_test.c - heads cut anywhere, reads that do not fit, builders. */
#include "unit.h"

#include "exact.h"
#include "pg/message.h"

#define ck_text(t, literal)						\
	do {								\
		struct text ck_is = (t);				\
		struct text ck_be = TEXT(literal);			\
		ck_assert_uint_eq(ck_is.len, ck_be.len);		\
		ck_assert_mem_eq(ck_is.at, ck_be.at, ck_be.len);	\
	} while (0)

/* ---- stepping */

START_TEST(peeks_heads)
{
	static const struct {
		struct text slice;
		enum message_state state;
		uint32_t size;
	} rows[] = {
		{ TEXT(""), MESSAGE_MORE, 0 },
		{ TEXT("Q"), MESSAGE_MORE, 0 },
		{ TEXT("Q\0\0\0"), MESSAGE_MORE, 0 },
		{ TEXT("Q\0\0\0\4"), MESSAGE_OK, 5 },
		{ TEXT("Q\0\0\0\4more"), MESSAGE_OK, 5 },
		{ TEXT("Q\0\0\1\0"), MESSAGE_OK, 257 },
		{ TEXT("Q\0\0\0\0"), MESSAGE_BAD, 0 },
		{ TEXT("Q\0\0\0\3"), MESSAGE_BAD, 0 },
		{ TEXT("Q\x7f\xff\xff\xff"), MESSAGE_OK, 0x80000000u },
		{ TEXT("Q\x80\0\0\0"), MESSAGE_BAD, 0 },
		{ TEXT("Q\xff\xff\xff\xff"), MESSAGE_BAD, 0 },
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct text slice = exact(rows[i].slice);
		enum message_state state;
		uint32_t size = 0;
		char type = 0;

		state = message_peek(slice, &type, &size);
		ck_assert_msg(state == rows[i].state, "row %zu", i);
		ck_assert_msg(size == rows[i].size, "row %zu: %u", i, size);
		ck_assert_int_eq(type, state == MESSAGE_OK ? 'Q' : 0);
		exact_drop(&slice);
	}
}
END_TEST

/* A relay's walk over slices cut at every place sees the same messages. */
START_TEST(takes_heads_cut_anywhere)
{
	static const struct text stream = TEXT("Q\0\0\0\6abS\0\0\0\4"
	    "P\0\0\0\11hello");

	for (size_t a = 0; a <= stream.len; a++)
	for (size_t b = a; b <= stream.len; b++) {
		const struct text slices[] = {
			{ stream.at, a }, { stream.at + a, b - a },
			{ stream.at + b, stream.len - b },
		};
		struct message_head head = { 0 };
		char seen[4] = "", type = 0;
		uint32_t left = 0, size = 0;
		size_t n = 0;

		for (int i = 0; i < 3; i++) {
			struct text s = exact(slices[i]), whole = s;

			while (s.len > 0) {
				size_t eat = left < s.len ? left : s.len;

				s = text_from(s, eat);
				left -= (uint32_t)eat;
				if (left > 0 || s.len == 0)
					continue;
				if (message_head_take(&head, &s, &type,
				    &size) != MESSAGE_OK)
					continue;
				ck_assert_uint_lt(n, 3);
				seen[n++] = type;
				left = size - MESSAGE_HEAD;
			}
			exact_drop(&whole);
		}
		ck_assert_str_eq(seen, "QSP");
		ck_assert_uint_eq(left, 0);
	}
}
END_TEST

START_TEST(refuses_a_cut_head_without_length)
{
	struct message_head head = { 0 };
	struct text a = TEXT("Q\0\0"), b = TEXT("\0\3x");
	uint32_t size;
	char type;

	ck_assert_int_eq(message_head_take(&head, &a, &type, &size),
	    MESSAGE_MORE);
	ck_assert_int_eq(message_head_take(&head, &b, &type, &size),
	    MESSAGE_BAD);
}
END_TEST

/* ---- reading */

START_TEST(reads_in_order)
{
	struct text body = exact(TEXT("\1\2\3\4\5\6\7abc\0\0xy"
	    "\0\0\0\2hi\xff\xff\xff\xffrest"));
	struct message_reader r = message_reader(body);
	struct text t;
	uint8_t u8;
	uint16_t u16;
	uint32_t u32;

	ck_assert(message_read_u8(&r, &u8) && u8 == 1);
	ck_assert(message_read_u16(&r, &u16) && u16 == 0x0203);
	ck_assert(message_read_u32(&r, &u32) && u32 == 0x04050607);
	ck_assert(message_read_string(&r, &t));
	ck_text(t, "abc");
	ck_assert(message_read_string(&r, &t));
	ck_text(t, "");
	ck_assert(message_read_bytes(&r, 2, &t));
	ck_text(t, "xy");
	ck_assert(message_read_value(&r, &t));
	ck_text(t, "hi");
	ck_assert(message_read_value(&r, &t));
	ck_assert_ptr_null(t.at);
	ck_text(message_read_rest(&r), "rest");
	ck_assert(message_at_end(&r));
	exact_drop(&body);
}
END_TEST

START_TEST(refuses_what_does_not_fit)
{
	static const struct text short_ones[] = {
		TEXT(""), TEXT("a"), TEXT("ab"), TEXT("abc")
	};
	static const struct text values[] = {
		TEXT("\0\0\0\1"), TEXT("\0\0\0\4abc"), TEXT("\0\0\0"),
		TEXT("\xff\xff\xff\xfeyz"), TEXT("\x7f\xff\xff\xff" "abc"),
	};
	struct text t = TEXT("unchanged");
	uint16_t u16 = 7;
	uint32_t u32 = 7;
	uint8_t u8 = 7;

	for (size_t i = 0; i < 4; i++) {
		struct text body = exact(short_ones[i]);
		struct message_reader r = message_reader(body);

		ck_assert(!message_read_u32(&r, &u32));
		ck_assert(!message_read_string(&r, &t));
		ck_assert(!message_read_bytes(&r, i + 1, &t));
		ck_assert(!message_read_bytes(&r, SIZE_MAX, &t));
		ck_assert(i >= 2 || !message_read_u16(&r, &u16));
		ck_assert(i >= 1 || !message_read_u8(&r, &u8));
		ck_assert_uint_eq(r.rest.len, i);
		exact_drop(&body);
	}
	for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
		struct text body = exact(values[i]);
		struct message_reader r = message_reader(body);

		ck_assert_msg(!message_read_value(&r, &t), "value %zu", i);
		ck_assert_uint_eq(r.rest.len, body.len);
		exact_drop(&body);
	}
	ck_text(t, "unchanged");
	ck_assert(u8 == 7 && u16 == 7 && u32 == 7);
}
END_TEST

/* ---- building */

/* Each builder, and the bytes it has to give. */
static void build_auth_ok(struct message_writer *w)
{ message_add_auth_ok(w); }
static void build_cleartext(struct message_writer *w)
{ message_add_auth_cleartext(w); }
static void build_md5(struct message_writer *w)
{ message_add_auth_md5(w, "salt"); }
static void build_sasl(struct message_writer *w)
{ message_add_auth_sasl(w); }
static void build_continue(struct message_writer *w)
{ message_add_auth_sasl_continue(w, TEXT("r=x")); }
static void build_sasl_final(struct message_writer *w)
{ message_add_auth_sasl_final(w, TEXT("v=x")); }
static void build_parameter(struct message_writer *w)
{ message_add_parameter_status(w, TEXT("TimeZone"), TEXT("UTC")); }
static void build_key(struct message_writer *w)
{ message_add_backend_key(w, "abcdefgh"); }
static void build_ready(struct message_writer *w)
{ message_add_ready(w, 'I'); }
static void build_complete(struct message_writer *w)
{ message_add_command_complete(w, TEXT("SHOW")); }
static void build_bare(struct message_writer *w)
{ message_add_bare(w, '1'); }
static void build_query(struct message_writer *w)
{ message_add_query(w, TEXT("select 1")); }
static void build_parse(struct message_writer *w)
{ message_add_parse(w, TEXT("s"), TEXT("q")); }
static void build_describe(struct message_writer *w)
{ message_add_describe(w, 'S', TEXT("s")); }
static void build_close(struct message_writer *w)
{ message_add_close(w, 'P', TEXT("")); }
static void build_execute(struct message_writer *w)
{ message_add_execute(w, TEXT("p"), 9); }
static void build_sync(struct message_writer *w)
{ message_add_sync(w); }
static void build_terminate(struct message_writer *w)
{ message_add_terminate(w); }
static void build_password(struct message_writer *w)
{ message_add_password(w, TEXT("pw")); }
static void build_initial(struct message_writer *w)
{ message_add_sasl_initial(w, TEXT("M"), TEXT("n,,")); }
static void build_response(struct message_writer *w)
{ message_add_sasl_response(w, TEXT("c=")); }
static void build_ssl(struct message_writer *w)
{ message_add_ssl_request(w); }
static void build_cancel(struct message_writer *w)
{ message_add_cancel(w, "abcdefgh"); }
static void build_error(struct message_writer *w)
{
	message_add_error(w, TEXT("FATAL"), TEXT("08P01"), TEXT("no"),
	    TEXT_NONE);
}
static void build_notice(struct message_writer *w)
{
	message_add_notice(w, TEXT("NOTICE"), TEXT("00000"), TEXT("m"),
	    TEXT(""));
}
static void build_negotiate(struct message_writer *w)
{
	static const struct text names[] = { TEXT("_pq_.a"), TEXT("_pq_.b") };

	message_add_negotiate(w, 0x00030000, names, 2);
}
static void build_description(struct message_writer *w)
{
	static const struct message_column columns[] = {
		{ TEXT("a"), MESSAGE_TYPE_INT4, 4 },
		{ TEXT("b"), MESSAGE_TYPE_TEXT, -1 },
	};

	message_add_row_description(w, columns, 2);
}
static void build_row(struct message_writer *w)
{
	static const struct text values[] = {
		TEXT("xy"), { NULL, 0 }, TEXT("")
	};

	message_add_data_row(w, values, 3);
}
static void build_bind(struct message_writer *w)
{
	static const struct text value = TEXT("u");

	message_add_bind(w, TEXT(""), TEXT("s"), &value, 1);
}
static void build_startup(struct message_writer *w)
{
	static const struct text pairs[][2] = {
		{ TEXT("user"), TEXT("u") }, { TEXT("a"), TEXT("") }
	};

	message_add_startup(w, pairs, 2);
}

static const struct builder {
	void (*build)(struct message_writer *);
	struct text bytes;
} builders[] = {
	{ build_auth_ok, TEXT("R\0\0\0\10\0\0\0\0") },
	{ build_cleartext, TEXT("R\0\0\0\10\0\0\0\3") },
	{ build_md5, TEXT("R\0\0\0\14\0\0\0\5salt") },
	{ build_sasl, TEXT("R\0\0\0\x17\0\0\0\12SCRAM-SHA-256\0\0") },
	{ build_continue, TEXT("R\0\0\0\13\0\0\0\13r=x") },
	{ build_sasl_final, TEXT("R\0\0\0\13\0\0\0\14v=x") },
	{ build_parameter, TEXT("S\0\0\0\x11TimeZone\0UTC\0") },
	{ build_key, TEXT("K\0\0\0\14" "abcdefgh") },
	{ build_ready, TEXT("Z\0\0\0\5I") },
	{ build_complete, TEXT("C\0\0\0\11SHOW\0") },
	{ build_bare, TEXT("1\0\0\0\4") },
	{ build_query, TEXT("Q\0\0\0\15select 1\0") },
	{ build_parse, TEXT("P\0\0\0\12s\0q\0\0\0") },
	{ build_describe, TEXT("D\0\0\0\7Ss\0") },
	{ build_close, TEXT("C\0\0\0\6P\0") },
	{ build_execute, TEXT("E\0\0\0\12p\0\0\0\0\11") },
	{ build_sync, TEXT("S\0\0\0\4") },
	{ build_terminate, TEXT("X\0\0\0\4") },
	{ build_password, TEXT("p\0\0\0\7pw\0") },
	{ build_initial, TEXT("p\0\0\0\15M\0\0\0\0\3n,,") },
	{ build_response, TEXT("p\0\0\0\6c=") },
	{ build_ssl, TEXT("\0\0\0\10\4\xd2\x16\x2f") },
	{ build_cancel, TEXT("\0\0\0\20\4\xd2\x16\x2e" "abcdefgh") },
	{ build_error, TEXT("E\0\0\0\27SFATAL\0C08P01\0Mno\0\0") },
	{ build_notice, TEXT("N\0\0\0\31SNOTICE\0C00000\0Mm\0D\0\0") },
	{ build_negotiate, TEXT("v\0\0\0\32\0\3\0\0\0\0\0\2"
	    "_pq_.a\0_pq_.b\0") },
	{ build_description, TEXT("T\0\0\0\56\0\2"
	    "a\0\0\0\0\0\0\0\0\0\0\27\0\4\xff\xff\xff\xff\0\0"
	    "b\0\0\0\0\0\0\0\0\0\0\31\xff\xff\xff\xff\xff\xff\0\0") },
	{ build_row, TEXT("D\0\0\0\24\0\3\0\0\0\2xy\xff\xff\xff\xff"
	    "\0\0\0\0") },
	{ build_bind, TEXT("B\0\0\0\22\0s\0\0\0\0\1\0\0\0\1u\0\0") },
	{ build_startup, TEXT("\0\0\0\23\0\3\0\0user\0u\0a\0\0\0") },
};

enum { BUILDERS = sizeof builders / sizeof builders[0] };

START_TEST(builds_each_message)
{
	for (size_t i = 0; i < BUILDERS; i++) {
		struct message_writer w = message_writer(NULL, 0, 1000);
		struct text t;

		builders[i].build(&w);
		t = message_written(&w);
		ck_assert_msg(!w.failed && text_same(t, builders[i].bytes),
		    "builder %zu gave %zu bytes", i, t.len);
		message_writer_fini(&w);
	}
}
END_TEST

/* Fixed memory one byte short of each message: failed, nothing overrun. */
START_TEST(fails_when_it_does_not_fit)
{
	for (size_t i = 0; i < BUILDERS; i++) {
		size_t need = builders[i].bytes.len;
		struct text mem = exact((struct text){
		    builders[i].bytes.at, need });

		for (size_t room = 0; room <= need; room++) {
			struct message_writer w = message_writer(
			    (char *)(uintptr_t)mem.at, room, room);

			builders[i].build(&w);
			ck_assert_msg(w.failed == (room < need),
			    "builder %zu in %zu of %zu", i, room, need);
			message_writer_fini(&w);
		}
		exact_drop(&mem);
	}
}
END_TEST

START_TEST(grows_from_the_stack_to_the_heap)
{
	char mem[16];
	struct message_writer w = message_writer(mem, sizeof mem, 100000);
	struct text seen;
	unsigned n = 0;
	uint32_t size;
	char type;

	for (int i = 0; i < 1000; i++)
		message_add_query(&w, TEXT("select 1"));
	ck_assert(!w.failed && w.at != mem);
	for (seen = message_written(&w); message_peek(seen, &type, &size) ==
	    MESSAGE_OK; seen = text_from(seen, size)) {
		ck_assert(size <= seen.len);
		ck_text(message_body(seen, size), "select 1\0");
		n++;
	}
	ck_assert_uint_eq(n, 1000);
	message_writer_fini(&w);
}
END_TEST

START_TEST(stops_at_its_cap)
{
	struct message_writer w = message_writer(NULL, 0, 1000);

	while (!w.failed)
		message_add_query(&w, TEXT("select 1"));
	ck_assert_uint_le(w.len, 1000);
	message_writer_reset(&w);
	ck_assert(!w.failed);
	message_add_sync(&w);
	ck_text(message_written(&w), "S\0\0\0\4");
	message_writer_fini(&w);
}
END_TEST

START_TEST(fails_without_memory)
{
	for (unsigned long n = 1; n < 4; n++) {
		struct message_writer w = message_writer(NULL, 0, 1 << 20);

		mem_fail_at(n);
		for (int i = 0; i < 100; i++)
			message_add_query(&w, TEXT("select 1"));
		mem_fail_at(0);
		ck_assert(w.failed);
		message_writer_fini(&w);
	}
}
END_TEST

START_TEST(refuses_a_nul_in_a_string)
{
	struct message_writer w = message_writer(NULL, 0, 1000);

	message_add_query(&w, TEXT("a\0b"));
	ck_assert(w.failed);
	message_writer_fini(&w);
}
END_TEST

START_TEST(refuses_too_many_columns)
{
	struct message_writer w = message_writer(NULL, 0, 1 << 20);

	message_add_data_row(&w, NULL, 32768);
	ck_assert(w.failed);
	message_writer_fini(&w);
}
END_TEST

UNIT_MAIN("pg/message", peeks_heads, takes_heads_cut_anywhere,
    refuses_a_cut_head_without_length, reads_in_order,
    refuses_what_does_not_fit, builds_each_message,
    fails_when_it_does_not_fit, grows_from_the_stack_to_the_heap,
    stops_at_its_cap, fails_without_memory, refuses_a_nul_in_a_string,
    refuses_too_many_columns)
