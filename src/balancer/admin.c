/* SPDX-License-Identifier: ISC */
/* admin.c - one row an action; each is done to one server. Loop 0. */
#include "balancer/admin.h"
#include "balancer/check.h"
#include "balancer/health.h"
#include "balancer/session.h"
#include "balancer/world.h"
#include "base/mem.h"
#include "base/number.h"
#include "net/request.h"

/* ---- what can be done; false: it has no effect on this server ---------- */

#define VIA	", changed from the statistics page"

static bool
set_admin(struct lb_server *s, unsigned set, unsigned clear)
{
	lb_health_admin(s, set, clear, "");
	return true;
}

static bool
make_ready(struct lb_server *s)
{
	return set_admin(s, 0, LB_ADMIN_FMAINT | LB_ADMIN_FDRAIN);
}

static bool
drain(struct lb_server *s)
{
	return set_admin(s, LB_ADMIN_FDRAIN, LB_ADMIN_FMAINT);
}

static bool
maintain(struct lb_server *s)
{
	return set_admin(s, LB_ADMIN_FMAINT, LB_ADMIN_FDRAIN);
}

/* The old names tell when there was nothing to do. */
static bool
enable(struct lb_server *s)
{
	return (s->admin & LB_ADMIN_FMAINT) != 0 &&
	    set_admin(s, 0, LB_ADMIN_FMAINT);
}

static bool
disable(struct lb_server *s)
{
	return (s->admin & LB_ADMIN_FMAINT) == 0 &&
	    set_admin(s, LB_ADMIN_FMAINT, 0);
}

static bool
stop(struct lb_server *s)
{
	return (s->admin & LB_ADMIN_FDRAIN) == 0 &&
	    set_admin(s, LB_ADMIN_FDRAIN, 0);
}

static bool
start(struct lb_server *s)
{
	return (s->admin & LB_ADMIN_FDRAIN) != 0 &&
	    set_admin(s, 0, LB_ADMIN_FDRAIN);
}

static bool
switch_check(struct lb_server *s, bool agent, bool on)
{
	if (s->checks[agent] == NULL)
		return false;
	lb_check_enable(s->checks[agent], on);
	return true;
}

static bool
stop_check(struct lb_server *s)
{
	return switch_check(s, false, false);
}

static bool
start_check(struct lb_server *s)
{
	return switch_check(s, false, true);
}

static bool
stop_agent(struct lb_server *s)
{
	return switch_check(s, true, false);
}

static bool
start_agent(struct lb_server *s)
{
	return switch_check(s, true, true);
}

static bool
force(struct lb_server *s, bool agent, enum lb_server_state state)
{
	if (s->track != NULL || s->checks[agent] == NULL)
		return false;
	lb_health_force(s, agent, state, VIA);
	return true;
}

static bool
force_up(struct lb_server *s)
{
	return force(s, false, LB_SERVER_RUNNING);
}

static bool
force_stopping(struct lb_server *s)
{
	return force(s, false, LB_SERVER_STOPPING);
}

static bool
force_down(struct lb_server *s)
{
	return force(s, false, LB_SERVER_STOPPED);
}

static bool
force_agent_up(struct lb_server *s)
{
	return force(s, true, LB_SERVER_RUNNING);
}

static bool
force_agent_down(struct lb_server *s)
{
	return force(s, true, LB_SERVER_STOPPED);
}

static bool
is_of_server(const struct lb_session *s, void *arg)
{
	return s->server == arg && (s->flags & LB_FLOW_SLOT);
}

static bool
kill_sessions(struct lb_server *s)
{
	lb_session_end_all(is_of_server, s, &lb_end_killed, NULL);
	return true;
}

const struct lb_admin_act lb_admin_acts[] = {
	{ "ready", "Set state to READY", make_ready },
	{ "drain", "Set state to DRAIN", drain },
	{ "maint", "Set state to MAINT", maintain },
	{ "dhlth", "Health: disable checks", stop_check },
	{ "ehlth", "Health: enable checks", start_check },
	{ "hrunn", "Health: force UP", force_up },
	{ "hnolb", "Health: force NOLB", force_stopping },
	{ "hdown", "Health: force DOWN", force_down },
	{ "dagent", "Agent: disable checks", stop_agent },
	{ "eagent", "Agent: enable checks", start_agent },
	{ "arunn", "Agent: force UP", force_agent_up },
	{ "adown", "Agent: force DOWN", force_agent_down },
	{ "shutdown", "Kill sessions", kill_sessions },
	{ "enable", NULL, enable },
	{ "disable", NULL, disable },
	{ "stop", NULL, stop },
	{ "start", NULL, start },
	{ NULL, NULL, NULL }
};

/* ---- the form ---------------------------------------------------------- */

struct form {
	const struct lb_proxy *proxy;
	bool (*deed)(struct lb_server *);
	bool wrong;			/* something in it is unknown */
	bool complete;			/* proxy and action were given */
};

/* "#3" or a name, of a backend. */
static struct lb_proxy *
find_backend(struct text t)
{
	const struct lb_world *w = lb_world();
	int64_t id = -1;

	if (t.len > 1 && t.at[0] == '#')
		(void)number_int(text_from(t, 1), 10, 0, INT32_MAX, &id,
		    NULL);
	for (unsigned i = 0; i < w->count; i++) {
		struct lb_proxy *p = w->proxies[i];

		if ((p->conf->is & LB_IS_BACKEND) != 0 &&
		    (id >= 0 ? p->conf->id == id :
		    text_is(t, p->conf->name)))
			return p;
	}
	return NULL;
}

static void
take_action(struct form *f, struct text word)
{
	for (unsigned i = 0; lb_admin_acts[i].word != NULL; i++)
		if (text_is(word, lb_admin_acts[i].word))
			f->deed = lb_admin_acts[i].deed;
	f->wrong = f->wrong || f->deed == NULL;
}

/* First the action and the proxy, wherever they stand. */
static struct form
read_form(char *rest)
{
	struct form f = { .proxy = NULL };
	struct text name, value;
	bool backend = false, action = false;

	while (request_pair(&rest, &name, &value))
		if (text_is(name, "b")) {
			f.proxy = find_backend(value);
			f.wrong = f.wrong || f.proxy == NULL;
			backend = true;
		} else if (text_is(name, "action")) {
			take_action(&f, value);
			action = true;
		}
	f.complete = backend && action;
	return f;
}

static struct lb_server *
find_server(const struct lb_proxy *p, struct text name)
{
	for (unsigned i = 0; i < p->server_count; i++)
		if (text_is(name, p->servers[i]->conf->name))
			return p->servers[i];
	return NULL;
}

static const char *
carry_out(const struct form *f, char *rest)
{
	struct text name, value;
	unsigned done = 0, unknown = 0;
	struct lb_server *s;

	while (request_pair(&rest, &name, &value)) {
		if (!text_is(name, "s"))
			continue;
		s = find_server(f->proxy, value);
		if (s == NULL)
			unknown++;
		else
			done += f->deed(s);
	}
	if (unknown > 0)
		return done > 0 ? "PART" : "ERRP";
	return done > 0 ? "DONE" : "NONE";
}

const char *
lb_admin_take(struct text body)
{
	char *once = mem_copy(body), *again = mem_copy(body);
	const char *word = "UNKN";
	struct form f;

	if (once != NULL && again != NULL) {
		f = read_form(once);
		word = f.wrong ? "ERRP" : !f.complete ? "NONE" :
		    carry_out(&f, again);
	}
	mem_drop(once);
	mem_drop(again);
	return word;
}

const char *
lb_admin_says(struct text word, bool *bad)
{
	static const struct {
		const char *word, *text;
		bool bad;
	} rows[] = {
		{ "DONE", "The action was carried out.", false },
		{ "NONE", "Nothing has changed.", false },
		{ "PART", "The action was carried out for some of the "
		    "servers only: others are not known.", true },
		{ "ERRP", "Nothing was done: the action, the backend or a "
		    "server is not known.", true },
		{ "EXCD", "Nothing was done: too much was chosen at once.",
		    true },
		{ "DENY", "Nothing was done: you may not.", true },
		{ "UNKN", "Something went wrong.", true },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (text_is(word, rows[i].word)) {
			*bad = rows[i].bad;
			return rows[i].text;
		}
	return NULL;
}
