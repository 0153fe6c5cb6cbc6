/* SPDX-License-Identifier: ISC */
/* answer.c - reads DNS messages; every length is doubted. Pure. */
#include <string.h>

#include "net/answer.h"

struct reader {
	const uint8_t *at;
	size_t len, pos;
	bool bad;
};

static uint16_t
take16(struct reader *r)
{
	uint16_t v;

	if (r->len - r->pos < 2) {
		r->bad = true;
		return 0;
	}
	v = (uint16_t)(r->at[r->pos] << 8 | r->at[r->pos + 1]);
	r->pos += 2;
	return v;
}

static void
skip(struct reader *r, size_t n)
{
	if (r->len - r->pos < n)
		r->bad = true;
	else
		r->pos += n;
}

static char
lower(uint8_t c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c + 32 : c);
}

/* A jump only leads backwards, so that it ends. */
static void
take_name(struct reader *r, char to[ANSWER_NAME])
{
	size_t at = r->pos, len = 0, limit = r->pos;
	bool jumped = false, whole = true;

	while (whole && at < r->len && r->at[at] != 0) {
		size_t n = r->at[at];

		if ((n & 0xc0) == 0xc0 && at + 1 < r->len) {
			if (!jumped)
				r->pos = at + 2;
			jumped = true;
			at = (n & 0x3f) << 8 | r->at[at + 1];
			whole = at < limit;
			limit = at;
			continue;
		}
		whole = (n & 0xc0) == 0 && at + 1 + n < r->len &&
		    len + n + 2 <= ANSWER_NAME;
		if (!whole)
			break;
		if (len > 0)
			to[len++] = '.';
		for (size_t i = 0; i < n; i++)
			to[len++] = lower(r->at[at + 1 + i]);
		at += n + 1;
	}
	to[len] = '\0';
	if (!whole || at >= r->len)
		r->bad = true;
	else if (!jumped)
		r->pos = at + 1;
}

static void
take_address(struct reader *r, uint16_t size, struct answer_record *to)
{
	const uint8_t *ip = r->at + r->pos;

	memset(&to->address, 0, sizeof to->address);
	if (to->kind == ANSWER_A && size == 4) {
		to->address.in.sin_family = AF_INET;
		to->address.len = sizeof to->address.in;
		memcpy(&to->address.in.sin_addr, ip, 4);
	} else if (to->kind == ANSWER_AAAA && size == 16) {
		to->address.in6.sin6_family = AF_INET6;
		to->address.len = sizeof to->address.in6;
		memcpy(&to->address.in6.sin6_addr, ip, 16);
	} else
		r->bad = true;
}

static void
take_data(struct reader *r, uint16_t size, struct answer_record *to)
{
	size_t end = r->pos + size;

	switch (to->kind) {
	case ANSWER_A:
	case ANSWER_AAAA:
		take_address(r, size, to);
		break;
	case ANSWER_SRV:
		to->priority = take16(r);
		to->weight = take16(r);
		to->port = take16(r);
		take_name(r, to->target);
		break;
	case ANSWER_CNAME:
		take_name(r, to->target);
		break;
	default:
		break;
	}
	if (r->pos > end)
		r->bad = true;
	else
		r->pos = end;
}

/* One record; false: there is none, or it is bad. */
static bool
take_record(struct reader *r, struct answer_record *to)
{
	uint16_t size;

	memset(to, 0, sizeof *to);
	take_name(r, to->owner);
	to->kind = take16(r);
	skip(r, 6);			/* class, life */
	size = take16(r);
	if (r->bad || r->len - r->pos < size) {
		r->bad = true;
		return false;
	}
	take_data(r, size, to);
	return !r->bad;
}

static bool
is_wanted(const struct answer_record *a, char name[ANSWER_NAME])
{
	if (a->kind == ANSWER_CNAME && !a->along &&
	    strcmp(a->owner, name) == 0)
		memcpy(name, a->target, ANSWER_NAME);	/* goes on there */
	if (a->kind != ANSWER_A && a->kind != ANSWER_AAAA &&
	    (a->kind != ANSWER_SRV || a->along))
		return false;
	return a->along || strcmp(a->owner, name) == 0;
}

int
answer_read(const uint8_t *message, size_t len, struct answer_record *to,
    unsigned most, unsigned *n)
{
	struct reader r = { message, len, 0, false };
	struct answer_record a;
	char name[ANSWER_NAME];
	unsigned flags, questions, answers, others, along;

	*n = 0;
	skip(&r, 2);
	flags = take16(&r);
	questions = take16(&r);
	answers = take16(&r);
	others = take16(&r);
	along = take16(&r);
	if (r.bad || questions != 1 || (flags & 0x8000) == 0)
		return -1;
	take_name(&r, name);
	skip(&r, 4);
	for (unsigned i = 0; i < answers + others + along && !r.bad; i++) {
		if (!take_record(&r, &a))
			return -1;
		a.along = i >= answers + others;
		if (i >= answers && !a.along)
			continue;
		if (is_wanted(&a, name) && *n < most)
			to[(*n)++] = a;
	}
	return r.bad ? -1 : (int)(flags & 15);
}
