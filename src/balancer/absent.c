/* SPDX-License-Identifier: ISC */
/*
 * absent.c - what is not carried out yet, one row each: whom to ask whether
 * it is asked for, and whether it is safe to serve without it. First thread.
 */
#include <stdarg.h>
#include <stdio.h>

#include "balancer/absent.h"
#include "balancer/acl.h"
#include "balancer/checks.h"
#include "balancer/logformat.h"
#include "balancer/logs.h"
#include "balancer/rule.h"
#include "balancer/sampling.h"

enum gravity { WARN, REFUSE };

static unsigned refused;

static void tell(enum gravity, const struct lb_place *, const char *, ...)
    __attribute__((format(printf, 3, 4)));

static void
tell(enum gravity g, const struct lb_place *place, const char *fmt, ...)
{
	char what[300], line[700];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(what, sizeof what, fmt, ap);
	va_end(ap);
	if (g == REFUSE)
		refused++;
	snprintf(line, sizeof line, "config : parsing [%s:%u] : %s is not "
	    "carried out yet by this program%s",
	    place->file != NULL ? place->file : "", place->line, what,
	    g == WARN ? " and is ignored." : ".");
	lb_logs_say(g == WARN ? LB_LOG_WARNING : LB_LOG_ALERT, line);
}

/* ---- checks ------------------------------------------------------------ */

static void
look_at_check(const struct lb_proxy_conf *p)
{
	for (unsigned i = 0; i < p->servers.count; i++)
		if (p->servers.at[i]->check &&
		    lb_checks_find(p->check.kind) == NULL) {
			tell(REFUSE, &p->place, "%s '%s': this kind of "
			    "health check", p->kind, p->name);
			return;
		}
}

/* ---- rules and conditions ---------------------------------------------- */

static const enum lb_act acts[] = {		/* these are carried out */
	LB_ACT_ACCEPT, LB_ACT_REJECT, LB_ACT_CLOSE, LB_ACT_SILENT_DROP,
	LB_ACT_EXPECT_PROXY, LB_ACT_TRACK, LB_ACT_INC_GPC, LB_ACT_ADD_GPC,
	LB_ACT_SET_GPT, LB_ACT_SET_VAR, LB_ACT_SET_VAR_FORMAT,
	LB_ACT_UNSET_VAR, LB_ACT_CAPTURE, LB_ACT_DO_RESOLVE,
	LB_ACT_SET_SERVER_MARK, LB_ACT_SET_SERVER_TOS,
	LB_ACT_SET_SRC, LB_ACT_SET_SRC_PORT, LB_ACT_SET_DST,
	LB_ACT_SET_DST_PORT, LB_ACT_SET_MARK, LB_ACT_SET_TOS,
	LB_ACT_SET_PRIORITY_CLASS, LB_ACT_SET_PRIORITY_OFFSET,
	LB_ACT_SET_LOG_LEVEL, LB_ACT_SET_NICE, LB_ACT_SET_RETRIES,
	LB_ACT_AUTH, LB_ACT_RETURN, LB_ACT_REDIRECT, LB_ACT_TARPIT,
	LB_ACT_METRICS, LB_ACT_NOTHING,
};

static bool
is_known(enum lb_act act)
{
	for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
		if (acts[i] == act)
			return true;
	return false;
}

static void
look_at_expr(const struct lb_expr *e, const struct lb_place *place)
{
	const char *name = e == NULL ? NULL : lb_sampling_missing(e);

	if (name != NULL)
		tell(REFUSE, place, "'%s' in '%s'", name, e->text);
}

static void
look_at_acl(const struct lb_acl *a)
{
	for (unsigned i = 0; i < a->tests.count; i++) {
		const struct lb_test *t = a->tests.at[i];

		look_at_expr(t->expr, &t->place);
	}
}

static void
look_at_cond(const struct lb_cond *cond)
{
	for (unsigned i = 0; cond != NULL && i < cond->chains.count; i++)
		for (unsigned n = 0; n < cond->chains.at[i]->terms.count; n++)
			look_at_acl(cond->chains.at[i]->terms.at[n]->acl);
}

static void
look_at_format(const struct lb_format *f)
{
	for (unsigned i = 0; f != NULL && i < f->count; i++)
		if (f->parts[i].kind == LB_PART_EXPR &&
		    lb_sampling_missing(f->parts[i].expr) != NULL)
			tell(WARN, &f->place, "'%s' in a format (it prints "
			    "'-')", lb_sampling_missing(f->parts[i].expr));
}

static void
look_at_rule(const struct lb_rule *r)
{
	if (!is_known(r->action->act))
		tell(REFUSE, &r->place, "action '%s'", r->action->name);
	look_at_cond(r->cond);
	look_at_expr(r->expr, &r->place);
}

/* Of proxies that answer requests themselves. */
static void
look_at_answers(const struct lb_proxy_conf *p)
{
	if ((p->is & LB_IS_FRONTEND) == 0 && !p->stats.on)
		return;
	for (unsigned i = 0; i < p->rules[LB_RULES_HTTP_REQUEST].count; i++)
		look_at_rule(p->rules[LB_RULES_HTTP_REQUEST].at[i]);
	for (unsigned i = 0; i < p->stats.rules.count; i++)
		look_at_rule(p->stats.rules.at[i]);
	for (unsigned i = 0; i < p->monitor_fail.count; i++)
		look_at_cond(p->monitor_fail.at[i]);
	look_at_cond(p->stats.admin_cond);
}

static void
look_at_rules(const struct lb_proxy_conf *p)
{
	for (unsigned set = 0; set <= LB_RULES_RESPONSE; set++)
		for (unsigned i = 0; i < p->rules[set].count; i++)
			look_at_rule(p->rules[set].at[i]);
	for (unsigned i = 0; i < p->switches.count; i++) {
		look_at_cond(p->switches.at[i]->cond);
		look_at_format(p->switches.at[i]->format);
	}
	for (unsigned i = 0; i < p->use_servers.count; i++)
		look_at_cond(p->use_servers.at[i]->cond);
	if (p->balance.expr != NULL)
		look_at_expr(p->balance.expr, &p->place);
	look_at_format(p->log_format);
	look_at_format(p->log_sd);
	look_at_format(p->unique_id);
}

static void
look_at_global(const struct lb_global_conf *g)
{
	for (unsigned i = 0; i < g->variables.count; i++) {
		look_at_expr(g->variables.at[i]->expr,
		    &g->variables.at[i]->place);
		look_at_format(g->variables.at[i]->format);
	}
}

/* ---- all --------------------------------------------------------------- */

int
lb_absent_tell(const struct lb_setup *setup)
{
	refused = 0;
	lb_sampling_init();
	look_at_global(&setup->global);
	for (unsigned i = 0; i < setup->proxies.count; i++) {
		const struct lb_proxy_conf *p = setup->proxies.at[i];

		if (p->disabled)
			continue;
		if (p->answers)
			look_at_answers(p);
		else
			look_at_rules(p);
		look_at_check(p);
	}
	return refused > 0 ? 1 : 0;
}
