/* SPDX-License-Identifier: ISC */
/*
 * reader.c - lines to words, and which lines count; see reader.h. A line is
 * walked once: each character goes to the word under way or changes the
 * state of quoting.
 */
#include <stdio.h>

#include "balancer/condition.h"
#include "balancer/reader.h"
#include "base/why.h"

enum { NESTS = 64 };

/* Of a .if block: is its text read, was it or a sibling, is it hidden? */
enum block { TAKEN, WAITING, DONE, HIDDEN, ELSE_TAKEN, ELSE_SKIPPED };

struct reading {
	struct lb_reader *r;
	struct lb_place place;
	enum block blocks[NESTS];
	unsigned depth;
	bool stopped;			/* an error that ends the reading */
};

struct scan {				/* one line on its way to words */
	struct reading *on;
	struct text line;
	size_t at;
	char quote;			/* 0, '"' or '\'' */
	bool open;			/* a word is under way, maybe empty */
	char *out;			/* its bytes */
	size_t len, room;
	ARENA_LIST(const char) words;
};

static void
tell(struct reading *on, enum lb_report_level level, const char *text,
    struct text what, const char *more)
{
	lb_report_tell(on->r->report, level,
	    "config : parsing [%s:%u]: %s%.*s%s", on->place.file,
	    on->place.line, text, TEXT_ARG(what), more);
}

/* With the line, and a mark below the place. */
static bool
refuse(struct scan *s, const char *what, size_t at)
{
	lb_report_tell(s->on->r->report, LB_REPORT_ALERT,
	    "config : parsing [%s:%u]: %s at position %zu:\n  %.*s\n  %*s",
	    s->on->place.file, s->on->place.line, what, at + 1,
	    s->line.len > 200 ? 200 : (int)s->line.len, s->line.at,
	    (int)(at > 200 ? 200 : at) + 1, "^");
	return false;
}

/* ---- words ------------------------------------------------------------- */

static void
put(struct scan *s, char c)
{
	if (s->len + 1 >= s->room) {
		char *more = arena_get(s->on->r->arena, s->room * 2);

		memcpy(more, s->out, s->len);
		s->out = more;
		s->room *= 2;
	}
	s->out[s->len++] = c;
	s->open = true;
}

static void
end_word(struct scan *s)
{
	if (s->open)
		arena_add(s->on->r->arena, &s->words,
		    arena_copy(s->on->r->arena,
		    (struct text){ s->out, s->len }));
	s->open = false;
	s->len = 0;
}

static int
hex_digit(char c)
{
	return c >= '0' && c <= '9' ? c - '0' :
	    c >= 'a' && c <= 'f' ? c - 'a' + 10 :
	    c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static char
peek(const struct scan *s, size_t ahead)
{
	return s->at + ahead < s->line.len ? s->line.at[s->at + ahead] : '\0';
}

static bool
take_escape(struct scan *s)
{
	static const char from[] = "nrt", to[] = "\n\r\t";
	char c = peek(s, 1);
	const char *known = c == '\0' ? NULL : strchr(from, c);

	if (c == 'x') {
		int high = hex_digit(peek(s, 2)), low = hex_digit(peek(s, 3));

		if (high < 0 || low < 0)
			return refuse(s, "truncated or invalid hexadecimal "
			    "sequence", s->at);
		put(s, (char)(high * 16 + low));
		s->at += 4;
	} else if (known != NULL) {
		put(s, to[known - from]);
		s->at += 2;
	} else if (c != '\0' && (strchr(" #\\\"'", c) != NULL ||
	    (c == '$' && s->quote == '"'))) {
		put(s, c);
		s->at += 2;
	} else {
		put(s, '\\');
		s->at++;
	}
	return true;
}

/* ---- variables --------------------------------------------------------- */

static bool
in_name(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_';
}

static const char *
value_of(struct scan *s, struct text name)
{
	const struct lb_source *source = s->on->r->source;
	struct arena *arena = s->on->r->arena;

	if (text_is(name, ".FILE"))
		return s->on->place.file;
	if (text_is(name, ".LINE"))
		return arena_print(arena, "%u", s->on->place.line);
	if (text_is(name, ".SECTION"))
		return s->on->r->section == NULL ? "" : s->on->r->section;
	return source->getenv == NULL ? NULL :
	    source->getenv(source->arg, arena_copy(arena, name));
}

/* ${LIST[*]}: each word of the value becomes one of the line. */
static void
put_value(struct scan *s, const char *value, bool parted)
{
	bool was_blank = true;

	s->open = true;
	for (; *value != '\0'; value++) {
		if (parted && text_is_space(*value)) {
			if (!was_blank)
				end_word(s);
			was_blank = true;
		} else {
			put(s, *value);
			was_blank = false;
		}
	}
	if (parted && was_blank && s->len == 0)
		s->open = false;
}

/* At the dollar sign, in weak quotes. */
static bool
take_variable(struct scan *s)
{
	bool braced = peek(s, 1) == '{', parted = false;
	size_t from = s->at + 1 + braced, at = from;
	struct text name, usual = TEXT_NONE;
	const char *value;

	if (at < s->line.len && s->line.at[at] == '.')
		at++;
	if (at >= s->line.len || !in_name(s->line.at[at]) ||
	    (s->line.at[at] >= '0' && s->line.at[at] <= '9'))
		return refuse(s, "forbidden first char in environment "
		    "variable name", at < s->line.len ? at : s->line.len);
	while (at < s->line.len && in_name(s->line.at[at]))
		at++;
	name = (struct text){ s->line.at + from, at - from };
	if (braced && text_begins(text_from(s->line, at), "[*]")) {
		parted = true;
		at += 3;
	}
	if (braced && at < s->line.len && s->line.at[at] == '-') {
		size_t begin = ++at;

		while (at < s->line.len && s->line.at[at] != '}')
			at++;
		usual = (struct text){ s->line.at + begin, at - begin };
	}
	if (braced && (at >= s->line.len || s->line.at[at] != '}'))
		return refuse(s, "unmatched brace in environment variable "
		    "name", from - 1);
	s->at = at + braced;
	value = value_of(s, name);
	if (value == NULL)
		value = arena_copy(s->on->r->arena, usual);
	put_value(s, value, parted);
	return true;
}

/* ---- a line ------------------------------------------------------------ */

static bool
take_char(struct scan *s, size_t *opened)
{
	char c = s->line.at[s->at];

	if (s->quote != 0 && c == s->quote) {
		s->quote = 0;
		s->at++;
	} else if (s->quote == '\'') {
		put(s, c);
		s->at++;
	} else if (c == '\\') {
		return take_escape(s);
	} else if (c == '$' && s->quote == '"') {
		return take_variable(s);
	} else if (s->quote == 0 && (c == '"' || c == '\'')) {
		s->quote = c;
		s->open = true;
		*opened = s->at++;
	} else if (s->quote == 0 && text_is_space(c)) {
		end_word(s);
		s->at++;
	} else {
		put(s, c);
		s->at++;
	}
	return true;
}

/* False: told. */
static bool
scan_line(struct scan *s)
{
	size_t opened = 0;

	s->room = s->line.len + 16;
	s->out = arena_get(s->on->r->arena, s->room);
	while (s->at < s->line.len) {
		if (s->quote == 0 && s->line.at[s->at] == '#')
			break;
		if (!take_char(s, &opened))
			return false;
	}
	if (s->quote != 0)
		return refuse(s, "unmatched quote", opened);
	end_word(s);
	if (s->words.count > LB_READER_WORDS) {
		tell(s->on, LB_REPORT_ALERT, "too many words on one line",
		    TEXT_NONE, "; write several lines");
		return false;
	}
	return true;
}

/* ---- blocks ------------------------------------------------------------ */

static bool
is_read(const struct reading *on)
{
	enum block b;

	if (on->depth == 0)
		return true;
	b = on->blocks[on->depth - 1];
	return b == TAKEN || b == ELSE_TAKEN;
}

static void
stop(struct reading *on, const char *what)
{
	tell(on, LB_REPORT_ALERT, what, TEXT_NONE, "");
	on->stopped = true;
}

static struct text
join(struct arena *arena, const struct lb_words *w)
{
	size_t len = 0;
	char *at;

	for (unsigned i = 1; i < w->count; i++)
		len += strlen(w->at[i]) + 1;
	at = arena_get(arena, len + 1);
	len = 0;
	for (unsigned i = 1; i < w->count; i++) {
		size_t n = strlen(w->at[i]);

		if (i > 1)
			at[len++] = ' ';
		memcpy(at + len, w->at[i], n);
		len += n;
	}
	return (struct text){ at, len };
}

/* 1, 0; -1: told, and the reading ends. */
static int
holds(struct reading *on, const struct lb_words *w)
{
	struct text t = join(on->r->arena, w);
	struct why why = { "", "" };
	int truth = lb_condition_holds(on->r->source, t, &why);

	if (truth >= 0)
		return truth;
	lb_report_tell(on->r->report, LB_REPORT_ALERT,
	    "config : parsing [%s:%u]: %s in '%s'", on->place.file,
	    on->place.line, why.line, w->at[0]);
	on->stopped = true;
	return -1;
}

static void
open_block(struct reading *on, const struct lb_words *w)
{
	enum block b = HIDDEN;

	if (on->depth == NESTS) {
		stop(on, "too many nested '.if'.");
		return;
	}
	if (is_read(on))
		b = holds(on, w) == 1 ? TAKEN : WAITING;
	on->blocks[on->depth++] = b;
}

static void
turn_block(struct reading *on, const struct lb_words *w)
{
	enum block *b;

	if (on->depth == 0) {
		stop(on, "lone '.elif' with no matching '.if'.");
		return;
	}
	b = &on->blocks[on->depth - 1];
	if (*b == ELSE_TAKEN || *b == ELSE_SKIPPED)
		stop(on, "'.elif' after '.else' is not permitted.");
	else if (*b == TAKEN)
		*b = DONE;
	else if (*b == WAITING && holds(on, w) == 1)
		*b = TAKEN;
}

static void
last_block(struct reading *on)
{
	enum block *b;

	if (on->depth == 0) {
		stop(on, "lone '.else' with no matching '.if'.");
		return;
	}
	b = &on->blocks[on->depth - 1];
	if (*b == ELSE_TAKEN || *b == ELSE_SKIPPED)
		stop(on, "'.else' after '.else' is not permitted.");
	else
		*b = *b == WAITING ? ELSE_TAKEN : ELSE_SKIPPED;
}

static void
close_block(struct reading *on)
{
	if (on->depth == 0)
		stop(on, "lone '.endif' with no matching '.if'.");
	else
		on->depth--;
}

/* .notice "text" and its like. */
static bool
speak(struct reading *on, const struct lb_words *w)
{
	static const struct {
		const char *word;
		enum lb_report_level level;
	} rows[] = {
		{ ".alert", LB_REPORT_ALERT }, { ".diag", LB_REPORT_DIAG },
		{ ".notice", LB_REPORT_NOTICE },
		{ ".warning", LB_REPORT_WARNING },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (strcmp(w->at[0], rows[i].word) != 0)
			continue;
		if (w->count > 2)
			stop(on, "too many words behind this; quote the "
			    "text");
		else if (rows[i].level == LB_REPORT_ALERT)
			on->stopped = true;
		if (w->count <= 2)
			tell(on, rows[i].level, "'", text_of(w->at[1]), "'.");
		return true;
	}
	return false;
}

/* True: the line was about blocks, or is skipped because of them. */
static bool
take_directive(struct reading *on, const struct lb_words *w)
{
	const char *word = w->at[0];

	if (strcmp(word, ".if") == 0)
		open_block(on, w);
	else if (strcmp(word, ".elif") == 0)
		turn_block(on, w);
	else if (strcmp(word, ".else") == 0)
		last_block(on);
	else if (strcmp(word, ".endif") == 0)
		close_block(on);
	else
		return !is_read(on) || (word[0] == '.' && speak(on, w));
	return true;
}

/* ---- a text ------------------------------------------------------------ */

static void
read_line(struct reading *on, struct text line)
{
	struct lb_words w = { .place = on->place };
	struct scan s = { .on = on };

	while (line.len > 0 && text_is_space(line.at[line.len - 1]) &&
	    line.at[line.len - 1] != ' ' && line.at[line.len - 1] != '\t')
		line.len--;
	s.line = line;
	if (!scan_line(&s) || s.words.count == 0)
		return;
	w.count = s.words.count;
	arena_add(on->r->arena, &s.words, "");
	w.at = s.words.at;
	if (!take_directive(on, &w))
		on->r->line(on->r->arg, &w);
}

void
lb_reader_read(struct lb_reader *r, const struct lb_source_text *t)
{
	struct reading on = { .r = r, .place = { .file = t->name } };
	struct text rest = t->text, line = TEXT_NONE;
	bool ended = t->text.len == 0 || text_ends(t->text, "\n");

	while (!on.stopped && rest.len > 0 && text_split(&rest, '\n', &line)) {
		on.place.line++;
		read_line(&on, line);
	}
	if (on.stopped)
		return;
	if (!ended)
		lb_report_tell(r->report, LB_REPORT_WARNING,
		    "config : parsing [%s:%u]: Missing LF on last line, file "
		    "might have been truncated at position %zu.",
		    on.place.file, on.place.line, line.len + 1);
	if (on.depth > 0)
		stop(&on, "non-terminated '.if' block.");
}
