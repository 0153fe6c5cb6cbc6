/* SPDX-License-Identifier: ISC */
/*
 * check.c - plans, connects, times out, tells. One heap and one timer for
 * all checks: those that are due at about the same time start together.
 */
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "balancer/check.h"
#include "balancer/dial.h"
#include "balancer/socks.h"
#include "balancer/variables.h"
#include "balancer/world.h"
#include "base/clock.h"
#include "base/mem.h"
#include "net/proxyproto.h"
#include "net/socket.h"
#include "net/timer.h"
#include "net/tls.h"

#define ROW(word, text, result, code)					\
	{ word, text, LB_RESULT_##result, code }

const struct lb_check_status_row lb_check_rows[LB_CHECK_STATUSES] = {
	[LB_CHECK_UNK] = ROW("UNK", "Unknown", UNKNOWN, false),
	[LB_CHECK_INI] = ROW("INI", "Initializing", UNKNOWN, false),
	[LB_CHECK_START] = ROW("", "Check started", UNKNOWN, false),
	[LB_CHECK_CHECKED] = ROW("CHECKED", "No status change", NEUTRAL,
	    false),
	[LB_CHECK_HANA] = ROW("HANA", "Health analyze", FAILED, false),
	[LB_CHECK_SOCKERR] = ROW("SOCKERR", "Socket error", FAILED, false),
	[LB_CHECK_L4OK] = ROW("L4OK", "Layer4 check passed", PASSED, false),
	[LB_CHECK_L4TOUT] = ROW("L4TOUT", "Layer4 timeout", FAILED, false),
	[LB_CHECK_L4CON] = ROW("L4CON", "Layer4 connection problem", FAILED,
	    false),
	[LB_CHECK_L6OK] = ROW("L6OK", "Layer6 check passed", PASSED, false),
	[LB_CHECK_L6TOUT] = ROW("L6TOUT", "Layer6 timeout", FAILED, false),
	[LB_CHECK_L6RSP] = ROW("L6RSP", "Layer6 invalid response", FAILED,
	    false),
	[LB_CHECK_L7TOUT] = ROW("L7TOUT", "Layer7 timeout", FAILED, false),
	[LB_CHECK_L7RSP] = ROW("L7RSP", "Layer7 invalid response", FAILED,
	    false),
	[LB_CHECK_L57DATA] = ROW("", "", UNKNOWN, false),
	[LB_CHECK_L7OK] = ROW("L7OK", "Layer7 check passed", PASSED, true),
	[LB_CHECK_L7OKC] = ROW("L7OKC", "Layer7 check conditionally passed",
	    CONDITIONAL, true),
	[LB_CHECK_L7STS] = ROW("L7STS", "Layer7 wrong status", FAILED, true),
	[LB_CHECK_PROCERR] = ROW("PROCERR", "External check error", FAILED,
	    true),
	[LB_CHECK_PROCTOUT] = ROW("PROCTOUT", "External check timeout",
	    FAILED, true),
	[LB_CHECK_PROCOK] = ROW("PROCOK", "External check passed", PASSED,
	    true),
};

static struct loop *home;
static struct lb_deadlines *due;
static struct timer timer;
static int64_t armed;
static struct lb_check *all, **all_end = &all;
static unsigned count;

static void dial(struct lb_check *);
static void find_target(const struct lb_check *, struct address *);
static void set_limit(struct lb_check *);

/* ---- planning ---------------------------------------------------------- */

static void
arm(void)
{
	struct lb_mark *m = lb_deadline_first(due);
	int64_t now = loop_now(home);

	if (m == NULL || (armed != 0 && armed <= m->at))
		return;
	armed = m->at;
	timer_after(&timer, m->at > now ? m->at - now : 0);
}

static void
set_due(struct lb_check *c, int64_t at)
{
	lb_deadline_set(due, &c->mark, at);
	arm();
}

static uint32_t
draw(void)
{
	return (uint32_t)random() << 1;
}

static void
plan_next(struct lb_check *c)
{
	const struct lb_server *s = c->server;
	int64_t wait = lb_verdict_wait(&s->verdicts[c->agent], &c->pace,
	    s->state == LB_SERVER_STOPPED, c->hurry);

	if (c->agent)
		wait = c->pace.usual;
	c->hurry = false;
	set_due(c, loop_now(home) + lb_verdict_jitter(wait,
	    lb_world()->setup->global.spread_checks, draw()));
}

/* How early it may go along with another that is due. */
static int64_t
slack_of(const struct lb_check *c)
{
	int64_t slack = c->pace.usual / 40;

	return slack < 100 * CLOCK_MS ? slack : 100 * CLOCK_MS;
}

static bool
may_run(const struct lb_check *c)
{
	return (c->state & LB_CHECK_ENABLED) != 0 &&
	    (c->agent || (c->server->admin & LB_ADMIN_MAINT) == 0) &&
	    !lb_world()->stopping;
}

static void
run(struct lb_check *c)
{
	if (!may_run(c)) {
		plan_next(c);
		return;
	}
	c->state |= LB_CHECK_INPROGRESS;
	c->began = loop_now(home);
	c->step = c->part = 0;
	c->ended = c->connected = false;
	if (c->variant->run == NULL) {
		dial(c);
		return;
	}
	set_limit(c);
	c->variant->run(c);
}

/* ---- the end of one ---------------------------------------------------- */

static void
let_go(struct lb_check *c)
{
	if (c->variant->stop != NULL)
		c->variant->stop(c);
	if (c->conn != NULL) {
		/* The port is free again at once. */
		if (!c->way.linger)
			conn_set_reset(c->conn);
		conn_close(c->conn, &close_eof);
	}
	c->conn = NULL;
	c->asks = false;
	tls_drop(&c->way.tls);
	mem_drop(c->got);
	c->got = NULL;
	c->got_len = 0;
}

/* An agent that cannot be reached says nothing. */
static bool
is_idle(const struct lb_check *c)
{
	return c->agent && c->status < LB_CHECK_L57DATA;
}

static void
tell(struct lb_check *c, bool changed)
{
	const struct lb_check_status_row *row = &lb_check_rows[c->status];
	struct lb_cause cause = {
		.result = row->result,
		.desc = row->text,
		.code = row->has_code ? c->code : -1,
		.info = c->text,
		.duration = c->duration >= 0 ? c->duration / CLOCK_MS : -1,
	};

	cause.changed = changed;
	cause.idle = is_idle(c);
	lb_health_take(c->server, c->agent, &cause);
}

void
lb_check_end(struct lb_check *c, enum lb_check_status status, int code,
    const char *text)
{
	bool changed = c->status != status;

	if (!(c->state & LB_CHECK_INPROGRESS))
		return;
	let_go(c);
	lb_variables_forget(&c->variables, "");
	c->state &= ~(unsigned)LB_CHECK_INPROGRESS;
	c->status = status;
	c->code = code;
	snprintf(c->text, sizeof c->text, "%s", text != NULL ? text : "");
	c->duration = loop_now(home) - c->began;
	if (c->agent || (c->server->admin & LB_ADMIN_MAINT) == 0)
		tell(c, changed);
	plan_next(c);
}

/* ---- over the wire ----------------------------------------------------- */

static const char SOCKS_ENDED[] =
    "SOCKS4 Proxy read error during handshake";

/* An error of the connection, with the step of the script it came at. */
static void
fail(struct lb_check *c, enum lb_check_status status, const char *what)
{
	char at[LB_CHECK_TEXT] = "", text[LB_CHECK_TEXT];

	if (c->variant->describe != NULL)
		c->variant->describe(c, at, sizeof at);
	snprintf(text, sizeof text, "%s%.150s", what, at);
	lb_check_end(c, status, -1, text);
}

static const char *
name_errno(int code, char *to, size_t room)
{
	static const struct {
		int code;
		const char *name;
	} rows[] = {
		{ ECONNREFUSED, "ECONNREFUSED" }, { ECONNRESET, "ECONNRESET" },
		{ ETIMEDOUT, "ETIMEDOUT" }, { EHOSTUNREACH, "EHOSTUNREACH" },
		{ ENETUNREACH, "ENETUNREACH" }, { ENOENT, "ENOENT" },
		{ EACCES, "EACCES" }, { EPERM, "EPERM" },
		{ EADDRNOTAVAIL, "EADDRNOTAVAIL" }, { EMFILE, "EMFILE" },
		{ ENETDOWN, "ENETDOWN" }, { EPIPE, "EPIPE" },
		{ EADDRINUSE, "EADDRINUSE" }, { EAGAIN, "EAGAIN" },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (rows[i].code == code) {
			snprintf(to, room, "%s returned by OS (%s)",
			    rows[i].name, strerror(code));
			return to;
		}
	snprintf(to, room, "%d returned by OS (%s)", code, strerror(code));
	return to;
}

static int
pending_error(const struct conn *c)
{
	const char *text = conn_error(c);

	/* The stream keeps the text; the number is found again by it. */
	for (int code = 1; text[0] != '\0' && code < 134; code++)
		if (strcmp(strerror(code), text) == 0)
			return code;
	return ECONNRESET;
}

static void
set_limit(struct lb_check *c)
{
	int64_t now = loop_now(home);

	if (c->answer_limit == 0)
		set_due(c, c->began + c->pace.usual);
	else if (!c->connected)
		set_due(c, now + c->connect_limit);
	else
		set_due(c, now + c->answer_limit);
}

static void
begin(struct lb_check *c)
{
	if (c->variant->begin == NULL)
		lb_check_end(c, c->way.tls != NULL ? LB_CHECK_L6OK :
		    LB_CHECK_L4OK, -1, NULL);
	else
		c->variant->begin(c);
}

/* A check speaks for nobody but us. */
static void
send_proxy_header(struct lb_check *c)
{
	char header[PROXYPROTO_ROOM];
	struct address from, to;
	struct endpoint src, dst;
	size_t len;

	if (c->way.proxy == 0)
		return;
	if (c->way.proxy == 1 && socket_local(conn_fd(c->conn), &from) == 0 &&
	    socket_peer(conn_fd(c->conn), &to) == 0) {
		src = address_endpoint(&from);
		dst = address_endpoint(&to);
		len = proxyproto_print(1, &src, &dst, header);
	} else
		len = proxyproto_print(c->way.proxy, NULL, NULL, header);
	conn_send(c->conn, (struct text){ header, len });
}

/* A SOCKS4 proxy leads to the server: it is asked before all else. */
static void
ask_socks(struct lb_check *c)
{
	char request[LB_SOCKS_REQUEST];
	struct address to;

	find_target(c, &to);
	if (!lb_socks_ask(&to, request)) {
		fail(c, LB_CHECK_SOCKERR, "SOCKS4 needs an IPv4 address");
		return;
	}
	c->asks = true;
	conn_send(c->conn, (struct text){ request, sizeof request });
}

static void
greet(struct lb_check *c)
{
	c->connected = true;
	set_limit(c);
	send_proxy_header(c);
	if (c->way.tls != NULL)
		conn_start_tls(c->conn, c->way.tls, c->way.sni, TEXT_NONE);
	else
		begin(c);
}

static void
on_ready(struct conn *conn)
{
	struct lb_check *c = conn_owner(conn);

	if (c->connected) {		/* TLS is up */
		set_limit(c);
		begin(c);
	} else if (c->way.socks) {
		ask_socks(c);
	} else {
		greet(c);
	}
}

static void
hear_socks(struct lb_check *c)
{
	int granted = lb_socks_granted((struct text){ c->got, c->got_len });

	if (granted == 0)
		return;
	if (granted < 0) {
		fail(c, LB_CHECK_SOCKERR, "SOCKS4 Proxy deny the request");
		return;
	}
	c->asks = false;
	lb_check_eat(c, LB_SOCKS_ANSWER);
	greet(c);
}

static void
on_data(struct conn *conn, struct text t)
{
	struct lb_check *c = conn_owner(conn);
	size_t most = lb_world()->setup->global.bufsize;
	char *more;

	if (c->variant->look == NULL && !c->asks)
		return;
	if (c->got_len + t.len > most)
		t.len = most - c->got_len;
	more = mem_grow(c->got, c->got_len + t.len + 1);
	if (more == NULL) {
		lb_check_end(c, LB_CHECK_SOCKERR, -1, "out of memory");
		return;
	}
	c->got = more;
	memcpy(c->got + c->got_len, t.at, t.len);
	c->got_len += t.len;
	c->got[c->got_len] = '\0';
	if (c->asks) {
		hear_socks(c);
		return;
	}
	c->variant->look(c, (struct text){ c->got, c->got_len },
	    c->got_len >= most);
}

static void
tell_silence(struct lb_check *c)
{
	char text[80];

	snprintf(text, sizeof text, "TCPCHK got an empty response at step %u",
	    c->variant->silent_step);
	lb_check_end(c, c->variant->silent, 0, text);
}

static void
on_eof(struct conn *conn)
{
	struct lb_check *c = conn_owner(conn);

	if (c->asks)
		fail(c, LB_CHECK_SOCKERR, SOCKS_ENDED);
	else if (c->variant->silent_step > 0 && c->got_len == 0 &&
	    c->step == 0)
		tell_silence(c);
	else if (c->variant->look != NULL)
		c->variant->look(c, (struct text){ c->got != NULL ? c->got :
		    "", c->got_len }, true);
}

static void
on_closed(struct conn *conn, const struct close_reason *why)
{
	struct lb_check *c = conn_owner(conn);
	char text[LB_CHECK_TEXT];
	int code = pending_error(conn);

	c->conn = NULL;
	if (c->asks)
		fail(c, LB_CHECK_SOCKERR, SOCKS_ENDED);
	else if (why == &close_tls)
		fail(c, LB_CHECK_L6RSP, "SSL handshake failure");
	else if (!c->connected)
		fail(c, LB_CHECK_L4CON, name_errno(code, text, sizeof text));
	else if (c->got_len > 0 && c->variant->look != NULL)
		c->variant->look(c, (struct text){ c->got, c->got_len },
		    true);
	else
		fail(c, LB_CHECK_SOCKERR, name_errno(code, text, sizeof text));
}

static const struct conn_handler handler = {
	.ready = on_ready, .data = on_data, .eof = on_eof,
	.closed = on_closed,
};

static void
find_target(const struct lb_check *c, struct address *to)
{
	const struct lb_check_way *w = &c->way;
	uint16_t own = c->port != 0 ? c->port :
	    address_port(&c->server->address);

	if (w->to.len > 0)
		*to = w->to;
	else if (c->addr.len > 0)
		*to = c->addr;
	else
		lb_dial_address(c->server, 0, to);
	if (w->port != 0)
		address_set_port(to, w->port);
	else if (w->to.len > 0 ? address_port(to) == 0 : c->port != 0 ||
	    (c->addr.len > 0 && address_port(to) == 0))
		address_set_port(to, own);
}

static void
dial_now(struct lb_check *c)
{
	struct lb_dial d = { .server = c->server,
	    .proxy = c->server->proxy->conf, .mark = -1, .tos = -1 };
	const int off = 0;
	char text[LB_CHECK_TEXT];
	int fd;

	c->connected = false;
	set_limit(c);
	if (c->way.socks)
		d.to = c->server->conf->socks4.sa;
	else
		find_target(c, &d.to);
	fd = d.to.len > 0 ? lb_dial_socket(&d) : -1;
	if (fd >= 0) {
		/* Our answer to SYN/ACK may then be the reset. */
		if (c->variant->begin == NULL && c->way.tls == NULL &&
		    !c->way.socks)
			(void)setsockopt(fd, IPPROTO_TCP, TCP_QUICKACK, &off,
			    sizeof off);
		c->conn = conn_dial_by(home, fd, &d.to, &handler, c);
	}
	if (c->conn == NULL)
		lb_check_end(c, LB_CHECK_SOCKERR, -1,
		    name_errno(errno, text, sizeof text));
}

struct lb_check_way
lb_check_usual_way(const struct lb_check *c)
{
	return (struct lb_check_way){
		.tls = c->tls != NULL ? tls_hold(c->tls) : NULL,
		.sni = c->sni, .proxy = c->proxy, .socks = c->socks };
}

static void
dial(struct lb_check *c)
{
	c->way = lb_check_usual_way(c);
	if (c->variant->open != NULL)
		c->variant->open(c, &c->way);
	dial_now(c);
}

void
lb_check_redial(struct lb_check *c, const struct lb_check_way *way)
{
	let_go(c);
	c->way = *way;
	dial_now(c);
}

void
lb_check_say(struct lb_check *c, struct text t)
{
	conn_send(c->conn, t);
	set_limit(c);
}

void
lb_check_eat(struct lb_check *c, size_t n)
{
	c->got_len -= n;
	memmove(c->got, c->got + n, c->got_len + 1);
}

/* ---- the timer --------------------------------------------------------- */

static void
time_out(struct lb_check *c)
{
	char text[LB_CHECK_TEXT] = "";
	bool handshake = c->connected && c->conn != NULL &&
	    c->way.tls != NULL && !tls_is_on(c->conn);
	enum lb_check_status status = !c->connected && !c->asks ?
	    LB_CHECK_L4TOUT : handshake ? LB_CHECK_L6TOUT :
	    c->variant->late != NULL && !c->asks ? c->variant->late(c) :
	    LB_CHECK_L7TOUT;

	if (c->variant->run != NULL) {
		c->variant->expire(c);
		return;
	}
	if (c->variant->describe != NULL)
		c->variant->describe(c, text, sizeof text);
	lb_check_end(c, status, -1, text);
}

static void
on_timer(void *arg)
{
	int64_t now = loop_now(home);
	struct lb_mark *m;

	armed = 0;
	while ((m = lb_deadline_first(due)) != NULL) {
		struct lb_check *c = (struct lb_check *)(void *)((char *)m -
		    offsetof(struct lb_check, mark));
		bool runs = (c->state & LB_CHECK_INPROGRESS) != 0;

		if (m->at > now + (runs ? 0 : slack_of(c)))
			break;
		if (runs)
			time_out(c);
		else
			run(c);
	}
	arm();
}

/* ---- all of them ------------------------------------------------------- */

void
lb_check_init(struct loop *loop)
{
	home = loop;
	due = lb_deadline_new();
	timer_init(&timer, loop, on_timer, NULL);
}

static void
set_limits(struct lb_check *c)
{
	const struct lb_proxy_conf *p = c->server->proxy->conf;

	c->answer_limit = c->connect_limit = 0;
	if (p->timeout.check <= 0)
		return;
	c->answer_limit = p->timeout.check;
	c->connect_limit = c->pace.usual;
	if (p->timeout.connect > 0 && p->timeout.connect < c->connect_limit)
		c->connect_limit = p->timeout.connect;
}

static void
set_pace(struct lb_check *c)
{
	const struct lb_server_conf *conf = c->server->conf;

	c->pace = (struct lb_pace){ conf->inter, conf->fastinter,
	    conf->downinter };
	if (c->agent)
		c->pace.usual = conf->agent_inter;
	set_limits(c);
}

/* No later than the pace of now would have it. */
static void
hasten(struct lb_check *c)
{
	int64_t at = c->mark.at;

	if (at == 0 || (c->state & LB_CHECK_INPROGRESS))
		return;
	plan_next(c);
	if (c->mark.at > at)
		set_due(c, at);
}

/* As many successes or failures are missing for a change as were before. */
void
lb_check_tune(struct lb_check *c)
{
	const struct lb_server_conf *conf = c->server->conf;
	struct lb_verdict *v = &c->server->verdicts[c->agent];
	bool up = lb_verdict_up(v);
	int missing = up ? v->rise + v->fall - 1 - v->health :
	    v->rise - v->health;

	set_pace(c);
	hasten(c);
	if (c->agent)
		return;
	v->rise = conf->rise;
	v->fall = conf->fall;
	if (up)
		v->health = missing < v->fall ? v->rise + v->fall - 1 -
		    missing : v->rise;
	else
		v->health = missing < v->rise ? v->rise - missing : 0;
}

struct lb_check *
lb_check_new(struct lb_server *s, bool agent,
    const struct lb_check_variant *variant)
{
	const struct lb_server_conf *conf = s->conf;
	struct lb_check *c = mem_need(sizeof *c);

	c->server = s;
	c->agent = agent;
	c->variant = variant;
	c->state = LB_CHECK_CONFIGURED | LB_CHECK_ENABLED |
	    (agent ? LB_CHECK_AGENT : 0);
	c->status = LB_CHECK_INI;
	c->code = -1;
	c->duration = -1;
	set_pace(c);
	*all_end = c;
	all_end = &c->next;
	count++;
	s->checks[agent] = c;
	s->checked[agent] = true;
	lb_verdict_start(&s->verdicts[agent], agent ? 1 : conf->rise,
	    agent ? 1 : conf->fall);
	if (!agent && conf->init_state == LB_INIT_FULLY_UP)
		s->verdicts[0].health = conf->rise + conf->fall - 1;
	else if (!agent && conf->init_state == LB_INIT_DOWN)
		s->verdicts[0].health = conf->rise - 1;
	else if (!agent && conf->init_state == LB_INIT_FULLY_DOWN)
		s->verdicts[0].health = 0;
	return c;
}

/* Nobody knows yet how it is: as fast as between two states. */
static int64_t
first_pace(const struct lb_check *c)
{
	return c->agent ? c->pace.usual :
	    lb_verdict_wait(&c->server->verdicts[0], &c->pace,
	    c->server->state == LB_SERVER_STOPPED, false);
}

/* The smallest interval of a second or more: the first runs share it. */
static int64_t
find_spread(void)
{
	int64_t least = 0;

	for (struct lb_check *c = all; c != NULL; c = c->next)
		if (first_pace(c) >= CLOCK_SECOND &&
		    (least == 0 || first_pace(c) < least))
			least = first_pace(c);
	return least;
}

void
lb_check_start_all(void)
{
	int64_t now = loop_now(home), spread = find_spread(), room;
	int64_t most = lb_world()->setup->global.max_spread_checks;
	unsigned i = 0;

	for (struct lb_check *c = all; c != NULL; c = c->next, i++) {
		room = first_pace(c) > spread ? first_pace(c) : spread;
		if (most > 0 && room > most)
			room = most;
		set_due(c, now + 1 + room * i / (int64_t)count);
	}
}

void
lb_check_soon(struct lb_check *c)
{
	if (!(c->state & LB_CHECK_INPROGRESS))
		set_due(c, loop_now(home) + 1);
}

void
lb_check_enable(struct lb_check *c, bool on)
{
	if (on)
		c->state |= LB_CHECK_ENABLED;
	else
		c->state &= ~(unsigned)LB_CHECK_ENABLED;
	/* Who is not looked after is "no check", and not held down by it. */
	c->server->checked[c->agent] = on;
}

unsigned
lb_check_count(void)
{
	return count;
}

struct lb_check *
lb_check_first(void)
{
	return all;
}

/* The callbacks of its connection may be on the stack. */
static void
bury(void *arg)
{
	struct lb_check *c = arg;

	tls_drop(&c->tls);
	lb_variables_forget(&c->variables, "");
	mem_drop(c->own_send);
	mem_drop(c);
}

void
lb_check_free(struct lb_check **check)
{
	struct lb_check *c = *check, **at = &all;

	*check = NULL;
	if (c == NULL)
		return;
	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	if (all_end == &c->next)
		all_end = at;
	count--;
	let_go(c);
	lb_deadline_set(due, &c->mark, 0);
	loop_retire(home, c, bury);
}

void
lb_check_fini(void)
{
	for (struct lb_check *c = all, *next; c != NULL; c = next) {
		next = c->next;
		let_go(c);
		c->server->checks[c->agent] = NULL;
		bury(c);
	}
	all = NULL;
	all_end = &all;
	count = 0;
	if (due != NULL)
		timer_stop(&timer);
	lb_deadline_free(&due);
}

/* ---- real traffic ------------------------------------------------------ */

/* One failure as if a check had seen it. */
static void
fail_once(struct lb_check *c, unsigned errors)
{
	bool changed = c->status != LB_CHECK_HANA;

	snprintf(c->text, sizeof c->text, "Detected %u consecutive errors, "
	    "last one was: L4 unsuccessful connection", errors);
	c->status = LB_CHECK_HANA;
	c->code = -1;
	c->duration = -1;
	tell(c, changed);
}

static void
react(struct lb_check *c, unsigned errors)
{
	struct lb_server *s = c->server;
	struct lb_verdict *v = &s->verdicts[0];

	s->observed++;
	switch (s->conf->on_error) {
	case LB_ON_ERROR_SUDDEN_DEATH:
		if (v->health > v->rise)
			v->health = v->rise + 1;
		fail_once(c, errors);
		break;
	case LB_ON_ERROR_FAIL_CHECK:
		fail_once(c, errors);
		break;
	case LB_ON_ERROR_MARK_DOWN:
		v->health = v->rise;
		fail_once(c, errors);
		break;
	case LB_ON_ERROR_FASTINTER:
		break;
	}
	c->hurry = true;
	if (!(c->state & LB_CHECK_INPROGRESS))
		plan_next(c);
}

void
lb_check_observe(struct lb_server *s, bool good)
{
	unsigned errors;

	if (good) {
		s->errors = 0;
		return;
	}
	errors = ++s->errors;
	if (s->checks[0] == NULL || s->state == LB_SERVER_STOPPED ||
	    errors < (unsigned)s->conf->error_limit)
		return;
	s->errors = 0;
	react(s->checks[0], errors);
}
