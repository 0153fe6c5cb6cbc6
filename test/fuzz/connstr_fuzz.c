/* SPDX-License-Identifier: ISC */
/* connstr_fuzz.c - connection strings: any line, pair by pair. */
#include "conf/connstr.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text all = fuzz_text(data, len), rest = all, key, value;
	char *scratch = mem_get(len == 0 ? 1 : len);
	size_t left = len;

	if (scratch == NULL)
		return 0;
	while (connstr_pair(&rest, &key, &value, scratch) > 0) {
		NEED(key.len > 0 && value.len > 0 && rest.len < left);
		fuzz_need_within(key, all);
		fuzz_need_within(rest, all);
		if (value.at != scratch)
			fuzz_need_within(value, all);
		fuzz_touch(value);
		left = rest.len;
	}
	mem_drop(scratch);
	return 0;
}
