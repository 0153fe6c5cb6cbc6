/* SPDX-License-Identifier: ISC */
/*
 * frames_fuzz.c - a stream of messages: walked whole, and walked in slices
 * cut where the input says (its first byte); both see the same messages.
 * Bodies are read as the server's messages that somebody reads.
 */
#include "fuzz.h"
#include "pg/message.h"
#include "pg/notice.h"

struct seen {
	uint32_t messages, digest;
	bool bad;
};

static void
note(struct seen *seen, char type, uint32_t size)
{
	NEED(size >= MESSAGE_HEAD);
	seen->messages++;
	seen->digest = seen->digest * 31 + (uint8_t)type + size * 7;
}

static void
read_body(char type, struct text body)
{
	struct message_reader r = message_reader(body);
	struct text a = TEXT_NONE, b = TEXT_NONE;
	struct notice n;
	uint32_t u32;
	uint16_t u16;

	switch (type) {
	case 'E':
	case 'N':
		notice_parse(body, &n);
		NEED(n.code.len == MESSAGE_CODE && n.message.at != NULL);
		fuzz_touch(n.message);
		fuzz_touch(n.detail);
		notice_is_fatal(&n);
		break;
	case 'S':
		if (message_read_string(&r, &a))
			message_read_string(&r, &b);
		fuzz_need_within(a, body);
		fuzz_need_within(b, body);
		break;
	case 'D':
		if (message_read_u16(&r, &u16))
			while (message_read_value(&r, &a))
				fuzz_touch(a);
		break;
	default:
		if (message_read_u32(&r, &u32) &&
		    message_read_bytes(&r, u32, &a))
			fuzz_touch(a);
		fuzz_touch(message_read_rest(&r));
	}
	NEED(r.rest.len <= body.len);
}

static struct seen
walk_whole(struct text t)
{
	struct seen seen = { 0 };
	enum message_state state;
	uint32_t size;
	char type;

	while ((state = message_peek(t, &type, &size)) == MESSAGE_OK) {
		note(&seen, type, size);
		if (size > t.len)
			return seen;
		read_body(type, message_body(t, size));
		t = text_from(t, size);
	}
	seen.bad = state == MESSAGE_BAD;
	return seen;
}

static struct seen
walk_slices(struct text t, size_t step)
{
	struct message_head head = { 0 };
	struct seen seen = { 0 };
	uint32_t left = 0, size;
	char type;

	while (t.len > 0) {
		struct text slice = { t.at, step < t.len ? step : t.len };

		t = text_from(t, slice.len);
		while (slice.len > 0) {
			size_t eat = left < slice.len ? left : slice.len;
			enum message_state state;

			slice = text_from(slice, eat);
			left -= (uint32_t)eat;
			if (left > 0 || slice.len == 0)
				break;
			state = message_head_take(&head, &slice, &type,
			    &size);
			if (state == MESSAGE_BAD) {
				seen.bad = true;
				return seen;
			}
			if (state == MESSAGE_OK) {
				note(&seen, type, size);
				left = size - MESSAGE_HEAD;
			}
		}
	}
	return seen;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct seen whole, cut;
	struct text t;

	if (len < 1)
		return 0;
	t = fuzz_text(data + 1, len - 1);
	whole = walk_whole(t);
	cut = walk_slices(t, 1 + data[0] % 16u);
	NEED(whole.messages == cut.messages && whole.digest == cut.digest &&
	    whole.bad == cut.bad);
	return 0;
}
