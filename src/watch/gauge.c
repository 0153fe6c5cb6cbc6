/* SPDX-License-Identifier: ISC */
/* gauge.c - Prometheus' text form to rows; see gauge.h. Pure. */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "base/number.h"
#include "watch/gauge.h"
#include "watch/words.h"

#define HEAD	"# pxname,svname,status,type,check_desc,addr,\n"

enum { LABELS = 8, NAME = 128, ROWS_MOST = 5000, LINE_MOST = 4096 };

struct sample {
	struct text name;
	struct { struct text key; char value[NAME]; } label[LABELS];
	unsigned labels;
	double value;
};

struct sheet {
	char *at;
	size_t len, room;
	unsigned rows;
	bool failed;
};

/* ---- reading */

static bool
is_name_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	    (c >= '0' && c <= '9') || c == '_' || c == ':';
}

static struct text
take_name(struct text *t)
{
	struct text name = { t->at, 0 };

	while (t->len > 0 && is_name_char(t->at[0])) {
		name.len++;
		*t = text_from(*t, 1);
	}
	return name;
}

/* "..." with \\, \" and \n; what is longer than its room is cut. */
static bool
take_quoted(struct text *t, char to[NAME])
{
	size_t len = 0;

	if (t->len == 0 || t->at[0] != '"')
		return false;
	*t = text_from(*t, 1);
	while (t->len > 0 && t->at[0] != '"') {
		char c = t->at[0];

		if (c == '\\' && t->len > 1) {
			*t = text_from(*t, 1);
			c = t->at[0] == 'n' ? ' ' : t->at[0];
		}
		if (len < NAME - 1)
			to[len++] = c;
		*t = text_from(*t, 1);
	}
	to[len] = '\0';
	if (t->len == 0)
		return false;
	*t = text_from(*t, 1);
	return true;
}

static bool
take_labels(struct text *t, struct sample *s)
{
	char ignored[NAME];

	*t = text_from(*t, 1);
	while (t->len > 0 && t->at[0] != '}') {
		struct text key = take_name(t);

		if (key.len == 0 || t->len == 0 || t->at[0] != '=')
			return false;
		*t = text_from(*t, 1);
		if (!take_quoted(t, s->labels < LABELS ?
		    s->label[s->labels].value : ignored))
			return false;
		if (s->labels < LABELS)
			s->label[s->labels++].key = key;
		while (t->len > 0 && (t->at[0] == ',' || t->at[0] == ' '))
			*t = text_from(*t, 1);
	}
	if (t->len == 0)
		return false;
	*t = text_from(*t, 1);
	return true;
}

/* The next sample; false: none is left. Lines that are none are passed. */
static bool
next_sample(struct text *rest, struct sample *s)
{
	struct text line, word;
	char number[48], *end;

	while (text_split(rest, '\n', &line)) {
		if (line.len == 0 || line.at[0] == '#' ||
		    line.len > LINE_MOST)
			continue;
		s->labels = 0;
		s->name = take_name(&line);
		if (s->name.len == 0 || (line.len > 0 && line.at[0] == '{' &&
		    !take_labels(&line, s)) ||
		    !text_word(&line, " \t\r", &word) ||
		    word.len >= sizeof number)
			continue;
		memcpy(number, word.at, word.len);
		number[word.len] = '\0';
		s->value = strtod(number, &end);
		if (*end == '\0' && isfinite(s->value))
			return true;
	}
	return false;
}

static const char *
label(const struct sample *s, const char *key)
{
	for (unsigned i = 0; i < s->labels; i++)
		if (text_is(s->label[i].key, key))
			return s->label[i].value;
	return "";
}

/* ---- writing */

static void
put_raw(struct sheet *s, const char *text, size_t len)
{
	char *more;

	if (s->len + len + 1 > s->room) {
		s->room = 2 * s->room + len + 1024;
		more = mem_grow(s->at, s->room);
		if (more == NULL) {
			s->failed = true;
			return;
		}
		s->at = more;
	}
	memcpy(s->at + s->len, text, len);
	s->len += len;
	s->at[s->len] = '\0';
}

static void
put_cell(struct sheet *s, const char *text)
{
	put_raw(s, "\"", 1);
	for (; *text != '\0' && !s->failed; text++)
		put_raw(s, *text == '"' ? "\"\"" : text,
		    *text == '"' ? 2 : 1);
	put_raw(s, "\",", 2);
}

static void
put_row(struct sheet *s, const char *proxy, const char *server,
    const char *status, const char *check, const char *addr)
{
	const char *cells[] = { proxy, server, status, "2", check, addr };

	if (s->failed || s->rows >= ROWS_MOST || server[0] == '\0')
		return;
	for (int i = 0; i < 6 && !s->failed; i++)
		put_cell(s, cells[i]);
	if (!s->failed)
		put_raw(s, "\n", 1);
	s->rows++;
}

static char *
finish(struct sheet *s, const char *what, struct why *why)
{
	if (!s->failed && s->rows > 0)
		return s->at;
	mem_drop(s->at);
	why_set(why, s->failed ? "out of memory" : "these are no metrics of "
	    "Weir's %s", what);
	return NULL;
}

/* ---- the pooler */

bool
wt_gauge_database(struct text *rest, char *name, size_t size)
{
	struct sample s;

	while (next_sample(rest, &s)) {
		if (!text_is(s.name, "pgbouncer_databases_pool_size") ||
		    strcmp(label(&s, "name"), "pgbouncer") == 0 ||
		    label(&s, "name")[0] == '\0')
			continue;
		snprintf(name, size, "%s", label(&s, "name"));
		return true;
	}
	return false;
}

static void
put_wait(struct sheet *sheet, const struct sample *s,
    const struct wt_source_row *row)
{
	char name[2 * NAME + 1], text[NAME], span[WT_WORDS];
	int64_t waited = s->value < 0 || s->value > 1e9 ? 0 :
	    (int64_t)(s->value * 1e6);
	bool late = row->maxwait_warn > 0 && waited > row->maxwait_warn;

	snprintf(name, sizeof name, "%s/%s", label(s, "database"),
	    label(s, "user"));
	snprintf(text, sizeof text, "a client has waited %s",
	    wt_words_span(waited, span));
	put_row(sheet, "pools", name, late ? "WAIT" : "UP",
	    late ? text : "", "");
}

static void
put_clients(struct sheet *sheet, double used, double most,
    const struct wt_source_row *row)
{
	char text[NAME];
	bool full = row->clients_warn > 0 && used * 100 >=
	    most * row->clients_warn;

	if (most <= 0)
		return;
	snprintf(text, sizeof text, "%.0f of %.0f clients", used, most);
	put_row(sheet, "pooler", "max_client_conn", full ? "FULL" : "UP",
	    text, "");
}

char *
wt_gauge_pooler(struct text metrics, const struct wt_source_row *row,
    const struct map *health, struct why *why)
{
	struct sheet sheet = { .len = 0 };
	struct text rest = metrics;
	struct sample s;
	double used = 0, most = 0;
	char name[NAME];

	put_raw(&sheet, HEAD, sizeof HEAD - 1);
	while (!sheet.failed && wt_gauge_database(&rest, name, sizeof name)) {
		const char *bad = map_find(health, text_of(name));

		put_row(&sheet, "databases", name, bad == NULL ? "UP" :
		    "DOWN", bad == NULL ? "" : bad, "");
	}
	while (!sheet.failed && next_sample(&metrics, &s))
		if (text_is(s.name, "pgbouncer_pools_client_maxwait_seconds"))
			put_wait(&sheet, &s, row);
		else if (text_is(s.name, "pgbouncer_used_clients"))
			used = s.value;
		else if (text_is(s.name,
		    "pgbouncer_config_max_client_connections"))
			most = s.value;
	put_clients(&sheet, used, most, row);
	return finish(&sheet, "pooler", why);
}

/* ---- VRRP */

static bool
is_split(struct text metrics, const char *iname)
{
	struct sample s;

	while (next_sample(&metrics, &s))
		if (text_is(s.name, "weir_vrrp_masters_seen") &&
		    strcmp(label(&s, "iname"), iname) == 0)
			return s.value >= 2;
	return false;
}

char *
wt_gauge_vrrp(struct text metrics, struct why *why)
{
	static const char *const words[] = { "INIT", "BACKUP", "MASTER",
	    "FAULT" };
	struct sheet sheet = { .len = 0 };
	struct text rest = metrics;
	struct map *seen = NULL;
	struct sample s;

	put_raw(&sheet, HEAD, sizeof HEAD - 1);
	while (!sheet.failed && sheet.rows < 256 && next_sample(&rest, &s)) {
		const char *iname = label(&s, "iname"), *word;

		if (!text_is(s.name, "keepalived_vrrp_state") ||
		    s.value < 0 || s.value > 3 ||
		    map_find(seen, text_of(iname)) != NULL)
			continue;
		map_put(&seen, text_of(iname), &sheet);
		word = words[(int)s.value];
		if (strcmp(word, "MASTER") == 0 && is_split(metrics, iname))
			word = "MASTER (split)";
		put_row(&sheet, "vrrp", iname, word, "",
		    label(&s, "ip_address"));
	}
	map_free(&seen, NULL);
	return finish(&sheet, "VRRP", why);
}
