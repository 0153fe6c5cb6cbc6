/* SPDX-License-Identifier: ISC */
/*
 * watchstate_fuzz.c - the state file and what goes beside it, parted by a
 * NUL. What was read is written and read again: the same comes out.
 */
#include "fuzz.h"
#include "watch/memory.h"

static struct wt_config *config;

static struct wt_state *
make(void)
{
	static const struct wt_given given = { .state_file = "/nowhere/s" };
	static const char text[] = "[source lb1]\nurl = http://h/\n"
	    "group = g\n[source lb2]\nurl = http://i/\ngroup = g\n";
	unsigned long fails = fuzz_short_of_memory() ? fuzz_fail_at : 0;
	struct why why;

	if (config == NULL) {
		mem_fail_at(0);
		config = wt_config_parse("f", text_of(text), &given, &why);
		mem_fail_at(fails);
	}
	return wt_state_new(config, &why);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	const struct wt_now now = { 1000000000, 1790000000000000 };
	const uint8_t *cut = len == 0 ? NULL : memchr(data, '\0', len);
	size_t first = cut == NULL ? len : (size_t)(cut - data);
	struct wt_state *one = make(), *other = make();
	char *main, *ext, *again, *ext_again;

	if (one != NULL && other != NULL && wt_memory_read(one,
	    fuzz_text(data, first), fuzz_text(data + first + (cut != NULL),
	    len - first - (cut != NULL)), &now) &&
	    wt_memory_print(one, &now, &main, &ext) == 0) {
		bool good = wt_memory_read(other, text_of(main),
		    text_of(ext), &now);

		if (good && !fuzz_short_of_memory() &&
		    wt_memory_print(other, &now, &again, &ext_again) == 0) {
			NEED(strcmp(main, again) == 0);
			mem_drop(again);
			mem_drop(ext_again);
		}
		mem_drop(main);
		mem_drop(ext);
	}
	wt_state_free(&one);
	wt_state_free(&other);
	wt_config_free(&config);
	return 0;
}
