/* SPDX-License-Identifier: ISC */
/*
 * config.c - the reading of all configuration files into a struct pl_setup.
 * Everything is built in a struct kept, whose first member is the setup; it
 * is thrown away when any line was wrong. Loop 0.
 */
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>

#include "base/file.h"
#include "base/map.h"
#include "base/mem.h"
#include "base/number.h"
#include "base/secret.h"
#include "conf/ini.h"
#include "pooler/config.h"
#include "pooler/hba.h"
#include "pooler/ident.h"
#include "pooler/keys.h"
#include "pooler/rows.h"
#include "pooler/userlist.h"

enum {
	FILE_MOST = 256 * 1024 * 1024,
	INCLUDE_DEPTH = 10, INCLUDES_MOST = 1000,
	ERRORS_MOST = 100		/* then reading ends */
};

struct kept {
	struct pl_setup setup;
	struct pl_settings *settings;	/* until they are taken */
	struct pl_rows databases, fallback, users, peers;
	struct pl_note *notes;
	unsigned note_count, note_room;
	struct pl_userlist *userlist;
	struct pl_hba *hba;
	struct pl_ident *ident;
	struct map *origins;		/* "section/name" -> "FILE:LINE" */
	char *auth_file;		/* that userlist came from, or NULL */
	struct stat auth_status;
	bool no_userlist, no_hba, no_ident;	/* file not readable */
};

enum section { NONE, SKIP, PGBOUNCER, DATABASES, USERS, PEERS };

struct reading {
	const struct pl_config_source *source;
	const struct kept *before;	/* NULL at start */
	struct kept *kept;
	enum section section;
	bool main_seen;
	bool side;			/* inside a side file */
	unsigned depth, files, errors;
	char *ours;			/* our settings seen in the main file */
	struct map *warned;		/* names of unbuilt settings told */
};

/* ---- what is to be said */

static void __attribute__((format(printf, 3, 4)))
note(struct reading *r, enum log_level level, const char *fmt, ...)
{
	struct kept *k = r->kept;
	struct pl_note *more;
	char line[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	if (k->note_count == k->note_room) {
		unsigned room = k->note_room == 0 ? 16 : k->note_room * 2;

		more = mem_grow(k->notes, room * sizeof *more);
		if (more == NULL)
			return;
		k->notes = more;
		k->note_room = room;
	}
	more = &k->notes[k->note_count];
	more->level = level;
	more->line = mem_copy(text_of(line));
	if (more->line != NULL)
		k->note_count++;
}

/* An error of the files: -1 when it is time to give up. */
static int __attribute__((format(printf, 2, 3)))
complain(struct reading *r, const char *fmt, ...)
{
	char line[4096];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	note(r, LOG_LEVEL_ERROR, "%s", line);
	if (++r->errors < ERRORS_MOST)
		return 0;
	if (r->errors == ERRORS_MOST)
		note(r, LOG_LEVEL_ERROR, "too many errors, stopping loading");
	return -1;
}

/* Ends the reading. */
static int
run_out(struct reading *r)
{
	complain(r, "out of memory");
	return -1;
}

/* The part of a value that may be shown: no password of a database. */
static int
shown_len(const struct reading *r, struct text value)
{
	static const struct text word = { "password", 8 };

	if (r->section != DATABASES || value.len < word.len)
		return (int)value.len;
	for (size_t i = 0; i + word.len <= value.len; i++)
		if (memcmp(value.at + i, word.at, word.len) == 0)
			return (int)(i + word.len);
	return (int)value.len;
}

static int
refuse(struct reading *r, const struct ini_place *at, struct text key,
    struct text value, const struct why *why)
{
	int shown = shown_len(r, value);

	if (why->line[0] != '\0')
		note(r, LOG_LEVEL_ERROR, "%s", why->line);
	return complain(r, "invalid value \"%.*s%s\" for parameter %.*s in "
	    "configuration (%s:%u)", shown, value.at == NULL ? "" : value.at,
	    shown < (int)value.len ? "=..." : "", TEXT_ARG(key), at->file,
	    at->line);
}

/* Our settings in the main file: remembered for one notice. */
static void
remember_ours(struct reading *r, const char *name)
{
	char *more;

	if (name == NULL || r->side || pl_settings_lists(r->ours,
	    text_of(name)))
		return;
	more = r->ours == NULL ? mem_copy(text_of(name)) :
	    mem_print("%s, %s", r->ours, name);
	if (more == NULL)
		return;
	mem_drop(r->ours);
	r->ours = more;
}

static void
warn_unbuilt(struct reading *r, const struct key *key, const void *object,
    const struct ini_place *at)
{
	const char *text = key_unbuilt(key, object);

	if (text == NULL || map_find(r->warned, text_of(key->name)) != NULL)
		return;
	(void)map_put(&r->warned, text_of(key->name), r);
	note(r, LOG_LEVEL_WARNING, "parameter %s in configuration (%s:%u) is "
	    "not supported by this version: %s", key->name, at->file,
	    at->line, text);
}

/* ---- where things come from */

static char *
origin_key(const char *section, struct text name)
{
	return mem_print("%s/%.*s", section, TEXT_ARG(name));
}

static void
drop_origin(struct reading *r, const char *section, struct text name)
{
	char *key = origin_key(section, name);

	if (key != NULL)
		mem_drop(map_drop(&r->kept->origins, text_of(key)));
	mem_drop(key);
}

/* A row keeps the place in the main file beside that in the side file. */
static int
put_origin(struct reading *r, const char *section, struct text name,
    const struct ini_place *at)
{
	char *key = origin_key(section, name), *place, *old;

	if (key == NULL)
		return run_out(r);
	old = map_drop(&r->kept->origins, text_of(key));
	place = old != NULL && r->side && r->section != PGBOUNCER ?
	    mem_print("%s, %s:%u", old, at->file, at->line) :
	    mem_print("%s:%u", at->file, at->line);
	mem_drop(old);
	if (place != NULL &&
	    map_put(&r->kept->origins, text_of(key), place) < 0) {
		mem_drop(place);
		place = NULL;
	}
	mem_drop(key);
	return place == NULL ? run_out(r) : 0;
}

/* ---- [pgbouncer] */

static int
set_setting(const struct key *key, struct pl_settings *to, struct text value,
    struct why *why)
{
	if (key->at == offsetof(struct pl_settings, auth_dbname) &&
	    text_is(value, "pgbouncer"))
		return why_set(why, "cannot use the reserved \"pgbouncer\" "
		    "database as an auth_dbname");
	return key_set(key, to, value, why);
}

static int
read_setting(struct reading *r, struct text name, struct text value,
    const struct ini_place *at)
{
	const struct key *key = key_find(pl_keys_pgbouncer, name);
	struct why why = { "", "" };

	if (key == NULL) {
		why_set(&why, "unknown parameter: pgbouncer/%.*s",
		    TEXT_ARG(name));
		return refuse(r, at, name, value, &why);
	}
	if (r->side && !key->ours) {
		why_set(&why, "%s belongs in the main file", key->name);
		return refuse(r, at, name, value, &why);
	}
	if (key->ours)
		remember_ours(r, key->name);
	if (r->before != NULL && key->when == KEY_AT_START)
		return 0;
	if (set_setting(key, r->kept->settings, value, &why) < 0)
		return refuse(r, at, name, value, &why);
	warn_unbuilt(r, key, r->kept->settings, at);
	return 0;
}

/* Settings that lost their line go back to their default. */
static int
reset_settings(struct reading *r)
{
	for (const struct key *key = pl_keys_pgbouncer; key->name != NULL;
	    key++) {
		if (key->usual == NULL ||
		    (r->before != NULL && key->when == KEY_AT_START))
			continue;
		if (key_set_usual(key, r->kept->settings) < 0)
			return run_out(r);
		drop_origin(r, "pgbouncer", text_of(key->name));
	}
	return 0;
}

/* ---- [databases], [users], [peers] */

/* In a side file: more settings for a row that is there already. */
static int
extend_row(struct reading *r, struct pl_rows *rows, struct text name,
    struct text value, const struct ini_place *at)
{
	void *row = pl_rows_find(rows, name);
	struct why why = { "", "" };
	const char *ours;

	if (row == NULL) {
		why_set(&why, "%.*s is not in the main file", TEXT_ARG(name));
		return refuse(r, at, name, value, &why);
	}
	if (pl_rows_fill(rows->kind, row, value, true, &ours, &why) < 0)
		return refuse(r, at, name, value, &why);
	for (const struct key *key = rows->kind->keys; key->name != NULL;
	    key++)
		warn_unbuilt(r, key, row, at);
	return 0;
}

/* Defaults and the settings of the line into a zeroed row. */
static int
fill_row(struct reading *r, const struct pl_rows_kind *kind, void *row,
    struct text value, const struct ini_place *at, struct why *why)
{
	const char *ours;

	if (key_fill(kind->keys, row) < 0)
		return why_set(why, "out of memory");
	if (pl_rows_fill(kind, row, value, false, &ours, why) < 0)
		return -1;
	remember_ours(r, ours);
	for (const struct key *key = kind->keys; key->name != NULL; key++)
		warn_unbuilt(r, key, row, at);
	return 0;
}

/* One block: the pointers, then the names they point to. */
static int
split_hosts(struct pl_database_row *d)
{
	struct text rest = text_of(d->host), host;
	unsigned n = 1;
	const char **hosts;
	char *to;

	if (d->host == NULL)
		return 0;
	for (size_t i = 0; i < rest.len; i++)
		n += rest.at[i] == ',';
	hosts = mem_zero(n * sizeof *hosts + rest.len + n);
	if (hosts == NULL)
		return -1;
	d->hosts = hosts;
	to = (char *)(hosts + n);
	while (text_word(&rest, ",", &host)) {
		host = text_trim(host);
		if (host.len == 0)
			continue;
		memcpy(to, host.at, host.len);
		hosts[d->host_count++] = to;
		to += host.len + 1;
	}
	return 0;
}

static int
finish_database(struct pl_database_row *d, struct text name, struct why *why)
{
	if (d->auth_dbname != NULL && strcmp(d->auth_dbname, "pgbouncer") == 0)
		return why_set(why, "cannot use the reserved \"pgbouncer\" "
		    "database as an auth_dbname");
	d->name = mem_copy(name);
	if (d->dbname == NULL && !text_is(name, "*"))
		d->dbname = mem_copy(name);
	if (d->name == NULL || (d->dbname == NULL && !text_is(name, "*")) ||
	    split_hosts(d) < 0)
		return why_set(why, "out of memory");
	return 0;
}

static int
read_database(struct reading *r, struct text name, struct text value,
    const struct ini_place *at)
{
	struct pl_rows *rows = text_is(name, "*") ? &r->kept->fallback :
	    &r->kept->databases;
	struct pl_database_row row = { .name = NULL };
	struct why why = { "", "" };

	if (text_is(name, "pgbouncer"))
		why_set(&why, "database name \"pgbouncer\" is reserved");
	else if (name.len > PL_DATABASE_NAME)
		note(r, LOG_LEVEL_WARNING, "too long db name: %.*s",
		    TEXT_ARG(name));
	else if (r->side)
		return extend_row(r, rows, name, value, at);
	else if (fill_row(r, &pl_rows_databases, &row, value, at, &why) == 0 &&
	    finish_database(&row, name, &why) == 0 &&
	    pl_rows_put(rows, name, &row) == 0)
		return 0;
	pl_rows_databases.clear(&row);
	return refuse(r, at, name, value, &why);
}

static int
read_user(struct reading *r, struct text name, struct text value,
    const struct ini_place *at)
{
	struct pl_rows *rows = &r->kept->users;
	struct pl_user_row row = { .name = NULL };
	struct why why = { "", "" };

	if (r->side)
		return extend_row(r, rows, name, value, at);
	if (name.len > PL_USER_NAME) {
		note(r, LOG_LEVEL_WARNING, "too long user name: %.*s",
		    TEXT_ARG(name));
		return 0;
	}
	row.name = mem_copy(name);
	if (row.name != NULL &&
	    fill_row(r, &pl_rows_users, &row, value, at, &why) == 0 &&
	    pl_rows_put(rows, name, &row) == 0)
		return 0;
	pl_rows_users.clear(&row);
	return refuse(r, at, name, value, &why);
}

static int
read_peer(struct reading *r, struct text name, struct text value,
    const struct ini_place *at)
{
	struct pl_rows *rows = &r->kept->peers;
	struct pl_peer_row row = { 0 };
	struct why why = { "", "" };
	char canonical[16];
	int64_t id = 0;

	if (r->side)
		return extend_row(r, rows, name, value, at);
	if (number_int(name, 10, 1, 65535, &id, NULL) < 0)
		why_set(&why, "ids of peers must be a number larger than 0 "
		    "and at most 65536");
	else if (fill_row(r, &pl_rows_peers, &row, value, at, &why) == 0) {
		row.id = (int)id;
		snprintf(canonical, sizeof canonical, "%d", row.id);
		if (row.host == NULL)
			why_set(&why, "host was not provided for peer %d",
			    row.id);
		else if (pl_rows_put(rows, text_of(canonical), &row) == 0)
			return 0;
	}
	pl_rows_peers.clear(&row);
	return refuse(r, at, name, value, &why);
}

/* ---- files of the ini dialect */

static const struct {
	const char *name;
	enum section section;
	int (*read)(struct reading *, struct text key, struct text value,
	    const struct ini_place *);
} sections[] = {
	{ "pgbouncer", PGBOUNCER, read_setting },
	{ "databases", DATABASES, read_database },
	{ "users", USERS, read_user },
	{ "peers", PEERS, read_peer },
};

enum { SECTIONS = sizeof sections / sizeof sections[0] };

static int
on_section(void *arg, struct text name, const struct ini_place *at)
{
	struct reading *r = arg;

	for (size_t i = 0; i < SECTIONS; i++) {
		if (!text_is(name, sections[i].name))
			continue;
		r->section = sections[i].section;
		if (r->section != PGBOUNCER || r->side)
			return 0;
		r->main_seen = true;
		return reset_settings(r);
	}
	r->section = SKIP;
	note(r, LOG_LEVEL_ERROR, "fill_defaults fail");
	return complain(r, "invalid section \"%.*s\" in configuration "
	    "(%s:%u)", TEXT_ARG(name), at->file, at->line);
}

static int
on_pair(void *arg, struct text key, struct text value,
    const struct ini_place *at)
{
	struct reading *r = arg;
	unsigned errors = r->errors;
	struct why why;

	for (size_t i = 0; i < SECTIONS; i++) {
		if (r->section != sections[i].section)
			continue;
		if (sections[i].read(r, key, value, at) < 0)
			return -1;
		return r->errors > errors || !r->source->origins ? 0 :
		    put_origin(r, sections[i].name, key, at);
	}
	if (r->section == SKIP)
		return 0;
	why_set(&why, "load_init_file: value without section: %.*s",
	    TEXT_ARG(key));
	return refuse(r, at, key, value, &why);
}

static int
on_broken(void *arg, const struct ini_place *at)
{
	struct reading *r = arg;

	return complain(r, "syntax error in configuration (%s:%u), stopping "
	    "loading", at->file, at->line);
}

static int read_file(struct reading *, const char *path);

static int
on_include(void *arg, struct text name, const struct ini_place *at)
{
	struct reading *r = arg;
	unsigned errors = r->errors;
	char *path;
	int more;

	if (r->depth == INCLUDE_DEPTH || r->files == INCLUDES_MOST) {
		complain(r, "include nesting level too deep (%s:%u), stopping "
		    "loading", at->file, at->line);
		return -1;
	}
	path = mem_copy(name);
	if (path == NULL)
		return run_out(r);
	r->depth++;
	more = read_file(r, path);
	r->depth--;
	mem_drop(path);
	if (r->errors > errors)
		note(r, LOG_LEVEL_ERROR, "error processing include file in "
		    "configuration (%s:%u), stopping loading", at->file,
		    at->line);
	return more;
}

static int
read_text(struct reading *r, const char *path, struct text all)
{
	const struct ini_reader to = {
		r, on_section, on_pair, on_include, on_broken
	};

	return ini_read(path, all, &to);
}

/* The text is none when it fails. */
static int
load_file(const struct reading *r, const char *path, struct text *to,
    struct why *why)
{
	*to = TEXT_NONE;
	if (r->source->load(path, to, why) == 0)
		return 0;
	*to = TEXT_NONE;
	return -1;
}

static void
drop_file(struct text all)
{
	if (all.at == NULL)
		return;
	secret_wipe((void *)(uintptr_t)all.at, all.len);
	mem_drop((void *)(uintptr_t)all.at);
}

static int
read_one(struct reading *r, const char *path)
{
	struct text all;
	struct why why;
	int more;

	r->files++;
	if (load_file(r, path, &all, &why) < 0)
		return complain(r, "could not load file \"%s\": %s", path,
		    why.line);
	more = read_text(r, path, all);
	drop_file(all);
	return more;
}

/* FILE.weir: our settings for what FILE has said; it may be missing. */
static int
read_side(struct reading *r, const char *path)
{
	enum section section = r->section;
	char *side = mem_print("%s.weir", path);
	struct stat status;
	int more = 0;

	if (side == NULL)
		return run_out(r);
	if (r->source->status(side, &status) == 0 || errno != ENOENT) {
		r->side = true;
		r->section = NONE;
		more = read_one(r, side);
		r->section = section;
		r->side = false;
	}
	mem_drop(side);
	return more;
}

static int
read_file(struct reading *r, const char *path)
{
	if (read_one(r, path) < 0)
		return -1;
	return r->side ? 0 : read_side(r, path);
}

/* ---- what a reload keeps */

static int
keep_user(struct reading *r, const struct pl_user_row *old)
{
	struct pl_user_row row = { .name = NULL };

	if (pl_rows_find(&r->kept->users, text_of(old->name)) != NULL)
		return 0;
	row.name = mem_copy(text_of(old->name));
	if (row.name == NULL || key_copy(pl_keys_users, &row, old) < 0 ||
	    pl_rows_put(&r->kept->users, text_of(old->name), &row) < 0) {
		pl_rows_users.clear(&row);
		return -1;
	}
	return 0;
}

static int
keep_forced_user(struct reading *r, struct pl_database_row *row,
    const struct pl_database_row *old)
{
	const char *password = old->password;

	if (old->user == NULL || row->user != NULL)
		return 0;
	note(r, LOG_LEVEL_WARNING,
	    "losing forced user not supported, keeping old setting");
	row->user = mem_copy(text_of(old->user));
	if (row->password == NULL && password != NULL)
		row->password = secret_copy(text_of(password));
	return row->user == NULL ? -1 : 0;
}

static int
keep_old(struct reading *r)
{
	const struct kept *old = r->before;

	if (old == NULL)
		return 0;
	for (unsigned i = 0; i < old->users.count; i++)
		if (keep_user(r, pl_rows_at(&old->users, i)) < 0)
			return run_out(r);
	for (unsigned i = 0; i < r->kept->databases.count; i++) {
		struct pl_database_row *row = pl_rows_at(&r->kept->databases,
		    i);
		const struct pl_database_row *was = pl_rows_find(
		    &old->databases, text_of(row->name));

		if (was != NULL && keep_forced_user(r, row, was) < 0)
			return run_out(r);
	}
	return 0;
}

/* ---- the other files */

/*
 * A file beside the ini could not be read, or has a fault: at start it is
 * taken as far as it goes, and so at a reload when that was so before.
 */
static void
tell_fault(struct reading *r, bool is_new, const char *file, const char *what)
{
	if (r->before != NULL && is_new)
		complain(r, "%s: a fault that was not there before, the %s in "
		    "force stay", file, what);
}

static bool
is_same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino &&
	    a->st_mode == b->st_mode && a->st_uid == b->st_uid &&
	    a->st_gid == b->st_gid && a->st_size == b->st_size &&
	    a->st_mtim.tv_sec == b->st_mtim.tv_sec &&
	    a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static bool
is_unchanged(const struct reading *r)
{
	const struct kept *old = r->before, *k = r->kept;

	return old != NULL && !old->no_userlist && !k->no_userlist &&
	    old->auth_file != NULL &&
	    strcmp(old->auth_file, k->auth_file) == 0 &&
	    is_same_file(&old->auth_status, &k->auth_status);
}

static void
load_userlist(struct reading *r)
{
	const struct kept *old = r->before;
	struct kept *k = r->kept;
	struct text all = TEXT_NONE;
	struct why why;

	k->no_userlist = r->source->status(k->auth_file, &k->auth_status) < 0;
	if (is_unchanged(r)) {
		k->userlist = pl_userlist_share(old->userlist);
		return;
	}
	k->no_userlist = load_file(r, k->auth_file, &all, &why) < 0;
	if (k->no_userlist) {
		note(r, LOG_LEVEL_ERROR, "could not open auth_file %s: %s",
		    k->auth_file, why.line);
		tell_fault(r, old == NULL || !old->no_userlist, "auth_file",
		    "users");
	}
	k->userlist = pl_userlist_read(k->auth_file, all, &why);
	drop_file(all);
	if (k->userlist == NULL || why.line[0] == '\0')
		return;
	note(r, LOG_LEVEL_ERROR, "%s", why.line);
	note(r, LOG_LEVEL_ERROR, "auth_file is read up to %s", why.place);
	tell_fault(r, pl_userlist_worse(k->userlist,
	    old == NULL ? NULL : old->userlist), "auth_file", "users");
}

static void
read_userlist(struct reading *r)
{
	struct kept *k = r->kept;
	const struct pl_settings *s = k->settings;
	struct why why;

	if (s->auth_file != NULL && s->auth_file[0] != '\0' &&
	    s->auth_type != PL_AUTH_ANY && s->auth_type != PL_AUTH_PAM) {
		k->auth_file = mem_copy(text_of(s->auth_file));
		if (k->auth_file != NULL)
			load_userlist(r);
	} else
		k->userlist = pl_userlist_read("", TEXT_NONE, &why);
	if (k->userlist == NULL)
		run_out(r);
}

static void
on_line_fault(void *arg, const char *line)
{
	note(arg, LOG_LEVEL_WARNING, "%s", line);
}

/* A file that only auth_type hba needs; TEXT_NONE when it is not readable. */
static struct text
load_for_hba(struct reading *r, const char *path, const char *name, bool *none)
{
	struct text all = TEXT_NONE;
	struct why why;

	if (r->kept->settings->auth_type != PL_AUTH_HBA || path == NULL)
		return all;
	*none = load_file(r, path, &all, &why) < 0;
	if (*none)
		note(r, LOG_LEVEL_ERROR, "could not open %s config file %s: "
		    "%s", name, path, why.line);
	return all;
}

static void
read_ident(struct reading *r)
{
	struct kept *k = r->kept;
	const struct pl_ident *old = r->before == NULL ? NULL :
	    r->before->ident;
	struct text all = load_for_hba(r, k->settings->auth_ident_file,
	    "ident", &k->no_ident);

	k->ident = pl_ident_read(all, on_line_fault, r);
	drop_file(all);
	if (k->ident == NULL)
		run_out(r);
	else
		tell_fault(r, pl_ident_worse(k->ident, old) || (k->no_ident &&
		    !(r->before != NULL && r->before->no_ident)),
		    "auth_ident_file", "maps");
}

static void
read_hba(struct reading *r)
{
	struct kept *k = r->kept;
	const struct pl_hba *old = r->before == NULL ? NULL : r->before->hba;
	const struct pl_hba_reader with = {
		k->settings->auth_hba_file, k->ident, r->source->load,
		on_line_fault, r
	};
	struct text all = load_for_hba(r, with.path, "hba", &k->no_hba);

	k->hba = pl_hba_read(all, &with);
	drop_file(all);
	if (k->hba == NULL)
		run_out(r);
	else
		tell_fault(r, pl_hba_worse(k->hba, old) || (k->no_hba &&
		    !(r->before != NULL && r->before->no_hba)),
		    "auth_hba_file", "rules");
}

/* ---- the whole */

static int
load_from_disk(const char *path, struct text *to, struct why *why)
{
	return file_read(path, FILE_MOST, to, why);
}

static int
status_on_disk(const char *path, struct stat *to)
{
	return stat(path, to);
}

static struct pl_settings *
settings_copy(const struct pl_settings *from)
{
	struct pl_settings *to = mem_zero(sizeof *to);

	if (to != NULL && key_copy(pl_keys_pgbouncer, to, from) < 0) {
		key_clear(pl_keys_pgbouncer, to);
		mem_drop(to);
		return NULL;
	}
	return to;
}

const struct pl_settings *
pl_config_usual(const char *path)
{
	struct pl_settings *to = mem_zero(sizeof *to);

	if (to == NULL)
		return NULL;
	to->conffile = mem_copy(text_of(path));
	for (const struct key *key = pl_keys_pgbouncer; key->name != NULL;
	    key++)
		if (to->conffile == NULL ||
		    (key->usual != NULL && key_set_usual(key, to) < 0)) {
			key_clear(pl_keys_pgbouncer, to);
			mem_drop(to);
			return NULL;
		}
	return to;
}

static struct kept *
kept_new(const struct pl_config_source *source)
{
	struct kept *k = mem_zero(sizeof *k);
	const struct pl_settings *usual;

	if (k == NULL)
		return NULL;
	k->databases.kind = k->fallback.kind = &pl_rows_databases;
	k->users.kind = &pl_rows_users;
	k->peers.kind = &pl_rows_peers;
	if (source->now != NULL)
		k->settings = settings_copy(source->now);
	else {
		usual = pl_config_usual(source->path);
		k->settings = (struct pl_settings *)(uintptr_t)usual;
		if (usual != NULL)
			k->settings->verbose = source->verbose;
	}
	if (k->settings == NULL) {
		mem_drop(k);
		return NULL;
	}
	return k;
}

static void
read_all(struct reading *r)
{
	const char *path = r->source->path;

	if (read_file(r, path) == 0 && r->errors == 0 && !r->main_seen)
		complain(r, "load_init_file: main section missing from "
		    "config file");
	if (r->errors > 0)
		return;
	keep_old(r);
	read_userlist(r);
	read_ident(r);
	read_hba(r);
	if (r->ours != NULL && r->before == NULL)
		note(r, LOG_LEVEL_LOG, "PgBouncer would refuse %s for these "
		    "settings, which may stand in %s.weir: %s", path, path,
		    r->ours);
}

static void
fill_setup(struct kept *k)
{
	k->setup = (struct pl_setup){
		.settings = k->settings,
		.databases = (const void *)k->databases.at,
		.database_count = k->databases.count,
		.fallback = (const void *)k->fallback.at,
		.users = (const void *)k->users.at,
		.user_count = k->users.count,
		.peers = (const void *)k->peers.at,
		.peer_count = k->peers.count,
		.userlist = k->userlist, .hba = k->hba, .ident = k->ident,
		.notes = k->notes, .note_count = k->note_count
	};
}

static struct pl_setup *
give_up(struct kept *k, void (*report)(void *, enum log_level, const char *),
    void *arg, struct why *why)
{
	struct pl_setup *setup = &k->setup;

	for (unsigned i = 0; i < k->note_count; i++) {
		if (report != NULL)
			report(arg, k->notes[i].level, k->notes[i].line);
		if (k->notes[i].level == LOG_LEVEL_ERROR)
			why_set(why, "%s", k->notes[i].line);
	}
	pl_config_free(&setup);
	return NULL;
}

struct pl_setup *
pl_config_read(const struct pl_config_source *source,
    const struct pl_setup *previous, void (*report)(void *, enum log_level,
    const char *), void *arg, struct why *why)
{
	struct pl_config_source from = *source;
	struct reading r = { .source = &from,
	    .before = (const struct kept *)(const void *)previous };

	if (from.load == NULL)
		from.load = load_from_disk;
	if (from.status == NULL)
		from.status = status_on_disk;
	r.kept = kept_new(&from);
	if (r.kept == NULL) {
		why_set(why, "out of memory");
		return NULL;
	}
	read_all(&r);
	map_free(&r.warned, NULL);
	mem_drop(r.ours);
	if (r.errors > 0)
		return give_up(r.kept, report, arg, why);
	fill_setup(r.kept);
	return &r.kept->setup;
}

void
pl_config_free(struct pl_setup **setup)
{
	struct kept *k = (struct kept *)(void *)*setup;
	const struct pl_settings *settings;

	*setup = NULL;
	if (k == NULL)
		return;
	settings = k->settings;
	pl_config_free_settings(&settings);
	pl_rows_free(&k->databases);
	pl_rows_free(&k->fallback);
	pl_rows_free(&k->users);
	pl_rows_free(&k->peers);
	for (unsigned i = 0; i < k->note_count; i++)
		mem_drop((void *)(uintptr_t)k->notes[i].line);
	mem_drop(k->notes);
	pl_userlist_free(&k->userlist);
	pl_hba_free(&k->hba);
	pl_ident_free(&k->ident);
	map_free(&k->origins, mem_drop);
	mem_drop(k->auth_file);
	mem_drop(k);
}

const struct pl_database_row *
pl_config_database(const struct pl_setup *setup, struct text name)
{
	const struct kept *k = (const struct kept *)(const void *)setup;

	return pl_rows_find(&k->databases, name);
}

const char *
pl_config_origin(const struct pl_setup *setup, const char *section,
    const char *name)
{
	const struct kept *k = (const struct kept *)(const void *)setup;
	char *key = origin_key(section, text_of(name));
	const char *place = key == NULL ? NULL :
	    map_find(k->origins, text_of(key));

	mem_drop(key);
	return place;
}

const struct pl_settings *
pl_config_take_settings(struct pl_setup *setup)
{
	struct kept *k = (struct kept *)(void *)setup;
	const struct pl_settings *settings = k->settings;

	k->settings = NULL;
	setup->settings = NULL;
	return settings;
}

void
pl_config_free_settings(const struct pl_settings **settings)
{
	struct pl_settings *own = (struct pl_settings *)(uintptr_t)*settings;

	*settings = NULL;
	if (own == NULL)
		return;
	key_clear(pl_keys_pgbouncer, own);
	mem_drop(own);
}

/* ---- SET and SHOW CONFIG */

const struct pl_settings *
pl_config_set(const struct pl_settings *now, struct text name,
    struct text value, struct why *why)
{
	const struct key *key = key_find(pl_keys_pgbouncer, name);
	struct pl_settings *to;
	const struct pl_settings *made;

	if (key == NULL) {
		why_set(why, "unknown parameter: pgbouncer/%.*s",
		    TEXT_ARG(name));
		return NULL;
	}
	to = settings_copy(now);
	if (to == NULL) {
		why_set(why, "out of memory");
		return NULL;
	}
	made = to;
	if (key->when == KEY_ANY_TIME && set_setting(key, to, value, why) < 0)
		pl_config_free_settings(&made);
	return made;
}

bool
pl_config_show(const struct pl_settings *s, unsigned i,
    struct pl_config_line *to)
{
	for (const struct key *key = pl_keys_pgbouncer; key->name != NULL;
	    key++) {
		if (key->ours || i-- > 0)
			continue;
		to->key = key->name;
		to->value = key_show(key, s, to->scratch);
		to->usual = key->usual;
		to->changeable = key->when == KEY_ANY_TIME;
		return true;
	}
	return false;
}
