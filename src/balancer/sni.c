/* SPDX-License-Identifier: ISC */
/*
 * sni.c - names in a map, each with the certificates that are for it in the
 * order in which they were told.
 */
#include <ctype.h>

#include "balancer/sni.h"
#include "base/map.h"
#include "base/mem.h"

enum { NAME_MOST = 256 };

struct holder {				/* of a name */
	struct holder *next;
	unsigned number;
	bool not;			/* it is not to be shown for it */
};

struct lb_sni {
	struct map *names;		/* of struct holder; "*.b" as ".b" */
	unsigned usual;
	bool strict;
};

struct lb_sni *
lb_sni_new(bool strict)
{
	struct lb_sni *s = mem_zero(sizeof *s);

	if (s != NULL)
		s->strict = strict;
	return s;
}

static void
free_holders(void *value)
{
	struct holder *h = value, *next;

	for (; h != NULL; h = next) {
		next = h->next;
		mem_drop(h);
	}
}

void
lb_sni_free(struct lb_sni **sp)
{
	struct lb_sni *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	map_free(&s->names, free_holders);
	mem_drop(s);
}

/* In lower case; "" when it is too long to be a name. */
static struct text
fold(struct text name, char to[NAME_MOST])
{
	if (name.len >= NAME_MOST)
		name.len = 0;
	for (size_t i = 0; i < name.len; i++)
		to[i] = (char)tolower((unsigned char)name.at[i]);
	return (struct text){ to, name.len };
}

int
lb_sni_add(struct lb_sni *s, unsigned number, struct text name)
{
	struct holder *h, *first;
	char folded[NAME_MOST];
	bool not = text_begins(name, "!");

	name = fold(not ? text_from(name, 1) : name, folded);
	if (text_begins(name, "*."))
		name = text_from(name, 1);
	if (name.len == 0)
		return 0;
	h = mem_zero(sizeof *h);
	if (h == NULL)
		return -1;
	h->number = number;
	h->not = not;
	first = map_find(s->names, name);
	if (first == NULL && map_put(&s->names, name, h) == 0)
		return 0;
	if (first == NULL) {
		mem_drop(h);
		return -1;
	}
	while (first->next != NULL)
		first = first->next;
	first->next = h;
	return 0;
}

void
lb_sni_set_usual(struct lb_sni *s, unsigned number)
{
	s->usual = number;
}

static bool
is_excluded(const struct holder *exact, unsigned number)
{
	for (; exact != NULL; exact = exact->next)
		if (exact->not && exact->number == number)
			return true;
	return false;
}

int
lb_sni_choose(const struct lb_sni *s, const char *name)
{
	char folded[NAME_MOST];
	struct text t = fold(text_of(name), folded);
	const struct holder *exact = map_find(s->names, t), *h;
	const char *dot;

	for (h = exact; h != NULL; h = h->next)
		if (!h->not)
			return (int)h->number;
	dot = t.len > 0 ? memchr(t.at, '.', t.len) : NULL;
	h = dot == NULL ? NULL : map_find(s->names, text_from(t,
	    (size_t)(dot - t.at)));
	for (; h != NULL; h = h->next)
		if (!h->not && !is_excluded(exact, h->number))
			return (int)h->number;
	return s->strict ? -1 : (int)s->usual;
}
