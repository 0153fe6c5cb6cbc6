/* SPDX-License-Identifier: ISC */
/* conversion.c - converters, one row each. On the scene's loop. */
#include <arpa/inet.h>

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "balancer/conversion.h"
#include "balancer/converters.h"
#include "balancer/digest.h"
#include "balancer/world.h"
#include "base/mem.h"
#include "base/number.h"

/* ---- types ------------------------------------------------------------- */

/* Room for n bytes in the scene; NULL: it is used up. */
static char *
take_room(struct lb_scene *c, size_t n)
{
	char *at = c->room + c->used;

	if (n > sizeof c->room - c->used)
		return NULL;
	c->used += n;
	return at;
}

static bool
print(struct lb_scene *c, struct lb_value *v, const char *text)
{
	size_t len = strlen(text);
	char *to = take_room(c, len + 1);

	if (to == NULL)
		return false;
	memcpy(to, text, len + 1);
	v->text = (struct text){ to, len };
	v->type = LB_TYPE_STR;
	return true;
}

bool
lb_conversion_text(struct lb_scene *c, struct lb_value *v)
{
	char buf[INET6_ADDRSTRLEN];

	switch (v->type) {
	case LB_TYPE_STR:
	case LB_TYPE_BIN:
	case LB_TYPE_METH:
		return true;
	case LB_TYPE_BOOL:
	case LB_TYPE_INT:
		snprintf(buf, sizeof buf, "%lld", (long long)v->number);
		return print(c, v, buf);
	case LB_TYPE_IPV4:
		return inet_ntop(AF_INET, v->ip, buf, sizeof buf) != NULL &&
		    print(c, v, buf);
	case LB_TYPE_IPV6:
		return inet_ntop(AF_INET6, v->ip, buf, sizeof buf) != NULL &&
		    print(c, v, buf);
	case LB_TYPE_ANY:
	case LB_TYPE_SAME:
	case LB_TYPE_ADDR:
		break;
	}
	return false;
}

/* As far as there are digits; "" is none. */
static bool
read_digits(struct text t, int64_t *to)
{
	size_t i = 0;
	bool minus = t.len > 0 && t.at[0] == '-';
	int64_t n = 0;

	for (i = minus; i < t.len && isdigit((unsigned char)t.at[i]); i++)
		if (n < INT64_MAX / 10 - 9)
			n = n * 10 + (t.at[i] - '0');
	*to = minus ? -n : n;
	return i > (size_t)minus;
}

bool
lb_conversion_number(struct lb_value *v)
{
	uint32_t word;

	switch (v->type) {
	case LB_TYPE_BOOL:
	case LB_TYPE_INT:
		break;
	case LB_TYPE_STR:
	case LB_TYPE_BIN:
		if (!read_digits(v->text, &v->number))
			return false;
		break;
	case LB_TYPE_IPV4:
		memcpy(&word, v->ip, sizeof word);
		v->number = ntohl(word);
		break;
	default:
		return false;
	}
	v->type = LB_TYPE_INT;
	return true;
}

bool
lb_conversion_address(struct lb_value *v)
{
	struct address a;
	struct endpoint e;

	if (v->type == LB_TYPE_IPV4 || v->type == LB_TYPE_IPV6)
		return true;
	if (v->type != LB_TYPE_STR || address_ip(v->text, 0, &a) < 0)
		return false;
	e = address_endpoint(&a);
	v->type = e.family == AF_INET ? LB_TYPE_IPV4 : LB_TYPE_IPV6;
	memcpy(v->ip, e.ip, sizeof v->ip);
	return true;
}

static bool
cast(struct lb_scene *c, struct lb_value *v, enum lb_type to)
{
	switch (to) {
	case LB_TYPE_STR:
		return lb_conversion_text(c, v);
	case LB_TYPE_BIN:
		if (v->type == LB_TYPE_IPV4 || v->type == LB_TYPE_IPV6) {
			size_t len = v->type == LB_TYPE_IPV4 ? 4 : 16;
			char *at = take_room(c, len);

			if (at == NULL)
				return false;
			memcpy(at, v->ip, len);
			v->text = (struct text){ at, len };
			v->type = LB_TYPE_BIN;
			return true;
		}
		return lb_conversion_text(c, v);
	case LB_TYPE_INT:
		return lb_conversion_number(v);
	case LB_TYPE_BOOL:
		if (!lb_conversion_number(v))
			return false;
		v->number = v->number != 0;
		v->type = LB_TYPE_BOOL;
		return true;
	case LB_TYPE_ADDR:
		return lb_conversion_address(v);
	default:
		return true;
	}
}

/* ---- converters -------------------------------------------------------- */

typedef bool convert_fn(struct lb_scene *, const struct lb_arg *,
    struct lb_value *);

#define NUMBER(name, ...)						\
static bool								\
do_##name(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v) \
{									\
	uint64_t n = (uint64_t)v->number, m = (uint64_t)a[0].number;	\
									\
	(void)m;							\
	v->number = (int64_t)(__VA_ARGS__);				\
	return true;							\
}

NUMBER(add, n + m)
NUMBER(sub, n - m)
NUMBER(mul, n * m)
NUMBER(and, n & m)
NUMBER(or, n | m)
NUMBER(xor, n ^ m)
NUMBER(cpl, ~n)
NUMBER(neg, 0 - n)

static bool
do_div(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	v->number = a[0].number == 0 ? INT64_MAX :
	    a[0].number == -1 ? (int64_t)(0 - (uint64_t)v->number) :
	    v->number / a[0].number;
	return true;
}

static bool
do_mod(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	v->number = a[0].number == 0 || a[0].number == -1 ? 0 :
	    v->number % a[0].number;
	return true;
}

#define TRUTH(name, ...)						\
static bool								\
do_##name(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v) \
{									\
	v->number = (__VA_ARGS__);					\
	v->type = LB_TYPE_BOOL;						\
	return true;							\
}

TRUTH(bool, v->number != 0)
TRUTH(not, v->number == 0)
TRUTH(even, (v->number & 1) == 0)
TRUTH(odd, (v->number & 1) != 0)

static bool
do_length(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	v->number = (int64_t)v->text.len;
	v->type = LB_TYPE_INT;
	return true;
}

static bool
map_bytes(struct lb_scene *c, struct lb_value *v, int (*map)(int))
{
	char *to = take_room(c, v->text.len + 1);

	if (to == NULL)
		return false;
	for (size_t i = 0; i < v->text.len; i++)
		to[i] = (char)map((unsigned char)v->text.at[i]);
	v->text.at = to;
	return true;
}

static bool
do_lower(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	return map_bytes(c, v, tolower);
}

static bool
do_upper(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	return map_bytes(c, v, toupper);
}

static bool
do_bytes(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	size_t from = (size_t)a[0].number;

	if (a[0].number < 0 || from >= v->text.len)
		return false;
	v->text = text_from(v->text, from);
	if (a[1].kind != LB_ARG_NONE && a[1].number >= 0 &&
	    (size_t)a[1].number < v->text.len)
		v->text.len = (size_t)a[1].number;
	return true;
}

static bool
do_hex(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	static const char digits[] = "0123456789ABCDEF";
	char *to = take_room(c, v->text.len * 2 + 1);

	if (to == NULL)
		return false;
	for (size_t i = 0; i < v->text.len; i++) {
		to[2 * i] = digits[(unsigned char)v->text.at[i] >> 4];
		to[2 * i + 1] = digits[(unsigned char)v->text.at[i] & 15];
	}
	v->text = (struct text){ to, v->text.len * 2 };
	v->type = LB_TYPE_STR;
	return true;
}

/*
 * The n-th piece between separators; from the end when n is negative. words:
 * empty pieces do not count.
 */
static bool
pick_piece(struct text t, int64_t n, const char *seps, bool words,
    struct text *piece)
{
	struct text found[64], rest = t;
	int64_t count = 0;
	size_t start = 0;

	for (size_t i = 0; i <= t.len && count < 64; i++) {
		if (i < t.len && strchr(seps, t.at[i]) == NULL)
			continue;
		rest = (struct text){ t.at + start, i - start };
		start = i + 1;
		if (!words || rest.len > 0)
			found[count++] = rest;
	}
	if (n < 0)
		n = count + n + 1;
	if (n < 1 || n > count)
		return false;
	*piece = found[n - 1];
	return true;
}

static bool
do_word(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	return pick_piece(v->text, a[0].number, a[1].text, true, &v->text);
}

static bool
do_field(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	return pick_piece(v->text, a[0].number, a[1].text, false, &v->text);
}

static bool
do_ltrim(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	while (v->text.len > 0 && strchr(a[0].text, v->text.at[0]) != NULL)
		v->text = text_from(v->text, 1);
	return true;
}

static bool
do_rtrim(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	while (v->text.len > 0 &&
	    strchr(a[0].text, v->text.at[v->text.len - 1]) != NULL)
		v->text.len--;
	return true;
}

static bool
do_host_only(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct text t = v->text;
	const char *end = t.len > 0 && t.at[0] == '[' ?
	    memchr(t.at, ']', t.len) : NULL;
	const char *colon = end != NULL ? end + 1 :
	    t.len > 0 ? memchr(t.at, ':', t.len) : NULL;

	if (colon != NULL)
		v->text.len = (size_t)(colon - t.at);
	return true;
}

static bool
do_port_only(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	size_t i = v->text.len;

	while (i > 0 && isdigit((unsigned char)v->text.at[i - 1]))
		i--;
	v->type = LB_TYPE_INT;
	v->number = 0;
	if (i > 0 && v->text.at[i - 1] == ':')
		read_digits(text_from(v->text, i), &v->number);
	return true;
}

static bool
do_ipmask(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	const struct lb_arg *mask = v->type == LB_TYPE_IPV4 ? &a[0] : &a[1];
	unsigned len = v->type == LB_TYPE_IPV4 ? 4 : 16;

	if (mask->kind == LB_ARG_NONE)
		return false;
	for (unsigned i = 0; i < len; i++)
		v->ip[i] &= mask->ip[i];
	return true;
}

static bool
do_iif(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	v->text = text_of(v->number != 0 ? a[0].text : a[1].text);
	v->type = LB_TYPE_STR;
	return true;
}

static bool
do_nothing(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	return true;
}

#define DIGEST(name)							\
static bool								\
do_##name(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v) \
{									\
	uint32_t h = lb_digest_##name(v->text);				\
									\
	if (a[0].kind != LB_ARG_NONE && a[0].number != 0)		\
		h = lb_digest_avalanche(h);				\
	v->number = h;							\
	v->type = LB_TYPE_INT;						\
	return true;							\
}

DIGEST(sdbm)
DIGEST(djb2)
DIGEST(wt6)
DIGEST(crc32)

static bool
do_nbsrv(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	char name[256];
	struct lb_proxy *p;

	snprintf(name, sizeof name, "%.*s", TEXT_ARG(v->text));
	p = lb_world_backend(name);
	if (p == NULL)
		return false;
	lb_proxy_lock(p);
	v->number = p->active > 0 ? p->active : p->backups;
	lb_proxy_unlock(p);
	v->type = LB_TYPE_INT;
	return true;
}

static const struct row {
	const char *name;
	convert_fn *apply;
} rows[] = {
	{ "add", do_add }, { "sub", do_sub }, { "mul", do_mul },
	{ "div", do_div }, { "mod", do_mod }, { "and", do_and },
	{ "or", do_or }, { "xor", do_xor }, { "cpl", do_cpl },
	{ "neg", do_neg }, { "bool", do_bool }, { "not", do_not },
	{ "even", do_even }, { "odd", do_odd }, { "length", do_length },
	{ "lower", do_lower }, { "upper", do_upper }, { "bytes", do_bytes },
	{ "hex", do_hex }, { "word", do_word }, { "field", do_field },
	{ "ltrim", do_ltrim }, { "rtrim", do_rtrim },
	{ "host_only", do_host_only }, { "port_only", do_port_only },
	{ "ipmask", do_ipmask }, { "iif", do_iif }, { "str", do_nothing },
	{ "ip", do_nothing }, { "int", do_nothing },
	{ "sdbm", do_sdbm }, { "djb2", do_djb2 }, { "wt6", do_wt6 },
	{ "crc32", do_crc32 }, { "nbsrv", do_nbsrv },
};

static convert_fn **appliers;		/* by the place in lb_converters */

void
lb_conversion_init(void)
{
	size_t n = 0;

	while (lb_converters[n].name != NULL)
		n++;
	appliers = mem_need((n + 1) * sizeof *appliers);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct lb_converter *row =
		    lb_converters_find(text_of(rows[i].name));

		if (row != NULL)
			appliers[row - lb_converters] = rows[i].apply;
	}
}

/* An operand may be a variable: those are not carried out yet. */
bool
lb_conversion_knows(const struct lb_converter *row)
{
	return appliers[row - lb_converters] != NULL;
}

bool
lb_conversion_apply(struct lb_scene *c, const struct lb_conversion *use,
    struct lb_value *v)
{
	const struct lb_converter *row = use->converter;
	convert_fn *apply = appliers[row - lb_converters];

	return apply != NULL && cast(c, v, row->in) &&
	    apply(c, use->args, v);
}
