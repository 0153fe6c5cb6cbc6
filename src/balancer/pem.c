/* SPDX-License-Identifier: ISC */
/* pem.c - certificates by way of OpenSSL. Any thread. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "balancer/pem.h"

/* ---- reading ----------------------------------------------------------- */

/* Nobody is asked for a pass phrase. */
static int
no_password(char *buf, int size, int writes, void *arg)
{
	return 0;
}

static int
add_to_chain(struct lb_pem *p, X509 *x)
{
	if (p->chain == NULL)
		p->chain = sk_X509_new_null();
	return p->chain != NULL && sk_X509_push(p->chain, x) > 0 ? 0 : -1;
}

static int
read_certs(struct lb_pem *p, BIO *in)
{
	X509 *x;

	while ((x = PEM_read_bio_X509(in, NULL, no_password, NULL)) != NULL) {
		if (p->cert == NULL)
			p->cert = x;
		else if (add_to_chain(p, x) < 0) {
			X509_free(x);
			return -1;
		}
	}
	ERR_clear_error();
	return p->cert != NULL ? 0 : -1;
}

int
lb_pem_read(struct lb_pem *p, struct text text, struct why *why)
{
	BIO *in = BIO_new_mem_buf(text.at != NULL ? text.at : "",
	    (int)text.len);
	int code = in != NULL ? read_certs(p, in) : -1;

	BIO_free(in);
	in = BIO_new_mem_buf(text.at != NULL ? text.at : "", (int)text.len);
	if (in != NULL)
		p->key = PEM_read_bio_PrivateKey(in, NULL, no_password, NULL);
	BIO_free(in);
	ERR_clear_error();
	return code == 0 ? 0 : why_set(why, "unable to load certificate");
}

void
lb_pem_fini(struct lb_pem *p)
{
	X509_free(p->cert);
	sk_X509_pop_free(p->chain, X509_free);
	EVP_PKEY_free(p->key);
	*p = (struct lb_pem){ NULL, NULL, NULL };
}

/* ---- in a context ------------------------------------------------------ */

void
lb_pem_of(struct lb_pem *p, SSL_CTX *c)
{
	STACK_OF(X509) *chain = NULL;

	*p = (struct lb_pem){ NULL, NULL, NULL };
	p->cert = SSL_CTX_get0_certificate(c);
	if (p->cert != NULL)
		X509_up_ref(p->cert);
	if (SSL_CTX_get0_chain_certs(c, &chain) == 1 && chain != NULL)
		p->chain = X509_chain_up_ref(chain);
}

int
lb_pem_fits(const struct lb_pem *p, SSL_CTX *c, struct why *why)
{
	const EVP_PKEY *now = SSL_CTX_get0_privatekey(c);

	if (p->cert == NULL || p->key == NULL)
		return why_set(why, "The transaction must contain at least a "
		    "certificate and a private key!");
	if (X509_check_private_key(p->cert, p->key) != 1) {
		ERR_clear_error();
		return why_set(why, "inconsistencies between private key and "
		    "certificate loaded");
	}
	/* A context has a place for each kind: the old one would stay. */
	if (now != NULL && EVP_PKEY_get_base_id(now) !=
	    EVP_PKEY_get_base_id(p->key))
		return why_set(why, "the key is of another kind than the one "
		    "in use: it takes a reload");
	return 0;
}

int
lb_pem_use(const struct lb_pem *p, SSL_CTX *c)
{
	int done = SSL_CTX_use_cert_and_key(c, p->cert, p->key, p->chain, 1);

	ERR_clear_error();
	return done == 1 ? 0 : -1;
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

	if (at < 0)
		return;
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
lb_pem_show(const struct lb_pem *p, struct sheet *to)
{
	BIO *bio = BIO_new(BIO_s_mem());

	if (bio == NULL || p->cert == NULL) {
		BIO_free(bio);
		return;
	}
	put_serial(to, p->cert, bio);
	ASN1_TIME_print(bio, X509_get0_notBefore(p->cert));
	put_line(to, "notBefore", bio);
	ASN1_TIME_print(bio, X509_get0_notAfter(p->cert));
	put_line(to, "notAfter", bio);
	put_names(to, p->cert, bio);
	put_algorithm(to, p->cert);
	put_fingerprint(to, p->cert);
	put_name(to, "Subject", X509_get_subject_name(p->cert), bio);
	put_name(to, "Issuer", X509_get_issuer_name(p->cert), bio);
	for (int i = 0; i < sk_X509_num(p->chain); i++) {
		X509 *x = sk_X509_value(p->chain, i);

		put_name(to, "Chain Subject", X509_get_subject_name(x), bio);
		put_name(to, "Chain Issuer", X509_get_issuer_name(x), bio);
	}
	BIO_free(bio);
}
