/* SPDX-License-Identifier: ISC */
/*
 * history.c - rings of points by the names of rows: who comes back under
 * its name finds its past. Made in slices like everything that looks at all
 * rows. Loop 0.
 */
#include <stdio.h>

#include "balancer/check.h"
#include "balancer/history.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "net/timer.h"
#include "stat/json.h"

enum { POINTS = 120, KINDS = 6, SLICE_ROWS = 64, NAME = 320 };

static const int64_t period = 30 * CLOCK_SECOND;

static const char *const names[KINDS] = { "scur", "rate", "bin", "bout",
	"qcur", "check_duration" };

struct past {			/* of one row */
	uint64_t in, out;		/* totals when it was looked at last */
	unsigned count, next;
	unsigned round;			/* when it was there last */
	uint32_t points[POINTS][KINDS];
};

static struct {
	struct loop *home;
	struct timer timer, slice;
	struct map *pasts;		/* by name of the row */
	struct lb_rows rows;		/* of a round under way */
	unsigned round;
} all;

/* "be/s1", as the page's anchors. */
static struct text
name_of(const struct lb_row *r, char buf[NAME])
{
	const char *name = r->kind == LB_ROW_FRONTEND ? "Frontend" :
	    r->kind == LB_ROW_BACKEND ? "Backend" : r->name;
	int n = snprintf(buf, NAME, "%s/%s%s", r->proxy->conf->name,
	    r->kind == LB_ROW_LISTENER ? "+" : "", name);

	return (struct text){ buf, n < NAME ? (size_t)n : NAME - 1 };
}

static uint32_t
check_time(const struct lb_row *r)
{
	const struct lb_check *k = r->server == NULL ? NULL :
	    r->server->checks[0];

	return k == NULL || k->duration < 0 ? 0 :
	    (uint32_t)(k->duration / CLOCK_MS);
}

static uint32_t
grown(uint64_t now, uint64_t before)
{
	uint64_t more = now > before ? now - before : 0;

	return more > UINT32_MAX ? UINT32_MAX : (uint32_t)more;
}

static struct past *
past_of(const struct lb_row *r)
{
	char buf[NAME];
	struct text name = name_of(r, buf);
	struct past *p = map_find(all.pasts, name);

	if (p != NULL)
		return p;
	p = mem_zero(sizeof *p);
	if (p == NULL)
		return NULL;
	p->in = r->counts[LB_COUNT_BIN];
	p->out = r->counts[LB_COUNT_BOUT];
	if (map_put(&all.pasts, name, p) < 0) {
		mem_drop(p);
		return NULL;
	}
	return p;
}

static void
keep(const struct lb_row *r)
{
	struct past *p = past_of(r);
	uint32_t *to;

	if (p == NULL)
		return;
	p->round = all.round;
	to = p->points[p->next];
	to[0] = r->scur;
	to[1] = r->rate;
	to[2] = grown(r->counts[LB_COUNT_BIN], p->in);
	to[3] = grown(r->counts[LB_COUNT_BOUT], p->out);
	to[4] = r->qcur;
	to[5] = check_time(r);
	p->in = r->counts[LB_COUNT_BIN];
	p->out = r->counts[LB_COUNT_BOUT];
	p->next = (p->next + 1) % POINTS;
	if (p->count < POINTS)
		p->count++;
}

/* Who was not there for an hour is forgotten. */
static void
drop_old(struct text name, void *value, void *arg)
{
	const struct past *p = value;

	if (all.round - p->round > POINTS)
		mem_drop(map_drop(&all.pasts, name));
}

static void
on_slice(void *arg)
{
	struct lb_row row;

	for (unsigned i = 0; i < SLICE_ROWS; i++) {
		if (!lb_rows_next(&all.rows, &row)) {
			map_each(all.pasts, drop_old, NULL);
			return;
		}
		keep(&row);
	}
	timer_after(&all.slice, 0);
}

static void
on_timer(void *arg)
{
	all.round++;
	lb_rows_init(&all.rows);
	on_slice(NULL);
}

static bool
is_shown(void)
{
	for (unsigned i = 0; i < lb_world()->count; i++) {
		const struct lb_proxy_conf *p = lb_world()->proxies[i]->conf;

		if (p->stats.on && p->stats.live && !p->disabled &&
		    p->mode == LB_MODE_HTTP)
			return true;
	}
	return false;
}

void
lb_history_start(struct loop *home)
{
	if (!is_shown())
		return;
	all.home = home;
	timer_init(&all.timer, home, on_timer, NULL);
	timer_init(&all.slice, home, on_slice, NULL);
	timer_every(&all.timer, period);
	on_timer(NULL);
}

void
lb_history_fini(void)
{
	if (all.home == NULL)
		return;
	timer_stop(&all.timer);
	timer_stop(&all.slice);
	map_free(&all.pasts, mem_drop);
	all.home = NULL;
}

/* ---- shown ------------------------------------------------------------- */

static void
put_points(struct sheet *to, const struct past *p, unsigned kind)
{
	unsigned first = p->count < POINTS ? 0 : p->next;

	sheet_print(to, "\"%s\":[", names[kind]);
	for (unsigned i = 0; i < p->count; i++) {
		if (i > 0)
			sheet_char(to, ',');
		sheet_count(to, p->points[(first + i) % POINTS][kind]);
	}
	sheet_char(to, ']');
}

static void
put_past(struct lb_history_walk *w, struct sheet *to, const struct lb_row *r)
{
	char buf[NAME];
	struct text name = name_of(r, buf);
	const struct past *p = map_find(all.pasts, name);

	if (p == NULL)
		return;
	if (w->any)
		sheet_text(to, ",\n");
	w->any = true;
	json_text(to, name);
	sheet_text(to, ":{");
	for (unsigned i = 0; i < KINDS; i++) {
		if (i > 0)
			sheet_char(to, ',');
		put_points(to, p, i);
	}
	sheet_char(to, '}');
}

bool
lb_history_step(struct lb_history_walk *w, struct sheet *to)
{
	struct lb_row row;

	if (!w->begun)
		sheet_char(to, '{');
	w->begun = true;
	if (lb_rows_next(&w->rows, &row)) {
		put_past(w, to, &row);
		return true;
	}
	sheet_text(to, "}\n");
	return false;
}
