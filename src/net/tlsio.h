/* SPDX-License-Identifier: ISC */
/*
 * tlsio.h - TLS of one stream, without a socket: ciphertext is fed in as a
 * borrowed slice, what TLS wants sent is appended to 'out'. Private to net;
 * one thread at a time.
 */
#ifndef WEIR_NET_TLSIO_H
#define WEIR_NET_TLSIO_H

#include <sys/uio.h>

#include <stdbool.h>

#include <openssl/ssl.h>

#include "base/text.h"

struct tlsio;

struct tlsio_out {		/* grows as needed; emptied by its owner */
	char *at;
	size_t len, room;
};

enum tlsio_end {
	TLSIO_OK,		/* done */
	TLSIO_MORE,		/* wants more ciphertext */
	TLSIO_CLOSED,		/* the peer ended in order */
	TLSIO_FAILED		/* see tlsio_error */
};

/* name: the host's, to send and (verify_name) to check; client side only. */
struct tlsio *tlsio_new(SSL_CTX *, bool server, const char *name,
	    bool verify_name);
void	tlsio_free(struct tlsio **);

/* Ciphertext for the next calls; borrowed until tlsio_keep. */
void	tlsio_feed(struct tlsio *, struct text);
/*
 * Copies what was not taken; -1: no memory. True in *more: there may be
 * something to read without feeding first.
 */
int	tlsio_keep(struct tlsio *, bool *more);

enum tlsio_end tlsio_handshake(struct tlsio *, struct tlsio_out *);
/* Decrypts until 'room' is full or nothing is left; *got bytes came. */
enum tlsio_end tlsio_read(struct tlsio *, char *to, size_t room, size_t *got,
	    struct tlsio_out *);
/* Encrypts all pieces in as few records as they need; -1: failed. */
int	tlsio_write(struct tlsio *, const struct iovec *, int count,
	    struct tlsio_out *);
void	tlsio_shut(struct tlsio *, struct tlsio_out *);	/* close_notify */

/* The stream ended where it should not: an error of its own. */
void	tlsio_cut(struct tlsio *);

SSL	*tlsio_ssl(const struct tlsio *);
const char *tlsio_error(const struct tlsio *);

#endif
