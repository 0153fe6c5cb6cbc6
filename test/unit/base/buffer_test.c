/* SPDX-License-Identifier: ISC */
/* buffer_test.c - bytes come out as they went in; chunks go back. */
#include "unit.h"

#include "base/buffer.h"
#include "base/mem.h"

static char stream[1 << 20];

static void
fill_stream(void)
{
	for (size_t i = 0; i < sizeof stream; i++)
		stream[i] = (char)(i * 131 + i / 251);
}

/* What the pieces say, the copy says, and both are stream[from..from+len). */
static void
check_content(const struct buffer *b, size_t from)
{
	static char copy[sizeof stream];
	struct iovec pieces[512];
	size_t seen = 0;
	int n = buffer_pieces(b, pieces, 512);

	for (int i = 0; i < n; i++) {
		ck_assert_uint_gt(pieces[i].iov_len, 0);
		ck_assert_mem_eq(pieces[i].iov_base, stream + from + seen,
		    pieces[i].iov_len);
		seen += pieces[i].iov_len;
	}
	ck_assert_uint_eq(seen, b->len);
	buffer_copy(b, copy);
	ck_assert_int_eq(memcmp(copy, stream + from, b->len), 0);
	ck_assert(buffer_empty(b) == (b->len == 0));
	if (n > 0)
		ck_assert_ptr_eq(buffer_front(b).at, pieces[0].iov_base);
	else
		ck_assert_uint_eq(buffer_front(b).len, 0);
}

START_TEST(keeps_the_order)
{
	struct stock *s = stock_new();
	struct buffer b = { 0 };
	size_t in = 0, out = 0;
	unsigned seed = 7;

	fill_stream();
	while (out < sizeof stream) {
		size_t n;

		seed = seed * 1103515245 + 12345;
		n = seed / 65536 % (seed % 3 == 0 ? 30000 : 300);
		if (seed & 1 << 20 && in < sizeof stream) {
			if (n > sizeof stream - in)
				n = sizeof stream - in;
			ck_assert_int_eq(buffer_add(&b, s, (struct text){
			    stream + in, n }), 0);
			in += n;
		} else {
			if (n > b.len || in == sizeof stream)
				n = b.len < 5000 ? b.len : 5000;
			buffer_eat(&b, s, n);
			out += n;
		}
		ck_assert_uint_eq(b.len, in - out);
		check_content(&b, out);
	}
	ck_assert_ptr_null(b.first);
	ck_assert_uint_eq(stock_lent(s), 0);
	stock_free(&s);
	ck_assert_ptr_null(s);
}
END_TEST

START_TEST(holds_no_chunk_when_empty)
{
	static const size_t sizes[] = { 1, 4000, 5000, 65536, 300000 };
	struct stock *s = stock_new();

	fill_stream();
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
		struct buffer b = { 0 };

		ck_assert_int_eq(buffer_add(&b, s, (struct text){ stream,
		    sizes[i] }), 0);
		ck_assert_uint_ge(stock_lent(s), sizes[i]);
		check_content(&b, 0);
		if (i % 2 == 0)
			buffer_eat(&b, s, sizes[i]);
		else
			buffer_fini(&b, s);
		ck_assert_ptr_null(b.first);
		ck_assert_ptr_null(b.last);
		ck_assert_uint_eq(stock_lent(s), 0);
		buffer_fini(&b, s);
	}
	stock_free(&s);
}
END_TEST

START_TEST(adds_nothing_of_nothing)
{
	struct stock *s = stock_new();
	struct buffer b = { 0 };

	ck_assert_int_eq(buffer_add(&b, s, TEXT_NONE), 0);
	ck_assert_int_eq(buffer_add(&b, s, TEXT("")), 0);
	buffer_eat(&b, s, 0);
	ck_assert_ptr_null(b.first);
	ck_assert_uint_eq(stock_lent(s), 0);
	stock_free(&s);
}
END_TEST

START_TEST(gives_contiguous_room)
{
	static const size_t sizes[] = { 1, 100, 4000, 4096, 16384, 65536 };
	struct stock *s = stock_new();
	struct buffer b = { 0 };
	size_t from = 0;

	fill_stream();
	for (int turn = 0; turn < 3; turn++)
		for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
			char *at = buffer_room(&b, s, sizes[i]);

			ck_assert_ptr_nonnull(at);
			memcpy(at, stream + from, sizes[i]);
			from += sizes[i];
		}
	check_content(&b, 0);
	buffer_fini(&b, s);
	ck_assert_uint_eq(stock_lent(s), 0);
	stock_free(&s);
}
END_TEST

START_TEST(gives_few_pieces_when_asked)
{
	struct stock *s = stock_new();
	struct buffer b = { 0 };
	struct iovec pieces[2];

	fill_stream();
	ck_assert_int_eq(buffer_add(&b, s, (struct text){ stream, 300000 }),
	    0);
	ck_assert_int_eq(buffer_pieces(&b, pieces, 2), 2);
	ck_assert_int_eq(buffer_pieces(&b, pieces, 0), 0);
	buffer_fini(&b, s);
	stock_free(&s);
}
END_TEST

/* An addition that runs out of memory leaves what was there before. */
START_TEST(adds_all_or_nothing)
{
	static const size_t before[] = { 0, 1, 5000, 70000 };

	fill_stream();
	for (size_t k = 0; k < sizeof before / sizeof before[0]; k++)
		for (unsigned long n = 1; n < 5; n++) {
			struct stock *s = stock_new();
			struct buffer b = { 0 };

			ck_assert_int_eq(buffer_add(&b, s, (struct text){
			    stream, before[k] }), 0);
			mem_fail_at(n);
			ck_assert_int_eq(buffer_add(&b, s, (struct text){
			    stream + before[k], 300000 }), -1);
			mem_fail_at(0);
			ck_assert_uint_eq(b.len, before[k]);
			check_content(&b, 0);
			ck_assert_int_eq(buffer_add(&b, s, (struct text){
			    stream + before[k], 300000 }), 0);
			check_content(&b, 0);
			buffer_fini(&b, s);
			ck_assert_uint_eq(stock_lent(s), 0);
			stock_free(&s);
		}
}
END_TEST

START_TEST(moves_between_stocks)
{
	struct stock *a = stock_new(), *c = stock_new();
	struct buffer b = { 0 };
	size_t lent;

	fill_stream();
	ck_assert_int_eq(buffer_add(&b, a, (struct text){ stream, 100000 }),
	    0);
	lent = stock_lent(a);
	buffer_adopt(&b, a, c);
	ck_assert_uint_eq(stock_lent(a), 0);
	ck_assert_uint_eq(stock_lent(c), lent);
	stock_free(&a);
	check_content(&b, 0);
	buffer_fini(&b, c);
	ck_assert_uint_eq(stock_lent(c), 0);
	stock_free(&c);
}
END_TEST

UNIT_MAIN("base/buffer", keeps_the_order, holds_no_chunk_when_empty,
    adds_nothing_of_nothing, gives_contiguous_room,
    gives_few_pieces_when_asked, adds_all_or_nothing, moves_between_stocks)
