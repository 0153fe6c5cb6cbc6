/* SPDX-License-Identifier: ISC */
/* parse.c - statements by rows, numbers with their reasons; see parse.h. One thread. */
#include <arpa/inet.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/die.h"
#include "base/number.h"
#include "vrrp/parse.h"

enum { LINE = 1024 };
static const int64_t second = 1000 * 1000;

/* ---- saying things */

void
vr_parse_error(struct vr_parse *p, const char *fmt, ...)
{
	char line[LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	vr_report_say(p->report, VR_REPORT_ERROR, &p->place, "%s", line);
}

void
vr_parse_note(struct vr_parse *p, const char *fmt, ...)
{
	char line[LINE];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	vr_report_say(p->report, VR_REPORT_NOTE, &p->place, "%s", line);
}

static const char *
replacement(const struct vr_parse *p, char letter, const char *value)
{
	return letter == 'n' ? p->draft != NULL && p->draft->name != NULL ?
	    p->draft->name : "" : letter == 'k' ? p->key->name : value;
}

void
vr_parse_refuse(struct vr_parse *p, const char *fmt, const char *value)
{
	char line[LINE];
	size_t used = 0;

	for (const char *at = fmt; *at != '\0' && used + 1 < sizeof line;) {
		if (at[0] == '{' && at[2] == '}') {
			int n = snprintf(line + used, sizeof line - used, "%s",
			    replacement(p, at[1], value));

			used += (size_t)n < sizeof line - used ? (size_t)n :
			    sizeof line - used - 1;
			at += 3;
		} else
			line[used++] = *at++;
	}
	line[used] = '\0';
	vr_report_say(p->report, VR_REPORT_ERROR, &p->place, "%s", line);
}

/* ---- words */

const char *
vr_parse_word(const struct vr_parse *p, unsigned n)
{
	return n < p->count ? p->words[n] : NULL;
}

const char *
vr_parse_need(struct vr_parse *p, unsigned n)
{
	if (n < p->count)
		return p->words[n];
	vr_report_say(p->report, VR_REPORT_MISSING, &p->place,
	    "*** Configuration line starting `%s` is missing a parameter "
	    "after keyword `%s` at word position %u", p->words[0],
	    p->words[p->count - 1], p->count + 1);
	p->stopped = true;
	return NULL;
}

const char *
vr_parse_copy(struct vr_parse *p, const char *s)
{
	return arena_copy(p->arena, text_of(s));
}

struct vr_place
vr_parse_place(const struct vr_parse *p)
{
	return p->place;
}

static bool
all_of(const char *s, const char *set)
{
	return s[0] != '\0' && s[strspn(s, set)] == '\0';
}

bool
vr_parse_number(struct vr_parse *p, const char *s, int64_t least,
    int64_t most, int64_t *to)
{
	int64_t value;
	bool negative;

	s += strspn(s, " \t");
	s += s[0] == '+';
	negative = s[0] == '-';
	if (!all_of(s + (negative ? 1 : 0), "0123456789")) {
		vr_parse_error(p, "invalid number '%s'", s);
		return false;
	}
	if (negative && least >= 0) {
		vr_parse_error(p, "negative number '%s'", s);
		return false;
	}
	if (number_int(text_of(s), 10, least, most, &value, NULL) < 0) {
		vr_parse_error(p, "number '%s' outside range [%lld, %lld]", s,
		    (long long)least, (long long)most);
		return false;
	}
	*to = value;
	return true;
}

bool
vr_parse_seconds(struct vr_parse *p, const char *s, int64_t least,
    int64_t most, int64_t *to)
{
	int64_t value = 0;
	const char *dot;

	s += strspn(s, " \t");
	s += s[0] == '+';
	dot = strchr(s, '.');
	if (s[0] == '-' && all_of(s + 1, "0123456789.")) {
		vr_parse_error(p, "negative number '%s'", s);
		return false;
	}
	if (!all_of(s, "0123456789.") || strlen(s) == strspn(s, ".") ||
	    (dot != NULL && strchr(dot + 1, '.') != NULL)) {
		vr_parse_error(p, "invalid number '%s'", s);
		return false;
	}
	if (number_seconds(text_of(s), &value, NULL) < 0)
		value = INT64_MAX;
	if (value < least || value > most) {
		vr_parse_error(p, "number '%s' outside range [%.6f, %.6f]", s,
		    (double)least / (double)second,
		    (double)most / (double)second);
		return false;
	}
	*to = value;
	return true;
}

bool
vr_parse_onoff(const char *s, bool *to)
{
	static const char *const yes[] = { "on", "true", "yes" };
	static const char *const no[] = { "off", "false", "no" };

	for (unsigned i = 0; i < 3; i++) {
		if (strcmp(s, yes[i]) == 0 || strcmp(s, no[i]) == 0) {
			*to = strcmp(s, yes[i]) == 0;
			return true;
		}
	}
	return false;
}

bool
vr_parse_ip(const char *s, struct prefix *to)
{
	return strchr(s, '%') == NULL &&
	    prefix_parse(text_of(s), to, NULL) == 0;
}

bool
vr_parse_is_multicast(const struct prefix *ip)
{
	return ip->family == AF_INET ? ip->ip[0] >> 4 == 0xe :
	    ip->ip[0] == 0xff;
}

bool
vr_parse_interface(struct vr_parse *p, const char *name)
{
	if (p->config->global.dynamic_interfaces ||
	    p->outside->interface(p->outside->arg, name) !=
	    VR_INTERFACE_NONE)
		return true;
	p->interface_missing = true;
	return false;
}

long
vr_parse_named(struct vr_parse *p, const char *list, const char *name)
{
	const struct vr_global_conf *g = &p->config->global;
	const char *const dirs[] = { g->iproute_etc_dir, g->iproute_usr_dir };
	long number = -1;

	for (size_t i = 0; i < sizeof dirs / sizeof dirs[0] && number < 0;
	    i++)
		if (dirs[i] != NULL)
			number = p->outside->named(p->outside->arg, dirs[i],
			    list, name);
	return number >= 0 ? number : p->outside->named(p->outside->arg, NULL,
	    list, name);
}

/* ---- values */

static void *
field(void *object, const struct vr_key *k)
{
	return (char *)object + k->at;
}

static void
store(const struct vr_key *k, void *object, int64_t value)
{
	void *to = field(object, k);

	switch (k->kind) {
	case VR_KIND_FLAG:
	case VR_KIND_OFF:
	case VR_KIND_BOOL:
		*(bool *)to = value != 0;
		break;
	case VR_KIND_UINT:
		*(unsigned *)to = (unsigned)value;
		break;
	case VR_KIND_U8:
		*(uint8_t *)to = (uint8_t)value;
		break;
	case VR_KIND_INT:
		*(int *)to = (int)value;
		break;
	case VR_KIND_BYTES:
	case VR_KIND_TIME:
	case VR_KIND_SECONDS:
		*(int64_t *)to = value;
		break;
	default:
		die("a row of no number: %s", k->name);
	}
}

static size_t
size_of(enum vr_kind kind)
{
	switch (kind) {
	case VR_KIND_FLAG:
	case VR_KIND_OFF:
	case VR_KIND_BOOL:
		return sizeof(bool);
	case VR_KIND_U8:
		return sizeof(uint8_t);
	case VR_KIND_UINT:
	case VR_KIND_INT:
		return sizeof(unsigned);
	case VR_KIND_TEXT:
		return sizeof(const char *);
	case VR_KIND_BYTES:
	case VR_KIND_TIME:
	case VR_KIND_SECONDS:
		return sizeof(int64_t);
	default:
		return 0;
	}
}

static struct vr_given *
find_given(const struct vr_draft *d, const struct vr_key *k)
{
	struct vr_given *g;

	for (g = d->where; g != NULL && g->key != k; g = g->next)
		;
	return g;
}

static void
mark_place(struct vr_parse *p, struct vr_draft *d)
{
	struct vr_given *g = find_given(d, p->key);

	if (g == NULL) {
		g = arena_get(p->arena, sizeof *g);
		*g = (struct vr_given){ .next = d->where, .key = p->key };
		d->where = g;
	}
	g->at = p->place;
}

static void
mark(struct vr_parse *p)
{
	struct vr_draft *d = p->draft;

	for (size_t row = 0; d != NULL && d->rows[row].name != NULL; row++) {
		NEED(row < 64 * sizeof d->given / sizeof d->given[0]);
		if (&d->rows[row] != p->key)
			continue;
		d->given[row / 64] |= UINT64_C(1) << row % 64;
		mark_place(p, d);
	}
}

static bool
is_given(const struct vr_draft *d, size_t row)
{
	return d->given[row / 64] >> row % 64 & 1;
}

bool
vr_parse_given(const struct vr_draft *d, const char *name)
{
	for (size_t i = 0; d->rows[i].name != NULL; i++)
		if (strcmp(d->rows[i].name, name) == 0)
			return is_given(d, i);
	die("no row %s", name);
}

const struct vr_place *
vr_parse_where(const struct vr_draft *d, const struct vr_key *k)
{
	const struct vr_given *g = find_given(d, k);

	return g == NULL ? NULL : &g->at;
}

static bool
read_number(struct vr_parse *p, const char *s, int64_t *value)
{
	const struct vr_key *k = p->key;
	int64_t least = k->zero == NULL ? k->least : 0;

	if (k->kind == VR_KIND_TIME)
		return vr_parse_seconds(p, s, least, k->most, value);
	if (k->kind == VR_KIND_SECONDS) {
		if (!vr_parse_number(p, s, least / second, k->most / second,
		    value))
			return false;
		*value *= second;
		return true;
	}
	return vr_parse_number(p, s, least, k->most, value);
}

static void
set_number(struct vr_parse *p)
{
	const struct vr_key *k = p->key;
	const char *s = vr_parse_word(p, 1);
	int64_t value;

	if (s == NULL && k->absent != NULL) {
		vr_parse_refuse(p, k->absent, "");
		return;
	}
	if (s == NULL && (s = vr_parse_need(p, 1)) == NULL)
		return;
	if (!read_number(p, s, &value)) {
		if (k->refusal != NULL)
			vr_parse_refuse(p, k->refusal, s);
		return;
	}
	if (value == 0 && k->zero != NULL) {
		vr_parse_refuse(p, k->zero, s);
		value = k->least;
	}
	store(k, p->draft->object, value);
	mark(p);
}

static void
set_bool(struct vr_parse *p)
{
	const char *s = vr_parse_word(p, 1);
	bool value = true;

	if (s != NULL && !vr_parse_onoff(s, &value)) {
		vr_parse_refuse(p, p->key->refusal != NULL ?
		    p->key->refusal : "invalid {k} {v} specified", s);
		return;
	}
	store(p->key, p->draft->object, value);
	mark(p);
}

static void
set_text(struct vr_parse *p)
{
	const char *s = vr_parse_word(p, 1);

	if (s == NULL && p->key->absent != NULL) {
		vr_parse_refuse(p, p->key->absent, "");
		return;
	}
	if (s == NULL && (s = vr_parse_need(p, 1)) == NULL)
		return;
	*(const char **)field(p->draft->object, p->key) =
	    vr_parse_copy(p, s);
	mark(p);
}

/* A word that does nothing; its block, if there is one, is not looked at. */
static void
pass_over(struct vr_parse *p)
{
	const struct braces_item *i;

	vr_parse_note(p, "Warning - %s has no effect: %s", p->key->name,
	    p->key->help);
	i = braces_next(p->in);
	braces_back(p->in);
	if (i->kind == BRACES_OPEN)
		vr_parse_skip(p);
}

static void
set_value(struct vr_parse *p)
{
	switch (p->key->kind) {
	case VR_KIND_FLAG:
	case VR_KIND_OFF:
		store(p->key, p->draft->object, p->key->kind ==
		    VR_KIND_FLAG);
		mark(p);
		break;
	case VR_KIND_BOOL:
		set_bool(p);
		break;
	case VR_KIND_TEXT:
		set_text(p);
		break;
	case VR_KIND_OWN:
		mark(p);
		p->key->read(p);
		break;
	case VR_KIND_BLOCK:
		vr_parse_block(p, p->key->block, p->draft);
		break;
	case VR_KIND_NONE:
		pass_over(p);
		break;
	default:
		set_number(p);
	}
}

static void
set_usual(struct vr_parse *p, const struct vr_key *k, void *object)
{
	int64_t value = 0;

	if (k->usual == NULL)
		return;
	if (k->kind == VR_KIND_TEXT)
		*(const char **)field(object, k) = k->usual;
	else if (k->kind == VR_KIND_TIME || k->kind == VR_KIND_SECONDS) {
		NEED(number_seconds(text_of(k->usual), &value, NULL) == 0);
		store(k, object, value);
	} else if (k->kind == VR_KIND_BOOL || k->kind == VR_KIND_FLAG)
		store(k, object, strcmp(k->usual, "on") == 0);
	else if (k->kind < VR_KIND_TEXT && k->kind != VR_KIND_OFF) {
		NEED(number_int(text_of(k->usual), 10, INT64_MIN, INT64_MAX,
		    &value, NULL) == 0);
		store(k, object, value);
	}
}

void
vr_parse_usual(struct vr_parse *p, const struct vr_key *rows, void *object)
{
	for (const struct vr_key *k = rows; k->name != NULL; k++)
		set_usual(p, k, object);
}

void
vr_parse_inherit(struct vr_draft *d, const struct vr_global_conf *g)
{
	for (size_t i = 0; d->rows[i].name != NULL; i++) {
		const struct vr_key *k = &d->rows[i];

		if (k->from > 0 && !is_given(d, i))
			memcpy(field(d->object, k), (const char *)g +
			    k->from - 1, size_of(k->kind));
	}
}

/* ---- statements */

static const struct vr_key *
find(const struct vr_key *rows, const char *name)
{
	for (; rows->name != NULL; rows++)
		if (strcmp(rows->name, name) == 0)
			return rows;
	return NULL;
}

static void
take(struct vr_parse *p, const struct braces_item *i)
{
	p->place = (struct vr_place){ i->place.file, i->place.line };
	p->count = i->count;
	p->words = i->words;
	p->rest = i->rest;
}

/* What may stand where: ours anywhere, the original's not in a side file. */
static bool
may_stand(struct vr_parse *p, const struct vr_key *k)
{
	if (p->side && !k->ours && !k->opens) {
		vr_parse_error(p, "%s is a keyword of keepalived: it belongs "
		    "into %s, not into the side file", k->name,
		    p->config->path);
		return false;
	}
	if (!p->side && k->ours)
		vr_parse_note(p, "%s is unknown to keepalived, which would "
		    "refuse this file: %s.weir is the place for it", k->name,
		    p->config->path);
	return true;
}

static void
read_statement(struct vr_parse *p, const struct vr_key *rows,
    const struct braces_item *i)
{
	const struct vr_key *k = find(rows, i->words[0]);
	struct vr_draft *draft = p->draft;

	take(p, i);
	if (k == NULL) {
		vr_parse_error(p, "Unknown keyword '%s'", i->words[0]);
		return;
	}
	if (!may_stand(p, k)) {
		i = braces_next(p->in);
		braces_back(p->in);
		if (i->kind == BRACES_OPEN)
			vr_parse_skip(p);
		return;
	}
	p->key = k;
	if (k->instead != NULL)
		vr_parse_error(p, "Keyword \"%s\" is deprecated - please use "
		    "\"%s\"", k->name, k->instead);
	set_value(p);
	p->draft = draft;
}

static void
tell_brace(struct vr_parse *p, const struct braces_item *i)
{
	take(p, i);
	vr_parse_error(p, "Unexpected '{' - ignoring");
}

void
vr_parse_block(struct vr_parse *p, const struct vr_key *rows,
    struct vr_draft *draft)
{
	const struct braces_item *i = braces_next(p->in);
	struct vr_draft *before = p->draft;

	p->draft = draft;
	if (i->kind != BRACES_OPEN) {
		p->place = (struct vr_place){ i->place.file, i->place.line };
		vr_parse_error(p, "Missing '{' at beginning of configuration "
		    "block");
		braces_back(p->in);
	}
	while (!p->stopped) {
		i = braces_next(p->in);
		if (i->kind == BRACES_END || i->kind == BRACES_CLOSE)
			break;
		if (i->kind == BRACES_OPEN)
			tell_brace(p, i);
		else
			read_statement(p, rows, i);
	}
	p->place = (struct vr_place){ i->place.file, i->place.line };
	p->draft = before;
}

unsigned
vr_parse_lines(struct vr_parse *p, void (*line)(struct vr_parse *))
{
	static const char *brace[] = { "{", NULL };
	const struct braces_item *i;
	unsigned n = 0;

	if (p->count > 1)
		vr_parse_error(p, "Block %s has extra parameters %s ...",
		    p->words[0], p->words[1]);
	i = braces_next(p->in);
	if (i->kind != BRACES_OPEN)
		braces_back(p->in);
	while (!p->stopped) {
		i = braces_next(p->in);
		if (i->kind == BRACES_END || i->kind == BRACES_CLOSE)
			break;
		take(p, i);
		if (i->kind == BRACES_OPEN) {
			p->words = brace;
			p->count = 1;
			p->rest = "";
		}
		line(p);
		n++;
	}
	p->place = (struct vr_place){ i->place.file, i->place.line };
	return n;
}

void
vr_parse_skip(struct vr_parse *p)
{
	const struct braces_item *i = braces_next(p->in);
	unsigned depth = 1;

	if (i->kind != BRACES_OPEN) {
		braces_back(p->in);
		return;
	}
	while (depth > 0) {
		i = braces_next(p->in);
		if (i->kind == BRACES_END)
			return;
		depth += i->kind == BRACES_OPEN;
		depth -= i->kind == BRACES_CLOSE;
	}
}

void
vr_parse_file(struct vr_parse *p, const struct vr_key *rows)
{
	const struct braces_item *i;

	while (!p->stopped && (i = braces_next(p->in))->kind != BRACES_END) {
		if (i->kind == BRACES_WORDS) {
			read_statement(p, rows, i);
			continue;
		}
		take(p, i);
		vr_parse_error(p, i->kind == BRACES_OPEN ?
		    "Unexpected '{' - ignoring" : "Unknown keyword '}'");
	}
	if (braces_depth(p->in) > 0 && !p->stopped)
		vr_report_say(p->report, VR_REPORT_ERROR, NULL,
		    "There are %u missing '}'s or extra '{'s",
		    braces_depth(p->in));
}
