/* SPDX-License-Identifier: ISC */
/* renewal.c - certificates take the place of others. Loop 0. */
#include <openssl/err.h>
#include <openssl/x509v3.h>

#include "balancer/certs.h"
#include "balancer/pem.h"
#include "balancer/renewal.h"
#include "base/mem.h"

struct lb_renewal {
	struct lb_renewal *next;
	char *path;
	struct lb_pem pem;
};

/* ---- does it fit? ------------------------------------------------------ */

static bool
is_in_date(const X509 *x)
{
	return X509_cmp_current_time(X509_get0_notBefore(x)) < 0 &&
	    X509_cmp_current_time(X509_get0_notAfter(x)) > 0;
}

static const ASN1_OCTET_STRING *
other_names(const X509 *x)
{
	int at = X509_get_ext_by_NID(x, NID_subject_alt_name, -1);

	return at < 0 ? NULL :
	    X509_EXTENSION_get_data(X509_get_ext(x, at));
}

/* Which names lead to it was found out at start. */
static bool
has_same_names(const X509 *a, const X509 *b)
{
	const ASN1_OCTET_STRING *x = other_names(a), *y = other_names(b);

	return X509_NAME_cmp(X509_get_subject_name(a),
	    X509_get_subject_name(b)) == 0 && (x == NULL) == (y == NULL) &&
	    (x == NULL || ASN1_OCTET_STRING_cmp(x, y) == 0);
}

/* In a context of no use, which is as strict. */
static int
try(const struct lb_pem *pem, const SSL_CTX *like)
{
	SSL_CTX *c = SSL_CTX_new(TLS_method());
	int code = -1;

	if (c != NULL) {
		SSL_CTX_set_security_level(c,
		    SSL_CTX_get_security_level(like));
		code = lb_pem_use(pem, c);
	}
	SSL_CTX_free(c);
	ERR_clear_error();
	return code;
}

static int
fits(const struct lb_renewal *r, SSL_CTX *c, struct why *why)
{
	struct lb_pem now;
	bool same;

	lb_pem_of(&now, c);
	same = now.cert != NULL && has_same_names(now.cert, r->pem.cert);
	lb_pem_fini(&now);
	if (!same)
		return why_set(why, "the certificate %s is for other names",
		    r->path);
	if (!is_in_date(r->pem.cert))
		return why_set(why, "the certificate %s is not in date",
		    r->path);
	return try(&r->pem, c) == 0 ? 0 : why_set(why, "the certificate %s "
	    "is refused", r->path);
}

static int
fits_all(const struct lb_renewal *r, struct why *why)
{
	const char *path;
	struct tls *t;
	bool any = false;

	for (unsigned i = 0; (path = lb_certs_at(i, &t)) != NULL; i++) {
		if (strcmp(path, r->path) != 0)
			continue;
		any = true;
		if (lb_pem_fits(&r->pem, tls_context(t), why) < 0 ||
		    fits(r, tls_context(t), why) < 0)
			return -1;
	}
	return any ? 0 : why_set(why, "the certificate %s is not in use",
	    r->path);
}

/* ---- the list ---------------------------------------------------------- */

static void
drop_one(struct lb_renewal **at)
{
	struct lb_renewal *r = *at;

	*at = r->next;
	lb_pem_fini(&r->pem);
	mem_drop(r->path);
	mem_drop(r);
}

int
lb_renewal_add(struct lb_renewal **list, struct text path, struct text pem,
    struct why *why)
{
	struct lb_renewal *r = mem_zero(sizeof *r);

	if (r == NULL || (r->path = mem_copy(path)) == NULL) {
		mem_drop(r);
		return why_set(why, "out of memory");
	}
	r->next = *list;
	*list = r;
	if (lb_pem_read(&r->pem, pem, why) < 0)
		return -1;
	return fits_all(r, why);
}

int
lb_renewal_use(const struct lb_renewal *r)
{
	const char *path;
	struct tls *t;
	int code = 0;

	for (; r != NULL; r = r->next)
		for (unsigned i = 0; (path = lb_certs_at(i, &t)) != NULL; i++)
			if (strcmp(path, r->path) == 0 &&
			    lb_pem_use(&r->pem, tls_context(t)) < 0)
				code = -1;
	return code;
}

void
lb_renewal_free(struct lb_renewal **list)
{
	while (*list != NULL)
		drop_one(list);
}
