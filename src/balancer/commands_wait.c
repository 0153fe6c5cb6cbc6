/* SPDX-License-Identifier: ISC */
/*
 * commands_wait.c - "wait": an answer that comes when time has passed, or
 * when a server can be removed. Loop 0.
 */
#include "balancer/commands_rows.h"
#include "balancer/dynamic.h"
#include "balancer/targets.h"
#include "balancer/value.h"
#include "base/clock.h"
#include "base/mem.h"
#include "net/timer.h"

enum { LOOK_AGAIN = 20 };		/* ms */

struct wait {
	struct talk *talk;
	struct timer timer;
	int64_t until;
	char *server;			/* NULL: time alone */
};

static void
bury(void *arg)
{
	mem_drop(arg);
}

static void
end(struct wait *w, bool done)
{
	struct talk *t = w->talk;

	if (lb_talk_conn(t) != NULL && done)
		lb_talk_tell(t, LB_LOG_INFO, "Done.");
	else if (lb_talk_conn(t) != NULL)
		lb_talk_refuse(t, "Wait delay expired.");
	timer_stop(&w->timer);
	mem_drop(w->server);
	loop_retire(lb_talk_home(t), w, bury);
	lb_talk_resume(t);
}

/* It may be gone meanwhile: then it is asked for by its name in vain. */
static bool
is_removable(const char *name)
{
	const char *slash = strchr(name, '/');
	const struct lb_server *s = NULL;
	struct lb_proxy *p;
	char backend[256];

	memcpy(backend, name, (size_t)(slash - name));
	backend[slash - name] = '\0';
	p = lb_targets_find(backend, LB_IS_BACKEND);
	if (p != NULL)
		s = lb_proxy_server(p, slash + 1);
	return s == NULL || lb_dynamic_is_free(s);
}

static void
on_timer(void *arg)
{
	struct wait *w = arg;
	bool over = clock_now() >= w->until;

	if (lb_talk_conn(w->talk) == NULL ||
	    (w->server != NULL && is_removable(w->server)))
		end(w, true);
	else if (over)
		end(w, w->server == NULL);
}

static void
start(struct talk *t, int64_t span, const char *server)
{
	struct wait *w = mem_zero(sizeof *w);

	if (w == NULL) {
		lb_talk_refuse(t, "Out of memory.");
		return;
	}
	w->talk = t;
	w->until = clock_now() + span;
	if (server != NULL)
		w->server = mem_copy(text_of(server));
	timer_init(&w->timer, lb_talk_home(t), on_timer, w);
	timer_every(&w->timer, LOOK_AGAIN * CLOCK_MS);
	lb_talk_wait(t);
}

static void
run_wait(struct talk *t, const struct command_line *l)
{
	struct why why;
	int64_t span;

	if (lb_value_time(l->at[1], CLOCK_MS, &span, &why) < 0)
		lb_talk_refuse(t, "Invalid delay.");
	else if (l->at[2][0] == '\0')
		start(t, span, NULL);
	else if (strcmp(l->at[2], "srv-removable") != 0)
		lb_talk_refuse(t, "Invalid condition '%s'.", l->at[2]);
	else if (lb_targets_server(t, l->at[3]) != NULL)
		start(t, span, l->at[3]);
}

const struct command lb_commands_wait[] = {
	{ "wait", "<delay> [srv-removable <bk>/<srv>]", "wait for some time, "
	    "or until the server can be removed", LB_LEVEL_USER, run_wait },
	{ NULL, NULL, NULL, 0, NULL }
};
