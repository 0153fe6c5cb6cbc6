/* SPDX-License-Identifier: ISC */
/* renewal.c - certificates take the place of others. Loop 0. */
#include <openssl/x509v3.h>

#include "balancer/certs.h"
#include "balancer/renewal.h"
#include "base/mem.h"

struct lb_renewal {
	struct lb_renewal *next;
	struct lb_vault_file *file;	/* the vault's */
	struct lb_vault_file *next_one;	/* what it is to have; ours */
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

static int
check(const struct lb_renewal *r, struct why *why)
{
	const struct lb_pem *now = &r->file->pem, *next = &r->next_one->pem;
	const char *path = r->file->path;
	struct why ignored;

	if (now->cert == NULL || !has_same_names(now->cert, next->cert))
		return why_set(why, "the certificate %s is for other names",
		    path);
	if (!is_in_date(next->cert))
		return why_set(why, "the certificate %s is not in date",
		    path);
	if (lb_pem_is_whole(next, &ignored) < 0)
		return why_set(why, "the certificate %s has not its own key",
		    path);
	return 0;
}

/* ---- the list ---------------------------------------------------------- */

static void
drop_one(struct lb_renewal **at)
{
	struct lb_renewal *r = *at;

	*at = r->next;
	lb_vault_free(&r->next_one);
	mem_drop(r);
}

static struct lb_vault_file *
find_file(struct text path, struct why *why)
{
	char *name = mem_copy(path);
	struct lb_vault_file *f = name == NULL ? NULL :
	    lb_vault_find(LB_VAULT_CERT, name);

	mem_drop(name);
	if (f == NULL || f->users == 0)
		why_set(why, "the certificate %.*s is not in use",
		    TEXT_ARG(path));
	return f != NULL && f->users > 0 ? f : NULL;
}

int
lb_renewal_add(struct lb_renewal **list, struct text path, struct text pem,
    struct why *why)
{
	struct lb_vault_file *f = find_file(path, why);
	struct lb_renewal *r;

	if (f == NULL)
		return -1;
	r = mem_zero(sizeof *r);
	if (r == NULL || (r->next_one = lb_vault_copy(f)) == NULL) {
		mem_drop(r);
		return why_set(why, "out of memory");
	}
	r->file = f;
	r->next = *list;
	*list = r;
	if (lb_vault_put(r->next_one, pem, why) < 0 || check(r, why) < 0)
		return -1;
	return lb_certs_prepare(f, r->next_one, why) < 0 ? -1 : 0;
}

void
lb_renewal_use(const struct lb_renewal *r)
{
	for (; r != NULL; r = r->next)
		lb_certs_take(r->file, r->next_one);
}

void
lb_renewal_free(struct lb_renewal **list)
{
	if (*list != NULL)
		lb_certs_cancel();
	while (*list != NULL)
		drop_one(list);
}
