/* SPDX-License-Identifier: ISC */
/* rows.c - arrays of rows; see rows.h. Loop 0. */
#include "base/map.h"
#include "base/mem.h"
#include "base/secret.h"
#include "conf/connstr.h"
#include "pooler/keys.h"
#include "pooler/rows.h"

static void
drop_const(const void *at)
{
	mem_drop((void *)(uintptr_t)at);
}

static void
clear_database(void *row)
{
	struct pl_database_row *d = row;

	drop_const(d->name);
	drop_const(d->hosts);
	key_clear(pl_keys_databases, d);
}

static void
clear_user(void *row)
{
	struct pl_user_row *u = row;

	drop_const(u->name);
	key_clear(pl_keys_users, u);
}

static void
clear_peer(void *row)
{
	key_clear(pl_keys_peers, row);
}

const struct pl_rows_kind pl_rows_databases = {
	pl_keys_databases, sizeof(struct pl_database_row),
	"connection string", "connection", clear_database
};
const struct pl_rows_kind pl_rows_users = {
	pl_keys_users, sizeof(struct pl_user_row),
	"user settings", "user", clear_user
};
const struct pl_rows_kind pl_rows_peers = {
	pl_keys_peers, sizeof(struct pl_peer_row),
	"connection string", "connection", clear_peer
};

void *
pl_rows_at(const struct pl_rows *rows, unsigned i)
{
	return rows->at + i * rows->kind->size;
}

void *
pl_rows_find(const struct pl_rows *rows, struct text name)
{
	uintptr_t at = (uintptr_t)map_find(rows->by_name, name);

	return at == 0 ? NULL : pl_rows_at(rows, (unsigned)(at - 1));
}

static int
make_room(struct pl_rows *rows)
{
	unsigned room = rows->room == 0 ? 16 : rows->room * 2;
	char *more;

	if (rows->count < rows->room)
		return 0;
	more = mem_grow(rows->at, room * rows->kind->size);
	if (more == NULL)
		return -1;
	rows->at = more;
	rows->room = room;
	return 0;
}

int
pl_rows_put(struct pl_rows *rows, struct text name, const void *row)
{
	void *old = pl_rows_find(rows, name);

	if (old != NULL) {
		rows->kind->clear(old);
		memcpy(old, row, rows->kind->size);
		return 0;
	}
	if (make_room(rows) < 0 || map_put(&rows->by_name, name,
	    (void *)((uintptr_t)rows->count + 1)) < 0)
		return -1;
	memcpy(pl_rows_at(rows, rows->count++), row, rows->kind->size);
	return 0;
}

void
pl_rows_free(struct pl_rows *rows)
{
	for (unsigned i = 0; i < rows->count; i++)
		rows->kind->clear(pl_rows_at(rows, i));
	mem_drop(rows->at);
	map_free(&rows->by_name, NULL);
	*rows = (struct pl_rows){ .kind = rows->kind };
}

static int
fill_one(const struct pl_rows_kind *kind, void *row, struct text name,
    struct text value, bool only_ours, const char **ours, struct why *why)
{
	const struct key *key = key_find(kind->keys, name);

	if (key == NULL)
		return why_set(why, "unrecognized %s parameter: %.*s",
		    kind->parameter, TEXT_ARG(name));
	if (only_ours && !key->ours)
		return why_set(why, "%s belongs in the main file", key->name);
	if (key->ours)
		*ours = key->name;
	return key_set(key, row, value, why);
}

int
pl_rows_fill(const struct pl_rows_kind *kind, void *row, struct text line,
    bool only_ours, const char **ours, struct why *why)
{
	char *scratch = secret_get(line.len + 1);	/* may hold passwords */
	struct text name, value;
	int pair;

	*ours = NULL;
	if (scratch == NULL)
		return why_set(why, "out of memory");
	while ((pair = connstr_pair(&line, &name, &value, scratch)) > 0)
		if (fill_one(kind, row, name, value, only_ours, ours,
		    why) < 0)
			break;
	secret_drop(scratch);
	if (pair < 0)
		why_set(why, "syntax error in %s", kind->string);
	return pair == 0 ? 0 : -1;
}
