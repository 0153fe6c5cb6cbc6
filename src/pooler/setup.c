/* SPDX-License-Identifier: ISC */
/*
 * setup.c - from a setup to the registers. What only a broken TLS setting
 * can spoil is made first; then nothing can fail but for want of memory.
 */
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "net/loop.h"
#include "net/tour.h"
#include "pooler/config.h"
#include "pooler/keys.h"
#include "pooler/pool.h"
#include "pooler/setup.h"
#include "pooler/tlsconf.h"
#include "pooler/userlist.h"
#include "pooler/variables.h"

static struct pl_setup *now;

const struct pl_setup *
pl_setup_now(void)
{
	return now;
}

static void
bury_setup(void *dead)
{
	struct pl_setup *setup = dead;

	pl_config_free(&setup);
}

static void
bury_settings(void *dead)
{
	const struct pl_settings *settings = dead;

	pl_config_free_settings(&settings);
}

/* Readers keep pointers for the length of a turn. */
static void
retire(void *dead, void (*bury)(void *))
{
	if (dead == NULL)
		return;
	if (loop_here() != NULL)
		loop_retire(loop_here(), dead, bury);
	else
		bury(dead);
}

/* ---- users ------------------------------------------------------------- */

static int
apply_users(const struct pl_setup *setup)
{
	struct pl_user *u;

	TAILQ_FOREACH(u, &pl_users, link)
		u->listed = false;
	for (unsigned i = 0; i < pl_userlist_count(setup->userlist); i++) {
		const struct pl_userlist_entry *e =
		    pl_userlist_at(setup->userlist, i);

		u = pl_user_get(e->name);
		if (u == NULL || pl_credential_set(&u->own, e->secret) < 0)
			return -1;
		u->listed = true;
	}
	TAILQ_FOREACH(u, &pl_users, link) {
		u->row = NULL;
		if (!u->listed)
			pl_credential_wipe(&u->own);
	}
	for (unsigned i = 0; i < setup->user_count; i++) {
		u = pl_user_get(text_of(setup->users[i].name));
		if (u == NULL)
			return -1;
		u->row = &setup->users[i];
	}
	return 0;
}

/* ---- databases --------------------------------------------------------- */

static void
forget_welcome(struct pl_pool *pool)
{
	pool->welcome_ready = false;
	pool->welcomed_all = false;
}

static void
reconnect_database(struct pl_database *db)
{
	struct pl_pool *pool;

	TAILQ_FOREACH(pool, &db->pools, of_database) {
		pl_pool_reconnect(pool);
		forget_welcome(pool);
	}
}

static void
point_at(struct pl_database *db, const struct pl_database_row *row)
{
	if (db->forced != NULL && row->user == NULL)
		log_warning("losing forced user not supported, keeping old "
		    "setting");
	if (pl_settings_moved(db->row, row))
		reconnect_database(db);
	db->row = row;
	pl_database_force(db);
}

/* It was dropped, its pools are not gone yet, and here it is again. */
static void
revive(struct pl_database *db, const struct pl_database_row *row)
{
	db->dead = db->paused = db->disabled = false;
	db->row = row;
	reconnect_database(db);
	pl_database_force(db);
}

/* Of a dropped one, whose own row goes away with its setup. */
static const struct pl_database_row dropped_row = {
	.name = "", .dbname = "", .password = "", .pool_size = PL_UNSET,
	.min_pool_size = PL_UNSET, .reserve_pool_size = PL_UNSET,
	.max_db_connections = PL_UNSET, .max_db_client_connections = PL_UNSET,
	.server_lifetime = PL_UNSET, .server_login_parallel = PL_UNSET,
};

static int
apply_row(const struct pl_database_row *row)
{
	struct pl_database *db = pl_database_find(text_of(row->name));

	if (db == NULL) {
		db = pl_database_new(text_of(row->name), row);
		return db == NULL ? -1 : pl_database_force(db);
	}
	db->automatic = false;
	if (db->dead)
		revive(db, row);
	else
		point_at(db, row);
	mem_drop(db->made);
	db->made = NULL;
	return 0;
}

void
pl_setup_drop_database(struct pl_database *db)
{
	struct pl_pool *pool, *next_pool;

	log_warning("dropping database '%s' as it does not exist anymore or "
	    "inactive auto-database", db->name);
	db->dead = true;
	TAILQ_FOREACH_SAFE(pool, &db->pools, of_database, next_pool)
		pl_pool_close_all(pool, "database removed");
	db->row = &dropped_row;
}

/* What '*' says now, for a database that was made from it. */
static int
remake(struct pl_database *db, const struct pl_database_row *fallback)
{
	struct pl_database_row *was = db->made;

	db->made = NULL;
	if (pl_database_remake(db, fallback) < 0) {
		db->made = was;
		return -1;
	}
	if (!pl_keys_same_database(was, db->made))
		reconnect_database(db);
	retire(was, mem_drop);
	return pl_database_force(db);
}

static int
apply_databases(const struct pl_setup *setup)
{
	struct pl_database *db, *next;

	pl_database_fallback = setup->fallback;
	for (unsigned i = 0; i < setup->database_count; i++)
		if (apply_row(&setup->databases[i]) < 0)
			return -1;
	TAILQ_FOREACH_SAFE(db, &pl_databases, link, next) {
		if (db->admin || db->dead)
			continue;
		if (db->automatic && setup->fallback != NULL) {
			if (remake(db, setup->fallback) < 0)
				return -1;
		} else if (db->automatic || pl_config_database(setup,
		    text_of(db->name)) == NULL) {
			pl_setup_drop_database(db);
		}
	}
	return 0;
}

static struct pl_database_row console_row = {
	.name = "pgbouncer", .dbname = "pgbouncer", .password = "",
	.pool_size = 2, .min_pool_size = 0, .reserve_pool_size = 0,
	.max_db_connections = PL_UNSET, .max_db_client_connections = PL_UNSET,
	.server_lifetime = PL_UNSET, .pool_mode = PL_MODE_STATEMENT,
	.server_login_parallel = PL_UNSET,
};

static int
make_console(void)
{
	struct pl_user *u;

	console_row.port = pl_settings()->listen_port;
	if (pl_database_admin != NULL)
		return 0;
	u = pl_user_get(TEXT("pgbouncer"));
	pl_database_admin = pl_database_new(TEXT("pgbouncer"), &console_row);
	if (u == NULL || pl_database_admin == NULL)
		return -1;
	pl_database_admin->admin = true;
	pl_database_admin->forced = pl_credential_new(u);
	if (pl_database_admin->forced == NULL)
		return -1;
	return pl_pools_get(pl_database_admin, pl_database_admin->forced) ==
	    NULL ? -1 : 0;
}

/* ---- the whole --------------------------------------------------------- */

/* In a standstill: other loops read what comes of it. */
static void
refresh_pools(void *arg)
{
	struct pl_pool *pool;

	TAILQ_FOREACH(pool, &pl_pools, link)
		pl_pools_refresh(pool);
}

static void
reconnect_all(void)
{
	struct pl_pool *pool;

	TAILQ_FOREACH(pool, &pl_pools, link)
		if (!pool->database->admin)
			pl_pool_reconnect(pool);
}

static void
tell_notes(const struct pl_setup *setup)
{
	for (unsigned i = 0; i < setup->note_count; i++)
		log_line(setup->notes[i].level, "", "%s",
		    setup->notes[i].line);
}

void
pl_setup_tell(void)
{
	static bool told;

	if (!told)
		tell_notes(now);
	told = true;
}

static int
apply_tls(const struct pl_setup *setup, bool first, struct why *why)
{
	bool servers_changed;

	if (pl_tlsconf_apply(setup->settings, &servers_changed, why) < 0) {
		if (first) {
			tell_notes(setup);
			log_error("%s", why->line);
			return why_set(why, "TLS setup failed");
		}
		log_error("%s", why->line);
		log_error("TLS configuration could not be reloaded, keeping "
		    "old configuration");
		return 0;
	}
	if (servers_changed)
		reconnect_all();
	return 0;
}

/* All that loops read without a lock: while they stand still. */
static void
put_in_force(void *arg)
{
	struct pl_setup *setup = arg;

	if (pl_settings() != setup->settings)
		retire((void *)(uintptr_t)pl_settings_swap(
		    pl_config_take_settings(setup)), bury_settings);
	if (apply_users(setup) < 0 || apply_databases(setup) < 0 ||
	    make_console() < 0)
		log_error("out of memory while the configuration is applied");
	retire(now, bury_setup);
	now = setup;
	refresh_pools(NULL);
}

int
pl_setup_apply(struct pl_setup *setup, bool first, struct why *why)
{
	if (!first)
		tell_notes(setup);
	if (apply_tls(setup, first, why) < 0) {
		pl_config_free(&setup);
		return -1;
	}
	if (tour_still(loop_here(), put_in_force, setup) == 0)
		return 0;
	pl_config_free(&setup);
	return why_set(why, "configuration is not applied: a loop does not "
	    "turn");
}

int
pl_setup_settings_changed(struct why *why)
{
	bool servers_changed;

	if (tour_still(loop_here(), refresh_pools, NULL) < 0)
		return why_set(why, "a loop does not turn");
	if (pl_tlsconf_apply(pl_settings(), &servers_changed, why) < 0)
		return -1;
	if (servers_changed)
		reconnect_all();
	return 0;
}

void
pl_setup_end(void)
{
	for (uint32_t i = 0; i < pl_client_slots(); i++)
		if (pl_client_at(i) != NULL)
			pl_client_close_silent(pl_client_at(i));
	for (uint32_t i = 0; i < pl_server_slots(); i++)
		if (pl_server_at(i) != NULL)
			pl_server_drop(pl_server_at(i));
}

void
pl_setup_fini(void)
{
	const struct pl_settings *settings;

	while (!TAILQ_EMPTY(&pl_pools)) {
		/* Nothing is under way any more: the other loops have ended. */
		TAILQ_FIRST(&pl_pools)->pins = 0;
		pl_pools_free(TAILQ_FIRST(&pl_pools));
	}
	while (!TAILQ_EMPTY(&pl_databases))
		pl_database_free(TAILQ_FIRST(&pl_databases));
	pl_database_admin = NULL;
	pl_user_fini();
	pl_client_fini();
	pl_server_fini();
	pl_config_free(&now);
	settings = pl_settings_swap(NULL);
	if (settings != NULL)
		pl_config_free_settings(&settings);
	pl_variables_fini();
}
