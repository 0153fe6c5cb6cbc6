/* SPDX-License-Identifier: ISC */
/*
 * hba_fuzz.c - HBA files, and questions to their rules. A file named in one
 * (@name) is the same bytes again.
 */
#include "fuzz.h"
#include "pooler/hba.h"
#include "pooler/ident.h"

static struct text input;

static int
load(const char *path, struct text *to, struct why *why)
{
	to->at = mem_copy(input);
	to->len = input.len;
	return to->at == NULL ? why_set(why, "out of memory") : 0;
}

static void
tell(void *arg, const char *line)
{
	fuzz_touch(text_of(line));
}

static void
ask(const struct pl_hba *hba, const struct endpoint *from)
{
	for (int link = PL_HBA_LOCAL; link <= PL_HBA_TLS; link++)
		for (int r = PL_REPLICATION_NONE; r <= PL_REPLICATION_LOGICAL;
		    r++) {
			const struct pl_hba_question q = {
				(enum pl_hba_link)link, from, TEXT("a"),
				TEXT("u"), (enum pl_replication)r
			};
			const struct pl_hba_answer *a = pl_hba_match(hba, &q);

			if (a == NULL)
				continue;
			NEED(a->line > 0);
			NEED(a->map == NULL || a->method == PL_AUTH_PEER ||
			    a->method == PL_AUTH_CERT);
			fuzz_touch(text_of(a->options));
		}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct endpoint four = { AF_INET, 1, { 127, 0, 0, 1 } },
	    six = { AF_INET6, 1, { 0xfd, 0 } };
	struct pl_ident *ident = pl_ident_read(TEXT("m s u"), tell, NULL);
	const struct pl_hba_reader with = { "d/f", ident, load, tell, NULL };
	struct pl_hba *hba;

	input = fuzz_text(data, len);
	hba = pl_hba_read(input, &with);
	pl_ident_free(&ident);
	if (hba == NULL)
		return 0;
	NEED(!pl_hba_worse(hba, hba));
	ask(hba, &four);
	ask(hba, &six);
	pl_hba_free(&hba);
	return 0;
}
