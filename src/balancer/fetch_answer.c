/* SPDX-License-Identifier: ISC */
/* fetch_answer.c - values of the HTTP answer to a check. Loop 0. */
#include <strings.h>

#include "balancer/casting.h"
#include "balancer/fetch_answer.h"

static bool
put(struct lb_value *v, struct text t)
{
	v->type = LB_TYPE_STR;
	v->text = t;
	return true;
}

/* Head without its empty line, and what stands behind; false: no HTTP. */
static bool
split(const struct lb_scene *c, struct text *head, struct text *body)
{
	struct text t = c->response;
	const char *end;

	if (c->session != NULL || t.len < 12 || !text_begins(t, "HTTP/"))
		return false;
	end = memmem(t.at, t.len, "\r\n\r\n", 4);
	if (end == NULL)
		return false;
	*head = (struct text){ t.at, (size_t)(end - t.at) };
	*body = text_from(t, head->len + 4);
	return true;
}

static bool
get_status(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct text head, body;

	v->type = LB_TYPE_INT;
	return split(c, &head, &body) &&
	    lb_casting_digits(text_from(head, 9), &v->number);
}

static bool
get_version(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct text head, body;

	return split(c, &head, &body) &&
	    put(v, (struct text){ head.at + 5, 3 });
}

static bool
get_body(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct text head, body;

	if (!split(c, &head, &body))
		return false;
	put(v, body);
	v->type = LB_TYPE_BIN;
	return true;
}

static bool
get_body_len(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct text head, body;

	return split(c, &head, &body) &&
	    lb_scene_number(v, (int64_t)body.len);
}

/* ---- fields ------------------------------------------------------------ */

/*
 * The n-th value of a field, from 1; below 0 from the end. lists: commas
 * part values. Tells how many there are.
 */
static int64_t
find_field(struct text head, struct text name, int64_t n, bool lists,
    struct text *value)
{
	struct text line, field, one;
	int64_t count = 0;

	while (text_split(&head, '\n', &line)) {
		if (!text_split(&line, ':', &field) || line.at == NULL ||
		    (name.len > 0 && (field.len != name.len ||
		    strncasecmp(field.at, name.at, name.len) != 0)))
			continue;
		do {
			one = line;
			if (lists)
				text_split(&line, ',', &one);
			if (++count == n)
				*value = text_trim(one);
		} while (lists && line.at != NULL);
	}
	return count;
}

static bool
get_any(struct lb_scene *c, const struct lb_arg *a, bool lists,
    struct lb_value *v)
{
	struct text head, body, value = TEXT_NONE,
	    name = text_of(a[0].kind != LB_ARG_NONE ? a[0].text : "");
	int64_t n = a[1].kind != LB_ARG_NONE ? a[1].number : -1;

	if (!split(c, &head, &body))
		return false;
	if (n < 0)
		n += find_field(head, name, 0, lists, &value) + 1;
	find_field(head, name, n, lists, &value);
	return value.at != NULL && put(v, value);
}

static bool
get_hdr(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	return get_any(c, a, true, v);
}

static bool
get_fhdr(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	return get_any(c, a, false, v);
}

static bool
get_hdr_val(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	return get_any(c, a, true, v) && lb_casting_number(v);
}

static bool
get_hdr_cnt(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct text head, body, none;

	return split(c, &head, &body) && lb_scene_number(v, find_field(head,
	    text_of(a[0].kind != LB_ARG_NONE ? a[0].text : ""), 0, true,
	    &none));
}

const struct lb_scene_row lb_fetch_answer_rows[] = {
	{ "status", get_status }, { "res.ver", get_version },
	{ "resp_ver", get_version }, { "res.body", get_body },
	{ "res.body_len", get_body_len }, { "res.body_size", get_body_len },
	{ "res.hdr", get_hdr }, { "shdr", get_hdr },
	{ "res.fhdr", get_fhdr }, { "res.hdr_val", get_hdr_val },
	{ "shdr_val", get_hdr_val }, { "res.hdr_cnt", get_hdr_cnt },
	{ "shdr_cnt", get_hdr_cnt },
	{ NULL, NULL }
};
