/* SPDX-License-Identifier: ISC */
/* explain.c - see explain.h. Before there are threads. */
#include "pooler/config.h"
#include "pooler/explain.h"
#include "pooler/keys.h"

static void
put_place(FILE *to, const struct pl_setup *setup, const char *section,
    const char *name)
{
	const char *place = pl_config_origin(setup, section, name);

	fprintf(to, "; %s\n", place == NULL ? "default" : place);
}

static void
put_settings(FILE *to, const struct pl_setup *setup)
{
	fputs("[pgbouncer]\n", to);
	for (const struct key *key = pl_keys_pgbouncer; key->name != NULL;
	    key++) {
		char scratch[KEY_SHOW];
		const char *value = key_write(key, setup->settings, scratch);

		if (value == NULL) {
			fprintf(to, "; %s is unset\n", key->name);
			continue;
		}
		put_place(to, setup, "pgbouncer", key->name);
		fprintf(to, "%s = %s\n", key->name, value);
	}
}

/* In quotes, so that blanks and quotes of the value survive. */
static void
put_value(FILE *to, const char *value)
{
	fputc('\'', to);
	for (; *value != '\0'; value++) {
		if (*value == '\'')
			fputc('\'', to);
		fputc(*value, to);
	}
	fputc('\'', to);
}

static void
put_row(FILE *to, const struct pl_setup *setup, const char *section,
    const char *name, const struct key *keys, const void *row)
{
	put_place(to, setup, section, name);
	fprintf(to, "'%s' =", name);
	for (const struct key *key = keys; key->name != NULL; key++) {
		char scratch[KEY_SHOW];
		const char *value = key_write(key, row, scratch);

		if (key_is_usual(key, row) || value == NULL ||
		    key->kind == KEY_SECRET || key->alias)
			continue;
		fprintf(to, " %s=", key->name);
		put_value(to, value);
	}
	fputc('\n', to);
}

static void
put_database(FILE *to, const struct pl_setup *setup,
    const struct pl_database_row *row)
{
	if (row->password != NULL)
		fputs("; with a password, which is not shown\n", to);
	put_row(to, setup, "databases", row->name, pl_keys_databases, row);
}

void
pl_explain_setup(FILE *to, const struct pl_setup *setup)
{
	put_settings(to, setup);
	fputs("\n[databases]\n", to);
	for (unsigned i = 0; i < setup->database_count; i++)
		put_database(to, setup, &setup->databases[i]);
	if (setup->fallback != NULL)
		put_database(to, setup, setup->fallback);
	fputs("\n[users]\n", to);
	for (unsigned i = 0; i < setup->user_count; i++)
		put_row(to, setup, "users", setup->users[i].name,
		    pl_keys_users, &setup->users[i]);
	fputs("\n[peers]\n", to);
	for (unsigned i = 0; i < setup->peer_count; i++) {
		char id[16];

		snprintf(id, sizeof id, "%d", setup->peers[i].id);
		put_row(to, setup, "peers", id, pl_keys_peers,
		    &setup->peers[i]);
	}
}
