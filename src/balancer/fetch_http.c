/* SPDX-License-Identifier: ISC */
/*
 * fetch_http.c - values of a request. What may be there several times (a
 * field, a group) is given one at a time: scene->nth says which, scene->more
 * that there may be another. On loop 0.
 */
#include <crypt.h>
#include <stdlib.h>

#include "balancer/fetch_http.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/secret.h"

static bool
put(struct lb_value *v, struct text t)
{
	v->type = LB_TYPE_STR;
	v->text = t;
	return t.at != NULL;
}

/* ---- its first line ---------------------------------------------------- */

#define OF_REQUEST(name, ...)						\
static bool								\
get_##name(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v) \
{									\
	const struct request *q = c->http;				\
									\
	return q != NULL && __VA_ARGS__;				\
}

OF_REQUEST(method, put(v, q->method))
OF_REQUEST(url, put(v, q->target))
OF_REQUEST(path, put(v, q->path))
OF_REQUEST(pathq, put(v, q->local))
OF_REQUEST(query, put(v, q->query.at == NULL ? TEXT("") : q->query))
OF_REQUEST(version, put(v, q->minor == 1 ? TEXT("1.1") : TEXT("1.0")))
OF_REQUEST(fields, put(v, q->fields))
OF_REQUEST(body, put(v, c->request))
OF_REQUEST(body_len, lb_scene_number(v, (int64_t)c->request.len))
OF_REQUEST(body_size, lb_scene_number(v, (int64_t)q->body_len))
OF_REQUEST(major, lb_scene_number(v, 1))

/* Host and path. */
static bool
put_base(struct lb_scene *c, struct text path, struct lb_value *v)
{
	struct text host;
	char *to;

	if (c->http == NULL)
		return false;
	if (!request_field(c->http, "Host", 0, &host))
		return put(v, path);
	to = lb_scene_room(c, host.len + path.len);
	if (to == NULL)
		return false;
	memcpy(to, host.at, host.len);
	memcpy(to + host.len, path.at, path.len);
	return put(v, (struct text){ to, host.len + path.len });
}

static bool
get_base(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	return c->http != NULL && put_base(c, c->http->path, v);
}

static bool
get_baseq(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	return c->http != NULL && put_base(c, c->http->local, v);
}

/* ---- fields ------------------------------------------------------------ */

static unsigned
count_fields(const struct request *q, const char *name)
{
	struct text value;
	unsigned n = 0;

	while (request_field(q, name, n, &value))
		n++;
	return n;
}

/* The n-th of the values that stand between commas. */
static bool
find_part(const struct request *q, const char *name, unsigned n,
    struct text *part)
{
	struct text value;

	for (unsigned i = 0; request_field(q, name, i, &value); i++)
		while (text_split(&value, ',', part))
			if (n-- == 0) {
				*part = text_trim(*part);
				return true;
			}
	return false;
}

static unsigned
count_parts(const struct request *q, const char *name)
{
	struct text part;
	unsigned n = 0;

	while (find_part(q, name, n, &part))
		n++;
	return n;
}

/* Which is meant: the one that is asked for (-1: the last), or each. */
static bool
place_of(struct lb_scene *c, const struct lb_arg *a, unsigned count,
    unsigned *place)
{
	int64_t n = a[1].number;

	if (a[1].kind == LB_ARG_NONE || n == 0) {
		*place = c->nth;
		c->more = c->nth + 1 < count;
		return c->nth < count;
	}
	if (n < 0)
		n += (int64_t)count + 1;
	*place = (unsigned)(n - 1);
	return n >= 1 && n <= (int64_t)count;
}

static bool
get_hdr(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct text t;
	unsigned at;

	return c->http != NULL && a[0].text != NULL &&
	    place_of(c, a, count_parts(c->http, a[0].text), &at) &&
	    find_part(c->http, a[0].text, at, &t) && put(v, t);
}

static bool
get_fhdr(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct text t;
	unsigned at;

	return c->http != NULL && a[0].text != NULL &&
	    place_of(c, a, count_fields(c->http, a[0].text), &at) &&
	    request_field(c->http, a[0].text, at, &t) && put(v, t);
}

OF_REQUEST(hdr_cnt, a[0].text != NULL &&
    lb_scene_number(v, count_parts(q, a[0].text)))
OF_REQUEST(fhdr_cnt, a[0].text != NULL &&
    lb_scene_number(v, count_fields(q, a[0].text)))

static bool
to_number(struct lb_value *v)
{
	int64_t n;

	return number_int(v->text, 10, INT64_MIN, INT64_MAX, &n, NULL) == 0 &&
	    lb_scene_number(v, n);
}

static bool
to_address(struct lb_value *v)
{
	struct address a;
	struct endpoint e;

	if (address_ip(v->text, 0, &a) < 0)
		return false;
	e = address_endpoint(&a);
	v->type = e.family == AF_INET ? LB_TYPE_IPV4 : LB_TYPE_IPV6;
	memcpy(v->ip, e.ip, sizeof v->ip);
	return true;
}

static bool
get_hdr_val(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	return get_hdr(c, a, v) && to_number(v);
}

static bool
get_hdr_ip(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	return get_hdr(c, a, v) && to_address(v);
}

/* ---- named values inside ----------------------------------------------- */

/* "name=value" among pieces; the n-th of that name. */
static bool
find_named(struct text all, char sep, const char *name, unsigned n,
    struct text *value)
{
	struct text piece, key;

	while (text_split(&all, sep, &piece)) {
		*value = text_trim(piece);
		if (memchr(value->at, '=', value->len) == NULL ||
		    !text_split(value, '=', &key))
			continue;
		if (text_is(key, name) && n-- == 0)
			return true;
	}
	return false;
}

static bool
get_cook(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct text line, value;

	return c->http != NULL && a[0].text != NULL &&
	    request_field(c->http, "Cookie", 0, &line) &&
	    find_named(line, ';', a[0].text, 0, &value) && put(v, value);
}

static bool
get_urlp(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct text value;

	if (c->http == NULL || a[0].text == NULL ||
	    !find_named(c->http->query, '&', a[0].text, c->nth, &value))
		return false;
	c->more = true;
	return put(v, value);
}

static bool
get_urlp_val(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	return get_urlp(c, a, v) && to_number(v);
}

/* ---- who asks ---------------------------------------------------------- */

static bool
is_password(const struct lb_user_conf *u, struct text password)
{
	struct crypt_data *room;
	const char *made;
	char given[256];
	bool same = false;

	if (u->password == NULL || password.len >= sizeof given)
		return false;
	if (u->plain)
		return strlen(u->password) == password.len &&
		    secret_same(u->password, password.at, password.len);
	room = mem_zero(sizeof *room);
	if (room == NULL)
		return false;
	memcpy(given, password.at, password.len);
	given[password.len] = '\0';
	made = crypt_r(given, u->password, room);
	same = made != NULL && strlen(made) == strlen(u->password) &&
	    secret_same(made, u->password, strlen(made));
	secret_wipe(given, sizeof given);
	secret_wipe(room, sizeof *room);
	mem_drop(room);
	return same;
}

const struct lb_user_conf *
lb_fetch_http_user(const struct lb_userlist_conf *l, struct text user,
    struct text password)
{
	for (unsigned i = 0; i < l->users.count; i++)
		if (text_is(user, l->users.at[i]->name))
			return is_password(l->users.at[i], password) ?
			    l->users.at[i] : NULL;
	return NULL;
}

enum { CREDENTIALS = 512 };

static bool
get_credentials(struct lb_scene *c, struct text *user, struct text *password)
{
	char *room = lb_scene_room(c, CREDENTIALS);

	return c->http != NULL && room != NULL &&
	    request_basic(c->http, room, CREDENTIALS, user, password);
}

static bool
get_auth(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct text user, password;

	return lb_scene_truth(v, get_credentials(c, &user, &password) &&
	    lb_fetch_http_user(a[0].userlist, user, password) != NULL);
}

static bool
get_auth_group(struct lb_scene *c, const struct lb_arg *a,
    struct lb_value *v)
{
	const struct lb_user_conf *u;
	struct text user, password;

	if (!get_credentials(c, &user, &password))
		return false;
	u = lb_fetch_http_user(a[0].userlist, user, password);
	if (u == NULL || c->nth >= u->groups.count)
		return false;
	c->more = true;
	return put(v, text_of(u->groups.at[c->nth]));
}

static bool
get_auth_user(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct text user, password;

	return get_credentials(c, &user, &password) && put(v, user);
}

static bool
get_auth_pass(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct text user, password;

	return get_credentials(c, &user, &password) && put(v, password);
}

static bool
get_auth_type(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct text value, kind;

	return c->http != NULL &&
	    request_field(c->http, "Authorization", 0, &value) &&
	    text_word(&value, " ", &kind) && put(v, kind);
}

static bool
get_auth_bearer(struct lb_scene *c, const struct lb_arg *a,
    struct lb_value *v)
{
	struct text value, kind;

	return c->http != NULL && request_field(c->http,
	    a[0].text != NULL ? a[0].text : "Authorization", 0, &value) &&
	    text_word(&value, " ", &kind) &&
	    text_is_nocase(kind, "Bearer") && put(v, text_trim(value));
}

const struct lb_scene_row lb_fetch_http_rows[] = {
	{ "method", get_method }, { "capture.req.method", get_method },
	{ "url", get_url }, { "capture.req.uri", get_url },
	{ "path", get_path }, { "pathq", get_pathq }, { "query", get_query },
	{ "base", get_base }, { "baseq", get_baseq },
	{ "req.ver", get_version }, { "req_ver", get_version },
	{ "capture.req.ver", get_version },
	{ "http_major", get_major },
	{ "body", get_body }, { "req.body", get_body },
	{ "req.body_len", get_body_len }, { "req.body_size", get_body_size },
	{ "req.hdrs", get_fields },
	{ "hdr", get_hdr }, { "req.hdr", get_hdr },
	{ "req.fhdr", get_fhdr },
	{ "hdr_cnt", get_hdr_cnt }, { "req.hdr_cnt", get_hdr_cnt },
	{ "req.fhdr_cnt", get_fhdr_cnt },
	{ "hdr_val", get_hdr_val }, { "req.hdr_val", get_hdr_val },
	{ "hdr_ip", get_hdr_ip }, { "req.hdr_ip", get_hdr_ip },
	{ "cook", get_cook }, { "cookie", get_cook },
	{ "req.cook", get_cook },
	{ "url_param", get_urlp }, { "urlp", get_urlp },
	{ "urlp_val", get_urlp_val },
	{ "http_auth", get_auth }, { "http_auth_group", get_auth_group },
	{ "http_auth_user", get_auth_user },
	{ "http_auth_pass", get_auth_pass },
	{ "http_auth_type", get_auth_type },
	{ "http_auth_bearer", get_auth_bearer },
	{ NULL, NULL }
};
