/* SPDX-License-Identifier: ISC */
/* certs.c - TLS settings as net/tls wants them. At start, first thread. */
#include <sys/stat.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "balancer/certs.h"
#include "balancer/sni.h"
#include "base/mem.h"

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

/* The key stands with the certificate, or beside it. */
static void
fill_cert(struct tls_options *o, const char *path, char key[4096],
    char ocsp[4096])
{
	o->cert_file = o->key_file = path;
	snprintf(key, 4096, "%s.key", path);
	if (access(key, R_OK) == 0)
		o->key_file = key;
	snprintf(ocsp, 4096, "%s.ocsp", path);
	if (access(ocsp, R_OK) == 0)
		o->ocsp_file = ocsp;
}

/* What both sides have. */
static void
fill(struct tls_options *o, const struct lb_tls_conf *t,
    const struct lb_tls_conf *usual)
{
	enum lb_tls least = t->least != LB_TLS_UNSET ? t->least :
	    usual->least;
	enum lb_tls most = t->most != LB_TLS_UNSET ? t->most : usual->most;

	o->ca_file = t->ca_file;
	o->crl_file = t->crl_file;
	o->ciphers = either(t->ciphers, usual->ciphers);
	o->ciphersuites = either(t->ciphersuites, usual->ciphersuites);
	o->curves = either(t->curves, either(t->ecdhe, usual->curves));
	o->sigalgs = either(t->sigalgs, usual->sigalgs);
	o->client_sigalgs = either(t->client_sigalgs, usual->client_sigalgs);
	o->dh_auto = true;
	o->min_version = least == LB_TLS_UNSET ? TLS1_2_VERSION :
	    versions[least];
	o->max_version = versions[most];
	o->no_versions = refused_versions(t->refused | usual->refused);
	o->no_tickets = t->no_tickets || usual->no_tickets;
	o->alpn = t->alpn;
	o->alpn_optional = true;
}

/* Options of a crt-list line go before those of the bind line. */
static struct lb_tls_conf
merge(const struct lb_tls_conf *line, const struct lb_tls_conf *own)
{
	struct lb_tls_conf t = *line;

	if (own == NULL)
		return t;
	t.ca_file = either(own->ca_file, t.ca_file);
	t.ca_verify_file = either(own->ca_verify_file, t.ca_verify_file);
	t.crl_file = either(own->crl_file, t.crl_file);
	t.alpn = either(own->alpn, t.alpn);
	t.ciphers = either(own->ciphers, t.ciphers);
	t.ciphersuites = either(own->ciphersuites, t.ciphersuites);
	t.curves = either(own->curves, t.curves);
	t.ecdhe = either(own->ecdhe, t.ecdhe);
	t.sigalgs = either(own->sigalgs, t.sigalgs);
	t.client_sigalgs = either(own->client_sigalgs, t.client_sigalgs);
	t.ca_ignore_err = either(own->ca_ignore_err, t.ca_ignore_err);
	t.crt_ignore_err = either(own->crt_ignore_err, t.crt_ignore_err);
	if (own->verify != LB_VERIFY_UNSET)
		t.verify = own->verify;
	if (own->least != LB_TLS_UNSET)
		t.least = own->least;
	if (own->most != LB_TLS_UNSET)
		t.most = own->most;
	t.refused |= own->refused;
	return t;
}

/* ---- what is loaded ---------------------------------------------------- */

static struct loaded {
	struct loaded *next;
	struct tls *tls;
	char *path;
} *loaded, **loaded_end = &loaded;

static struct tls *
note(const char *path, struct tls *t)
{
	struct loaded *n = t == NULL ? NULL : mem_zero(sizeof *n);

	if (n == NULL)
		return t;
	n->path = mem_copy(text_of(path));
	if (n->path == NULL) {
		mem_drop(n);
		return t;
	}
	n->tls = tls_hold(t);
	*loaded_end = n;
	loaded_end = &n->next;
	return t;
}

const char *
lb_certs_at(unsigned n, struct tls **t)
{
	const struct loaded *l = loaded;

	while (l != NULL && n-- > 0)
		l = l->next;
	if (l != NULL && t != NULL)
		*t = l->tls;
	return l == NULL ? NULL : l->path;
}

static void
drop_loaded(struct loaded **at)
{
	struct loaded *l = *at;

	*at = l->next;
	if (loaded_end == &l->next)
		loaded_end = at;
	tls_drop(&l->tls);
	mem_drop(l->path);
	mem_drop(l);
}

void
lb_certs_forget(const struct tls *t)
{
	struct loaded **at = &loaded;

	while (*at != NULL)
		if ((*at)->tls == t)
			drop_loaded(at);
		else
			at = &(*at)->next;
}

void
lb_certs_fini(void)
{
	while (loaded != NULL)
		drop_loaded(&loaded);
}

static struct tls *
make_context(const struct lb_bind_conf *b, const struct lb_global_conf *g,
    const struct lb_cert_conf *c, const char *path, struct why *why)
{
	struct lb_tls_conf t = merge(&b->tls, c->own);
	struct tls_options o = { .server = true };
	char key[4096], ocsp[4096];

	fill(&o, &t, &g->bind_tls);
	o.dh_file = g->dh_file;
	o.dh_bits = g->dh_bits;
	fill_cert(&o, path, key, ocsp);
	o.ca_more_file = t.ca_verify_file;
	o.client_prefers = t.prefer_client_ciphers;
	o.ca_ignored = t.ca_ignore_err;
	o.crt_ignored = t.crt_ignore_err;
	o.verify = t.verify == LB_VERIFY_REQUIRED ? TLS_VERIFY_REQUIRED :
	    t.verify == LB_VERIFY_OPTIONAL ? TLS_VERIFY_OPTIONAL :
	    TLS_VERIFY_NONE;
	return note(path, tls_new(&o, why));
}

/* ---- several certificates ---------------------------------------------- */

struct wardrobe {			/* of a bind line: the first's choice */
	struct lb_sni *names;
	struct tls **certs;		/* the first is not held */
	unsigned count;
};

static void
drop_wardrobe(void *arg)
{
	struct wardrobe *w = arg;

	for (unsigned i = 1; i < w->count; i++)
		tls_drop(&w->certs[i]);
	lb_sni_free(&w->names);
	mem_drop(w->certs);
	mem_drop(w);
}

static struct tls *
choose(void *arg, const char *name)
{
	const struct wardrobe *w = arg;
	int n = lb_sni_choose(w->names, name);

	return n < 0 ? NULL : w->certs[n];
}

struct naming {
	struct wardrobe *wardrobe;
	int code;
};

static void
add_name(struct text name, void *arg)
{
	struct naming *n = arg;

	if (lb_sni_add(n->wardrobe->names, n->wardrobe->count - 1, name) < 0)
		n->code = -1;
}

/* By the names that the file gives it, or else by its own. */
static int
name_cert(struct wardrobe *w, const struct lb_cert_conf *c)
{
	struct naming n = { w, 0 };

	for (unsigned i = 0; i < c->filter_count; i++)
		add_name(text_of(c->filters[i]), &n);
	if (c->filter_count == 0)
		tls_each_name(w->certs[w->count - 1], add_name, &n);
	if (c->usual)
		lb_sni_set_usual(w->names, w->count - 1);
	return n.code;
}

struct loading {
	const struct lb_bind_conf *bind;
	const struct lb_global_conf *global;
	struct wardrobe *wardrobe;
	struct why *why;
};

static int
add_cert(struct loading *l, const struct lb_cert_conf *c, const char *path)
{
	struct wardrobe *w = l->wardrobe;
	struct tls **more = mem_grow(w->certs, (w->count + 1) *
	    sizeof *more);
	struct tls *t;

	if (more == NULL)
		return why_set(l->why, "out of memory");
	w->certs = more;
	t = make_context(l->bind, l->global, c, path, l->why);
	if (t == NULL)
		return -1;
	w->certs[w->count++] = t;
	return name_cert(w, c) == 0 ? 0 : why_set(l->why, "out of memory");
}

/* Hidden files, and those that stand beside a certificate, are none. */
static bool
is_cert(const char *name)
{
	static const char *const others[] = { ".key", ".ocsp", ".issuer",
	    ".sctl", ".dh" };

	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (text_ends(text_of(name), others[i]))
			return false;
	return name[0] != '.';
}

struct names {
	char **at;
	unsigned count;
};

static int
by_bytes(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static int
gather(const char *path, struct names *names)
{
	DIR *d = opendir(path);
	const struct dirent *e;
	int code = 0;

	if (d == NULL)
		return -1;
	while (code == 0 && (e = readdir(d)) != NULL) {
		char **more;

		if (!is_cert(e->d_name))
			continue;
		more = mem_grow(names->at, (names->count + 1) * sizeof *more);
		if (more != NULL)
			names->at = more;
		if (more == NULL || (more[names->count] =
		    mem_print("%s/%s", path, e->d_name)) == NULL)
			code = -1;
		else
			names->count++;
	}
	closedir(d);
	if (names->count > 0)
		qsort(names->at, names->count, sizeof *names->at, by_bytes);
	return code;
}

static int
add_directory(struct loading *l, const struct lb_cert_conf *c)
{
	struct names names = { NULL, 0 };
	struct stat st;
	int code = gather(c->path, &names);

	if (code < 0)
		why_errno(l->why, "unable to scan directory '%s'", c->path);
	for (unsigned i = 0; i < names.count; i++) {
		if (code == 0 && stat(names.at[i], &st) == 0 &&
		    S_ISREG(st.st_mode))
			code = add_cert(l, c, names.at[i]);
		mem_drop(names.at[i]);
	}
	mem_drop(names.at);
	return code;
}

static int
add_all(struct loading *l)
{
	const struct lb_tls_conf *t = &l->bind->tls;
	struct stat st;

	for (unsigned i = 0; i < t->certs.count; i++) {
		const struct lb_cert_conf *c = t->certs.at[i];

		if ((stat(c->path, &st) == 0 && S_ISDIR(st.st_mode) ?
		    add_directory(l, c) : add_cert(l, c, c->path)) < 0)
			return -1;
	}
	return l->wardrobe->count > 0 ? 0 : why_set(l->why,
	    "no SSL certificate specified for bind");
}

struct tls *
lb_certs_bind(const struct lb_bind_conf *b, const struct lb_global_conf *g,
    struct why *why)
{
	struct wardrobe *w = mem_zero(sizeof *w);
	struct loading l = { b, g, w, why };
	struct tls *first;

	if (w == NULL || (w->names = lb_sni_new(b->tls.strict_sni)) == NULL) {
		mem_drop(w);
		why_set(why, "out of memory");
		return NULL;
	}
	if (add_all(&l) < 0) {
		first = w->count > 0 ? w->certs[0] : NULL;
		drop_wardrobe(w);
		tls_drop(&first);
		return NULL;
	}
	first = w->certs[0];
	if (w->count > 1 || b->tls.strict_sni)
		tls_set_choice(first, choose, w, drop_wardrobe);
	else
		drop_wardrobe(w);
	return first;
}

/* ---- servers ----------------------------------------------------------- */

struct tls *
lb_certs_server(const struct lb_server_conf *s,
    const struct lb_global_conf *g, struct why *why)
{
	enum lb_verify verify = s->tls.verify != LB_VERIFY_UNSET ?
	    s->tls.verify : g->server_verify;
	struct tls_options o = { .server = false };
	char key[4096], ocsp[4096];

	fill(&o, &s->tls, &g->server_tls);
	if (s->tls.certs.count > 0)
		fill_cert(&o, s->tls.certs.at[0]->path, key, ocsp);
	if (o.ca_file != NULL && strcmp(o.ca_file, "@system-ca") == 0)
		o.ca_file = NULL;
	if (verify != LB_VERIFY_NONE) {
		o.verify = TLS_VERIFY_REQUIRED;
		o.verify_name = s->tls.verify_host != NULL ||
		    s->tls.sni != NULL;
	}
	if (s->tls.certs.count > 0)
		return note(s->tls.certs.at[0]->path, tls_new(&o, why));
	return tls_new(&o, why);
}
