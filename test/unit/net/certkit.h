/* SPDX-License-Identifier: ISC */
/*
 * certkit.h - certificates for tests, made on the spot: a CA and what it
 * signs, as PEM files in a directory of their own.
 */
#ifndef WEIR_TEST_CERTKIT_H
#define WEIR_TEST_CERTKIT_H

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct certkit {
	char dir[64];
	char ca[96];
	EVP_PKEY *key;
	X509 *cert;
	long serial;
};

static inline void
certkit_extend(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509_EXTENSION *e;

	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	ck_assert_ptr_nonnull(e);
	X509_add_ext(x, e, -1);
	X509_EXTENSION_free(e);
}

static inline X509 *
certkit_cert(struct certkit *k, EVP_PKEY *key, const char *cn, const char *san)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	X509 *issuer = k->cert == NULL ? x : k->cert;

	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), ++k->serial);
	X509_gmtime_adj(X509_getm_notBefore(x), -3600);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_set_pubkey(x, key);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
	    (const unsigned char *)cn, -1, -1, 0);
	X509_set_issuer_name(x, X509_get_subject_name(issuer));
	certkit_extend(x, issuer, NID_basic_constraints,
	    k->cert == NULL ? "critical,CA:TRUE" : "CA:FALSE");
	if (san != NULL)
		certkit_extend(x, issuer, NID_subject_alt_name, san);
	ck_assert_int_gt(X509_sign(x, k->key, EVP_sha256()), 0);
	return x;
}

static inline void
certkit_write(const char *dir, const char *file, X509 *x, EVP_PKEY *key)
{
	char path[128];
	FILE *f;

	snprintf(path, sizeof path, "%s/%s", dir, file);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	if (x != NULL)
		PEM_write_X509(f, x);
	if (key != NULL)
		PEM_write_PrivateKey(f, key, NULL, NULL, 0, NULL, NULL);
	fclose(f);
}

/* DIR/ca.crt; the key stays in memory. */
static inline void
certkit_init(struct certkit *k)
{
	memset(k, 0, sizeof *k);
	snprintf(k->dir, sizeof k->dir, "/tmp/weir-certs-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(k->dir));
	k->key = EVP_EC_gen("P-256");
	k->cert = certkit_cert(k, k->key, "Weir test CA", NULL);
	certkit_write(k->dir, "ca.crt", k->cert, NULL);
	snprintf(k->ca, sizeof k->ca, "%s/ca.crt", k->dir);
}

/* DIR/NAME.crt and DIR/NAME.key; san e.g. "DNS:db.example" or NULL. */
static inline void
certkit_make(struct certkit *k, const char *name, const char *cn,
    const char *san)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *x = certkit_cert(k, key, cn, san);
	char file[64];

	snprintf(file, sizeof file, "%s.crt", name);
	certkit_write(k->dir, file, x, NULL);
	snprintf(file, sizeof file, "%s.key", name);
	certkit_write(k->dir, file, NULL, key);
	X509_free(x);
	EVP_PKEY_free(key);
}

static inline const char *
certkit_path(const struct certkit *k, const char *file, char path[128])
{
	snprintf(path, 128, "%s/%s", k->dir, file);
	return path;
}

static inline void
certkit_fini(struct certkit *k, const char *const *names)
{
	static const char *const ends[] = { "crt", "key" };
	char path[128];

	for (; *names != NULL; names++)
		for (int i = 0; i < 2; i++) {
			snprintf(path, sizeof path, "%s/%s.%s", k->dir,
			    *names, ends[i]);
			unlink(path);
		}
	unlink(k->ca);
	rmdir(k->dir);
	X509_free(k->cert);
	EVP_PKEY_free(k->key);
}

#endif
