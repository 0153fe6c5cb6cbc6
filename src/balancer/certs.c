/* SPDX-License-Identifier: ISC */
/*
 * certs.c - TLS settings as net/tls wants them. A context is finished before
 * anybody uses it; one that takes its place does so while all loops stand
 * still. First thread, then loop 0.
 */
#include <sys/stat.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/ssl.h>

#include "balancer/certs.h"
#include "balancer/logs.h"
#include "balancer/sni.h"
#include "balancer/staple.h"
#include "balancer/tickets.h"
#include "base/mem.h"
#include "net/tour.h"

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

/* What both sides have. */
static void
fill(struct tls_options *o, const struct lb_tls_conf *t,
    const struct lb_tls_conf *usual)
{
	enum lb_tls least = t->least != LB_TLS_UNSET ? t->least :
	    usual->least;
	enum lb_tls most = t->most != LB_TLS_UNSET ? t->most : usual->most;

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

/* ---- contexts ---------------------------------------------------------- */

enum { CERT, CA, MORE, CRL, FILES };	/* what one is made of */

static struct context {
	struct context *next;
	struct tls *tls;
	const struct lb_global_conf *global;
	const struct lb_bind_conf *bind;	/* or: */
	const struct lb_server_conf *server;
	const struct lb_cert_conf *line;	/* of the bind line */
	struct lb_vault_file *files[FILES];	/* NULL: none */
	struct tls *fresh;		/* what it becomes, if all goes well */
} *contexts, **contexts_end = &contexts;

static void
drop_context(struct context *c)
{
	for (unsigned i = 0; i < FILES; i++)
		if (c->files[i] != NULL)
			c->files[i]->users--;
	tls_drop(&c->tls);
	mem_drop(c);
}

static void
unlink_context(struct context **at)
{
	struct context *c = *at;

	*at = c->next;
	if (contexts_end == &c->next)
		contexts_end = at;
	drop_context(c);
}

void
lb_certs_forget(const struct tls *t)
{
	struct context **at = &contexts;

	while (*at != NULL)
		if ((*at)->tls == t)
			unlink_context(at);
		else
			at = &(*at)->next;
}

static int
find_file(struct context *c, unsigned which, enum lb_vault_kind kind,
    const char *path, struct why *why)
{
	if (path == NULL)
		return 0;
	c->files[which] = lb_vault_load(kind, path, why);
	if (c->files[which] == NULL)
		return -1;
	c->files[which]->users++;
	return 0;
}

static int
find_files(struct context *c, const struct lb_tls_conf *t, const char *cert,
    struct why *why)
{
	const char *ca = t->ca_file != NULL &&
	    strcmp(t->ca_file, "@system-ca") == 0 ? NULL : t->ca_file;

	return find_file(c, CERT, LB_VAULT_CERT, cert, why) == 0 &&
	    find_file(c, CA, LB_VAULT_CA, ca, why) == 0 &&
	    find_file(c, MORE, LB_VAULT_CA, t->ca_verify_file, why) == 0 &&
	    find_file(c, CRL, LB_VAULT_CRL, t->crl_file, why) == 0 ? 0 : -1;
}

static void
trust(X509_STORE *store, const struct lb_vault_file *f)
{
	for (int i = 0; f != NULL && i < sk_X509_num(f->authorities); i++)
		X509_STORE_add_cert(store, sk_X509_value(f->authorities, i));
}

/* Those a client is told of. */
static void
name_authorities(SSL_CTX *x, const struct lb_vault_file *f)
{
	STACK_OF(X509_NAME) *names = sk_X509_NAME_new_null();

	for (int i = 0; i < sk_X509_num(f->authorities); i++) {
		X509_NAME *n = X509_NAME_dup(X509_get_subject_name(
		    sk_X509_value(f->authorities, i)));

		if (n != NULL && sk_X509_NAME_push(names, n) <= 0)
			X509_NAME_free(n);
	}
	SSL_CTX_set_client_CA_list(x, names);
}

/* In place of what the system trusts. */
static int
use_authorities(const struct context *c, SSL_CTX *x, struct why *why)
{
	const struct lb_vault_file *crl = c->files[CRL];
	X509_STORE *store;

	if (c->files[CA] == NULL && c->files[MORE] == NULL && crl == NULL)
		return 0;
	store = X509_STORE_new();
	if (store == NULL)
		return why_set(why, "out of memory");
	if (c->files[CA] == NULL && c->server != NULL)
		X509_STORE_set_default_paths(store);
	trust(store, c->files[CA]);
	trust(store, c->files[MORE]);
	for (int i = 0; crl != NULL && i < sk_X509_CRL_num(crl->revoked); i++)
		X509_STORE_add_crl(store, sk_X509_CRL_value(crl->revoked, i));
	if (crl != NULL)
		X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK |
		    X509_V_FLAG_CRL_CHECK_ALL);
	SSL_CTX_set_cert_store(x, store);
	if (c->bind != NULL && c->files[CA] != NULL)
		name_authorities(x, c->files[CA]);
	return 0;
}

static int
use_status(const struct context *c, struct tls *t, struct why *why)
{
	const struct lb_pem *pem = &c->files[CERT]->pem;
	struct why reason;
	char line[700];
	int64_t until;

	if (c->bind == NULL || pem->status.at == NULL)
		return 0;
	if (lb_staple_check(pem, pem->status, &until, &reason) < 0) {
		snprintf(line, sizeof line, "'%s.ocsp' : %s Content will be "
		    "ignored.", c->files[CERT]->path, reason.line);
		lb_logs_say(LB_LOG_WARNING, line);
		return 0;
	}
	return tls_set_status(t, pem->status, until) == 0 ? 0 :
	    why_set(why, "out of memory");
}

static int
use_tickets(const struct context *c, SSL_CTX *x, struct why *why)
{
	struct lb_tickets *keys;

	if (c->bind == NULL || c->bind->tls.ticket_keys == NULL)
		return 0;
	keys = lb_tickets_load(c->bind->tls.ticket_keys, why);
	if (keys == NULL)
		return -1;
	lb_tickets_use(keys, x);
	return 0;
}

static void
fill_bind(struct tls_options *o, const struct lb_tls_conf *t,
    const struct lb_global_conf *g)
{
	fill(o, t, &g->bind_tls);
	o->client_prefers = t->prefer_client_ciphers;
	o->ca_ignored = t->ca_ignore_err;
	o->crt_ignored = t->crt_ignore_err;
	o->verify = t->verify == LB_VERIFY_REQUIRED ? TLS_VERIFY_REQUIRED :
	    t->verify == LB_VERIFY_OPTIONAL ? TLS_VERIFY_OPTIONAL :
	    TLS_VERIFY_NONE;
}

static void
fill_server(struct tls_options *o, const struct lb_server_conf *s,
    const struct lb_global_conf *g)
{
	enum lb_verify verify = s->tls.verify != LB_VERIFY_UNSET ?
	    s->tls.verify : g->server_verify;

	fill(o, &s->tls, &g->server_tls);
	if (verify == LB_VERIFY_NONE)
		return;
	o->verify = TLS_VERIFY_REQUIRED;
	o->verify_name = s->tls.verify_host != NULL || s->tls.sni != NULL;
}

/* Of its files as they are now. */
static struct tls *
build(const struct context *c, struct why *why)
{
	struct tls_options o = { .server = c->bind != NULL };
	struct lb_tls_conf merged;
	struct tls *t;
	SSL_CTX *x;

	if (c->bind != NULL) {
		merged = merge(&c->bind->tls, c->line->own);
		fill_bind(&o, &merged, c->global);
	} else
		fill_server(&o, c->server, c->global);
	t = tls_new(&o, why);
	if (t == NULL)
		return NULL;
	x = tls_context(t);
	if (use_authorities(c, x, why) < 0 || use_tickets(c, x, why) < 0 ||
	    (c->files[CERT] != NULL &&
	    (lb_pem_use(&c->files[CERT]->pem, x, o.server, why) < 0 ||
	    use_status(c, t, why) < 0)) ||
	    (o.server && tls_set_dh(t, c->global->dh_group,
	    c->global->dh_bits, why) < 0))
		tls_drop(&t);
	return t;
}

/* Kept; what it gives is the caller's as well. */
static struct tls *
keep_context(const struct context *as, const struct lb_tls_conf *t,
    const char *cert, struct why *why)
{
	struct context *c = mem_zero(sizeof *c);

	lb_vault_set_extras(as->global->extras_left_out,
	    as->global->extras_del_ext);
	if (c == NULL) {
		why_set(why, "out of memory");
		return NULL;
	}
	*c = *as;
	if (find_files(c, t, cert, why) < 0 ||
	    (c->tls = build(c, why)) == NULL) {
		drop_context(c);
		return NULL;
	}
	*contexts_end = c;
	contexts_end = &c->next;
	return tls_hold(c->tls);
}

static struct tls *
make_context(const struct lb_bind_conf *b, const struct lb_global_conf *g,
    const struct lb_cert_conf *line, const char *path, struct why *why)
{
	struct lb_tls_conf t = merge(&b->tls, line->own);
	const struct context c = { .global = g, .bind = b, .line = line };

	return keep_context(&c, &t, path, why);
}

/* ---- several certificates ---------------------------------------------- */

static struct wardrobe {		/* of a bind line: the first's choice */
	struct wardrobe *next;
	const struct lb_bind_conf *bind;
	const struct lb_global_conf *global;
	struct lb_sni *names;
	struct dress {
		struct tls *tls;	/* the first is not held */
		const struct lb_cert_conf *line;
	} *at;
	unsigned count;
} *wardrobes;

static void
drop_wardrobe(void *arg)
{
	struct wardrobe *w = arg, **at = &wardrobes;

	while (*at != NULL && *at != w)
		at = &(*at)->next;
	if (*at == w)
		*at = w->next;
	for (unsigned i = 1; i < w->count; i++)
		tls_drop(&w->at[i].tls);
	lb_sni_free(&w->names);
	mem_drop(w->at);
	mem_drop(w);
}

static struct tls *
choose(void *arg, const char *name)
{
	const struct wardrobe *w = arg;
	int n = w->names == NULL ? 0 : lb_sni_choose(w->names, name);

	return n < 0 ? NULL : w->at[n].tls;
}

struct naming {
	struct lb_sni *names;
	unsigned number;
	int code;
};

static void
add_name(struct text name, void *arg)
{
	struct naming *n = arg;

	if (lb_sni_add(n->names, n->number, name) < 0)
		n->code = -1;
}

/* By the names that the file gives it, or else by its own. */
static int
name_dress(struct lb_sni *names, unsigned number, const struct dress *d)
{
	struct naming n = { names, number, 0 };

	for (unsigned i = 0; i < d->line->filter_count; i++)
		add_name(text_of(d->line->filters[i]), &n);
	if (d->line->filter_count == 0)
		tls_each_name(d->tls, add_name, &n);
	if (d->line->usual)
		lb_sni_set_usual(names, number);
	return n.code;
}

/* Who is asked for what, from the beginning; old ones stay if it fails. */
static int
name_all(struct wardrobe *w)
{
	struct lb_sni *names = lb_sni_new(w->bind->tls.strict_sni);

	for (unsigned i = 0; names != NULL && i < w->count; i++)
		if (name_dress(names, i, &w->at[i]) < 0)
			lb_sni_free(&names);
	if (names == NULL)
		return -1;
	lb_sni_free(&w->names);
	w->names = names;
	return 0;
}

static int
hang(struct wardrobe *w, const struct lb_cert_conf *line, struct tls *t)
{
	struct dress *more = mem_grow(w->at, (w->count + 1) * sizeof *more);

	if (more == NULL)
		return -1;
	w->at = more;
	w->at[w->count++] = (struct dress){ t, line };
	return 0;
}

static int
add_cert(struct wardrobe *w, const struct lb_cert_conf *line,
    const char *path, struct why *why)
{
	struct tls *t = make_context(w->bind, w->global, line, path, why);

	if (t == NULL)
		return -1;
	if (hang(w, line, t) == 0)
		return 0;
	tls_drop(&t);
	return why_set(why, "out of memory");
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

static int keep_line(struct lb_cert_conf *, struct arena *);

/* As a line of a list that has the directory's name. */
static struct lb_cert_conf *
make_line(const char *directory, const char *path, unsigned number)
{
	struct arena *arena = arena_new();
	struct lb_cert_conf *line;

	if (arena == NULL)
		return NULL;
	line = arena_get(arena, sizeof *line);
	line->list = arena_copy(arena, text_of(directory));
	line->path = arena_copy(arena, text_of(path));
	line->line = number;
	return keep_line(line, arena) == 0 ? line : NULL;
}

static int
add_file(struct wardrobe *w, const char *directory, const char *path,
    struct why *why)
{
	const struct lb_cert_conf *line = NULL;
	unsigned n = 0;

	/* Another bind line may have been through it. */
	while ((line = lb_certs_line(directory, n)) != NULL &&
	    strcmp(line->path, path) != 0)
		n++;
	if (line == NULL)
		line = make_line(directory, path, n + 1);
	if (line == NULL)
		return why_set(why, "out of memory");
	return add_cert(w, line, path, why);
}

static int
add_directory(struct wardrobe *w, const struct lb_cert_conf *c,
    struct why *why)
{
	struct names names = { NULL, 0 };
	struct stat st;
	int code = gather(c->path, &names);

	if (code < 0)
		why_errno(why, "unable to scan directory '%s'", c->path);
	for (unsigned i = 0; i < names.count; i++) {
		if (code == 0 && stat(names.at[i], &st) == 0 &&
		    S_ISREG(st.st_mode))
			code = add_file(w, c->path, names.at[i], why);
		mem_drop(names.at[i]);
	}
	mem_drop(names.at);
	return code;
}

static int
add_all(struct wardrobe *w, struct why *why)
{
	const struct lb_tls_conf *t = &w->bind->tls;
	struct stat st;

	for (unsigned i = 0; i < t->certs.count; i++) {
		const struct lb_cert_conf *c = t->certs.at[i];

		if ((stat(c->path, &st) == 0 && S_ISDIR(st.st_mode) ?
		    add_directory(w, c, why) :
		    add_cert(w, c, c->path, why)) < 0)
			return -1;
	}
	if (w->count == 0)
		return why_set(why, "no SSL certificate specified for bind");
	return name_all(w) == 0 ? 0 : why_set(why, "out of memory");
}

struct tls *
lb_certs_bind(const struct lb_bind_conf *b, const struct lb_global_conf *g,
    struct why *why)
{
	struct wardrobe *w = mem_zero(sizeof *w);
	struct tls *first;

	if (w == NULL) {
		why_set(why, "out of memory");
		return NULL;
	}
	w->bind = b;
	w->global = g;
	w->next = wardrobes;
	wardrobes = w;
	if (add_all(w, why) < 0) {
		first = w->count > 0 ? w->at[0].tls : NULL;
		drop_wardrobe(w);
		tls_drop(&first);
		return NULL;
	}
	first = w->at[0].tls;
	tls_set_choice(first, choose, w, drop_wardrobe);
	return first;
}

/* ---- crt-lists --------------------------------------------------------- */

static struct kept {			/* lines that are in no setup */
	struct kept *next;
	struct lb_cert_conf *line;
	struct arena *arena;
} *kept;

/* -1: no memory, and the arena is gone. */
static int
keep_line(struct lb_cert_conf *line, struct arena *arena)
{
	struct kept *k = mem_zero(sizeof *k);

	if (k == NULL) {
		arena_free(&arena);
		return -1;
	}
	*k = (struct kept){ kept, line, arena };
	kept = k;
	return 0;
}

static void
let_line_go(const struct lb_cert_conf *line)
{
	struct kept **at = &kept, *k;

	while (*at != NULL && (*at)->line != line)
		at = &(*at)->next;
	k = *at;
	if (k == NULL)
		return;
	*at = k->next;
	arena_free(&k->arena);
	mem_drop(k);
}

static bool
is_of_list(const struct lb_cert_conf *line, const char *list)
{
	return line->list != NULL && strcmp(line->list, list) == 0;
}

/* The line with the least number from 'least' on. */
static const struct lb_cert_conf *
find_line(const char *list, unsigned least)
{
	const struct lb_cert_conf *best = NULL;

	for (const struct context *c = contexts; c != NULL; c = c->next)
		if (c->line != NULL && is_of_list(c->line, list) &&
		    c->line->line >= least &&
		    (best == NULL || c->line->line < best->line))
			best = c->line;
	return best;
}

const struct lb_cert_conf *
lb_certs_line(const char *list, unsigned i)
{
	const struct lb_cert_conf *line = find_line(list, 0);

	while (line != NULL && i-- > 0)
		line = find_line(list, line->line + 1);
	return line;
}

/* Each once, where it is met first. */
const char *
lb_certs_list(unsigned i)
{
	for (const struct context *c = contexts; c != NULL; c = c->next) {
		const struct context *before = contexts;

		if (c->line == NULL || c->line->list == NULL)
			continue;
		while (before != c && (before->line == NULL ||
		    !is_of_list(before->line, c->line->list)))
			before = before->next;
		if (before == c && i-- == 0)
			return c->line->list;
	}
	return NULL;
}

bool
lb_certs_has_list(const char *path)
{
	return find_line(path, 0) != NULL;
}

const struct lb_bind_conf *
lb_certs_default(const struct lb_cert_conf *line, unsigned i)
{
	for (const struct wardrobe *w = wardrobes; w != NULL; w = w->next)
		if (is_of_list(w->at[0].line, line->list) &&
		    w->at[0].line->line == line->line && i-- == 0)
			return w->bind;
	return NULL;
}

static bool
has_list(const struct wardrobe *w, const char *list)
{
	for (unsigned i = 0; i < w->count; i++)
		if (is_of_list(w->at[i].line, list))
			return true;
	return false;
}

/* Which of them has it; -1: none. */
static int
find_dress(const struct wardrobe *w, const struct lb_cert_conf *line)
{
	for (unsigned i = 0; i < w->count; i++)
		if (is_of_list(w->at[i].line, line->list) &&
		    w->at[i].line->line == line->line)
			return (int)i;
	return -1;
}

/* Made beforehand, one for each wardrobe in order; NULL: not for it. */
struct addition {
	const struct lb_cert_conf *line;
	struct tls **fresh;
	int code;
};

static void
hang_all(void *arg)
{
	struct addition *a = arg;
	unsigned n = 0;

	for (struct wardrobe *w = wardrobes; w != NULL; w = w->next, n++)
		if (a->fresh[n] != NULL && (hang(w, a->line,
		    tls_hold(a->fresh[n])) < 0 || name_all(w) < 0))
			a->code = -1;
}

static unsigned
count_wardrobes(void)
{
	unsigned n = 0;

	for (const struct wardrobe *w = wardrobes; w != NULL; w = w->next)
		n++;
	return n;
}

static int
add_to_all(struct addition *a, unsigned count, struct why *why)
{
	struct wardrobe *w = wardrobes;

	for (unsigned n = 0; n < count; n++, w = w->next) {
		if (!has_list(w, a->line->list))
			continue;
		a->fresh[n] = make_context(w->bind, w->global, a->line,
		    a->line->path, why);
		if (a->fresh[n] == NULL)
			return -1;
	}
	if (tour_still(loop_here(), hang_all, a) < 0)
		return why_set(why, "A thread is busy; try again.");
	return a->code == 0 ? 0 : why_set(why, "out of memory");
}

int
lb_certs_add_line(struct lb_cert_conf *line, struct arena *arena,
    struct why *why)
{
	unsigned count = count_wardrobes();
	struct addition a = { line, mem_zero((count + 1) * sizeof *a.fresh),
	    0 };
	const struct lb_cert_conf *last;
	int code;

	for (unsigned i = 0; (last = lb_certs_line(line->list, i)) != NULL;
	    i++)
		line->line = last->line + 1;
	if (a.fresh == NULL || keep_line(line, arena) < 0) {
		mem_drop(a.fresh);
		return why_set(why, "out of memory");
	}
	code = add_to_all(&a, count, why);
	for (unsigned n = 0; n < count; n++) {
		if (code < 0 && a.fresh[n] != NULL)
			lb_certs_forget(a.fresh[n]);
		tls_drop(&a.fresh[n]);
	}
	mem_drop(a.fresh);
	if (code < 0)
		let_line_go(line);
	return code;
}

static void
take_off(void *arg)
{
	const struct lb_cert_conf *line = arg;
	int at;

	for (struct wardrobe *w = wardrobes; w != NULL; w = w->next)
		while ((at = find_dress(w, line)) > 0) {
			tls_drop(&w->at[at].tls);
			w->count--;
			memmove(&w->at[at], &w->at[at + 1],
			    (w->count - (unsigned)at) * sizeof *w->at);
			/* Without memory: no name fits, the first is shown. */
			if (name_all(w) < 0)
				lb_sni_free(&w->names);
		}
}

int
lb_certs_drop_line(const struct lb_cert_conf *line, struct why *why)
{
	struct context **at = &contexts;
	struct lb_cert_conf meant = *line;

	if (tour_still(loop_here(), take_off, (void *)(uintptr_t)line) < 0)
		return why_set(why, "A thread is busy; try again.");
	while (*at != NULL)
		if ((*at)->line != NULL && is_of_list((*at)->line,
		    meant.list) && (*at)->line->line == meant.line)
			unlink_context(at);
		else
			at = &(*at)->next;
	let_line_go(line);
	return 0;
}

/* ---- changed ----------------------------------------------------------- */

static bool
is_made_of(const struct context *c, const struct lb_vault_file *f)
{
	for (unsigned i = 0; i < FILES; i++)
		if (c->files[i] == f)
			return true;
	return false;
}

void
lb_certs_cancel(void)
{
	for (struct context *c = contexts; c != NULL; c = c->next)
		tls_drop(&c->fresh);
}

static int
build_fresh(const struct lb_vault_file *f, struct why *why)
{
	int made = 0;

	for (struct context *c = contexts; c != NULL; c = c->next) {
		if (!is_made_of(c, f))
			continue;
		tls_drop(&c->fresh);
		c->fresh = build(c, why);
		if (c->fresh == NULL)
			return -1;
		made++;
	}
	return made;
}

int
lb_certs_prepare(struct lb_vault_file *f, struct lb_vault_file *with,
    struct why *why)
{
	int made;

	lb_vault_swap(f, with);
	made = build_fresh(f, why);
	lb_vault_swap(f, with);
	if (made < 0)
		lb_certs_cancel();
	return made;
}

void
lb_certs_take(struct lb_vault_file *f, struct lb_vault_file *with)
{
	lb_vault_swap(f, with);
	for (struct context *c = contexts; c != NULL; c = c->next)
		if (c->fresh != NULL)
			tls_take(c->tls, &c->fresh);
	for (struct wardrobe *w = wardrobes; w != NULL; w = w->next)
		name_all(w);
}

struct exchange {
	struct lb_vault_file *file, *with;
};

static void
take(void *arg)
{
	struct exchange *e = arg;

	lb_certs_take(e->file, e->with);
}

int
lb_certs_change(struct lb_vault_file *f, struct lb_vault_file *with,
    struct why *why)
{
	struct exchange e = { f, with };
	int made = lb_certs_prepare(f, with, why);

	if (made < 0 || tour_still(loop_here(), take, &e) == 0)
		return made;
	lb_certs_cancel();
	return why_set(why, "A thread is busy; try again.");
}

struct stapling {
	const struct lb_vault_file *file;
	struct text answer;
	int64_t until;
	int code;
};

static void
staple_all(void *arg)
{
	struct stapling *s = arg;

	for (struct context *c = contexts; c != NULL; c = c->next)
		if (c->bind != NULL && c->files[CERT] == s->file &&
		    tls_set_status(c->tls, s->answer, s->until) < 0)
			s->code = -1;
}

int
lb_certs_staple(struct lb_vault_file *f, struct text answer, int64_t until,
    struct why *why)
{
	struct stapling s = { f, answer, until, 0 };

	if (lb_pem_set_status(&f->pem, answer) < 0)
		return why_set(why, "out of memory");
	if (tour_still(loop_here(), staple_all, &s) < 0)
		return why_set(why, "A thread is busy; try again.");
	return s.code == 0 ? 0 : why_set(why, "out of memory");
}

/* ---- servers ----------------------------------------------------------- */

struct tls *
lb_certs_server(const struct lb_server_conf *s,
    const struct lb_global_conf *g, struct why *why)
{
	const struct context c = { .global = g, .server = s };

	return keep_context(&c, &s->tls, s->tls.certs.count > 0 ?
	    s->tls.certs.at[0]->path : NULL, why);
}

void
lb_certs_fini(void)
{
	while (contexts != NULL)
		unlink_context(&contexts);
	while (kept != NULL)
		let_line_go(kept->line);
	lb_tickets_fini();
	lb_vault_fini();
}
