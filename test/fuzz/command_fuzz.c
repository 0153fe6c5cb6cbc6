/* SPDX-License-Identifier: ISC */
/*
 * command_fuzz.c - lines of the runtime socket: payloads, lists, words, the
 * row that is meant, whatever the bytes are.
 */
#include "conf/command.h"
#include "fuzz.h"

static const struct command rows[] = {
	{ "show info", "[typed]", "the process", 0, NULL },
	{ "show servers state", "[<bk>]", "servers", 0, NULL },
	{ "clear counters", NULL, "maxima", 1, NULL },
	{ "clear counters all", NULL, "all of them", 2, NULL },
	{ "quit", NULL, "leave", 0, NULL },
	{ NULL, NULL, NULL, 0, NULL }
};

static void
look_at(char *command)
{
	struct command_line l;
	const struct command *c;

	if (command_split(command, &l) < 0)
		return;
	NEED(l.count <= COMMAND_WORDS);
	for (unsigned i = 0; i < l.count; i++)
		fuzz_touch(text_of(l.at[i]));
	NEED(l.at[l.count][0] == '\0');
	c = command_find(rows, &l);
	NEED(c == NULL || command_match(c, &l) > 0);
	for (c = rows; c->words != NULL; c++)
		if (command_match(c, &l) > 0)
			NEED(command_distance(c, &l) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	char *all = mem_copy(fuzz_text(data, len)), *line = all, *one;
	const char *end = NULL;

	if (all == NULL)
		return 0;
	if (command_has_payload(line, &end))
		fuzz_touch(text_of(end));
	while ((one = command_next(&line)) != NULL)
		look_at(one);
	mem_drop(all);
	return 0;
}
