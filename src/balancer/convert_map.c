/* SPDX-License-Identifier: ISC */
/*
 * convert_map.c - values that a file tells, and replacing by regular
 * expressions. On the scene's loop.
 */
#include "balancer/casting.h"
#include "balancer/convert_map.h"
#include "balancer/mapfile.h"
#include "balancer/matching.h"

/* Of beginnings and networks the longest wins, of all else the first. */
static size_t
length_of(const struct lb_mapfile *m, const struct lb_map_entry *e)
{
	return m->how == LB_MATCH_IP ? e->key.prefix.bits : e->key.len;
}

static const struct lb_map_entry *
find(struct lb_scene *c, const struct lb_mapfile *m, struct lb_value *v)
{
	const struct lb_map_entry *best = NULL;

	if (!lb_matching_prepare(c, m->how, v))
		return NULL;
	if (m->how == LB_MATCH_STR)
		return lb_mapfile_find(m, v->text);
	for (unsigned i = 0; i < m->entries.count; i++) {
		const struct lb_map_entry *e = m->entries.at[i];

		if ((best != NULL && length_of(m, e) <= length_of(m, best)) ||
		    !lb_matching_hits(&e->key, m->how, false, v))
			continue;
		best = e;
		if (m->how != LB_MATCH_BEG && m->how != LB_MATCH_IP)
			break;
	}
	return best;
}

/* A value with \1 and so on is made of what the key matched. */
static bool
expand(struct lb_scene *c, const struct lb_map_entry *e, struct lb_value *v)
{
	struct text groups[LB_REGEX_GROUPS];
	size_t room = sizeof c->room - c->used;
	char *to = c->room + c->used;

	if (!lb_regex_find(e->key.regex, v->text, 0, groups))
		return false;
	v->text = (struct text){ to, lb_regex_expand(text_of(e->value),
	    groups, to, room) };
	c->used += v->text.len;
	return true;
}

static bool
look_up(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	const struct lb_mapfile *m = a[0].map;
	const struct lb_map_entry *e = m == NULL ? NULL : find(c, m, v);

	if (e == NULL && a[1].kind == LB_ARG_NONE)
		return false;
	v->type = LB_TYPE_STR;
	if (e != NULL && m->expands)
		return expand(c, e, v);
	v->text = text_of(e != NULL ? e->value : a[1].text);
	return true;
}

static bool
do_text(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	return look_up(c, a, v);
}

static bool
do_number(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	return look_up(c, a, v) && lb_casting_number(v);
}

static bool
do_address(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	return look_up(c, a, v) && lb_casting_address(v);
}

/* Flags g: all of them; i was looked at when it was compiled. */
static bool
do_regsub(struct lb_scene *c, const struct lb_arg *a, struct lb_value *v)
{
	bool all = a[2].kind != LB_ARG_NONE && strchr(a[2].text, 'g') != NULL;
	char *to = c->room + c->used;
	size_t room = sizeof c->room - c->used, len = 0, at = 0, n;
	struct text groups[LB_REGEX_GROUPS], t = v->text;

	while (at <= t.len && lb_regex_find(a[0].regex, t, at, groups)) {
		n = (size_t)(groups[0].at - t.at) - at;
		if (n > room - len)
			return false;
		memcpy(to + len, t.at + at, n);
		len += n;
		at += n + groups[0].len;
		len += lb_regex_expand(text_of(a[1].text), groups, to + len,
		    room - len);
		if (groups[0].len == 0) {	/* matched nothing: move on */
			if (at < t.len && len < room)
				to[len++] = t.at[at];
			at++;
		}
		if (!all)
			break;
	}
	if (at < t.len) {
		n = t.len - at < room - len ? t.len - at : room - len;
		memcpy(to + len, t.at + at, n);
		len += n;
	}
	v->text = (struct text){ to, len };
	c->used += len;
	return true;
}

#define KINDS(X, suffix, apply)						\
	X("map_str" suffix, apply) X("map_beg" suffix, apply)		\
	X("map_end" suffix, apply) X("map_sub" suffix, apply)		\
	X("map_dir" suffix, apply) X("map_dom" suffix, apply)		\
	X("map_len" suffix, apply) X("map_reg" suffix, apply)		\
	X("map_int" suffix, apply) X("map_ip" suffix, apply)		\
	X("map_key" suffix, apply)
#define ROW(name, apply)	{ name, apply },

const struct lb_scene_row lb_convert_map_rows[] = {
	{ "map", do_text }, { "map_regm", do_text },
	KINDS(ROW, "", do_text)
	KINDS(ROW, "_str", do_text)
	KINDS(ROW, "_int", do_number)
	KINDS(ROW, "_ip", do_address)
	{ "regsub", do_regsub },
	{ NULL, NULL }
};
