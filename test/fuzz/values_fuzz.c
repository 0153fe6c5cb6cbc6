/* SPDX-License-Identifier: ISC */
/*
 * values_fuzz.c - two sets of tracked values, made as the input says; the
 * SETs between them are read back as PostgreSQL reads them: one statement for
 * each value that differs, its literal that very value, and nothing else.
 * Input: pieces of a byte (which set, which value, or adopt), a length, bytes.
 */
#include "fuzz.h"
#include "pooler/variables.h"

enum { PATH = 5 };	/* search_path, which is not quoted */

static struct pl_values *sets[2];

static void
put(int set, unsigned which, struct text value)
{
	struct pl_values *before = sets[set];
	struct text now;

	if (memchr(value.at, '\0', value.len) != NULL)
		return;			/* no protocol string has one */
	if (pl_variables_put(&sets[set], which, value) == -1) {
		NEED(sets[set] == before);	/* no memory */
		return;
	}
	now = pl_variables_get(sets[set], which);
	NEED(now.at != NULL && text_same(now, value));
}

static void
apply(struct text t)
{
	while (t.len >= 2) {
		uint8_t op = (uint8_t)t.at[0];
		size_t len = (uint8_t)t.at[1];

		t = text_from(t, 2);
		if (len > t.len)
			len = t.len;
		if (op >= 0xf0)
			pl_variables_adopt(&sets[op & 1], sets[~op & 1]);
		else
			put(op & 1, (op >> 1) % pl_variables_count(),
			    (struct text){ t.at, len });
		t = text_from(t, len);
	}
}

static void
eat(struct text *t, struct text expected)
{
	NEED(t->len >= expected.len && memcmp(t->at, expected.at,
	    expected.len) == 0);
	*t = text_from(*t, expected.len);
}

/* A literal, with or without E, holds exactly this value. */
static void
eat_literal(struct text *t, struct text value)
{
	bool escape = t->len > 0 && t->at[0] == 'E';

	if (escape)
		eat(t, TEXT("E"));
	eat(t, TEXT("'"));
	for (size_t i = 0; i < value.len; i++) {
		NEED(t->len >= 2);
		NEED(t->at[0] == value.at[i]);
		if (t->at[0] == '\\')
			NEED(escape);
		if (t->at[0] == '\'' || t->at[0] == '\\') {
			NEED(t->at[1] == t->at[0]);
			*t = text_from(*t, 1);
		}
		*t = text_from(*t, 1);
	}
	eat(t, TEXT("'"));
}

static void
eat_set(struct text *t, unsigned which, struct text value)
{
	eat(t, TEXT("SET "));
	eat(t, text_of(pl_variables_name(which)));
	eat(t, TEXT("="));
	if (which != PATH)
		eat_literal(t, value);
	else if (value.len == 0 || text_is(value, "\"\""))
		eat(t, TEXT("''"));
	else
		eat(t, value);
	eat(t, TEXT(";"));
}

static bool
differ(struct text a, struct text b)
{
	char buf[256];

	if (a.at == NULL || b.at == NULL)
		return false;
	memcpy(buf, b.at, b.len);
	buf[b.len] = '\0';
	return !text_is_nocase(a, buf);
}

static void
read_back(const struct pl_values *from, const struct pl_values *to)
{
	size_t len = pl_variables_difference(from, to, NULL, 0);
	char *buf = mem_get(len + 1);
	struct text t = { buf, len };

	if (buf == NULL)
		return;
	if (len > 0)		/* one byte short: says so, writes no further */
		NEED(pl_variables_difference(from, to, buf, len - 1) == len);
	buf[len] = '#';
	NEED(pl_variables_difference(from, to, buf, len) == len);
	NEED(buf[len] == '#');
	for (unsigned i = 0; i < pl_variables_count(); i++) {
		struct text value = pl_variables_get(to, i);

		if (differ(pl_variables_get(from, i), value))
			eat_set(&t, i, value);
	}
	NEED(t.len == 0);
	mem_drop(buf);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	if (pl_variables_count() == 0)
		pl_variables_init("search_path, IntervalStyle");
	NEED(pl_variables_find(TEXT("search_path")) == PATH);
	sets[0] = pl_variables_none();
	sets[1] = pl_variables_none();
	apply(fuzz_text(data, len));
	read_back(sets[0], sets[1]);
	read_back(sets[1], sets[0]);
	if (pl_variables_adopt(&sets[1], sets[0]) == 0)
		NEED(pl_variables_difference(sets[0], sets[1], NULL, 0) == 0);
	pl_variables_drop(&sets[0]);
	pl_variables_drop(&sets[1]);
	NEED(pl_variables_sets() == 1);
	return 0;
}
