/* SPDX-License-Identifier: ISC */
/* request.c - heads of requests, and forms. Pure; any thread. */
#include <sys/types.h>

#include "base/number.h"
#include "net/request.h"

enum { HEAD_MOST = 16 * 1024, BODY_MOST = 1 << 30 };

/* ---- the head ---------------------------------------------------------- */

static bool
is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (c != '\0' &&
	    strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static bool
is_token(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if (!is_token_char(t.at[i]))
			return false;
	return t.len > 0;
}

static bool
is_visible(struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		if ((unsigned char)t.at[i] <= ' ' || t.at[i] == 127)
			return false;
	return t.len > 0;
}

/* The next line of *rest without its CRLF; a bare LF ends one too. */
static bool
next_line(struct text *rest, struct text *line)
{
	const char *end = rest->len == 0 ? NULL :
	    memchr(rest->at, '\n', rest->len);

	if (end == NULL)
		return false;
	*line = (struct text){ rest->at, (size_t)(end - rest->at) };
	*rest = text_from(*rest, line->len + 1);
	if (line->len > 0 && line->at[line->len - 1] == '\r')
		line->len--;
	return true;
}

static bool
next_field(struct text *rest, struct text *name, struct text *value)
{
	struct text line;

	if (!next_line(rest, &line) || line.len == 0)
		return false;
	if (!text_split(&line, ':', name))
		line = TEXT_NONE;
	*value = text_trim(line);
	return true;
}

static int
read_first(struct text line, struct request *r)
{
	struct text version = line;

	if (!text_split(&version, ' ', &r->method) ||
	    !text_split(&version, ' ', &r->target) || !is_token(r->method))
		return 400;
	if (!is_visible(r->target) || (r->target.at[0] != '/' &&
	    r->target.at[0] != '*' && memchr(r->target.at, ':',
	    r->target.len) == NULL))
		return 400;
	if (text_is(version, "HTTP/1.1"))
		r->minor = 1;
	else if (!text_is(version, "HTTP/1.0"))
		return text_begins(version, "HTTP/") ? 505 : 400;
	r->stays = r->minor == 1;
	return 200;
}

/* "http://host/path" is "/path" to us. */
static struct text
without_host(struct text target)
{
	const char *end;

	if (target.at[0] == '/' || target.at[0] == '*')
		return target;
	end = memmem(target.at, target.len, "://", 3);
	if (end == NULL)
		return target;
	target = text_from(target, (size_t)(end + 3 - target.at));
	end = memchr(target.at, '/', target.len);
	return end == NULL ? TEXT("/") :
	    text_from(target, (size_t)(end - target.at));
}

static void
cut_target(struct request *r)
{
	const char *mark;

	r->path = r->local = without_host(r->target);
	r->query = TEXT_NONE;
	mark = memchr(r->path.at, '?', r->path.len);
	if (mark == NULL)
		return;
	r->query = text_from(r->path, (size_t)(mark + 1 - r->path.at));
	r->path.len = (size_t)(mark - r->path.at);
}

static int
take_length(struct request *r, struct text value, bool *had)
{
	int64_t n;

	if (number_int(value, 10, 0, BODY_MOST, &n, NULL) < 0)
		return 400;
	if (*had && (size_t)n != r->body_len)
		return 400;
	*had = true;
	r->body_len = (size_t)n;
	return 200;
}

static void
take_connection(struct request *r, struct text value)
{
	struct text word;

	while (text_word(&value, ", \t", &word))
		if (text_is_nocase(word, "close"))
			r->stays = false;
		else if (text_is_nocase(word, "keep-alive"))
			r->stays = true;
}

static int
read_fields(struct request *r)
{
	struct text rest = r->fields, line, name, value;
	bool had_length = false;
	int status = 200;

	while (status == 200 && next_line(&rest, &line)) {
		if (line.len == 0 || !text_split(&line, ':', &name) ||
		    !is_token(name) || line.at == NULL)
			return 400;
		value = text_trim(line);
		for (size_t i = 0; i < value.len; i++)
			if ((unsigned char)value.at[i] < ' ' &&
			    value.at[i] != '\t')
				return 400;
		if (text_is_nocase(name, "Content-Length"))
			status = take_length(r, value, &had_length);
		else if (text_is_nocase(name, "Transfer-Encoding"))
			status = 411;
		else if (text_is_nocase(name, "Connection"))
			take_connection(r, value);
		else if (text_is_nocase(name, "Expect"))
			r->waits = text_is_nocase(value, "100-continue");
	}
	return status;
}

/* How long the head is, with its empty line; 0: it is not whole yet. */
static size_t
find_end(struct text all)
{
	struct text rest = all, line;

	while (next_line(&rest, &line))
		if (line.len == 0)
			return (size_t)(rest.at - all.at);
	return 0;
}

int
request_read(struct text all, struct request *r)
{
	struct text rest, line;
	size_t skip = 0, end;
	int status;

	*r = (struct request){ .minor = 0 };
	/* An empty line in front is passed over. */
	while (skip < all.len && skip < 4 &&
	    (all.at[skip] == '\r' || all.at[skip] == '\n'))
		skip++;
	rest = text_from(all, skip);
	end = find_end(rest);
	if (end == 0 || end > HEAD_MOST)
		return all.len > HEAD_MOST ? 400 : 0;
	r->head_len = skip + end;
	rest.len = end;
	next_line(&rest, &line);
	status = read_first(line, r);
	if (status != 200)
		return status;
	cut_target(r);
	rest.len -= rest.at[rest.len - 2] == '\r' ? 2 : 1;
	r->fields = rest;
	return read_fields(r);
}

bool
request_field(const struct request *r, const char *name, unsigned n,
    struct text *value)
{
	struct text rest = r->fields, found;

	while (next_field(&rest, &found, value))
		if (text_is_nocase(found, name) && n-- == 0)
			return true;
	return false;
}

/* ---- who asks ---------------------------------------------------------- */

static int
digit_of(char c)
{
	return c >= 'A' && c <= 'Z' ? c - 'A' : c >= 'a' && c <= 'z' ?
	    c - 'a' + 26 : c >= '0' && c <= '9' ? c - '0' + 52 :
	    c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* Base64, with or without its padding; how many bytes, or -1. */
static ssize_t
decode(struct text t, char *to, size_t room)
{
	unsigned bits = 0, held = 0;
	size_t len = 0;
	int digit;

	while (t.len > 0 && t.at[t.len - 1] == '=')
		t.len--;
	for (size_t i = 0; i < t.len; i++) {
		digit = digit_of(t.at[i]);
		if (digit < 0)
			return -1;
		bits = (bits << 6 | (unsigned)digit) & 0xffff;
		held += 6;
		if (held < 8)
			continue;
		held -= 8;
		if (len == room)
			return -1;
		to[len++] = (char)(bits >> held);
	}
	return (ssize_t)len;
}

bool
request_basic(const struct request *r, char *room, size_t len,
    struct text *user, struct text *password)
{
	struct text value, kind, rest;
	ssize_t n;

	if (!request_field(r, "Authorization", 0, &value) ||
	    !text_word(&value, " ", &kind) || !text_is_nocase(kind, "Basic"))
		return false;
	n = decode(text_trim(value), room, len);
	if (n < 0)
		return false;
	rest = (struct text){ room, (size_t)n };
	if (memchr(room, ':', (size_t)n) == NULL ||
	    !text_split(&rest, ':', user))
		return false;
	*password = rest;
	return true;
}

/* ---- forms ------------------------------------------------------------- */

static int
hex_of(char c)
{
	return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ?
	    c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static struct text
undo(char *at, size_t len)
{
	size_t out = 0;

	for (size_t i = 0; i < len; i++) {
		char c = at[i] == '+' ? ' ' : at[i];

		if (c == '%' && i + 2 < len && hex_of(at[i + 1]) >= 0 &&
		    hex_of(at[i + 2]) >= 0) {
			c = (char)(hex_of(at[i + 1]) << 4 |
			    hex_of(at[i + 2]));
			i += 2;
		}
		at[out++] = c;
	}
	return (struct text){ at, out };
}

bool
request_pair(char **rest, struct text *name, struct text *value)
{
	char *at = *rest, *equals;
	size_t len;

	while (*at == '&')
		at++;
	if (*at == '\0')
		return false;
	len = strcspn(at, "&");
	*rest = at + len;
	equals = memchr(at, '=', len);
	if (equals == NULL) {
		*name = undo(at, len);
		*value = TEXT_NONE;
		return true;
	}
	*value = undo(equals + 1, (size_t)(at + len - equals - 1));
	*name = undo(at, (size_t)(equals - at));
	return true;
}
