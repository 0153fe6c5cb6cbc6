/* SPDX-License-Identifier: ISC */
/* head.c - request heads of status pages; see head.h. Pure; any thread. */
#include <string.h>

#include "net/head.h"

static bool
is_token_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || (c != '\0' &&
	    strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

/* Field lines: a name, a colon, no control bytes; no body is announced. */
static int
check_fields(struct text fields)
{
	struct text line, name;

	while (fields.len > 0) {
		text_split(&fields, '\n', &line);
		if (line.len == 0 || line.at[line.len - 1] != '\r')
			return 400;
		line.len--;
		for (size_t i = 0; i < line.len; i++)
			if ((unsigned char)line.at[i] < ' ' &&
			    line.at[i] != '\t')
				return 400;
		if (line.len == 0)
			return 0;
		if (memchr(line.at, ':', line.len) == NULL ||
		    !text_split(&line, ':', &name) || name.len == 0)
			return 400;
		for (size_t i = 0; i < name.len; i++)
			if (!is_token_char(name.at[i]))
				return 400;
		if (text_is_nocase(name, "Transfer-Encoding") ||
		    (text_is_nocase(name, "Content-Length") &&
		    !text_is(text_trim(line), "0")))
			return 400;
	}
	return 400;
}

int
head_read(struct text head, struct text *path, bool *head_only)
{
	struct text rest = head, line, method, target;

	if (head.len == 0 || memmem(head.at, head.len, "\r\n\r\n", 4) == NULL)
		return head.len > HEAD_MOST ? 400 : 0;
	text_split(&rest, '\n', &line);
	if (line.len == 0 || line.at[line.len - 1] != '\r')
		return 400;
	line.len--;
	if (!text_split(&line, ' ', &method) ||
	    !text_split(&line, ' ', &target) ||
	    (!text_is(line, "HTTP/1.1") && !text_is(line, "HTTP/1.0")) ||
	    target.len == 0 || target.at[0] != '/' || check_fields(rest) != 0)
		return 400;
	*head_only = text_is(method, "HEAD");
	if (!*head_only && !text_is(method, "GET"))
		return 405;
	for (size_t i = 0; i < target.len; i++)
		if (target.at[i] == '?')
			target.len = i;
	for (size_t i = 0; i < target.len; i++)
		if ((unsigned char)target.at[i] <= ' ')
			return 400;
	*path = target;
	return 200;
}
