/* SPDX-License-Identifier: ISC */
/*
 * tls.c - contexts from files, and what is known of a session. A context is
 * finished before it is shared; its count is the only thing that changes
 * while others look. What its sessions ask of us lives as long as OpenSSL's
 * context, which they hold.
 */
#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/number.h"
#include "net/stream.h"
#include "net/tls.h"

enum { ALPN_MOST = 256, ERRORS = 128 };

struct ignored {			/* errors of verification, by number */
	bool of_authority[ERRORS], of_leaf[ERRORS];
};

struct protocols {			/* as ALPN has them */
	unsigned char at[ALPN_MOST];	/* length byte, name, ... */
	unsigned len;
};

struct rules {				/* of an SSL_CTX */
	bool alpn_optional;
	struct protocols alpn;
	struct ignored *ignored;	/* or NULL */
	struct text status;		/* ours; at NULL: none */
	int64_t status_until;
};

struct tls {
	atomic_uint users;
	struct tls *base;		/* whose context it has; or NULL */
	struct protocols *offered;	/* in place of the base's */
	SSL_CTX *context;		/* NULL: the base's */
	struct rules *rules;		/* the context's */
	bool server, verify_name;
	struct tls *(*choose)(void *, const char *);
	void *choice;
	void (*drop_choice)(void *);
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

	if (is_given(o->ca_more_file) &&
	    SSL_CTX_load_verify_file(x, o->ca_more_file) != 1)
		return refuse(why, "load CA file", o->ca_more_file);
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
load_crl(SSL_CTX *x, const struct tls_options *o, struct why *why)
{
	X509_STORE *store = SSL_CTX_get_cert_store(x);

	if (!is_given(o->crl_file))
		return 0;
	if (X509_STORE_load_locations(store, o->crl_file, NULL) != 1)
		return refuse(why, "load CRL file", o->crl_file);
	X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK |
	    X509_V_FLAG_CRL_CHECK_ALL);
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
	if (is_given(o->sigalgs) &&
	    SSL_CTX_set1_sigalgs_list(x, o->sigalgs) != 1)
		return refuse(why, "set sigalgs", o->sigalgs);
	if (is_given(o->client_sigalgs) &&
	    SSL_CTX_set1_client_sigalgs_list(x, o->client_sigalgs) != 1)
		return refuse(why, "set client-sigalgs", o->client_sigalgs);
	if (SSL_CTX_set_min_proto_version(x, o->min_version) != 1 ||
	    SSL_CTX_set_max_proto_version(x, o->max_version) != 1)
		return refuse(why, "set protocol", "versions");
	if (o->dh_auto)
		SSL_CTX_set_dh_auto(x, 1);
	SSL_CTX_set_options(x, o->no_versions | SSL_OP_NO_RENEGOTIATION |
	    SSL_OP_NO_COMPRESSION | (o->client_prefers ? 0 :
	    SSL_OP_CIPHER_SERVER_PREFERENCE) | (o->no_tickets ?
	    SSL_OP_NO_TICKET : 0));
	if (o->no_tickets)
		SSL_CTX_set_num_tickets(x, 0);
	return 0;
}

/* ---- what a context's sessions ask of us ------------------------------ */

static int rules_at = -1;		/* their place in an SSL_CTX */

static void
free_rules(void *parent, void *ptr, CRYPTO_EX_DATA *data, int at, long argl,
    void *argp)
{
	struct rules *r = ptr;

	if (r == NULL)
		return;
	mem_drop((void *)(uintptr_t)r->status.at);
	mem_drop(r->ignored);
	mem_drop(r);
}

static void
find_place(void)
{
	rules_at = SSL_CTX_get_ex_new_index(0, NULL, NULL, NULL, free_rules);
}

static struct rules *
add_rules(SSL_CTX *x)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	struct rules *r = mem_zero(sizeof *r);

	pthread_once(&once, find_place);
	if (r != NULL && SSL_CTX_set_ex_data(x, rules_at, r) == 1)
		return r;
	mem_drop(r);
	return NULL;
}

static const struct rules *
rules_of(const SSL *ssl)
{
	return SSL_CTX_get_ex_data(SSL_get_SSL_CTX(ssl), rules_at);
}

/* "all", or numbers parted by commas. */
static void
read_errors(const char *list, bool set[ERRORS])
{
	struct text rest = text_of(list), one;

	while (rest.len > 0 && text_split(&rest, ',', &one)) {
		int64_t n;

		if (text_is(one, "all"))
			memset(set, 1, ERRORS * sizeof *set);
		else if (number_int(one, 10, 0, ERRORS - 1, &n, NULL) == 0)
			set[n] = true;
	}
}

static int
on_verify(int good, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(store,
	    SSL_get_ex_data_X509_STORE_CTX_idx());
	const struct rules *r = rules_of(ssl);
	int code = X509_STORE_CTX_get_error(store);
	const bool *set;

	if (good || r == NULL || r->ignored == NULL || code < 0 ||
	    code >= ERRORS)
		return good;
	set = X509_STORE_CTX_get_error_depth(store) > 0 ?
	    r->ignored->of_authority : r->ignored->of_leaf;
	return set[code];
}

static int
set_ignored(struct tls *t, const struct tls_options *o, struct why *why)
{
	if (!is_given(o->ca_ignored) && !is_given(o->crt_ignored))
		return 0;
	t->rules->ignored = mem_zero(sizeof *t->rules->ignored);
	if (t->rules->ignored == NULL)
		return why_set(why, "no memory for a TLS context");
	read_errors(o->ca_ignored, t->rules->ignored->of_authority);
	read_errors(o->crt_ignored, t->rules->ignored->of_leaf);
	SSL_CTX_set_verify(t->context,
	    SSL_CTX_get_verify_mode(t->context), on_verify);
	return 0;
}

/* A copy for OpenSSL, which frees it. */
static int
on_status(SSL *ssl, void *arg)
{
	const struct rules *r = rules_of(ssl);
	unsigned char *copy = NULL;

	if (r != NULL && r->status.at != NULL &&
	    clock_wall() / CLOCK_SECOND < r->status_until)
		copy = OPENSSL_memdup(r->status.at, r->status.len);
	if (copy == NULL)
		return SSL_TLSEXT_ERR_NOACK;
	SSL_set_tlsext_status_ocsp_resp(ssl, copy, (long)r->status.len);
	return SSL_TLSEXT_ERR_OK;
}

int
tls_set_status(struct tls *t, struct text answer, int64_t until)
{
	char *copy = answer.at == NULL ? NULL : mem_get(answer.len + 1);

	if (answer.at != NULL && copy == NULL)
		return -1;
	if (copy != NULL)
		memcpy(copy, answer.at, answer.len);
	mem_drop((void *)(uintptr_t)t->rules->status.at);
	t->rules->status = (struct text){ copy, answer.len };
	t->rules->status_until = until;
	SSL_CTX_set_tlsext_status_cb(t->context, on_status);
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

/* Who offers none of ours is sent away, or goes on without. */
static int
on_alpn(SSL *ssl, const unsigned char **to, unsigned char *len,
    const unsigned char *offered, unsigned offered_len, void *arg)
{
	const struct rules *r = arg;
	unsigned char *chosen;

	if (SSL_select_next_proto(&chosen, len, r->alpn.at, r->alpn.len,
	    offered, offered_len) != OPENSSL_NPN_NEGOTIATED)
		return r->alpn_optional ? SSL_TLSEXT_ERR_NOACK :
		    SSL_TLSEXT_ERR_ALERT_FATAL;
	*to = chosen;
	return SSL_TLSEXT_ERR_OK;
}

/* The smallest group of RFC 7919 that has as many bits. */
static EVP_PKEY *
make_group(int bits)
{
	static const struct {
		int bits;
		const char *name;
	} rows[] = {
		{ 2048, "ffdhe2048" }, { 3072, "ffdhe3072" },
		{ 4096, "ffdhe4096" }, { 6144, "ffdhe6144" },
		{ INT_MAX, "ffdhe8192" },
	};
	EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
	EVP_PKEY *key = NULL;
	size_t i = 0;

	while (rows[i].bits < bits)
		i++;
	if (c == NULL || EVP_PKEY_paramgen_init(c) != 1 ||
	    EVP_PKEY_CTX_ctrl_str(c, "group", rows[i].name) != 1 ||
	    EVP_PKEY_paramgen(c, &key) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(c);
	return key;
}

static EVP_PKEY *
read_group(const char *pem)
{
	BIO *text = BIO_new_mem_buf(pem, -1);
	EVP_PKEY *key = text == NULL ? NULL :
	    PEM_read_bio_Parameters(text, NULL);

	BIO_free(text);
	return key;
}

/* Not more than asked for, nor than the key of the certificate has. */
static int
find_bits(SSL_CTX *x, int most)
{
	EVP_PKEY *own = SSL_CTX_get0_privatekey(x);
	int bits = own != NULL && EVP_PKEY_get_base_id(own) == EVP_PKEY_RSA ?
	    EVP_PKEY_get_bits(own) : most;

	return bits < most ? bits : most;
}

int
tls_set_dh(struct tls *t, const char *pem, int bits, struct why *why)
{
	SSL_CTX *x = tls_context(t);
	EVP_PKEY *key;

	if (pem == NULL && bits == 0)
		return 0;
	key = pem != NULL ? read_group(pem) : make_group(find_bits(x, bits));
	SSL_CTX_set_dh_auto(x, 0);	/* it would be asked first */
	/* What is set is no longer ours. */
	if (key != NULL && SSL_CTX_set0_tmp_dh_pkey(x, key) == 1)
		return 0;
	EVP_PKEY_free(key);
	return refuse(why, "set", "DH parameters");
}

static int
list_protocols(struct protocols *to, const char *names, struct why *why)
{
	struct text rest = text_of(names), one;

	if (rest.len >= ALPN_MOST)
		return why_set(why, "ALPN name too long: %s", names);
	while (rest.len > 0 && text_split(&rest, ',', &one)) {
		to->at[to->len++] = (unsigned char)one.len;
		memcpy(to->at + to->len, one.at, one.len);
		to->len += (unsigned)one.len;
	}
	return 0;
}

static int
set_alpn(struct tls *t, const struct tls_options *o, struct why *why)
{
	struct rules *r = t->rules;

	if (!is_given(o->alpn))
		return 0;
	if (list_protocols(&r->alpn, o->alpn, why) < 0)
		return -1;
	r->alpn_optional = o->alpn_optional;
	if (t->server)
		SSL_CTX_set_alpn_select_cb(t->context, on_alpn, r);
	else if (SSL_CTX_set_alpn_protos(t->context, r->alpn.at,
	    r->alpn.len) != 0)
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
	if (t != NULL && t->context != NULL)
		t->rules = add_rules(t->context);
	if (t == NULL || t->rules == NULL) {
		why_set(why, "no memory for a TLS context");
		if (t != NULL)
			SSL_CTX_free(t->context);
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
	    load_crl(t->context, o, why) < 0 ||
	    load_own(t->context, o, why) < 0 ||
	    set_alpn(t, o, why) < 0 || set_ignored(t, o, why) < 0)
		tls_drop(&t);
	return t;
}

/* What a session had from its first context comes from the chosen one. */
static int
on_name(SSL *ssl, int *alert, void *arg)
{
	const struct tls *t = arg;
	const char *name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
	struct tls *chosen = t->choose(t->choice, name == NULL ? "" : name);

	if (chosen == NULL) {
		*alert = SSL_AD_UNRECOGNIZED_NAME;
		return SSL_TLSEXT_ERR_ALERT_FATAL;
	}
	if (chosen == t)
		return SSL_TLSEXT_ERR_OK;
	SSL_set_SSL_CTX(ssl, chosen->context);
	SSL_set_verify(ssl, SSL_CTX_get_verify_mode(chosen->context),
	    SSL_CTX_get_verify_callback(chosen->context));
	SSL_clear_options(ssl, SSL_get_options(ssl));
	SSL_set_options(ssl, SSL_CTX_get_options(chosen->context));
	return SSL_TLSEXT_ERR_OK;
}

static void
set_chooser(struct tls *t)
{
	SSL_CTX_set_tlsext_servername_callback(t->context, on_name);
	SSL_CTX_set_tlsext_servername_arg(t->context, t);
}

struct ssl_ctx_st *
tls_context(const struct tls *t)
{
	return t->context;
}

struct tls *
tls_hold(struct tls *t)
{
	atomic_fetch_add(&t->users, 1);
	return t;
}

struct tls *
tls_offering(struct tls *base, const char *alpn)
{
	struct tls *t = mem_zero(sizeof *t);
	struct why why;

	if (t == NULL)
		return NULL;
	atomic_init(&t->users, 1);
	t->base = tls_hold(base);
	t->offered = mem_zero(sizeof *t->offered);
	if (t->offered == NULL || list_protocols(t->offered, alpn, &why) < 0)
		tls_drop(&t);
	return t;
}

void
tls_drop(struct tls **tp)
{
	struct tls *t = *tp;

	*tp = NULL;
	if (t == NULL || atomic_fetch_sub(&t->users, 1) != 1)
		return;
	if (t->base != NULL)
		tls_drop(&t->base);
	SSL_CTX_free(t->context);
	mem_drop(t->offered);
	if (t->drop_choice != NULL)
		t->drop_choice(t->choice);
	mem_drop(t);
}

void
tls_take(struct tls *t, struct tls **from)
{
	struct tls *f = *from;
	SSL_CTX *before = t->context;
	struct rules *rules = t->rules;

	t->context = f->context;
	t->rules = f->rules;
	t->verify_name = f->verify_name;
	f->context = before;
	f->rules = rules;
	if (t->choose != NULL)
		set_chooser(t);
	tls_drop(from);
}

/* ---- which certificate ------------------------------------------------- */

void
tls_set_choice(struct tls *t, struct tls *(*choose)(void *, const char *),
    void *arg, void (*drop)(void *))
{
	t->choose = choose;
	t->choice = arg;
	t->drop_choice = drop;
	set_chooser(t);
}

static struct text
string_of(const ASN1_STRING *s)
{
	return (struct text){ (const char *)ASN1_STRING_get0_data(s),
	    (size_t)ASN1_STRING_length(s) };
}

void
tls_each_name(const struct tls *t, void (*visit)(struct text, void *),
    void *arg)
{
	X509 *cert = SSL_CTX_get0_certificate(t->context);
	GENERAL_NAMES *names;
	const X509_NAME *subject;
	int at = -1;

	if (cert == NULL)
		return;
	names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *n = sk_GENERAL_NAME_value(names, i);

		if (n->type == GEN_DNS)
			visit(string_of(n->d.dNSName), arg);
	}
	GENERAL_NAMES_free(names);
	subject = X509_get_subject_name(cert);
	while ((at = X509_NAME_get_index_by_NID(subject, NID_commonName,
	    at)) >= 0)
		visit(string_of(X509_NAME_ENTRY_get_data(
		    X509_NAME_get_entry(subject, at))), arg);
}

/* ---- sessions ---------------------------------------------------------- */

struct tlsio *
tls_begin(struct tls *t, const char *name)
{
	const struct tls *of = t->base != NULL ? t->base : t;
	struct tlsio *io = tlsio_new(of->context, of->server, name,
	    of->verify_name);

	if (io != NULL && t->offered != NULL)
		(void)SSL_set_alpn_protos(tlsio_ssl(io), t->offered->at,
		    t->offered->len);
	return io;
}

SSL *
tls_session(const struct conn *c)
{
	if (!(c->flags & CONN_SECURE) || (c->flags & CONN_HANDSHAKE))
		return NULL;
	return tlsio_ssl(c->rare->tls);
}

bool
tls_is_on(const struct conn *c)
{
	return tls_session(c) != NULL;
}

const char *
tls_describe(const struct conn *c, char *buf, size_t len)
{
	SSL *ssl = tls_session(c);

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
	SSL *ssl = tls_session(c);
	const unsigned char *name;
	unsigned len = 0;

	if (ssl != NULL)
		SSL_get0_alpn_selected(ssl, &name, &len);
	return len > 0;
}

static X509 *
find_cert(const struct conn *c)
{
	SSL *ssl = tls_session(c);

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
