/* SPDX-License-Identifier: ISC */
/* watchconf_fuzz.c - the watcher's configuration: any bytes. */
#include "fuzz.h"
#include "watch/config.h"
#include "watch/silence.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	static const struct wt_given given = { .state_file = "/nowhere/s" };
	struct text text = fuzz_text(data, len);
	struct wt_config *c;
	struct why why;

	/* Targets read no files: what names one is left out. */
	if (len > 0 && (memmem(data, len, "_file", 5) != NULL ||
	    memmem(data, len, "include", 7) != NULL ||
	    memmem(data, len, "_env", 4) != NULL))
		return 0;
	c = wt_config_parse("f", text, &given, &why);
	if (c == NULL) {
		NEED(why.line[0] != '\0');
		return 0;
	}
	NEED(c->set.interval >= 1000000 && c->set.timeout <= c->set.interval);
	NEED(c->source_count > 0);
	for (unsigned i = 0; i < c->source_count; i++) {
		char *url = wt_config_page_url(c->sources[i].url);

		NEED(fuzz_short_of_memory() || url != NULL);
		fuzz_need_within(wt_config_host(text_of(c->sources[i].url)),
		    text_of(c->sources[i].url));
		wt_config_fits(&c->sources[i].in, "px/sv", "sv");
		mem_drop(url);
	}
	for (unsigned i = 0; i < c->silence_count; i++)
		wt_silence_row_holds(&c->silences[i], 1769904000000000);
	wt_config_free(&c);
	NEED(secret_lent() == 0);
	return 0;
}
