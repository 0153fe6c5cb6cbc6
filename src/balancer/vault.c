/* SPDX-License-Identifier: ISC */
/* vault.c - three lists by name. First thread, then loop 0. */
#include "balancer/coding.h"
#include "balancer/vault.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/secret.h"

enum { FILE_MOST = 16 << 20, BYTES_MOST = 65535 };

static struct lb_vault_file *files[LB_VAULT_KINDS];
static unsigned left_out;		/* 1 << place in parts */
static bool cuts_crt;

void
lb_vault_set_extras(unsigned extras, bool del_ext)
{
	left_out = extras;
	cuts_crt = del_ext;
}

/* ---- the lists --------------------------------------------------------- */

struct lb_vault_file *
lb_vault_first(enum lb_vault_kind kind)
{
	return files[kind];
}

struct lb_vault_file *
lb_vault_find(enum lb_vault_kind kind, const char *path)
{
	struct lb_vault_file *f = files[kind];

	while (f != NULL && strcmp(f->path, path) != 0)
		f = f->next;
	return f;
}

static struct lb_vault_file *
make(enum lb_vault_kind kind, const char *path)
{
	struct lb_vault_file *f = mem_zero(sizeof *f);

	if (f == NULL || (f->path = mem_copy(text_of(path))) == NULL) {
		mem_drop(f);
		return NULL;
	}
	f->kind = kind;
	return f;
}

struct lb_vault_file *
lb_vault_add(enum lb_vault_kind kind, const char *path)
{
	struct lb_vault_file *f = make(kind, path), **at = &files[kind];

	if (f == NULL)
		return NULL;
	while (*at != NULL && strcmp((*at)->path, path) < 0)
		at = &(*at)->next;
	f->next = *at;
	*at = f;
	return f;
}

void
lb_vault_free(struct lb_vault_file **fp)
{
	struct lb_vault_file *f = *fp;

	*fp = NULL;
	if (f == NULL)
		return;
	lb_pem_fini(&f->pem);
	sk_X509_pop_free(f->authorities, X509_free);
	sk_X509_CRL_pop_free(f->revoked, X509_CRL_free);
	mem_drop(f->path);
	mem_drop(f);
}

void
lb_vault_drop(struct lb_vault_file *f)
{
	struct lb_vault_file **at = &files[f->kind];

	while (*at != f)
		at = &(*at)->next;
	*at = f->next;
	lb_vault_free(&f);
}

void
lb_vault_fini(void)
{
	for (unsigned kind = 0; kind < LB_VAULT_KINDS; kind++)
		while (files[kind] != NULL)
			lb_vault_drop(files[kind]);
}

bool
lb_vault_is_empty(const struct lb_vault_file *f)
{
	return f->pem.cert == NULL && f->authorities == NULL &&
	    f->revoked == NULL;
}

struct lb_vault_file *
lb_vault_copy(const struct lb_vault_file *from)
{
	struct lb_vault_file *f = make(from->kind, from->path);

	if (f != NULL && lb_pem_copy(&f->pem, &from->pem) < 0)
		lb_vault_free(&f);
	return f;
}

void
lb_vault_swap(struct lb_vault_file *a, struct lb_vault_file *b)
{
	struct lb_vault_file was = *a;

	a->pem = b->pem;
	a->authorities = b->authorities;
	a->revoked = b->revoked;
	b->pem = was.pem;
	b->authorities = was.authorities;
	b->revoked = was.revoked;
}

/* ---- what is in them --------------------------------------------------- */

int
lb_vault_put(struct lb_vault_file *f, struct text text, struct why *why)
{
	STACK_OF(X509) *authorities;
	STACK_OF(X509_CRL) *revoked;

	switch (f->kind) {
	case LB_VAULT_CERT:
		return lb_pem_read(&f->pem, text, why);
	case LB_VAULT_CA:
		authorities = lb_pem_certs(text);
		if (authorities == NULL)
			return why_set(why, "no certificate in it");
		sk_X509_pop_free(f->authorities, X509_free);
		f->authorities = authorities;
		return 0;
	default:
		revoked = lb_pem_crls(text);
		if (revoked == NULL)
			return why_set(why, "no revocation list in it");
		sk_X509_CRL_pop_free(f->revoked, X509_CRL_free);
		f->revoked = revoked;
		return 0;
	}
}

/* In the order of LB_EXTRA_*. */
static const char *const parts[] = { ".key", ".issuer", ".ocsp", ".sctl" };

size_t
lb_vault_part(const char *path)
{
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (text_ends(text_of(path), parts[i]))
			return strlen(path) - strlen(parts[i]);
	return 0;
}

/* As TLS has it: two bytes say how long the rest is. */
static bool
is_list(struct text t)
{
	const unsigned char *at = (const unsigned char *)t.at;

	return t.len > 4 && (size_t)(at[0] << 8 | at[1]) == t.len - 2;
}

/* In files bytes stand as they are. */
static int
put_bytes(struct lb_vault_file *f, const char *part, struct text bytes,
    struct why *why)
{
	int code = -1;

	if (strcmp(part, ".sctl") == 0 && !is_list(bytes))
		return why_set(why, "no list of SCTs");
	if (bytes.len > 0 && bytes.len <= BYTES_MOST)
		code = strcmp(part, ".ocsp") == 0 ?
		    lb_pem_set_status(&f->pem, bytes) :
		    lb_pem_set_stamps(&f->pem, bytes);
	return code == 0 ? 0 : why_set(why, "too long, or empty");
}

int
lb_vault_put_part(struct lb_vault_file *f, const char *part, struct text text,
    struct why *why)
{
	struct text bytes;
	int code;

	if (strcmp(part, ".key") == 0)
		return lb_pem_read_key(&f->pem, text, why);
	if (strcmp(part, ".issuer") == 0)
		return lb_pem_read_issuer(&f->pem, text, why);
	if (lb_coding_from_base64(text, &bytes) < 0)
		return why_set(why, "invalid base64");
	code = put_bytes(f, part, bytes, why);
	mem_drop((void *)(uintptr_t)bytes.at);
	return code;
}

/* ---- from the disk ----------------------------------------------------- */

static int
load_part(struct lb_vault_file *f, const char *part, struct why *why)
{
	struct text name = text_of(f->path), text;
	struct why reason;
	char *path;
	int code = 0;

	if (cuts_crt && text_ends(name, ".crt"))
		name.len -= strlen(".crt");
	path = mem_print("%.*s%s", TEXT_ARG(name), part);

	if (path == NULL)
		return why_set(why, "out of memory");
	if (file_read(path, FILE_MOST, &text, &reason) == 0) {
		code = strcmp(part, ".key") == 0 ||
		    strcmp(part, ".issuer") == 0 ?
		    lb_vault_put_part(f, part, text, &reason) :
		    put_bytes(f, part, text, &reason);
		mem_drop((void *)(uintptr_t)text.at);
		if (code < 0)
			why_set(why, "%s from file '%s'", reason.line, path);
	}
	mem_drop(path);
	return code;
}

static int
load(struct lb_vault_file *f, struct why *why)
{
	static const char *const what[] = { "certificate", "CA", "CRL" };
	struct why reason;
	struct text text;
	int code;

	if (file_read(f->path, FILE_MOST, &text, &reason) < 0)
		return why_set(why, "unable to load %s file '%s': %s",
		    what[f->kind], f->path, reason.line);
	code = lb_vault_put(f, text, &reason);
	secret_wipe((void *)(uintptr_t)text.at, text.len);
	mem_drop((void *)(uintptr_t)text.at);
	if (code < 0)
		return why_set(why, "unable to load %s file '%s': %s",
		    what[f->kind], f->path, reason.line);
	if (f->kind != LB_VAULT_CERT)
		return 0;
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
		if (!(left_out & 1u << i) && (i > 0 ||
		    f->pem.key == NULL) && load_part(f, parts[i], why) < 0)
			return -1;
	if (lb_pem_is_whole(&f->pem, &reason) < 0)
		return why_set(why, "%s from file '%s'", f->pem.key == NULL ?
		    "no private key found" : reason.line, f->path);
	return 0;
}

struct lb_vault_file *
lb_vault_load(enum lb_vault_kind kind, const char *path, struct why *why)
{
	struct lb_vault_file *f = lb_vault_find(kind, path);

	if (f != NULL)
		return f;
	f = lb_vault_add(kind, path);
	if (f == NULL)
		why_set(why, "out of memory");
	else if (load(f, why) < 0) {
		lb_vault_drop(f);
		return NULL;
	}
	return f;
}
