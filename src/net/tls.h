/* SPDX-License-Identifier: ISC */
/*
 * tls.h - TLS contexts made from files, shared by all loops and counted;
 * and what is known of one connection's session. The bytes go through one
 * BIO of our own under net/conn. A running connection keeps the context it
 * began with.
 */
#ifndef WEIR_NET_TLS_H
#define WEIR_NET_TLS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "base/why.h"

struct tls;		/* a context: certificates, rules; counted */
struct conn;
struct tlsio;

enum tls_verify { TLS_VERIFY_NONE, TLS_VERIFY_OPTIONAL, TLS_VERIFY_REQUIRED };

struct tls_options {
	bool server;			/* we are the server side */
	const char *ca_file, *cert_file, *key_file;	/* NULL or "": none */
	const char *ciphers;		/* OpenSSL list up to 1.2; NULL: default */
	const char *ciphersuites;	/* 1.3; NULL: default */
	const char *curves;		/* NULL: default */
	bool dh_auto;			/* ephemeral DH parameters as OpenSSL picks */
	int min_version, max_version;	/* TLS1_2_VERSION ...; 0: library's */
	unsigned long no_versions;	/* SSL_OP_NO_TLSv1_x bits */
	enum tls_verify verify;		/* of the peer's certificate */
	bool verify_name;		/* client side: host name must match */
	const char *alpn;		/* "postgresql", "h2,http/1.1"; NULL */
	bool alpn_optional;	/* who offers others goes on without */
	const char *crl_file;		/* revoked ones; NULL: not looked at */
	const char *ca_more_file;	/* trusted too, not told to clients */
	const char *sigalgs, *client_sigalgs;		/* NULL: default */
	bool no_tickets, client_prefers;	/* its order of ciphers */
	/* "all", or numbers: errors of authorities, of the leaf, let pass. */
	const char *ca_ignored, *crt_ignored;
};

/* Reads and checks everything; NULL with why ("failed to load ..."). */
struct tls *tls_new(const struct tls_options *, struct why *);
struct tls *tls_hold(struct tls *);
/*
 * Parameters of DHE: these (PEM), or (NULL) a known group of at most so many
 * bits (0: as OpenSSL picks), and of no more than its certificate has.
 */
int	tls_set_dh(struct tls *, const char *pem, int bits, struct why *);
/* The same for a client that offers other protocols; NULL: no memory. */
struct tls *tls_offering(struct tls *, const char *alpn);
struct ssl_ctx_st *tls_context(const struct tls *);	/* the library's */
void	tls_drop(struct tls **);
/*
 * t is from now on what *from was made as, *from goes. Whoever holds t sees
 * it with the next session; those under way keep what they began with. While
 * no other thread has a session of t begin.
 */
void	tls_take(struct tls *t, struct tls **from);
/*
 * The answer about our certificate that is handed on to who asks for it,
 * until that time (s, wall clock). It is copied. As tls_take; -1: no memory.
 */
int	tls_set_status(struct tls *t, struct text answer, int64_t until);

/*
 * Server side: each handshake asks which context serves the name that the
 * client wants ("" none); NULL refuses it. What it gives must live as long
 * as t; drop is called with arg when t goes.
 */
void	tls_set_choice(struct tls *t, struct tls *(*choose)(void *arg,
	    const char *name), void *arg, void (*drop)(void *arg));
/* The names that its own certificate is for: subject, alternatives. */
void	tls_each_name(const struct tls *, void (*visit)(struct text name,
	    void *arg), void *arg);

/* For net/conn: a session of this context. NULL: no memory. */
struct tlsio *tls_begin(struct tls *, const char *name);

/* OpenSSL's session, of a conn whose handshake is done; NULL: none. */
struct ssl_st *tls_session(const struct conn *);

/* Of a conn whose handshake is done; false or empty for a plain one. */
bool	tls_is_on(const struct conn *);
const char *tls_describe(const struct conn *, char *buf, size_t len);	/* "TLSv1.3/TLS_AES_256_GCM_SHA384" */
bool	tls_has_alpn(const struct conn *);	/* our protocol was agreed on */
bool	tls_peer_has_cert(const struct conn *);
/* CN or a DNS name of the peer's certificate equals name (no wildcards). */
bool	tls_peer_is(const struct conn *, struct text name);
/* The CN, or "" */
void	tls_peer_name(const struct conn *, char *buf, size_t len);

#endif
