/* SPDX-License-Identifier: ISC */
/* prepared.c - heads of messages that name a statement. Pure. */
#include "pg/message.h"
#include "pooler/prepared.h"

static void
put_u32(char *to, uint32_t n)
{
	to[0] = (char)(n >> 24);
	to[1] = (char)(n >> 16);
	to[2] = (char)(n >> 8);
	to[3] = (char)n;
}

/* The NUL of the name that begins at 'at'. */
static const char *
find_end(struct text m, size_t at)
{
	return at >= m.len ? NULL : memchr(m.at + at, 0, m.len - at);
}

/* Where the statement's name begins; 0: cannot be told yet. */
static size_t
name_start(struct text m)
{
	const char *end;

	switch (m.at[0]) {
	case 'B':			/* behind the portal's name */
		end = find_end(m, MESSAGE_HEAD);
		return end == NULL ? 0 : (size_t)(end - m.at) + 1;
	case 'D':
	case 'C':			/* behind the kind */
		return m.len <= MESSAGE_HEAD ? 0 : MESSAGE_HEAD + 1;
	default:
		return MESSAGE_HEAD;
	}
}

enum pl_prepared_find
pl_prepared_find(struct text m, uint32_t size, struct pl_prepared *found)
{
	bool whole = m.len >= size;
	const char *end;
	size_t at;

	if (whole)
		m.len = size;
	/* What has come of a message may say so too. */
	if (pl_prepared_names_none(m.at, m.len))
		return PL_PREPARED_NONE;
	at = name_start(m);
	if (at > 0 && (m.at[0] == 'D' || m.at[0] == 'C') &&
	    m.at[MESSAGE_HEAD] != 'S')
		return PL_PREPARED_NONE;
	end = at == 0 ? NULL : find_end(m, at);
	if (end == NULL)
		return whole ? PL_PREPARED_BROKEN : PL_PREPARED_MORE;
	found->name = (struct text){ m.at + at, (size_t)(end - m.at) - at };
	found->head = (size_t)(end - m.at) + 1;
	return found->name.len == 0 ? PL_PREPARED_NONE : PL_PREPARED_NAMED;
}

size_t
pl_prepared_room(const struct pl_prepared *found)
{
	return found->head + PL_STATEMENT_NAME;
}

size_t
pl_prepared_head(struct text m, uint32_t size, const struct pl_prepared *found,
    const struct pl_statement *s, char *to)
{
	struct text name = pl_statement_name(s);
	size_t before = found->head - found->name.len - 1;

	memcpy(to, m.at, before);
	memcpy(to + before, name.at, name.len + 1);
	put_u32(to + 1, (uint32_t)(size - 1 - found->name.len + name.len));
	return before + name.len + 1;
}

size_t
pl_prepared_parse(const struct pl_statement *s,
    char to[5 + PL_STATEMENT_NAME])
{
	struct text name = pl_statement_name(s);

	to[0] = 'P';
	put_u32(to + 1, (uint32_t)(4 + name.len + 1 +
	    pl_statement_body(s).len));
	memcpy(to + MESSAGE_HEAD, name.at, name.len + 1);
	return MESSAGE_HEAD + name.len + 1;
}

size_t
pl_prepared_close(const struct pl_statement *s,
    char to[6 + PL_STATEMENT_NAME])
{
	struct text name = pl_statement_name(s);

	to[0] = 'C';
	put_u32(to + 1, (uint32_t)(4 + 1 + name.len + 1));
	to[MESSAGE_HEAD] = 'S';
	memcpy(to + MESSAGE_HEAD + 1, name.at, name.len + 1);
	return MESSAGE_HEAD + 1 + name.len + 1;
}
