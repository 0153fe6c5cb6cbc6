/* SPDX-License-Identifier: ISC */
/* jsonpath.c - a walk over JSON that skips what it does not want. Pure. */
#include <ctype.h>
#include <stdlib.h>

#include "balancer/jsonpath.h"

static bool
is_at(struct text t, char c)
{
	return t.len > 0 && t.at[0] == c;
}

static void
skip_blanks(struct text *t)
{
	while (t->len > 0 && strchr(" \t\r\n", t->at[0]) != NULL)
		*t = text_from(*t, 1);
}

/* At its first quote; false: it does not end. */
static bool
take_string(struct text *t, struct text *inside)
{
	size_t i = 1;

	while (i < t->len && t->at[i] != '"')
		i += t->at[i] == '\\' ? 2 : 1;
	if (i >= t->len)
		return false;
	*inside = (struct text){ t->at + 1, i - 1 };
	*t = text_from(*t, i + 1);
	return true;
}

/* An array or an object: what opens in it closes in it. */
static bool
skip_nested(struct text *t)
{
	struct text inside;
	int depth = 0;

	do {
		if (t->len == 0)
			return false;
		if (t->at[0] == '"') {
			if (!take_string(t, &inside))
				return false;
			continue;
		}
		depth += t->at[0] == '{' || t->at[0] == '[';
		depth -= t->at[0] == '}' || t->at[0] == ']';
		*t = text_from(*t, 1);
	} while (depth > 0);
	return true;
}

static enum lb_json
take_value(struct text *t, struct text *raw)
{
	struct text start;
	bool ok;

	skip_blanks(t);
	start = *t;
	*raw = TEXT_NONE;
	if (is_at(*t, '"'))
		return take_string(t, raw) ? LB_JSON_STRING : LB_JSON_NONE;
	if (is_at(*t, '{') || is_at(*t, '[')) {
		ok = skip_nested(t);
		*raw = (struct text){ start.at, start.len - t->len };
		return !ok ? LB_JSON_NONE : start.at[0] == '{' ?
		    LB_JSON_OBJECT : LB_JSON_ARRAY;
	}
	while (t->len > 0 && (isalnum((unsigned char)t->at[0]) ||
	    strchr("+-.", t->at[0]) != NULL))
		*t = text_from(*t, 1);
	*raw = (struct text){ start.at, start.len - t->len };
	if (raw->len == 0)
		return LB_JSON_NONE;
	return text_is(*raw, "null") ? LB_JSON_NULL :
	    text_is(*raw, "true") ? LB_JSON_TRUE :
	    text_is(*raw, "false") ? LB_JSON_FALSE :
	    isdigit((unsigned char)raw->at[0]) || raw->at[0] == '-' ?
	    LB_JSON_NUMBER : LB_JSON_NONE;
}

/* t stands at the container; afterwards at the value. */
static bool
enter_member(struct text *t, struct text name)
{
	struct text key, value;

	if (!is_at(*t, '{'))
		return false;
	do {
		*t = text_from(*t, 1);
		skip_blanks(t);
		if (!is_at(*t, '"') || !take_string(t, &key))
			return false;
		skip_blanks(t);
		if (!is_at(*t, ':'))
			return false;
		*t = text_from(*t, 1);
		skip_blanks(t);
		if (text_compare(key, name) == 0)
			return true;
		if (take_value(t, &value) == LB_JSON_NONE)
			return false;
		skip_blanks(t);
	} while (is_at(*t, ','));
	return false;
}

static bool
enter_item(struct text *t, unsigned long n)
{
	struct text value;

	if (!is_at(*t, '['))
		return false;
	do {
		*t = text_from(*t, 1);
		skip_blanks(t);
		if (n-- == 0)
			return true;
		if (take_value(t, &value) == LB_JSON_NONE)
			return false;
		skip_blanks(t);
	} while (is_at(*t, ','));
	return false;
}

enum lb_json
lb_jsonpath_find(struct text json, const char *path, struct text *raw)
{
	*raw = TEXT_NONE;
	if (*path++ != '$')
		return LB_JSON_NONE;
	skip_blanks(&json);
	while (*path != '\0') {
		if (*path == '.') {
			size_t len = strcspn(++path, ".[");

			if (!enter_member(&json, (struct text){ path, len }))
				return LB_JSON_NONE;
			path += len;
		} else if (*path == '[') {
			char *end;
			unsigned long n = strtoul(path + 1, &end, 10);

			if (*end != ']' || !enter_item(&json, n))
				return LB_JSON_NONE;
			path = end + 1;
		} else {
			return LB_JSON_NONE;
		}
	}
	return take_value(&json, raw);
}

/* ---- strings ----------------------------------------------------------- */

static size_t
put_utf8(unsigned long n, char *to)
{
	if (n < 0x80) {
		to[0] = (char)n;
		return 1;
	}
	if (n < 0x800) {
		to[0] = (char)(0xc0 | n >> 6);
		to[1] = (char)(0x80 | (n & 0x3f));
		return 2;
	}
	to[0] = (char)(0xe0 | n >> 12);
	to[1] = (char)(0x80 | (n >> 6 & 0x3f));
	to[2] = (char)(0x80 | (n & 0x3f));
	return 3;
}

size_t
lb_jsonpath_unescape(struct text raw, char *to)
{
	static const char names[] = "bfnrt", means[] = "\b\f\n\r\t";
	size_t len = 0;

	for (size_t i = 0; i < raw.len; i++) {
		const char *name;

		if (raw.at[i] != '\\' || ++i == raw.len) {
			to[len++] = raw.at[i < raw.len ? i : raw.len - 1];
			continue;
		}
		name = raw.at[i] == '\0' ? NULL : strchr(names, raw.at[i]);
		if (raw.at[i] == 'u' && i + 4 < raw.len) {
			char hex[5] = { raw.at[i + 1], raw.at[i + 2],
			    raw.at[i + 3], raw.at[i + 4], '\0' };

			len += put_utf8(strtoul(hex, NULL, 16), to + len);
			i += 4;
		} else {
			to[len++] = name != NULL ? means[name - names] :
			    raw.at[i];
		}
	}
	return len;
}
