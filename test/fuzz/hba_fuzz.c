/* SPDX-License-Identifier: ISC */
/*
 * hba_fuzz.c - auth_hba_file; behind a byte 1 the ident map, which is also
 * what every @file has in it. Then questions of each kind.
 */
#include <errno.h>

#include "fuzz.h"
#include "pooler/hba.h"
#include "pooler/ident.h"

enum { LOADS_MOST = 20 };

static struct text other;
static unsigned loads;

static int
load(const char *path, struct text *to, struct why *why)
{
	char *at = other.at == NULL || loads++ >= LOADS_MOST ? NULL :
	    mem_copy(other);

	if (at == NULL)
		return why_set(why, "%s", strerror(ENOENT));
	*to = (struct text){ at, other.len };
	return 0;
}

static void
tell(void *arg, const char *line)
{
	fuzz_touch(text_of(line));
}

static void
ask(const struct pl_hba *hba, const struct pl_ident *ident, const char *ip,
    enum pl_hba_link link, enum pl_replication replication)
{
	struct address a = { .len = 0 };
	struct endpoint from;
	struct pl_hba_question q = { .link = link, .from = &from,
	    .database = TEXT("shop"), .user = TEXT("bob"),
	    .replication = replication };
	const struct pl_hba_answer *answer;

	NEED(link == PL_HBA_LOCAL || address_ip(text_of(ip), 1, &a) == 0);
	from = address_endpoint(&a);
	answer = pl_hba_match(hba, &q);
	if (answer == NULL)
		return;
	NEED(answer->line > 0);
	if (answer->options != NULL)
		fuzz_touch(text_of(answer->options));
	if (answer->map != NULL) {
		NEED(pl_ident_has_map(ident, text_of(answer->map)));
		pl_ident_allows(ident, text_of(answer->map), TEXT("root"),
		    q.user);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text rest = fuzz_text(data, len), rules = TEXT("");
	struct pl_hba_reader with = { .path = "hba.conf", .load = load,
	    .tell = tell };
	struct pl_ident *ident;
	struct pl_hba *hba;

	text_split(&rest, 1, &rules);
	other = rest;
	loads = 0;
	ident = pl_ident_read(rest.at == NULL ? TEXT("") : rest, tell, NULL);
	if (ident == NULL)
		return 0;
	with.ident = ident;
	hba = pl_hba_read(rules, &with);
	if (hba != NULL) {
		ask(hba, ident, NULL, PL_HBA_LOCAL, PL_REPLICATION_NONE);
		ask(hba, ident, "10.1.2.3", PL_HBA_PLAIN,
		    PL_REPLICATION_NONE);
		ask(hba, ident, "::1", PL_HBA_TLS, PL_REPLICATION_PHYSICAL);
		ask(hba, ident, "fe80::1", PL_HBA_TLS,
		    PL_REPLICATION_LOGICAL);
		NEED(!pl_hba_worse(hba, hba));
	}
	pl_hba_free(&hba);
	pl_ident_free(&ident);
	return 0;
}
