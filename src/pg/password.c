/* SPDX-License-Identifier: ISC */
/* password.c - passwords on their way into SCRAM. Pure; any thread. */
#include <stdint.h>

#include "pg/password.h"

struct range {
	uint32_t first, last;
};

/* RFC 3454 C.1.2; looked at before B.1, which also has U+200B. */
static const struct range spaces[] = {
	{ 0x00a0, 0x00a0 }, { 0x1680, 0x1680 }, { 0x2000, 0x200b },
	{ 0x202f, 0x202f }, { 0x205f, 0x205f }, { 0x3000, 0x3000 },
};

/* RFC 3454 B.1 */
static const struct range nothing[] = {
	{ 0x00ad, 0x00ad }, { 0x034f, 0x034f }, { 0x1806, 0x1806 },
	{ 0x180b, 0x180d }, { 0x200c, 0x200d }, { 0x2060, 0x2060 },
	{ 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },
};

#define IS_IN(table, c) is_in(table, sizeof(table) / sizeof(table)[0], c)

static bool
is_in(const struct range *table, size_t n, uint32_t c)
{
	for (size_t i = 0; i < n; i++)
		if (c >= table[i].first && c <= table[i].last)
			return true;
	return false;
}

/* One character of valid UTF-8; its length, or 0 when it is not valid. */
static size_t
read_character(struct text t, uint32_t *c)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	uint8_t lead = (uint8_t)t.at[0];
	size_t n = lead < 0x80 ? 1 : lead < 0xc0 ? 0 : lead < 0xe0 ? 2 :
	    lead < 0xf0 ? 3 : lead < 0xf8 ? 4 : 0;

	if (n == 0 || n > t.len)
		return 0;
	*c = n == 1 ? lead : lead & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if (((uint8_t)t.at[i] & 0xc0) != 0x80)
			return 0;
		*c = *c << 6 | ((uint8_t)t.at[i] & 0x3f);
	}
	if (*c < least[n] || *c > 0x10ffff || (*c >= 0xd800 && *c <= 0xdfff))
		return 0;
	return n;
}

size_t
password_prepare(struct text password, char *to)
{
	struct text rest = password;
	size_t len = 0;
	uint32_t c;

	while (rest.len > 0) {
		size_t n = read_character(rest, &c);

		if (n == 0)
			break;
		if (IS_IN(spaces, c)) {
			to[len++] = ' ';
		} else if (!IS_IN(nothing, c)) {
			memcpy(to + len, rest.at, n);
			len += n;
		}
		rest = text_from(rest, n);
	}
	if (rest.len == 0 && len > 0)
		return len;
	if (password.len > 0)
		memcpy(to, password.at, password.len);
	return password.len;
}
