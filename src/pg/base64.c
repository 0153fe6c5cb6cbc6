/* SPDX-License-Identifier: ISC */
/* base64.c - base64, strict. Pure; any thread. */
#include <stdint.h>

#include "pg/base64.h"

static const char digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

size_t
base64_write(const void *bytes, size_t len, char *to)
{
	const uint8_t *from = bytes;
	char *start = to;

	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t v = (uint32_t)from[i] << 16;

		if (n > 1)
			v |= (uint32_t)from[i + 1] << 8;
		if (n > 2)
			v |= from[i + 2];
		*to++ = digits[v >> 18];
		*to++ = digits[v >> 12 & 63];
		*to++ = n > 1 ? digits[v >> 6 & 63] : '=';
		*to++ = n > 2 ? digits[v & 63] : '=';
	}
	return (size_t)(to - start);
}

static int
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Four characters, the last pad of them '='; the bytes are left to the
 * caller's eye: -1 when one is no digit or spare bits are set. */
static int32_t
read_four(const char *at, size_t pad)
{
	int32_t v = 0;

	for (size_t i = 0; i < 4; i++) {
		int d = i < 4 - pad ? value_of(at[i]) : 0;

		if (d < 0)
			return -1;
		v = v << 6 | d;
	}
	return (v & ((1 << 8 * pad) - 1)) != 0 ? -1 : v;
}

bool
base64_read(struct text t, void *to, size_t *len)
{
	uint8_t *out = to;

	*len = 0;
	if (t.len % 4 != 0)
		return false;
	for (size_t i = 0; i < t.len; i += 4) {
		bool last = i + 4 == t.len;
		size_t pad = !last || t.at[i + 3] != '=' ? 0 :
		    t.at[i + 2] != '=' ? 1 : 2;
		int32_t v = read_four(t.at + i, pad);

		if (v < 0)
			return false;
		for (size_t k = 0; k < 3 - pad; k++)
			out[(*len)++] = (uint8_t)(v >> (16 - 8 * k));
	}
	return true;
}
