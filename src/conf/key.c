/* SPDX-License-Identifier: ISC */
/* key.c - parse, store, show and list by rows; see key.h. Any thread. */
#include <inttypes.h>
#include <limits.h>

#include "base/die.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/secret.h"
#include "conf/key.h"

static const char unset_number[] = "-1";

/* ---- where a value is stored */

static void *
field(const struct key *key, void *object)
{
	return (char *)object + key->at;
}

static const void *
field_of(const struct key *key, const void *object)
{
	return (const char *)object + key->at;
}

static bool
is_text(const struct key *key)
{
	return key->kind == KEY_TEXT || key->kind == KEY_SECRET;
}

static bool
is_time(const struct key *key)
{
	return key->kind == KEY_SECONDS || key->kind == KEY_SPAN ||
	    key->kind == KEY_LOOSE_SECONDS;
}

static bool
is_loose(const struct key *key)
{
	return key->kind == KEY_LOOSE || key->kind == KEY_LOOSE_SECONDS;
}

static void
store_number(const struct key *key, void *object, int64_t n)
{
	int as_int = (int)n;
	unsigned as_unsigned = (unsigned)n;

	if (is_time(key))
		memcpy(field(key, object), &n, sizeof n);
	else if (key->kind == KEY_UINT)
		memcpy(field(key, object), &as_unsigned, sizeof as_unsigned);
	else
		memcpy(field(key, object), &as_int, sizeof as_int);
}

static int64_t
load_number(const struct key *key, const void *object)
{
	int64_t n;
	int as_int;
	unsigned as_unsigned;

	if (is_time(key)) {
		memcpy(&n, field_of(key, object), sizeof n);
		return n;
	}
	if (key->kind == KEY_UINT) {
		memcpy(&as_unsigned, field_of(key, object), sizeof as_unsigned);
		return as_unsigned;
	}
	memcpy(&as_int, field_of(key, object), sizeof as_int);
	return as_int;
}

static const char *
load_text(const struct key *key, const void *object)
{
	const char *s;

	memcpy(&s, field_of(key, object), sizeof s);
	return s;
}

static void
store_text(const struct key *key, void *object, char *s)
{
	char *old;

	memcpy(&old, field(key, object), sizeof old);
	if (key->kind == KEY_SECRET)
		secret_drop(old);
	else
		mem_drop(old);
	memcpy(field(key, object), &s, sizeof s);
}

/* ---- from text */

static int
set_text(const struct key *key, void *object, struct text value,
    struct why *why)
{
	char *s;

	if (value.len > 0 && memchr(value.at, '\0', value.len) != NULL)
		return why_set(why, "NUL in a value");
	s = key->kind == KEY_SECRET ? secret_copy(value) : mem_copy(value);
	if (s == NULL)
		return why_set(why, "out of memory");
	store_text(key, object, s);
	return 0;
}

/* As atoi(): blanks, a sign, digits; the rest is ignored. */
static int
read_loose(struct text t, int64_t *n)
{
	bool minus = false;

	while (t.len > 0 && text_is_space(t.at[0]))
		t = text_from(t, 1);
	if (t.len > 0 && (t.at[0] == '-' || t.at[0] == '+')) {
		minus = t.at[0] == '-';
		t = text_from(t, 1);
	}
	for (*n = 0; t.len > 0 && t.at[0] >= '0' && t.at[0] <= '9';
	    t = text_from(t, 1)) {
		*n = *n * 10 + (t.at[0] - '0');
		if (*n > INT_MAX)
			return -1;
	}
	if (minus)
		*n = -*n;
	return 0;
}

static int
read_seconds(struct text t, int64_t *n)
{
	if (t.len > 0 && t.at[0] == '+')
		t = text_from(t, 1);
	return number_seconds(t, n, NULL);
}

static int
read_word(const struct key_word *words, struct text t, int64_t *n)
{
	for (; words->word != NULL; words++)
		if (text_is_nocase(t, words->word)) {
			*n = words->value;
			return 0;
		}
	return -1;
}

static int
read_number(const struct key *key, struct text t, int64_t *n)
{
	switch (key->kind) {
	case KEY_INT:
		return number_int(t, 0, INT_MIN, INT_MAX, n, NULL);
	case KEY_UINT:
		return number_int(t, 0, 0, UINT_MAX, n, NULL);
	case KEY_SECONDS:
		return read_seconds(t, n);
	case KEY_SPAN:
		return number_span(t, n, NULL);
	case KEY_WORD:
		return read_word(key->words, t, n);
	case KEY_LOOSE:
	case KEY_LOOSE_SECONDS:
		return read_loose(t, n);
	case KEY_TEXT:
	case KEY_SECRET:
		break;
	}
	return -1;
}

int
key_set(const struct key *key, void *object, struct text value,
    struct why *why)
{
	int64_t n;

	if (why != NULL)
		why->line[0] = why->place[0] = '\0';
	if (is_text(key))
		return set_text(key, object, value, why);
	if (read_number(key, value, &n) < 0 ||
	    (key->least != key->most && (n < key->least || n > key->most))) {
		if (key->refusal != NULL)
			why_set(why, "%s: %.*s", key->refusal,
			    TEXT_ARG(value));
		return -1;
	}
	if ((key->positive && n <= 0) || (is_loose(key) && n < 0))
		n = -1;
	else if (key->kind == KEY_LOOSE_SECONDS)
		n *= 1000000;
	store_number(key, object, n);
	return 0;
}

/* ---- defaults and copies */

int
key_set_usual(const struct key *key, void *object)
{
	if (key->usual == NULL && is_text(key))
		store_text(key, object, NULL);
	else if (key->usual == NULL)
		store_number(key, object, 0);
	else if (!is_text(key) && strcmp(key->usual, unset_number) == 0)
		store_number(key, object, -1);
	else
		return key_set(key, object, text_of(key->usual), NULL);
	return 0;
}

int
key_fill(const struct key *rows, void *object)
{
	for (const struct key *key = rows; key->name != NULL; key++)
		if (key_set_usual(key, object) < 0)
			return -1;
	return 0;
}

int
key_copy(const struct key *rows, void *to, const void *from)
{
	for (const struct key *key = rows; key->name != NULL; key++) {
		const char *s;

		if (!is_text(key)) {
			store_number(key, to, load_number(key, from));
			continue;
		}
		s = load_text(key, from);
		if (s == NULL)
			store_text(key, to, NULL);
		else if (set_text(key, to, text_of(s), NULL) < 0)
			return -1;
	}
	return 0;
}

void
key_clear(const struct key *rows, void *object)
{
	for (const struct key *key = rows; key->name != NULL; key++)
		if (is_text(key))
			store_text(key, object, NULL);
}

/* ---- questions */

const struct key *
key_find(const struct key *rows, struct text name)
{
	for (const struct key *key = rows; key->name != NULL; key++)
		if (text_is(name, key->name))
			return key;
	return NULL;
}

bool
key_same(const struct key *key, const void *one, const void *other)
{
	const char *a, *b;

	if (!is_text(key))
		return load_number(key, one) == load_number(key, other);
	a = load_text(key, one);
	b = load_text(key, other);
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

bool
key_is_usual(const struct key *key, const void *object)
{
	const char *s;
	int64_t n;

	if (is_text(key)) {
		s = load_text(key, object);
		if (s == NULL || key->usual == NULL)
			return s == key->usual;
		return strcmp(s, key->usual) == 0;
	}
	n = load_number(key, object);
	if (key->usual == NULL)
		return n == 0;
	if (strcmp(key->usual, unset_number) == 0)
		return n == -1;
	NEED(read_number(key, text_of(key->usual), &n) == 0);
	if (key->kind == KEY_LOOSE_SECONDS)
		n *= 1000000;
	return n == load_number(key, object);
}

const char *
key_unbuilt(const struct key *key, const void *object)
{
	if (key_is_usual(key, object))
		return NULL;
	if (key->kind == KEY_WORD)
		for (const struct key_word *w = key->words; w->word != NULL;
		    w++)
			if (w->value == load_number(key, object) &&
			    w->unbuilt != NULL)
				return w->unbuilt;
	return key->unbuilt;
}

const char *
key_word_of(const struct key_word *words, int value)
{
	for (; words->word != NULL; words++)
		if (words->value == value)
			return words->word;
	return NULL;
}

/* In the largest unit that says it exactly. */
static const char *
show_span(int64_t usec, char scratch[KEY_SHOW])
{
	static const struct { const char *name; int64_t usec; } units[] = {
		{ "d", 86400 * 1000000LL }, { "h", 3600 * 1000000LL },
		{ "m", 60 * 1000000LL }, { "s", 1000000 }, { "ms", 1000 },
	};
	size_t i = 0;

	while (i + 1 < sizeof units / sizeof units[0] &&
	    (usec == 0 ? units[i].usec != 1000000 : usec % units[i].usec != 0))
		i++;
	snprintf(scratch, KEY_SHOW, "%" PRId64 "%s", usec / units[i].usec,
	    units[i].name);
	return scratch;
}

const char *
key_expects(const struct key *key, char to[KEY_EXPECTS])
{
	char least[KEY_SHOW], most[KEY_SHOW];
	size_t len;

	if (key->kind == KEY_WORD) {
		len = (size_t)snprintf(to, KEY_EXPECTS, "one of");
		for (const struct key_word *w = key->words; w->word != NULL &&
		    len < KEY_EXPECTS; w++)
			len += (size_t)snprintf(to + len, KEY_EXPECTS - len,
			    "%s %s", w == key->words ? "" : ",", w->word);
		return to;
	}
	if (is_text(key)) {
		snprintf(to, KEY_EXPECTS, "a text");
		return to;
	}
	snprintf(least, sizeof least, "%" PRId64, key->least);
	snprintf(most, sizeof most, "%" PRId64, key->most);
	if (key->kind == KEY_SPAN) {
		show_span(key->least, least);
		show_span(key->most, most);
	}
	snprintf(to, KEY_EXPECTS, "a %s%s%s%s%s",
	    key->kind == KEY_SPAN ? "time such as 10s, 5m or 4h" :
	    is_time(key) ? "number of seconds" : "number",
	    key->least == key->most ? "" : ", from ",
	    key->least == key->most ? "" : least,
	    key->least == key->most ? "" : " to ",
	    key->least == key->most ? "" : most);
	return to;
}

const char *
key_show(const struct key *key, const void *object, char scratch[KEY_SHOW])
{
	int64_t n;

	if (is_text(key))
		return load_text(key, object);
	n = load_number(key, object);
	if (key->kind == KEY_WORD)
		return key_word_of(key->words, (int)n);
	if (key->kind == KEY_SPAN)
		return show_span(n, scratch);
	if (is_time(key) && n >= 0)
		snprintf(scratch, KEY_SHOW, "%g", (double)n / 1000000);
	else
		snprintf(scratch, KEY_SHOW, "%" PRId64, n);
	return scratch;
}

const char *
key_write(const struct key *key, const void *object, char scratch[KEY_SHOW])
{
	int64_t n;
	int len;

	if (!is_time(key) || key->kind == KEY_SPAN ||
	    load_number(key, object) < 0)
		return key_show(key, object, scratch);
	n = load_number(key, object);
	len = snprintf(scratch, KEY_SHOW, "%" PRId64 ".%06d", n / 1000000,
	    (int)(n % 1000000));
	while (scratch[len - 1] == '0')
		scratch[--len] = '\0';
	if (scratch[len - 1] == '.')
		scratch[len - 1] = '\0';
	return scratch;
}

/* ---- documents */

static const char *
type_name(const struct key *key)
{
	switch (key->kind) {
	case KEY_INT:
	case KEY_UINT:
	case KEY_LOOSE:
		return "number";
	case KEY_SECONDS:
	case KEY_LOOSE_SECONDS:
		return "seconds";
	case KEY_SPAN:
		return "time";
	case KEY_WORD:
		return "word";
	case KEY_TEXT:
	case KEY_SECRET:
		break;
	}
	return "text";
}

static void
put_type(FILE *to, const struct key *key, const char *between)
{
	fputs(type_name(key), to);
	if (key->kind == KEY_WORD)
		for (const struct key_word *w = key->words; w->word != NULL;
		    w++)
			fprintf(to, "%s%s", w == key->words ? ": " : between,
			    w->word);
}

static const char *
usual_name(const struct key *key)
{
	if (key->usual == NULL ||
	    (!is_text(key) && strcmp(key->usual, unset_number) == 0))
		return "unset";
	return key->usual[0] == '\0' ? "empty" : key->usual;
}

static void
put_row(FILE *to, const struct key *key, const char *where)
{
	fprintf(to, "%s\t%s\t", key->name, where);
	put_type(to, key, " ");
	fprintf(to, "\t%s\t%s\t%s\n", usual_name(key),
	    key->when == KEY_ANY_TIME ? "yes" : "no", key->help);
}

static void
put_md_row(FILE *to, const struct key *key, const char *where)
{
	fprintf(to, "| `%s` | %s | ", key->name, where);
	put_type(to, key, ", ");
	fprintf(to, " | `%s` | %s | %s |\n", usual_name(key),
	    key->when == KEY_ANY_TIME ? "yes" : "no", key->help);
}

static void
put_man_row(FILE *to, const struct key *key)
{
	fprintf(to, ".It Ic %s\n%s\n(", key->name, key->help);
	put_type(to, key, ", ");
	fprintf(to, "; default: %s%s)\n", usual_name(key),
	    key->when == KEY_ANY_TIME ? "" : "; not changed by a reload");
}

void
key_list(FILE *to, enum key_form form, const struct key *rows,
    const char *where)
{
	if (form == KEY_FORM_MAN)
		fprintf(to, ".Ss [%s]\n.Bl -tag -width Ds\n", where);
	for (const struct key *key = rows; key->name != NULL; key++)
		if (form == KEY_FORM_MAN)
			put_man_row(to, key);
		else if (form == KEY_FORM_MD)
			put_md_row(to, key, where);
		else
			put_row(to, key, where);
	if (form == KEY_FORM_MAN)
		fputs(".El\n", to);
}
