/* SPDX-License-Identifier: ISC */
/* options_fuzz.c - the startup parameter "options". */
#include "fuzz.h"
#include "pg/startup.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text options = fuzz_text(data, len), name, value;
	char *scratch = mem_get(len == 0 ? 1 : len);
	struct text room = { scratch, len };
	struct startup_options o = startup_options(options, scratch);
	size_t turns = 0;

	if (scratch == NULL)
		return 0;
	while (startup_option(&o, &name, &value, NULL) == 1) {
		NEED(name.len > 0 && value.at != NULL);
		fuzz_need_within(name, room);
		fuzz_need_within(value, room);
		fuzz_touch(name);
		fuzz_touch(value);
		NEED(turns++ < len);
	}
	mem_drop(scratch);
	return 0;
}
