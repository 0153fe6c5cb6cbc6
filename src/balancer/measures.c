/* SPDX-License-Identifier: ISC */
/* measures.c - our own series as lines. Loop 0. */
#include <inttypes.h>
#include <stdio.h>

#include "balancer/measures.h"
#include "net/loop.h"
#include "stat/metrics.h"

/* ---- of the process ---------------------------------------------------- */

static void
put_build(struct sheet *to)
{
	sheet_print(to, "weir_build_info{version=\"%s\",engine=\"%s\"} 1\n",
	    PACKAGE_VERSION, loop_engine(loop_here()));
}

static void
put_reloads(struct sheet *to)
{
	static const char *const kinds[LB_RELOADS] = { "in_place", "worker",
	    "failed" };

	for (unsigned i = 0; i < LB_RELOADS; i++)
		sheet_print(to, "weir_balancer_reloads_total{kind=\"%s\"} "
		    "%" PRIu64 "\n", kinds[i], lb_world()->reloads[i]);
}

const struct lb_measure lb_measures[] = {
	{ "build_info", "What this program is", put_build },
	{ "balancer_reloads_total", "Reloads that kept the worker, that "
	    "began another, and that changed nothing", put_reloads },
	{ NULL, NULL, NULL }
};

/* ---- of proxies -------------------------------------------------------- */

const char *
lb_measures_name(enum lb_spread_of which, char to[64])
{
	snprintf(to, 64, "balancer_%s", lb_spread_rows[which].name);
	return to;
}

void
lb_measures_head(enum lb_spread_of which, struct sheet *to)
{
	const struct lb_spread_row *r = &lb_spread_rows[which];

	sheet_print(to, "# HELP weir_balancer_%s %s\n"
	    "# TYPE weir_balancer_%s histogram\n", r->name, r->help, r->name);
}

static bool
has(const struct lb_proxy *p, enum lb_spread_of which)
{
	return (p->conf->is & (which == LB_SPREAD_SESSION ? LB_IS_FRONTEND :
	    LB_IS_BACKEND)) != 0;
}

static void
put_bucket(struct sheet *to, const char *name, struct text labels,
    const char *bound, uint64_t n)
{
	sheet_print(to, "weir_balancer_%s_bucket{%.*s,le=\"%s\"} %" PRIu64
	    "\n", name, TEXT_ARG(labels), bound, n);
}

void
lb_measures_put(enum lb_spread_of which, const struct lb_proxy *p,
    struct sheet *to)
{
	const struct lb_spread_row *r = &lb_spread_rows[which];
	struct sheet labels = { .len = 0 };
	struct lb_spread_sum sum;
	uint64_t n = 0;
	char bound[32];

	if (!has(p, which))
		return;
	metrics_label(&labels, "proxy", text_of(p->conf->name));
	lb_spread_take(p->spread, which, &sum);
	for (unsigned i = 0; i < LB_SPREAD_STEPS; i++) {
		snprintf(bound, sizeof bound, "%g", r->bounds[i]);
		put_bucket(to, r->name, sheet_all(&labels), bound,
		    n += sum.of[i]);
	}
	n += sum.of[LB_SPREAD_STEPS];
	put_bucket(to, r->name, sheet_all(&labels), "+Inf", n);
	sheet_print(to, "weir_balancer_%s_sum{%.*s} %.6f\n", r->name,
	    TEXT_ARG(sheet_all(&labels)), (double)sum.us / 1e6);
	sheet_print(to, "weir_balancer_%s_count{%.*s} %" PRIu64 "\n",
	    r->name, TEXT_ARG(sheet_all(&labels)), n);
	if (labels.spoiled)
		to->spoiled = true;
	sheet_fini(&labels);
}
