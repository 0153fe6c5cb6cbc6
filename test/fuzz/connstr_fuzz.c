/* SPDX-License-Identifier: ISC */
/* connstr_fuzz.c - connection strings: each pair moves on, and fits. */
#include "conf/connstr.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text rest = fuzz_text(data, len), key, value;
	char *scratch = mem_get(len == 0 ? 1 : len);
	size_t before = rest.len + 1;

	if (scratch == NULL)
		return 0;
	while (connstr_pair(&rest, &key, &value, scratch) == 1) {
		NEED(key.len > 0);
		fuzz_touch(key);
		fuzz_touch(value);
		NEED(rest.len < before);
		before = rest.len;
	}
	mem_drop(scratch);
	return 0;
}
