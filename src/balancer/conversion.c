/* SPDX-License-Identifier: ISC */
/* conversion.c - converters, one row each. On the scene's loop. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "balancer/casting.h"
#include "balancer/conversion.h"
#include "balancer/convert_map.h"
#include "balancer/convert_text.h"
#include "balancer/convert_token.h"
#include "balancer/convert_wire.h"
#include "balancer/converters.h"
#include "balancer/digest.h"
#include "balancer/fetch_table.h"
#include "balancer/fetch_var.h"
#include "balancer/world.h"
#include "base/mem.h"
#include "base/number.h"

/* ---- types ------------------------------------------------------------- */

static bool
cast(struct lb_scene *c, struct lb_value *v, enum lb_type to)
{
	switch (to) {
	case LB_TYPE_STR:
		return lb_casting_text(c, v);
	case LB_TYPE_BIN:
		if (v->type == LB_TYPE_IPV4 || v->type == LB_TYPE_IPV6) {
			size_t len = v->type == LB_TYPE_IPV4 ? 4 : 16;
			char *at = lb_scene_room(c, len);

			if (at == NULL)
				return false;
			memcpy(at, v->ip, len);
			v->text = (struct text){ at, len };
			v->type = LB_TYPE_BIN;
			return true;
		}
		return lb_casting_text(c, v);
	case LB_TYPE_INT:
		return lb_casting_number(v);
	case LB_TYPE_BOOL:
		if (!lb_casting_number(v))
			return false;
		v->number = v->number != 0;
		v->type = LB_TYPE_BOOL;
		return true;
	case LB_TYPE_ADDR:
		return lb_casting_address(v);
	default:
		return true;
	}
}

/* ---- converters -------------------------------------------------------- */

#define NUMBER(name, ...)						\
static bool								\
do_##name(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v) \
{									\
	uint64_t n = (uint64_t)v->number, m;				\
	int64_t operand = 0;						\
									\
	if (a[0].kind == LB_ARG_OPERAND &&				\
	    !lb_fetch_var_operand(c, &a[0], &operand))			\
		return false;						\
	m = (uint64_t)operand;						\
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
	int64_t by;

	if (!lb_fetch_var_operand(c, &a[0], &by))
		return false;
	v->number = by == 0 ? INT64_MAX :
	    by == -1 ? (int64_t)(0 - (uint64_t)v->number) : v->number / by;
	return true;
}

static bool
do_mod(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	int64_t by;

	if (!lb_fetch_var_operand(c, &a[0], &by))
		return false;
	v->number = by == 0 || by == -1 ? 0 : v->number % by;
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
	char *to = lb_scene_room(c, v->text.len + 1);

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
	int64_t from, len;

	if (!lb_fetch_var_operand(c, &a[0], &from) ||
	    !lb_fetch_var_operand(c, &a[1], &len) ||
	    from < 0 || (uint64_t)from >= v->text.len)
		return false;
	v->text = text_from(v->text, (size_t)from);
	if (a[1].kind != LB_ARG_NONE && len >= 0 &&
	    (uint64_t)len < v->text.len)
		v->text.len = (size_t)len;
	return true;
}

static bool
do_hex(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	static const char digits[] = "0123456789ABCDEF";
	char *to = lb_scene_room(c, v->text.len * 2 + 1);

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
		lb_casting_digits(text_from(v->text, i), &v->number);
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

static const struct lb_scene_row rows[] = {
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
	{ NULL, NULL }
};

static const struct lb_scene_row *const lists[] = { rows,
    lb_convert_map_rows, lb_convert_text_rows, lb_convert_token_rows,
    lb_convert_wire_rows, lb_fetch_table_converters,
    lb_fetch_var_converters };
static lb_scene_fn **appliers;		/* by the place in lb_converters */

static void
enlist(const struct lb_scene_row *row)
{
	const struct lb_converter *c;

	for (; row->name != NULL; row++) {
		c = lb_converters_find(text_of(row->name));
		if (c != NULL)
			appliers[c - lb_converters] = row->get;
	}
}

void
lb_conversion_init(void)
{
	size_t n = 0;

	while (lb_converters[n].name != NULL)
		n++;
	appliers = mem_need((n + 1) * sizeof *appliers);
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		enlist(lists[i]);
}

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
	lb_scene_fn *apply = appliers[row - lb_converters];

	return apply != NULL && cast(c, v, row->in) &&
	    apply(c, use->args, v);
}
