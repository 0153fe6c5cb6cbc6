/* SPDX-License-Identifier: ISC */
/* config.c - file, environment, command line; see config.h. Loop 0. */
#include <sys/stat.h>

#include <ctype.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/secret.h"
#include "conf/ini.h"
#include "watch/config.h"
#include "watch/event.h"

#define USUAL_URL	"http://127.0.0.1:8404/stats;csv"
#define OLD_STATE	"/tmp/pgbouncer_states.txt"
#define OLD_HINT	"Run: docker start %s"

enum { FILE_MOST = 4 * 1024 * 1024, SECRET_MOST = 4096, DEPTH = 10 };

struct reading {
	struct wt_config *c;
	struct why *why;
	const struct key *rows;		/* of the section at hand */
	void *object;
	unsigned depth;
};

/* ---- small texts */

static int
no_memory(struct why *why)
{
	return why_set(why, "out of memory");
}

static void
warn(struct wt_config *c, char *line)
{
	char **more = mem_grow(c->warnings,
	    (c->warning_count + 1) * sizeof *more);

	if (line == NULL || more == NULL) {
		mem_drop(line);
		return;
	}
	c->warnings = more;
	c->warnings[c->warning_count++] = line;
}

int
wt_config_patterns(struct wt_patterns *p, const char *list)
{
	struct text rest = text_of(list), word;

	while (text_word(&rest, ", \t", &word)) {
		char **more = mem_grow(p->at, (p->count + 1) * sizeof *more);

		if (more == NULL)
			return -1;
		p->at = more;
		p->at[p->count] = mem_copy(word);
		if (p->at[p->count] == NULL)
			return -1;
		p->count++;
	}
	return 0;
}

void
wt_config_patterns_free(struct wt_patterns *p)
{
	for (unsigned i = 0; i < p->count; i++)
		mem_drop(p->at[i]);
	mem_drop(p->at);
	*p = (struct wt_patterns){ NULL, 0 };
}

bool
wt_config_fits(const struct wt_patterns *p, const char *key,
    const char *server)
{
	for (unsigned i = 0; i < p->count; i++)
		if (fnmatch(p->at[i], strchr(p->at[i], '/') != NULL ? key :
		    server, 0) == 0)
			return true;
	return false;
}

/* ---- URLs */

struct text
wt_config_host(struct text url)
{
	const char *p;

	if (text_begins(url, "unix:"))
		return text_from(url, 5);
	if (text_begins(url, "http+unix:"))
		return text_from(url, 10);
	p = url.len < 3 ? NULL : memmem(url.at, url.len, "://", 3);
	if (p != NULL)
		url = text_from(url, (size_t)(p + 3 - url.at));
	for (size_t i = 0; i < url.len; i++)
		if (strchr("/?#;", url.at[i]) != NULL)
			url.len = i;
	for (size_t i = url.len; i > 0; i--)
		if (url.at[i - 1] == '@')
			return text_from(url, i);
	return url;
}

char *
wt_config_page_url(const char *url)
{
	struct text all = text_of(url), host = wt_config_host(all);
	size_t before = (size_t)(host.at - url) + host.len;
	const char *path = url + before;

	if (text_begins(all, "unix:") || text_begins(all, "http+unix:"))
		return mem_copy(all);
	if (path[0] == '\0' || strcmp(path, "/") == 0)
		return mem_print("%.*s/stats;csv;norefresh", (int)before,
		    url);
	if (strchr(path, ';') == NULL && strchr(path, '?') == NULL)
		return mem_print("%s;csv;norefresh", url);
	return mem_copy(all);
}

static bool
is_http(struct text url)
{
	return text_begins(url, "http://") || text_begins(url, "https://");
}

static bool
is_source_url(struct text url)
{
	return is_http(url) || text_begins(url, "unix:/") ||
	    text_begins(url, "http+unix:/");
}

/* ---- sections */

static void *
grow(void *array, unsigned *count, size_t size, unsigned most)
{
	char *more;

	if (*count >= most)
		return NULL;
	more = mem_grow(array, (*count + 1) * size);
	if (more == NULL)
		return NULL;
	memset(more + *count * size, 0, size);
	(*count)++;
	return more;
}

/* The new row of an array whose rows begin with their name. */
static int
add_row(void **array, unsigned *count, size_t size, unsigned most,
    const struct key *rows, struct text name, void **row, struct why *why)
{
	void *more = grow(*array, count, size, most);
	char *copy = mem_copy(name);

	if (more != NULL)
		*array = more;
	if (more == NULL || copy == NULL) {
		mem_drop(copy);
		return why_set(why, *count >= most ?
		    "too many sections of this kind" : "out of memory");
	}
	*row = (char *)more + (*count - 1) * size;
	memcpy(*row, &copy, sizeof copy);
	return key_fill(rows, *row) < 0 ? no_memory(why) : 0;
}

static int
add_source(struct wt_config *c, struct text name, void **row,
    struct why *why)
{
	return add_row((void **)&c->sources, &c->source_count,
	    sizeof *c->sources, WT_SOURCES_MOST, wt_keys_source, name, row,
	    why);
}

static int
add_receiver(struct wt_config *c, struct text name, void **row,
    struct why *why)
{
	return add_row((void **)&c->receivers, &c->receiver_count,
	    sizeof *c->receivers, WT_RECEIVERS_MOST, wt_keys_receiver, name,
	    row, why);
}

static int
add_silence(struct wt_config *c, struct text name, void **row,
    struct why *why)
{
	return add_row((void **)&c->silences, &c->silence_count,
	    sizeof *c->silences, WT_SOURCES_MOST, wt_keys_silence, name, row,
	    why);
}

static bool
is_taken(const struct wt_config *c, const struct key *rows, struct text name)
{
	if (rows == wt_keys_source)
		for (unsigned i = 0; i < c->source_count; i++)
			if (text_is(name, c->sources[i].name))
				return true;
	if (rows == wt_keys_receiver)
		for (unsigned i = 0; i < c->receiver_count; i++)
			if (text_is(name, c->receivers[i].name))
				return true;
	if (rows == wt_keys_silence)
		for (unsigned i = 0; i < c->silence_count; i++)
			if (text_is(name, c->silences[i].name))
				return true;
	return false;
}

static const struct {
	const char *word;
	const struct key *rows;
	int (*add)(struct wt_config *, struct text, void **, struct why *);
} sections[] = {
	{ "source", wt_keys_source, add_source },
	{ "receiver", wt_keys_receiver, add_receiver },
	{ "silence", wt_keys_silence, add_silence },
};

static int
put_place(struct why *why, const struct ini_place *at)
{
	snprintf(why->place, sizeof why->place, "%s:%u", at->file, at->line);
	return -1;
}

static int
on_section(void *arg, struct text name, const struct ini_place *at)
{
	struct reading *r = arg;
	struct text rest = name, kind = TEXT_NONE;

	if (text_is(text_trim(name), "watcher")) {
		r->rows = wt_keys_watcher;
		r->object = &r->c->set;
		return 0;
	}
	text_word(&rest, " \t", &kind);
	rest = text_trim(rest);
	for (size_t i = 0; i < sizeof sections / sizeof sections[0]; i++) {
		if (!text_is(kind, sections[i].word))
			continue;
		if (rest.len == 0 || rest.len > WT_EVENT_NAME)
			return why_at(r->why, at->file, at->line, "section "
			    "[%s]: expected [%s NAME], a name of 1 to %d "
			    "bytes", sections[i].word, sections[i].word,
			    WT_EVENT_NAME);
		if (is_taken(r->c, sections[i].rows, rest))
			return why_at(r->why, at->file, at->line, "section "
			    "[%.*s] stands twice", TEXT_ARG(name));
		r->rows = sections[i].rows;
		if (sections[i].add(r->c, rest, &r->object, r->why) == 0)
			return 0;
		return put_place(r->why, at);
	}
	return why_at(r->why, at->file, at->line, "unknown section [%.*s]: "
	    "expected [watcher], [source NAME], [receiver NAME] or "
	    "[silence NAME]", TEXT_ARG(name));
}

static int
on_pair(void *arg, struct text key, struct text value,
    const struct ini_place *at)
{
	struct reading *r = arg;
	const struct key *row;
	char expects[KEY_EXPECTS];

	if (r->rows == NULL)
		return why_at(r->why, at->file, at->line, "%.*s: expected a "
		    "section such as [watcher] before the first setting",
		    TEXT_ARG(key));
	row = key_find(r->rows, key);
	if (row == NULL)
		return why_at(r->why, at->file, at->line, "unknown setting "
		    "%.*s: expected one of weir-watch --list-settings",
		    TEXT_ARG(key));
	if (key_set(row, r->object, value, r->why) == 0)
		return 0;
	return why_at(r->why, at->file, at->line, "%s = %.*s: expected %s",
	    row->name, (int)(value.len > 64 ? 64 : value.len), value.at,
	    key_expects(row, expects));
}

static int
on_broken(void *arg, const struct ini_place *at)
{
	struct reading *r = arg;

	return why_at(r->why, at->file, at->line, "syntax error: expected "
	    "[SECTION], NAME = VALUE, %%include FILE or a comment");
}

static int read_file(struct reading *, const char *path);

static int
on_include(void *arg, struct text path, const struct ini_place *at)
{
	struct reading *r = arg;
	char *copy;
	int code;

	if (r->depth >= DEPTH)
		return why_at(r->why, at->file, at->line, "%%include: "
		    "expected at most %d files inside each other", DEPTH);
	copy = mem_copy(path);
	if (copy == NULL)
		return no_memory(r->why);
	r->why->place[0] = '\0';
	code = read_file(r, copy);
	if (code < 0 && r->why->place[0] == '\0')
		put_place(r->why, at);
	mem_drop(copy);
	return code;
}

static int
read_text(struct reading *r, const char *name, struct text text)
{
	struct ini_reader to = { r, on_section, on_pair, on_include,
	    on_broken };
	int code;

	r->depth++;
	code = ini_read(name, text, &to);
	r->depth--;
	return code;
}

static int
read_file(struct reading *r, const char *path)
{
	struct text text;
	struct why why;
	int code;

	if (file_read(path, FILE_MOST, &text, &why) < 0)
		return why_set(r->why, "cannot read %s: %s", path, why.line);
	code = read_text(r, path, text);
	secret_wipe((void *)(uintptr_t)text.at, text.len);
	mem_drop((void *)(uintptr_t)text.at);
	return code;
}

/* ---- what is not in the file */

static int
set_given(struct wt_config *c, const char *name, const char *value,
    const char *whence, struct why *why)
{
	const struct key *row = key_find(wt_keys_watcher, text_of(name));
	char expects[KEY_EXPECTS];

	if (value == NULL || value[0] == '\0' ||
	    key_set(row, &c->set, text_of(value), why) == 0)
		return 0;
	return why_set(why, "%s %s: expected %s", whence, value,
	    key_expects(row, expects));
}

static int
put_text(const struct key *rows, void *object, const char *name,
    struct text value, struct why *why)
{
	return key_set(key_find(rows, text_of(name)), object, value, why) < 0 ?
	    no_memory(why) : 0;
}

/* A source of an URL alone is called by its host and port. */
static int
add_url(struct wt_config *c, struct text url, const struct wt_given *given,
    struct why *why)
{
	char name[WT_EVENT_NAME + 16];
	struct text host = wt_config_host(url);
	void *row;

	if (!is_source_url(url))
		return why_set(why, "URL of the statistics: expected http://, "
		    "https://, unix:/PATH or http+unix:/PATH:/URI");
	snprintf(name, sizeof name, "%.*s", (int)(host.len > WT_EVENT_NAME ?
	    WT_EVENT_NAME : host.len), host.at);
	if (is_taken(c, wt_keys_source, text_of(name)))
		snprintf(name + strlen(name), sizeof name - strlen(name),
		    " %u", c->source_count + 1);
	if (add_source(c, text_of(name), &row, why) < 0 ||
	    put_text(wt_keys_source, row, "url", url, why) < 0)
		return -1;
	if (given->env_user != NULL && put_text(wt_keys_source, row, "user",
	    text_of(given->env_user), why) < 0)
		return -1;
	return given->env_password == NULL ? 0 : put_text(wt_keys_source, row,
	    "password", text_of(given->env_password), why);
}

static void free_sources(struct wt_config *);

static int
take_urls(struct wt_config *c, const struct wt_given *given, struct why *why)
{
	struct text rest = text_of(given->env_urls), url;

	if (given->url_count == 0 && rest.len == 0) {
		if (c->source_count > 0)
			return 0;
		return add_url(c, TEXT(USUAL_URL), given, why);
	}
	free_sources(c);
	for (unsigned i = 0; i < given->url_count; i++)
		if (add_url(c, text_of(given->urls[i]), given, why) < 0)
			return -1;
	while (given->url_count == 0 && text_word(&rest, ", \t", &url))
		if (add_url(c, url, given, why) < 0)
			return -1;
	return 0;
}

static int
take_slack(struct wt_config *c, const struct wt_given *given,
    struct why *why)
{
	struct wt_receiver_row *row = NULL;
	void *fresh;

	if (given->env_slack == NULL && given->slack_url_file == NULL)
		return 0;
	for (unsigned i = 0; i < c->receiver_count; i++)
		if (strcmp(c->receivers[i].name, "slack") == 0)
			row = &c->receivers[i];
	if (row == NULL) {
		if (add_receiver(c, TEXT("slack"), &fresh, why) < 0)
			return -1;
		row = fresh;
	}
	if (c->old_place && put_text(wt_keys_receiver, row, "hint",
	    TEXT(OLD_HINT), why) < 0)
		return -1;
	if (given->slack_url_file != NULL)
		return put_text(wt_keys_receiver, row, "url_file",
		    text_of(given->slack_url_file), why);
	return put_text(wt_keys_receiver, row, "url",
	    text_of(given->env_slack), why);
}

static int
take_given(struct wt_config *c, const struct wt_given *given,
    struct why *why)
{
	if (set_given(c, "interval", given->interval, "interval", why) < 0 ||
	    set_given(c, "log_level", given->log_level, "log level", why) < 0 ||
	    set_given(c, "state_file", given->state_file, "state file",
	    why) < 0 || set_given(c, "pid_file", given->pid_file, "pid file",
	    why) < 0)
		return -1;
	return take_urls(c, given, why) < 0 ? -1 : take_slack(c, given, why);
}

/* ---- secrets */

static int
read_secret(struct wt_config *c, const char *path, const char **to,
    const char *what, struct why *why)
{
	struct text all, line;
	struct stat st;
	struct why cause;
	char *copy;

	if (path == NULL || path[0] == '\0')
		return 0;
	if (file_read(path, SECRET_MOST, &all, &cause) < 0)
		return why_set(why, "%s: cannot read %s: %s", what, path,
		    cause.line);
	if (stat(path, &st) == 0 && (st.st_mode & S_IROTH) != 0)
		warn(c, mem_print("%s can be read by everybody", path));
	line = text_trim(all);
	copy = secret_copy(line);
	secret_wipe((void *)(uintptr_t)all.at, all.len);
	mem_drop((void *)(uintptr_t)all.at);
	if (copy == NULL)
		return no_memory(why);
	if (copy[0] == '\0') {
		secret_drop(copy);
		return why_set(why, "%s: %s is empty", what, path);
	}
	secret_drop((void *)(uintptr_t)*to);
	*to = copy;
	return 0;
}

/* ---- each row made whole */

static int
finish_source(struct wt_config *c, struct wt_source_row *s, struct why *why)
{
	if (s->url == NULL || !is_source_url(text_of(s->url)))
		return why_set(why, "[source %s] url: expected http://, "
		    "https://, unix:/PATH or http+unix:/PATH:/URI", s->name);
	if (text_begins(text_of(s->url), "http+unix:") &&
	    strchr(s->url + sizeof "http+unix:" - 1, ':') == NULL)
		return why_set(why, "[source %s] url: expected "
		    "http+unix:/PATH:/URI", s->name);
	if (s->kind != WT_BALANCER && text_begins(text_of(s->url), "unix:"))
		return why_set(why, "[source %s] kind: metrics come by http "
		    "or http+unix", s->name);
	if (s->active != NULL && s->active[0] != '\0' &&
	    !text_begins(text_of(s->active), "vip:"))
		return why_set(why, "[source %s] active: expected "
		    "vip:ADDRESS", s->name);
	if (!s->tls_verify)
		warn(c, mem_print("source %s: tls_verify = no, anybody may "
		    "answer", s->name));
	if (s->password_env != NULL && getenv(s->password_env) != NULL &&
	    put_text(wt_keys_source, s, "password",
	    text_of(getenv(s->password_env)), why) < 0)
		return -1;
	if (wt_config_patterns(&s->in, s->include) < 0 ||
	    wt_config_patterns(&s->out, s->exclude) < 0)
		return no_memory(why);
	return read_secret(c, s->password_file, &s->password,
	    "password_file", why);
}

static uint64_t
usual_mask(void)
{
	uint64_t mask = 0;

	for (int k = 0; k < WT_KINDS; k++)
		if (wt_event_is_usual((enum wt_kind)k))
			mask |= (uint64_t)1 << k;
	return mask;
}

static int
read_events(struct wt_receiver_row *r, struct why *why)
{
	struct text rest = text_of(r->events), word;

	r->mask = rest.len == 0 ? usual_mask() : (uint64_t)1 << WT_TEST;
	while (text_word(&rest, ", \t", &word)) {
		int kind = wt_event_kind_named(word);

		if (text_is(word, "all"))
			r->mask = ~(uint64_t)0;
		else if (text_is(word, "usual"))
			r->mask |= usual_mask();
		else if (kind < 0)
			return why_set(why, "[receiver %s] events: %.*s: "
			    "expected kinds such as down, up, backend_down, "
			    "or usual, all", r->name, TEXT_ARG(word));
		else
			r->mask |= (uint64_t)1 << kind;
	}
	return 0;
}

static int
finish_receiver(struct wt_config *c, struct wt_receiver_row *r,
    struct why *why)
{
	bool by_token = r->type == WT_SLACK && r->token_file != NULL;

	if (read_events(r, why) < 0 ||
	    read_secret(c, r->url_file, &r->url, "url_file", why) < 0 ||
	    read_secret(c, r->secret_file, &r->secret, "secret_file",
	    why) < 0 || read_secret(c, r->routing_key_file, &r->routing_key,
	    "routing_key_file", why) < 0 || read_secret(c, r->token_file,
	    &r->token, "token_file", why) < 0)
		return -1;
	if (r->type == WT_PAGERDUTY && r->routing_key == NULL)
		return why_set(why, "[receiver %s]: expected routing_key_file",
		    r->name);
	if (by_token && r->channel == NULL)
		return why_set(why, "[receiver %s]: expected channel with "
		    "token_file", r->name);
	if (by_token && r->url == NULL)
		return put_text(wt_keys_receiver, r, "url",
		    TEXT("https://slack.com/api"), why);
	if (r->type == WT_PAGERDUTY && r->url == NULL)
		return put_text(wt_keys_receiver, r, "url",
		    TEXT("https://events.pagerduty.com/v2/enqueue"), why);
	if (r->type != WT_LOG && (r->url == NULL || !is_http(text_of(r->url))))
		return why_set(why, "[receiver %s] url: expected http:// or "
		    "https://", r->name);
	return 0;
}

/* "2026-01-31 02:00 UTC"; -1: it is none. */
static int
read_date(const char *s, int64_t *wall)
{
	struct tm tm = { .tm_sec = 0 };
	const char *end = strptime(s, "%Y-%m-%d %H:%M", &tm);

	if (end == NULL || (strcmp(end, "") != 0 && strcmp(end, " UTC") != 0))
		return -1;
	*wall = (int64_t)timegm(&tm) * CLOCK_SECOND;
	return 0;
}

static bool
read_clock(struct text t, int *second)
{
	struct text h = TEXT_NONE, m = TEXT_NONE;
	int hours, minutes;

	if (!text_split(&t, ':', &h) || !text_split(&t, ':', &m) ||
	    t.at != NULL || h.len != 2 || m.len != 2 || !isdigit(h.at[0]) ||
	    !isdigit(h.at[1]) || !isdigit(m.at[0]) || !isdigit(m.at[1]))
		return false;
	hours = (h.at[0] - '0') * 10 + h.at[1] - '0';
	minutes = (m.at[0] - '0') * 10 + m.at[1] - '0';
	*second = hours * 3600 + minutes * 60;
	return minutes < 60 && *second <= 24 * 3600;
}

/* "Sun 02:00-04:00 UTC"; an end before the begin is on the next day. */
static bool
read_weekly(struct wt_silence_row *s)
{
	static const char days[] = "SunMonTueWedThuFriSat";
	struct text rest = text_of(s->weekly), day = TEXT_NONE, span, zone, at;

	if (!text_word(&rest, " ", &day) || day.len != 3 ||
	    !text_word(&rest, " ", &span))
		return false;
	for (s->weekday = 0; s->weekday < 7; s->weekday++)
		if (memcmp(days + 3 * s->weekday, day.at, 3) == 0)
			break;
	if (s->weekday == 7 || !text_split(&span, '-', &at) ||
	    !read_clock(at, &s->first) || !read_clock(span, &s->last))
		return false;
	return !text_word(&rest, " ", &zone) || text_is(zone, "UTC");
}

static int
finish_silence(struct wt_silence_row *s, struct why *why)
{
	if (s->match == NULL || s->match[0] == '\0')
		return why_set(why, "[silence %s]: expected match", s->name);
	if (s->weekly != NULL) {
		if (s->from != NULL || s->to != NULL || !read_weekly(s))
			return why_set(why, "[silence %s] weekly: expected a "
			    "time such as Sun 02:00-04:00 UTC, without from "
			    "and to", s->name);
		return 0;
	}
	s->end = INT64_MAX;
	if ((s->from != NULL && read_date(s->from, &s->begin) < 0) ||
	    (s->to != NULL && read_date(s->to, &s->end) < 0) ||
	    (s->from == NULL && s->to == NULL) || s->end <= s->begin)
		return why_set(why, "[silence %s]: expected from and to such "
		    "as 2026-01-31 02:00 UTC, in that order", s->name);
	return 0;
}

static int
set_state_file(struct wt_config *c, struct why *why)
{
	const char *dir = getenv("STATE_DIRECTORY");
	char *path;
	int code;

	if (c->set.state_file != NULL && c->set.state_file[0] != '\0')
		return 0;
	path = dir != NULL && dir[0] == '/' ?
	    mem_print("%s/watch.state", dir) : c->old_place ?
	    mem_copy(TEXT(OLD_STATE)) :
	    mem_copy(TEXT("/var/lib/weir/watch.state"));
	if (path == NULL)
		return no_memory(why);
	code = put_text(wt_keys_watcher, &c->set, "state_file",
	    text_of(path), why);
	mem_drop(path);
	return code;
}

static int
finish(struct wt_config *c, struct why *why)
{
	char *outbox;
	int code = 0;

	if (set_state_file(c, why) < 0)
		return -1;
	if (c->set.outbox_dir == NULL || c->set.outbox_dir[0] == '\0') {
		outbox = mem_print("%s.outbox", c->set.state_file);
		code = outbox == NULL ? no_memory(why) :
		    put_text(wt_keys_watcher, &c->set, "outbox_dir",
		    text_of(outbox), why);
		mem_drop(outbox);
	}
	if (c->set.timeout > c->set.interval)
		c->set.timeout = c->set.interval;
	if (c->set.active != NULL && c->set.active[0] != '\0' &&
	    !text_begins(text_of(c->set.active), "vip:"))
		return why_set(why, "[watcher] active: expected vip:ADDRESS");
	for (unsigned i = 0; code == 0 && i < c->source_count; i++)
		code = finish_source(c, &c->sources[i], why);
	for (unsigned i = 0; code == 0 && i < c->receiver_count; i++)
		code = finish_receiver(c, &c->receivers[i], why);
	for (unsigned i = 0; code == 0 && i < c->silence_count; i++)
		code = finish_silence(&c->silences[i], why);
	return code;
}

/* ---- all of it */

static struct wt_config *
read_all(const char *name, const struct text *text,
    const struct wt_given *given, struct why *why)
{
	struct wt_config *c = mem_zero(sizeof *c);
	struct reading r = { c, why, NULL, NULL, 0 };
	int code;

	why->line[0] = why->place[0] = '\0';
	if (c == NULL || key_fill(wt_keys_watcher, &c->set) < 0) {
		no_memory(why);
		wt_config_free(&c);
		return NULL;
	}
	c->old_place = name == NULL;
	code = name == NULL ? 0 : text != NULL ? read_text(&r, name, *text) :
	    read_file(&r, name);
	if (code == 0)
		code = take_given(c, given, why);
	if (code == 0 && (code = finish(c, why)) < 0 && name != NULL &&
	    why->place[0] == '\0')
		snprintf(why->place, sizeof why->place, "%s", name);
	if (code < 0)
		wt_config_free(&c);
	return c;
}

struct wt_config *
wt_config_read(const struct wt_given *given, struct why *why)
{
	return read_all(given->file, NULL, given, why);
}

struct wt_config *
wt_config_parse(const char *name, struct text text,
    const struct wt_given *given, struct why *why)
{
	return read_all(name, &text, given, why);
}

static void
free_sources(struct wt_config *c)
{
	for (unsigned i = 0; i < c->source_count; i++) {
		key_clear(wt_keys_source, &c->sources[i]);
		wt_config_patterns_free(&c->sources[i].in);
		wt_config_patterns_free(&c->sources[i].out);
		mem_drop(c->sources[i].name);
	}
	mem_drop(c->sources);
	c->sources = NULL;
	c->source_count = 0;
}

static void
free_receivers(struct wt_config *c)
{
	for (unsigned i = 0; i < c->receiver_count; i++) {
		struct wt_receiver_row *r = &c->receivers[i];

		secret_drop((void *)(uintptr_t)r->secret);
		secret_drop((void *)(uintptr_t)r->routing_key);
		secret_drop((void *)(uintptr_t)r->token);
		key_clear(wt_keys_receiver, r);
		mem_drop(r->name);
	}
	mem_drop(c->receivers);
}

void
wt_config_free(struct wt_config **config)
{
	struct wt_config *c = *config;

	if (c == NULL)
		return;
	free_sources(c);
	free_receivers(c);
	for (unsigned i = 0; i < c->silence_count; i++) {
		key_clear(wt_keys_silence, &c->silences[i]);
		mem_drop(c->silences[i].name);
	}
	for (unsigned i = 0; i < c->warning_count; i++)
		mem_drop(c->warnings[i]);
	mem_drop(c->silences);
	mem_drop(c->warnings);
	key_clear(wt_keys_watcher, &c->set);
	mem_drop(c);
	*config = NULL;
}
