/* SPDX-License-Identifier: ISC */
/*
 * prepared_fuzz.c - messages that name a prepared statement: what is found
 * does not depend on how much of the message has come, nothing behind it is
 * read, and the rewritten message is the same with another name.
 */
#include "fuzz.h"
#include "pg/message.h"
#include "pooler/prepared.h"

/* The rewritten message, read back: same kind, the statement's name. */
static void
check_head(struct text message, const struct pl_prepared *found,
    struct pl_statement *s)
{
	uint32_t size = (uint32_t)message.len, new_size = 0;
	struct text rest = text_from(message, found->head);
	struct pl_prepared again;
	char *to, type = '\0';
	size_t n;

	to = mem_get(pl_prepared_room(found) + rest.len);
	if (to == NULL)
		return;
	n = pl_prepared_head(message, size, found, s, to);
	NEED(n <= pl_prepared_room(found));
	if (rest.len > 0)
		memcpy(to + n, rest.at, rest.len);
	NEED(message_peek((struct text){ to, n + rest.len }, &type,
	    &new_size) == MESSAGE_OK);
	NEED(type == message.at[0] && new_size == n + rest.len);
	NEED(pl_prepared_find((struct text){ to, new_size }, new_size,
	    &again) == PL_PREPARED_NAMED);
	NEED(text_same(again.name, pl_statement_name(s)));
	mem_drop(to);
}

static void
rewrite(struct text message, const struct pl_prepared *found)
{
	struct text body = text_from(message, found->head);
	struct pl_statement *s = pl_statement_get(body), *same;

	if (s == NULL)
		return;
	same = pl_statement_get(body);
	NEED(same == s || same == NULL);
	NEED(text_same(pl_statement_body(s), body));
	check_head(message, found, s);
	if (same != NULL)
		pl_statement_drop(&same);
	pl_statement_drop(&s);
	NEED(pl_statement_count() == 0);
}

/* The answer to a prefix is "more", or the final one. */
static void
find_in_prefixes(struct text message, enum pl_prepared_find whole)
{
	for (size_t n = MESSAGE_HEAD; n < message.len && n < 100; n++) {
		uint8_t *copy = mem_get(n);
		struct pl_prepared found;
		enum pl_prepared_find got;

		if (copy == NULL)
			return;
		memcpy(copy, message.at, n);
		got = pl_prepared_find(fuzz_text(copy, n),
		    (uint32_t)message.len, &found);
		NEED(got == PL_PREPARED_MORE || got == whole);
		mem_drop(copy);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text rest = fuzz_text(data, len), message;
	uint32_t size = 0;
	char type;

	while (message_peek(rest, &type, &size) == MESSAGE_OK &&
	    size <= rest.len) {
		struct pl_prepared found;
		enum pl_prepared_find got;

		message = (struct text){ rest.at, size };
		got = pl_prepared_find(message, size, &found);
		NEED(got != PL_PREPARED_MORE);
		find_in_prefixes(message, got);
		if (got == PL_PREPARED_NAMED) {
			fuzz_need_within(found.name, message);
			NEED(found.head <= message.len);
			rewrite(message, &found);
		}
		rest = text_from(rest, size);
	}
	return 0;
}
