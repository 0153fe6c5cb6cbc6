/* SPDX-License-Identifier: ISC */
/* config.c - one reading from text to settings; see config.h. One thread. */
#include <setjmp.h>
#include <string.h>

#include "vrrp/config.h"
#include "vrrp/keys.h"
#include "vrrp/keys_global.h"
#include "vrrp/settle.h"

/* ---- what the dialect asks for */

static int
fetch(void *arg, struct arena *arena, const char *path, struct text *to,
    struct why *why)
{
	struct vr_parse *p = arg;

	return p->outside->fetch(p->outside->arg, arena, path, to, why);
}

static unsigned
match(void *arg, struct arena *arena, const char *pattern,
    const char ***paths)
{
	struct vr_parse *p = arg;

	return p->outside->match(p->outside->arg, arena, pattern, paths);
}

static const char *
variable(void *arg, const char *name)
{
	struct vr_parse *p = arg;

	return p->outside->variable(p->outside->arg, name);
}

static unsigned
draw(void *arg)
{
	struct vr_parse *p = arg;

	if (!p->seeded)
		return p->outside->random(p->outside->arg);
	p->seed = p->seed * 1103515245 + 12345;
	return p->seed >> 16;
}

static void
complain(void *arg, enum braces_level level, const struct braces_place *at,
    const char *text)
{
	static const enum vr_report_level levels[] = {
		[BRACES_NOTE] = VR_REPORT_NOTE,
		[BRACES_ERROR] = VR_REPORT_ERROR,
		[BRACES_MISSING] = VR_REPORT_SECURITY,
	};
	struct vr_parse *p = arg;
	struct vr_place place = { at->file, at->line };

	vr_report_say(p->report, levels[level], &place, "%s", text);
}

static void
on_reading(void *arg, const char *path)
{
	struct vr_parse *p = arg;

	arena_add(p->arena, &p->config->read, vr_parse_copy(p, path));
}

/* ---- one text */

static void
read_text(struct vr_parse *p, const char *path, struct text t, unsigned flags)
{
	struct braces_host *host = arena_get(p->arena, sizeof *host);

	*host = (struct braces_host){ .arg = p, .id = p->outside->id,
	    .fetch = fetch, .match = match, .variable = variable,
	    .random = draw, .complain = complain, .reading = on_reading };
	p->in = braces_new(p->arena, host, path, t);
	if (flags & VR_CONFIG_ALL_INCLUDES)
		braces_check_includes(p->in, BRACES_ALL);
	vr_parse_file(p, vr_keys);
}

/* Ours alone; a missing one is silent. side: its text, when it is known. */
static void
read_side(struct vr_parse *p, const char *file, const char *side,
    unsigned flags)
{
	char *path = arena_print(p->arena, "%s.weir", file);
	struct text t = text_of(side);
	struct why why;

	if (side == NULL) {
		int got = p->outside->fetch(p->outside->arg, p->arena, path,
		    &t, &why);

		if (got < 0)
			vr_report_say(p->report, VR_REPORT_ERROR, NULL,
			    "Unable to open side file '%s' - %s", path,
			    why.line);
		if (got != 0)
			return;
	}
	p->side = true;
	read_text(p, path, t, flags);
	p->side = false;
}

/* Beside the file and beside each one that it includes. */
static void
read_sides(struct vr_parse *p, unsigned flags)
{
	unsigned count = p->config->read.count;

	for (unsigned i = 0; i < count && !p->stopped; i++) {
		const char *file = p->config->read.at[i];
		unsigned k = 0;

		if (file[0] == '\0')
			continue;
		while (strcmp(p->config->read.at[k], file) != 0)
			k++;
		if (k == i)
			read_side(p, file, NULL, flags);
	}
}

/*
 * A name with wildcards is many files, read as one: a line that includes them
 * stands for them. False: there is none.
 */
static bool
match_name(struct vr_parse *p, const char *path, struct text *to)
{
	const char **paths;
	unsigned n = strpbrk(path, "*?[{") == NULL ? 0 :
	    p->outside->match(p->outside->arg, p->arena, path, &paths);

	if (n == 0)
		return false;
	if (n > 1)
		vr_report_say(p->report, VR_REPORT_ERROR, NULL, "WARNING, "
		    "multiple configuration file matches of %s, starting with "
		    "%s", path, paths[0]);
	*to = text_of(arena_print(p->arena, "include %s\n", path));
	return true;
}

static struct vr_config *
read_all(struct vr_parse *p, const char *path, struct text t, bool have,
    const char *side, unsigned flags)
{
	struct vr_config *c = arena_get(p->arena, sizeof *c);
	const char *name;
	struct why why;
	int got = 0;

	p->config = c;
	p->no_host = flags & VR_CONFIG_ELSEWHERE;
	c->arena = p->arena;
	name = c->path = arena_copy(p->arena, text_of(path));
	p->global = (struct vr_draft){ .object = &c->global,
	    .rows = vr_keys_global };
	vr_settle_usual(p);
	if (!have)
		got = p->outside->fetch(p->outside->arg, p->arena, path, &t,
		    &why);
	if (got > 0 && match_name(p, path, &t)) {
		got = 0;
		name = "";		/* beside which the pattern stands */
	}
	if (got != 0) {
		vr_report_say(p->report, VR_REPORT_ERROR, NULL, got > 0 ?
		    "Config files missing '%s'." :
		    "Unable to open config file '%s'.", path);
		return NULL;
	}
	read_text(p, name, t, flags);
	if (!p->stopped && side != NULL)
		read_side(p, c->path, side, flags);
	else if (!p->stopped && !have)
		read_sides(p, flags);
	if (p->stopped)
		return NULL;
	vr_settle(p);
	c->errors.at = p->report->texts.at;
	c->errors.count = p->report->texts.count;
	c->draft = &p->global;
	return c;
}

static struct vr_config *
read_guarded(const char *path, struct text t, bool have, const char *side,
    unsigned flags, const struct vr_outside *outside, struct vr_report *r)
{
	struct arena *arena = arena_new();
	struct vr_config *volatile config = NULL;
	struct arena *dead = arena;
	jmp_buf escape;

	if (arena == NULL) {
		vr_report_say(r, VR_REPORT_ERROR, NULL, "out of memory");
		return NULL;
	}
	if (setjmp(escape) == 0) {
		struct vr_parse *p;

		arena_escape(arena, &escape);
		p = arena_get(arena, sizeof *p);
		p->arena = arena;
		p->report = r;
		r->kept = arena;
		p->outside = outside;
		config = read_all(p, path, t, have, side, flags);
		arena_escape(arena, NULL);
	} else {
		r->kept = NULL;
		vr_report_say(r, VR_REPORT_ERROR, NULL, "out of memory");
		config = NULL;
	}
	r->kept = NULL;
	r->texts.at = NULL;
	r->texts.count = r->texts.room = 0;
	if (config == NULL)
		arena_free(&dead);
	return config;
}

struct vr_config *
vr_config_read(const char *path, unsigned flags,
    const struct vr_outside *outside, struct vr_report *r)
{
	return read_guarded(path, TEXT_NONE, false, NULL, flags, outside, r);
}

struct vr_config *
vr_config_parse(const char *path, struct text t, const char *side,
    unsigned flags, const struct vr_outside *outside, struct vr_report *r)
{
	return read_guarded(path, t, true, side, flags, outside, r);
}

void
vr_config_free(struct vr_config **config)
{
	struct arena *arena = *config == NULL ? NULL : (*config)->arena;

	arena_free(&arena);
	*config = NULL;
}

const struct vr_instance_conf *
vr_config_find(const struct vr_config *c, const char *name)
{
	for (unsigned i = 0; i < c->instances.count; i++)
		if (strcmp(c->instances.at[i]->name, name) == 0)
			return c->instances.at[i];
	return NULL;
}
