/* SPDX-License-Identifier: ISC */
/* explain.c - sections as text again; see explain.h. One thread. */
#include <string.h>

#include "balancer/explain.h"
#include "balancer/keys.h"
#include "balancer/keys_server.h"
#include "base/die.h"
#include "base/mem.h"

enum { WIDTH = 48 };

struct line {
	const struct lb_words *words;
	const struct lb_key *key;	/* NULL: "no log" */
	bool no, inherited, dropped;
};

struct section {			/* being written */
	FILE *to;
	const struct lb_section *kind;
	struct line *lines;
	unsigned count;
};

/* ---- words ------------------------------------------------------------- */

/* As the reader would take it for the same word. */
static int
put_word(FILE *to, const char *word)
{
	int len = 0;
	char room[5];

	if (*word == '\0')
		return fprintf(to, "\"\"");
	for (; *word != '\0'; word++)
		len += fprintf(to, "%.*s", (int)lb_keys_escape(*word, room),
		    room);
	return len;
}

static int
put_words(FILE *to, const struct lb_words *w, unsigned count)
{
	int len = 0;

	for (unsigned i = 0; i < count; i++) {
		if (i > 0)
			len += fprintf(to, " ");
		len += put_word(to, w->at[i]);
	}
	return len;
}

static void
put_place(FILE *to, int len, const struct lb_place *place)
{
	fprintf(to, "%*s # %s:%u\n", len < WIDTH ? WIDTH - len : 0, "",
	    place->file != NULL ? place->file : "?", place->line);
}

/* ---- what counts ------------------------------------------------------- */

/* Readers whose last line is the one that counts. */
static bool
has_one_value(const struct lb_key *k)
{
	static const char *const names[] = { "mode", "balance", "hash-type",
	    "default_backend", "dispatch", "source", "option redispatch",
	    "log-format", "log-format-sd", "error-log-format",
	    "unique-id-format", "load-server-state-from-file", "engine",
	    "user", "group", "nbthread", "reload-in-place", "sandbox",
	    "log_format", "pgsql-role", "stats-live" };

	if (k->kind != LB_KEY_READ && k->kind != LB_KEY_NOTHING)
		return true;
	if (strncmp(k->name, "timeout ", 8) == 0)
		return true;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (strcmp(k->name, names[i]) == 0)
			return true;
	return false;
}

/* One of the lines that make a dialogue of checks. */
static bool
is_step(const struct line *l)
{
	const struct lb_words *w = l->words;

	if (strcmp(w->at[0], "http-check") == 0)
		return strcmp(w->at[1], "disable-on-404") != 0 &&
		    strcmp(w->at[1], "send-state") != 0;
	return strcmp(w->at[0], "tcp-check") == 0;
}

static bool
is_log(const struct line *l)
{
	return strcmp(l->words->at[0], "log") == 0;
}

/* What this line makes void of those before it. */
static bool
undoes(const struct line *l, const struct line *before)
{
	if (l->key == NULL)
		return is_log(before);
	if (is_step(l))
		return before->inherited && !l->inherited && is_step(before);
	return l->key == before->key && has_one_value(l->key);
}

static void
drop_void(struct section *s)
{
	for (unsigned i = 0; i < s->count; i++)
		for (unsigned n = 0; n < i; n++)
			if (undoes(&s->lines[i], &s->lines[n]))
				s->lines[n].dropped = true;
}

/* Lines that have no effect in such a section were told when it was read. */
static void
add_line(struct section *s, const struct lb_words *w, bool inherited)
{
	struct line l = { .words = w, .inherited = inherited };

	l.key = lb_keys_line(s->kind, w, &l.no);
	if (l.no && strcmp(w->at[1], "log") == 0)
		l.key = NULL;
	else if (l.key == NULL || !(l.key->in & s->kind->in) ||
	    l.key->class != LB_CLASS_F)
		return;
	s->lines = mem_grow(s->lines, (s->count + 1) * sizeof l);
	if (s->lines == NULL)
		die("out of memory");
	s->lines[s->count++] = l;
}

/* Those of the defaults section come first. */
static void
collect(struct section *s, const struct lb_block_conf *b, bool inherited)
{
	if (b->from != NULL)
		collect(s, b->from, true);
	for (unsigned i = 0; i < b->lines.count; i++)
		add_line(s, b->lines.at[i], inherited);
}

/* ---- what nobody said -------------------------------------------------- */

static bool
is_said(const struct section *s, const struct lb_key *k)
{
	for (unsigned i = 0; i < s->count; i++)
		if (s->lines[i].key == k)
			return true;
	return false;
}

/* A number or a word that may stand behind the name as it is. */
static bool
is_value(const struct lb_key *k)
{
	switch (k->kind) {
	case LB_KEY_INT:
	case LB_KEY_COUNT:
	case LB_KEY_TIME:
	case LB_KEY_SECONDS:
	case LB_KEY_SIZE:
		return k->usual[0] >= '0' && k->usual[0] <= '9' &&
		    strchr(k->usual, ' ') == NULL;
	default:
		return false;
	}
}

/* As a comment where the grammar has no words for it, or the original. */
static void
put_default(const struct section *s, const struct lb_key *k)
{
	int len;

	if (is_value(k) && !k->ours)
		len = fprintf(s->to, "    %s %s", k->name, k->usual);
	else if ((k->kind == LB_KEY_FLAG || k->kind == LB_KEY_BITS) &&
	    k->may_no && strcmp(k->usual, "off") == 0)
		len = fprintf(s->to, "    no %s", k->name);
	else
		len = fprintf(s->to, "    # %s: %s", k->name, k->usual);
	fprintf(s->to, "%*s # default\n", len < WIDTH ? WIDTH - len : 0, "");
}

static void
put_defaults(const struct section *s)
{
	for (const struct lb_key *k = s->kind->keys; k->name != NULL; k++)
		if ((k->in & s->kind->in) && k->class == LB_CLASS_F &&
		    k->usual != NULL && k->usual[0] != '\0' && !is_said(s, k))
			put_default(s, k);
}

/* What server lines begin with; default-server lines come behind it. */
static void
put_server_defaults(const struct section *s)
{
	int len;

	if (!(s->kind->in & (LB_IN_LISTEN | LB_IN_BACKEND)))
		return;
	len = fprintf(s->to, "    default-server");
	for (const struct lb_key *k = lb_keys_server; k->name != NULL; k++)
		if ((k->in & LB_IN_DEFAULT_SERVER) && k->usual != NULL &&
		    k->class == LB_CLASS_F && !k->ours && (is_value(k) ||
		    strcmp(k->name, "weight") == 0))
			len += fprintf(s->to, " %s %s", k->name, k->usual);
	fprintf(s->to, "%*s # default\n", len < WIDTH ? WIDTH - len : 0, "");
}

/* ---- sections ---------------------------------------------------------- */

static void
put_lines(const struct section *s)
{
	for (unsigned i = 0; i < s->count; i++) {
		const struct line *l = &s->lines[i];

		if (l->dropped || l->key == NULL)
			continue;
		fprintf(s->to, "    ");
		put_place(s->to, 4 + put_words(s->to, l->words,
		    l->words->count), &l->words->place);
	}
}

static void
put_block(FILE *to, const struct lb_block_conf *b)
{
	struct section s = { .to = to };
	unsigned named = b->head.count < 2 ? b->head.count : 2;

	s.kind = lb_keys_section(b->head.at[0]);
	collect(&s, b, false);
	drop_void(&s);
	put_place(to, put_words(to, &b->head, named), &b->head.place);
	put_defaults(&s);
	put_server_defaults(&s);
	put_lines(&s);
	fputc('\n', to);
	mem_drop(s.lines);
}

void
lb_explain_setup(FILE *to, const struct lb_setup *setup)
{
	for (unsigned i = 0; i < setup->blocks.count; i++)
		if (strcmp(setup->blocks.at[i]->head.at[0], "defaults") != 0)
			put_block(to, setup->blocks.at[i]);
}
