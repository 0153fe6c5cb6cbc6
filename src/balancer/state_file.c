/* SPDX-License-Identifier: ISC */
/*
 * state_file.c - server-state files: read at start, before rights are given
 * up; applied when servers and their checks are made. First thread.
 */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "balancer/check.h"
#include "balancer/state_file.h"
#include "balancer/world.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/mem.h"
#include "base/number.h"

enum { WORDS_LEAST = 19, WORDS_MOST = 32, FILE_MOST = 64 << 20 };

enum word {			/* their places in a line */
	BE_ID, BE_NAME, SRV_ID, SRV_NAME, SRV_ADDR, OP_STATE, ADMIN_STATE,
	UWEIGHT, IWEIGHT, SINCE, CHECK_STATUS, CHECK_RESULT, CHECK_HEALTH,
	CHECK_STATE, AGENT_STATE, BE_FORCED, SRV_FORCED, FQDN, PORT, SRVRECORD,
	USE_SSL, CHECK_PORT, CHECK_ADDR, AGENT_ADDR, AGENT_PORT
};

struct line {
	unsigned count;
	struct text at[WORDS_MOST];
};

static struct text global_file;	/* at NULL: none */
static struct text *files;	/* of each proxy: its own, or none */

/* ---- telling ----------------------------------------------------------- */

static void tell(const char *, ...) __attribute__((format(printf, 1, 2)));

static void
tell(const char *fmt, ...)
{
	char text[900], line[1000];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof text, fmt, ap);
	va_end(ap);
	snprintf(line, sizeof line, "config : %s", text);
	lb_logs_say(LB_LOG_WARNING, line);
}

/* ---- reading ----------------------------------------------------------- */

/* The whole file; none when it cannot be read, which is no error. */
static struct text
read_file(const char *name, const char *what)
{
	const char *base = lb_world()->setup->global.state_base;
	struct text whole = TEXT_NONE;
	struct why why;
	char *path;

	if (name == NULL)
		return whole;
	path = name[0] == '/' || base == NULL ? mem_copy(text_of(name)) :
	    mem_print("%s/%s", base, name);
	if (path != NULL && file_read(path, FILE_MOST, &whole, &why) < 0) {
		tell("Can't open %s server state file '%s': %s", what, path,
		    why.line);
		whole = TEXT_NONE;
	}
	mem_drop(path);
	return whole;
}

void
lb_state_file_read(void)
{
	const struct lb_world *w = lb_world();

	files = mem_need((w->count + 1) * sizeof *files);
	for (unsigned i = 0; i < w->count; i++) {
		const struct lb_proxy_conf *c = w->proxies[i]->conf;

		if (c->load_state == LB_STATE_GLOBAL &&
		    global_file.at == NULL)
			global_file = read_file(w->setup->global.state_file,
			    "global");
		else if (c->load_state == LB_STATE_LOCAL)
			files[i] = read_file(c->state_file != NULL ?
			    c->state_file : c->name, "local");
	}
}

/* ---- a line ------------------------------------------------------------ */

static void
split(struct text t, struct line *l)
{
	for (l->count = 0; l->count < WORDS_MOST &&
	    text_word(&t, " \t\r", &l->at[l->count]); )
		l->count++;
	for (unsigned i = l->count; i < WORDS_MOST; i++)
		l->at[i] = TEXT("-");
}

static bool
get(const struct line *l, enum word w, int64_t least, int64_t most,
    int64_t *n)
{
	return number_int(l->at[w], 10, least, most, n, NULL) == 0;
}

struct past {			/* what a line says of a server */
	int64_t state, admin, uweight, iweight, since, status, health,
	    check_state, agent_state, port;
};

static const struct {
	enum word at;
	const char *name;
	int64_t least, most;
	size_t to;
} numbers[] = {
#define NUMBER(word, name, least, most, field)				\
	{ word, name, least, most, offsetof(struct past, field) }
	NUMBER(OP_STATE, "srv_op_state", 0, LB_SERVER_STOPPING, state),
	NUMBER(ADMIN_STATE, "srv_admin_state", 0, 127, admin),
	NUMBER(UWEIGHT, "srv_uweight", 0, 256, uweight),
	NUMBER(IWEIGHT, "srv_iweight", 0, 256, iweight),
	NUMBER(SINCE, "srv_time_since_last_change", 0, INT32_MAX, since),
	NUMBER(CHECK_STATUS, "srv_check_status", 0, LB_CHECK_STATUSES - 1,
	    status),
	NUMBER(CHECK_HEALTH, "srv_check_health", 0, INT32_MAX, health),
	NUMBER(CHECK_STATE, "srv_check_state", 0, 31, check_state),
	NUMBER(AGENT_STATE, "srv_agent_state", 0, 31, agent_state),
	NUMBER(PORT, "srv_port", 0, 65535, port),
};

/* False: told. */
static bool
read_past(const struct line *l, const struct lb_server *s, struct past *p)
{
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		if (!get(l, numbers[i].at, numbers[i].least, numbers[i].most,
		    (int64_t *)(void *)((char *)p + numbers[i].to))) {
			tell("server-state application failed for server "
			    "'%s/%s', invalid %s value '%.*s'",
			    s->conf->proxy->name, s->conf->name,
			    numbers[i].name, TEXT_ARG(l->at[numbers[i].at]));
			return false;
		}
	return true;
}

/* ---- what it changes --------------------------------------------------- */

/*
 * Forced bits come back; inherited ones come from the tracked server. What
 * the configuration says about "disabled" now wins over what it said then.
 */
static unsigned
admin_of(const struct lb_server *s, unsigned then)
{
	const unsigned kept = s->admin & LB_ADMIN_RMAINT;
	unsigned forced = then & (LB_ADMIN_FMAINT | LB_ADMIN_FDRAIN);

	if (s->conf->disabled)
		return kept | LB_ADMIN_CMAINT | (then & LB_ADMIN_CMAINT ?
		    forced : forced | LB_ADMIN_FMAINT);
	if (then & LB_ADMIN_CMAINT)
		forced &= ~(unsigned)LB_ADMIN_FMAINT;
	return kept | forced;
}

static enum lb_server_state
state_of(const struct lb_server *s, const struct past *p)
{
	if (s->admin & LB_ADMIN_MAINT || s->address.len == 0)
		return LB_SERVER_STOPPED;
	/* It was down for a maintenance that is no more. */
	if (p->state == LB_SERVER_STOPPED && (p->admin & LB_ADMIN_MAINT) != 0)
		return LB_SERVER_RUNNING;
	if (p->state == LB_SERVER_STARTING && s->conf->slowstart == 0)
		return LB_SERVER_RUNNING;
	return (enum lb_server_state)p->state;
}

static int
within(int64_t n, int least, int most)
{
	return n < least ? least : n > most ? most : (int)n;
}

/* Was it the agent that held it down, while the check was content? */
static bool
was_agent(const struct lb_server *s, const struct past *p)
{
	return s->checks[1] != NULL &&
	    (p->agent_state & LB_CHECK_ENABLED) != 0 &&
	    p->state == LB_SERVER_STOPPED &&
	    (p->admin & LB_ADMIN_MAINT) == 0 &&
	    (s->checks[0] == NULL || p->health >= s->verdicts[0].rise);
}

/* Health must fit the state, or the next result would say nothing. */
static void
restore_check(struct lb_server *s, const struct past *p)
{
	struct lb_check *c = s->checks[0];
	struct lb_verdict *v = &s->verdicts[0];
	bool down = s->state == LB_SERVER_STOPPED && !was_agent(s, p);

	if (c == NULL)
		return;
	lb_check_enable(c, (p->check_state & LB_CHECK_ENABLED) != 0);
	if (lb_check_rows[p->status].word[0] != '\0')
		c->status = (enum lb_check_status)p->status;
	v->health = down ? within(p->health, 0, v->rise - 1) :
	    within(p->health, v->rise, v->rise + v->fall - 1);
}

static void
restore_agent(struct lb_server *s, const struct past *p)
{
	struct lb_check *c = s->checks[1];

	if (c == NULL)
		return;
	lb_check_enable(c, (p->agent_state & LB_CHECK_ENABLED) != 0);
	if (was_agent(s, p))
		s->verdicts[1].health = 0;
}

static void
restore_target(struct lb_check *c, const struct line *l, enum word addr,
    enum word port)
{
	struct address a;
	int64_t n;

	if (c == NULL)
		return;
	if (address_ip(l->at[addr], 0, &a) == 0)
		c->addr = a;
	if (get(l, port, 1, 65535, &n))
		c->port = (uint16_t)n;
}

static bool
begins_with_last(const struct lb_server_conf *c)
{
	for (unsigned i = 0; c->init_addr[i] != LB_INIT_ADDR_END; i++)
		if (c->init_addr[i] == LB_INIT_ADDR_LAST)
			return true;
	return false;
}

/* A name keeps the address it had; a fixed one is the configuration's. */
static void
restore_address(struct lb_server *s, const struct line *l,
    const struct past *p)
{
	const struct lb_server_conf *c = s->conf;
	struct address a;

	if (c->addr.kind == LB_ADDRESS_NAME && begins_with_last(c) &&
	    text_is(l->at[FQDN], c->addr.name) &&
	    address_ip(l->at[SRV_ADDR], (uint16_t)p->port, &a) == 0) {
		s->address = a;
		s->admin &= ~(unsigned)LB_ADMIN_RMAINT;
	}
	if (s->address.len > 0 && s->address.sa.sa_family != AF_UNIX &&
	    p->port > 0)
		address_set_port(&s->address, (uint16_t)p->port);
}

static void
tell_restored(const struct lb_server *s)
{
	const struct lb_proxy *p = s->proxy;

	if (s->admin & LB_ADMIN_FDRAIN)
		tell("Server %s/%s remains in forced drain mode.",
		    p->conf->name, s->conf->name);
	if (s->state == LB_SERVER_STOPPED)
		tell("Server %s/%s is DOWN, changed from server-state after a "
		    "reload. %u active and %u backup servers left. 0 sessions "
		    "active, 0 requeued, 0 remaining in queue.",
		    p->conf->name, s->conf->name, p->active, p->backups);
}

static void
restore(struct lb_server *s, const struct line *l)
{
	int64_t now = clock_now();
	struct past p;

	if (!read_past(l, s, &p))
		return;
	lb_proxy_lock(s->proxy);
	restore_address(s, l, &p);
	s->admin = admin_of(s, (unsigned)p.admin);
	if (p.iweight == s->first_weight)
		s->weight = (unsigned)p.uweight;
	lb_server_enter(s, state_of(s, &p), now - p.since * CLOCK_SECOND);
	s->down_time = 0;
	restore_check(s, &p);
	restore_agent(s, &p);
	restore_target(s->checks[0], l, CHECK_ADDR, CHECK_PORT);
	restore_target(s->checks[1], l, AGENT_ADDR, AGENT_PORT);
	lb_proxy_recount(s->proxy, now);
	lb_proxy_unlock(s->proxy);
	tell_restored(s);
}

/* Whoever tracks another has its state from there. */
static void
follow(struct lb_server *s)
{
	const struct lb_server *from = s->track;

	for (; from->track != NULL; from = from->track)
		continue;
	s->admin &= ~(unsigned)(LB_ADMIN_IMAINT | LB_ADMIN_IDRAIN);
	if (from->admin & LB_ADMIN_MAINT)
		s->admin |= LB_ADMIN_IMAINT;
	if (from->admin & LB_ADMIN_DRAIN)
		s->admin |= LB_ADMIN_IDRAIN;
	lb_server_enter(s, s->admin & LB_ADMIN_MAINT ? LB_SERVER_STOPPED :
	    from->state, s->changed);
}

/* ---- a file ------------------------------------------------------------ */

static struct lb_server *
find_server(const struct lb_proxy *p, const struct line *l)
{
	for (unsigned i = 0; i < p->server_count; i++)
		if (text_is(l->at[SRV_NAME], p->servers[i]->conf->name))
			return p->servers[i];
	return NULL;
}

static bool
is_named(const struct lb_proxy *p, struct text name)
{
	return p != NULL && (p->conf->is & LB_IS_BACKEND) != 0 &&
	    text_is(name, p->conf->name);
}

/* Lines of a backend follow each other: the one before is asked first. */
static struct lb_proxy *
find_proxy(struct lb_proxy *before, struct text name)
{
	const struct lb_world *w = lb_world();

	if (is_named(before, name))
		return before;
	for (unsigned i = 0; i < w->count; i++)
		if (is_named(w->proxies[i], name))
			return w->proxies[i];
	return NULL;
}

struct reading {
	const char *what;
	struct lb_proxy *only;		/* of its own file; NULL: global */
	struct lb_proxy *last;
	unsigned number;
};

static void
apply_line(struct reading *r, struct text t)
{
	struct lb_server *s;
	struct line l;

	split(t, &l);
	if (l.count == 0 || l.at[0].at[0] == '#')
		return;
	if (l.count < WORDS_LEAST) {
		tell("corrupted %s server state file at line %u; the line is "
		    "ignored.", r->what, r->number);
		return;
	}
	r->last = find_proxy(r->last, l.at[BE_NAME]);
	if (r->last == NULL || (r->only != NULL ? r->last != r->only :
	    r->last->conf->load_state != LB_STATE_GLOBAL))
		return;
	s = find_server(r->last, &l);
	if (s != NULL)
		restore(s, &l);
}

static void
apply_file(struct text whole, const char *what, struct lb_proxy *only)
{
	struct reading r = { what, only, only, 0 };
	bool more = whole.len > 0;
	struct text line;

	while (more) {
		more = text_split(&whole, '\n', &line);
		line = text_trim(line);
		if (r.number++ > 0)
			apply_line(&r, line);
		else if (!text_is(line, "1")) {
			tell("can't get version of the %s server state "
			    "file.", what);
			return;
		}
	}
}

static void
drop_text(struct text *t)
{
	mem_drop((void *)(uintptr_t)t->at);
	*t = TEXT_NONE;
}

void
lb_state_file_apply(void)
{
	const struct lb_world *w = lb_world();

	apply_file(global_file, "global", NULL);
	drop_text(&global_file);
	for (unsigned i = 0; i < w->count; i++) {
		apply_file(files[i], "local", w->proxies[i]);
		drop_text(&files[i]);
	}
	for (unsigned i = 0; i < w->count; i++) {
		struct lb_proxy *p = w->proxies[i];

		for (unsigned n = 0; n < p->server_count; n++)
			if (p->servers[n]->track != NULL)
				follow(p->servers[n]);
		lb_proxy_recount(p, clock_now());
	}
	mem_drop(files);
	files = NULL;
}
