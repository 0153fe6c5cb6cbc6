/* SPDX-License-Identifier: ISC */
/*
 * userlist.c - auth_file: lines of "user" "secret". One block of secret
 * memory holds all names and secrets of a list. Any thread; owners are
 * counted by loop 0 alone.
 */
#include "base/map.h"
#include "base/mem.h"
#include "base/secret.h"
#include "pg/scram.h"
#include "pooler/settings.h"
#include "pooler/userlist.h"

struct pl_userlist {
	unsigned owners;
	struct pl_userlist_entry *entries;
	unsigned count, room;
	struct map *by_name;		/* name -> index + 1 */
	char *block;			/* names and secrets, each with NUL */
	size_t used;
	struct text broken;		/* the malformed line; in the block */
};

static bool
is_md5(struct text t)
{
	if (t.len != 35 || !text_begins(t, "md5"))
		return false;
	for (size_t i = 3; i < t.len; i++)
		if (strchr("0123456789abcdef", t.at[i]) == NULL ||
		    t.at[i] == '\0')
			return false;
	return true;
}

enum pl_secret_kind
pl_userlist_kind(struct text secret)
{
	if (secret.len == 0)
		return PL_SECRET_EMPTY;
	if (is_md5(secret))
		return PL_SECRET_MD5;
	return scram_is_secret(secret) ? PL_SECRET_SCRAM : PL_SECRET_PLAIN;
}

/* ---- one line */

/*
 * The next quoted string of the line, copied into the block with a NUL;
 * what stands before the opening quote is the caller's affair.
 */
static bool
take_quoted(struct pl_userlist *list, struct text *line, struct text *to)
{
	char *start = list->block + list->used;
	size_t len = 0;

	for (size_t i = 1; i < line->len; i++) {
		if (line->at[i] == '\0')
			return false;
		if (line->at[i] == '"') {
			if (i + 1 >= line->len || line->at[i + 1] != '"') {
				start[len] = '\0';
				list->used += len + 1;
				*to = (struct text){ start, len };
				*line = text_from(*line, i + 1);
				return true;
			}
			i++;
		}
		start[len++] = line->at[i];
	}
	return false;
}

/* NULL, or what is wrong with the line. */
static const char *
read_line(struct pl_userlist *list, struct text line,
    struct pl_userlist_entry *e)
{
	const char *quote;

	if (line.at[0] != '"' || !take_quoted(list, &line, &e->name))
		return "broken auth file";
	if (e->name.len > PL_USER_NAME)
		return "username too long in auth file";
	quote = line.len == 0 ? NULL : memchr(line.at, '"', line.len);
	if (quote == NULL)
		return "broken auth file";
	line = text_from(line, (size_t)(quote - line.at));
	if (!take_quoted(list, &line, &e->secret))
		return "broken auth file";
	if (e->secret.len > PL_SECRET)
		return "password too long in auth file";
	e->kind = pl_userlist_kind(e->secret);
	return NULL;
}

/* ---- the list */

static int
add(struct pl_userlist *list, const struct pl_userlist_entry *e)
{
	uintptr_t at = (uintptr_t)map_find(list->by_name, e->name);

	if (at != 0) {				/* the last one counts */
		list->entries[at - 1] = *e;
		return 0;
	}
	if (list->count == list->room) {
		unsigned room = list->room == 0 ? 16 : list->room * 2;
		struct pl_userlist_entry *more = mem_grow(list->entries,
		    room * sizeof *more);

		if (more == NULL)
			return -1;
		list->entries = more;
		list->room = room;
	}
	if (map_put(&list->by_name, e->name,
	    (void *)(uintptr_t)(list->count + 1)) < 0)
		return -1;
	list->entries[list->count++] = *e;
	return 0;
}

static void
keep_broken(struct pl_userlist *list, size_t before, struct text line)
{
	list->used = before;
	if (line.len > 0)
		memcpy(list->block + before, line.at, line.len);
	list->broken = (struct text){ list->block + before, line.len };
	list->used += line.len;
}

/* -1: no memory. */
static int
read_lines(struct pl_userlist *list, const char *path, struct text all,
    struct why *why)
{
	struct text line;
	const char *wrong;
	unsigned number = 0;

	while (text_split(&all, '\n', &line)) {
		struct pl_userlist_entry e;
		size_t before = list->used;

		number++;
		line = text_trim(line);
		if (line.len == 0 || line.at[0] == ';')
			continue;
		wrong = read_line(list, line, &e);
		if (wrong != NULL) {
			why_at(why, path, number, "%s", wrong);
			keep_broken(list, before, line);
			return 0;
		}
		if (add(list, &e) < 0)
			return why_set(why, "out of memory");
	}
	return 0;
}

struct pl_userlist *
pl_userlist_read(const char *path, struct text all, struct why *why)
{
	struct pl_userlist *list = mem_zero(sizeof *list);

	why->line[0] = why->place[0] = '\0';
	if (list == NULL)
		return NULL;
	list->owners = 1;
	list->block = secret_get(all.len + 1);
	if (list->block == NULL || read_lines(list, path, all, why) < 0)
		pl_userlist_free(&list);
	return list;
}

bool
pl_userlist_worse(const struct pl_userlist *now,
    const struct pl_userlist *before)
{
	return now->broken.len > 0 && (before == NULL ||
	    !text_same(now->broken, before->broken));
}

const struct pl_userlist_entry *
pl_userlist_find(const struct pl_userlist *list, struct text name)
{
	uintptr_t at = (uintptr_t)map_find(list->by_name, name);

	return at == 0 ? NULL : &list->entries[at - 1];
}

unsigned
pl_userlist_count(const struct pl_userlist *list)
{
	return list->count;
}

const struct pl_userlist_entry *
pl_userlist_at(const struct pl_userlist *list, unsigned i)
{
	return i < list->count ? &list->entries[i] : NULL;
}

struct pl_userlist *
pl_userlist_share(const struct pl_userlist *list)
{
	struct pl_userlist *own = (struct pl_userlist *)(uintptr_t)list;

	own->owners++;
	return own;
}

void
pl_userlist_free(struct pl_userlist **list)
{
	struct pl_userlist *own = *list;

	*list = NULL;
	if (own == NULL || --own->owners > 0)
		return;
	map_free(&own->by_name, NULL);
	mem_drop(own->entries);
	secret_drop(own->block);
	mem_drop(own);
}
