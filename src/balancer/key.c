/* SPDX-License-Identifier: ISC */
/* key.c - finding rows and storing what stock kinds read; see key.h. */
#include "balancer/key.h"
#include "balancer/value.h"
#include "base/die.h"

/* How many words of the line the name covers; 0: it does not fit. */
static unsigned
covers(const char *name, const struct lb_words *w, unsigned at)
{
	struct text rest = text_of(name), word;
	unsigned n = 0;

	while (text_word(&rest, " ", &word)) {
		if (at + n >= w->count ||
		    !text_is(word, w->at[at + n]))
			return 0;
		n++;
	}
	return n;
}

const struct lb_key *
lb_key_find(const struct lb_key *rows, const struct lb_words *w, unsigned at,
    unsigned *words)
{
	const struct lb_key *found = NULL;

	*words = 0;
	for (; rows->name != NULL; rows++) {
		unsigned n = covers(rows->name, w, at);

		if (n > *words) {
			*words = n;
			found = rows;
		}
	}
	return found;
}

const char *
lb_key_value(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at)
{
	if (at < w->count && *w->at[at] != '\0')
		return w->at[at];
	lb_parse_alert(p, "'%s' : missing %s", key->name,
	    key->args == NULL ? "value" : key->args);
	return NULL;
}

void
lb_key_refuse(struct lb_parse *p, const char *word, unsigned in,
    const struct lb_key *rows, const struct lb_key *more)
{
	const struct lb_key *const tables[] = { rows, more };
	struct lb_guess g;

	lb_guess_start(&g, word);
	for (size_t i = 0; i < 2; i++)
		for (const struct lb_key *k = tables[i]; k->name != NULL; k++)
			if (k->in & in)
				lb_guess_offer(&g, k->name);
	if (lb_guess_best(&g) == NULL)
		lb_parse_alert(p, "unknown keyword '%s'.", word);
	else
		lb_parse_alert(p, "unknown keyword '%s'; did you mean '%s' "
		    "maybe ?", word, lb_guess_best(&g));
}

static int
refuse_value(struct lb_parse *p, const struct lb_key *key,
    const struct why *why)
{
	if (strncmp(why->line, "timer overflow", 14) == 0)
		lb_parse_alert(p, "timer overflow in argument to '%s' "
		    "(maximum value is 2147483647 ms or ~24.8 days)",
		    key->name);
	else
		lb_parse_alert(p, "%s in '%s'", why->line, key->name);
	return -1;
}

static int
store_number(struct lb_parse *p, const struct lb_key *key, const char *s,
    int *to)
{
	bool bound = key->least != 0 || key->most != 0, loose = false;
	struct why why;
	int64_t n;

	if (key->kind == LB_KEY_COUNT) {
		if (lb_value_number(s, bound ? key->least : INT32_MIN,
		    bound ? key->most : INT32_MAX, &n, &why) < 0) {
			lb_parse_alert(p, "'%s' : %s", key->name, why.line);
			return -1;
		}
	} else {
		loose = !lb_value_loose(s, &n);
	}
	if (bound && (n < key->least || n > key->most)) {
		lb_parse_alert(p, "'%s' : %s is not within %lld and %lld.",
		    key->name, s, (long long)key->least,
		    (long long)key->most);
		return -1;
	}
	if (loose)
		lb_parse_warn(p, "'%s' : '%s' is not a number; %lld is used.",
		    key->name, s, (long long)n);
	*to = (int)n;
	return 1;
}

static int
store_time(struct lb_parse *p, const struct lb_key *key, const char *s,
    int64_t *to)
{
	struct why why;
	int64_t t;

	if (lb_value_time(s, key->kind == LB_KEY_SECONDS ? 1000000 : 1000,
	    &t, &why) < 0)
		return refuse_value(p, key, &why);
	if ((key->least != 0 && t < key->least) ||
	    (key->most != 0 && t > key->most)) {
		lb_parse_alert(p, "'%s' : value '%s' is out of range.",
		    key->name, s);
		return -1;
	}
	*to = t;
	return 1;
}

static int
store_size(struct lb_parse *p, const struct lb_key *key, const char *s,
    unsigned *to)
{
	struct why why;
	int64_t n;

	if (lb_value_size(s, &n, &why) < 0)
		return refuse_value(p, key, &why);
	if (n > INT32_MAX || n < key->least) {
		lb_parse_alert(p, "'%s' : value '%s' is out of range.",
		    key->name, s);
		return -1;
	}
	*to = (unsigned)n;
	return 1;
}

static int
store(struct lb_parse *p, const struct lb_key *key, const struct lb_words *w,
    unsigned at, bool no, void *object)
{
	void *to = (char *)object + key->at;
	const char *value = at < w->count ? w->at[at] : NULL;

	switch (key->kind) {
	case LB_KEY_FLAG:
		*(bool *)to = !no && key->value == 0;
		return 0;
	case LB_KEY_BITS:
		if (no)
			*(unsigned *)to &= ~(unsigned)key->value;
		else
			*(unsigned *)to |= (unsigned)key->value;
		return 0;
	case LB_KEY_VALUE:
		*(int *)to = key->value;
		return 0;
	default:
		break;
	}
	if (value == NULL || *value == '\0') {
		lb_parse_alert(p, "'%s' expects %s as argument.", key->name,
		    key->args == NULL ? "a value" : key->args);
		return -1;
	}
	switch (key->kind) {
	case LB_KEY_INT:
	case LB_KEY_COUNT:
		return store_number(p, key, value, to);
	case LB_KEY_TIME:
	case LB_KEY_SECONDS:
		return store_time(p, key, value, to);
	case LB_KEY_SIZE:
		return store_size(p, key, value, to);
	default:
		NEED(key->kind == LB_KEY_TEXT);
		*(const char **)to = value;
		return 1;
	}
}

int
lb_key_apply(struct lb_parse *p, const struct lb_key *key,
    const struct lb_words *w, unsigned at, bool no, void *object)
{
	if (key->class == LB_CLASS_E) {
		lb_parse_alert(p, "'%s' %s", key->name, key->advice);
		return -1;
	}
	if (key->class == LB_CLASS_W)
		lb_parse_warn(p, "'%s' is not supported by this program and "
		    "is ignored.%s%s", key->name,
		    key->advice == NULL ? "" : " ",
		    key->advice == NULL ? "" : key->advice);
	if (key->words >= 0 && (int)(w->count - at) > key->words &&
	    (key->in & (LB_IN_BIND | LB_IN_SOCKET | LB_IN_SERVER |
	    LB_IN_DEFAULT_SERVER)) == 0) {
		lb_parse_alert(p, "'%s' cannot handle unexpected argument "
		    "'%s'.", key->name, w->at[at + (unsigned)key->words]);
		return -1;
	}
	if (key->kind == LB_KEY_READ)
		return key->read(p, key, w, at, object);
	if (key->kind == LB_KEY_NOTHING)
		return key->words < 0 ? (int)(w->count - at) : key->words;
	return store(p, key, w, at, no, object);
}
