/* SPDX-License-Identifier: ISC */
/*
 * macro.c - definitions by name, and one step of expansion; see macro.h. One
 * thread.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/names.h"
#include "base/number.h"
#include "conf/macro.h"

enum { SEQUENCE_MOST = 100 * 1000, BOUND_MOST = 64, UNFOLD_MOST = 16 };

struct macro {
	struct arena *arena;
	struct names values;		/* of definitions: texts */
};

/* A text that grows, up to a limit; what is read for it has the same one. */
struct grown {
	struct arena *arena;
	char *at;
	size_t len, room, most, read;
	bool full;
};

static void
add(struct grown *g, const char *s, size_t len)
{
	if (g->full || len > g->most - g->len) {
		g->full = true;
		return;
	}
	if (g->len + len + 1 > g->room) {
		size_t room = (g->len + len + 1) * 2;
		char *more = arena_get(g->arena, room);

		if (g->len > 0)
			memcpy(more, g->at, g->len);
		g->at = more;
		g->room = room;
	}
	memcpy(g->at + g->len, s, len);
	g->len += len;
}

struct macro *
macro_new(struct arena *arena)
{
	struct macro *m = arena_get(arena, sizeof *m);

	m->arena = arena;
	return m;
}

static bool
is_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_';
}

size_t
macro_name(const char *s)
{
	size_t len = 0;

	while (is_name(s[len]))
		len++;
	return len;
}

void
macro_define(struct macro *m, struct text name, const char *value)
{
	names_put(&m->values, m->arena, name, arena_copy(m->arena,
	    text_of(value)));
}

/* ---- $NAME and ${...} */

/* "_RANDOM", "_RANDOM 5", "_RANDOM 5 10". */
static const char *
random_value(struct macro *m, const struct macro_host *host, struct text word)
{
	struct text rest = text_from(word, strlen("_RANDOM")), t;
	int64_t bounds[2] = { 0, 32767 };
	unsigned n = 0;

	for (; n < 2 && text_word(&rest, " \t", &t); n++)
		if (number_int(t, 10, 0, 32767, &bounds[n], NULL) < 0)
			return NULL;
	if (bounds[1] < bounds[0])
		return NULL;
	return arena_print(m->arena, "%lld", (long long)(bounds[0] +
	    host->random(host->arg) % (bounds[1] - bounds[0] + 1)));
}

static const char *
predefined(struct macro *m, const struct macro_host *host, struct text word)
{
	static const char hash[] = { MACRO_HASH, 0 }, bang[] = { MACRO_BANG, 0 };

	if (text_is(word, "_HASH"))
		return hash;
	if (text_is(word, "_BANG"))
		return bang;
	if (text_is(word, "_RANDOM") || text_begins(word, "_RANDOM "))
		return random_value(m, host, word);
	return host->ask(host->arg, word);
}

/* A line as it is looked through: each } is looked for once. */
struct line {
	const char *end, *close;	/* close: the last } found, or the end */
};

/* The } of ${ whose name is at; NULL: there is none. */
static const char *
find_close(struct line *l, const char *name)
{
	if (l->close == NULL || l->close < name) {
		l->close = memchr(name, '}', (size_t)(l->end - name));
		if (l->close == NULL)
			l->close = l->end;
	}
	return l->close == l->end ? NULL : l->close;
}

/* What stands at a $: its value and length in the line; NULL: nothing. */
static const char *
value_at(struct macro *m, const struct macro_host *host, struct line *l,
    const char *at, size_t *len)
{
	bool braced = at[1] == '{';
	const char *name = at + (braced ? 2 : 1), *end;
	struct text word = { name, macro_name(name) };
	bool defined = word.len > 0;

	if (braced) {
		end = find_close(l, name);
		if (end == NULL)
			return NULL;
		defined = defined && name + word.len == end;
		word.len = (size_t)(end - name);
	}
	*len = (size_t)(name - at) + word.len + (braced ? 1 : 0);
	if (word.len > 0 && word.at[0] == '_' && braced) {
		const char *value = predefined(m, host, word);

		if (value != NULL)
			return value;
	}
	return defined ? names_find(&m->values, word) : NULL;
}

/* 1 when something was replaced. */
static int
substitute(struct macro *m, const struct macro_host *host, const char *line,
    struct grown *g)
{
	struct line l = { .end = line + strlen(line) };
	const char *value, *next;
	size_t len;
	int did = 0;

	for (const char *at = line; at < l.end && !g->full; at += len) {
		next = memchr(at, '$', (size_t)(l.end - at));
		len = (size_t)((next == NULL ? l.end : next) - at);
		if (len > 0) {
			add(g, at, len);
			continue;
		}
		value = value_at(m, host, &l, at, &len);
		if (value == NULL) {
			len = 1;
			add(g, at, len);
			continue;
		}
		add(g, value, strlen(value));
		did = 1;
	}
	return did;
}

/* ---- ~SEQ and ~LST */

struct binding {			/* names of a sequence, and a value each */
	struct text *names, *values;
	unsigned count;
};

static const struct text *
bound(const struct binding *b, struct text name)
{
	for (unsigned i = 0; i < b->count; i++)
		if (text_same(b->names[i], name))
			return &b->values[i];
	return NULL;
}

/* The line with the names replaced by their values. */
static void
put_bound(struct grown *g, const char *line, const struct binding *b)
{
	g->read += strlen(line) + 1;
	g->full |= g->read > g->most;
	for (const char *at = line; *at != '\0' && !g->full;) {
		bool braced = at[0] == '$' && at[1] == '{';
		const char *name = at + (braced ? 2 : 1);
		struct text word = { name, at[0] == '$' ? macro_name(name) :
		    0 };
		const struct text *value = word.len == 0 || (braced &&
		    name[word.len] != '}') ? NULL : bound(b, word);

		if (value == NULL) {
			add(g, at++, 1);
			continue;
		}
		add(g, value->at, value->len);
		at = name + word.len + (braced ? 1 : 0);
	}
	add(g, "\n", 1);
}

static int
too_large(struct why *why)
{
	why_set(why, "configuration too large");
	return -2;
}

static int
bad_sequence(struct why *why, const char *line)
{
	return why_set(why, "Invalid sequence '%.60s' - ignoring line", line);
}

static int
expand_seq(struct grown *g, struct text args, const char *rest, bool hex,
    struct why *why, const char *line)
{
	struct text words[4], name, value;
	int64_t n[3], start, step, end;
	unsigned count = 0;
	char shown[32];

	while (count < 4 && text_word(&args, ", \t", &words[count]))
		count++;
	if (count < 2 || text_trim(args).len > 0)
		return bad_sequence(why, line);
	for (unsigned i = 1; i < count; i++)
		if (number_int(words[i], 10, -(1 << 30), 1 << 30, &n[i - 1],
		    NULL) < 0)
			return bad_sequence(why, line);
	name = words[0];
	end = n[count - 2];
	start = count > 2 ? n[0] : end < 0 ? -1 : 1;
	step = count > 3 ? n[1] : end < start ? -1 : 1;
	if (step == 0 || (end - start) / step > SEQUENCE_MOST)
		return bad_sequence(why, line);
	for (int64_t i = start; step > 0 ? i <= end : i >= end; i += step) {
		snprintf(shown, sizeof shown, hex ? "%llx" : "%lld",
		    (long long)i);
		value = text_of(shown);
		put_bound(g, rest, &(struct binding){ &name, &value, 1 });
		if (g->full)
			break;
	}
	return 1;
}

/* The next member of "a, {b, c}, d"; braces come off. */
static bool
take_member(struct text *args, struct text *member)
{
	const char *end;

	*args = text_trim(*args);
	if (args->len == 0)
		return false;
	if (args->at[0] == '{') {
		end = memchr(args->at, '}', args->len);
		if (end == NULL)
			return false;
		*member = (struct text){ args->at + 1,
		    (size_t)(end - args->at) - 1 };
		*args = text_trim(text_from(*args, member->len + 2));
		if (args->len > 0 && args->at[0] == ',')
			*args = text_from(*args, 1);
		return true;
	}
	text_split(args, ',', member);
	*member = text_trim(*member);
	return true;
}

static unsigned
cut_list(struct arena *arena, struct text list, struct text **to)
{
	struct text piece;
	unsigned count = 1;

	for (size_t i = 0; i < list.len; i++)
		count += list.at[i] == ',';
	*to = arena_get(arena, count * sizeof **to);
	count = 0;
	while (text_split(&list, ',', &piece))
		(*to)[count++] = text_trim(piece);
	return count;
}

static int
expand_lst(struct grown *g, struct text args, const char *rest,
    struct why *why, const char *line)
{
	struct text member;
	struct binding b;

	if (!take_member(&args, &member))
		return bad_sequence(why, line);
	b.count = cut_list(g->arena, member, &b.names);
	if (b.count > BOUND_MOST)
		return bad_sequence(why, line);
	while (take_member(&args, &member) && !g->full) {
		unsigned n = cut_list(g->arena, member, &b.values);

		if (n < b.count)
			return bad_sequence(why, line);
		put_bound(g, rest, &b);
	}
	return 1;
}

/* Definitions in the repeated part come first: they may hold its names. */
static const char *
unfold(struct macro *m, const struct macro_host *host, const char *rest,
    size_t most, bool *full)
{
	for (unsigned depth = 0; depth < UNFOLD_MOST && !*full; depth++) {
		struct grown g = { .arena = m->arena, .most = most };

		if (substitute(m, host, rest, &g) == 0)
			break;
		*full = g.full;
		rest = arena_copy(m->arena, (struct text){ g.at, g.len });
	}
	return rest;
}

static int
expand_sequence(struct macro *m, const struct macro_host *host,
    const char *line, struct grown *g, struct why *why)
{
	const char *open = strchr(line, '('), *close = strchr(line, ')');
	struct grown known = { .arena = m->arena, .most = g->most };
	struct text word, args;
	const char *rest;

	if (open == NULL || close == NULL || close < open)
		return bad_sequence(why, line);
	word = (struct text){ line, (size_t)(open - line) };
	args = (struct text){ open + 1, (size_t)(close - open) - 1 };
	substitute(m, host, arena_copy(m->arena, args), &known);
	args = (struct text){ known.at, known.len };
	rest = unfold(m, host, close + 1, g->most, &known.full);
	if (known.full)
		return too_large(why);
	if (text_is(word, "~SEQ") || text_is(word, "~SEQx"))
		return expand_seq(g, args, rest, word.len > 4, why, line);
	if (text_is(word, "~LST"))
		return expand_lst(g, args, rest, why, line);
	return bad_sequence(why, line);
}

int
macro_expand(struct macro *m, const struct macro_host *host,
    const char *line, size_t most, struct text *to, struct why *why)
{
	struct grown g = { .arena = m->arena, .most = most };
	int did;

	if (line[0] == '~')
		did = expand_sequence(m, host, line, &g, why);
	else if (strchr(line, '$') == NULL)
		return 0;
	else
		did = substitute(m, host, line, &g);
	if (did <= 0)
		return did;
	if (g.full)
		return too_large(why);
	*to = (struct text){ g.at, g.len };
	return 1;
}
