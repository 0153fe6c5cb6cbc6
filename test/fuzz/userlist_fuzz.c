/* SPDX-License-Identifier: ISC */
/* userlist_fuzz.c - auth_file: any bytes, then every name looked up. */
#include "fuzz.h"
#include "pooler/settings.h"
#include "pooler/userlist.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct why why;
	struct pl_userlist *list = pl_userlist_read("f", fuzz_text(data, len),
	    &why);

	if (list == NULL)
		return 0;
	NEED(pl_userlist_worse(list, NULL) == (why.line[0] != '\0'));
	NEED(!pl_userlist_worse(list, list));
	for (unsigned i = 0; i < pl_userlist_count(list); i++) {
		const struct pl_userlist_entry *e = pl_userlist_at(list, i);

		NEED(pl_userlist_find(list, e->name) == e);
		NEED(strlen(e->name.at) == e->name.len &&
		    e->name.len <= PL_USER_NAME);
		NEED(strlen(e->secret.at) == e->secret.len &&
		    e->secret.len <= PL_SECRET);
		NEED(pl_userlist_kind(e->secret) == e->kind);
	}
	pl_userlist_free(&list);
	return 0;
}
