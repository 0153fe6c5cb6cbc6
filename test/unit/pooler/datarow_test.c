/* SPDX-License-Identifier: ISC */
/*
 * datarow_test.c - columns and cells on the wire, as text and in binary.
 */
#include "pooler/datarow.h"
#include "unit.h"

static const struct column columns[] = {
	{ "i", COLUMN_INT4, NULL }, { "q", COLUMN_INT8, NULL },
	{ "n", COLUMN_NUMERIC, NULL }, { "s", COLUMN_TEXT, NULL },
	{ "b", COLUMN_BYTES, NULL },
};

static char mem[1024];

static bool
holds(const struct message_writer *w, const char *bytes, size_t n)
{
	return !w->failed && w->len == n && memcmp(w->at, bytes, n) == 0;
}
#define HOLDS(w, bytes)	holds(w, bytes, sizeof bytes - 1)

START_TEST(describes_columns)
{
	struct message_writer w = message_writer(mem, sizeof mem, sizeof mem);

	pl_datarow_describe(&w, columns, 5, 1u << 1);
	ck_assert(HOLDS(&w, "T\0\0\0\x6a" "\0\5"
	    "i\0" "\0\0\0\0" "\0\0" "\0\0\0\x17" "\0\4" "\xff\xff\xff\xff" "\0\0"
	    "q\0" "\0\0\0\0" "\0\0" "\0\0\0\x14" "\0\10" "\xff\xff\xff\xff" "\0\1"
	    "n\0" "\0\0\0\0" "\0\0" "\0\0\6\xa4" "\xff\xff" "\xff\xff\xff\xff" "\0\0"
	    "s\0" "\0\0\0\0" "\0\0" "\0\0\0\x19" "\xff\xff" "\xff\xff\xff\xff" "\0\0"
	    "b\0" "\0\0\0\0" "\0\0" "\0\0\0\x11" "\xff\xff" "\xff\xff\xff\xff" "\0\0"));
}
END_TEST

static struct message_writer
add(unsigned first, unsigned count, uint32_t binary, const char *value)
{
	struct message_writer w = message_writer(mem, sizeof mem, sizeof mem);
	struct cell cells[5];

	for (unsigned i = 0; i < count; i++)
		cell_text(&cells[i], value);
	pl_datarow_add(&w, columns + first, cells, count, binary);
	return w;
}

START_TEST(writes_texts)
{
	struct message_writer w = add(0, 2, 0, "42");

	ck_assert(HOLDS(&w, "D\0\0\0\x12\0\2\0\0\0\2" "42\0\0\0\2" "42"));
	w = add(3, 2, 0, NULL);
	ck_assert(HOLDS(&w, "D\0\0\0\xe\0\2\xff\xff\xff\xff\xff\xff\xff\xff"));
	w = add(3, 1, 0, "");
	ck_assert(HOLDS(&w, "D\0\0\0\xa\0\1\0\0\0\0"));
}
END_TEST

START_TEST(writes_binary)
{
	struct message_writer w = add(0, 1, 1, "-2");

	ck_assert(HOLDS(&w, "D\0\0\0\xe\0\1\0\0\0\4\xff\xff\xff\xfe"));
	w = add(1, 1, 1, "4294967297");
	ck_assert(HOLDS(&w, "D\0\0\0\x12\0\1\0\0\0\10\0\0\0\1\0\0\0\1"));
	w = add(2, 1, 1, "0");
	ck_assert(HOLDS(&w, "D\0\0\0\x12\0\1\0\0\0\10\0\0\0\0\0\0\0\0"));
	w = add(2, 1, 1, "10000");
	ck_assert(HOLDS(&w, "D\0\0\0\x16\0\1\0\0\0\14\0\2\0\1\0\0\0\0"
	    "\0\1\0\0"));
	w = add(2, 1, 1, "120345678");
	ck_assert(HOLDS(&w, "D\0\0\0\x18\0\1\0\0\0\16\0\3\0\2\0\0\0\0"
	    "\0\1\x7\xf2\x16\x2e"));
	w = add(3, 1, 1, "abc");
	ck_assert(HOLDS(&w, "D\0\0\0\xd\0\1\0\0\0\3" "abc"));
	w = add(0, 1, 1, NULL);
	ck_assert(HOLDS(&w, "D\0\0\0\xa\0\1\xff\xff\xff\xff"));
}
END_TEST

static bool
reads_as(uint32_t type, bool binary, struct text bytes, const char *as)
{
	char room[PL_DATAROW_DIGITS];

	return pl_datarow_param(type, binary, &bytes, room) &&
	    text_is(bytes, as);
}

START_TEST(reads_parameters)
{
	char room[PL_DATAROW_DIGITS];
	struct text t = TEXT("\0\0\1");

	ck_assert(reads_as(21, true, TEXT("\xff\xfe"), "-2"));
	ck_assert(reads_as(23, true, TEXT("\0\0\1\0"), "256"));
	ck_assert(reads_as(20, true, TEXT("\x80\0\0\0\0\0\0\0"),
	    "-9223372036854775808"));
	ck_assert(reads_as(23, false, TEXT("12"), "12"));
	ck_assert(reads_as(25, true, TEXT("ab"), "ab"));
	ck_assert(reads_as(0, true, TEXT("ab"), "ab"));
	ck_assert(!pl_datarow_param(23, true, &t, room));
	ck_assert(!pl_datarow_param(1700, true, &t, room));
}
END_TEST

UNIT_MAIN("pooler/datarow", describes_columns, writes_texts, writes_binary,
    reads_parameters)
