/* SPDX-License-Identifier: ISC */
/* convert_wire.c - FIX. On the scene's loop. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "balancer/casting.h"
#include "balancer/convert_wire.h"

#define CONVERTER(name)							\
static bool								\
do_##name(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)

static bool
put_bytes(struct lb_value *v, struct text t)
{
	v->type = LB_TYPE_BIN;
	v->text = t;
	return true;
}

/* ---- FIX: tag=value, each ended by a byte of 1 -------------------------- */

enum { SOH = 1 };

/* Takes the first; false: it is not whole. */
static bool
take_tag(struct text *t, struct text *tag, struct text *value)
{
	const char *end = t->len == 0 ? NULL : memchr(t->at, SOH, t->len);
	struct text one;

	if (end == NULL)
		return false;
	one = (struct text){ t->at, (size_t)(end - t->at) };
	*t = text_from(*t, one.len + 1);
	if (!text_split(&one, '=', tag) || one.at == NULL)
		return false;
	*value = one;
	return true;
}

static bool
is_version(struct text t)
{
	static const char *const known[] = { "FIX.4.0", "FIX.4.1", "FIX.4.2",
	    "FIX.4.3", "FIX.4.4", "FIX.5.0", "FIXT.1.1" };

	for (size_t i = 0; i < sizeof known / sizeof *known; i++)
		if (text_is(t, known[i]))
			return true;
	return false;
}

/* 8=version, 9=length, 35=..., so many bytes, 10=sum of all before it. */
CONVERTER(fix_is_valid)
{
	struct text rest = v->text, tag, value, body;
	int64_t length, told;
	unsigned sum = 0;

	/* What may still become one has no value yet. */
	if (rest.len < 2 || !text_begins(rest, "8=") ||
	    !take_tag(&rest, &tag, &value))
		return false;
	if (!is_version(value))
		return lb_scene_truth(v, false);
	if (!take_tag(&rest, &tag, &value))
		return false;
	if (!text_is(tag, "9") || !lb_casting_digits(value, &length) ||
	    length < 0)
		return lb_scene_truth(v, false);
	if (rest.len < (uint64_t)length)
		return false;
	body = (struct text){ rest.at, (size_t)length };
	rest = text_from(rest, body.len);
	if (!text_begins(body, "35=") || body.at[body.len - 1] != SOH)
		return lb_scene_truth(v, false);
	for (const char *at = v->text.at; at < rest.at; at++)
		sum += (unsigned char)*at;
	if (!take_tag(&rest, &tag, &value))
		return false;
	return lb_scene_truth(v, text_is(tag, "10") &&
	    lb_casting_digits(value, &told) && told == sum % 256);
}

static const char *
find_tag(const char *name)
{
	static const struct {
		const char *name, *tag;
	} rows[] = {
		{ "BeginString", "8" }, { "BodyLength", "9" },
		{ "CheckSum", "10" }, { "MsgType", "35" },
		{ "SenderCompID", "49" }, { "TargetCompID", "56" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].name, name) == 0)
			return rows[i].tag;
	return name;
}

CONVERTER(fix_tag_value)
{
	struct text rest = v->text, tag, value;

	while (take_tag(&rest, &tag, &value))
		if (text_is(tag, find_tag(a[0].text)))
			return put_bytes(v, value);
	return false;
}

const struct lb_scene_row lb_convert_wire_rows[] = {
	{ "fix_is_valid", do_fix_is_valid },
	{ "fix_tag_value", do_fix_tag_value },
	{ NULL, NULL }
};
