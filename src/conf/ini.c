/* SPDX-License-Identifier: ISC */
/* ini.c - a cursor over the text; see ini.h. Pure; any thread. */
#include "conf/ini.h"

struct cursor {
	struct text rest;
	struct ini_place at;
	bool lost;	/* behind half a section header: up to the next one */
};

static bool
is_key_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (c != '\0' && strchr("_.*-", c) != NULL);
}

static bool
is_blank(char c)
{
	return c != '\n' && text_is_space(c);
}

static bool
is_at(const struct cursor *c, char wanted)
{
	return c->rest.len > 0 && c->rest.at[0] == wanted;
}

static struct text
take(struct cursor *c, size_t len)
{
	struct text t = { c->rest.at, len };

	c->rest = text_from(c->rest, len);
	return t;
}

static void
skip_blanks(struct cursor *c)
{
	while (c->rest.len > 0 && is_blank(c->rest.at[0]))
		take(c, 1);
}

static struct text
take_line(struct cursor *c)
{
	const char *end = c->rest.len == 0 ? NULL :
	    memchr(c->rest.at, '\n', c->rest.len);

	return take(c, end == NULL ? c->rest.len :
	    (size_t)(end - c->rest.at));
}

/* What stands up to 'end' on this line, and the end itself; false: no end. */
static bool
take_until(struct cursor *c, char end, struct text *inner)
{
	for (size_t i = 0; i < c->rest.len && c->rest.at[i] != '\n'; i++)
		if (c->rest.at[i] == end) {
			*inner = take(c, i);
			take(c, 1);
			return true;
		}
	return false;
}

static bool
take_key(struct cursor *c, struct text *key)
{
	size_t len = 0;

	if (is_at(c, '\'')) {
		take(c, 1);
		return take_until(c, '\'', key) && key->len > 0;
	}
	while (len < c->rest.len && is_key_char(c->rest.at[len]))
		len++;
	*key = take(c, len);
	return len > 0;
}

static bool
take_value(struct cursor *c, struct text *value)
{
	*value = text_trim(take_line(c));
	return value->len == 0 || memchr(value->at, '\0', value->len) == NULL;
}

static int
read_include(struct cursor *c, const struct ini_reader *to)
{
	struct text path;

	take(c, sizeof "%include" - 1);
	if (c->rest.len == 0 || !is_blank(c->rest.at[0]) ||
	    !take_value(c, &path))
		return to->broken(to->arg, &c->at);
	return to->include(to->arg, path, &c->at);
}

static int
read_pair(struct cursor *c, const struct ini_reader *to)
{
	struct text key, value;

	if (!take_key(c, &key))
		return to->broken(to->arg, &c->at);
	skip_blanks(c);
	if (!is_at(c, '='))
		return to->broken(to->arg, &c->at);
	take(c, 1);
	if (!take_value(c, &value))
		return to->broken(to->arg, &c->at);
	return to->pair(to->arg, key, value, &c->at);
}

/* What stands at the cursor, which is not a blank. */
static int
read_one(struct cursor *c, const struct ini_reader *to)
{
	struct text name;
	int more;

	if (is_at(c, '[')) {
		take(c, 1);
		c->lost = !take_until(c, ']', &name);
		if (!c->lost)
			return to->section(to->arg, name, &c->at);
		more = to->broken(to->arg, &c->at);
	} else if (c->lost)
		more = 0;
	else if (is_at(c, '%') && text_begins(c->rest, "%include"))
		more = read_include(c, to);
	else if (is_at(c, ';') || is_at(c, '#'))
		more = 0;
	else
		more = read_pair(c, to);
	take_line(c);
	return more;
}

/* Length of the line at the cursor, as far as it matters. */
static bool
is_too_long(const struct cursor *c)
{
	return c->rest.len > INI_LINE_MOST &&
	    memchr(c->rest.at, '\n', INI_LINE_MOST) == NULL;
}

int
ini_read(const char *file, struct text all, const struct ini_reader *to)
{
	struct cursor c = { all, { file, 1 }, false };
	bool checked = false;

	for (;;) {
		if (!checked && is_too_long(&c)) {
			if (to->broken(to->arg, &c.at) < 0)
				return -1;
			take_line(&c);
		}
		checked = true;
		skip_blanks(&c);
		if (c.rest.len == 0)
			return 0;
		if (is_at(&c, '\n')) {
			take(&c, 1);
			c.at.line++;
			checked = false;
		} else if (read_one(&c, to) < 0)
			return -1;
	}
}
