/* SPDX-License-Identifier: ISC */
/*
 * portal.c - the registers of statements and portals of one console, loop 0.
 */
#include "base/mem.h"
#include "pooler/commands.h"
#include "pooler/datarow.h"
#include "pooler/portal.h"

static const char broken[] = "08P01", no_memory[] = "53200",
    no_statement[] = "26000", twice[] = "42P05", portal_twice[] = "42P03",
    too_many[] = "54000";

static int
say(struct pl_portal_fault *f, const char *code, const char *text)
{
	f->code = code;
	return why_set(&f->why, "%s", text);
}

static int
say_order(struct pl_portal_fault *f, enum pl_order_fault order,
    struct text text)
{
	f->code = broken;
	f->order = order;
	f->text = text;
	return -1;
}

void
pl_portal_init(struct pl_portals *p)
{
	*p = (struct pl_portals){ .statement_count = 0 };
	TAILQ_INIT(&p->statements);
	TAILQ_INIT(&p->portals);
}

static void
free_statement(struct pl_prepared *s)
{
	if (s == NULL)
		return;
	mem_drop(s->name);
	mem_drop(s->text);
	mem_drop(s);
}

static void
free_portal(struct pl_portal *q)
{
	if (q == NULL)
		return;
	pl_view_end(&q->walk);
	mem_drop(q->name);
	mem_drop(q->text);
	mem_drop(q);
}

static void
drop_statement(struct pl_portals *p, struct pl_prepared *s)
{
	if (s == NULL)
		return;
	TAILQ_REMOVE(&p->statements, s, link);
	p->statement_count--;
	free_statement(s);
}

static void
drop_portal(struct pl_portals *p, struct pl_portal *q)
{
	if (q == NULL)
		return;
	TAILQ_REMOVE(&p->portals, q, link);
	p->portal_count--;
	free_portal(q);
}

void
pl_portal_end_all(struct pl_portals *p)
{
	while (!TAILQ_EMPTY(&p->portals))
		drop_portal(p, TAILQ_FIRST(&p->portals));
}

void
pl_portal_fini(struct pl_portals *p)
{
	while (!TAILQ_EMPTY(&p->statements))
		drop_statement(p, TAILQ_FIRST(&p->statements));
	pl_portal_end_all(p);
}

struct pl_prepared *
pl_portal_statement(struct pl_portals *p, struct text name)
{
	struct pl_prepared *s;

	TAILQ_FOREACH(s, &p->statements, link)
		if (text_is(name, s->name))
			return s;
	return NULL;
}

struct pl_portal *
pl_portal_find(struct pl_portals *p, struct text name)
{
	struct pl_portal *q;

	TAILQ_FOREACH(q, &p->portals, link)
		if (text_is(name, q->name))
			return q;
	return NULL;
}

void
pl_portal_close(struct pl_portals *p, char kind, struct text name)
{
	if (kind == 'S')
		drop_statement(p, pl_portal_statement(p, name));
	else
		drop_portal(p, pl_portal_find(p, name));
}

/* ---- Parse -------------------------------------------------------------- */

static bool
read_types(struct message_reader *r, struct pl_prepared *s)
{
	uint16_t count;
	uint32_t type;

	if (!message_read_u16(r, &count))
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (!message_read_u32(r, &type))
			return false;
		if (i < PL_PORTAL_PARAMS)
			s->types[i] = type;
	}
	return message_at_end(r);
}

/* Drivers ask so whether a connection is alive. */
static bool
is_empty(const char *text)
{
	struct text t = text_trim(text_of(text));

	return t.len == 0 || text_is(t, ";");
}

static int
fill_statement(struct pl_prepared *s, struct text name, struct text text,
    struct pl_portal_fault *f)
{
	enum pl_order_fault fault;

	s->name = mem_copy(name);
	s->text = mem_copy(text);
	if (s->name == NULL || s->text == NULL)
		return say(f, no_memory, "out of memory");
	s->empty = is_empty(s->text);
	if (s->empty)
		return 0;
	fault = pl_order_parse(text_of(s->text), true, &s->order);
	if (fault == PL_ORDER_FINE && pl_commands_find(&s->order) == NULL)
		fault = PL_ORDER_INVALID;
	s->params = pl_order_params(&s->order);
	return fault == PL_ORDER_FINE ? 0 : say_order(f, fault, text);
}

/* The unnamed ones are replaced, of the others each name is used once. */
static int
make_room(struct pl_portals *p, struct text name, struct pl_portal_fault *f)
{
	if (name.len == 0)
		pl_portal_close(p, 'S', name);
	else if (pl_portal_statement(p, name) != NULL) {
		f->code = twice;
		return why_set(&f->why, "prepared statement \"%.*s\" already "
		    "exists", TEXT_ARG(name));
	}
	if (p->statement_count == PL_PORTAL_MOST)
		return say(f, too_many, "too many prepared statements");
	return 0;
}

int
pl_portal_parse(struct pl_portals *p, struct text body,
    struct pl_portal_fault *f)
{
	struct message_reader r = message_reader(body);
	struct pl_prepared *s;
	struct text name, text;

	*f = (struct pl_portal_fault){ .code = broken };
	if (!message_read_string(&r, &name) || !message_read_string(&r, &text))
		return say(f, broken, "broken Parse packet");
	if (make_room(p, name, f) != 0)
		return -1;
	s = mem_zero(sizeof *s);
	if (s == NULL)
		return say(f, no_memory, "out of memory");
	if (!read_types(&r, s)) {
		free_statement(s);
		return say(f, broken, "broken Parse packet");
	}
	if (fill_statement(s, name, text, f) != 0) {
		free_statement(s);
		return -1;
	}
	TAILQ_INSERT_TAIL(&p->statements, s, link);
	p->statement_count++;
	return 0;
}

/* ---- Bind --------------------------------------------------------------- */

struct bound {
	struct text values[PL_PORTAL_PARAMS];
	char digits[PL_PORTAL_PARAMS][PL_DATAROW_DIGITS];
	uint16_t count;
};

/* A list of formats as bits; one alone is meant for all. */
static bool
read_formats(struct message_reader *r, uint32_t *bits)
{
	uint16_t count, format;

	*bits = 0;
	if (!message_read_u16(r, &count))
		return false;
	for (unsigned i = 0; i < count; i++) {
		if (!message_read_u16(r, &format) || format > 1)
			return false;
		if (i < 32)
			*bits |= (uint32_t)format << i;
	}
	if (count == 1 && *bits != 0)
		*bits = UINT32_MAX;
	return true;
}

static bool
read_values(struct message_reader *r, const struct pl_prepared *s,
    struct bound *b)
{
	uint32_t binary;

	if (!read_formats(r, &binary) || !message_read_u16(r, &b->count) ||
	    b->count > PL_PORTAL_PARAMS)
		return false;
	for (unsigned i = 0; i < b->count; i++)
		if (!message_read_value(r, &b->values[i]) ||
		    !pl_datarow_param(s->types[i], binary >> i & 1,
		    &b->values[i], b->digits[i]))
			return false;
	return true;
}

static int
fill_portal(struct pl_portal *q, const struct pl_prepared *s,
    struct text name, const struct bound *b, struct pl_portal_fault *f)
{
	enum pl_order_fault fault;

	q->name = mem_copy(name);
	q->text = mem_copy(text_of(s->text));
	if (q->name == NULL || q->text == NULL)
		return say(f, no_memory, "out of memory");
	q->order = s->order;
	q->empty = s->empty;
	q->order.text = text_of(q->text);
	fault = pl_order_fill(&q->order, b->values, b->count);
	return fault == PL_ORDER_FINE ? 0 :
	    say_order(f, fault, text_of(s->text));
}

static int
add_portal(struct pl_portals *p, struct text name, const struct bound *b,
    const struct pl_prepared *s, uint32_t binary, struct pl_portal_fault *f)
{
	struct pl_portal *q;

	if (name.len == 0)
		pl_portal_close(p, 'P', name);
	else if (pl_portal_find(p, name) != NULL)
		return say(f, portal_twice, "cursor already exists");
	if (p->portal_count == PL_PORTAL_MOST)
		return say(f, too_many, "too many portals");
	q = mem_zero(sizeof *q);
	if (q == NULL)
		return say(f, no_memory, "out of memory");
	if (fill_portal(q, s, name, b, f) != 0) {
		free_portal(q);
		return -1;
	}
	q->binary = binary;
	TAILQ_INSERT_TAIL(&p->portals, q, link);
	p->portal_count++;
	return 0;
}

int
pl_portal_bind(struct pl_portals *p, struct text body,
    struct pl_portal_fault *f)
{
	struct message_reader r = message_reader(body);
	const struct pl_prepared *s;
	struct text portal, name;
	struct bound b = { .count = 0 };
	uint32_t binary;

	*f = (struct pl_portal_fault){ .code = broken };
	if (!message_read_string(&r, &portal) ||
	    !message_read_string(&r, &name))
		return say(f, broken, "broken Bind packet");
	s = pl_portal_statement(p, name);
	if (s == NULL) {
		f->code = no_statement;
		return why_set(&f->why, "prepared statement \"%.*s\" does "
		    "not exist", TEXT_ARG(name));
	}
	if (!read_values(&r, s, &b) || !read_formats(&r, &binary) ||
	    !message_at_end(&r))
		return say(f, broken, "broken Bind packet");
	return add_portal(p, portal, &b, s, binary, f);
}
