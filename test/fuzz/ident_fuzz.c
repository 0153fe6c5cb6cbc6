/* SPDX-License-Identifier: ISC */
/* ident_fuzz.c - ident maps, and questions to them. */
#include "fuzz.h"
#include "pooler/ident.h"

static void
tell(void *arg, const char *line)
{
	fuzz_touch(text_of(line));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct pl_ident *ident = pl_ident_read(fuzz_text(data, len), tell,
	    NULL);

	if (ident == NULL)
		return 0;
	NEED(!pl_ident_worse(ident, ident));
	NEED(!pl_ident_allows(ident, TEXT("m"), TEXT("s"), TEXT("u")) ||
	    pl_ident_has_map(ident, TEXT("m")));
	pl_ident_free(&ident);
	return 0;
}
