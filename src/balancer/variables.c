/* SPDX-License-Identifier: ISC */
/*
 * variables.c - short lists: a file names a handful of variables at most.
 * The process's list is under a lock of its own.
 */
#include <pthread.h>

#include "balancer/casting.h"
#include "balancer/fates.h"
#include "balancer/variables.h"
#include "base/mem.h"

struct lb_variable {
	struct lb_variable *next;
	char *name;
	struct lb_value value;		/* its text is ours */
};

static struct lb_variable *shared;
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;

static bool
is_shared(const char *name)
{
	return strncmp(name, "proc.", 5) == 0;
}

/* Whose list; NULL: there is none (yet). */
static struct lb_variable **
list_of(struct lb_scene *c, const char *name, bool make)
{
	struct lb_fates *f;

	if (is_shared(name))
		return &shared;
	/* A check has no request and no transaction. */
	if (c->session == NULL)
		return strncmp(name, "check.", 6) == 0 ||
		    strncmp(name, "sess.", 5) == 0 ? c->variables : NULL;
	f = make ? lb_fates_get(c->session) : c->session->fates;
	return f == NULL ? NULL : &f->variables;
}

static struct lb_variable **
find(struct lb_variable **list, const char *name)
{
	while (*list != NULL && strcmp((*list)->name, name) != 0)
		list = &(*list)->next;
	return list;
}

static bool
has_text(const struct lb_value *v)
{
	return v->type == LB_TYPE_STR || v->type == LB_TYPE_BIN ||
	    v->type == LB_TYPE_METH;
}

static void
drop(struct lb_variable **at)
{
	struct lb_variable *v = *at;

	*at = v->next;
	if (has_text(&v->value))
		mem_drop((void *)(uintptr_t)v->value.text.at);
	mem_drop(v->name);
	mem_drop(v);
}

static bool
copy_out(struct lb_scene *c, const struct lb_value *from,
    struct lb_value *to)
{
	char *text;

	*to = *from;
	if (!has_text(from))
		return true;
	text = lb_scene_room(c, from->text.len + 1);
	if (text == NULL)
		return false;
	memcpy(text, from->text.at, from->text.len + 1);
	to->text.at = text;
	return true;
}

bool
lb_variables_get(struct lb_scene *c, const char *name, struct lb_value *v)
{
	struct lb_variable **list = list_of(c, name, false), *found;
	bool got;

	if (list == NULL)
		return false;
	if (is_shared(name))
		pthread_rwlock_rdlock(&lock);
	found = *find(list, name);
	got = found != NULL && found->value.type != LB_TYPE_ANY &&
	    copy_out(c, &found->value, v);
	if (is_shared(name))
		pthread_rwlock_unlock(&lock);
	return got;
}

bool
lb_variables_proc(struct lb_scene *c, const char *name, struct lb_value *v)
{
	return is_shared(name) && lb_variables_get(c, name, v);
}

/* ---- setting ----------------------------------------------------------- */

unsigned
lb_variables_when(const char *words)
{
	static const char *const names[] = { "ifexists", "ifnotexists",
	    "ifempty", "ifnotempty", "ifset", "ifnotset", "ifgt", "iflt" };
	struct text rest = text_of(words), word;
	unsigned when = 0;

	while (rest.len > 0 && text_split(&rest, ',', &word))
		for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
			if (text_is(text_trim(word), names[i]))
				when |= 1u << i;
	return when;
}

static bool
is_less(struct lb_scene *c, const struct lb_value *a,
    const struct lb_value *b)
{
	struct lb_value one = *a, two = *b;

	return lb_casting_number(&one) && lb_casting_number(&two) &&
	    one.number < two.number;
}

static bool
may_set(struct lb_scene *c, const struct lb_variable *old,
    const struct lb_value *v, unsigned when)
{
	bool set = old != NULL && old->value.type != LB_TYPE_ANY;
	bool empty = has_text(v) && v->text.len == 0;

	return !((when & LB_SET_EXISTS && old == NULL) ||
	    (when & LB_SET_NOT_EXISTS && old != NULL) ||
	    (when & LB_SET_EMPTY && !empty) ||
	    (when & LB_SET_NOT_EMPTY && empty) ||
	    (when & LB_SET_IF_SET && !set) ||
	    (when & LB_SET_IF_NOT_SET && set) ||
	    (when & LB_SET_GREATER && set && !is_less(c, &old->value, v)) ||
	    (when & LB_SET_LESS && set && !is_less(c, v, &old->value)));
}

static void
put(struct lb_variable **at, const char *name, const struct lb_value *v)
{
	struct lb_value copy = *v;
	struct lb_variable *new;

	if (has_text(v) && (copy.text.at = mem_copy(v->text)) == NULL)
		return;
	new = mem_zero(sizeof *new);
	if (new != NULL)
		new->name = mem_copy(text_of(name));
	if (new == NULL || new->name == NULL) {
		if (has_text(v))
			mem_drop((void *)(uintptr_t)copy.text.at);
		mem_drop(new);
		return;
	}
	if (*at != NULL)
		drop(at);
	new->value = copy;
	new->next = *at;
	*at = new;
}

void
lb_variables_set(struct lb_scene *c, const char *name,
    const struct lb_value *v, unsigned when)
{
	struct lb_variable **list = list_of(c, name, true), **at;

	if (list == NULL)
		return;
	if (is_shared(name))
		pthread_rwlock_wrlock(&lock);
	at = find(list, name);
	if (may_set(c, *at, v, when))
		put(at, name, v);
	if (is_shared(name))
		pthread_rwlock_unlock(&lock);
}

void
lb_variables_unset(struct lb_scene *c, const char *name)
{
	struct lb_variable **list = list_of(c, name, false), **at;

	if (list == NULL)
		return;
	if (is_shared(name))
		pthread_rwlock_wrlock(&lock);
	at = find(list, name);
	if (*at != NULL)
		drop(at);
	if (is_shared(name))
		pthread_rwlock_unlock(&lock);
}

void
lb_variables_forget(struct lb_variable **list, const char *scope)
{
	while (*list != NULL)
		if (strncmp((*list)->name, scope, strlen(scope)) == 0)
			drop(list);
		else
			list = &(*list)->next;
}

void
lb_variables_fini(void)
{
	lb_variables_forget(&shared, "");
}
