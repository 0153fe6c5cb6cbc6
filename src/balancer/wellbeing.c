/* SPDX-License-Identifier: ISC */
/* wellbeing.c - answers of the small answerer in net/http. Loop 0. */
#include <stdio.h>

#include "balancer/exporter.h"
#include "balancer/wellbeing.h"
#include "balancer/world.h"
#include "base/clock.h"
#include "base/mem.h"
#include "net/http.h"
#include "net/timer.h"

enum { LAST_WORDS = 2 };	/* s that "stopping" is answered */

static struct http *answerer;
static struct loop *home;
static struct address at;
static struct timer timer;
static unsigned stopping;	/* s */

struct scrape {
	struct lb_exporter exporter;
	struct sheet sheet;
};

enum { SLICE = 4096 };		/* bytes, at least */

static int
more_metrics(void *part, struct text *slice)
{
	struct scrape *s = part;
	bool more = true;

	sheet_clear(&s->sheet);
	while (more && s->sheet.len < SLICE)
		more = lb_exporter_step(&s->exporter, &s->sheet);
	*slice = sheet_all(&s->sheet);
	return s->sheet.spoiled ? -1 : more;
}

static void
forget_metrics(void *part)
{
	struct scrape *s = part;

	sheet_fini(&s->sheet);
	mem_drop(s);
}

static void
answer_metrics(struct http_page *page)
{
	struct scrape *s = mem_zero(sizeof *s);

	page->type = "text/plain; version=0.0.4";
	if (s == NULL) {
		page->status = 503;
		return;
	}
	lb_exporter_init(&s->exporter, TEXT_NONE);
	page->more = more_metrics;
	page->forget = forget_metrics;
	page->part = s;
}

/* Why it is not well; NULL: it is. */
static char *
find_trouble(void)
{
	const struct lb_global_conf *g = &lb_world()->setup->global;

	if (lb_world()->stopping)
		return mem_copy(TEXT("stopping\n"));
	for (unsigned i = 0; i < g->healthz_backends.count; i++) {
		const char *name = g->healthz_backends.at[i];
		struct lb_proxy *p = lb_world_backend(name);
		bool up;

		if (p == NULL)
			return mem_print("there is no backend %s\n", name);
		lb_proxy_lock(p);
		up = p->up;
		lb_proxy_unlock(p);
		if (!up)
			return mem_print("backend %s has no usable server\n",
			    name);
	}
	return NULL;
}

static void
answer_health(struct http_page *page)
{
	page->body = find_trouble();
	if (page->body != NULL)
		page->status = 503;
	else
		page->body = mem_copy(TEXT("ok\n"));
}

static void
serve(void *arg, struct text path, struct http_page *page)
{
	if (text_is(path, "/metrics"))
		answer_metrics(page);
	else if (text_is(path, "/healthz"))
		answer_health(page);
	else
		page->status = 404;
}

/* Who stops lets go of the address, who follows takes it up. */
static void
on_timer(void *arg)
{
	struct why why;

	if (lb_world()->stopping && ++stopping == LAST_WORDS)
		http_close(&answerer);
	if (!lb_world()->stopping && answerer == NULL)
		answerer = http_open(home, &at, serve, NULL, &why);
}

int
lb_wellbeing_start(struct loop *loop, struct why *why)
{
	const char *where = lb_world()->setup->global.metrics_listen;
	char line[300];

	if (where == NULL || where[0] == '\0')
		return 0;
	if (address_listen(text_of(where), &at, why) < 0)
		return -1;
	home = loop;
	answerer = http_open(home, &at, serve, NULL, why);
	if (answerer == NULL) {
		snprintf(line, sizeof line, "metrics_listen: %.200s; tried "
		    "again every second.", why->line);
		lb_logs_say(LB_LOG_WARNING, line);
	}
	timer_init(&timer, home, on_timer, NULL);
	timer_every(&timer, CLOCK_SECOND);
	return 0;
}

void
lb_wellbeing_fini(void)
{
	if (home == NULL)
		return;
	timer_stop(&timer);
	http_close(&answerer);
	home = NULL;
}
