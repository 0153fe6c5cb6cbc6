/* SPDX-License-Identifier: ISC */
/*
 * braces.c - lines of several sources on a stack, and the items of one line;
 * see braces.h. Whatever a line expands to is put on the stack as one more
 * source, so that everything is read by the same steps. One thread.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/number.h"
#include "conf/braces.h"
#include "conf/macro.h"

/* Characters that came from ${_HASH} and ${_BANG}: no comments. */
static const char plain[] = { [MACRO_HASH] = '#', [MACRO_BANG] = '!' };

struct source {
	struct source *under;
	struct text rest;
	const char *file;
	unsigned line;			/* of the last line given out */
	bool is_file;			/* else an expansion: one line for all */
	unsigned depth;			/* expansions around this text */
	unsigned nest;			/* files around it */
};

struct braces {
	struct arena *arena;
	const struct braces_host *host;
	struct source *top;
	struct macro *macros;
	unsigned checks;
	unsigned files, lines;
	size_t bytes;
	unsigned depth;
	bool ended, again, full;
	char *line, *end;		/* what is left of the current one */
	struct braces_place place;
	struct braces_item item;
};

/* ---- complaints */

static void complain(struct braces *, enum braces_level, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
complain(struct braces *b, enum braces_level level, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	b->host->complain(b->host->arg, level, &b->place, text);
}

/* Told once; then there is nothing more to read. */
static void
give_up(struct braces *b, const char *what)
{
	if (!b->full)
		complain(b, BRACES_ERROR, "%s - the rest is not read", what);
	b->full = true;
	b->top = NULL;
}

/* ---- sources */

static void
push(struct braces *b, const char *file, struct text t, bool is_file)
{
	struct source *s, *under = b->top;

	b->bytes += t.len;
	if (b->bytes > BRACES_BYTES_MOST) {
		give_up(b, "configuration too large");
		return;
	}
	s = arena_get(b->arena, sizeof *s);
	s->under = under;
	s->rest = t;
	s->file = file;
	s->is_file = is_file;
	s->nest = (under == NULL ? 0 : under->nest) + (is_file ? 1 : 0);
	s->depth = is_file ? 0 : under->depth + 1;
	s->line = is_file ? 0 : b->place.line;
	b->top = s;
	if (is_file && b->host->reading != NULL)
		b->host->reading(b->host->arg, file);
}

struct braces *
braces_new(struct arena *arena, const struct braces_host *host,
    const char *file, struct text t)
{
	struct braces *b = arena_get(arena, sizeof *b);

	b->arena = arena;
	b->host = host;
	b->macros = macro_new(arena);
	push(b, file, t, true);
	b->files = 1;
	return b;
}

void
braces_check_includes(struct braces *b, unsigned bits)
{
	b->checks = bits;
}

unsigned
braces_depth(const struct braces *b)
{
	return b->depth;
}

/* ---- comments, conditions */

/*
 * Lines may be long, and every character of one may be a quote or a brace: so
 * nothing below looks further than up to the end of what it takes away.
 */

/* Is at a place where '...' begins and ends on this line? */
static bool
begins_single(const char *line, const char *at, const char *end)
{
	return *at == '\'' && (at == line || text_is_space(at[-1])) &&
	    memchr(at + 1, '\'', (size_t)(end - at) - 1) != NULL;
}

/* Behind the quoted piece at; its end when the quote stays open. */
static const char *
skip_quoted(const char *at)
{
	char quote = *at++;

	while (*at != '\0' && *at != quote)
		at++;
	return *at == '\0' ? at : at + 1;
}

static void
cut_comment(char *line)
{
	const char *at = line, *end = line + strlen(line);

	while (*at != '\0' && *at != '#' && *at != '!') {
		if (*at == '"' || begins_single(line, at, end))
			at = skip_quoted(at);
		else
			at++;
	}
	line[at - line] = '\0';
}

static char *
skip_blanks(char *line)
{
	while (text_is_space(*line))
		line++;
	return line;
}

static char *
trim(char *line)
{
	size_t len;

	line = skip_blanks(line);
	len = strlen(line);
	while (len > 0 && text_is_space(line[len - 1]))
		line[--len] = '\0';
	return line;
}

/* NULL: the line is for other nodes. */
static char *
take_condition(struct braces *b, char *line)
{
	const char *id = b->host->id == NULL ? "" : b->host->id;
	bool except;
	size_t len;

	if (line[0] != '@')
		return line;
	except = line[1] == '^';
	line += except ? 2 : 1;
	len = strcspn(line, " \t");
	if ((len == strlen(id) && memcmp(line, id, len) == 0) == except)
		return NULL;
	return trim(line + len);
}

/* ---- lines */

static bool
next_line(struct braces *b, struct text *line)
{
	while (b->top != NULL && b->top->rest.len == 0)
		b->top = b->top->under;
	if (b->top == NULL)
		return false;
	if (++b->lines > BRACES_LINES_MOST) {
		give_up(b, "configuration has too many lines");
		return false;
	}
	if (b->top->is_file)
		b->top->line++;
	b->place = (struct braces_place){ b->top->file, b->top->line };
	text_split(&b->top->rest, '\n', line);
	return true;
}

/* A line as a string of its own, without what is around it; NULL: none. */
static char *
next_clean(struct braces *b, bool *ended)
{
	struct text t;
	char *line;

	*ended = !next_line(b, &t);
	if (*ended)
		return NULL;
	if (t.len > 0 && memchr(t.at, '\0', t.len) != NULL) {
		complain(b, BRACES_ERROR, "configuration appears to have "
		    "embedded NULs - ignoring line");
		return NULL;
	}
	if (!b->top->is_file || t.len == 0 ||
	    (memchr(t.at, MACRO_HASH, t.len) == NULL &&
	    memchr(t.at, MACRO_BANG, t.len) == NULL))
		line = arena_copy(b->arena, t);
	else {
		complain(b, BRACES_ERROR, "control characters - ignoring "
		    "line");
		return NULL;
	}
	cut_comment(line);
	line = take_condition(b, trim(line));
	return line == NULL || line[0] == '\0' ? NULL : line;
}

/* ---- definitions */

static bool
takes_more(char *line)
{
	size_t len = strlen(line);

	if (len == 0 || line[len - 1] != '\\')
		return false;
	line[len - 1] = '\0';
	trim(line);
	return true;
}

/* The first line may be empty behind the =, the others are lines. */
static void
take_definition(struct braces *b, char *line)
{
	struct text name = { line + 1, macro_name(line + 1) };
	char *value = trim(line + 1 + name.len + 1);
	bool more = takes_more(value), ended = false;

	while (more && !ended) {
		char *next = next_clean(b, &ended);

		if (next == NULL)
			continue;
		more = takes_more(next);
		if (strlen(value) + strlen(next) > BRACES_BYTES_MOST / 64) {
			give_up(b, "definition too long");
			return;
		}
		value = value[0] == '\0' ? next : arena_print(b->arena,
		    "%s\n%s", value, next);
		b->bytes += strlen(value);
		if (b->bytes > BRACES_BYTES_MOST) {
			give_up(b, "configuration too large");
			return;
		}
	}
	macro_define(b->macros, name, value);
}

static bool
is_definition(const char *line)
{
	size_t len;

	if (line[0] != '$')
		return false;
	len = macro_name(line + 1);
	return len > 0 && line[1 + len] == '=';
}

/* ---- expansions */

static const char *
ask(void *arg, struct text word)
{
	struct braces *b = arg;
	const char *file = b->place.file, *slash = strrchr(file, '/');

	if (text_is(word, "_PWD"))
		return slash == NULL ? "." : slash == file ? "/" :
		    arena_copy(b->arena, (struct text){ file,
		    (size_t)(slash - file) });
	if (text_is(word, "_INSTANCE"))
		return b->host->id == NULL ? "" : b->host->id;
	if (text_begins(word, "_ENV ")) {
		const char *value = b->host->variable(b->host->arg, trim(
		    arena_copy(b->arena, text_from(word, 5))));

		return value == NULL ? "" : value;
	}
	return NULL;
}

static unsigned
draw(void *arg)
{
	struct braces *b = arg;

	return b->host->random(b->host->arg);
}

/* True: the line is dealt with; what it became is on the stack. */
static bool
expand(struct braces *b, const char *line)
{
	struct macro_host host = { b, ask, draw };
	struct why why;
	struct text t;
	int did = macro_expand(b->macros, &host, line,
	    BRACES_BYTES_MOST - b->bytes, &t, &why);

	if (did == 0)
		return false;
	if (did < -1)
		give_up(b, why.line);
	else if (did < 0)
		complain(b, BRACES_ERROR, "%s", why.line);
	else if (b->top != NULL && b->top->depth >= BRACES_DEPTH_MOST)
		complain(b, BRACES_ERROR, "definitions nest more than %d deep "
		    "- ignoring line", BRACES_DEPTH_MOST);
	else
		push(b, b->place.file, t, false);
	return true;
}

/* ---- include */

static const struct {
	const char *word;
	unsigned checks;
} includes[] = {
	{ "include", 0 }, { "includer", BRACES_READABLE },
	{ "includem", BRACES_MATCH }, { "includew", BRACES_WILDCARD },
	{ "includeb", BRACES_BRACE }, { "includea", BRACES_ALL },
};

static char *
beside(struct braces *b, const char *path)
{
	const char *file = b->place.file, *slash = strrchr(file, '/');

	if (path[0] == '/' || slash == NULL)
		return arena_copy(b->arena, text_of(path));
	return arena_print(b->arena, "%.*s%s", (int)(slash - file + 1), file,
	    path);
}

static void
read_file(struct braces *b, const char *path, unsigned checks)
{
	struct text t;
	struct why why;
	int got;

	if (++b->files > BRACES_FILES_MOST) {
		give_up(b, "too many files");
		return;
	}
	got = b->host->fetch(b->host->arg, b->arena, path, &t, &why);
	if (got == 0)
		push(b, path, t, true);
	else
		complain(b, checks & BRACES_READABLE ? BRACES_MISSING :
		    BRACES_NOTE, "Unable to open file '%s' - %s", path,
		    why.line);
}

static void
tell_missing(struct braces *b, const char *pattern, unsigned checks)
{
	bool wild = strpbrk(pattern, "*?[") != NULL;
	bool brace = strpbrk(pattern, "{") != NULL;
	unsigned asked = wild ? BRACES_WILDCARD : brace ? BRACES_BRACE :
	    BRACES_MATCH;

	complain(b, checks & asked ? BRACES_MISSING : BRACES_NOTE, wild ?
	    "No config files matched '%s'." : "Config files missing '%s'.",
	    pattern);
}

/* The first file that matches must come out first: pushed last. */
static void
include(struct braces *b, const char *pattern, unsigned checks)
{
	const char **paths;
	unsigned n;

	if (b->top != NULL && b->top->nest >= BRACES_NEST_MOST) {
		complain(b, BRACES_ERROR, "files include each other more than "
		    "%d deep - ignoring %s", BRACES_NEST_MOST, pattern);
		return;
	}
	n = b->host->match(b->host->arg, b->arena, beside(b, pattern),
	    &paths);
	if (n == 0)
		tell_missing(b, pattern, checks);
	while (n > 0 && !b->full)
		read_file(b, paths[--n], checks);
}

/* A file may ask for itself only when nothing was expanded on the line. */
static bool
take_include(struct braces *b, char *line)
{
	size_t len = strcspn(line, " \t");
	char *path;

	if (line[len] == '\0')
		return false;
	for (size_t i = 0; i < sizeof includes / sizeof includes[0]; i++)
		if (strlen(includes[i].word) == len &&
		    memcmp(includes[i].word, line, len) == 0) {
			path = trim(line + len);
			len = strlen(path);
			if (len > 1 && path[0] == '"' && path[len - 1] == '"') {
				path[len - 1] = '\0';
				path++;
			}
			include(b, path, includes[i].checks | b->checks);
			return true;
		}
	return false;
}

/* ---- items of a line */

static bool
quotes_match(const char *line, const char *end)
{
	for (const char *at = line; *at != '\0';) {
		if (begins_single(line, at, end))
			at = skip_quoted(at);
		else if (*at != '"')
			at++;
		else if (memchr(at + 1, '"', (size_t)(end - at) - 1) == NULL)
			return false;
		else
			at = skip_quoted(at);
	}
	return true;
}

/* What ends a statement: a brace that is not of ${...}. */
static bool
is_brace(const char *line, const char *at)
{
	return *at == '}' || (*at == '{' && (at == line || at[-1] != '$'));
}

/* Behind one word: plain up to a blank or a quote; or quoted. */
static char *
skip_word(char *at)
{
	const char *start = at;

	if (*at == '"')
		return at + (skip_quoted(at) - at);
	while (*at != '\0' && !text_is_space(*at) && (*at != '"' ||
	    at == start))
		at++;
	return at;
}

/* The rest of a line in '...' has no braces either. */
static char *
end_of_statement(char *line, char *end)
{
	char *at = line, *close;

	while (*at != '\0' && !is_brace(line, at)) {
		if (*at == '"' || begins_single(line, at, end))
			at += skip_quoted(at) - at;
		else if (*at == '$' && at[1] == '{') {
			close = memchr(at + 2, '}', (size_t)(end - at) - 2);
			at = close == NULL ? end : close + 1;
		} else
			at++;
	}
	return at;
}

static char *
make_plain(char *word)
{
	for (char *c = word; *c != '\0'; c++)
		if (*c == MACRO_HASH || *c == MACRO_BANG)
			*c = plain[(unsigned char)*c];
	return word;
}

static void
cut_words(struct braces *b, char *statement)
{
	struct braces_item *i = &b->item;
	ARENA_LIST(const char) words = { NULL, 0, 0 };
	char *at = statement, *end;

	i->rest = "";
	while (*at != '\0') {
		if (text_is_space(*at)) {
			at++;
			continue;
		}
		end = skip_word(at);
		if (end == at)
			end++;
		if (words.count == 0)
			i->rest = make_plain(trim(arena_copy(b->arena,
			    text_of(end))));
		arena_add(b->arena, &words, *at == '"' ?
		    make_plain(arena_copy(b->arena, (struct text){ at + 1,
		    (size_t)(end - at) - (end - at > 1 ? 2 : 1) })) :
		    make_plain(arena_copy(b->arena, (struct text){ at,
		    (size_t)(end - at) })));
		at = end;
	}
	i->count = words.count;
	arena_add(b->arena, &words, NULL);
	i->words = words.at;
}

static const struct braces_item *
take_item(struct braces *b)
{
	char *at = b->line, *end;
	struct braces_item *i = &b->item;
	char last;

	*i = (struct braces_item){ .place = b->place, .words = NULL };
	if (*at == '{' || *at == '}') {
		i->kind = *at == '{' ? BRACES_OPEN : BRACES_CLOSE;
		i->extra = *at == '}' && b->depth == 0;
		if (*at == '{')
			b->depth++;
		else if (b->depth > 0)
			b->depth--;
		if (i->extra)
			complain(b, BRACES_ERROR, "Extra '}' found");
		b->line = skip_blanks(at + 1);
		return i;
	}
	end = end_of_statement(at, b->end);
	last = *end;
	*end = '\0';
	i->kind = BRACES_WORDS;
	cut_words(b, at);
	*end = last;
	b->line = skip_blanks(end);
	return i;
}

const struct braces_item *
braces_next(struct braces *b)
{
	bool ended = false;

	if (b->again) {
		b->again = false;
		return &b->item;
	}
	while (b->line == NULL || b->line[0] == '\0') {
		char *line = next_clean(b, &ended);

		b->line = NULL;
		if (ended)
			break;
		if (line == NULL)
			continue;
		if (is_definition(line))
			take_definition(b, line);
		else if (expand(b, line) || take_include(b, line))
			continue;
		else if (quotes_match(line, line + strlen(line))) {
			b->line = line;
			b->end = line + strlen(line);
		} else {
			complain(b, BRACES_ERROR, "Unterminated quote '%s'",
			    line);
			complain(b, BRACES_ERROR, "Unmatched quote: '%s'",
			    line);
		}
	}
	if (!ended)
		return take_item(b);
	b->item = (struct braces_item){ .kind = BRACES_END,
	    .place = b->place };
	return &b->item;
}

void
braces_back(struct braces *b)
{
	b->again = true;
}

/* ---- commands */

static unsigned
digits(const char **at, unsigned base, unsigned most)
{
	unsigned value = 0, n = 0;

	for (; n < most; n++, (*at)++) {
		char c = **at;
		unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0') :
		    c >= 'a' && c <= 'f' ? (unsigned)(c - 'a' + 10) :
		    c >= 'A' && c <= 'F' ? (unsigned)(c - 'A' + 10) : 99;

		if (digit >= base)
			break;
		value = value * base + digit;
	}
	return value;
}

/* *at stands behind the backslash. A zero byte is nothing at all. */
static char
escape(const char **at)
{
	static const char from[] = "abEefnrtv", to[] = "\a\b\033\033\f\n\r\t\v";
	char c = **at;
	const char *known;

	if (c >= '0' && c <= '7')
		return (char)digits(at, 8, 3);
	(*at)++;
	if (c == 'x')
		return (char)digits(at, 16, 2);
	if (c == 'c' && **at != '\0')
		return (char)(*(*at)++ & 0x1f);
	known = strchr(from, c);
	return known == NULL || c == '\0' ? c : to[known - from];
}

/* One word of *rest into to, which has room for all of it; NULL: none. */
static char *
unquote(char *to, const char **rest)
{
	const char *at = *rest;
	char quote = 0;

	while (text_is_space(*at))
		at++;
	if (*at == '\0')
		return NULL;
	for (; *at != '\0' && (quote != 0 || !text_is_space(*at));) {
		if (quote == 0 && (*at == '"' || *at == '\''))
			quote = *at++;
		else if (quote != 0 && *at == quote) {
			quote = 0;
			at++;
		} else if (*at == '\\' && at[1] != '\0' && quote != '\'') {
			at++;
			*to = escape(&at);
			if (*to != '\0')
				to++;
		} else
			*to++ = *at++;
	}
	*to = '\0';
	*rest = at;
	return to + 1;
}

char *
braces_piece(struct arena *arena, const char **rest)
{
	char *word = arena_get(arena, strlen(*rest) + 1);

	return unquote(word, rest) == NULL ? NULL : word;
}

const char **
braces_command(struct arena *arena, const char *text, unsigned *count)
{
	ARENA_LIST(const char) words = { NULL, 0, 0 };
	char *word = arena_get(arena, strlen(text) + 1), *next;

	for (; (next = unquote(word, &text)) != NULL; word = next)
		arena_add(arena, &words, word);
	*count = words.count;
	arena_add(arena, &words, NULL);
	return words.at;
}
