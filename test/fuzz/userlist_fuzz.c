/* SPDX-License-Identifier: ISC */
/* userlist_fuzz.c - auth_file: what is read can be found, and its kind. */
#include "fuzz.h"
#include "pg/md5.h"
#include "pg/scram.h"
#include "pooler/userlist.h"

static void
check_entry(const struct pl_userlist *list, unsigned i)
{
	const struct pl_userlist_entry *e = pl_userlist_at(list, i);
	const struct pl_userlist_entry *found;

	NEED(e->name.at[e->name.len] == '\0');
	NEED(e->secret.at[e->secret.len] == '\0');
	found = pl_userlist_find(list, e->name);
	NEED(found != NULL && text_same(found->name, e->name));
	NEED((e->kind == PL_SECRET_EMPTY) == (e->secret.len == 0));
	NEED((e->kind == PL_SECRET_MD5) == md5_is_secret(e->secret));
	NEED((e->kind == PL_SECRET_SCRAM) == scram_is_secret(e->secret));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text t = fuzz_text(data, len);
	struct why why = { .line = "" };
	struct pl_userlist *list, *shared;

	list = pl_userlist_read("users.txt", t, &why);
	if (list == NULL)
		return 0;
	for (unsigned i = 0; i < pl_userlist_count(list); i++)
		check_entry(list, i);
	pl_userlist_find(list, t);
	NEED(!pl_userlist_worse(list, list));
	shared = pl_userlist_share(list);
	pl_userlist_free(&list);
	if (pl_userlist_count(shared) > 0)
		check_entry(shared, 0);
	pl_userlist_free(&shared);
	return 0;
}
