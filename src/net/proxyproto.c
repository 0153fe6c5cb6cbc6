/* SPDX-License-Identifier: ISC */
/* proxyproto.c - both versions of the header. Pure. */
#include <stdio.h>

#include "base/number.h"
#include "net/proxyproto.h"

enum { V1_MOST = 107, V2_HEAD = 16, V2_IPV4 = 12, V2_IPV6 = 36,
	TLV_CRC32C = 3, TLV_HEAD = 3 };

static const char signature[12] = "\r\n\r\n\0\r\nQUIT\n";

/* ---- version 1 --------------------------------------------------------- */

static int
read_end(struct text ip, struct text port, uint16_t family,
    struct endpoint *e)
{
	struct address a;
	int64_t n;

	if (port.len == 0 || (port.at[0] == '0' && port.len > 1) ||
	    port.at[0] == '+' || port.at[0] == '-' ||
	    number_int(port, 10, 0, 65535, &n, NULL) < 0 ||
	    address_ip(ip, (uint16_t)n, &a) < 0 || a.sa.sa_family != family)
		return -1;
	*e = address_endpoint(&a);
	return 0;
}

static enum proxyproto_got
read_line(struct text line, struct endpoint *src, struct endpoint *dst)
{
	struct text piece[7];
	unsigned n = 0;
	uint16_t family;

	while (n < 7 && text_split(&line, ' ', &piece[n]))
		n++;
	if (n < 2)
		return PROXYPROTO_BAD;
	if (text_is(piece[1], "UNKNOWN"))
		return PROXYPROTO_LOCAL;
	family = text_is(piece[1], "TCP4") ? AF_INET :
	    text_is(piece[1], "TCP6") ? AF_INET6 : 0;
	if (n != 6 || family == 0 ||
	    read_end(piece[2], piece[4], family, src) < 0 ||
	    read_end(piece[3], piece[5], family, dst) < 0)
		return PROXYPROTO_BAD;
	return PROXYPROTO_TOLD;
}

static enum proxyproto_got
read_v1(struct text t, struct endpoint *src, struct endpoint *dst,
    size_t *used)
{
	size_t most = t.len < V1_MOST ? t.len : V1_MOST;
	const char *end = memchr(t.at, '\n', most);

	if (end == NULL)
		return t.len < V1_MOST ? PROXYPROTO_MORE : PROXYPROTO_BAD;
	if (end == t.at || end[-1] != '\r')
		return PROXYPROTO_BAD;
	*used = (size_t)(end + 1 - t.at);
	return read_line((struct text){ t.at, *used - 2 }, src, dst);
}

/* ---- version 2 --------------------------------------------------------- */

static unsigned
get_u16(const char *at)
{
	return (unsigned)(unsigned char)at[0] << 8 | (unsigned char)at[1];
}

static uint32_t
crc32c(uint32_t crc, const char *at, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		crc ^= (unsigned char)at[i];
		for (int bit = 0; bit < 8; bit++)
			crc = (crc >> 1) ^ (crc & 1 ? 0x82f63b78u : 0);
	}
	return crc;
}

/* The sum was made with zeros in its own place. */
static bool
sum_is_right(struct text header, size_t at)
{
	static const char zeros[4] = "";
	const unsigned char *b = (const unsigned char *)header.at + at;
	uint32_t told = (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 |
	    (uint32_t)b[2] << 8 | b[3];
	uint32_t crc = crc32c(UINT32_MAX, header.at, at);

	crc = crc32c(crc, zeros, 4);
	crc = crc32c(crc, header.at + at + 4, header.len - at - 4);
	return ~crc == told;
}

/* What follows the addresses: pieces with a type and a length. */
static bool
tlvs_are_right(struct text header, size_t at)
{
	size_t len;

	while (at + TLV_HEAD <= header.len) {
		len = get_u16(header.at + at + 1);
		if (at + TLV_HEAD + len > header.len)
			return false;
		if (header.at[at] == TLV_CRC32C &&
		    (len != 4 || !sum_is_right(header, at + TLV_HEAD)))
			return false;
		at += TLV_HEAD + len;
	}
	return at == header.len;
}

static void
get_end(const char *ip, const char *port, uint16_t family,
    struct endpoint *e)
{
	memset(e, 0, sizeof *e);
	e->family = family;
	e->port = (uint16_t)get_u16(port);
	memcpy(e->ip, ip, family == AF_INET ? 4 : 16);
}

static enum proxyproto_got
read_v2(struct text t, struct endpoint *src, struct endpoint *dst,
    size_t *used)
{
	unsigned command, kind, len;
	const char *at = t.at + V2_HEAD;

	if (t.len < V2_HEAD)
		return PROXYPROTO_MORE;
	command = (unsigned char)t.at[12];
	kind = (unsigned char)t.at[13];
	len = get_u16(t.at + 14);
	if ((command >> 4) != 2 || (command & 15) > 1 ||
	    len + V2_HEAD > PROXYPROTO_MOST)
		return PROXYPROTO_BAD;
	if (t.len < len + V2_HEAD)
		return PROXYPROTO_MORE;
	*used = len + V2_HEAD;
	t.len = *used;
	if ((command & 15) == 0)
		return PROXYPROTO_LOCAL;
	if (kind == 0x11 && len >= V2_IPV4) {
		get_end(at, at + 8, AF_INET, src);
		get_end(at + 4, at + 10, AF_INET, dst);
		return tlvs_are_right(t, V2_HEAD + V2_IPV4) ?
		    PROXYPROTO_TOLD : PROXYPROTO_BAD;
	}
	if (kind == 0x21 && len >= V2_IPV6) {
		get_end(at, at + 32, AF_INET6, src);
		get_end(at + 16, at + 34, AF_INET6, dst);
		return tlvs_are_right(t, V2_HEAD + V2_IPV6) ?
		    PROXYPROTO_TOLD : PROXYPROTO_BAD;
	}
	/* Unix and what we do not know: nothing that could be shown. */
	return kind == 0x11 || kind == 0x21 ? PROXYPROTO_BAD :
	    PROXYPROTO_LOCAL;
}

enum proxyproto_got
proxyproto_read(struct text t, struct endpoint *src, struct endpoint *dst,
    size_t *used)
{
	static const char word[] = "PROXY ";
	size_t n = t.len < sizeof signature ? t.len : sizeof signature;
	size_t m = t.len < sizeof word - 1 ? t.len : sizeof word - 1;

	*used = 0;
	if (t.len == 0)
		return PROXYPROTO_MORE;
	if (memcmp(t.at, signature, n) == 0)
		return n < sizeof signature ? PROXYPROTO_MORE :
		    read_v2(t, src, dst, used);
	if (memcmp(t.at, word, m) != 0)
		return PROXYPROTO_BAD;
	return m < sizeof word - 1 ? PROXYPROTO_MORE :
	    read_v1(t, src, dst, used);
}

/* ---- writing ----------------------------------------------------------- */

static bool
is_ip_pair(const struct endpoint *src, const struct endpoint *dst)
{
	return src != NULL && dst != NULL && src->family == dst->family &&
	    (src->family == AF_INET || src->family == AF_INET6);
}

static size_t
print_v1(const struct endpoint *src, const struct endpoint *dst, char *to)
{
	char from[ADDRESS_TEXT], at[ADDRESS_TEXT];

	if (!is_ip_pair(src, dst))
		return (size_t)snprintf(to, PROXYPROTO_ROOM,
		    "PROXY UNKNOWN\r\n");
	return (size_t)snprintf(to, PROXYPROTO_ROOM,
	    "PROXY TCP%c %.45s %.45s %u %u\r\n",
	    src->family == AF_INET ? '4' : '6', endpoint_ip(src, from),
	    endpoint_ip(dst, at), src->port, dst->port);
}

static void
put_u16(char *to, unsigned n)
{
	to[0] = (char)(n >> 8);
	to[1] = (char)n;
}

static size_t
print_v2(const struct endpoint *src, const struct endpoint *dst, char *to)
{
	size_t ip = src != NULL && src->family == AF_INET6 ? 16 : 4;
	char *at = to + V2_HEAD;

	memcpy(to, signature, sizeof signature);
	memset(to + 12, 0, 4);
	to[12] = 0x20;
	if (!is_ip_pair(src, dst))
		return V2_HEAD;
	to[12] = 0x21;
	to[13] = ip == 4 ? 0x11 : 0x21;
	put_u16(to + 14, (unsigned)(2 * ip + 4));
	memcpy(at, src->ip, ip);
	memcpy(at + ip, dst->ip, ip);
	put_u16(at + 2 * ip, src->port);
	put_u16(at + 2 * ip + 2, dst->port);
	return V2_HEAD + 2 * ip + 4;
}

size_t
proxyproto_print(int version, const struct endpoint *src,
    const struct endpoint *dst, char to[PROXYPROTO_ROOM])
{
	return (version == 1 ? print_v1 : print_v2)(src, dst, to);
}

size_t
proxyproto_piece(char *to, size_t len, size_t room, unsigned type,
    struct text value)
{
	if (len + TLV_HEAD + value.len > room || value.len > 65535)
		return len;
	to[len] = (char)type;
	put_u16(to + len + 1, (unsigned)value.len);
	if (value.len > 0)
		memcpy(to + len + TLV_HEAD, value.at, value.len);
	return len + TLV_HEAD + value.len;
}

size_t
proxyproto_add(char *to, size_t len, size_t room, unsigned type,
    struct text value)
{
	size_t whole = proxyproto_piece(to, len, room, type, value);

	if (whole - V2_HEAD > 65535)
		return len;
	put_u16(to + 14, (unsigned)(whole - V2_HEAD));
	return whole;
}

size_t
proxyproto_seal(char *to, size_t len, size_t room)
{
	static const char zeros[4] = "";
	size_t whole = proxyproto_add(to, len, room, TLV_CRC32C,
	    (struct text){ zeros, 4 });
	uint32_t crc;

	if (whole == len)
		return len;
	crc = ~crc32c(UINT32_MAX, to, whole);
	put_u16(to + whole - 4, crc >> 16);
	put_u16(to + whole - 2, crc & 0xffff);
	return whole;
}

/* Where the pieces of a header begin; its end: there can be none. */
static size_t
skip_addresses(struct text header)
{
	if (header.len < V2_HEAD ||
	    memcmp(header.at, signature, sizeof signature) != 0)
		return header.len;
	return header.at[13] == 0x11 ? V2_HEAD + V2_IPV4 :
	    header.at[13] == 0x21 ? V2_HEAD + V2_IPV6 : header.len;
}

bool
proxyproto_has_more(struct text header)
{
	return skip_addresses(header) < header.len;
}

bool
proxyproto_find(struct text header, unsigned type, struct text *value)
{
	size_t at, len;

	for (at = skip_addresses(header); at + TLV_HEAD <= header.len;
	    at += TLV_HEAD + len) {
		len = get_u16(header.at + at + 1);
		if (at + TLV_HEAD + len > header.len)
			return false;
		*value = (struct text){ header.at + at + TLV_HEAD, len };
		if ((unsigned char)header.at[at] == type)
			return true;
	}
	return false;
}
