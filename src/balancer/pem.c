/* SPDX-License-Identifier: ISC */
/* pem.c - certificates by way of OpenSSL. Any thread. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "balancer/pem.h"
#include "base/mem.h"

/* ---- reading ----------------------------------------------------------- */

/* Nobody is asked for a pass phrase. */
static int
no_password(char *buf, int size, int writes, void *arg)
{
	return 0;
}

static BIO *
open_text(struct text t)
{
	return BIO_new_mem_buf(t.at != NULL ? t.at : "", (int)t.len);
}

STACK_OF(X509) *
lb_pem_certs(struct text text)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	BIO *in = open_text(text);
	X509 *x;

	while (all != NULL && in != NULL && (x = PEM_read_bio_X509(in, NULL,
	    no_password, NULL)) != NULL)
		if (sk_X509_push(all, x) <= 0)
			X509_free(x);
	BIO_free(in);
	ERR_clear_error();
	if (sk_X509_num(all) > 0)
		return all;
	sk_X509_free(all);
	return NULL;
}

STACK_OF(X509_CRL) *
lb_pem_crls(struct text text)
{
	STACK_OF(X509_CRL) *all = sk_X509_CRL_new_null();
	BIO *in = open_text(text);
	X509_CRL *x;

	while (all != NULL && in != NULL && (x = PEM_read_bio_X509_CRL(in,
	    NULL, no_password, NULL)) != NULL)
		if (sk_X509_CRL_push(all, x) <= 0)
			X509_CRL_free(x);
	BIO_free(in);
	ERR_clear_error();
	if (sk_X509_CRL_num(all) > 0)
		return all;
	sk_X509_CRL_free(all);
	return NULL;
}

static EVP_PKEY *
read_key(struct text text)
{
	BIO *in = open_text(text);
	EVP_PKEY *key = in == NULL ? NULL : PEM_read_bio_PrivateKey(in, NULL,
	    no_password, NULL);

	BIO_free(in);
	ERR_clear_error();
	return key;
}

int
lb_pem_read(struct lb_pem *p, struct text text, struct why *why)
{
	STACK_OF(X509) *all = lb_pem_certs(text);

	if (all == NULL)
		return why_set(why, "unable to load certificate");
	X509_free(p->cert);
	sk_X509_pop_free(p->chain, X509_free);
	EVP_PKEY_free(p->key);
	p->cert = sk_X509_shift(all);
	p->chain = all;
	p->key = read_key(text);
	return 0;
}

int
lb_pem_read_key(struct lb_pem *p, struct text text, struct why *why)
{
	EVP_PKEY *key = read_key(text);

	if (key == NULL)
		return why_set(why, "unable to load private key");
	EVP_PKEY_free(p->key);
	p->key = key;
	return 0;
}

int
lb_pem_read_issuer(struct lb_pem *p, struct text text, struct why *why)
{
	STACK_OF(X509) *all = lb_pem_certs(text);

	if (all == NULL)
		return why_set(why, "unable to load issuer certificate");
	X509_free(p->issuer);
	p->issuer = sk_X509_shift(all);
	sk_X509_pop_free(all, X509_free);
	return 0;
}

static int
set_bytes(struct text *to, struct text from)
{
	char *copy = mem_get(from.len + 1);

	if (copy == NULL)
		return -1;
	if (from.len > 0)
		memcpy(copy, from.at, from.len);
	mem_drop((void *)(uintptr_t)to->at);
	*to = (struct text){ copy, from.len };
	return 0;
}

int
lb_pem_set_status(struct lb_pem *p, struct text der)
{
	return set_bytes(&p->status, der);
}

int
lb_pem_set_stamps(struct lb_pem *p, struct text list)
{
	return set_bytes(&p->stamps, list);
}

int
lb_pem_copy(struct lb_pem *p, const struct lb_pem *from)
{
	*p = (struct lb_pem){ .cert = from->cert, .key = from->key,
	    .issuer = from->issuer };
	if (p->cert != NULL)
		X509_up_ref(p->cert);
	if (p->key != NULL)
		EVP_PKEY_up_ref(p->key);
	if (p->issuer != NULL)
		X509_up_ref(p->issuer);
	if (from->chain != NULL)
		p->chain = X509_chain_up_ref(from->chain);
	if ((from->status.at == NULL ||
	    lb_pem_set_status(p, from->status) == 0) &&
	    (from->stamps.at == NULL ||
	    lb_pem_set_stamps(p, from->stamps) == 0))
		return 0;
	lb_pem_fini(p);
	return -1;
}

void
lb_pem_fini(struct lb_pem *p)
{
	X509_free(p->cert);
	sk_X509_pop_free(p->chain, X509_free);
	EVP_PKEY_free(p->key);
	X509_free(p->issuer);
	mem_drop((void *)(uintptr_t)p->status.at);
	mem_drop((void *)(uintptr_t)p->stamps.at);
	*p = (struct lb_pem){ .cert = NULL };
}

X509 *
lb_pem_issuer(const struct lb_pem *p)
{
	for (int i = 0; p->cert != NULL && i < sk_X509_num(p->chain); i++)
		if (X509_check_issued(sk_X509_value(p->chain, i),
		    p->cert) == X509_V_OK)
			return sk_X509_value(p->chain, i);
	if (p->cert != NULL && p->issuer != NULL &&
	    X509_check_issued(p->issuer, p->cert) == X509_V_OK)
		return p->issuer;
	return NULL;
}

/* ---- in a context ------------------------------------------------------ */

int
lb_pem_is_whole(const struct lb_pem *p, struct why *why)
{
	if (p->cert == NULL || p->key == NULL)
		return why_set(why, "The transaction must contain at least a "
		    "certificate and a private key!");
	if (X509_check_private_key(p->cert, p->key) == 1)
		return 0;
	ERR_clear_error();
	return why_set(why, "inconsistencies between private key and "
	    "certificate loaded");
}

/* As OpenSSL wants what goes along: where, which kind, how long. */
static int
use_stamps(const struct lb_pem *p, SSL_CTX *c)
{
	const unsigned where = SSL_EXT_CLIENT_HELLO |
	    SSL_EXT_TLS1_2_SERVER_HELLO | SSL_EXT_TLS1_3_CERTIFICATE |
	    SSL_EXT_IGNORE_ON_RESUMPTION;
	const unsigned kind = TLSEXT_TYPE_signed_certificate_timestamp;
	size_t len = p->stamps.len;
	unsigned char *info;
	int done;

	if (p->stamps.at == NULL)
		return 1;
	info = mem_get(len + 8);
	if (info == NULL)
		return 0;
	memcpy(info, (unsigned char[]){ (unsigned char)(where >> 24),
	    (unsigned char)(where >> 16), (unsigned char)(where >> 8),
	    (unsigned char)where, (unsigned char)(kind >> 8),
	    (unsigned char)kind, (unsigned char)(len >> 8),
	    (unsigned char)len }, 8);
	memcpy(info + 8, p->stamps.at, len);
	done = SSL_CTX_use_serverinfo_ex(c, SSL_SERVERINFOV2, info, len + 8);
	mem_drop(info);
	return done;
}

int
lb_pem_use(const struct lb_pem *p, SSL_CTX *c, bool server, struct why *why)
{
	if (SSL_CTX_use_cert_and_key(c, p->cert, p->key, p->chain, 1) == 1 &&
	    (!server || use_stamps(p, c) == 1))
		return 0;
	why_set(why, "the library refuses it (%s)",
	    ERR_reason_error_string(ERR_peek_last_error()));
	ERR_clear_error();
	return -1;
}

/* ---- shown ------------------------------------------------------------- */

/* What has been printed into 'from', behind a name. */
static void
put_line(struct sheet *to, const char *name, BIO *from)
{
	char *at;
	long len = BIO_get_mem_data(from, &at);

	sheet_print(to, "%s: %.*s\n", name, (int)len, at);
	(void)BIO_reset(from);
}

static void
put_name(struct sheet *to, const char *name, const X509_NAME *n, BIO *bio)
{
	char line[512];

	BIO_printf(bio, "%s", X509_NAME_oneline(n, line, sizeof line));
	put_line(to, name, bio);
}

static void
put_serial(struct sheet *to, const X509 *x, BIO *bio)
{
	i2a_ASN1_INTEGER(bio, X509_get0_serialNumber(x));
	put_line(to, "Serial", bio);
}

static void
put_names(struct sheet *to, const X509 *x, BIO *bio)
{
	int at = X509_get_ext_by_NID(x, NID_subject_alt_name, -1);

	if (at >= 0)
		X509V3_EXT_print(bio, X509_get_ext(x, at), 0, 0);
	put_line(to, "Subject Alternative Name", bio);
}

static void
put_algorithm(struct sheet *to, X509 *x)
{
	const EVP_PKEY *key = X509_get0_pubkey(x);
	int bits = key != NULL ? EVP_PKEY_get_bits(key) : 0;

	sheet_print(to, "Algorithm: %s%d\n", key == NULL ? "?" :
	    EVP_PKEY_get_base_id(key) == EVP_PKEY_RSA ? "RSA" :
	    EVP_PKEY_get_base_id(key) == EVP_PKEY_EC ? "EC" : "DSA", bits);
}

static void
put_fingerprint(struct sheet *to, const X509 *x)
{
	unsigned char digest[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	X509_digest(x, EVP_sha1(), digest, &len);
	sheet_text(to, "SHA1 FingerPrint: ");
	for (unsigned i = 0; i < len; i++)
		sheet_print(to, "%02X", digest[i]);
	sheet_text(to, "\n");
}

void
lb_pem_show_cert(X509 *x, struct sheet *to)
{
	BIO *bio = BIO_new(BIO_s_mem());

	if (bio == NULL)
		return;
	put_serial(to, x, bio);
	ASN1_TIME_print(bio, X509_get0_notBefore(x));
	put_line(to, "notBefore", bio);
	ASN1_TIME_print(bio, X509_get0_notAfter(x));
	put_line(to, "notAfter", bio);
	put_names(to, x, bio);
	put_algorithm(to, x);
	put_fingerprint(to, x);
	put_name(to, "Subject", X509_get_subject_name(x), bio);
	put_name(to, "Issuer", X509_get_issuer_name(x), bio);
	BIO_free(bio);
}

void
lb_pem_show(const struct lb_pem *p, struct sheet *to)
{
	BIO *bio = BIO_new(BIO_s_mem());

	if (bio == NULL || p->cert == NULL) {
		BIO_free(bio);
		return;
	}
	lb_pem_show_cert(p->cert, to);
	for (int i = 0; i < sk_X509_num(p->chain); i++) {
		X509 *x = sk_X509_value(p->chain, i);

		put_name(to, "Chain Subject", X509_get_subject_name(x), bio);
		put_name(to, "Chain Issuer", X509_get_issuer_name(x), bio);
	}
	BIO_free(bio);
}

static void
put_revoked(struct sheet *to, const X509_REVOKED *r, BIO *bio)
{
	i2a_ASN1_INTEGER(bio, X509_REVOKED_get0_serialNumber(r));
	put_line(to, "    Serial Number", bio);
	ASN1_TIME_print(bio, X509_REVOKED_get0_revocationDate(r));
	put_line(to, "        Revocation Date", bio);
}

void
lb_pem_show_crl(X509_CRL *x, struct sheet *to)
{
	STACK_OF(X509_REVOKED) *revoked = X509_CRL_get_REVOKED(x);
	BIO *bio = BIO_new(BIO_s_mem());

	if (bio == NULL)
		return;
	sheet_print(to, "Version %ld\nSignature Algorithm: %s\n",
	    X509_CRL_get_version(x) + 1,
	    OBJ_nid2ln(X509_CRL_get_signature_nid(x)));
	put_name(to, "Issuer", X509_CRL_get_issuer(x), bio);
	ASN1_TIME_print(bio, X509_CRL_get0_lastUpdate(x));
	put_line(to, "Last Update", bio);
	if (X509_CRL_get0_nextUpdate(x) != NULL)
		ASN1_TIME_print(bio, X509_CRL_get0_nextUpdate(x));
	else
		BIO_puts(bio, "NONE");
	put_line(to, "Next Update", bio);
	sheet_text(to, sk_X509_REVOKED_num(revoked) > 0 ?
	    "Revoked Certificates:\n" : "No Revoked Certificates.\n");
	for (int i = 0; i < sk_X509_REVOKED_num(revoked); i++)
		put_revoked(to, sk_X509_REVOKED_value(revoked, i), bio);
	BIO_free(bio);
}
