/* SPDX-License-Identifier: ISC */
/*
 * door.c - accept, limits, dealing. A frontend that is full, or a process
 * that is, is deaf: what comes waits in the kernel. Loop 0, but for what is
 * said to be of any loop.
 */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#include "balancer/certs.h"
#include "balancer/door.h"
#include "balancer/doorway.h"
#include "base/clock.h"
#include "base/mem.h"
#include "net/socket.h"
#include "net/timer.h"
#include "net/tls.h"

enum { MOST_LOOPS = 256 };

static void (*take)(const struct lb_arrival *);
static struct loop *home;
static unsigned door_count;
static atomic_uint loads[MOST_LOOPS];		/* sessions of each loop */
static struct lb_arrival *dealt[MOST_LOOPS];	/* to be posted, this turn */
static struct loop_job deal_job;
static struct timer rate_timer;
static atomic_bool anyone_held, look_posted;

void
lb_door_init(void (*on_arrival)(const struct lb_arrival *))
{
	take = on_arrival;
}

/* ---- dealing ----------------------------------------------------------- */

static void
on_dealt(void *arg)
{
	struct lb_arrival *a = arg, *next;

	for (; a != NULL; a = next) {
		next = a->next;
		take(a);
		mem_drop(a);
	}
}

static void
post_dealt(struct loop_job *job)
{
	for (unsigned i = 1; i < loop_count(); i++) {
		if (dealt[i] != NULL)
			loop_post(loop_at(i), on_dealt, dealt[i]);
		dealt[i] = NULL;
	}
}

static unsigned
find_loop(void)
{
	unsigned best = 0, least = UINT32_MAX;

	for (unsigned i = 0; i < loop_count(); i++) {
		unsigned n = atomic_load_explicit(&loads[i],
		    memory_order_relaxed);

		if (n < least) {
			least = n;
			best = i;
		}
	}
	return best;
}

static void
deal(const struct lb_arrival *a)
{
	/* Who answers itself does so where its numbers are. */
	unsigned to = a->door->proxy->conf->answers ? 0 : find_loop();
	struct lb_arrival *copy;

	atomic_fetch_add_explicit(&loads[to], 1, memory_order_relaxed);
	if (to == 0) {
		take(a);
		return;
	}
	copy = mem_get(sizeof *copy);
	if (copy == NULL) {
		close(a->fd);
		atomic_fetch_sub_explicit(&loads[to], 1,
		    memory_order_relaxed);
		return;
	}
	*copy = *a;
	copy->next = dealt[to];
	dealt[to] = copy;
	loop_soon(home, &deal_job);
}

/* ---- limits ------------------------------------------------------------ */

static bool
is_full(const struct lb_door *d)
{
	const struct lb_world *w = lb_world();
	unsigned here = atomic_load_explicit(&d->proxy->front_sessions,
	    memory_order_relaxed);
	unsigned all = atomic_load_explicit(&w->sessions,
	    memory_order_relaxed);
	unsigned own = atomic_load_explicit(&d->sessions,
	    memory_order_relaxed);

	return (d->proxy->maxconn > 0 && here >= d->proxy->maxconn) ||
	    all >= w->maxconn ||
	    (d->conf->maxconn > 0 && own >= (unsigned)d->conf->maxconn);
}

static int64_t
longer(int64_t wait, const struct rate *r, unsigned limit, int64_t now)
{
	int64_t other = limit > 0 ? rate_wait(r, limit, now) : 0;

	return other > wait ? other : wait;
}

/* us until the rates let one more in. */
static int64_t
rate_limits(const struct lb_door *d, int64_t now)
{
	const struct lb_world *w = lb_world();
	int64_t wait = 0;

	wait = longer(wait, &d->proxy->session_rate,
	    (unsigned)d->proxy->conf->session_rate, now);
	wait = longer(wait, &w->connection_rate, w->connection_limit, now);
	wait = longer(wait, &w->session_rate, w->session_limit, now);
	if (d->tls != NULL)
		wait = longer(wait, &w->tls_rate, w->tls_limit, now);
	return wait;
}

static void
hold(struct lb_door *d)
{
	if (d->held || d->listener == NULL)
		return;
	d->held = true;
	atomic_store(&anyone_held, true);
	listener_hold(d->listener);
}

/* Holds it while it must not accept; true: it may. */
static bool
check_limits(struct lb_door *d)
{
	int64_t wait;

	if (is_full(d)) {
		if (atomic_load(&lb_world()->sessions) >=
		    lb_world()->maxconn)
			lb_world()->maxconn_reached++;
		hold(d);
		return false;
	}
	wait = rate_limits(d, loop_now(home));
	if (wait == 0)
		return true;
	hold(d);
	timer_after(&rate_timer, wait);
	return false;
}

static void
each_door(void (*visit)(struct lb_door *))
{
	for (unsigned i = 0; i < lb_world()->count; i++) {
		struct lb_door *d = lb_world()->proxies[i]->doors;

		for (; d != NULL; d = d->next)
			visit(d);
	}
}

static void
look_again(struct lb_door *d)
{
	if (d->listener != NULL)
		listener_wake(d->listener);
	if (!d->held || d->listener == NULL ||
	    d->proxy->state != LB_PROXY_OPEN)
		return;
	d->held = false;
	if (check_limits(d))
		listener_resume(d->listener);
}

static void
on_room(void *arg)
{
	atomic_store(&look_posted, false);
	atomic_store(&anyone_held, false);
	each_door(look_again);
}

void
lb_door_look(void)
{
	on_room(NULL);
}

void
lb_door_left(struct lb_door *d)
{
	unsigned here = loop_number(loop_here());

	atomic_fetch_sub(&d->proxy->front_sessions, 1);
	atomic_fetch_sub(&d->sessions, 1);
	atomic_fetch_sub(&lb_world()->sessions, 1);
	atomic_fetch_sub_explicit(&loads[here], 1, memory_order_relaxed);
	if (atomic_load(&anyone_held) && !atomic_exchange(&look_posted, true))
		loop_post(home, on_room, NULL);
}

/* ---- accepting --------------------------------------------------------- */

static void
tune(int fd, const struct lb_door *d)
{
	const struct lb_proxy_conf *p = d->proxy->conf;
	const struct lb_global_conf *g = &lb_world()->setup->global;
	const struct lb_keepalive_conf *k = &p->client_keepalive;
	struct socket_options o = {
		.keepalive = (p->options & (1u << LB_OPT_CLITCPKA)) != 0,
		.keepcnt = k->count,
		.keepidle = (int)(k->idle / CLOCK_SECOND),
		.keepintvl = (int)(k->interval / CLOCK_SECOND),
	};

	if (o.keepalive || !d->undelayed)
		socket_tune(fd, &o);
	if (g->rcvbuf_client > 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &g->rcvbuf_client,
		    sizeof g->rcvbuf_client);
	if (g->sndbuf_client > 0)
		(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &g->sndbuf_client,
		    sizeof g->sndbuf_client);
}

static void
raise_most(unsigned *most, unsigned now)
{
	if (now > *most)
		*most = now;
}

static void
count_arrival(struct lb_door *d, int64_t now)
{
	struct lb_world *w = lb_world();
	struct lb_proxy *p = d->proxy;

	raise_most(&p->front_most, atomic_fetch_add(&p->front_sessions, 1) +
	    1);
	raise_most(&d->most, atomic_fetch_add(&d->sessions, 1) + 1);
	atomic_fetch_add(&w->sessions, 1);
	p->front_connections++;
	p->front_total++;
	d->total++;
	d->connections++;
	w->connections++;
	rate_add(&p->connection_rate, now);
	rate_add(&p->session_rate, now);
	rate_add(&w->connection_rate, now);
	rate_add(&w->session_rate, now);
	if (d->tls == NULL)
		return;
	w->tls_connections++;
	rate_add(&w->tls_rate, now);
}

static void
on_accepted(struct listener *l, int fd, const struct address *from)
{
	struct lb_door *d = listener_owner(l);
	struct lb_arrival a = { .door = d, .fd = fd,
	    .at = loop_now(home), .src = address_endpoint(from) };

	count_arrival(d, a.at);
	if (a.src.family == 0 || a.src.family == AF_UNIX) {
		memset(&a.src, 0, sizeof a.src);
		a.src.family = AF_UNIX;
		a.src.port = (uint16_t)d->number;
	} else
		tune(fd, d);
	deal(&a);
	check_limits(d);
}

static void
on_resting(struct listener *l, int code, int64_t until)
{
	struct lb_door *d = listener_owner(l);
	char line[256];

	atomic_store(&anyone_held, true);
	snprintf(line, sizeof line, "Proxy %s reached system FD limit (%s); "
	    "accepting again in a second.", d->proxy->conf->name,
	    strerror(code));
	lb_world_log(d->proxy, LB_LOG_EMERG, line);
}

static const struct listener_handler handler = {
	.accepted = on_accepted,
	.resting = on_resting,
};

/* ---- opening ----------------------------------------------------------- */

static struct lb_door *
add_door(struct lb_proxy *p, const struct lb_bind_conf *conf)
{
	struct lb_door *d = mem_need(sizeof *d), **at = &p->doors;
	unsigned before = 0;

	for (; *at != NULL; at = &(*at)->next)
		before++;
	*at = d;
	d->proxy = p;
	d->conf = conf;
	d->fd = -1;
	d->number = before + 1;
	if (conf->name != NULL) {
		snprintf(d->name, sizeof d->name, "%s", conf->name);
		snprintf(d->label, sizeof d->label, "%s", conf->name);
	} else {
		snprintf(d->name, sizeof d->name, "sock-%u", d->number);
		snprintf(d->label, sizeof d->label, "%u", d->number);
	}
	d->counts = lb_counts_new();
	door_count++;
	return d;
}

struct spare {			/* taken over, and not used yet */
	struct spare *next;
	int fd;
	struct address at;
	char interface[32];
};

static struct spare *spares;

static bool
wants(const struct lb_bind_conf *b, const struct address *a,
    const char *interface)
{
	unsigned port = b->addr.port_low;

	for (; port <= b->addr.port_high; port++)
		if (lb_doorway_fits(b, (uint16_t)port, a, interface))
			return true;
	return false;
}

static bool
is_wanted(const struct address *a, const char *interface)
{
	const struct lb_setup *setup = lb_world()->setup;

	for (unsigned i = 0; i < setup->global.sockets.count; i++)
		if (wants(setup->global.sockets.at[i], a, interface))
			return true;
	for (unsigned i = 0; i < setup->proxies.count; i++) {
		const struct lb_proxy_conf *p = setup->proxies.at[i];

		for (unsigned n = 0; n < p->binds.count; n++)
			if (wants(p->binds.at[n], a, interface))
				return true;
	}
	return false;
}

bool
lb_door_give(int fd, const struct address *a, const char *interface)
{
	struct spare *s;

	if (!is_wanted(a, interface))
		return false;
	s = mem_need(sizeof *s);
	s->fd = fd;
	s->at = *a;
	snprintf(s->interface, sizeof s->interface, "%s", interface);
	s->next = spares;
	spares = s;
	return true;
}

int
lb_door_spare(const struct lb_bind_conf *b, uint16_t port, struct address *at)
{
	int fd;

	for (struct spare **s = &spares; *s != NULL; s = &(*s)->next) {
		struct spare *found = *s;

		if (!lb_doorway_fits(b, port, &found->at, found->interface))
			continue;
		fd = found->fd;
		*at = found->at;
		*s = found->next;
		mem_drop(found);
		return fd;
	}
	return -1;
}

static bool
open_port(struct lb_proxy *p, const struct lb_bind_conf *b, uint16_t port)
{
	bool reuse = !lb_world()->setup->global.noreuseport;
	struct lb_door *d = add_door(p, b);
	char line[700], at[ADDRESS_TEXT];
	struct why why = { "", "" };

	if (b->tls.on)
		d->tls = lb_certs_bind(b, &lb_world()->setup->global, &why);
	if (b->tls.on && d->tls == NULL) {
		snprintf(line, sizeof line, "config : parsing [%s:%u] : "
		    "'bind %s' : %s", b->place.file, b->place.line,
		    lb_doorway_print(b, port, at), why.line);
		lb_logs_say(LB_LOG_ALERT, line);
		return false;
	}
	d->fd = lb_door_spare(b, port, &d->at);
	if (d->fd < 0)
		d->fd = lb_doorway_bind(b, port, reuse, &d->at, &why);
	else
		d->inherited = true;
	if (d->fd >= 0)
		return true;
	snprintf(line, sizeof line, "Binding [%s:%u] for proxy %s: %s for [%s]",
	    b->place.file != NULL ? b->place.file : "", b->place.line,
	    p->conf->name, why.line, lb_doorway_print(b, port, at));
	lb_logs_say(LB_LOG_ALERT, line);
	return false;
}

static unsigned
open_bind(struct lb_proxy *p, const struct lb_bind_conf *b)
{
	unsigned failed = 0;

	for (unsigned port = b->addr.port_low; port <= b->addr.port_high;
	    port++)
		if (!open_port(p, b, (uint16_t)port))
			failed++;
	return failed;
}

unsigned
lb_door_open(void)
{
	unsigned failed = 0;

	for (unsigned i = 0; i < lb_world()->count; i++) {
		struct lb_proxy *p = lb_world()->proxies[i];

		if (p->conf->disabled) {
			lb_proxy_enter(p, LB_PROXY_STOPPED);
			continue;
		}
		for (unsigned n = 0; n < p->conf->binds.count; n++)
			failed += open_bind(p, p->conf->binds.at[n]);
	}
	return failed;
}

void
lb_door_close_unused(void)
{
	for (struct spare *s; (s = spares) != NULL; ) {
		spares = s->next;
		close(s->fd);
		mem_drop(s);
	}
}

unsigned
lb_door_count(void)
{
	return door_count;
}

static int
backlog_of(const struct lb_door *d)
{
	const struct lb_proxy_conf *p = d->proxy->conf;
	int n = d->conf->backlog > 0 ? d->conf->backlog :
	    p->backlog > 0 ? p->backlog : p->maxconn > 0 ? p->maxconn :
	    (int)lb_world()->maxconn;

	return n < 128 ? 128 : n;
}

static int
start_door(struct lb_door *d, struct why *why)
{
	int most = lb_world()->setup->global.maxaccept;

	if (d->fd < 0)
		return 0;
	d->undelayed = lb_doorway_undelay(d->fd);
	if (lb_doorway_listen(d->fd, d->conf, backlog_of(d), why) < 0)
		return -1;
	d->listener = listener_new(home, d->fd, &handler, d);
	if (d->listener == NULL)
		return why_set(why, "out of memory");
	if (most != 0)			/* below 0: no limit */
		listener_set_batch(d->listener, most > 0 ? most : INT_MAX);
	return 0;
}

int
lb_door_start(struct loop *loop, struct why *why)
{
	home = loop;
	deal_job.run = post_dealt;
	timer_init(&rate_timer, loop, on_room, NULL);
	for (unsigned i = 0; i < lb_world()->count; i++) {
		struct lb_door *d = lb_world()->proxies[i]->doors;

		for (; d != NULL; d = d->next)
			if (start_door(d, why) < 0)
				return -1;
	}
	return 0;
}

/* ---- opened and shut --------------------------------------------------- */

void
lb_door_pause(struct lb_proxy *p)
{
	lb_proxy_enter(p, LB_PROXY_PAUSED);
	for (struct lb_door *d = p->doors; d != NULL; d = d->next)
		hold(d);
}

void
lb_door_resume(struct lb_proxy *p)
{
	lb_proxy_enter(p, LB_PROXY_OPEN);
	for (struct lb_door *d = p->doors; d != NULL; d = d->next)
		look_again(d);
}

void
lb_door_let_go(struct lb_proxy *p)
{
	lb_door_pause(p);
	for (struct lb_door *d = p->doors; d != NULL; d = d->next)
		if (d->fd >= 0 && d->at.sa.sa_family != AF_UNIX)
			(void)shutdown(d->fd, SHUT_RD);
}

void
lb_door_hold_again(struct lb_proxy *p)
{
	struct why why;

	for (struct lb_door *d = p->doors; d != NULL; d = d->next)
		if (d->fd >= 0 && lb_doorway_listen(d->fd, d->conf,
		    backlog_of(d), &why) < 0)
			lb_world_say(p, LB_LOG_ALERT, why.line);
	lb_door_resume(p);
}

void
lb_door_drain(struct lb_proxy *p)
{
	for (struct lb_door *d = p->doors; d != NULL; d = d->next)
		if (d->listener != NULL)
			listener_drain(d->listener);
}

void
lb_door_stop(struct lb_proxy *p)
{
	lb_proxy_enter(p, LB_PROXY_STOPPED);
	for (struct lb_door *d = p->doors; d != NULL; d = d->next) {
		if (d->listener != NULL)
			listener_free(&d->listener);
		else if (d->fd >= 0)
			close(d->fd);
		d->fd = -1;
	}
}

void
lb_door_stop_all(void)
{
	for (unsigned i = 0; i < lb_world()->count; i++)
		lb_door_stop(lb_world()->proxies[i]);
}

void
lb_door_fini(void)
{
	for (unsigned i = 0; i < lb_world()->count; i++) {
		struct lb_proxy *p = lb_world()->proxies[i];

		while (p->doors != NULL) {
			struct lb_door *d = p->doors;

			p->doors = d->next;
			tls_drop(&d->tls);
			lb_counts_free(&d->counts);
			mem_drop(d);
		}
	}
	lb_door_close_unused();
	door_count = 0;
}
