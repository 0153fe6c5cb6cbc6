/* SPDX-License-Identifier: ISC */
/*
 * close.h - why a stream ended; rows. Those that net/conn tells of stand
 * here, daemons add their own beside these. Constant; any thread.
 */
#ifndef WEIR_NET_CLOSE_H
#define WEIR_NET_CLOSE_H

struct close_reason {
	const char *name;	/* for logs and counters: "eof" */
	const char *text;	/* what is told: "unexpected eof" */
};

extern const struct close_reason close_eof;	/* peer ended in order */
extern const struct close_reason close_reset;	/* reset, other socket error */
extern const struct close_reason close_connect_failed;	/* refused ... */
extern const struct close_reason close_connect_timeout;	/* limit passed */
/* Handshake or record error: see conn_error. */
extern const struct close_reason close_tls;
extern const struct close_reason close_memory;	/* none for a stash */

#endif
