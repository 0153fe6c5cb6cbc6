/* SPDX-License-Identifier: ISC */
/* dynamic.c - servers added and removed. Loop 0. */
#include <stdio.h>

#include "balancer/certs.h"
#include "balancer/checks.h"
#include "balancer/dynamic.h"
#include "balancer/finish.h"
#include "balancer/keys_server.h"
#include "balancer/session.h"
#include "balancer/world.h"
#include "base/clock.h"
#include "base/mem.h"
#include "net/tour.h"

/* ---- its configuration ------------------------------------------------- */

/* The first alert is the answer; where it was and of whom is known. */
static void
on_tell(void *arg, enum lb_report_level level, const char *text)
{
	struct why *why = arg;
	const char *cut;

	if (level != LB_REPORT_ALERT || why->line[0] != '\0')
		return;
	if (strncmp(text, "config : ", 9) == 0)
		text += 9;
	if (text[0] == '[' && (cut = strstr(text, "] : ")) != NULL)
		text = cut + 4;
	if (strncmp(text, "'server ", 8) == 0 &&
	    (cut = strstr(text, "' : ")) != NULL)
		text = cut + 4;
	why_set(why, "%s", text);
}

static bool
id_is_used(const struct lb_proxy *p, unsigned id)
{
	for (unsigned i = 0; i < p->server_count; i++)
		if (p->servers[i]->conf->id == id)
			return true;
	return false;
}

static int
find_id(const struct lb_proxy *p, struct lb_server_conf *s, struct why *why)
{
	if (!s->id_given) {
		for (s->id = 1; id_is_used(p, s->id); )
			s->id++;
		return 0;
	}
	if (!id_is_used(p, s->id))
		return 0;
	return why_set(why, "'id' : custom id %u already used in this "
	    "backend.", s->id);
}

/* What may jump out when memory ends; all of it is in the arena. */
static struct lb_server_conf *
read_line(struct lb_parse *p, const struct lb_words *w)
{
	struct lb_words copy = *w;
	struct lb_server_conf *s;

	copy.at = arena_get(p->arena, (w->count + 1) * sizeof *copy.at);
	for (unsigned i = 0; i <= w->count; i++)
		copy.at[i] = arena_copy(p->arena, text_of(w->at[i]));
	s = lb_keys_server_dynamic(p, &copy);
	if (s != NULL)
		lb_finish_server(p, s);
	return p->report->alerts == 0 ? s : NULL;
}

/* NULL: the arena is to be freed, why has the reason. */
static struct lb_server_conf *
read_conf(const struct lb_proxy *proxy, const struct lb_words *w,
    struct arena *arena, struct why *why)
{
	const struct lb_source nothing = { .names_may_fail = true };
	struct lb_report report = { .tell = on_tell, .arg = why };
	struct lb_server_conf *s;
	struct lb_setup setup = *lb_world()->setup;
	struct lb_parse p = { .arena = arena, .report = &report,
	    .source = &nothing, .setup = &setup, .place = { "CLI", 0 } };
	jmp_buf full;

	/* What is added to a list of the setup is added to our copy. */
	setup.lists.room = setup.lists.count;
	memcpy(&p.proxy, &proxy->conf, sizeof p.proxy);
	if (setjmp(full) != 0) {
		why_set(why, "Out of memory.");
		return NULL;
	}
	arena_escape(arena, &full);
	s = read_line(&p, w);
	arena_escape(arena, NULL);
	if (s != NULL && find_id(proxy, s, why) < 0)
		return NULL;
	return s;
}

/* ---- coming ------------------------------------------------------------ */

static void
put_in(void *arg)
{
	lb_proxy_add(arg);
}

static int
make_tls(struct lb_server *s, struct why *why)
{
	if (!s->conf->tls.on && !s->conf->check_ssl && !s->conf->step_ssl)
		return 0;
	s->tls = lb_certs_server(s->conf, &lb_world()->setup->global, why);
	return s->tls != NULL ? 0 : -1;
}

static void
switch_off(struct lb_check *c)
{
	if (c == NULL)
		return;
	lb_check_enable(c, false);
	lb_check_soon(c);
}

static void
bury(void *arg)
{
	struct lb_server *s = arg;

	if (s->tls != NULL)
		lb_certs_forget(s->tls);
	lb_proxy_unmake(s);
}

void
lb_dynamic_drop(struct lb_server *s)
{
	bury(s);
}

struct lb_server *
lb_dynamic_make(struct lb_proxy *p, const struct lb_words *w, struct why *why)
{
	struct arena *arena = arena_new();
	struct lb_server_conf *conf;
	struct lb_server *s;

	why->line[0] = '\0';
	if (arena == NULL) {
		why_set(why, "Out of memory.");
		return NULL;
	}
	conf = read_conf(p, w, arena, why);
	if (conf == NULL) {
		arena_free(&arena);
		return NULL;
	}
	s = lb_proxy_make(p, conf, clock_now());
	s->arena = arena;
	if (make_tls(s, why) == 0)
		return s;
	bury(s);
	return NULL;
}

struct lb_server *
lb_dynamic_add(struct lb_proxy *p, const struct lb_words *w, struct why *why)
{
	struct lb_server *s = lb_dynamic_make(p, w, why);

	if (s == NULL)
		return NULL;
	s->admin |= LB_ADMIN_FMAINT;
	lb_server_enter(s, LB_SERVER_STOPPED, clock_now());
	if (tour_still(loop_here(), put_in, s) < 0) {
		why_set(why, "A thread is busy; try again.");
		bury(s);
		return NULL;
	}
	lb_world_track(s);
	lb_checks_add(s);
	switch_off(s->checks[0]);
	switch_off(s->checks[1]);
	return s;
}

/* ---- going ------------------------------------------------------------- */

struct leaving {
	struct lb_server *server;
	bool free;
};

/* All loops stand still: their sessions may be looked at. */
static bool
is_in_use(const struct lb_server *s)
{
	if (s->served > 0 || s->queue.count > 0)
		return true;
	for (unsigned n = 0; n < loop_count(); n++)
		for (unsigned i = 0; i < lb_session_slots(loop_at(n)); i++) {
			const struct lb_session *x =
			    lb_session_at(loop_at(n), i);

			if (x != NULL && (x->server == s ||
			    x->waiter.granted == s))
				return true;
		}
	return false;
}

static void
take_out(void *arg)
{
	struct leaving *l = arg;

	l->free = !is_in_use(l->server);
	if (l->free)
		lb_proxy_remove(l->server);
}

/* use-server lines and functions of the configuration may name it. */
static bool
is_named(const struct lb_server *s)
{
	const struct lb_proxy_conf *p = s->proxy->conf;

	for (unsigned i = 0; i < p->use_servers.count; i++)
		if (p->use_servers.at[i]->to == s->conf)
			return true;
	return s->trackers != NULL || s->conf->resolvers != NULL;
}

bool
lb_dynamic_may_go(const struct lb_server *s)
{
	return !is_named(s);
}

bool
lb_dynamic_is_free(const struct lb_server *s)
{
	return s->trackers == NULL && s->served == 0 && s->queue.count == 0;
}

/* What was posted about it before has been heard by the next turn. */
static void
on_toured(void *arg)
{
	loop_post(loop_here(), bury, arg);
}

static void
visit(struct loop *l, void *arg)
{
}

int
lb_dynamic_remove(struct lb_server *s, struct why *why)
{
	struct leaving l = { .server = s };

	if (is_named(s))
		return why_set(why, "This server cannot be removed at runtime "
		    "due to other configuration elements pointing to it.");
	if ((s->admin & LB_ADMIN_MAINT) == 0)
		return why_set(why, "Only servers in maintenance mode can be "
		    "deleted.");
	if (tour_still(loop_here(), take_out, &l) < 0)
		return why_set(why, "A thread is busy; try again.");
	if (!l.free)
		return why_set(why, "Server still has connections attached "
		    "to it, cannot remove it.");
	lb_world_untrack(s);
	lb_check_free(&s->checks[0]);
	lb_check_free(&s->checks[1]);
	tour_run(loop_here(), visit, on_toured, s);
	return 0;
}
