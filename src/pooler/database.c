/* SPDX-License-Identifier: ISC */
/*
 * database.c - the register of databases: those of the file, the console,
 * and those made from '*'. Loop 0.
 */
#include "base/log.h"
#include "base/mem.h"
#include "pooler/database.h"

struct pl_database_list pl_databases = TAILQ_HEAD_INITIALIZER(pl_databases);
struct pl_database *pl_database_admin;
const struct pl_database_row *pl_database_fallback;
static struct map *by_name;

unsigned
pl_database_count(void)
{
	return (unsigned)map_count(by_name);
}

struct pl_database *
pl_database_find(struct text name)
{
	return map_find(by_name, name);
}

static void
insert_sorted(struct pl_database *db)
{
	struct pl_database *at;

	TAILQ_FOREACH_REVERSE(at, &pl_databases, pl_database_list, link)
		if (strcmp(at->name, db->name) < 0)
			break;
	if (at != NULL)
		TAILQ_INSERT_AFTER(&pl_databases, at, db, link);
	else
		TAILQ_INSERT_HEAD(&pl_databases, db, link);
}

struct pl_database *
pl_database_new(struct text name, const struct pl_database_row *row)
{
	struct pl_database *db = mem_zero(sizeof *db);

	if (db == NULL)
		return NULL;
	db->name = mem_copy(name);
	if (db->name == NULL || map_put(&by_name, name, db) < 0) {
		mem_drop(db->name);
		mem_drop(db);
		return NULL;
	}
	db->row = row;
	pl_budget_init(&db->servers);
	TAILQ_INIT(&db->pools);
	insert_sorted(db);
	return db;
}

static void
drop_credential(void *credential)
{
	struct pl_credential *c = credential;

	pl_credential_free(&c);
}

void
pl_database_free(struct pl_database *db)
{
	map_drop(&by_name, text_of(db->name));
	TAILQ_REMOVE(&pl_databases, db, link);
	map_free(&db->looked_up, drop_credential);
	pl_credential_free(&db->forced);
	mem_drop(db->made);
	mem_drop(db->name);
	mem_drop(db);
}

int
pl_database_remake(struct pl_database *db,
    const struct pl_database_row *fallback)
{
	struct pl_database_row *row = mem_get(sizeof *row);

	if (row == NULL)
		return -1;
	*row = *fallback;
	row->name = db->name;
	if (row->dbname == NULL)
		row->dbname = db->name;
	mem_drop(db->made);
	db->made = row;
	db->row = row;
	return 0;
}

int
pl_database_force(struct pl_database *db)
{
	struct pl_user *u;

	if (db->row->user == NULL)
		return 0;
	u = pl_user_get(text_of(db->row->user));
	if (u == NULL)
		return -1;
	if (db->forced == NULL)
		db->forced = pl_credential_new(u);
	if (db->forced == NULL)
		return -1;
	db->forced->user = u;
	return pl_credential_set(db->forced, text_of(db->row->password));
}

struct pl_database *
pl_database_get(struct text name)
{
	struct pl_database *db = pl_database_find(name);

	if (db != NULL || pl_database_fallback == NULL ||
	    name.len > PL_DATABASE_NAME)
		return db;
	db = pl_database_new(name, pl_database_fallback);
	if (db == NULL)
		return NULL;
	db->automatic = true;
	if (pl_database_remake(db, pl_database_fallback) < 0 ||
	    pl_database_force(db) < 0) {
		pl_database_free(db);
		return NULL;
	}
	log_info("registered new auto-database: %s", db->name);
	return db;
}

static int
first_set(int a, int b, int otherwise)
{
	return a != PL_UNSET ? a : b != PL_UNSET ? b : otherwise;
}

int
pl_database_pool_size(const struct pl_database *db, const struct pl_user *u)
{
	return first_set(u != NULL && u->row != NULL ? u->row->pool_size :
	    PL_UNSET, db->row->pool_size, pl_settings()->default_pool_size);
}

int
pl_database_min_pool_size(const struct pl_database *db)
{
	return first_set(db->row->min_pool_size, PL_UNSET,
	    pl_settings()->min_pool_size);
}

int
pl_database_reserve(const struct pl_database *db, const struct pl_user *u)
{
	return first_set(u != NULL && u->row != NULL ?
	    u->row->reserve_pool_size : PL_UNSET, db->row->reserve_pool_size,
	    pl_settings()->reserve_pool_size);
}

int
pl_database_max_servers(const struct pl_database *db)
{
	return first_set(db->row->max_db_connections, PL_UNSET,
	    pl_settings()->max_db_connections);
}

int
pl_database_max_clients(const struct pl_database *db)
{
	return first_set(db->row->max_db_client_connections, PL_UNSET,
	    pl_settings()->max_db_client_connections);
}

int64_t
pl_database_server_lifetime(const struct pl_database *db)
{
	return db->row->server_lifetime > 0 ? db->row->server_lifetime :
	    pl_settings()->server_lifetime;
}
