/* SPDX-License-Identifier: ISC */
/* silence.c - what is not told for now; see silence.h. Loop 0. */
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/number.h"
#include "watch/silence.h"
#include "watch/words.h"

enum { FILE_MOST = 8192, FILES_MOST = 1000, NAME = 2 * 200 + 1 };

struct made {			/* at run time */
	struct wt_patterns match;
	int64_t until;
};

struct wt_silences {
	const struct wt_silence_row *rows;
	struct wt_patterns *matches;	/* of the rows */
	unsigned count, made_count;
	struct made made[FILES_MOST];
	char *dir;
	struct timespec seen;		/* of the directory */
	int64_t looked;
};

/* ---- those of the configuration */

bool
wt_silence_row_holds(const struct wt_silence_row *s, int64_t wall)
{
	time_t second = (time_t)(wall / CLOCK_SECOND);
	struct tm tm;
	int now, days;

	if (s->weekly == NULL)
		return wall >= s->begin && wall < s->end;
	gmtime_r(&second, &tm);
	now = tm.tm_hour * 3600 + tm.tm_min * 60 + tm.tm_sec;
	days = (tm.tm_wday - s->weekday + 7) % 7;
	if (s->last > s->first)
		return days == 0 && now >= s->first && now < s->last;
	return (days == 0 && now >= s->first) || (days == 1 && now < s->last);
}

struct wt_silences *
wt_silence_new(const struct wt_config *c, const char *dir)
{
	struct wt_silences *s = mem_zero(sizeof *s);

	if (s == NULL)
		return NULL;
	s->rows = c->silences;
	s->count = c->silence_count;
	s->matches = mem_zero((s->count + 1) * sizeof *s->matches);
	s->dir = mem_copy(text_of(dir));
	for (unsigned i = 0; s->matches != NULL && i < s->count; i++)
		if (wt_config_patterns(&s->matches[i],
		    s->rows[i].match) < 0)
			wt_silence_free(&s);
	if (s != NULL && (s->matches == NULL || s->dir == NULL))
		wt_silence_free(&s);
	return s;
}

static void
forget_made(struct wt_silences *s)
{
	while (s->made_count > 0)
		wt_config_patterns_free(&s->made[--s->made_count].match);
}

void
wt_silence_free(struct wt_silences **silences)
{
	struct wt_silences *s = *silences;

	if (s == NULL)
		return;
	forget_made(s);
	for (unsigned i = 0; s->matches != NULL && i < s->count; i++)
		wt_config_patterns_free(&s->matches[i]);
	mem_drop(s->matches);
	mem_drop(s->dir);
	mem_drop(s);
	*silences = NULL;
}

/* ---- those made at run time */

/* The file's name is its pattern in hexadecimal. */
static int
form_name(const char *pattern, char name[NAME], struct why *why)
{
	size_t len = strlen(pattern);

	if (len == 0 || 2 * len >= NAME)
		return why_set(why, "pattern: expected 1 to %d bytes",
		    NAME / 2);
	for (size_t i = 0; i < len; i++)
		snprintf(name + 2 * i, 3, "%02x", (unsigned char)pattern[i]);
	return 0;
}

struct entry {
	char *mem;
	struct text pattern, reason;
	int64_t until;
};

/* -1: it is none of ours. */
static int
read_entry(const char *dir, const char *name, struct entry *e)
{
	char *path = mem_print("%s/%s", dir, name);
	struct text all, rest, until = TEXT_NONE;
	struct why why;
	int code = path == NULL ? -1 : file_read(path, FILE_MOST, &all, &why);

	mem_drop(path);
	if (code < 0)
		return -1;
	e->mem = (char *)(uintptr_t)all.at;
	rest = text_trim(all);
	if (text_split(&rest, '\t', &e->pattern) &&
	    text_split(&rest, '\t', &until) && e->pattern.len > 0 &&
	    memchr(all.at, '\0', all.len) == NULL &&
	    number_int(until, 10, 0, INT64_MAX, &e->until, &why) == 0) {
		e->reason = rest;
		return 0;
	}
	mem_drop(e->mem);
	return -1;
}

static int
each_entry(const char *dir, int (*visit)(void *, const char *name,
    const struct entry *), void *arg)
{
	DIR *d = opendir(dir);
	const struct dirent *file;
	struct entry e;
	int n = 0, code = 0;

	if (d == NULL)
		return errno == ENOENT ? 0 : -1;
	while (code == 0 && n < FILES_MOST && (file = readdir(d)) != NULL) {
		if (file->d_name[0] == '.' ||
		    strlen(file->d_name) >= NAME ||
		    read_entry(dir, file->d_name, &e) < 0)
			continue;
		code = visit(arg, file->d_name, &e);
		mem_drop(e.mem);
		n++;
	}
	closedir(d);
	return code;
}

struct visit {
	struct wt_silences *s;
	const char *dir;
	FILE *to;
	int64_t wall;
	unsigned count;
};

static int
take_entry(void *arg, const char *name, const struct entry *e)
{
	struct visit *v = arg;
	struct made *m = &v->s->made[v->s->made_count];
	char *pattern = mem_copy(e->pattern), *path;

	if (e->until <= v->wall) {
		path = mem_print("%s/%s", v->dir, name);
		if (path != NULL)
			unlink(path);
		mem_drop(path);
	} else if (pattern != NULL) {
		m->until = e->until;
		if (wt_config_patterns(&m->match, pattern) == 0)
			v->s->made_count++;
		else
			wt_config_patterns_free(&m->match);
	}
	mem_drop(pattern);
	return 0;
}

void
wt_silence_refresh(struct wt_silences *s, int64_t wall)
{
	struct visit v = { .s = s, .dir = s->dir, .wall = wall };
	struct stat st;

	if (stat(s->dir, &st) < 0) {
		forget_made(s);
		return;
	}
	/* A change within the clock's grain of the last look is not missed. */
	if (st.st_mtim.tv_sec == s->seen.tv_sec &&
	    st.st_mtim.tv_nsec == s->seen.tv_nsec &&
	    wall - s->looked < 60 * CLOCK_SECOND && wall >= s->looked &&
	    s->looked - (int64_t)st.st_mtim.tv_sec * CLOCK_SECOND >
	    2 * CLOCK_SECOND)
		return;
	s->seen = st.st_mtim;
	s->looked = wall;
	forget_made(s);
	each_entry(s->dir, take_entry, &v);
}

bool
wt_silence_has(const struct wt_silences *s, const char *key,
    const char *server, int64_t wall)
{
	for (unsigned i = 0; i < s->count; i++)
		if (wt_silence_row_holds(&s->rows[i], wall) &&
		    wt_config_fits(&s->matches[i], key, server))
			return true;
	for (unsigned i = 0; i < s->made_count; i++)
		if (wall < s->made[i].until &&
		    wt_config_fits(&s->made[i].match, key, server))
			return true;
	return false;
}

unsigned
wt_silence_count(const struct wt_silences *s, int64_t wall)
{
	unsigned n = 0;

	for (unsigned i = 0; i < s->count; i++)
		n += wt_silence_row_holds(&s->rows[i], wall);
	for (unsigned i = 0; i < s->made_count; i++)
		n += wall < s->made[i].until;
	return n;
}

/* ---- the commands */

int
wt_silence_add(const char *dir, const char *pattern, int64_t until,
    const char *reason, struct why *why)
{
	char name[NAME], *path, *line;
	int code = -1;

	if (form_name(pattern, name, why) < 0)
		return -1;
	if (strpbrk(pattern, "\t\n") != NULL ||
	    (reason != NULL && strpbrk(reason, "\t\n") != NULL))
		return why_set(why, "expected no tab and no line end");
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return why_errno(why, "cannot make %s", dir);
	path = mem_print("%s/%s", dir, name);
	line = mem_print("%s\t%" PRId64 "\t%s\n", pattern, until,
	    reason == NULL ? "" : reason);
	if (path == NULL || line == NULL)
		why_set(why, "out of memory");
	else
		code = file_write_aside(path, 0600, text_of(line), why);
	mem_drop(path);
	mem_drop(line);
	return code;
}

int
wt_silence_remove(const char *dir, const char *pattern, struct why *why)
{
	char name[NAME], *path;
	int code;

	if (form_name(pattern, name, why) < 0)
		return -1;
	path = mem_print("%s/%s", dir, name);
	if (path == NULL)
		return why_set(why, "out of memory");
	code = unlink(path);
	mem_drop(path);
	return code == 0 ? 0 : errno == ENOENT ?
	    why_set(why, "no silence for %s", pattern) :
	    why_errno(why, "cannot end the silence for %s", pattern);
}

static int
print_entry(void *arg, const char *name, const struct entry *e)
{
	struct visit *v = arg;
	char until[WT_WORDS];

	if (e->until > v->wall)
		fprintf(v->to, "%.*s\tuntil %s\t%.*s\n", TEXT_ARG(e->pattern),
		    wt_words_date(e->until, until), TEXT_ARG(e->reason));
	return 0;
}

int
wt_silence_list(const char *dir, FILE *to, int64_t wall, struct why *why)
{
	struct visit v = { .dir = dir, .to = to, .wall = wall };

	return each_entry(dir, print_entry, &v) == 0 ? 0 :
	    why_errno(why, "cannot read %s", dir);
}
