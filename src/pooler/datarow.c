/* SPDX-License-Identifier: ISC */
/*
 * datarow.c - the two forms of values on the wire. Pure.
 */
#include <inttypes.h>
#include <stdio.h>

#include "base/number.h"
#include "pooler/datarow.h"

enum { TYPE_BYTES = 17, TYPE_INT2 = 21 };

static const struct {
	uint32_t oid;
	uint16_t size;			/* 0xffff: of any size */
} types[] = {
	[COLUMN_INT4] = { MESSAGE_TYPE_INT4, 4 },
	[COLUMN_INT8] = { MESSAGE_TYPE_INT8, 8 },
	[COLUMN_NUMERIC] = { MESSAGE_TYPE_NUMERIC, 0xffff },
	[COLUMN_TEXT] = { MESSAGE_TYPE_TEXT, 0xffff },
	[COLUMN_BYTES] = { TYPE_BYTES, 0xffff },
};

static bool
is_binary(uint32_t binary, unsigned i)
{
	return binary >> i & 1;
}

void
pl_datarow_describe(struct message_writer *w, const struct column *columns,
    unsigned count, uint32_t binary)
{
	message_begin(w, 'T');
	message_put_u16(w, (uint16_t)count);
	for (unsigned i = 0; i < count; i++) {
		message_put_string(w, text_of(columns[i].name));
		message_put_u32(w, 0);		/* table */
		message_put_u16(w, 0);		/* its column */
		message_put_u32(w, types[columns[i].kind].oid);
		message_put_u16(w, types[columns[i].kind].size);
		message_put_u32(w, UINT32_MAX);	/* modifier: none */
		message_put_u16(w, is_binary(binary, i));
	}
	message_end(w);
}

static void
put_u64(struct message_writer *w, uint64_t n)
{
	message_put_u32(w, (uint32_t)(n >> 32));
	message_put_u32(w, (uint32_t)n);
}

/* Digits of base 10000, the highest first, no sign, no fraction. */
static void
put_numeric(struct message_writer *w, uint64_t n)
{
	uint16_t digits[5], count = 0;

	for (; n > 0; n /= 10000)
		digits[count++] = (uint16_t)(n % 10000);
	message_put_u32(w, 8u + 2u * count);
	message_put_u16(w, count);
	message_put_u16(w, count > 0 ? (uint16_t)(count - 1) : 0);
	message_put_u16(w, 0);			/* sign */
	message_put_u16(w, 0);			/* scale */
	while (count > 0)
		message_put_u16(w, digits[--count]);
}

static void
put_binary(struct message_writer *w, enum column_kind kind, struct text value)
{
	int64_t n = 0;

	if (value.at == NULL || kind == COLUMN_TEXT || kind == COLUMN_BYTES) {
		message_put_value(w, value);
		return;
	}
	number_int(value, 10, INT64_MIN, INT64_MAX, &n, NULL);
	if (kind == COLUMN_NUMERIC) {
		put_numeric(w, (uint64_t)n);
	} else if (kind == COLUMN_INT8) {
		message_put_u32(w, 8);
		put_u64(w, (uint64_t)n);
	} else {
		message_put_u32(w, 4);
		message_put_u32(w, (uint32_t)n);
	}
}

void
pl_datarow_add(struct message_writer *w, const struct column *columns,
    const struct cell *cells, unsigned count, uint32_t binary)
{
	message_begin(w, 'D');
	message_put_u16(w, (uint16_t)count);
	for (unsigned i = 0; i < count; i++)
		if (is_binary(binary, i))
			put_binary(w, columns[i].kind, cells[i].value);
		else
			message_put_value(w, cells[i].value);
	message_end(w);
}

bool
pl_datarow_param(uint32_t type, bool binary, struct text *value,
    char room[PL_DATAROW_DIGITS])
{
	size_t size = type == TYPE_INT2 ? 2 : type == MESSAGE_TYPE_INT4 ? 4 :
	    type == MESSAGE_TYPE_INT8 ? 8 : 0;
	uint64_t n = 0;
	int64_t number;

	if (!binary || value->at == NULL || type == 0 ||
	    type == MESSAGE_TYPE_TEXT)
		return true;
	if (size == 0 || value->len != size)
		return false;
	for (size_t i = 0; i < size; i++)
		n = n << 8 | (unsigned char)value->at[i];
	number = size == 2 ? (int16_t)n : size == 4 ? (int32_t)n : (int64_t)n;
	snprintf(room, PL_DATAROW_DIGITS, "%" PRId64, number);
	*value = text_of(room);
	return true;
}
