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
 * How many bytes. Ends that are not both IP of one family are told as
 * UNKNOWN, or LOCAL; with src NULL too (a check).
 */
size_t	proxyproto_print(int version, const struct endpoint *src,
	    const struct endpoint *dst, char to[PROXYPROTO_ROOM]);

#endif
