/* SPDX-License-Identifier: ISC */
/* startup.c - take a client's first packet apart. Pure; any thread. */
#include "pg/startup.h"

/* ---- the packet */

static int
refuse_header(const char *head, struct why *why)
{
	return why_set(why, "bad packet header: '%08x%08x'",
	    message_u32_at(head), message_u32_at(head + 4));
}

enum message_state
startup_peek(struct text slice, uint32_t *size, struct why *why)
{
	uint32_t len;

	if (slice.len < STARTUP_HEAD)
		return MESSAGE_MORE;
	len = message_u32_at(slice.at);
	if (len < STARTUP_HEAD || len > STARTUP_MOST) {
		refuse_header(slice.at, why);
		return MESSAGE_BAD;
	}
	*size = len;
	return MESSAGE_OK;
}

/* Pairs of strings and then one NUL, which is the last byte. */
static int
check_params(struct text params, struct why *why)
{
	struct message_reader r = message_reader(params);
	struct text name, value;

	while (message_read_string(&r, &name)) {
		if (name.len == 0 && message_at_end(&r))
			return 0;
		if (name.len == 0 || !message_read_string(&r, &value))
			break;
	}
	return why_set(why, "invalid startup packet layout: "
	    "expected terminator as last byte");
}

static void
parse_version(struct text packet, uint32_t code, struct startup *s,
    struct why *why)
{
	s->minor = (uint16_t)code;
	s->params = text_from(packet, STARTUP_HEAD);
	if (code >> 16 == 2)
		why_set(why, "old V2 protocol not supported");
	else if (code >> 16 != 3)
		refuse_header(packet.at, why);
	else if (check_params(s->params, why) == 0)
		s->kind = STARTUP_PLAIN;
}

struct startup
startup_parse(struct text packet, struct why *why)
{
	struct startup s = { .kind = STARTUP_BAD };
	uint32_t size, code;

	switch (startup_peek(packet, &size, why)) {
	case MESSAGE_MORE:
		why_set(why, "bad packet header: ''");
		return s;
	case MESSAGE_BAD:
		return s;
	case MESSAGE_OK:
		break;
	}
	if (size != packet.len) {
		refuse_header(packet.at, why);
		return s;
	}
	code = message_u32_at(packet.at + 4);
	switch (code) {
	case MESSAGE_SSL_REQUEST:
		s.kind = STARTUP_SSL;
		break;
	case MESSAGE_GSS_REQUEST:
		s.kind = STARTUP_GSS;
		break;
	case MESSAGE_CANCEL_REQUEST:
		s.kind = STARTUP_CANCEL_BAD;
		if (size == STARTUP_HEAD + sizeof s.key) {
			memcpy(s.key, packet.at + STARTUP_HEAD, sizeof s.key);
			s.kind = STARTUP_CANCEL;
		}
		break;
	default:
		parse_version(packet, code, &s, why);
	}
	return s;
}

bool
startup_next(struct text *rest, struct text *name, struct text *value)
{
	struct message_reader r = message_reader(*rest);
	bool found;

	found = message_read_string(&r, name) && name->len > 0 &&
	    message_read_string(&r, value);
	*rest = found ? r.rest : TEXT_NONE;
	return found;
}

/* ---- the parameter "options" */

static void
skip_space(struct text *t)
{
	while (t->len > 0 && text_is_space(t->at[0]))
		*t = text_from(*t, 1);
}

/*
 * The next word, unescaped into *scratch, which moves behind it. Eats at
 * least one byte when there is one.
 */
static struct text
read_word(struct text *rest, char **scratch)
{
	struct text word = { *scratch, 0 };
	char *to = *scratch;

	skip_space(rest);
	while (rest->len > 0 && !text_is_space(rest->at[0])) {
		if (rest->at[0] == '\\' && rest->len > 1)
			*rest = text_from(*rest, 1);
		*to++ = rest->at[0];
		*rest = text_from(*rest, 1);
	}
	word.len = (size_t)(to - word.at);
	*scratch = to;
	return word;
}

int
startup_option(struct startup_options *o, struct text *name,
    struct text *value, struct why *why)
{
	struct text word;

	skip_space(&o->rest);
	if (o->rest.len == 0)
		return 0;
	word = read_word(&o->rest, &o->scratch);
	if (text_is(word, "-c"))
		word = read_word(&o->rest, &o->scratch);
	else if (text_begins(word, "-c") || text_begins(word, "--"))
		word = text_from(word, 2);
	else
		word.len = 0;
	/* A word without '=' leaves value.at NULL behind. */
	*value = word;
	if (text_split(value, '=', name) && name->len > 0 &&
	    value->at != NULL)
		return 1;
	return why_set(why, "unsupported options startup parameter: only "
	    "'-c config=val' and '--config=val' are allowed");
}
