/* SPDX-License-Identifier: ISC */
/* sketch.c - formats and variables without a session. Loop 0. */
#include <stdio.h>

#include "balancer/casting.h"
#include "balancer/logformat.h"
#include "balancer/proxy.h"
#include "balancer/record.h"
#include "balancer/rule.h"
#include "balancer/sampling.h"
#include "balancer/sketch.h"
#include "balancer/variables.h"
#include "net/socket.h"

enum { VALUE_MOST = 4096 };

static struct lb_scene *
set_scene(const struct lb_sketch *k)
{
	struct lb_scene *c = lb_sampling_scene(NULL, k->server == NULL ?
	    NULL : k->server->proxy);

	c->final = true;
	c->variables = k->variables;
	c->server = k->server;
	c->response = k->got;
	c->fd = k->fd;
	return c;
}

/* ---- aliases ----------------------------------------------------------- */

/* %bi, %bp, %si, %sp: both ends of the check's connection. */
static size_t
put_end(const struct lb_sketch *k, const char *name, char *to, size_t room)
{
	struct address a;
	struct endpoint e;
	char ip[ADDRESS_TEXT];
	int len;

	if (k->fd < 0 || (name[0] == 'b' ? socket_local : socket_peer)(k->fd,
	    &a) < 0)
		return 0;
	e = address_endpoint(&a);
	len = name[1] == 'i' ?
	    snprintf(to, room, "%s", endpoint_ip(&e, ip)) :
	    snprintf(to, room, "%u", e.port);
	return len < 0 ? 0 : (size_t)len;
}

static size_t
put_alias(const struct lb_sketch *k, const struct lb_part *part, char *to,
    size_t room)
{
	const struct lb_server *s = k->server;
	const char *name = part->alias->name, *text;
	int len;

	if (strcmp(name, "s") == 0)
		text = s != NULL ? s->conf->name : "<NOSRV>";
	else if (strcmp(name, "b") == 0)
		text = s != NULL ? s->proxy->conf->name : "CFG";
	else if (strcmp(name, "f") == 0)
		text = s != NULL ? "CHECKS-FE" : "CFG";
	else if (strlen(name) == 2 && strchr("bs", name[0]) != NULL &&
	    strchr("ip", name[1]) != NULL)
		return put_end(k, name, to, room);
	else
		return lb_record_alone(part, to, room);
	len = snprintf(to, room, "%s", text);
	return len < 0 ? 0 : (size_t)len < room ? (size_t)len : room - 1;
}

/* ---- formats ----------------------------------------------------------- */

static struct text
value_of(const struct lb_sketch *k, const struct lb_part *part, char *to,
    size_t room)
{
	struct lb_scene *c;
	struct lb_value v;

	if (part->kind == LB_PART_ALIAS)
		return (struct text){ to, put_alias(k, part, to, room) };
	c = set_scene(k);
	if (!lb_sampling_get(c, part->expr, &v) || !lb_casting_text(c, &v))
		return TEXT("");
	return v.text;
}

size_t
lb_sketch_format(const struct lb_sketch *k, const struct lb_format *f,
    char *to, size_t room)
{
	char value[VALUE_MOST];
	size_t len = 0;

	for (unsigned i = 0; f != NULL && i < f->count; i++) {
		const struct lb_part *part = &f->parts[i];
		struct text t = part->kind == LB_PART_TEXT ?
		    text_of(part->text) :
		    value_of(k, part, value, sizeof value);

		len += lb_record_wrap(part, t, to + len, room - 1 - len);
	}
	to[len] = '\0';
	return len;
}

/* ---- values and variables ---------------------------------------------- */

bool
lb_sketch_value(const struct lb_sketch *k, const struct lb_expr *e,
    struct lb_value *v)
{
	return lb_sampling_get(set_scene(k), e, v);
}

void
lb_sketch_set(const struct lb_sketch *k, const struct lb_sketch_rule *r)
{
	char text[VALUE_MOST];
	struct lb_value v = { .type = LB_TYPE_STR };
	struct lb_scene *c;

	if (r->format != NULL)
		v.text = (struct text){ text, lb_sketch_format(k, r->format,
		    text, sizeof text) };
	c = set_scene(k);
	if (r->format == NULL && !lb_sampling_get(c, r->expr, &v))
		return;
	lb_variables_set(c, r->name, &v, lb_variables_when(r->when));
}

void
lb_sketch_unset(const struct lb_sketch *k, const char *name)
{
	lb_variables_unset(set_scene(k), name);
}

void
lb_sketch_preset(const struct lb_global_conf *g)
{
	const struct lb_sketch nobody = { .fd = -1 };

	for (unsigned i = 0; i < g->variables.count; i++) {
		const struct lb_rule *r = g->variables.at[i];

		lb_sketch_set(&nobody, &(struct lb_sketch_rule){
		    .name = r->name, .expr = r->expr, .format = r->format });
	}
}
