/* SPDX-License-Identifier: ISC */
/* receiver.c - requests in the making; see receiver.h. Loop 0. */
#include <stdarg.h>
#include <stdio.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/secret.h"
#include "watch/receiver.h"

void
wt_request_header(struct wt_request *r, const char *fmt, ...)
{
	va_list ap;

	NEED(r->headers < WT_HEADERS);
	va_start(ap, fmt);
	vsnprintf(r->header[r->headers++], WT_HEADER, fmt, ap);
	va_end(ap);
}

int
wt_request_json(struct wt_request *r, const char *url, json_t *all,
    struct why *why)
{
	r->url = mem_copy(text_of(url));
	r->body = all == NULL ? NULL : json_dumps(all, JSON_COMPACT);
	json_decref(all);
	if (r->url == NULL || r->body == NULL)
		return why_set(why, "out of memory");
	wt_request_header(r, "Content-Type: application/json");
	return 0;
}

void
wt_request_fini(struct wt_request *r)
{
	mem_drop(r->url);
	mem_drop(r->body);
	secret_wipe(r->header, sizeof r->header);
	*r = (struct wt_request){ .url = NULL };
}

json_t *
wt_request_text(const char *s)
{
	json_t *j = json_string(s);
	char *copy;

	if (j != NULL)
		return j;
	copy = mem_copy(text_of(s));
	for (char *p = copy; p != NULL && *p != '\0'; p++)
		if (*p & 0x80)
			*p = '?';
	j = json_string(copy == NULL ? "?" : copy);
	mem_drop(copy);
	return j;
}
