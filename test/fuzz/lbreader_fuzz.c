/* SPDX-License-Identifier: ISC */
/*
 * lbreader_fuzz.c - lines of a haproxy.cfg: words, quotes, variables, blocks
 * of .if. What is told and what comes out is read to its last byte.
 */
#include "balancer/reader.h"
#include "fuzz.h"

static const char *
get_variable(void *arg, const char *name)
{
	return name[0] == 'L' ? " a  b c " : name[0] == 'E' ? "" : NULL;
}

static void
tell(void *arg, enum lb_report_level level, const char *text)
{
	fuzz_touch(text_of(text));
}

static void
on_line(void *arg, const struct lb_words *w)
{
	unsigned *last = arg;

	NEED(w->count > 0 && w->count <= LB_READER_WORDS);
	NEED(w->place.line > *last && w->at[w->count][0] == '\0');
	*last = w->place.line;
	for (unsigned i = 0; i < w->count; i++)
		fuzz_touch(text_of(w->at[i]));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct lb_source source = { .getenv = get_variable };
	struct lb_source_text text = { "f", fuzz_text(data, len), false };
	struct arena *volatile arena = arena_new();
	struct lb_report report = { .tell = tell };
	struct arena *dead;
	unsigned last = 0;
	jmp_buf full;

	if (arena != NULL && setjmp(full) == 0) {
		struct lb_reader r = { .arena = arena, .report = &report,
		    .source = &source, .section = "s", .arg = &last,
		    .line = on_line };

		arena_escape(arena, &full);
		lb_reader_read(&r, &text);
	}
	dead = arena;
	arena_free(&dead);
	return 0;
}
