/* SPDX-License-Identifier: ISC */
/*
 * variables.c - which parameters are tracked, the table of interned sets of
 * values, and the SETs that bring a server in step. Any thread: the table
 * has a lock, sets are counted by atomics, and the names are fixed at start.
 */
#define HASH_NONFATAL_OOM 1
#include <pthread.h>
#include <stdatomic.h>
#include <uthash.h>

#include "base/die.h"
#include "base/mem.h"
#include "pooler/counted.h"
#include "pooler/variables.h"

#undef uthash_malloc
#undef uthash_free
#define uthash_malloc(n)	mem_get(n)
#define uthash_free(p, n)	mem_drop(p)
#undef uthash_nonfatal_oom
#define uthash_nonfatal_oom(e)	((e)->failed = true)

enum { UNSET = UINT32_MAX };

struct span {
	uint32_t at, len;		/* at: UNSET, or where in the bytes */
};

/*
 * The key of the table is all of spans: one span for each parameter, then
 * the bytes of the values in the same order, so equal sets are equal bytes.
 */
struct pl_values {
	UT_hash_handle hh;
	_Atomic uint32_t refs;
	bool failed;			/* the table had no memory for it */
	struct span spans[];
};

static const char *const always[] = {
	"client_encoding", "DateStyle", "TimeZone",
	"standard_conforming_strings", "application_name"
};
enum { ALWAYS = sizeof always / sizeof always[0] };

static char **names;
static unsigned count;
static int search_path = -1;	/* which one it is, when tracked */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;	/* of the table */
static struct pl_values *table;
static struct pl_values *none;

static void
add_name(struct text name)
{
	if (text_is_nocase(name, "search_path"))
		search_path = (int)count;
	names[count] = mem_copy(name);
	if (names[count] == NULL)
		die("out of memory at start");
	count++;
}

static char *
value_bytes(struct pl_values *v)
{
	return (char *)&v->spans[count];
}

static struct pl_values *
make(size_t bytes)
{
	struct pl_values *v;

	if (bytes > INT32_MAX)
		return NULL;
	v = mem_get(sizeof *v + count * sizeof(struct span) + bytes);
	if (v == NULL)
		return NULL;
	memset(v, 0, sizeof *v);
	v->refs = 1;
	return v;
}

/* The one object equal to v, held; v itself is used up. NULL: no memory. */
static struct pl_values *
intern(struct pl_values *v, size_t bytes)
{
	unsigned len = (unsigned)(count * sizeof(struct span) + bytes);
	struct pl_values *same = NULL;

	pthread_mutex_lock(&lock);
	HASH_FIND(hh, table, v->spans, len, same);
	if (same != NULL)
		pl_variables_hold(same);
	else
		HASH_ADD_KEYPTR(hh, table, v->spans, len, v);
	pthread_mutex_unlock(&lock);
	if (same == NULL && !v->failed)
		return v;
	mem_drop(v);
	return same;
}

void
pl_variables_init(const char *extra)
{
	struct text rest = text_of(extra), word;

	NEED(names == NULL);
	/* No more extra names than half the bytes that list them. */
	names = mem_need((ALWAYS + rest.len / 2 + 1) * sizeof *names);
	for (unsigned i = 0; i < ALWAYS; i++)
		add_name(text_of(always[i]));
	while (text_word(&rest, ", \t\n\v\f\r", &word)) {
		if (pl_variables_find(word) == -1)
			add_name(word);
	}
	none = make(0);
	if (none == NULL)
		die("out of memory at start");
	for (unsigned i = 0; i < count; i++)
		none->spans[i] = (struct span){ UNSET, 0 };
	none = intern(none, 0);
	if (none == NULL)
		die("out of memory at start");
}

unsigned
pl_variables_count(void)
{
	return count;
}

const char *
pl_variables_name(unsigned which)
{
	NEED(which < count);
	return names[which];
}

int
pl_variables_find(struct text name)
{
	for (unsigned i = 0; i < count; i++)
		if (text_is_nocase(name, names[i]))
			return (int)i;
	return -1;
}

struct pl_values *
pl_variables_none(void)
{
	return pl_variables_hold(none);
}

struct pl_values *
pl_variables_hold(struct pl_values *v)
{
	atomic_fetch_add_explicit(&v->refs, 1, memory_order_relaxed);
	return v;
}

void
pl_variables_drop(struct pl_values **at)
{
	struct pl_values *v = *at;
	bool last;

	*at = NULL;
	if (v == NULL)
		return;
	if (pl_counted_drop(&v->refs))
		return;
	pthread_mutex_lock(&lock);
	last = atomic_fetch_sub(&v->refs, 1) == 1;
	if (last)
		HASH_DELETE(hh, table, v);
	pthread_mutex_unlock(&lock);
	if (last)
		mem_drop(v);
}

struct text
pl_variables_get(const struct pl_values *v, unsigned which)
{
	struct span span = v->spans[which];

	if (span.at == UNSET)
		return TEXT_NONE;
	return (struct text){ (const char *)&v->spans[count] + span.at,
	    span.len };
}

/* Where the values of a set to be made come from. */
struct source {
	const struct pl_values *first, *second;	/* first, where it knows */
	unsigned which;				/* but for this one */
	struct text value;
};

static struct text
value_of(const struct source *from, unsigned i)
{
	struct text value;

	if (i == from->which)
		return from->value;
	value = pl_variables_get(from->first, i);
	if (value.at == NULL && from->second != NULL)
		value = pl_variables_get(from->second, i);
	return value;
}

/* *set becomes the set of these values. */
static int
build(struct pl_values **set, const struct source *from)
{
	struct pl_values *v;
	size_t bytes = 0;
	uint32_t at = 0;

	for (unsigned i = 0; i < count; i++)
		bytes += value_of(from, i).len;
	v = make(bytes);
	if (v == NULL)
		return -1;
	for (unsigned i = 0; i < count; i++) {
		struct text value = value_of(from, i);

		v->spans[i] = (struct span){ value.at == NULL ? UNSET : at,
		    (uint32_t)value.len };
		if (value.len > 0)
			memcpy(value_bytes(v) + at, value.at, value.len);
		at += (uint32_t)value.len;
	}
	v = intern(v, bytes);
	if (v == NULL)
		return -1;
	pl_variables_drop(set);
	*set = v;
	return 0;
}

int
pl_variables_put(struct pl_values **set, unsigned which, struct text value)
{
	struct text now = pl_variables_get(*set, which);

	NEED(which < count);
	if (text_same(now, value) && (now.at == NULL) == (value.at == NULL))
		return 0;
	return build(set, &(struct source){ *set, NULL, which, value });
}

int
pl_variables_adopt(struct pl_values **to, const struct pl_values *from)
{
	if (*to == from)
		return 0;
	return build(to, &(struct source){ from, *to, UINT32_MAX, TEXT_NONE });
}

int
pl_variables_complete(struct pl_values **set, const struct pl_values *usual)
{
	for (unsigned i = 0; i < count; i++)
		if ((*set)->spans[i].at == UNSET &&
		    usual->spans[i].at != UNSET)
			return build(set, &(struct source){ *set, usual,
			    UINT32_MAX, TEXT_NONE });
	return 0;
}

unsigned
pl_variables_sets(void)
{
	unsigned n;

	pthread_mutex_lock(&lock);
	n = HASH_COUNT(table);
	pthread_mutex_unlock(&lock);
	return n;
}

/* A text being written into room bytes; len goes on counting past them. */
struct out {
	char *buf;
	size_t room, len;
};

static void
put_char(struct out *out, char c)
{
	if (out->len < out->room)
		out->buf[out->len] = c;
	out->len++;
}

static void
put_text(struct out *out, struct text t)
{
	for (size_t i = 0; i < t.len; i++)
		put_char(out, t.at[i]);
}

/* 'it''s', or E'a\\b': right whatever standard_conforming_strings is. */
static void
put_quoted(struct out *out, struct text t)
{
	bool escape = t.len > 0 && memchr(t.at, '\\', t.len) != NULL;

	if (escape)
		put_char(out, 'E');
	put_char(out, '\'');
	for (size_t i = 0; i < t.len; i++) {
		if (t.at[i] == '\'' || t.at[i] == '\\')
			put_char(out, t.at[i]);
		put_char(out, t.at[i]);
	}
	put_char(out, '\'');
}

/*
 * A list of identifiers comes quoted as it must be, and quoting it again
 * would make one name of it. "" is how the empty list is reported.
 */
static void
put_list(struct out *out, struct text t)
{
	if (t.len == 0 || text_is(t, "\"\""))
		put_text(out, TEXT("''"));
	else
		put_text(out, t);
}

static bool
same_nocase(struct text a, struct text b)
{
	if (a.len != b.len)
		return false;
	for (size_t i = 0; i < a.len; i++) {
		unsigned char x = (unsigned char)a.at[i];
		unsigned char y = (unsigned char)b.at[i];

		if (x >= 'A' && x <= 'Z')
			x |= 0x20;
		if (y >= 'A' && y <= 'Z')
			y |= 0x20;
		if (x != y)
			return false;
	}
	return true;
}

size_t
pl_variables_difference(const struct pl_values *from,
    const struct pl_values *to, char *buf, size_t room)
{
	struct out out = { buf, room, 0 };

	if (from == to)
		return 0;
	for (unsigned i = 0; i < count; i++) {
		struct text had = pl_variables_get(from, i);
		struct text want = pl_variables_get(to, i);

		if (had.at == NULL || want.at == NULL ||
		    same_nocase(had, want))
			continue;
		put_text(&out, TEXT("SET "));
		put_text(&out, text_of(names[i]));
		put_char(&out, '=');
		if ((int)i == search_path)
			put_list(&out, want);
		else
			put_quoted(&out, want);
		put_char(&out, ';');
	}
	return out.len;
}

void
pl_variables_fini(void)
{
	if (names == NULL)
		return;
	pl_variables_drop(&none);
	for (unsigned i = 0; i < count; i++)
		mem_drop(names[i]);
	mem_drop(names);
	names = NULL;
	count = 0;
}
