/* SPDX-License-Identifier: ISC */
/*
 * user.c - the register of users and their credentials. Loop 0 adds; the
 * pointers it hands out stay good.
 */
#include "base/map.h"
#include "base/mem.h"
#include "base/secret.h"
#include "pooler/user.h"

struct pl_user_list pl_users = TAILQ_HEAD_INITIALIZER(pl_users);
static struct map *by_name;

unsigned
pl_user_count(void)
{
	return (unsigned)map_count(by_name);
}

struct pl_user *
pl_user_find(struct text name)
{
	return map_find(by_name, name);
}

/* From the end: userlists are mostly sorted already. */
static void
insert_sorted(struct pl_user *u)
{
	struct pl_user *at;

	TAILQ_FOREACH_REVERSE(at, &pl_users, pl_user_list, link)
		if (strcmp(at->name, u->name) < 0)
			break;
	if (at != NULL)
		TAILQ_INSERT_AFTER(&pl_users, at, u, link);
	else
		TAILQ_INSERT_HEAD(&pl_users, u, link);
}

struct pl_user *
pl_user_get(struct text name)
{
	struct pl_user *u = pl_user_find(name);

	if (u != NULL)
		return u;
	u = mem_zero(sizeof *u);
	if (u == NULL)
		return NULL;
	u->name = mem_copy(name);
	if (u->name == NULL || map_put(&by_name, name, u) < 0) {
		mem_drop(u->name);
		mem_drop(u);
		return NULL;
	}
	u->own.user = u;
	pl_budget_init(&u->servers);
	insert_sorted(u);
	return u;
}

struct pl_credential *
pl_credential_new(struct pl_user *u)
{
	struct pl_credential *c = mem_zero(sizeof *c);

	if (c != NULL)
		c->user = u;
	return c;
}

void
pl_credential_wipe(struct pl_credential *c)
{
	secret_drop(c->secret);
	secret_drop(c->built);
	c->secret = c->built = NULL;
	c->kind = PL_SECRET_EMPTY;
	c->impossible = c->has_keys = false;
	secret_wipe(c->client_key, sizeof c->client_key);
	secret_wipe(c->server_key, sizeof c->server_key);
}

void
pl_credential_free(struct pl_credential **cp)
{
	struct pl_credential *c = *cp;

	*cp = NULL;
	if (c == NULL)
		return;
	pl_credential_wipe(c);
	mem_drop(c);
}

int
pl_credential_set(struct pl_credential *c, struct text secret)
{
	char *copy;

	/* Unchanged: the keys and the secret built from it stay good. */
	if (c->secret != NULL && !c->impossible &&
	    text_same(text_of(c->secret), secret))
		return 0;
	copy = secret.len == 0 ? NULL : secret_copy(secret);
	if (secret.len > 0 && copy == NULL)
		return -1;
	pl_credential_wipe(c);
	c->secret = copy;
	c->kind = (uint8_t)pl_userlist_kind(secret);
	return 0;
}

int
pl_user_max_servers(const struct pl_user *u)
{
	if (u->row != NULL && u->row->max_user_connections > 0)
		return u->row->max_user_connections;
	return pl_settings()->max_user_connections;
}

int
pl_user_max_clients(const struct pl_user *u)
{
	if (u->row != NULL && u->row->max_user_client_connections > 0)
		return u->row->max_user_client_connections;
	return pl_settings()->max_user_client_connections;
}

bool
pl_user_is_admin(const struct pl_user *u)
{
	return pl_settings_lists(pl_settings()->admin_users,
	    text_of(u->name));
}

bool
pl_user_is_stats(const struct pl_user *u)
{
	return pl_settings_lists(pl_settings()->stats_users,
	    text_of(u->name));
}

void
pl_user_fini(void)
{
	struct pl_user *u;

	while ((u = TAILQ_FIRST(&pl_users)) != NULL) {
		TAILQ_REMOVE(&pl_users, u, link);
		pl_credential_wipe(&u->own);
		mem_drop(u->name);
		mem_drop(u);
	}
	map_free(&by_name, NULL);
}
