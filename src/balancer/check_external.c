/* SPDX-License-Identifier: ISC */
/*
 * check_external.c - a program says whether a server is well: its values in,
 * its exit code out. The program is started by the helper alone. Loop 0.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "balancer/check_external.h"
#include "balancer/check_kinds.h"
#include "balancer/world.h"
#include "base/clock.h"
#include "base/mem.h"
#include "proc/runner.h"

enum { MOST = 256, VALUE = 300 };	/* programs at a time; bytes of one */

static struct runner *runner;		/* NULL: no proxy wants one */
static struct runner_command *table;	/* by proxy->number */
static const char **words;		/* of all commands: one, NULL */

/* ---- the table --------------------------------------------------------- */

static bool
is_external(const struct lb_proxy *p)
{
	return p->conf->check.kind == LB_CHECK_EXTERNAL && !p->conf->disabled;
}

static void
fill_row(const struct lb_proxy *p)
{
	const struct lb_check_conf *conf = &p->conf->check;
	bool inherits = lb_world()->setup->global.external_keeps_env;

	words[2 * p->number] = conf->command;
	table[p->number] = (struct runner_command){
		.argv = &words[2 * p->number],
		.path = conf->path != NULL ? conf->path : inherits ? NULL : "",
		.inherits = inherits, .collects = true,
	};
}

int
lb_check_external_fork(struct why *why)
{
	const struct lb_world *w = lb_world();
	unsigned wanted = 0;

	for (unsigned i = 0; i < w->count; i++)
		if (is_external(w->proxies[i]))
			wanted += w->proxies[i]->server_count;
	if (wanted == 0)
		return 0;
	table = mem_need(w->count * sizeof *table);
	words = mem_need(2 * w->count * sizeof *words);
	for (unsigned i = 0; i < w->count; i++)
		fill_row(w->proxies[i]);
	runner = runner_new(table, w->count, wanted < MOST ? wanted : MOST,
	    why);
	return runner == NULL ? -1 : 0;
}

static void
on_lost(void *arg)
{
	lb_world_say(NULL, LB_LOG_WARNING, "The helper that runs external "
	    "checks has ended; a new one is started.");
}

int
lb_check_external_home(struct loop *home, struct why *why)
{
	return runner == NULL ? 0 :
	    runner_home(runner, home, on_lost, NULL, why);
}

void
lb_check_external_fini(void)
{
	runner_free(&runner);
	mem_drop(table);
	mem_drop(words);
	table = NULL;
	words = NULL;
}

/* ---- the values -------------------------------------------------------- */

struct place {				/* an address as programs see it */
	char ip[ADDRESS_TEXT], port[8];	/* "": there is none */
};

static void
show_place(const struct address *a, struct place *to)
{
	struct endpoint e;

	to->ip[0] = to->port[0] = '\0';
	if (a->len == 0)
		return;
	if (a->sa.sa_family == AF_UNIX) {
		snprintf(to->ip, sizeof to->ip, "%.107s", a->un.sun_path);
		return;
	}
	e = address_endpoint(a);
	endpoint_ip(&e, to->ip);
	snprintf(to->port, sizeof to->port, "%u", e.port);
}

/* Where the proxy's first door is, if it has one. */
static void
find_proxy_place(const struct lb_proxy_conf *p, struct place *to)
{
	struct address none = { .len = 0 };
	const struct lb_bind_conf *b = p->binds.count > 0 ? p->binds.at[0] :
	    NULL;

	show_place(b != NULL ? &b->addr.sa : &none, to);
	if (to->port[0] != '\0')
		snprintf(to->port, sizeof to->port, "%u", b->addr.port_low);
}

struct values {				/* of one run */
	char room[16][VALUE];
	const char *env[17], *args[5];
	unsigned count;
};

static void set(struct values *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

static void
set(struct values *v, const char *fmt, ...)
{
	char *to = v->room[v->count];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(to, VALUE, fmt, ap);
	va_end(ap);
	v->env[v->count++] = to;
}

static const char *
said(const char *value)
{
	return value[0] != '\0' ? value : "NOT_USED";
}

/* The arguments point into the places, which outlive them. */
static void
fill_values(struct lb_server *s, struct values *v, struct place *proxy,
    struct place *server)
{
	const struct lb_proxy_conf *p = s->proxy->conf;
	unsigned served, maxconn;

	lb_proxy_lock(s->proxy);
	served = s->served;
	maxconn = s->maxconn;
	lb_proxy_unlock(s->proxy);
	find_proxy_place(p, proxy);
	show_place(&s->address, server);
	v->count = 0;
	set(v, "HAPROXY_PROXY_NAME=%s", p->name);
	set(v, "HAPROXY_PROXY_ID=%u", p->id);
	set(v, "HAPROXY_PROXY_ADDR=%s", proxy->ip);
	set(v, "HAPROXY_PROXY_PORT=%s", proxy->port);
	set(v, "HAPROXY_SERVER_NAME=%s", s->conf->name);
	set(v, "HAPROXY_SERVER_ID=%u", s->conf->id);
	set(v, "HAPROXY_SERVER_ADDR=%s", server->ip);
	set(v, "HAPROXY_SERVER_PORT=%s", server->port);
	set(v, "HAPROXY_SERVER_MAXCONN=%u", maxconn);
	set(v, "HAPROXY_SERVER_CURCONN=%u", served);
	set(v, "HAPROXY_SERVER_SSL=%d", s->conf->tls.on);
	set(v, "HAPROXY_SERVER_PROTO=%s", p->mode == LB_MODE_HTTP ? "http" : "tcp");
	v->env[v->count] = NULL;
	v->args[0] = said(proxy->ip);
	v->args[1] = said(proxy->port);
	v->args[2] = said(server->ip);
	v->args[3] = said(server->port);
	v->args[4] = NULL;
}

/* ---- one run ----------------------------------------------------------- */

static void
fail_start(struct lb_check *c, int code)
{
	char text[LB_CHECK_TEXT];

	snprintf(text, sizeof text, "cannot run '%.150s': %s",
	    c->server->proxy->conf->check.command, strerror(code));
	lb_check_end(c, LB_CHECK_PROCERR, 255, text);
}

/* The first line of what it wrote helps to see why. */
static void
fail_run(struct lb_check *c, int code, struct text output)
{
	char text[LB_CHECK_TEXT];
	struct text line = { output.at, 0 };

	while (line.len < output.len && output.at[line.len] >= ' ')
		line.len++;
	if (line.len > 100)
		line.len = 100;
	snprintf(text, sizeof text, "%.*s", TEXT_ARG(line));
	lb_check_end(c, LB_CHECK_PROCERR, code, text);
}

/* Our own trouble says nothing about the server. */
static void
tell_nothing(struct lb_check *c)
{
	lb_check_end(c, LB_CHECK_CHECKED, -1,
	    "the helper that runs programs has ended");
}

static void
on_done(void *arg, const struct runner_result *r)
{
	struct lb_check *c = arg;

	c->program = 0;
	switch (r->end) {
	case RUNNER_EXITED:
		if (r->code == 0)
			lb_check_end(c, LB_CHECK_PROCOK, 0, NULL);
		else
			fail_run(c, r->code, r->output);
		break;
	case RUNNER_KILLED:
		fail_run(c, 128 + r->code, r->output);
		break;
	case RUNNER_FAILED:
		fail_start(c, r->code);
		break;
	case RUNNER_TIMED_OUT:
		lb_check_end(c, LB_CHECK_PROCTOUT, 0, NULL);
		break;
	case RUNNER_LOST:
		tell_nothing(c);
		break;
	}
}

/* It may still wait for a new helper. */
static void
expire(struct lb_check *c)
{
	if (runner_pid(runner) < 0)
		tell_nothing(c);
	else
		lb_check_end(c, LB_CHECK_PROCTOUT, 0, NULL);
}

static void
run(struct lb_check *c)
{
	struct place proxy, server;
	struct values v;
	struct runner_job job = {
		.command = c->server->proxy->number, .args = v.args,
		.env = v.env, .grace = CLOCK_SECOND, .done = on_done, .arg = c
	};
	struct why why = { "", "" };

	fill_values(c->server, &v, &proxy, &server);
	c->program = runner != NULL ? runner_run(runner, &job, &why) : 0;
	if (c->program == 0)
		lb_check_end(c, LB_CHECK_SOCKERR, -1, why.line);
}

static void
stop(struct lb_check *c)
{
	if (c->program != 0 && runner != NULL)
		runner_cancel(runner, c->program);
	c->program = 0;
}

const struct lb_check_variant lb_check_external = {
	.name = "external", .run = run, .expire = expire, .stop = stop,
};
