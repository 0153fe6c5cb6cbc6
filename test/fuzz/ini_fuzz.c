/* SPDX-License-Identifier: ISC */
/*
 * ini_fuzz.c - whole readings of the configuration: every file that is asked
 * for holds the same bytes, the side file those behind the first form feed.
 * What was read is read again as a reload.
 */
#include <errno.h>

#include "fuzz.h"
#include "pooler/config.h"

static struct text input, side;

static int
load(const char *path, struct text *to, struct why *why)
{
	struct text t = text_ends(text_of(path), ".weir") ? side : input;

	to->at = mem_copy(t);
	to->len = t.len;
	return to->at == NULL ? why_set(why, "out of memory") : 0;
}

static int
status(const char *path, struct stat *to)
{
	memset(to, 0, sizeof *to);
	if (side.at != NULL || !text_ends(text_of(path), ".weir"))
		return 0;
	errno = ENOENT;
	return -1;
}

static void
report(void *arg, enum log_level level, const char *line)
{
	fuzz_touch(text_of(line));
}

static void
check(const struct pl_setup *s)
{
	NEED(s->settings != NULL && s->userlist != NULL && s->hba != NULL &&
	    s->ident != NULL);
	for (unsigned i = 0; i < s->database_count; i++) {
		const struct pl_database_row *d = &s->databases[i];

		NEED(d->name[0] != '\0' && strcmp(d->name, "*") != 0 &&
		    strlen(d->name) <= PL_DATABASE_NAME);
		NEED(d->dbname != NULL && d->port > 0 && d->port < 65536);
		for (unsigned h = 0; h < d->host_count; h++)
			NEED(d->hosts[h][0] != '\0');
	}
	for (unsigned i = 0; i < s->peer_count; i++)
		NEED(s->peers[i].id > 0 && s->peers[i].host != NULL);
}

/* What can be read can be read again, as a reload: false when it cannot. */
static bool
read_twice(void)
{
	struct pl_config_source source = {
		.path = "f", .load = load, .status = status
	};
	struct pl_setup *first, *second = NULL;
	struct why why;
	bool read_once;

	first = pl_config_read(&source, NULL, report, NULL, &why);
	read_once = first != NULL;
	if (read_once) {
		check(first);
		source.now = first->settings;
		second = pl_config_read(&source, first, report, NULL, &why);
	}
	if (second != NULL) {
		check(second);
		NEED(first->database_count == second->database_count);
	}
	pl_config_free(&first);
	if (second == NULL)
		return !read_once;
	check(second);
	pl_config_free(&second);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text rest = fuzz_text(data, len);

	input = side = TEXT_NONE;
	if (text_split(&rest, '\f', &input))
		side = rest;
	/* Once it may be for lack of memory that a reload is refused. */
	if (!read_twice())
		NEED(read_twice());
	return 0;
}
