/* SPDX-License-Identifier: ISC */
/*
 * rig.h - a watcher's mind without its hands: a configuration from text, a
 * state, pages from rows, a made-up clock, and the events that came out.
 */
#ifndef WEIR_TEST_UNIT_WATCH_RIG_H
#define WEIR_TEST_UNIT_WATCH_RIG_H

#include <stdarg.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/mem.h"
#include "unit.h"
#include "watch/change.h"
#include "watch/memory.h"

#define HEAD "# pxname,svname,status,type,chkdown,lastchg,downtime,scur,\n"
#define SECOND CLOCK_SECOND

enum { HEARD = 64 };

struct rig {
	struct wt_config *config;
	struct wt_state *state;
	struct wt_now now;
	bool quiet;
	unsigned count;			/* of events, ever */
	char heard[HEARD][160];		/* the last ones: "kind: words" */
	unsigned first;			/* not looked at yet */
};

static void
rig_tell(void *arg, struct wt_event *e)
{
	struct rig *r = arg;

	snprintf(r->heard[r->count++ % HEARD], 160, "%s: %s",
	    wt_event_kind_name(e->kind), e->words);
}

static bool
rig_quiet(void *arg, const struct wt_target *t, const struct wt_source *s)
{
	return ((struct rig *)arg)->quiet;
}

/* settings: of [watcher]; sections follow in the same text. */
static inline void
rig_init(struct rig *r, const char *settings)
{
	static const struct wt_given given = { .file = NULL };
	char text[2048];
	struct why why;

	memset(r, 0, sizeof *r);
	r->now = (struct wt_now){ 1000 * SECOND, 1790000000 * SECOND };
	snprintf(text, sizeof text, "[watcher]\nstate_file = /nowhere\n%s%s",
	    settings, strstr(settings, "[source") != NULL ? "" :
	    "\n[source lb1]\nurl = http://127.0.0.1:1/stats\n");
	r->config = wt_config_parse("f", text_of(text), &given, &why);
	ck_assert_msg(r->config != NULL, "%s: %s", why.place, why.line);
	r->state = wt_state_new(r->config, &why);
	ck_assert_ptr_nonnull(r->state);
}

static inline void
rig_fini(struct rig *r)
{
	wt_state_free(&r->state);
	wt_config_free(&r->config);
}

static inline struct wt_change
rig_change(struct rig *r)
{
	return (struct wt_change){ .state = r->state,
	    .set = &r->config->set, .now = r->now, .tell = rig_tell,
	    .quiet = rig_quiet, .arg = r };
}

/* A page of rows as they stand, from source n; time moves on before it. */
static inline void
rig_rows_of(struct rig *r, unsigned n, int64_t after, const char *rows)
{
	static const struct wt_answerer nobody = { .node = "" };
	char body[16384];
	struct wt_page page;
	struct wt_change c;
	struct why why;

	r->now.mono += after;
	r->now.wall += after;
	ck_assert_int_lt(snprintf(body, sizeof body, "%s%s", HEAD, rows),
	    sizeof body);
	ck_assert_msg(wt_page_read(&page, text_of(body), &why) == 0, "%s",
	    why.line);
	c = rig_change(r);
	wt_change_page(&c, &r->state->sources[n], &page, &nobody);
	wt_page_fini(&page);
}

/* Servers by status: "pgb1 UP", ... ended by NULL; 10 s later. */
static inline void
rig_see_of(struct rig *r, unsigned n, ...)
{
	char rows[8192] = "";
	size_t len = 0;
	const char *name, *status;
	va_list ap;

	va_start(ap, n);
	while ((name = va_arg(ap, const char *)) != NULL) {
		status = va_arg(ap, const char *);
		len += (size_t)snprintf(rows + len, sizeof rows - len,
		    "px,%s,%s,2,0,5,0,7,\n", name, status);
	}
	va_end(ap);
	rig_rows_of(r, n, 10 * SECOND, rows);
}
#define rig_see(r, ...)	rig_see_of(r, 0, __VA_ARGS__, NULL)

static inline void
rig_fail(struct rig *r, unsigned n, const char *reason)
{
	struct wt_change c;

	r->now.mono += 10 * SECOND;
	r->now.wall += 10 * SECOND;
	c = rig_change(r);
	wt_change_failed(&c, &r->state->sources[n], reason);
}

/* The next event, or "". */
static inline const char *
rig_next(struct rig *r)
{
	return r->first == r->count ? "" : r->heard[r->first++ % HEARD];
}

#define rig_hears(r, text)	ck_assert_str_eq(rig_next(r), text)
#define rig_silent(r)		rig_hears(r, "")

/* Stored and read back, as by a new process. */
static inline void
rig_restart(struct rig *r)
{
	char *main, *ext;
	struct why why;

	ck_assert_int_eq(wt_memory_print(r->state, &r->now, &main, &ext), 0);
	wt_state_free(&r->state);
	r->state = wt_state_new(r->config, &why);
	ck_assert(wt_memory_read(r->state, text_of(main), text_of(ext),
	    &r->now));
	mem_drop(main);
	mem_drop(ext);
}

#endif
