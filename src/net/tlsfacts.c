/* SPDX-License-Identifier: ISC */
/* tlsfacts.c - facts of TLS sessions and certificates. On their loop. */
#include <stdio.h>

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "net/tls.h"
#include "net/tlsfacts.h"

static bool
copy(const void *from, size_t len, char *to, size_t room, struct text *t)
{
	if (from == NULL || len == 0 || len >= room)
		return false;
	memcpy(to, from, len);
	to[len] = '\0';
	*t = (struct text){ to, len };
	return true;
}

static bool
copy_text(const char *from, char *to, size_t room, struct text *t)
{
	return from != NULL && copy(from, strlen(from), to, room, t);
}

bool
tlsfacts_session(const struct conn *c, enum tlsfacts_of what, char *to,
    size_t room, struct text *t)
{
	SSL *ssl = tls_session(c);
	const unsigned char *at = NULL;
	unsigned len = 0;
	size_t n = 0;

	if (ssl == NULL || room < 64)
		return false;
	switch (what) {
	case TLSFACTS_SNI:
		return copy_text(SSL_get_servername(ssl,
		    TLSEXT_NAMETYPE_host_name), to, room, t);
	case TLSFACTS_ALPN:
		SSL_get0_alpn_selected(ssl, &at, &len);
		return copy(at, len, to, room, t);
	case TLSFACTS_VERSION:
		return copy_text(SSL_get_version(ssl), to, room, t);
	case TLSFACTS_CIPHER:
		return copy_text(SSL_get_cipher_name(ssl), to, room, t);
	case TLSFACTS_CURVE:
		return copy_text(OBJ_nid2sn((int)
		    SSL_get_negotiated_group(ssl)), to, room, t);
	case TLSFACTS_SESSION_ID:
		at = SSL_SESSION_get_id(SSL_get_session(ssl), &len);
		return copy(at, len, to, room, t);
	case TLSFACTS_UNIQUE_ID:
		n = SSL_session_reused(ssl) == SSL_is_server(ssl) ?
		    SSL_get_finished(ssl, to, room) :
		    SSL_get_peer_finished(ssl, to, room);
		break;
	case TLSFACTS_CLIENT_RANDOM:
		n = SSL_get_client_random(ssl, (unsigned char *)to, room);
		break;
	case TLSFACTS_SERVER_RANDOM:
		n = SSL_get_server_random(ssl, (unsigned char *)to, room);
		break;
	case TLSFACTS_SESSION_KEY:
		n = SSL_SESSION_get_master_key(SSL_get_session(ssl),
		    (unsigned char *)to, room);
		break;
	default:
		break;
	}
	*t = (struct text){ to, n };
	return n > 0;
}

bool
tlsfacts_number(const struct conn *c, enum tlsfacts_of what, int64_t *n)
{
	SSL *ssl = tls_session(c);
	int bits = 0;

	if (ssl == NULL)
		return false;
	switch (what) {
	case TLSFACTS_KEY_BITS:
		SSL_get_cipher_bits(ssl, &bits);
		*n = bits;
		return true;
	case TLSFACTS_USED_BITS:
		*n = SSL_get_cipher_bits(ssl, NULL);
		return true;
	case TLSFACTS_RESUMED:
		*n = SSL_session_reused(ssl);
		return true;
	case TLSFACTS_VERIFY:
		*n = SSL_get_verify_result(ssl);
		return true;
	default:
		return false;
	}
}

/* ---- certificates ------------------------------------------------------ */

static bool
copy_string(const ASN1_STRING *s, char *to, size_t room, struct text *t)
{
	return s != NULL && copy(ASN1_STRING_get0_data(s),
	    (size_t)ASN1_STRING_length(s), to, room, t);
}

/* /C=FR/CN=x: all of a name. */
static bool
copy_whole_name(const X509_NAME *name, char *to, size_t room,
    struct text *t)
{
	size_t len = 0;

	for (int i = 0; i < X509_NAME_entry_count(name); i++) {
		const X509_NAME_ENTRY *e = X509_NAME_get_entry(name, i);
		const ASN1_STRING *s = X509_NAME_ENTRY_get_data(e);
		int n = snprintf(to + len, room - len, "/%s=%.*s",
		    OBJ_nid2sn(OBJ_obj2nid(X509_NAME_ENTRY_get_object(e))),
		    ASN1_STRING_length(s),
		    (const char *)ASN1_STRING_get0_data(s));

		if (n < 0 || (size_t)n >= room - len)
			return false;
		len += (size_t)n;
	}
	*t = (struct text){ to, len };
	return len > 0;
}

static bool
copy_name(const X509_NAME *name, const char *part, int64_t nth, char *to,
    size_t room, struct text *t)
{
	int64_t step = nth < 0 ? -1 : 1, left = nth == 0 ? 1 : nth * step;
	int count = X509_NAME_entry_count(name);

	if (part == NULL || *part == '\0')
		return copy_whole_name(name, to, room, t);
	for (int64_t i = step > 0 ? 0 : count - 1; i >= 0 && i < count;
	    i += step) {
		const X509_NAME_ENTRY *e = X509_NAME_get_entry(name, (int)i);

		if (strcmp(part, OBJ_nid2sn(OBJ_obj2nid(
		    X509_NAME_ENTRY_get_object(e)))) == 0 && --left == 0)
			return copy_string(X509_NAME_ENTRY_get_data(e), to,
			    room, t);
	}
	return false;
}

static bool
copy_der(X509 *cert, char *to, size_t room, struct text *t)
{
	unsigned char *der = NULL;
	int len = i2d_X509(cert, &der);
	bool fits = len > 0 && copy(der, (size_t)len, to, room, t);

	OPENSSL_free(der);
	return fits;
}

/* Without the century, as it stands in most of them. */
static bool
copy_time(const ASN1_TIME *when, char *to, size_t room, struct text *t)
{
	bool full = ASN1_STRING_type(when) == V_ASN1_GENERALIZEDTIME;

	if (!copy_string(when, to, room, t))
		return false;
	if (full && t->len > 2)
		*t = text_from(*t, 2);
	return true;
}

static bool
copy_sha1(const X509 *cert, char *to, size_t room, struct text *t)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	return X509_digest(cert, EVP_sha1(), sum, &len) == 1 &&
	    copy(sum, len, to, room, t);
}

static bool
copy_kind(const EVP_PKEY *key, char *to, size_t room, struct text *t)
{
	int kind = key == NULL ? 0 : EVP_PKEY_get_base_id(key);

	if (kind != EVP_PKEY_RSA && kind != EVP_PKEY_EC &&
	    kind != EVP_PKEY_DSA)
		return false;
	snprintf(to, room, "%s%d", kind == EVP_PKEY_RSA ? "RSA" :
	    kind == EVP_PKEY_EC ? "EC" : "DSA", EVP_PKEY_get_bits(key));
	*t = text_of(to);
	return true;
}

bool
tlsfacts_cert(const struct conn *c, bool own, enum tlsfacts_cert what,
    const char *part, int64_t nth, char *to, size_t room, struct text *t)
{
	SSL *ssl = tls_session(c);
	X509 *cert = ssl == NULL ? NULL : own ? SSL_get_certificate(ssl) :
	    SSL_get0_peer_certificate(ssl);
	const EVP_PKEY *key;

	if (cert == NULL)
		return false;
	switch (what) {
	case TLSFACTS_SUBJECT:
		return copy_name(X509_get_subject_name(cert), part, nth, to,
		    room, t);
	case TLSFACTS_ISSUER:
		return copy_name(X509_get_issuer_name(cert), part, nth, to,
		    room, t);
	case TLSFACTS_SERIAL:
		return copy_string(X509_get0_serialNumber(cert), to, room, t);
	case TLSFACTS_SHA1:
		return copy_sha1(cert, to, room, t);
	case TLSFACTS_DER:
		return copy_der(cert, to, room, t);
	case TLSFACTS_NOT_AFTER:
		return copy_time(X509_get0_notAfter(cert), to, room, t);
	case TLSFACTS_NOT_BEFORE:
		return copy_time(X509_get0_notBefore(cert), to, room, t);
	case TLSFACTS_KEY:
		key = X509_get0_pubkey(cert);
		return key != NULL && copy_text(OBJ_nid2sn(
		    EVP_PKEY_get_base_id(key)), to, room, t);
	case TLSFACTS_KEY_KIND:
		return copy_kind(X509_get0_pubkey(cert), to, room, t);
	case TLSFACTS_SIGNATURE:
		return copy_text(OBJ_nid2sn(X509_get_signature_nid(cert)), to,
		    room, t);
	case TLSFACTS_CERT_VERSION:
		to[0] = (char)(X509_get_version(cert) + 1);
		*t = (struct text){ to, 1 };
		return true;
	}
	return false;
}
