/* SPDX-License-Identifier: ISC */
/*
 * commands_var.c - variables of the process, asked for and set. What they are
 * set to is an expression or a format that asks nothing of a session.
 * Loop 0.
 */
#include "balancer/casting.h"
#include "balancer/commands_rows.h"
#include "balancer/expression.h"
#include "balancer/logformat.h"
#include "balancer/sampling.h"
#include "balancer/variables.h"
#include "balancer/world.h"

/* ---- asked for --------------------------------------------------------- */

static const char *const types[] = {
	[LB_TYPE_BOOL] = "bool", [LB_TYPE_INT] = "sint",
	[LB_TYPE_IPV4] = "ipv4", [LB_TYPE_IPV6] = "ipv6",
	[LB_TYPE_STR] = "str", [LB_TYPE_BIN] = "bin",
	[LB_TYPE_METH] = "meth",
};

/* Up to a zero byte, if there is one. */
static void
put_value(struct talk *t, const char *name, const struct lb_value *v)
{
	struct lb_value text = *v;
	const char *type = types[v->type] != NULL ? types[v->type] : "any";

	if (v->type == LB_TYPE_BOOL || v->type == LB_TYPE_INT)
		lb_talk_print(t, "%s: type=%s value=<%lld>\n", name, type,
		    (long long)v->number);
	else if (v->type == LB_TYPE_STR || v->type == LB_TYPE_BIN ||
	    lb_casting_text(lb_sampling_scene(NULL, NULL), &text))
		lb_talk_print(t, "%s: type=%s value=<%.*s>\n", name, type,
		    TEXT_ARG(text.text));
}

static void
run_get(struct talk *t, const struct command_line *l)
{
	struct lb_value v;

	if (l->count < 3)
		lb_talk_refuse(t, "Missing process-wide variable "
		    "identifier.");
	else if (!lb_variables_proc(lb_sampling_scene(NULL, NULL), l->at[2],
	    &v) || v.type == LB_TYPE_ANY)
		lb_talk_refuse(t, "Variable not found.");
	else
		put_value(t, l->at[2], &v);
}

/* ---- set --------------------------------------------------------------- */

/* The proxies, servers and tables of an expression are not looked up here. */
static int
check_expr(const struct lb_parse *p, const struct lb_expr *e,
    struct why *why)
{
	bool variable = strcmp(e->fetch->name, "var") == 0;

	if (p->debts.count > 0)
		return why_set(why, "'%s' names a proxy, a server or a "
		    "table, none of which can be asked here", e->text);
	if (!variable && (e->fetch->from & ~(unsigned)(LB_FROM_INTERNAL |
	    LB_FROM_CONSTANT)) != 0)
		return why_set(why, "fetch method '%s' extracts information "
		    "of a session, none of which is available here",
		    e->fetch->name);
	return 0;
}

/* False: no value. */
static bool
make_value(const struct lb_expr *e, struct lb_value *v)
{
	struct lb_scene *scene = lb_sampling_scene(NULL, NULL);

	scene->final = true;
	return lb_sampling_get(scene, e, v);
}

static void
put_part(struct sheet *to, const struct lb_part *part)
{
	struct lb_value v;

	if (part->kind == LB_PART_TEXT)
		sheet_text(to, part->text);
	else if (part->kind == LB_PART_ALIAS) {
		if (strcmp(part->alias->name, "H") == 0)
			sheet_text(to, lb_world()->hostname);
	} else if (make_value(part->expr, &v) &&
	    lb_casting_text(lb_sampling_scene(NULL, NULL), &v))
		sheet_slice(to, v.text);
}

static int
set_expr(struct lb_parse *p, const struct command_line *l, unsigned at,
    struct why *why)
{
	const struct lb_words w = { .count = l->count,
	    .at = (const char **)(uintptr_t)l->at };
	const struct lb_expr *e = lb_expression_read(p, &w, &at, "set-var",
	    why);
	struct lb_value v;

	if (e == NULL || check_expr(p, e, why) < 0)
		return -1;
	if (make_value(e, &v))
		lb_variables_set(lb_sampling_scene(NULL, NULL), l->at[2], &v,
		    0);
	return 0;
}

static int
set_format(struct lb_parse *p, const struct command_line *l, unsigned at,
    struct why *why)
{
	struct sheet text = { NULL, 0, 0, false };
	const struct lb_format *f = lb_logformat_read(p, &p->place,
	    l->at[at], LB_FROM_INTERNAL | LB_FROM_CONSTANT, why);
	struct lb_value v = { .type = LB_TYPE_STR };

	if (f == NULL)
		return -1;
	for (unsigned i = 0; i < f->count; i++)
		if (f->parts[i].kind == LB_PART_EXPR && check_expr(p,
		    f->parts[i].expr, why) < 0)
			return -1;
	for (unsigned i = 0; i < f->count; i++)
		put_part(&text, &f->parts[i]);
	v.text = text.at != NULL ? sheet_all(&text) : TEXT("");
	if (!text.spoiled)
		lb_variables_set(lb_sampling_scene(NULL, NULL), l->at[2], &v,
		    0);
	sheet_fini(&text);
	return 0;
}

static void
ignore(void *arg, enum lb_report_level level, const char *text)
{
}

/* What may jump out when memory ends; all of it is in the arena. */
static int
set(struct arena *arena, const struct command_line *l, struct why *why)
{
	const struct lb_source nothing = { .names_may_fail = true };
	struct lb_report report = { .tell = ignore };
	struct lb_setup setup = { .arena = arena };
	struct lb_parse p = { .arena = arena, .report = &report,
	    .source = &nothing, .setup = &setup };
	bool more = l->count > 4;
	jmp_buf full;
	int code;

	if (setjmp(full) != 0) {
		arena_escape(arena, NULL);
		return why_set(why, "Out of memory.");
	}
	arena_escape(arena, &full);
	if (more && strcmp(l->at[3], "fmt") == 0)
		code = set_format(&p, l, 4, why);
	else
		code = set_expr(&p, l, more && strcmp(l->at[3],
		    "expr") == 0 ? 4 : 3, why);
	arena_escape(arena, NULL);
	return code;
}

static int
check_name(const struct command_line *l, struct why *why)
{
	if (l->count < 3)
		return why_set(why, "Missing process-wide variable "
		    "identifier.");
	if (l->count < 4)
		return why_set(why, "Missing either 'expr', 'fmt' or "
		    "expression.");
	if (lb_expression_variable(l->at[2], why) < 0)
		return -1;
	return strncmp(l->at[2], "proc.", 5) == 0 ? 0 : why_set(why, "'set "
	    "var': cannot set variable '%s', only scope 'proc' is permitted "
	    "here.", l->at[2]);
}

static void
run_set(struct talk *t, const struct command_line *l)
{
	struct arena *arena;
	struct why why;

	if (!lb_talk_experiments(t)) {
		lb_talk_refuse(t, "This command is restricted to "
		    "experimental mode only.");
		return;
	}
	if (check_name(l, &why) < 0) {
		lb_talk_refuse(t, "%s", why.line);
		return;
	}
	arena = arena_new();
	if (arena == NULL)
		lb_talk_refuse(t, "Out of memory.");
	else if (set(arena, l, &why) < 0)
		lb_talk_refuse(t, "%s", why.line);
	arena_free(&arena);
}

/* ---- rows -------------------------------------------------------------- */

static void
run_mode(struct talk *t, const struct command_line *l)
{
	if (l->count < 2)
		lb_talk_print(t, "experimental-mode is %s\n",
		    lb_talk_experiments(t) ? "ON" : "OFF");
	else
		lb_talk_set_experiments(t, strcmp(l->at[1], "on") == 0);
}

const struct command lb_commands_var[] = {
	{ "experimental-mode", "[on|off]", "allow commands that may change "
	    "or go", LB_LEVEL_ADMIN, run_mode },
	{ "get var", "<name>", "retrieve contents of a process-wide "
	    "variable", LB_LEVEL_ADMIN, run_get },
	{ "set var", "<name> [fmt|expr] {<fmt>|<expr>}", "set variable from "
	    "an expression or a format (experimental-mode)", LB_LEVEL_ADMIN,
	    run_set },
	{ NULL, NULL, NULL, 0, NULL }
};
