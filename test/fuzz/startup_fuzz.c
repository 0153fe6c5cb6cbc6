/* SPDX-License-Identifier: ISC */
/* startup_fuzz.c - a client's first packet and all its parameters. */
#include "fuzz.h"
#include "pg/startup.h"

/* The walk must find what the check of the packet let pass. */
static void
walk(struct startup s, struct text packet)
{
	struct text name, value, rest = s.params;
	size_t used = 1;

	while (startup_next(&rest, &name, &value)) {
		NEED(name.len > 0);
		fuzz_need_within(name, packet);
		fuzz_need_within(value, packet);
		used += name.len + value.len + 2;
		startup_is_extension(name);
	}
	NEED(used == s.params.len);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text packet = fuzz_text(data, len);
	struct why why = { .line = "" };
	struct startup s;
	uint32_t size;

	if (startup_peek(packet, &size, &why) == MESSAGE_OK) {
		NEED(size >= STARTUP_HEAD && size <= STARTUP_MOST);
		if (size < len)
			packet.len = size;
	}
	s = startup_parse(packet, &why);
	NEED((s.kind == STARTUP_BAD) == (why.line[0] != '\0'));
	if (s.kind == STARTUP_PLAIN)
		walk(s, packet);
	return 0;
}
