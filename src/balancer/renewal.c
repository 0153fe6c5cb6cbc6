/* SPDX-License-Identifier: ISC */
/* renewal.c - certificates take the place of others. Loop 0. */
#include "balancer/certs.h"
#include "balancer/renewal.h"
#include "base/mem.h"

struct lb_renewal {
	struct lb_renewal *next;
	struct lb_vault_file *file, *with;	/* with: once it is used, what
						 * the file was */
	bool used;
};

static bool
is_in_date(const X509 *x)
{
	return X509_cmp_current_time(X509_get0_notBefore(x)) < 0 &&
	    X509_cmp_current_time(X509_get0_notAfter(x)) > 0;
}

static int
read_one(struct lb_renewal *r, struct text pem, struct why *why)
{
	struct why reason;

	r->with = lb_vault_copy(r->file);
	if (r->with == NULL)
		return why_set(why, "out of memory");
	if (lb_vault_put(r->with, pem, &reason) < 0 ||
	    lb_pem_is_whole(&r->with->pem, &reason) < 0)
		return why_set(why, "the certificate %s: %.200s",
		    r->file->path, reason.line);
	return is_in_date(r->with->pem.cert) ? 0 : why_set(why, "the "
	    "certificate %s is not in date", r->file->path);
}

int
lb_renewal_add(struct lb_renewal **list, struct text path, struct text pem,
    struct why *why)
{
	struct lb_renewal *r = mem_zero(sizeof *r);
	char *name = mem_copy(path);

	if (r == NULL || name == NULL) {
		mem_drop(r);
		mem_drop(name);
		return why_set(why, "out of memory");
	}
	r->file = lb_vault_find(LB_VAULT_CERT, name);
	mem_drop(name);
	r->next = *list;
	*list = r;
	return r->file != NULL ? read_one(r, pem, why) : why_set(why,
	    "the certificate %.*s is not in use", TEXT_ARG(path));
}

/* Handshakes from now on; connections keep what they have. */
int
lb_renewal_use(struct lb_renewal *list, struct why *why)
{
	for (struct lb_renewal *r = list; r != NULL; r = r->next) {
		if (lb_certs_change(r->file, r->with, why) < 0) {
			lb_renewal_undo(list);
			return -1;
		}
		r->used = true;
	}
	return 0;
}

void
lb_renewal_undo(struct lb_renewal *r)
{
	struct why why;

	for (; r != NULL; r = r->next)
		if (r->used)
			r->used = lb_certs_change(r->file, r->with, &why) < 0;
}

void
lb_renewal_free(struct lb_renewal **list)
{
	while (*list != NULL) {
		struct lb_renewal *r = *list;

		*list = r->next;
		lb_vault_free(&r->with);
		mem_drop(r);
	}
}
