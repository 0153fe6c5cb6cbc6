/* SPDX-License-Identifier: ISC */
/* notice.c - fields of errors and notices. Pure; any thread. */
#include "pg/message.h"
#include "pg/notice.h"

static struct text *
find_field(struct notice *n, uint8_t field)
{
	switch (field) {
	case 'S': return &n->severity;
	case 'V': return &n->level;
	case 'C': return &n->code;
	case 'M': return &n->message;
	case 'D': return &n->detail;
	case 'H': return &n->hint;
	case 'P': return &n->position;
	case 'W': return &n->where;
	default: return NULL;
	}
}

static bool
is_code(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (!((t.at[i] >= '0' && t.at[i] <= '9') ||
		    (t.at[i] >= 'A' && t.at[i] <= 'Z') ||
		    (t.at[i] >= 'a' && t.at[i] <= 'z')))
			return false;
	return t.len == MESSAGE_CODE;
}

static void
fill_absent(struct notice *n)
{
	const struct text none = TEXT("");

	if (n->severity.at == NULL)
		n->severity = TEXT("ERROR");
	if (n->level.at == NULL)
		n->level = n->severity;
	if (n->code.at == NULL || !is_code(n->code))
		n->code = TEXT("08P01");
	for (const char *f = "MDHPW"; *f != '\0'; f++)
		if (find_field(n, (uint8_t)*f)->at == NULL)
			*find_field(n, (uint8_t)*f) = none;
}

static int
read_fields(struct message_reader *r, struct notice *n)
{
	struct text value, *to;
	uint8_t field;

	while (message_read_u8(r, &field)) {
		if (field == 0)
			return message_at_end(r) ? 0 : -1;
		if (!message_read_string(r, &value))
			return -1;
		to = find_field(n, field);
		if (to != NULL && to->at == NULL)
			*to = value;
	}
	return -1;
}

int
notice_parse(struct text body, struct notice *to)
{
	struct message_reader r = message_reader(body);
	int outcome;

	*to = (struct notice){ .code = TEXT_NONE };
	outcome = read_fields(&r, to);
	fill_absent(to);
	return outcome;
}

bool
notice_is_fatal(const struct notice *n)
{
	return text_is(n->level, "FATAL") || text_is(n->level, "PANIC");
}
