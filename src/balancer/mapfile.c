/* SPDX-License-Identifier: ISC */
/*
 * mapfile.c - maps read into the arena of a setup. Texts are sorted, so that
 * a large map is no burden; other keys are tried in the order of the file.
 */
#include <stdio.h>
#include <stdlib.h>

#include "balancer/mapfile.h"
#include "balancer/parse.h"

/* map, map_str, map_beg_int, map_regm: the second word tells how. */
static int
read_kind(struct text name, struct lb_mapfile *m)
{
	struct text rest = name, word;
	char match[16];

	m->how = LB_MATCH_STR;
	text_split(&rest, '_', &word);
	if (rest.at == NULL || !text_split(&rest, '_', &word))
		return 0;
	m->expands = text_is(word, "regm");
	m->keys = text_is(word, "key");
	if (m->keys)
		return 0;
	if (m->expands)
		word.len--;
	snprintf(match, sizeof match, "%.*s", TEXT_ARG(word));
	return lb_pattern_match(match, &m->how) ? 0 : -1;
}

/* "key value": the value is all behind the blanks. */
static int
add_line(struct lb_parse *p, struct lb_mapfile *m, struct text line,
    struct why *why)
{
	struct lb_map_entry *e = lb_parse_get(p, sizeof *e);
	size_t n = 0;

	while (n < line.len && !text_is_space(line.at[n]))
		n++;
	if (lb_pattern_read(p, m->how, false, false, arena_copy(p->arena,
	    (struct text){ line.at, n }), &e->key, why) < 0)
		return -1;
	e->value = m->keys ? e->key.text : arena_copy(p->arena,
	    text_trim(text_from(line, n)));
	arena_add(p->arena, &m->entries, e);
	return 0;
}

static int
compare(const void *a, const void *b)
{
	const struct lb_map_entry *const *x = a, *const *y = b;

	return strcmp((*x)->key.text, (*y)->key.text);
}

const struct lb_mapfile *
lb_mapfile_read(struct lb_parse *p, const char *path, struct text converter,
    struct why *why)
{
	const struct lb_source *source = p->source;
	struct lb_mapfile *m = lb_parse_get(p, sizeof *m);
	struct text rest, line;
	struct why ignored;
	unsigned number = 0;

	if (read_kind(converter, m) < 0) {
		why_set(why, "unknown kind of map '%.*s'",
		    TEXT_ARG(converter));
		return NULL;
	}
	if (source->fetch == NULL)
		return m;
	if (source->fetch(source->arg, path, &rest, &ignored) < 0) {
		why_set(why, "failed to open pattern file <%s>", path);
		return NULL;
	}
	while (rest.len > 0 && text_split(&rest, '\n', &line)) {
		number++;
		line = text_trim(line);
		if (line.len == 0 || line.at[0] == '#')
			continue;
		if (add_line(p, m, line, &ignored) < 0) {
			why_set(why, "%s at line %u of file '%s'",
			    ignored.line, number, path);
			return NULL;
		}
	}
	if (m->how == LB_MATCH_STR && m->entries.count > 0)
		qsort(m->entries.at, m->entries.count, sizeof *m->entries.at,
		    compare);
	return m;
}

const struct lb_map_entry *
lb_mapfile_find(const struct lb_mapfile *m, struct text key)
{
	size_t low = 0, high = m->entries.count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		const struct lb_map_entry *e = m->entries.at[mid];
		int order = text_compare(key, (struct text){ e->key.text,
		    e->key.len });

		if (order == 0)
			return e;
		if (order < 0)
			high = mid;
		else
			low = mid + 1;
	}
	return NULL;
}
