/* SPDX-License-Identifier: ISC */
/*
 * tls.c - contexts from files, and what is known of a session. A context is
 * finished before it is shared; its count is the only thing that changes.
 */
#include <stdatomic.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/mem.h"
#include "net/stream.h"
#include "net/tls.h"

enum { ALPN_MOST = 64 };

struct tls {
	atomic_uint users;
	SSL_CTX *context;
	bool server, verify_name;
	unsigned char alpn[ALPN_MOST];	/* length byte, name */
	unsigned alpn_len;
};

static bool
is_given(const char *s)
{
	return s != NULL && *s != '\0';
}

static int
refuse(struct why *why, const char *what, const char *name)
{
	unsigned long code = ERR_peek_last_error();
	const char *reason;

	/* A file that cannot be opened: the system's word for it. */
	if (ERR_SYSTEM_ERROR(ERR_peek_error()))
		reason = strerror(ERR_GET_REASON(ERR_peek_error()));
	else
		reason = code == 0 ? NULL : ERR_reason_error_string(code);
	why_set(why, "failed to %s \"%s\": %s", what, name,
	    reason == NULL ? "unknown error" : reason);
	ERR_clear_error();
	return -1;
}

static int
load_ca(SSL_CTX *x, const struct tls_options *o, struct why *why)
{
	STACK_OF(X509_NAME) *names;

	if (!is_given(o->ca_file)) {
		if (!o->server && o->verify != TLS_VERIFY_NONE)
			SSL_CTX_set_default_verify_paths(x);
		return 0;
	}
	if (SSL_CTX_load_verify_file(x, o->ca_file) != 1)
		return refuse(why, "load CA file", o->ca_file);
	if (!o->server)
		return 0;
	names = SSL_load_client_CA_file(o->ca_file);
	if (names == NULL)
		return refuse(why, "load CA file", o->ca_file);
	SSL_CTX_set_client_CA_list(x, names);
	return 0;
}

static int
load_own(SSL_CTX *x, const struct tls_options *o, struct why *why)
{
	if (is_given(o->cert_file) &&
	    SSL_CTX_use_certificate_chain_file(x, o->cert_file) != 1)
		return refuse(why, "load certificate file", o->cert_file);
	if (is_given(o->key_file) && SSL_CTX_use_PrivateKey_file(x,
	    o->key_file, SSL_FILETYPE_PEM) != 1)
		return refuse(why, "load private key file", o->key_file);
	if (is_given(o->cert_file) && SSL_CTX_check_private_key(x) != 1)
		return refuse(why, "match the key to certificate file",
		    o->cert_file);
	return 0;
}

static int
set_rules(SSL_CTX *x, const struct tls_options *o, struct why *why)
{
	if (is_given(o->ciphers) &&
	    SSL_CTX_set_cipher_list(x, o->ciphers) != 1)
		return refuse(why, "set ciphers", o->ciphers);
	if (is_given(o->ciphersuites) &&
	    SSL_CTX_set_ciphersuites(x, o->ciphersuites) != 1)
		return refuse(why, "set ciphersuites", o->ciphersuites);
	if (is_given(o->curves) &&
	    SSL_CTX_set1_groups_list(x, o->curves) != 1)
		return refuse(why, "set curves", o->curves);
	if (SSL_CTX_set_min_proto_version(x, o->min_version) != 1 ||
	    SSL_CTX_set_max_proto_version(x, o->max_version) != 1)
		return refuse(why, "set protocol", "versions");
	if (o->dh_auto)
		SSL_CTX_set_dh_auto(x, 1);
	SSL_CTX_set_options(x, o->no_versions | SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_NO_COMPRESSION | SSL_OP_CIPHER_SERVER_PREFERENCE);
	return 0;
}

static void
set_verify(SSL_CTX *x, const struct tls_options *o)
{
	int mode = SSL_VERIFY_NONE;

	if (o->verify != TLS_VERIFY_NONE)
		mode = SSL_VERIFY_PEER;
	if (o->verify == TLS_VERIFY_REQUIRED)
		mode |= SSL_VERIFY_FAIL_IF_NO_PEER_CERT;
	SSL_CTX_set_verify(x, mode, NULL);
}

/* One protocol is spoken here; who offers others only is sent away. */
static int
on_alpn(SSL *ssl, const unsigned char **to, unsigned char *len,
    const unsigned char *offered, unsigned offered_len, void *arg)
{
	const struct tls *t = arg;
	unsigned char *chosen;

	if (SSL_select_next_proto(&chosen, len, t->alpn, t->alpn_len, offered,
	    offered_len) != OPENSSL_NPN_NEGOTIATED)
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	*to = chosen;
	return SSL_TLSEXT_ERR_OK;
}

static int
set_alpn(struct tls *t, const struct tls_options *o, struct why *why)
{
	size_t len = is_given(o->alpn) ? strlen(o->alpn) : 0;

	if (len == 0)
		return 0;
	if (len >= ALPN_MOST)
		return why_set(why, "ALPN name too long: %s", o->alpn);
	t->alpn[0] = (unsigned char)len;
	memcpy(t->alpn + 1, o->alpn, len);
	t->alpn_len = (unsigned)len + 1;
	if (t->server)
		SSL_CTX_set_alpn_select_cb(t->context, on_alpn, t);
	else if (SSL_CTX_set_alpn_protos(t->context, t->alpn,
	    t->alpn_len) != 0)
		return why_set(why, "failed to set ALPN");
	return 0;
}

/* Tickets instead of a cache that threads would share under a lock. */
static void
set_habits(SSL_CTX *x)
{
	SSL_CTX_set_mode(x, SSL_MODE_ENABLE_PARTIAL_WRITE |
	    SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
	SSL_CTX_set_read_ahead(x, 1);
	SSL_CTX_set_session_cache_mode(x, SSL_SESS_CACHE_OFF);
	(void)SSL_CTX_set_session_id_context(x,
	    (const unsigned char *)"weir", 4);
}

struct tls *
tls_new(const struct tls_options *o, struct why *why)
{
	struct tls *t = mem_zero(sizeof *t);

	ERR_clear_error();
	if (t != NULL)
		t->context = SSL_CTX_new(o->server ? TLS_server_method() :
		    TLS_client_method());
	if (t == NULL || t->context == NULL) {
		why_set(why, "no memory for a TLS context");
		mem_drop(t);
		return NULL;
	}
	atomic_init(&t->users, 1);
	t->server = o->server;
	t->verify_name = o->verify_name;
	set_habits(t->context);
	set_verify(t->context, o);
	if (set_rules(t->context, o, why) < 0 ||
	    load_ca(t->context, o, why) < 0 ||
	    load_own(t->context, o, why) < 0 || set_alpn(t, o, why) < 0)
		tls_drop(&t);
	return t;
}

struct tls *
tls_hold(struct tls *t)
{
	atomic_fetch_add(&t->users, 1);
	return t;
}

void
tls_drop(struct tls **tp)
{
	struct tls *t = *tp;

	*tp = NULL;
	/* Sessions count too: ALPN looks at t. */
	if (t == NULL || atomic_fetch_sub(&t->users, 1) != 1)
		return;
	SSL_CTX_free(t->context);
	mem_drop(t);
}

struct tlsio *
tls_begin(struct tls *t, const char *name)
{
	return tlsio_new(t->context, t->server, name, t->verify_name);
}

static SSL *
find_session(const struct conn *c)
{
	if (!(c->flags & CONN_SECURE) || (c->flags & CONN_HANDSHAKE))
		return NULL;
	return tlsio_ssl(c->rare->tls);
}

bool
tls_is_on(const struct conn *c)
{
	return find_session(c) != NULL;
}

const char *
tls_describe(const struct conn *c, char *buf, size_t len)
{
	SSL *ssl = find_session(c);

	if (ssl == NULL)
		buf[0] = '\0';
	else
		snprintf(buf, len, "%s/%s", SSL_get_version(ssl),
		    SSL_get_cipher_name(ssl));
	return buf;
}

bool
tls_has_alpn(const struct conn *c)
{
	SSL *ssl = find_session(c);
	const unsigned char *name;
	unsigned len = 0;

	if (ssl != NULL)
		SSL_get0_alpn_selected(ssl, &name, &len);
	return len > 0;
}

static X509 *
find_cert(const struct conn *c)
{
	SSL *ssl = find_session(c);

	return ssl == NULL ? NULL : SSL_get0_peer_certificate(ssl);
}

bool
tls_peer_has_cert(const struct conn *c)
{
	return find_cert(c) != NULL;
}

static bool
is_string(const ASN1_STRING *s, struct text name)
{
	return text_same((struct text){ (const char *)ASN1_STRING_get0_data(s),
	    (size_t)ASN1_STRING_length(s) }, name);
}

static const ASN1_STRING *
find_cn(X509 *cert)
{
	const X509_NAME *subject = X509_get_subject_name(cert);
	int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);

	if (at < 0)
		return NULL;
	return X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at));
}

static bool
has_dns_name(X509 *cert, struct text name)
{
	GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name,
	    NULL, NULL);
	bool found = false;

	for (int i = 0; i < sk_GENERAL_NAME_num(names) && !found; i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);

		found = n->type == GEN_DNS && is_string(n->d.dNSName, name);
	}
	GENERAL_NAMES_free(names);
	return found;
}

bool
tls_peer_is(const struct conn *c, struct text name)
{
	X509 *cert = find_cert(c);
	const ASN1_STRING *cn;

	if (cert == NULL || name.len == 0)
		return false;
	cn = find_cn(cert);
	return (cn != NULL && is_string(cn, name)) ||
	    has_dns_name(cert, name);
}

void
tls_peer_name(const struct conn *c, char *buf, size_t len)
{
	X509 *cert = find_cert(c);
	const ASN1_STRING *cn = cert == NULL ? NULL : find_cn(cert);
	struct text t = TEXT_NONE;

	if (cn != NULL)
		t = (struct text){ (const char *)ASN1_STRING_get0_data(cn),
		    (size_t)ASN1_STRING_length(cn) };
	/* A NUL inside would show a shorter name than was signed. */
	if (t.len >= len || (t.len > 0 && memchr(t.at, '\0', t.len) != NULL))
		t.len = 0;
	if (t.len > 0)
		memcpy(buf, t.at, t.len);
	buf[t.len] = '\0';
}
