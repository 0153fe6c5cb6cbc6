/* SPDX-License-Identifier: ISC */
/* fetch_var.c - variables in expressions. On the scene's loop. */
#include <openssl/crypto.h>

#include "balancer/casting.h"
#include "balancer/fetch_var.h"
#include "balancer/variables.h"

static bool
get_var(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	if (lb_variables_get(c, a[0].text, v))
		return true;
	v->type = LB_TYPE_STR;
	v->text = text_of(a[1].text);
	return a[1].kind != LB_ARG_NONE;
}

const struct lb_scene_row lb_fetch_var_rows[] = {
	{ "var", get_var },
	{ NULL, NULL }
};

bool
lb_fetch_var_operand(struct lb_scene *c, const struct lb_arg *a, int64_t *n)
{
	struct lb_value v;

	*n = a->number;
	if (a->kind != LB_ARG_OPERAND || a->text == NULL)
		return true;
	if (!lb_variables_get(c, a->text, &v) || !lb_casting_number(&v))
		return false;
	*n = v.number;
	return true;
}

/* ---- converters -------------------------------------------------------- */

static bool
do_set(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	lb_variables_set(c, a[0].text, v, lb_variables_when(
	    a[1].kind == LB_ARG_NONE ? NULL : a[1].text));
	return true;
}

static bool
do_unset(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	lb_variables_unset(c, a[0].text);
	return true;
}

static bool
get_text(struct lb_scene *c, const char *name, struct text *t)
{
	struct lb_value v;

	if (!lb_variables_get(c, name, &v) || !lb_casting_text(c, &v))
		return false;
	*t = v.text;
	return true;
}

/* Text, variable, text behind: whatever of it there is. */
static bool
do_concat(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct text pieces[4] = { v->text, text_of(a[0].text), TEXT_NONE,
	    text_of(a[2].text) };
	size_t len = 0;
	char *to;

	if (a[1].kind != LB_ARG_NONE && a[1].text[0] != '\0')
		get_text(c, a[1].text, &pieces[2]);
	for (unsigned i = 0; i < 4; i++)
		len += pieces[i].len;
	to = lb_scene_room(c, len + 1);
	if (to == NULL)
		return false;
	v->text = (struct text){ to, len };
	for (unsigned i = 0; i < 4; i++) {
		if (pieces[i].len > 0)
			memcpy(to, pieces[i].at, pieces[i].len);
		to += pieces[i].len;
	}
	return true;
}

static bool
do_strcmp(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct text other;

	return get_text(c, a[0].text, &other) &&
	    lb_scene_number(v, text_compare(v->text, other));
}

static bool
do_memcmp(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	struct text other;

	if (!get_text(c, a[0].text, &other))
		return false;
	return lb_scene_truth(v, other.len == v->text.len &&
	    CRYPTO_memcmp(other.at, v->text.at, other.len) == 0);
}

const struct lb_scene_row lb_fetch_var_converters[] = {
	{ "set-var", do_set }, { "unset-var", do_unset },
	{ "concat", do_concat }, { "strcmp", do_strcmp },
	{ "secure_memcmp", do_memcmp },
	{ NULL, NULL }
};
