/* SPDX-License-Identifier: ISC */
/*
 * proxyproto.h - the PROXY header, versions 1 and 2, read and written: who
 * the client really is, told before the first byte of the stream. Pure; any
 * thread.
 */
#ifndef WEIR_NET_PROXYPROTO_H
#define WEIR_NET_PROXYPROTO_H

#include "base/address.h"
#include "base/text.h"

enum proxyproto_got {
	PROXYPROTO_MORE,	/* it is one so far */
	PROXYPROTO_BAD,		/* it is none */
	PROXYPROTO_LOCAL,	/* whole; the socket's own addresses hold */
	PROXYPROTO_TOLD		/* whole; src and dst are set */
};

enum { PROXYPROTO_MOST = 16384,		/* bytes of a header that is read */
	PROXYPROTO_ROOM = 256 };	/* of one that is written */

/* used: bytes of the header, when it is whole. */
enum proxyproto_got proxyproto_read(struct text, struct endpoint *src,
	    struct endpoint *dst, size_t *used);

/*
 * For version 2: one more piece behind what was written so far (len bytes
 * of room); how many bytes it is then, len when there is no room.
 */
size_t	proxyproto_add(char *to, size_t len, size_t room, unsigned type,
	    struct text value);
/* One piece alone, as those are made of which others consist. */
size_t	proxyproto_piece(char *to, size_t len, size_t room, unsigned type,
	    struct text value);
/* The last: a sum over all of it, which stands at its end. */
size_t	proxyproto_seal(char *to, size_t len, size_t room);
/* Of a header that was read whole: are there pieces? */
bool	proxyproto_has_more(struct text header);
/* False: there is no such piece. */
bool	proxyproto_find(struct text header, unsigned type, struct text *);

enum {				/* types of pieces */
	PROXYPROTO_ALPN = 0x01, PROXYPROTO_AUTHORITY = 0x02,
	PROXYPROTO_CRC32C = 0x03, PROXYPROTO_ID = 0x05,
	PROXYPROTO_SSL = 0x20, PROXYPROTO_SSL_VERSION = 0x21,
	PROXYPROTO_SSL_CN = 0x22, PROXYPROTO_SSL_CIPHER = 0x23,
	PROXYPROTO_SSL_SIGNATURE = 0x24, PROXYPROTO_SSL_KEY = 0x25,
	PROXYPROTO_NETNS = 0x30
};

/*
 * How many bytes. Ends that are not both IP of one family are told as
 * UNKNOWN, or LOCAL; with src NULL too (a check).
 */
size_t	proxyproto_print(int version, const struct endpoint *src,
	    const struct endpoint *dst, char to[PROXYPROTO_ROOM]);

#endif
