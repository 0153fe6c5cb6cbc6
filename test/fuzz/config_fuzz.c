/* SPDX-License-Identifier: ISC */
/*
 * config_fuzz.c - a pooler's ini. Behind a byte 1 stands what every other
 * file that it names has in it. What is accepted is shown, read again as a
 * reload would, and changed by SET.
 */
#include <errno.h>
#include <stdio.h>

#include "fuzz.h"
#include "pooler/config.h"

enum { LOADS_MOST = 20 };

static struct text main_file, other_file;
static unsigned loads;

static int
load(const char *path, struct text *to, struct why *why)
{
	struct text t = strcmp(path, "f.ini") == 0 ? main_file : other_file;
	char *at;

	if (t.at == NULL || loads++ >= LOADS_MOST)
		return why_set(why, "%s", strerror(ENOENT));
	at = mem_copy(t);
	if (at == NULL)
		return why_set(why, "%s", strerror(ENOMEM));
	*to = (struct text){ at, t.len };
	return 0;
}

static int
status(const char *path, struct stat *to)
{
	errno = ENOENT;
	return -1;
}

static void
report(void *arg, enum log_level level, const char *line)
{
	fuzz_touch(text_of(line));
}

static void
show(const struct pl_settings *settings)
{
	struct pl_config_line line;

	for (unsigned i = 0; pl_config_show(settings, i, &line); i++) {
		fuzz_touch(text_of(line.key));
		fuzz_touch(text_of(line.value));
	}
}

static void
change(const struct pl_settings *settings, const char *key)
{
	const struct pl_settings *changed;
	struct text value = main_file;

	value.len = value.len > 40 ? 40 : value.len;
	changed = pl_config_set(settings, text_of(key), value, NULL);
	if (changed != NULL)
		show(changed);
	pl_config_free_settings(&changed);
}

static struct pl_setup *
read_setup(const struct pl_setup *previous)
{
	struct pl_config_source source = { .path = "f.ini", .load = load,
	    .status = status, .now = previous == NULL ? NULL :
	    previous->settings };
	struct why why = { .line = "" };

	loads = 0;
	return pl_config_read(&source, previous, report, NULL, &why);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	struct text rest = fuzz_text(data, len);
	struct pl_setup *first, *second;

	main_file = TEXT("");
	text_split(&rest, 1, &main_file);
	other_file = rest;
	first = read_setup(NULL);
	if (first == NULL)
		return 0;
	show(first->settings);
	change(first->settings, "default_pool_size");
	change(first->settings, "server_reset_query");
	change(first->settings, "pool_mode");
	second = read_setup(first);
	if (second != NULL)
		pl_config_free(&second);
	pl_config_free(&first);
	return 0;
}
