/* SPDX-License-Identifier: ISC */
/*
 * tlsfacts.h - what rules may ask of a TLS session and its certificates. All
 * give false when there is none of it: no TLS, no certificate, no such name.
 * Of a conn whose handshake is done; on its loop.
 */
#ifndef WEIR_NET_TLSFACTS_H
#define WEIR_NET_TLSFACTS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"

struct conn;

enum tlsfacts_of {		/* a session */
	TLSFACTS_SNI, TLSFACTS_ALPN, TLSFACTS_NPN, TLSFACTS_VERSION,
	TLSFACTS_CIPHER, TLSFACTS_CURVE, TLSFACTS_SESSION_ID,
	TLSFACTS_UNIQUE_ID, TLSFACTS_CLIENT_RANDOM, TLSFACTS_SERVER_RANDOM,
	TLSFACTS_SESSION_KEY,
	/* Numbers. */
	TLSFACTS_KEY_BITS, TLSFACTS_USED_BITS, TLSFACTS_RESUMED,
	TLSFACTS_VERIFY
};

enum tlsfacts_cert {		/* a certificate */
	TLSFACTS_SUBJECT, TLSFACTS_ISSUER, TLSFACTS_SERIAL, TLSFACTS_SHA1,
	TLSFACTS_DER, TLSFACTS_NOT_AFTER, TLSFACTS_NOT_BEFORE,
	TLSFACTS_KEY, TLSFACTS_KEY_KIND,	/* rsaEncryption; RSA2048 */
	TLSFACTS_SIGNATURE, TLSFACTS_CERT_VERSION
};

/* Text or bytes, copied; number: for those that are one. */
bool	tlsfacts_session(const struct conn *, enum tlsfacts_of, char *to,
	    size_t room, struct text *);
bool	tlsfacts_number(const struct conn *, enum tlsfacts_of, int64_t *);
/*
 * Of the peer's certificate, or our own. part: of a name, "CN" or NULL for
 * all of it; nth: 1 the first of several, -1 the last.
 */
bool	tlsfacts_cert(const struct conn *, bool own, enum tlsfacts_cert,
	    const char *part, int64_t nth, char *to, size_t room,
	    struct text *);

#endif
