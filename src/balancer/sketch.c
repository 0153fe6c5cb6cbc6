/* SPDX-License-Identifier: ISC */
/* sketch.c - formats in checks. Loop 0. */
#include "balancer/casting.h"
#include "balancer/logformat.h"
#include "balancer/proxy.h"
#include "balancer/sampling.h"
#include "balancer/sketch.h"

static struct text
value_of(const struct lb_server *s, const struct lb_part *part)
{
	struct lb_scene *scene;
	struct lb_value v;
	char name = part->alias != NULL ? part->alias->name[0] : 0;

	if (part->kind == LB_PART_TEXT)
		return text_of(part->text);
	if (part->kind == LB_PART_ALIAS)
		return name == 's' ? text_of(s->conf->name) : name == 'b' ?
		    text_of(s->proxy->conf->name) : TEXT("-");
	scene = lb_sampling_scene(NULL, s->proxy);
	scene->final = true;
	if (!lb_sampling_get(scene, part->expr, &v) ||
	    !lb_casting_text(scene, &v))
		return TEXT("");
	return v.text;
}

size_t
lb_sketch_format(const struct lb_server *s, const struct lb_format *f,
    char *to, size_t room)
{
	size_t len = 0;

	for (unsigned i = 0; f != NULL && i < f->count; i++) {
		struct text t = value_of(s, &f->parts[i]);

		if (t.len > room - 1 - len)
			t.len = room - 1 - len;
		memcpy(to + len, t.at, t.len);
		len += t.len;
	}
	to[len] = '\0';
	return len;
}
