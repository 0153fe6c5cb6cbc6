/* SPDX-License-Identifier: ISC */
/* certs.c - TLS settings as net/tls wants them. At start, first thread. */
#include <sys/stat.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "balancer/certs.h"

static const int versions[] = {
	[LB_TLS_UNSET] = 0, [LB_TLS_SSLV3] = SSL3_VERSION,
	[LB_TLS_V10] = TLS1_VERSION, [LB_TLS_V11] = TLS1_1_VERSION,
	[LB_TLS_V12] = TLS1_2_VERSION, [LB_TLS_V13] = TLS1_3_VERSION,
};

static const char *
either(const char *own, const char *usual)
{
	return own != NULL ? own : usual;
}

static unsigned long
refused_versions(unsigned refused)
{
	static const struct {
		enum lb_tls version;
		unsigned long bit;
	} rows[] = {
		{ LB_TLS_SSLV3, SSL_OP_NO_SSLv3 },
		{ LB_TLS_V10, SSL_OP_NO_TLSv1 },
		{ LB_TLS_V11, SSL_OP_NO_TLSv1_1 },
		{ LB_TLS_V12, SSL_OP_NO_TLSv1_2 },
		{ LB_TLS_V13, SSL_OP_NO_TLSv1_3 },
	};
	unsigned long bits = 0;

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (refused & (1u << rows[i].version))
			bits |= rows[i].bit;
	return bits;
}

/* What both sides have; the key stands with the certificate, or beside. */
static void
fill(struct tls_options *o, const struct lb_tls_conf *t,
    const struct lb_tls_conf *usual, char key[4096])
{
	enum lb_tls least = t->least != LB_TLS_UNSET ? t->least :
	    usual->least;
	enum lb_tls most = t->most != LB_TLS_UNSET ? t->most : usual->most;

	o->ca_file = t->ca_file;
	if (t->certs.count > 0) {
		o->cert_file = o->key_file = t->certs.at[0]->path;
		snprintf(key, 4096, "%s.key", o->cert_file);
		if (access(key, R_OK) == 0)
			o->key_file = key;
	}
	o->ciphers = either(t->ciphers, usual->ciphers);
	o->ciphersuites = either(t->ciphersuites, usual->ciphersuites);
	o->curves = either(t->curves, usual->curves);
	o->dh_auto = true;
	o->min_version = least == LB_TLS_UNSET ? TLS1_2_VERSION :
	    versions[least];
	o->max_version = versions[most];
	o->no_versions = refused_versions(t->refused | usual->refused);
	o->alpn = t->alpn;
}

struct tls *
lb_certs_bind(const struct lb_bind_conf *b, const struct lb_global_conf *g,
    struct why *why)
{
	struct tls_options o = { .server = true };
	char key[4096];

	fill(&o, &b->tls, &g->bind_tls, key);
	o.verify = b->tls.verify == LB_VERIFY_REQUIRED ? TLS_VERIFY_REQUIRED :
	    b->tls.verify == LB_VERIFY_OPTIONAL ? TLS_VERIFY_OPTIONAL :
	    TLS_VERIFY_NONE;
	return tls_new(&o, why);
}

struct tls *
lb_certs_server(const struct lb_server_conf *s,
    const struct lb_global_conf *g, struct why *why)
{
	enum lb_verify verify = s->tls.verify != LB_VERIFY_UNSET ?
	    s->tls.verify : g->server_verify;
	struct tls_options o = { .server = false };
	char key[4096];

	fill(&o, &s->tls, &g->server_tls, key);
	if (o.ca_file != NULL && strcmp(o.ca_file, "@system-ca") == 0)
		o.ca_file = NULL;
	if (verify != LB_VERIFY_NONE) {
		o.verify = TLS_VERIFY_REQUIRED;
		o.verify_name = s->tls.verify_host != NULL ||
		    s->tls.sni != NULL;
	}
	return tls_new(&o, why);
}

const char *
lb_certs_missing(const struct lb_tls_conf *t)
{
	struct stat st;

	if (t->certs.count > 1 || t->cert_lists.count > 0)
		return "more than one certificate ('ssl crt ... crt ...')";
	if (t->certs.count == 1 && stat(t->certs.at[0]->path, &st) == 0 &&
	    S_ISDIR(st.st_mode))
		return "a directory of certificates ('ssl crt DIR')";
	if (t->crl_file != NULL)
		return "'crl-file'";
	if (t->ca_verify_file != NULL)
		return "'ca-verify-file'";
	if (t->strict_sni)
		return "'strict-sni'";
	if (t->alpn != NULL && strchr(t->alpn, ',') != NULL)
		return "a list in 'alpn'";
	if (t->ca_ignore_err != NULL || t->crt_ignore_err != NULL)
		return "'ca-ignore-err', 'crt-ignore-err'";
	return NULL;
}
