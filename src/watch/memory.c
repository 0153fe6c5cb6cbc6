/* SPDX-License-Identifier: ISC */
/* memory.c - state to text and back, then files; see memory.h. Loop 0. */
#include <sys/file.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/number.h"
#include "stat/sheet.h"
#include "watch/memory.h"

#define FORM	"weir-watch state 1"
#define put	sheet_print

enum { FILE_MOST = 64 * 1024 * 1024, FIELDS = 16 };

struct print {			/* of a text, to know it again */
	size_t len;
	uint64_t hash;
	bool known;
};

struct wt_memory {
	char *path, *ext, *lock;
	int lock_fd;
	struct print main_print, ext_print;	/* of what is on disk */
	bool failing;
	unsigned long failures;
};

/* ---- to text */

/* Names that stand once are written alone, as the old loop did. */
struct names {
	struct map *seen;	/* server -> itself once, another twice */
};

static void
count_names(struct names *n, const struct wt_state *s)
{
	static char twice[1];
	struct wt_group *g;
	struct wt_target *t;

	TAILQ_FOREACH(g, &s->groups, link)
		TAILQ_FOREACH(t, &g->targets, link) {
			struct text name = text_of(wt_target_server(t));

			map_put(&n->seen, name, map_find(n->seen, name) ==
			    NULL ? (void *)t : (void *)twice);
		}
}

static bool
is_plain(struct text name)
{
	for (size_t i = 0; i < name.len; i++)
		if (name.at[i] == ':' || (unsigned char)name.at[i] < ' ')
			return false;
	return name.len > 0;
}

static const char *
main_name(const struct names *n, const struct wt_target *t)
{
	const char *server = wt_target_server(t);

	return map_find(n->seen, text_of(server)) == t ? server : t->key;
}

/* What the old loop left and no source has shown yet. */
struct rest {
	struct sheet *to;
	struct map *printed;		/* names of lines that stand there */
};

static void
put_remembered(struct text key, void *value, void *arg)
{
	struct rest *r = arg;

	if (map_find(r->printed, key) == NULL)
		put(r->to, "%.*s:%s\n", TEXT_ARG(key), (const char *)value);
}

static bool
all_answered(const struct wt_state *s)
{
	for (unsigned i = 0; i < s->source_count; i++)
		if (!s->sources[i].answered)
			return false;
	return true;
}

static void
print_main(const struct wt_state *s, struct sheet *to)
{
	struct names names = { NULL };
	struct rest rest = { to, NULL };
	bool is_all = all_answered(s) || s->remembered == NULL;
	struct wt_group *g;
	struct wt_target *t;

	count_names(&names, s);
	TAILQ_FOREACH(g, &s->groups, link)
		TAILQ_FOREACH(t, &g->targets, link) {
			const char *name = main_name(&names, t);

			if (t->class == WT_CLASS_NONE ||
			    !is_plain(text_of(t->key)))
				continue;
			put(to, "%s:%s\n", name,
			    wt_class_word((enum wt_class)t->class));
			if (!is_all)
				map_put(&rest.printed, text_of(name), t);
		}
	if (!is_all)
		map_each(s->remembered, put_remembered, &rest);
	map_free(&rest.printed, NULL);
	map_free(&names.seen, NULL);
}

static int64_t
wall_of(const struct wt_now *now, int64_t mono)
{
	return now->wall - (now->mono - mono);
}

static void
print_target(const struct wt_target *t, const struct wt_now *now,
    struct sheet *to)
{
	if (memchr(t->key, '\t', strlen(t->key)) != NULL ||
	    strchr(t->key, '\n') != NULL)
		return;
	put(to, "target\t%s\t%u\t%s\t%s\t%s\t%d%d%d\t%" PRId64 "\t%" PRId64
	    "\t%" PRId64 "\t%d\t%u\t%u\t%s\t", t->group->name, t->proxy_len,
	    t->key, wt_class_name((enum wt_class)t->class),
	    wt_class_name((enum wt_class)t->told), t->owes_up, t->flapping,
	    t->last_told, t->since_wall, wall_of(now, t->told_at),
	    wall_of(now, t->down_at), t->master,
	    t->view[0].counted ? t->view[0].chkdown : 0, t->type,
	    t->view[0].word == NULL ? "" : t->view[0].word);
	for (unsigned i = 0; i < t->flaps; i++)
		put(to, "%s%" PRId64, i == 0 ? "" : ",",
		    wall_of(now, t->flap[i]));
	put(to, "\n");
}

static void
print_ext(const struct wt_state *s, const struct wt_now *now,
    struct sheet *to)
{
	struct wt_group *g;
	struct wt_target *t;

	put(to, FORM "\n");
	put(to, "outbox\t%" PRIu64 "\n", s->queued);
	for (unsigned i = 0; i < s->source_count; i++) {
		const struct wt_source *r = &s->sources[i];

		put(to, "source\t%s\t%d%d\t%" PRId64 "\t%s\n", r->row->name,
		    r->stale, r->told_down, r->failed == 0 ? 0 :
		    r->since_wall, r->node);
	}
	TAILQ_FOREACH(g, &s->groups, link) {
		put(to, "group\t%s\t%d%d\n", g->name, g->told_gone, g->whole);
		TAILQ_FOREACH(t, &g->targets, link)
			print_target(t, now, to);
	}
}

int
wt_memory_print(const struct wt_state *s, const struct wt_now *now,
    char **main, char **ext)
{
	struct sheet one = { .len = 0 }, other = { .len = 0 };

	print_main(s, &one);
	print_ext(s, now, &other);
	*main = sheet_take(&one);
	*ext = sheet_take(&other);
	if (*main != NULL && *ext != NULL)
		return 0;
	mem_drop(*main);
	mem_drop(*ext);
	return -1;
}

/* ---- from text */

static const char *
known_word(struct text word)
{
	static const char *const words[] = { "UP", "DOWN", "MAINT", "DRAIN",
	    "NOLB", NULL };

	for (int i = 0; words[i] != NULL; i++)
		if (text_is(word, words[i]))
			return words[i];
	/* An old script may have stored the whole status. */
	return wt_class_is_strange(word) ? NULL :
	    wt_class_word(wt_class_of(word));
}

static bool
read_main_line(struct map **names, struct text line)
{
	size_t colon = line.len;
	const char *word;

	if (line.len > 0 && line.at[line.len - 1] == '\r')
		line.len--;
	while (colon > 0 && line.at[colon - 1] != ':')
		colon--;
	if (colon < 2)
		return false;
	word = known_word(text_from(line, colon));
	return word != NULL && map_put(names, (struct text){ line.at,
	    colon - 1 }, (void *)(uintptr_t)word) == 0;
}

/* False: a line is torn or foreign; what was read before it is dropped. */
static bool
read_main(struct map **names, struct text all)
{
	struct text line;

	if (all.len == 0 || all.at[all.len - 1] != '\n' ||
	    memchr(all.at, '\0', all.len) != NULL)
		return false;
	while (all.len > 0) {
		text_split(&all, '\n', &line);
		if (!read_main_line(names, line)) {
			map_free(names, NULL);
			return false;
		}
	}
	return true;
}

static unsigned
split_fields(struct text line, struct text field[FIELDS])
{
	unsigned n = 0;

	while (n < FIELDS && text_split(&line, '\t', &field[n]))
		n++;
	return n;
}

static bool
flag(struct text t, size_t i)
{
	return t.len > i && t.at[i] == '1';
}

/* A time that lies in the future is now: the clock was set. */
static int64_t
mono_of(const struct wt_now *now, struct text t)
{
	int64_t wall;

	if (number_int(t, 10, INT64_MIN / 4, INT64_MAX / 4, &wall, NULL) < 0 ||
	    wall > now->wall)
		wall = now->wall;
	return now->mono - (now->wall - wall);
}

static int64_t
number_of(struct text t, int64_t least, int64_t most, int64_t usual)
{
	int64_t n;

	return number_int(t, 10, least, most, &n, NULL) < 0 ? usual : n;
}

static void
read_flaps(struct wt_target *t, struct text list, const struct wt_now *now)
{
	struct text one;

	if (list.len == 0)
		return;
	t->flap = mem_zero(WT_FLAPS * sizeof *t->flap);
	while (t->flap != NULL && t->flaps < WT_FLAPS &&
	    text_word(&list, ",", &one))
		t->flap[t->flaps++] = mono_of(now, one);
}

/* As the main file has it; NULL: it does not have it. */
static const char *
class_in_main(const struct wt_state *s, const struct wt_target *t)
{
	const char *word = map_find(s->remembered, text_of(t->key));

	return word != NULL ? word : map_find(s->remembered,
	    text_of(wt_target_server(t)));
}

/* What the main file says wins; then the rest starts afresh. */
static void
agree(struct wt_target *t, const char *word, const struct wt_now *now)
{
	if (strcmp(word, wt_class_word((enum wt_class)t->class)) == 0)
		return;
	t->class = t->told = (uint8_t)wt_class_of(text_of(word));
	t->owes_up = t->class == WT_CLASS_DOWN;
	t->flapping = t->last_told = false;
	t->flaps = 0;
	t->since = t->told_at = t->down_at = now->mono;
	t->since_wall = now->wall;
}

static void
read_target(struct wt_state *s, const struct text f[FIELDS],
    const struct wt_now *now)
{
	struct wt_group *g = wt_state_group(s, f[1]);
	size_t proxy = (size_t)number_of(f[2], 0, WT_PAGE_NAME, 0);
	struct text key = f[3];
	struct wt_target *t;
	const char *word;

	if (g == NULL || proxy >= key.len || key.at[proxy] != '/' ||
	    key.len - proxy - 1 > WT_PAGE_NAME ||
	    wt_class_named(f[4]) == WT_CLASS_NONE ||
	    wt_target_find(g, (struct text){ key.at, proxy },
	    text_from(key, proxy + 1)) != NULL)
		return;
	t = wt_target_add(s, g, (struct text){ key.at, proxy },
	    text_from(key, proxy + 1));
	if (t == NULL)
		return;
	t->class = (uint8_t)wt_class_named(f[4]);
	t->told = (uint8_t)wt_class_named(f[5]);
	t->owes_up = flag(f[6], 0);
	t->flapping = flag(f[6], 1);
	t->last_told = flag(f[6], 2);
	t->since = mono_of(now, f[7]);
	t->since_wall = now->wall - (now->mono - t->since);
	t->told_at = mono_of(now, f[8]);
	t->down_at = mono_of(now, f[9]);
	t->master = (int8_t)number_of(f[10], -1, g->count - 1, -1);
	t->type = (uint8_t)number_of(f[12], 0, WT_LISTENER, WT_SERVER);
	t->known = t->told != WT_CLASS_NONE;
	read_flaps(t, f[14], now);
	word = class_in_main(s, t);
	if (word == NULL && is_plain(text_of(t->key))) {
		wt_target_free(s, &t);
		return;
	}
	if (word != NULL)
		agree(t, word, now);
	for (unsigned i = 0; i < g->count; i++) {
		t->view[i].word = f[13].len > 0 && t->class ==
		    wt_class_of(f[13]) ? wt_state_word(s, f[13]) :
		    wt_class_word((enum wt_class)t->class);
		t->view[i].class = t->class;
	}
}

static void
read_source(struct wt_state *s, const struct text f[FIELDS],
    const struct wt_now *now)
{
	for (unsigned i = 0; i < s->source_count; i++) {
		struct wt_source *r = &s->sources[i];

		if (!text_is(f[1], r->row->name))
			continue;
		r->stale = flag(f[2], 0);
		r->told_down = flag(f[2], 1);
		r->since = mono_of(now, f[3]);
		r->since_wall = now->wall - (now->mono - r->since);
		if (r->stale)
			r->failed = 1;
		if (f[4].len < sizeof r->node)
			memcpy(r->node, f[4].at, f[4].len);
	}
}

static void
read_ext(struct wt_state *s, struct text all, const struct wt_now *now)
{
	struct text line, f[FIELDS] = { TEXT_NONE };
	struct wt_group *g;

	text_split(&all, '\n', &line);
	if (!text_is(line, FORM))
		return;
	/* A line without its end is torn. */
	while (text_split(&all, '\n', &line) && all.at != NULL) {
		unsigned n = split_fields(line, f);

		if (n == 15 && text_is(f[0], "target"))
			read_target(s, f, now);
		else if (n == 2 && text_is(f[0], "outbox"))
			s->queued = (uint64_t)number_of(f[1], 0, INT64_MAX,
			    -1);
		else if (n == 5 && text_is(f[0], "source"))
			read_source(s, f, now);
		else if (n == 3 && text_is(f[0], "group") &&
		    (g = wt_state_group(s, f[1])) != NULL) {
			g->told_gone = flag(f[2], 0);
			g->whole = flag(f[2], 1);
		}
	}
}

bool
wt_memory_read(struct wt_state *s, struct text main, struct text ext,
    const struct wt_now *now)
{
	if (!read_main(&s->remembered, main))
		return false;
	if (ext.len > 0 && memchr(ext.at, '\0', ext.len) == NULL)
		read_ext(s, ext, now);
	return true;
}

/* ---- files */

struct wt_memory *
wt_memory_new(const char *path)
{
	struct wt_memory *m = mem_zero(sizeof *m);

	if (m == NULL)
		return NULL;
	m->lock_fd = -1;
	m->path = mem_copy(text_of(path));
	m->ext = mem_print("%s.ext", path);
	m->lock = mem_print("%s.lock", path);
	if (m->path == NULL || m->ext == NULL || m->lock == NULL)
		wt_memory_free(&m);
	return m;
}

void
wt_memory_free(struct wt_memory **memory)
{
	struct wt_memory *m = *memory;

	if (m == NULL)
		return;
	if (m->lock_fd >= 0)
		close(m->lock_fd);
	mem_drop(m->path);
	mem_drop(m->ext);
	mem_drop(m->lock);
	mem_drop(m);
	*memory = NULL;
}

enum wt_lock
wt_memory_lock(struct wt_memory *m, struct why *why)
{
	struct stat st;

	if (m->lock_fd < 0)
		m->lock_fd = open(m->lock, O_RDWR | O_CREAT | O_NOFOLLOW |
		    O_CLOEXEC | O_NONBLOCK, 0600);
	if (m->lock_fd < 0) {
		why_errno(why, "cannot open %s", m->lock);
		return WT_LOCK_REFUSED;
	}
	if (fstat(m->lock_fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_uid != geteuid()) {
		why_set(why, "%s belongs to somebody else or is no file",
		    m->lock);
		return WT_LOCK_REFUSED;
	}
	if (flock(m->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return WT_LOCKED;
	why_set(why, "another weir-watch holds %s", m->path);
	return WT_LOCK_HELD;
}

/* A regular file of our own, not behind a link; -1: it is not to be used. */
static int
read_own(struct wt_memory *m, const char *path, struct text *all)
{
	int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	struct why why;
	bool ours;

	*all = TEXT_NONE;
	if (fd < 0) {
		if (errno != ENOENT)
			log_warning("cannot read %s: %s", path,
			    strerror(errno));
		return -1;
	}
	ours = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (st.st_uid == geteuid() || geteuid() == 0);
	if (!ours)
		log_warning("%s belongs to somebody else or is no file, it "
		    "is not read", path);
	close(fd);
	if (!ours)
		return -1;
	if (file_read(path, FILE_MOST, all, &why) < 0) {
		log_warning("cannot read %s: %s", path, why.line);
		return -1;
	}
	return 0;
}

static void
keep_bad(const struct wt_memory *m)
{
	char *bad = mem_print("%s.bad", m->path);

	if (bad != NULL && rename(m->path, bad) == 0)
		log_warning("%s was not understood, it is kept as %s",
		    m->path, bad);
	mem_drop(bad);
}

void
wt_memory_load(struct wt_memory *m, struct wt_state *s,
    const struct wt_now *now)
{
	struct text main, ext;

	if (read_own(m, m->path, &main) < 0)
		return;
	read_own(m, m->ext, &ext);
	if (!wt_memory_read(s, main, ext, now))
		keep_bad(m);
	mem_drop((void *)(uintptr_t)main.at);
	mem_drop((void *)(uintptr_t)ext.at);
}

/* In a directory that others can write to, what they put there stays. */
static int
is_safe(struct wt_memory *m, const char *path, struct why *why)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return errno == ENOENT ? 0 : why_errno(why,
		    "cannot look at %s", path);
	if (!S_ISREG(st.st_mode) ||
	    (st.st_uid != geteuid() && geteuid() != 0))
		return why_set(why, "%s belongs to somebody else or is no "
		    "file, it is not written", path);
	return 0;
}

static struct print
print_of(const char *text)
{
	struct print p = { strlen(text), 14695981039346656037u, true };

	for (size_t i = 0; i < p.len; i++)
		p.hash = (p.hash ^ (unsigned char)text[i]) * 1099511628211u;
	return p;
}

/* Takes the text; what stands there already is not written again. */
static int
write_one(struct wt_memory *m, const char *path, struct print *now,
    char *text, struct why *why)
{
	struct print fresh = print_of(text);
	struct why cause;
	int code = 0;

	if (!now->known || fresh.len != now->len || fresh.hash != now->hash) {
		code = is_safe(m, path, why);
		if (code == 0 && file_write_aside(path, 0600, text_of(text),
		    &cause) < 0)
			code = why_set(why, "cannot write %s: %s", path,
			    cause.line);
		if (code == 0)
			*now = fresh;
	}
	mem_drop(text);
	return code;
}

int
wt_memory_save(struct wt_memory *m, const struct wt_state *s,
    const struct wt_now *now, struct why *why)
{
	char *main, *ext;
	int code = wt_memory_print(s, now, &main, &ext);

	if (code < 0)
		why_set(why, "out of memory");
	else {
		/* The main file last: it decides what has been told. */
		code = write_one(m, m->ext, &m->ext_print, ext, why);
		if (write_one(m, m->path, &m->main_print, main, why) < 0)
			code = -1;
	}
	if (code < 0)
		m->failures++;
	if (code < 0 && !m->failing)
		log_error("%s; going on from memory", why->line);
	if (code == 0 && m->failing)
		log_info("%s is written again", m->path);
	m->failing = code < 0;
	return code;
}

unsigned long
wt_memory_failures(const struct wt_memory *m)
{
	return m->failures;
}
