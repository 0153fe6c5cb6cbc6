/* SPDX-License-Identifier: ISC */
/* programs.c - scripts: words, user, safety; see programs.h. One thread. */
#include <stdio.h>
#include <string.h>

#include "vrrp/programs.h"

static const char shell_signs[] = "|&;<>()$`*?[]~\n";

static struct vr_program *
make(struct vr_parse *p, const char *text)
{
	struct vr_program *x = arena_get(p->arena, sizeof *x);

	x->place = p->place;
	x->text = text;
	x->argv = braces_command(p->arena, text, &x->count);
	return x;
}

bool
vr_programs_usual_user(struct vr_parse *p, struct vr_program *x)
{
	static const char usual[] = "keepalived_script";

	if (!p->user_known) {
		p->user_known = true;
		p->user = usual;
		if (p->outside->user(p->outside->arg, usual, &p->uid,
		    &p->gid) < 0) {
			p->user_failed = p->config->global.script_security;
			p->user = "root";
			p->uid = 0;
			p->gid = 0;
		}
	}
	x->uid = p->uid;
	x->gid = p->gid;
	x->user = p->user;
	return !p->user_failed;
}

bool
vr_programs_user(struct vr_parse *p, unsigned n, struct vr_program *x)
{
	const char *user = vr_parse_word(p, n), *group;

	if (user == NULL || p->outside->user(p->outside->arg, user, &x->uid,
	    &x->gid) < 0)
		return false;
	x->user = vr_parse_copy(p, user);
	group = vr_parse_word(p, n + 1);
	return group == NULL || p->outside->group(p->outside->arg, group,
	    &x->gid) == 0;
}

struct vr_program *
vr_programs_read(struct vr_parse *p)
{
	const char *rest = p->rest, *text, *words[3];
	struct vr_program *x;
	unsigned n = 0;

	if (vr_parse_need(p, 1) == NULL)
		return NULL;
	text = braces_piece(p->arena, &rest);
	if (text == NULL)
		return NULL;
	x = make(p, text);
	while (n < 2 && (words[n] = braces_piece(p->arena, &rest)) != NULL)
		n++;
	words[n] = NULL;
	if (n == 0) {
		if (vr_programs_usual_user(p, x))
			return x;
		vr_parse_error(p, "Unable to set default user for script %s - "
		    "removing: there is no script_user and no user "
		    "keepalived_script", text);
		return NULL;
	}
	p->words = words;
	p->count = n;
	if (vr_programs_user(p, 0, x))
		return x;
	vr_parse_note(p, "Unable to set uid/gid for script '%s': there is no "
	    "user %s%s%s - ignoring it", text, words[0], n > 1 ?
	    " or no group " : "", n > 1 ? words[1] : "");
	return NULL;
}

struct vr_program *
vr_programs_command(struct vr_parse *p)
{
	const char *rest = p->rest, *text;

	/* One quoted piece is the command; else the whole line is. */
	if (rest[0] == '"' || rest[0] == '\'') {
		text = braces_piece(p->arena, &rest);
		if (rest[strspn(rest, " \t")] != '\0')
			text = arena_print(p->arena, "%s%s", text, rest);
	} else
		text = vr_parse_copy(p, rest);
	return text == NULL || text[0] == '\0' ? NULL : make(p, text);
}

/* ---- when everything is read */

/* A note: whether it is an error is for those who know what it is for. */
static bool
disable(struct vr_parse *p, struct vr_program *x, const char *why)
{
	x->disabled = why;
	vr_report_say(p->report, VR_REPORT_NOTE, &x->place, "%s", why);
	return false;
}

static bool
give_to_shell(struct vr_parse *p, struct vr_program *x)
{
	static const char *const shell[] = { "/bin/sh", "-c" };

	x->shell = true;
	x->argv = arena_get(p->arena, 4 * sizeof *x->argv);
	x->argv[0] = shell[0];
	x->argv[1] = shell[1];
	x->argv[2] = x->text;
	x->count = 3;
	p->scripts++;
	return true;
}

/* A pipe in a script that no shell sees: it always fails there, say so. */
static void
warn_of_signs(struct vr_parse *p, const struct vr_program *x)
{
	for (unsigned i = 1; i < x->count; i++)
		if (strcmp(x->argv[i], "|") == 0 || x->argv[i][0] == '>' ||
		    strcmp(x->argv[i], "&&") == 0 ||
		    strcmp(x->argv[i], "||") == 0)  {
			vr_report_say(p->report, VR_REPORT_NOTE, &x->place,
			    "Warning - script '%s' is run without a shell: "
			    "'%s' is given to it as an argument (shell_scripts "
			    "in the side file changes that)", x->text,
			    x->argv[i]);
			return;
		}
}

/* "</dev/tcp/...", which only a shell can do: the original lets it pass. */
static bool
opens_file(const char *text)
{
	return text[0] == '<' && text[1 + strspn(text + 1, " \t")] == '/';
}

bool
vr_programs_settle(struct vr_parse *p, struct vr_program *x)
{
	const struct vr_global_conf *g = &p->config->global;
	struct vr_outside_program found;

	if (x->count == 0)
		return disable(p, x, "script without a program - disabling");
	if (g->shell_scripts && strpbrk(x->text, shell_signs) != NULL)
		return give_to_shell(p, x);
	if (opens_file(x->text)) {
		vr_report_say(p->report, VR_REPORT_NOTE, &x->place,
		    "Warning - script '%s' needs a shell and always fails "
		    "without one: see shell_scripts, track_unix and track_http "
		    "of the side file", x->text);
		return true;
	}
	p->outside->program(p->outside->arg, p->arena, x->argv[0], x->uid,
	    x->gid, &found);
	if (!found.found)
		return disable(p, x, strchr(x->argv[0], '/') != NULL ?
		    arena_print(p->arena, "Script '%s' not found - disabling",
		    x->argv[0]) : arena_print(p->arena, "Cannot find script "
		    "%s in path - disabling", x->argv[0]));
	p->scripts++;
	if (!found.executable)
		return disable(p, x, arena_print(p->arena, "WARNING - script "
		    "'%s' is not executable for uid:gid %u:%u - disabling.",
		    found.path, (unsigned)x->uid, (unsigned)x->gid));
	x->insecure = x->uid == 0 && found.unsafe != NULL;
	if (x->insecure && g->script_security)
		return disable(p, x, arena_print(p->arena, "Unsafe "
		    "permissions found for script '%s' - disabling (%s).",
		    found.path, found.unsafe));
	if (x->insecure)
		vr_report_say(p->report, VR_REPORT_NOTE, NULL, "Unsafe "
		    "permissions found for script '%s' (%s).", found.path,
		    found.unsafe);
	warn_of_signs(p, x);
	x->argv[0] = found.path;
	return true;
}
